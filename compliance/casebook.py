"""The worked cases that the product ships (compliance/cases/*.yaml), decided under any packs: green or red."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from compliance.decide import Pack, RuleSet
from compliance.decide.cases import cases_of
from compliance.decide.documents import CaseError, Document, read_document
from compliance.decide.packs import COMMON
from compliance.decide.zones import PACKS_DIR, build_plans
from kernel.canonical import digest

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class Result:
    """One case under some packs: `problems` is empty when it is decided as it expects."""

    id: str
    title: str
    problems: tuple[str, ...]

    @property
    def green(self) -> bool:
        """Whether it is decided as it expects."""
        return not self.problems


def documents(folder: Path = CASES) -> tuple[Document, ...]:
    """The case files of a folder, read once per process for the shipped one. Raises CaseError."""
    return _shipped() if folder == CASES else _read(folder)


@lru_cache(maxsize=1)
def _shipped() -> tuple[Document, ...]:
    return _read(CASES)


def _read(folder: Path) -> tuple[Document, ...]:
    return tuple(read_document(path.read_text(encoding="utf-8"), path.name) for path in sorted(folder.glob("*.yaml")))


@lru_cache(maxsize=1)
def plan_data() -> Any:
    """The shipped number plans, as data."""
    return yaml.safe_load((PACKS_DIR / "number_plans.yaml").read_text(encoding="utf-8"))


def about(document: Document, code: str) -> list[int]:
    """Where a document's cases about a pack stand: those that name it; every case is about the common rules."""
    return [place for place, row in enumerate(document.cases) if code == COMMON or code in row["packs"]]


#: Results by (packs' digests, code): the same editions are asked for by every reader of their page.
_results: dict[tuple[str, str], tuple[Result, ...]] = {}
_KEPT = 64


def results(packs: Mapping[str, Pack], code: str) -> tuple[Result, ...]:
    """Every shipped case about a pack, decided under these packs."""
    key = (digest({name: _mark(pack) for name, pack in packs.items()}), code)
    found = _results.get(key)
    if found is None:
        while len(_results) >= _KEPT:
            _results.pop(next(iter(_results)))
        found = _results[key] = tuple(_decided(packs, code))
    return found


def red_cases(packs: Mapping[str, Pack], code: str) -> list[dict[str, Any]]:
    """The cases about a pack that these packs do not decide as expected."""
    return [{"id": one.id, "title": one.title, "problems": list(one.problems)}
            for one in results(packs, code) if not one.green]  # fmt: skip


def _mark(pack: Pack) -> str:
    return json.dumps(pack.data, sort_keys=True, default=str)


def _decided(packs: Mapping[str, Pack], code: str) -> list[Result]:
    plans = build_plans(plan_data(), {name: pack.data for name, pack in packs.items()})
    sets: dict[tuple[Any, ...], RuleSet] = {}
    found = []
    for document in documents():
        for place in about(document, code):
            try:
                (case,) = cases_of(document, [place], packs, plans, sets)
                found.append(Result(case.id, case.title, tuple(case.differences(case.decide()))))
            except (CaseError, LookupError, TypeError, ValueError) as error:
                row: Mapping[str, Any] = document.cases[place]
                found.append(Result(str(row.get("id", place)), str(row.get("title", "")), (str(error),)))
    return found


def counted(found: Sequence[Result]) -> tuple[int, int]:
    """(green, red)."""
    green = sum(one.green for one in found)
    return green, len(found) - green
