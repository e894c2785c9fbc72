"""What asks for a supervisor's attention now: the strip at the head of their page, and the lists behind it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet

from messaging.models import Conversation, MessageTemplate, Number
from monitoring.models import Alert, SendStanding
from monitoring.reviews import SEVERE
from monitoring.services import OPEN, SIGNALS
from portfolio.models import Debtor, Promise
from portfolio.places import start_of, today_in

#: A promise judged today fell due at most so long ago.
JUDGED_WITHIN = timedelta(days=31)
#: How long a debtor may wait for a person before the wait is late.
SLA = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Tile:
    """count · oldest · trend: `before` is the same figure yesterday at this hour; None when nobody kept it."""

    name: str
    count: int
    oldest: datetime | None = None
    today: int | None = None
    before: int | None = None
    next_at: datetime | None = None
    detail: tuple[int, ...] = ()


def tiles(country: str, now: datetime, *, creditor_id: uuid.UUID | None = None) -> list[Tile]:
    """The six tiles: severe, waiting, held, broken, channels, signals."""
    start = start_of(today_in(country, now), country)
    day = timedelta(days=1)
    mine = Q() if creditor_id is None else Q(creditor_id=creditor_id)
    severe = Q(severity__gte=SEVERE) & ~Q(conduct__in=SIGNALS)
    told = Q(conduct__in=SIGNALS)
    is_open = Q(state__in=OPEN)
    alerts = Alert.objects.filter(mine).filter(is_open | Q(raised_at__gte=start - day)).aggregate(
        severe=Count("id", filter=severe & is_open), severe_oldest=Min("raised_at", filter=severe & is_open),
        severe_today=Count("id", filter=severe & Q(raised_at__gte=start)),
        severe_before=Count("id", filter=severe & Q(raised_at__gte=start - day, raised_at__lt=now - day)),
        told=Count("id", filter=told & is_open), told_oldest=Min("raised_at", filter=told & is_open),
        told_today=Count("id", filter=told & Q(raised_at__gte=start)),
        told_before=Count("id", filter=told & Q(raised_at__gte=start - day, raised_at__lt=now - day)),
    )  # fmt: skip
    waits = waiting_conversations(now, creditor_id=creditor_id).aggregate(n=Count("id"), oldest=Min("needs_human_at"))
    held = SendStanding.objects.filter(mine, part="deferred").aggregate(
        n=Count("id"), oldest=Min("requested_at"), next=Min("next_at")
    )
    broken = broken_promises(start, creditor_id=creditor_id).aggregate(n=Count("id"), oldest=Min("decided_at"))
    kept_before = broken_promises(start - day, creditor_id=creditor_id).filter(decided_at__lt=now - day).count()
    numbers = unhealthy_numbers(now).count()
    templates = unusable_templates().count()
    return [
        Tile("severe", alerts["severe"], alerts["severe_oldest"], alerts["severe_today"], alerts["severe_before"]),
        Tile("waiting", waits["n"], waits["oldest"]),
        Tile("held", held["n"], held["oldest"], next_at=held["next"]),
        Tile("broken", broken["n"], broken["oldest"], broken["n"], kept_before),
        Tile("channels", numbers + templates, detail=(numbers, templates)),
        Tile("signals", alerts["told"], alerts["told_oldest"], alerts["told_today"], alerts["told_before"]),
    ]


def waiting_conversations(now: datetime, *, creditor_id: uuid.UUID | None = None) -> QuerySet[Conversation]:
    """Open conversations that have waited for a person for longer than SLA, the longest first."""
    rows = Conversation.objects.filter(waits(now), state=Conversation.State.OPEN, needs_human_at__lt=now - SLA)
    return of_creditor(rows, creditor_id).order_by("needs_human_at", "id")


def waits(now: datetime) -> Q:
    """A debtor waits for a person: since the oldest word that needs one, not since a word that needs no answer."""
    return Q(needs_human_at__isnull=False) & (Q(snoozed_until=None) | Q(snoozed_until__lte=now))


def of_creditor(rows: QuerySet[Conversation], creditor_id: uuid.UUID | None) -> QuerySet[Conversation]:
    if creditor_id is None:
        return rows
    return rows.filter(debtor_id__in=Debtor.objects.filter(creditor_id=creditor_id).values("id"))


def broken_promises(since: datetime, *, creditor_id: uuid.UUID | None = None) -> QuerySet[Promise]:
    """Promises found broken since then."""
    rows = Promise.objects.filter(
        state=Promise.State.BROKEN, due_on__gte=(since - JUDGED_WITHIN).date(), decided_at__gte=since
    )
    return rows if creditor_id is None else rows.filter(creditor_id=creditor_id)


def unhealthy_numbers(now: datetime) -> QuerySet[Number]:
    """Numbers that cannot send now, with their account."""
    return Number.objects.filter(
        Q(stopped_at__isnull=False)
        | Q(account__paused_at__isnull=False)
        | (Q(paused_at__isnull=False) & (Q(paused_until=None) | Q(paused_until__gt=now)))
    ).select_related("account")


def unusable_templates() -> QuerySet[MessageTemplate]:
    """Templates that WhatsApp rejected, paused or took away."""
    return MessageTemplate.objects.filter(status__in=["rejected", "paused", "disabled"]).order_by("-updated_at", "id")
