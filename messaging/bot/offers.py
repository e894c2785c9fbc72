"""What may be offered within a creditor's policy. Pure: numbers and dates in, choices out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

#: Plans that people know; three choices are enough to choose from.
_COUNTS = (2, 3, 4, 6, 9, 12, 18, 24)
_CHOICES = 3
_DAYS_AHEAD = (1, 2, 3, 5, 7, 10, 14, 15, 20, 25, 30)
_DATES = 6
#: The first instalment falls due this many days after the plan was made, if the policy gives as many.
_FIRST_AFTER = 5


def days(count: int) -> timedelta:
    """So many days."""
    return timedelta(days=count)


def plan_counts(total_minor: int, *, most: int, least_minor: int) -> list[int]:
    """Up to three counts of instalments, from short to long, none of whose parts is below the policy's least."""
    counts = [n for n in {*_COUNTS, most} if 2 <= n <= most and total_minor // n >= max(1, least_minor)]
    counts.sort()
    if len(counts) <= _CHOICES:
        return counts
    return [counts[0], counts[len(counts) // 2], counts[-1]]


def first_on(today: date, max_grace_days: int) -> date:
    """When a plan begins: some days ahead, on no Sunday where the policy leaves a choice."""
    day = today + timedelta(days=min(_FIRST_AFTER, max_grace_days))
    if day.weekday() != 6:
        return day
    return day + timedelta(days=1) if max_grace_days > _FIRST_AFTER else max(today, day - timedelta(days=1))


def promise_days(today: date, last: date, closed: Collection[int] = (6,)) -> list[date]:
    """Days to choose from, soon to late, no Sundays (weekdays in `closed`); the last possible one is among them."""
    days = [today + timedelta(days=ahead) for ahead in _DAYS_AHEAD]
    days = [day for day in days if day <= last and day.weekday() not in closed]
    if last > today and last.weekday() not in closed and last not in days:
        days.append(last)
    if len(days) > _DATES:
        days = [*days[: _DATES - 1], days[-1]]
    return days
