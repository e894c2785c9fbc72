"""The hours of a week that a rule set leaves open: what a person can be told, and can narrow."""

from __future__ import annotations

from collections.abc import Collection

from .rules import Intervals, RuleSet
from .values import DAY

Week = tuple[Intervals, ...]


def open_hours(ruleset: RuleSet, *, without: Collection[str] = ()) -> Week:
    """Monday to Sunday: the hours in which every window holds and no rule closes the weekday; holidays come on top.

    `without` names layers that are left out ("debtor": what the law and the house leave, before the own preference).
    """
    week: list[Intervals] = [((0, DAY),) for _ in range(7)]
    for window in ruleset.windows:
        if window.pack not in without:
            week = [overlap(mine, theirs) for mine, theirs in zip(week, window.week, strict=True)]
    closed = {day for rule in ruleset.closed if rule.pack not in without for day in rule.weekdays}
    return tuple(() if day in closed else hours for day, hours in enumerate(week))


def overlap(one: Intervals, other: Intervals) -> Intervals:
    """The hours that are in both."""
    both = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple(sorted((start, end) for start, end in both if start < end))
