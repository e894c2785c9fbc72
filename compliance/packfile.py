"""Rule packs as people write them: YAML files, read with the line of everything, refused with the place and a remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from compliance.decide.compiling import week_of
from compliance.decide.packs import DECIDING, Pack, load_packs, read_pack
from kernel.errors import DomainError, Words
from tenants.language import told

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: A pack of ours is some 30 kB; what is much larger is something else.
SIZE_MAX = 1_000_000
_DEEPEST = 20
#: Lists whose rows are rules: a key that is known in one of them is known in all.
_ROWS = frozenset({"stop_rules", "closed_days", "caps", "content_prohibited", "content_required_rules"})
_SINGLE = frozenset({"windows_rule", "channel_lock"})
#: Sections whose keys decide, and so may not be misspelled in silence.
_STRICT = _ROWS | _SINGLE | {"windows", "consent", "identity_verification", "reply_exception"}

#: What a row of each list cannot be without, and of which type.
_NEEDED: Mapping[str, Mapping[str, type]] = {
    "stop_rules": {"id": str, "when": str, "effect": str},
    "closed_days": {"id": str, "day": str},
    "caps": {"id": str, "scope": str, "count": int, "per": dict},
    "content_prohibited": {"id": str, "flag": str},
    "content_required_rules": {"id": str, "fields": list},
}
_PER: Mapping[str, type] = {"value": int, "unit": str, "kind": str}
_TYPES = {str: Words("text"), int: Words("a whole number"), dict: Words("a mapping"), list: Words("a list")}


@dataclass(frozen=True, slots=True)
class PackFile:
    """One pack document with the line of every path ('caps/0/count' -> 31) and of every rule id."""

    name: str
    data: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[str, int] = field(default_factory=dict)

    def wrong(self, path: str, error: DomainError) -> DomainError:
        """The same error with the file and the nearest known line before it."""
        line = next((self.rules[word] for word in map(str, error.params.values()) if word in self.rules), None)
        parts = path.strip("/").split("/")
        while parts and line is None:
            line = self.lines.get("/".join(parts))
            parts.pop()
        where = f"{self.name}:{line or 1}"
        return DomainError(
            "pack_invalid", "%(where)s: %(what)s", where=where, what=told(error), pointer=error.pointer or path
        )

    def pack(self) -> Pack:
        """The document as a Pack; raises DomainError `pack_invalid` with the line."""
        try:
            found = read_pack(self.data)
        except (TypeError, ValueError) as error:
            raise self.wrong("version", DomainError("pack_invalid", "version is a whole number")) from error
        except DomainError as error:
            raise self.wrong(str(error.params.get("field") or error.params.get("rule") or ""), error) from error
        for path, key, expected in _misshapen(self.data):
            problem = DomainError("pack_invalid", "%(key)s is missing or not %(expected)s", key=key, expected=expected)
            raise self.wrong(path, problem)
        self._hours(self.data, "")
        for path, key, near, known in _unknown_keys(self.data):
            if near:
                problem = DomainError("pack_invalid", "unknown key %(key)s; did you mean %(near)s?", key=key, near=near)
            else:
                problem = DomainError(
                    "pack_invalid",
                    "unknown key %(key)s; known here: %(known)s",
                    key=key,
                    known=", ".join(sorted(known)),
                )
            raise self.wrong(path, problem)
        return found

    def _hours(self, data: Mapping[str, Any], path: str) -> None:
        for day, hours in (data.get("windows") or {}).items():
            try:
                week_of({day: hours}, str(day))
            except DomainError as error:
                raise self.wrong(f"{path}windows/{day}", error) from error
            except (TypeError, ValueError, LookupError) as error:
                problem = DomainError("pack_invalid", '%(where)s: hours are written ["08:00", "20:00"]', where=str(day))
                raise self.wrong(f"{path}windows/{day}", problem) from error
        for place, overlay in enumerate(data.get("subdivisions") or ()):
            self._hours(overlay, f"{path}subdivisions/{place}/")


def read_packs(path: Path) -> list[PackFile]:
    """The packs of a file, or of all *.yaml files of a folder that hold one. Raises DomainError."""
    try:
        places = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        texts = [(place.name, place.read_bytes()) for place in places]
    except OSError as error:
        raise DomainError(
            "file_unreadable", "%(file)s: %(why)s", file=str(path), why=error.strerror or "cannot be read"
        ) from error
    found = [read_text(text, name) for name, text in texts]
    packs = [one for one in found if one is not None]
    if not packs:
        raise DomainError("pack_missing", "%(file)s holds no rule pack: a YAML mapping with code, name and kind",
                          file=str(path))  # fmt: skip
    seen: dict[str, str] = {}
    for one in packs:
        code = str(one.data["code"])
        if code in seen:
            raise DomainError("pack_twice", "%(pack)s stands in %(one)s and in %(other)s", pack=code, one=seen[code],
                              other=one.name)  # fmt: skip
        seen[code] = one.name
    return packs


def read_text(raw: bytes, name: str) -> PackFile | None:
    """One document; None when it is YAML, but no pack (a mapping without a code). Raises DomainError `pack_invalid`."""
    if len(raw) > SIZE_MAX:
        raise DomainError("pack_large", "%(file)s is larger than a rule pack can be (%(most)s bytes)", file=name,
                          most=SIZE_MAX)  # fmt: skip
    try:
        text = raw.decode("utf-8")
        node = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as error:
        raise _unread(name, 1, Words("not UTF-8 text")) from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise _no_yaml(name, mark.line + 1 if mark else 1, problem) from error
    lines: dict[str, int] = {}
    rules: dict[str, int] = {}
    if node is not None:
        _mark(node, "", lines, rules, name, set())
    try:
        data = yaml.load(text, Loader=_LOADER)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _no_yaml(name, 1, " ".join(str(error).split())) from error
    if not isinstance(data, dict):
        raise _unread(name, 1, Words("expected a mapping with code, name and kind"))
    return PackFile(name, data, lines, rules) if "code" in data else None


def _unread(name: str, line: int, what: Words) -> DomainError:
    return DomainError("pack_invalid", "%(where)s: %(what)s", where=f"{name}:{line}", what=what)


def _no_yaml(name: str, line: int, why: str) -> DomainError:
    return DomainError("pack_invalid", "%(where)s: not YAML: %(why)s", where=f"{name}:{line}", why=why)


def _mark(
    node: yaml.Node, path: str, lines: dict[str, int], rules: dict[str, int], name: str, met: set[int]
) -> None:  # fmt: skip
    """Note the line of every path and rule id. A key that stands twice is refused, for one of the two would be lost; so
    is an alias, behind which a small file can be endless.
    """
    line = node.start_mark.line + 1
    if id(node) in met:
        raise _unread(name, line, Words("an alias (*) points here: write it out"))
    met.add(id(node))
    if path.count("/") > _DEEPEST:
        raise _unread(name, line, Words("nested deeper than a rule pack can be"))
    lines.setdefault(path, line)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                where = f"{name}:{key.start_mark.line + 1}"
                raise DomainError(
                    "pack_invalid", "%(where)s: %(key)s stands twice in one mapping", where=where, key=str(key.value)
                )
            seen.add(key.value)
            inner = f"{path}/{key.value}".lstrip("/")
            lines[inner] = key.start_mark.line + 1
            if key.value in ("id", "rule") and isinstance(value, yaml.ScalarNode):
                rules.setdefault(str(value.value), value.start_mark.line + 1)
            _mark(value, inner, lines, rules, name, met)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _mark(value, f"{path}/{place}".lstrip("/"), lines, rules, name, met)


def _misshapen(data: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str, Words]]:
    """(path, key, what is expected) of values that lack or have another type than deciding needs."""
    for name, needed in _NEEDED.items():
        rows = data.get(name) or []
        if not isinstance(rows, list):
            yield f"{path}{name}", name, _TYPES[list]
            continue
        for place, row in enumerate(rows):
            here = f"{path}{name}/{place}"
            if not isinstance(row, Mapping):
                yield here, name, _TYPES[dict]
                continue
            yield from _lacking(row, here, needed)
            if name == "caps" and isinstance(row.get("per"), Mapping):
                per = row["per"]
                yield from _lacking(per, f"{here}/per", _PER)
                if per["unit"] != "local_days" or per["kind"] not in ("rolling", "calendar"):
                    yield f"{here}/per", "per", Words("local_days, rolling or calendar")
    for name in (*sorted(_SINGLE), "windows", "consent", "identity_verification", "reply_exception"):
        if data.get(name) is not None and not isinstance(data[name], Mapping):
            yield f"{path}{name}", name, _TYPES[dict]
    if data.get("windows") and not (data.get("windows_rule") or {}).get("id"):
        yield f"{path}windows", "windows_rule.id", _TYPES[str]
    overlays = data.get("subdivisions") or []
    if not isinstance(overlays, list):
        yield f"{path}subdivisions", "subdivisions", _TYPES[list]
        return
    for place, overlay in enumerate(overlays):
        here = f"{path}subdivisions/{place}"
        if not isinstance(overlay, Mapping):
            yield here, "subdivisions", _TYPES[dict]
        elif not isinstance(overlay.get("code"), str):
            yield here, "code", _TYPES[str]
        else:
            yield from _misshapen(overlay, f"{here}/")


def _lacking(row: Mapping[str, Any], path: str, needed: Mapping[str, type]) -> Iterator[tuple[str, str, Words]]:
    for key, kind in needed.items():
        value = row.get(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            yield f"{path}/{key}" if key in row else path, key, _TYPES[kind]


def _unknown_keys(data: Mapping[str, Any]) -> Iterator[tuple[str, str, str, frozenset[str]]]:
    """(path, key, near, known) of keys that no shipped pack has: misspelled ones, and any in a section that decides."""
    known = _known_keys()
    for path, section, key in _keys(data):
        names = known.get(section, frozenset())
        if key in names or not names:
            continue
        near = difflib.get_close_matches(key, names, 1, 0.75)
        if near or section in _STRICT:
            yield path, key, near[0] if near else "", names


def _keys(data: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str, str]]:
    """(path, section, key) of a pack and its overlays, which are read like a pack."""
    for name, value in data.items():
        here = f"{path}/{name}".lstrip("/")
        yield here, "pack", str(name)
        if name == "subdivisions":
            for place, overlay in enumerate(value or ()):
                if isinstance(overlay, Mapping):
                    yield from _keys(overlay, f"{here}/{place}")
        elif name in _ROWS:
            for place, row in enumerate(value or ()):
                if isinstance(row, Mapping):
                    yield from ((f"{here}/{place}/{key}", "rules", str(key)) for key in row)
        elif name in _SINGLE and isinstance(value, Mapping):
            yield from ((f"{here}/{key}", "rules", str(key)) for key in value)
        elif name in _STRICT and isinstance(value, Mapping):
            yield from ((f"{here}/{key}", str(name), str(key)) for key in value)


@lru_cache(maxsize=1)
def _known_keys() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {"pack": set(DECIDING)}
    for pack in load_packs().values():
        for _, section, key in _keys(pack.data):
            found.setdefault(section, set()).add(key)
    return {section: frozenset(keys) for section, keys in found.items()}
