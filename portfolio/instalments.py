"""A payment plan: amounts that add up to the cent, on dates that exist."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from kernel.errors import DomainError
from kernel.money import Money

Every = Literal["month", "fortnight", "week"]

#: A plan longer than ten years of fortnights is a slip of the finger.
MAX_INSTALMENTS = 240


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment of a plan; `number` counts from 1."""

    number: int
    due_on: date
    amount: Money


def schedule(total: Money, count: int, first_on: date, every: Every = "month") -> list[Instalment]:
    """`count` instalments of `total` from `first_on` on; odd cents go to the first ones.

    Months keep the day of the first date and fall back to the month's last day (31 Jan, 28 Feb, 31 Mar). Fortnights
    are the pay days of Latin America, twice a month half a month apart (the 15th and the last day; the 5th and the
    20th). Raises DomainError when the total is not positive, the count is out of range, or an instalment would be
    nothing.
    """
    if total.minor <= 0:
        raise DomainError("plan_total", "a plan needs an amount above zero, not %(total)s", total=str(total))
    if not 1 <= count <= MAX_INSTALMENTS:
        raise DomainError(
            "plan_count", "a plan has 1 to %(max)s instalments, not %(count)s", max=MAX_INSTALMENTS, count=count
        )
    if total.minor < count:
        raise DomainError(
            "plan_too_thin",
            "%(total)s cannot be split into %(count)s instalments; choose fewer",
            total=str(total),
            count=count,
        )
    dates = _dates(first_on, count, every)
    return [
        Instalment(place + 1, due_on, amount)
        for place, (due_on, amount) in enumerate(zip(dates, total.split(count), strict=True))
    ]


def _dates(first_on: date, count: int, every: str) -> list[date]:
    if every == "week":
        return [first_on + timedelta(weeks=place) for place in range(count)]
    if every == "month":
        return [_day_of_month(first_on, place, first_on.day) for place in range(count)]
    if every == "fortnight":
        early, late = _pay_days(first_on)
        starts_late = first_on.day > 15
        halves = range(int(starts_late), int(starts_late) + count)
        return [_day_of_month(first_on, half // 2, late if half % 2 else early) for half in halves]
    raise DomainError(
        "plan_every", "instalments fall due every month, fortnight or week, not every %(every)s", every=every
    )


def _pay_days(first_on: date) -> tuple[int, int]:
    """The two days of the month between which fortnights alternate; 31 stands for the month's last day."""
    day = first_on.day
    if day == 15 or day == calendar.monthrange(first_on.year, first_on.month)[1]:
        return 15, 31
    return (day, day + 15) if day < 15 else (day - 15, day)


def _day_of_month(anchor: date, months: int, day: int) -> date:
    """The given day in the month `months` after the anchor's, or that month's last day when it is shorter."""
    years, month0 = divmod(anchor.month - 1 + months, 12)
    year, month = anchor.year + years, month0 + 1
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
