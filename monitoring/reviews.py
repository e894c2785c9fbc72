"""Alerts as they are reviewed: what waits, what is said around them, what was found about an author before."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from messaging.models import Message
from monitoring.models import Alert
from monitoring.periods import Period
from monitoring.services import DECIDED, OPEN, SIGNALS

#: From here on an alert is severe.
SEVERE = 2


@dataclass(frozen=True, slots=True)
class Queue:
    """Open alerts as they are reviewed: escalated first, then by severity, the oldest first."""

    rows: tuple[Alert, ...]
    total: int
    oldest: datetime | None


def review_queue(
    *, kind: str = "", creditor_id: uuid.UUID | None = None, state: str = "", limit: int = 100,
    period: Period | None = None, actor: uuid.UUID | None = None,
) -> Queue:  # fmt: skip
    """What waits for a review (or, with `state` decided, the newest verdicts). `kind`: severe, signals, conduct or ''."""
    rows = Alert.objects.all()
    if creditor_id is not None:
        rows = rows.filter(creditor_id=creditor_id)
    if kind == "severe":
        rows = rows.filter(severity__gte=SEVERE).exclude(conduct__in=SIGNALS)
    elif kind == "signals":
        rows = rows.filter(conduct__in=SIGNALS)
    elif kind == "conduct":
        rows = rows.exclude(conduct__in=SIGNALS)
    if period is not None:
        rows = rows.filter(raised_at__gte=period.start, raised_at__lt=period.end)
    if actor is not None:
        rows = rows.filter(actor=f"user:{actor}")
    rows = rows.select_related("conversation__person", "message")
    if state in DECIDED:
        rows = rows.filter(state=state)
    elif state == "decided":
        rows = rows.filter(state__in=DECIDED)
    elif state != "all":
        rows = rows.filter(state__in=OPEN)
        sums = rows.aggregate(n=Count("id"), oldest=Min("raised_at"))
        ordered = rows.order_by("escalated_at", "-severity", "raised_at", "id")
        return Queue(tuple(ordered[:limit]), sums["n"], sums["oldest"])
    return Queue(tuple(rows.order_by("-raised_at", "-id")[:limit]), rows.count(), None)


def open_severe() -> int:
    """How many open alerts cannot wait, about our conduct or a debtor's distress: the number in the rail."""
    return Alert.objects.filter(state__in=OPEN, severity__gte=SEVERE).count()


def raised_since(at: datetime) -> list[Alert]:
    """Open severe alerts that were raised since an instant of the machine's clock, the gravest first."""
    first = uuid.UUID(int=int(at.timestamp() * 1000) << 80)  # ids begin with the machine's time
    rows = Alert.objects.filter(state__in=OPEN, id__gte=first, severity__gte=SEVERE)
    return list(rows.order_by("-severity", "-id")[:20])


def history_of(actor: str, *, since: datetime, but: uuid.UUID | None = None) -> dict[str, Any]:
    """What reviews found about one author since then: sums by state, and the newest alerts."""
    rows = Alert.objects.filter(actor=actor, raised_at__gte=since)
    states = dict(rows.values_list("state").annotate(n=Count("id")).order_by())
    newest = (rows if but is None else rows.exclude(pk=but)).order_by("-raised_at", "-id")[:5]
    return {"states": states, "total": sum(states.values()), "newest": list(newest)}


def around(conversation_id: uuid.UUID, message: Message, *, each_side: int = 3) -> list[Message]:
    """The message with so many before and after it in its thread."""
    rows = Message.objects.filter(conversation_id=conversation_id)
    before = rows.filter(Q(at__lt=message.at) | Q(at=message.at, id__lt=message.pk)).order_by("-at", "-id")[:each_side]
    after = rows.filter(Q(at__gt=message.at) | Q(at=message.at, id__gt=message.pk)).order_by("at", "id")[:each_side]
    return [*reversed(before), message, *after]
