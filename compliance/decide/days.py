"""What each local date looks like to a composition: who closes it, and the hours that every window leaves open."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from .calendars import Calendar, HolidayKey
from .rules import WEEK, Closed, Intervals, RuleSet, Window
from .values import DAY, EPOCH_ORDINAL, Facts, Finding


class Day(NamedTuple):
    """One local date: findings of the rules that close it (with their place in the order), and its open seconds."""

    closed: tuple[tuple[int, Finding], ...]
    open: Intervals
    weekday: int


class DayTable:
    """Local dates (days since 1970) of one composition, country and set of states; filled as they are asked for."""

    __slots__ = ("_calendar", "_days", "_holidays", "_rules", "_windows", "week")

    def __init__(self, ruleset: RuleSet, calendar: Calendar, facts: Facts) -> None:
        self._calendar = calendar
        self._rules = ruleset.closed
        self._windows = ruleset.windows
        self._holidays = tuple(holiday_keys(rule, ruleset, calendar, facts) for rule in ruleset.closed)
        self._days: dict[int, Day] = {}
        self.week = tuple(_common_hours(ruleset.windows, weekday) for weekday in range(7))

    def day(self, number: int) -> Day:
        """The local date `number` days after 1 January 1970."""
        found = self._days.get(number)
        if found is None:
            found = self._days[number] = self._build(number)
        return found

    def _build(self, number: int) -> Day:
        ordinal = number + EPOCH_ORDINAL
        weekday = (ordinal - 1) % 7
        closed = []
        for place, rule in enumerate(self._rules):
            name: str | None = None
            if weekday in rule.weekdays or number in rule.dates:
                name = ""
            else:
                for key in self._holidays[place]:
                    name = self._calendar.name(key, ordinal)
                    if name is not None and rule.names and not any(part in rule.names for part in name.split("; ")):
                        name = None
                    if name is not None:
                        break
            if name is not None:
                values = {"day": rule.day, "date": date.fromordinal(ordinal).isoformat()}
                if name:
                    values["holiday"] = name
                closed.append((place, Finding(rule.rule, "closed_day", values, rule.pack, rule.citation, rule.basis)))
        return Day(tuple(closed), self.week[weekday], weekday)


def holiday_keys(rule: Closed, ruleset: RuleSet, calendar: Calendar, facts: Facts) -> tuple[HolidayKey, ...]:
    """The holiday sets that a closed-day rule asks for this debtor; () for weekdays and listed dates."""
    country = (facts.country or ruleset.country) if rule.country == "debtor" else rule.country
    if country is None:
        return ()
    states = (facts.holiday_subdivisions or facts.ufs) if rule.by_state else ()
    return calendar.keys(country, states, rule.category)


def day_table(ruleset: RuleSet, calendar: Calendar, facts: Facts) -> DayTable:
    """The shared table for these facts; it lives in the calendar, so new holidays mean new tables."""
    key = (ruleset.hash, facts.country, facts.holiday_subdivisions or facts.ufs)
    table: DayTable | None = calendar.tables.get(key)
    if table is None:
        table = calendar.tables[key] = DayTable(ruleset, calendar, facts)
    return table


def objecting_window(window: Window, weekday: int, second: int) -> bool:
    """Whether a window objects at this second of this weekday; a null day always does."""
    return not any(start <= second < end for start, end in window.week[weekday])


def window_finding(window: Window, weekday: int, local: str, zone: str) -> Finding:
    """The finding of a window that objects: its hours on that weekday, and the local time (text) in the zone."""
    hours = [[hhmm(a), hhmm(b)] for a, b in window.week[weekday]]
    values = {"day": WEEK[weekday], "hours": hours, "local": local, "zone": zone}
    return Finding(window.rule, "window", values, window.pack, window.citation, window.basis)


def hhmm(second: int) -> str:
    """`28800` as `08:00`, the end of the day as `24:00`."""
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}"


def _common_hours(windows: tuple[Window, ...], weekday: int) -> Intervals:
    hours: Intervals = ((0, DAY),)
    for window in windows:
        hours = tuple(
            (max(a, c), min(b, d)) for a, b in hours for c, d in window.week[weekday] if max(a, c) < min(b, d)
        )
    return hours
