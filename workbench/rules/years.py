"""The days of a year under the rules: what closes each, and the hours that stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from compliance.decide import Facts, RuleSet, shipped_calendar
from compliance.decide.calendars import known_subdivisions
from compliance.decide.days import day_table
from compliance.decide.describe import hours_words
from compliance.decide.explain import texts_of
from compliance.decide.packs import pack_of
from compliance.decide.values import EPOCH_ORDINAL
from compliance.rulesets import Book, Place
from workbench.rules.queries import NOBODY


@dataclass(frozen=True, slots=True)
class DayTold:
    """One day of the calendar: `tone` open, shorter, weekend, holiday or own; who closes it; its hours in words."""

    on: date
    tone: str
    hours: str
    names: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonthTold:
    """One month as weeks of seven places, Monday first; None where the month has no day."""

    first: date
    weeks: tuple[tuple[DayTold | None, ...], ...]


def subdivisions(book: Book, country: str) -> list[str]:
    """States and provinces whose own holidays or rules are known."""
    try:
        known = set(known_subdivisions(country))
    except ValueError:
        known = set()
    pack = pack_of(book.packs(), country)
    for overlay in (pack.overlays if pack else {}).values():
        known |= {str(code) for code in (overlay.get("uf"), overlay.get("province")) if code}
    return sorted(known)


def ruleset_of(book: Book, country: str, state: str) -> RuleSet:
    """The organisation's rule set for debtors of a country and state."""
    return book.ruleset(Place(country, (state,) if state else (), NOBODY, NOBODY))


def year(ruleset: RuleSet, country: str, state: str, number: int, lang: str) -> list[MonthTold]:
    """The twelve months of a year: what closes each day, and the hours that stay."""
    table = day_table(ruleset, shipped_calendar(), _facts(country, state))
    usual = max(sum(b - a for a, b in hours) for hours in table.week) if table.week else 0
    months = []
    for month in range(1, 13):
        first = date(number, month, 1)
        cells: list[DayTold | None] = [None] * first.weekday()
        day = first
        while day.month == month:
            cells.append(_day_told(table.day(day.toordinal() - EPOCH_ORDINAL), day, usual, lang))
            day += timedelta(days=1)
        cells += [None] * (-len(cells) % 7)
        months.append(MonthTold(first, tuple(tuple(cells[at : at + 7]) for at in range(0, len(cells), 7))))
    return months


def _facts(country: str, state: str) -> Facts:
    return Facts(country=country or None, ufs=(state,) if state else ())


def _day_told(day: Any, on: date, usual: int, lang: str) -> DayTold:
    findings = [finding for _, finding in day.closed]
    rules = tuple(dict.fromkeys(finding.rule for finding in findings))
    names = tuple(
        dict.fromkeys(str(finding.values["holiday"]) for finding in findings if finding.values.get("holiday"))
    )
    if findings:
        own = any(finding.pack in ("tenant", "creditor") for finding in findings)
        weekend = all(finding.values["day"] in _WEEKDAYS for finding in findings)
        tone = "own" if own else "weekend" if weekend else "holiday"
        return DayTold(on, tone, "", names, rules)
    hours = hours_words(day.open)
    if not hours:
        return DayTold(on, "weekend", "", (), ())
    return DayTold(on, "open" if sum(b - a for a, b in day.open) >= usual else "shorter", hours, (), ())


_WEEKDAYS = frozenset({"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})


def blackouts(layer_data: Mapping[str, Any]) -> dict[str, str]:
    """Why an organisation closed a day, by its date."""
    return {
        str(day): str(row.get("note", ""))
        for row in layer_data.get("closed_days") or ()
        for day in row.get("dates", ())
    }


def weekday_names(lang: str) -> tuple[str, ...]:
    """Monday to Sunday."""
    return texts_of(lang).weekdays


def month_names(lang: str) -> tuple[str, ...]:
    """January to December."""
    return texts_of(lang).months
