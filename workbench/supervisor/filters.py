"""The filters of all panels: they stand in the address, and nowhere else."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import QueryDict

from monitoring.periods import Period, last_days
from portfolio.models import Creditor
from portfolio.places import today_in
from workbench.access import PageRequest

#: key -> days, today included.
PERIODS: Mapping[str, int] = {"today": 1, "7": 7, "30": 30, "90": 90}
DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class Filters:
    """What a page was asked to show; what could not be read is as if it had not been said."""

    key: str  # of PERIODS, or "days"
    period: Period
    creditor: Creditor | None
    creditors: tuple[Creditor, ...]

    @property
    def creditor_id(self) -> uuid.UUID | None:
        """The one creditor asked for."""
        return self.creditor.pk if self.creditor else None

    def query(self, **more: Any) -> str:
        """The address's part behind the question mark, with these besides."""
        query = QueryDict(mutable=True)
        if self.key == "days":
            query["from"], query["to"] = self.period.first.isoformat(), self.period.last.isoformat()
        else:
            query["period"] = self.key
        if self.creditor:
            query["creditor"] = str(self.creditor.pk)
        for name, value in more.items():
            if value not in (None, ""):
                query[name] = str(value)
        return query.urlencode()

    @property
    def here(self) -> str:
        """As it stands."""
        return self.query()


def read(request: PageRequest, *, default: str = "today") -> Filters:
    """The filters of a request's address."""
    asked, country = request.GET, request.organisation.country
    creditors = tuple(Creditor.objects.order_by("name", "id")[:200])
    creditor = next((one for one in creditors if str(one.pk) == asked.get("creditor")), None)
    first, last = day_of(asked.get("from")), day_of(asked.get("to"))
    if first is not None or last is not None:
        today = today_in(country, request.now)
        last = last or today
        first = min(first or last, last)
        first = max(first, last - timedelta(days=DAYS_MAX - 1))
        return Filters("days", Period(first, last, country), creditor, creditors)
    key = asked.get("period", "")
    key = key if key in PERIODS else default
    return Filters(key, last_days(PERIODS[key], country, request.now), creditor, creditors)


def day_of(text: str | None) -> date | None:
    """A day as an address writes it; None for anything else."""
    try:
        found = date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2200 else None


def uuid_in(text: str | None) -> uuid.UUID | None:
    """An id as an address writes it; None for anything else."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
