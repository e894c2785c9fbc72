"""Reading YAML or JSON lines while remembering on which line everything stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CaseError(Exception):
    """Input that cannot be read: one line that says where, and what is expected there."""


@dataclass(frozen=True, slots=True)
class Document:
    """Raw cases, the file's own defaults, and the line of every path ('0/message/class' -> 12)."""

    name: str
    cases: list[Any]
    defaults: Mapping[str, Any]
    lines: Mapping[str, int]

    def error(self, path: str, message: str) -> CaseError:
        """An error about a path of a case; the nearest known line is named."""
        parts = path.split("/")
        line = None
        while parts and line is None:
            line = self.lines.get("/".join(parts))
            parts.pop()
        place, _, field = path.partition("/")
        case = self.cases[int(place)] if place.isdigit() and int(place) < len(self.cases) else None
        label = f"case {case['id']}" if isinstance(case, dict) and "id" in case else f"case {int(place) + 1}"
        where = f"{self.name}:{line}" if line else self.name
        return CaseError(f"{where}: {label}{', ' + field.replace('/', '.') if field else ''}: {message}")


def read_document(text: str, name: str) -> Document:
    """Cases of a YAML document (a list, or a mapping with `cases` and perhaps `defaults`) or of JSON lines.

    Raises CaseError in one line.
    """
    if name.endswith((".jsonl", ".ndjson")) or _is_json_lines(text):
        return _json_lines(text, name)
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise CaseError(f"{where}: not YAML: {problem}") from error
    if node is None:
        raise CaseError(f"{name}: empty; expected a list of cases, or a mapping with the key `cases`")
    data = yaml.SafeLoader("").construct_document(node)
    defaults: Mapping[str, Any] = {}
    cases_node: yaml.Node = node
    if isinstance(data, dict):
        defaults = data.get("defaults") or {}
        if not isinstance(defaults, dict):
            raise CaseError(f"{name}: defaults: expected a mapping of field to value")
        if "cases" not in data:
            raise CaseError(f"{name}:1: expected a list of cases, or a mapping with the key `cases`")
        cases_node = next(value for key, value in node.value if key.value == "cases")
        data = data["cases"]
    if not isinstance(data, list):
        line = cases_node.start_mark.line + 1
        raise CaseError(f"{name}:{line}: expected a list of cases, each a mapping with id, packs and at_utc")
    lines: dict[str, int] = {}
    for place, child in enumerate(cases_node.value):
        _mark(child, str(place), lines)
    return Document(name, data, defaults, lines)


def _mark(node: yaml.Node, path: str, lines: dict[str, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}/{key.value}"
            lines[inner] = key.start_mark.line + 1
            _mark(value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _mark(value, f"{path}/{place}", lines)


def _is_json_lines(text: str) -> bool:
    rows = [row for row in text.splitlines() if row.strip()]
    return len(rows) > 1 and all(row.lstrip().startswith("{") for row in rows)


def _json_lines(text: str, name: str) -> Document:
    cases: list[Any] = []
    lines: dict[str, int] = {}
    for number, row in enumerate(text.splitlines(), 1):
        if not row.strip():
            continue
        try:
            case = json.loads(row)
        except json.JSONDecodeError as error:
            problem = f"{error.msg} at column {error.colno}"
            raise CaseError(f"{name}:{number}: not JSON: {problem}; expected one case per line") from error
        lines[str(len(cases))] = number
        cases.append(case)
    if not cases:
        raise CaseError(f"{name}: empty; expected one JSON object per line")
    return Document(name, cases, {}, lines)
