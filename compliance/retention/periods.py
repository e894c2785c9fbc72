"""The periods as data: read from periods/*.yaml, laid over one another, and shortened or lengthened by an organisation."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from compliance.decide.calendars import shipped_calendar
from kernel.errors import DomainError

#: The classes of data, in the order in which people read them.
CLASSES = (
    "words", "attachments", "profile", "person", "consents", "accounts", "audit", "strangers", "raw_bodies", "uploads",
    "decisions", "ledger",
)  # fmt: skip
#: Classes that belong to somebody: they wait for the account's end, and a legal hold keeps them.
PERSONAL = ("words", "attachments", "profile", "person", "consents", "accounts", "audit")
#: Classes that count from the row's own date.
DATED = ("strangers", "raw_bodies", "uploads")
#: What a person may ask for.
KINDS = ("access", "rectification", "erasure", "objection")
REASONS = ("claims", "duty", "proof", "books", "need", "ledger")
_FOLDER = Path(__file__).parent / "periods"
_MONTH_DAYS = 30.4375
#: Nothing is kept longer than this, whatever reason is given.
MONTHS_MAX = 30 * 12


@dataclass(frozen=True, slots=True)
class Period:
    """So many calendar months, or so many days."""

    months: int = 0
    days: int = 0

    def after(self, at: datetime) -> datetime:
        """The instant at which it has passed since `at`; the last day of a month is never passed over."""
        month = at.month - 1 + self.months
        year, month = at.year + month // 12, month % 12 + 1
        day = min(at.day, calendar.monthrange(year, month)[1])
        return at.replace(year=year, month=month, day=day) + timedelta(days=self.days)

    @property
    def length(self) -> float:
        """Days, near enough to say which of two is longer."""
        return self.months * _MONTH_DAYS + self.days

    @property
    def unit(self) -> str:
        """`months` or `days`: what it is counted in."""
        return "days" if self.days else "months"

    @property
    def number(self) -> int:
        """How many of them."""
        return self.days or self.months


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How long one class is kept in one country. `period` None: as long as the ledger."""

    data_class: str
    country: str
    period: Period | None
    counts_from: str
    because: str
    law: str
    confidence: str
    least: Period | None = None
    most: Period | None = None
    erased_on_request: bool = False
    when_open: bool = False
    #: What the country says, where the organisation says something else; with its reason and author.
    lawful: Period | None = None
    reason: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """In how many days a person has to be answered, and by how many it may be extended."""

    kinds: tuple[str, ...]
    days: int
    business: bool
    extend: int
    law: str
    confidence: str
    from_day: date | None = None
    until_day: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is the law on that date."""
        return (self.from_day is None or day >= self.from_day) and (self.until_day is None or day < self.until_day)


@dataclass(frozen=True, slots=True)
class Law:
    """What a country says: a rule per class, and the deadlines."""

    country: str
    rules: Mapping[str, Rule]
    deadlines: tuple[Deadline, ...]


def countries() -> tuple[str, ...]:
    """The countries that have periods of their own."""
    return tuple(sorted(path.stem.upper() for path in _FOLDER.glob("*.yaml") if path.stem != "common"))


@lru_cache(maxsize=64)
def law_of(country: str) -> Law:
    """The periods of a country; of one that we do not know, the common ones."""
    common = _read(_FOLDER / "common.yaml")
    path = _FOLDER / f"{country.lower()}.yaml"
    own = _read(path) if country.isalpha() and path.exists() else {"classes": {}, "requests": []}
    rules = {
        name: _rule(name, country.upper(), {**common["classes"][name], **own["classes"].get(name, {})})
        for name in CLASSES
    }
    deadlines = tuple(_deadline(each) for each in (own["requests"] or common["requests"]))
    return Law(country.upper(), rules, deadlines)


def with_own(law: Law, own: Mapping[str, tuple[Period, str, str]]) -> Law:
    """The law with an organisation's own periods: class -> (period, reason, author)."""
    rules = dict(law.rules)
    for name, (period, reason, author) in own.items():
        rules[name] = replace(rules[name], period=period, lawful=rules[name].period, reason=reason, author=author)
    return replace(law, rules=rules)


def check_own(rule: Rule, period: Period, reason: str) -> None:
    """Whether an organisation may keep this class so long. Raises DomainError that says what the law leaves free."""
    lawful = rule.lawful or rule.period
    if lawful is None:
        raise DomainError("period_fixed", "nothing personal is in these rows: they have no period", pointer="number")
    if period.number < 1 or period.length > MONTHS_MAX * _MONTH_DAYS:
        raise DomainError("period_length", "write a number of 1 or more, and not more than 30 years", pointer="number")
    if rule.least is not None and period.length < rule.least.length:
        raise DomainError(
            "period_too_short", "the law (%(law)s) wants it kept for %(number)s months at least", pointer="number",
            law=rule.law, number=rule.least.months,
        )  # fmt: skip
    if rule.most is not None and period.length > rule.most.length:
        raise DomainError(
            "period_too_long", "the law (%(law)s) lets it be kept for %(number)s months at most", pointer="number",
            law=rule.law, number=rule.most.months,
        )  # fmt: skip
    if period.length > lawful.length and not reason.strip():
        raise DomainError("reason_missing", "to keep it longer than the law asks needs a reason", pointer="reason")


def deadline_for(law: Law, kind: str, day: date) -> Deadline:
    """The deadline for a request of this kind that came on that date."""
    return next(each for each in law.deadlines if kind in each.kinds and each.holds_on(day))


def due_on(deadline: Deadline, received: date, country: str, *, days: int | None = None) -> date:
    """The last day on which an answer is in time: `days` (the deadline's) after the day on which it came."""
    left = deadline.days if days is None else days
    if not deadline.business:
        return received + timedelta(days=left)
    day = received
    while left > 0:
        day += timedelta(days=1)
        left -= _works(day, country)
    return day


def _works(day: date, country: str) -> bool:
    book = shipped_calendar()
    try:
        keys = book.keys(country, (), "public")
    except ValueError:
        keys = ()
    return day.weekday() < 5 and not any(book.name(key, day.toordinal()) for key in keys)


def _read(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    unknown = set(data["classes"]) - set(CLASSES)
    if unknown:
        raise ValueError(
            f"{path.name}: no class is called {', '.join(sorted(unknown))}; known are {', '.join(CLASSES)}"
        )
    return {"classes": data["classes"], "requests": data["requests"]}


def _period(value: Mapping[str, int] | None) -> Period | None:
    if not value or not (value.get("months") or value.get("days")):
        return None
    return Period(int(value.get("months", 0)), int(value.get("days", 0)))


def _rule(name: str, country: str, said: Mapping[str, Any]) -> Rule:
    if said["because"] not in REASONS or said["on_request"] not in ("keep", "erase"):
        raise ValueError(
            f"{country or 'common'}.{name}: because is one of {', '.join(REASONS)}, on_request keep or erase"
        )
    return Rule(
        data_class=name, country=country, period=_period(said), counts_from=said["counts_from"],
        because=said["because"], law=said["law"], confidence=said["confidence"], least=_period(said.get("least")),
        most=_period(said.get("most")), erased_on_request=said["on_request"] == "erase",
        when_open=bool(said.get("when_open", False)),
    )  # fmt: skip


def _deadline(said: Mapping[str, Any]) -> Deadline:
    kinds: Sequence[str] = said["kinds"]
    if not set(kinds) <= set(KINDS) or said["count"] not in ("calendar", "business"):
        raise ValueError(f"a deadline is for {', '.join(KINDS)} and counts calendar or business days")
    return Deadline(
        kinds=tuple(kinds), days=int(said["days"]), business=said["count"] == "business", extend=int(said["extend"]),
        law=said["law"], confidence=said["confidence"], from_day=said.get("from"), until_day=said.get("until"),
    )  # fmt: skip


__all__ = [
    "CLASSES",
    "DATED",
    "KINDS",
    "PERSONAL",
    "Deadline",
    "Law",
    "Period",
    "Rule",
    "check_own",
    "countries",
    "deadline_for",
    "due_on",
    "law_of",
    "with_own",
]
