"""Where a clock may go: an hour or a day on, the next planned message, a Sunday, a working morning."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db.models import Min

from messaging.models import Enrolment, SendRequest
from portfolio.places import zone_of
from tenants.models import Tenant

DAYS = 30
SUNDAY_AT, MORNING_AT = time(11), time(9, 30)


def next_planned(now: datetime) -> datetime | None:
    """When the next message is planned or may be asked for again; None when nothing is. In a scope."""
    found = (
        Enrolment.objects.filter(state=Enrolment.State.ACTIVE, next_at__gt=now).aggregate(at=Min("next_at"))["at"],
        SendRequest.objects.filter(state=SendRequest.State.WAITING, next_at__gt=now).aggregate(at=Min("next_at"))["at"],
    )
    return min((at for at in found if at is not None), default=None)


def target(by: str, tenant: Tenant, now: datetime) -> datetime | None:
    """The instant that a choice names; None for one that nobody offers, or when nothing is planned. In a scope."""
    local = now.astimezone(zone_of(tenant.country))
    if by == "hour":
        return now + timedelta(hours=1)
    if by == "day":
        return now + timedelta(days=1)
    if by == "month":
        return now + timedelta(days=DAYS)
    if by == "next":
        at = next_planned(now)
        return None if at is None else at + timedelta(seconds=1)
    if by == "sunday":
        ahead = (6 - local.weekday()) % 7
        sunday = datetime.combine(local.date() + timedelta(days=ahead), SUNDAY_AT, local.tzinfo)
        return sunday if sunday > now else sunday + timedelta(days=7)
    if by == "morning":
        day = local.date() + timedelta(days=0 if local.time() < MORNING_AT else 1)
        while day.weekday() > 4:
            day += timedelta(days=1)
        return datetime.combine(day, MORNING_AT, local.tzinfo)
    return None
