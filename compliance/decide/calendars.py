"""Which dates are holidays, where: the pinned library plus dates that operators add or move.

The library knows the holidays of a country and a state by year and category; governments decree and move days faster
than libraries ship, so extra and moved dates are data (`packs/holiday_dates.yaml`, or a tenant's own). Sets are built
once per (country, state, category, year).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import holidays
import yaml

#: The language in which a holiday is named in its own country (the library's default follows the process locale).
_LANGUAGES = {"BR": "pt_BR", "PT": "pt_PT", "US": "en_US"}


class HolidayKey(NamedTuple):
    """One set of holidays: '' as subdivision is the national set."""

    country: str
    subdivision: str
    category: str

    def text(self) -> str:
        """`BR-SP:public`, for evidence."""
        return f"{self.country}{'-' if self.subdivision else ''}{self.subdivision}:{self.category}"


class Calendar(Protocol):
    """What the gate asks of a calendar."""

    tables: dict[Any, Any]

    def __hash__(self) -> int: ...

    def name(self, key: HolidayKey, ordinal: int) -> str | None:
        """The holiday's name on the date with this proleptic ordinal, None on an ordinary day."""

    def keys(self, country: str, subdivisions: Sequence[str], category: str) -> tuple[HolidayKey, ...]:
        """The sets to ask for a debtor in these subdivisions; raises ValueError for an unknown country."""


class HolidayCalendar:
    """Holidays of the library, with added and removed dates.

    `extra` adds dates: {country: [{date, name, subdivision?, category?}]}; `moved` moves them:
    {country: [{from, to, subdivision?, category?}]}. Dates are text YYYY-MM-DD. Immutable: new data, new calendar.
    """

    def __init__(
        self,
        extra: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
        moved: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    ) -> None:
        self.tables: dict[Any, Any] = {}
        self._years: dict[tuple[HolidayKey, int], dict[int, str]] = {}
        self._extra = {country: list(rows) for country, rows in (extra or {}).items()}
        self._moved = {country: list(rows) for country, rows in (moved or {}).items()}

    def keys(self, country: str, subdivisions: Sequence[str], category: str) -> tuple[HolidayKey, ...]:
        """See Calendar.keys. A state that is not one of the country's (or has no holidays) gets the national set."""
        known = known_subdivisions(country)
        found = tuple(HolidayKey(country, code, category) for code in dict.fromkeys(subdivisions) if code in known)
        return found or (HolidayKey(country, "", category),)

    def name(self, key: HolidayKey, ordinal: int) -> str | None:
        """See Calendar.name."""
        year = date.fromordinal(ordinal).year
        days = self._years.get((key, year))
        if days is None:
            days = self._years[(key, year)] = self._build(key, year)
        return days.get(ordinal)

    def _build(self, key: HolidayKey, year: int) -> dict[int, str]:
        found = holidays.country_holidays(
            key.country,
            subdiv=key.subdivision or None,
            years=year,
            categories=(key.category,),
            language=_LANGUAGES.get(key.country, "es") if _speaks(key.country) else None,
        )
        days = {day.toordinal(): name for day, name in found.items()}
        for row in self._rows(self._moved, key):
            name = days.pop(date.fromisoformat(row["from"]).toordinal(), row.get("name", ""))
            if (to := date.fromisoformat(row["to"])).year == year:
                days[to.toordinal()] = name
        for row in self._rows(self._extra, key):
            if (day := date.fromisoformat(row["date"])).year == year:
                days[day.toordinal()] = row["name"]
        return days

    @staticmethod
    def _rows(table: Mapping[str, Sequence[Mapping[str, str]]], key: HolidayKey) -> list[Mapping[str, str]]:
        return [
            row
            for row in table.get(key.country, ())
            if row.get("category", "public") == key.category
            and row.get("subdivision", key.subdivision) == key.subdivision
        ]


class StoredCalendar:
    """The closed dates that a stored decision used, and nothing newer: {HolidayKey.text(): {date: name}}."""

    def __init__(self, closed: Mapping[str, Mapping[str, str]], first: int, last: int) -> None:
        self.tables: dict[Any, Any] = {}
        self._closed = {
            key: {date.fromisoformat(day).toordinal(): name for day, name in days.items()}
            for key, days in closed.items()
        }
        self._first, self._last = first, last

    def keys(self, country: str, subdivisions: Sequence[str], category: str) -> tuple[HolidayKey, ...]:
        """The sets that were asked then: the states' where they were stored, else the national one."""
        wanted = [HolidayKey(country, code, category) for code in dict.fromkeys(subdivisions)]
        stored = tuple(key for key in wanted if key.text() in self._closed)
        return stored or (HolidayKey(country, "", category),)

    def name(self, key: HolidayKey, ordinal: int) -> str | None:
        """See Calendar.name; raises LookupError outside the dates that the evidence covers."""
        if not self._first <= ordinal <= self._last:
            raise LookupError(f"the evidence does not cover {date.fromordinal(ordinal)}")
        return self._closed.get(key.text(), {}).get(ordinal)


@lru_cache(maxsize=512)
def known_subdivisions(country: str) -> frozenset[str]:
    """Holiday subdivisions of a country, empty when it has none; raises ValueError for a country it does not know."""
    supported = holidays.list_supported_countries(include_aliases=False)
    if country not in supported:
        raise ValueError(f"no holidays are known for country {country!r}; write ISO 3166 letters like CO")
    return frozenset(supported[country])


@lru_cache(maxsize=512)
def _speaks(country: str) -> bool:
    languages = holidays.list_localized_countries(include_aliases=False).get(country, [])
    return _LANGUAGES.get(country, "es") in languages


@lru_cache(maxsize=1)
def shipped_calendar() -> HolidayCalendar:
    """The process-wide calendar: the library and the shipped extra and moved dates."""
    path = Path(__file__).resolve().parent.parent / "packs" / "holiday_dates.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return HolidayCalendar(data["extra"], data["moved"])
