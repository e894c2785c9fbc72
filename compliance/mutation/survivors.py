"""Which changes of the rule packs no case notices: pack by pack, case by case, in process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compliance.decide.calendars import shipped_calendar
from compliance.decide.cases import cases_of
from compliance.decide.documents import Document
from compliance.decide.packs import COMMON, Pack, read_pack
from compliance.decide.rules import RuleSet
from compliance.decide.zones import NumberPlans, build_plans
from compliance.mutation.compositions import same_compositions
from compliance.mutation.mutants import ABSENT, Mutant, changed, mutants, spelled


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change that no case noticed: where, and from what to what."""

    pack: str
    path: str
    old: Any
    new: Any

    def as_json(self) -> dict[str, Any]:
        """For the report; what was taken out is null."""
        return {
            "file": f"compliance/packs/{self.pack}.yaml",
            "pack": self.pack,
            "path": self.path,
            "old": self.old,
            "new": None if self.new is ABSENT else self.new,
        }


@dataclass(slots=True)
class Result:
    """What happened to one pack: how many changes were made, and those that went unnoticed."""

    pack: str
    cases: int
    changes: int = 0
    caught: int = 0
    survived: list[Survivor] = field(default_factory=list)
    #: Changes that decide nothing in any composition.
    idle: list[Survivor] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bench:
    """Packs, number plans and the documents of cases that are put to them."""

    packs: Mapping[str, Pack]
    plan_data: Mapping[str, Any]
    documents: Sequence[Document]

    def plans(self, packs: Mapping[str, Pack]) -> NumberPlans:
        """The number plans under these packs."""
        return build_plans(self.plan_data, {code: pack.data for code, pack in packs.items()})

    def about(self, code: str) -> list[tuple[Document, list[int]]]:
        """The cases that a pack takes part in, by document."""
        found = []
        for document in self.documents:
            rows = enumerate(document.cases)
            found.append((document, [place for place, row in rows if code == COMMON or code in row["packs"]]))
        return found

    def red(self, code: str, packs: Mapping[str, Pack], plans: NumberPlans) -> Iterator[str]:
        """Ids of the cases about a pack that are not decided as they expect under these packs."""
        sets: dict[tuple[Any, ...], RuleSet] = {}
        calendar = shipped_calendar()
        calendar.tables.clear()  # they are kept by rule set, and every change makes new ones
        for document, places in self.about(code):
            for case in cases_of(document, places, packs, plans, sets):
                if case.differences(case.decide(calendar)):
                    yield case.id


def examine(bench: Bench, code: str, wanted: Callable[[int], bool] = lambda number: True) -> Result:
    """Change every deciding value of a pack in turn; `wanted` picks changes by their number (a sample)."""
    pack = bench.packs[code]
    plans = bench.plans(bench.packs)
    result = Result(code, sum(len(places) for _, places in bench.about(code)))
    for number, mutant in enumerate(mutants(pack.data)):
        if not wanted(number):
            continue
        result.changes += 1
        if _noticed(bench, pack, mutant, plans):
            result.caught += 1
            continue
        told = Survivor(code, spelled(pack.data, mutant.path), mutant.old, mutant.new)
        (result.idle if _idle(bench, pack, mutant, plans) else result.survived).append(told)
    return result


def _noticed(bench: Bench, pack: Pack, mutant: Mutant, plans: NumberPlans) -> bool:
    try:
        packs = _with(bench, pack, mutant)
        if mutant.path[0] in ("timezone_policy", "iso2"):
            plans = bench.plans(packs)
        return next(bench.red(pack.code, packs, plans), None) is not None
    except Exception:  # a pack or a case that can no longer be read is as red as a wrong decision
        return True


def _with(bench: Bench, pack: Pack, mutant: Mutant) -> dict[str, Pack]:
    return {**bench.packs, pack.code: read_pack(changed(pack.data, mutant.path, mutant.new))}


def _idle(bench: Bench, pack: Pack, mutant: Mutant, plans: NumberPlans) -> bool:
    """Whether the change decides nothing: zones and every composition of the pack stay as they were."""
    packs = _with(bench, pack, mutant)
    return bench.plans(packs) == plans and same_compositions(bench.packs, packs, pack.code)
