"""Whole days of an organisation's country, over which its figures are summed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portfolio.places import start_of, today_in


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the organisation's country, both ends included."""

    first: date
    last: date
    country: str

    @property
    def start(self) -> datetime:
        """The first instant."""
        return start_of(self.first, self.country)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return start_of(self.last + timedelta(days=1), self.country)

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def before(self) -> Period:
        """As many days just before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.country)


def last_days(days: int, country: str, now: datetime) -> Period:
    """The last so many days, today included."""
    today = today_in(country, now)
    return Period(today - timedelta(days=days - 1), today, country)
