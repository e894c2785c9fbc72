"""The event log: writers stage events as their last statement, one sequencer numbers them without gaps.

Readers (live pages, scans, seals, webhooks out, GET /changes) see numbered events only and keep a cursor, so a
transaction that commits late is never skipped.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from kernel.clock import machine_now
from kernel.ids import uuid7
from tenants import bulk, live
from tenants.lanes import AT_ONCE, wake_many
from tenants.models import Event, EventCursor, StagedEvent
from tenants.scope import current, current_tenant_id

#: Public names, fixed early: integrators and pages read them.
NAMES = frozenset({
    "creditor.saved", "debtor.saved", "contact_point.saved", "invoice.saved", "invoice.settled", "entry.recorded",
    "payment.recorded", "payment.reversed", "promise.created", "promise.kept", "promise.broken", "promise.withdrawn",
    "agreement.proposed", "agreement.accepted", "agreement.fulfilled", "agreement.broken", "agreement.cancelled",
    "dispute.opened", "dispute.closed", "payable.created", "payable.paid", "import.applied", "import.undone",
    "consent.recorded", "stop.raised", "stop.lifted", "identity.changed", "rules.changed",
    "decision.recorded", "request.created", "request.withdrawn", "request.expired",
    "message.received", "message.queued", "message.accepted", "message.sent", "message.delivered", "message.read",
    "message.failed", "message.refused", "message.uncertain", "message.deferred", "message.blocked",
    "conversation.assigned", "conversation.closed", "conversation.handed_over", "conversation.frozen",
    "conversation.unfrozen", "conversation.noted",
    "enrolment.started", "enrolment.paused", "enrolment.resumed", "enrolment.ended",
    "template.changed", "number.paused", "number.resumed", "account.paused", "account.resumed", "sending.stopped",
    "sending.resumed", "alert.raised", "alert.claimed", "alert.decided", "alert.reopened", "alert.escalated", "ledger.verified",
    "clock.moved", "audit.recorded", "inbound.stored",
    "inbound.quarantined", "retention.blanked", "erasure.certified",
})  # fmt: skip

#: Lanes woken for a tenant that has new numbered events, and the names that each cares for (None: all).
READERS: dict[str, frozenset[str] | None] = {}


@dataclass(frozen=True, slots=True)
class Emit:
    """An event about to be staged. `digest` is the hash of an evidence row, '' for anything else."""

    name: str
    subject: str
    subject_id: uuid.UUID
    business_at: datetime
    creditor_id: uuid.UUID | None = None
    digest: str = ""
    data: dict[str, Any] | None = None


def emit(*events: Emit) -> None:
    """Stage events of the current organisation. Call it last in the transaction."""
    emit_many(events)


def emit_many(events: Iterable[Emit]) -> None:
    """Stage many events, thousands with one statement."""
    now, tenant_id = machine_now(), current_tenant_id()
    rows: list[dict[str, Any]] = []
    for event in events:
        if event.name not in NAMES:
            raise ValueError(f"{event.name} is not among the public event names")
        rows.append(
            {
                "id": uuid7(),
                "tenant_id": tenant_id,
                "creditor_id": event.creditor_id,
                "name": event.name,
                "subject": event.subject,
                "subject_id": event.subject_id,
                "digest": event.digest,
                "data": event.data or {},
                "business_at": event.business_at,
                "recorded_at": now,
            }
        )
    bulk.insert_rows(StagedEvent, rows)


# Three statements on one way to the database. Only who gets the lock passes the wall, and the second statement sees
# everything that the lock's former holder committed. Without sorting the planner takes the newest number from its
# index, also where it knows nothing of the table yet: a young log grows faster than its statistics.
_SEQUENCE = """
SELECT set_config('app.sequencer', CASE WHEN pg_try_advisory_xact_lock(%(lock)s) THEN 'on' ELSE '' END, true),
       set_config('enable_sort', 'off', true);
WITH taken AS (
    DELETE FROM tenants_stagedevent WHERE current_setting('app.sequencer') = 'on' AND (tenant_id, id) IN (
        SELECT tenant_id, id FROM tenants_stagedevent ORDER BY id LIMIT %(limit)s
    ) RETURNING *
), last AS MATERIALIZED (  -- once for each organisation, not for each event
    SELECT t.tenant_id, COALESCE(
        (SELECT e.sequence FROM tenants_event e WHERE e.tenant_id = t.tenant_id ORDER BY e.sequence DESC LIMIT 1), 0
    ) AS sequence FROM (SELECT DISTINCT tenant_id FROM taken) t
), moved AS (
    INSERT INTO tenants_event (id, tenant_id, creditor_id, name, subject, subject_id, digest, data, business_at,
                               recorded_at, sequence)
    SELECT s.id, s.tenant_id, s.creditor_id, s.name, s.subject, s.subject_id, s.digest, s.data, s.business_at,
           s.recorded_at, last.sequence + row_number() OVER (PARTITION BY s.tenant_id ORDER BY s.id)
    FROM taken s JOIN last USING (tenant_id)
    RETURNING tenant_id, name, sequence
)
SELECT tenant_id, count(*), array_agg(DISTINCT name), min(sequence), max(sequence) FROM moved GROUP BY tenant_id;
SELECT set_config('app.sequencer', '', true), set_config('enable_sort', 'on', true)
"""
_ADVISORY = 0x7261746F  # one sequencer at a time, whichever process it lives in


def sequence(limit: int = 5000) -> int:
    """Give staged events their numbers; returns how many. Only one process at a time does it; others return 0."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SEQUENCE, {"lock": _ADVISORY, "limit": limit})
        cursor.nextset()
        moved = cursor.fetchall()
        # At once, not at the events' own instant: an event may carry the machine's time, and a clock may stand still.
        wake_many(
            [
                (tenant, reader, "", AT_ONCE)
                for tenant, _, names, _, _ in moved
                for reader, wanted in sorted(READERS.items())
                if wanted is None or not wanted.isdisjoint(names)
            ]
        )
    live.publish((tenant, first, last) for tenant, _, _, first, last in moved)
    return sum(count for _, count, _, _, _ in moved)


def unread(reader: str, *, limit: int = 500, names: Sequence[str] | None = None) -> tuple[EventCursor, list[Event]]:
    """The reader's cursor, locked, and the next numbered events after it. Call `advance` in the same transaction.

    With `names`, stretches of the log without any such event are passed over here and now: an empty list always
    means that nothing is left to read. Raises RuntimeError in a scope limited to some creditors, which would read a
    log with holes and remember having read it whole.
    """
    scope = current()
    if scope is not None and scope.creditor_ids is not None:
        raise RuntimeError("a reader of the log needs the whole organisation: open the scope without creditor_ids")
    if (held := _hold(reader)) is None:
        EventCursor.objects.bulk_create([EventCursor(reader=reader)], ignore_conflicts=True)
        held = _hold(reader)
        assert held is not None
    cursor, top = held  # read before the events: numbers become visible in their order, so none up to it is missed
    found = Event.objects.filter(sequence__gt=cursor.sequence, sequence__lte=top).order_by("sequence")
    events = list((found if names is None else found.filter(name__in=names))[:limit])
    if not events and top > cursor.sequence:
        cursor.sequence = top
        advance(cursor, top)
    return cursor, events


def _hold(reader: str) -> tuple[EventCursor, int] | None:
    """The reader's cursor, locked, and the newest number after it (its own if there is none); None when it is new."""
    tenant_id = current_tenant_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, sequence, COALESCE((SELECT max(e.sequence) FROM tenants_event e "
            "WHERE e.tenant_id = %(tenant)s AND e.sequence > c.sequence), 0) FROM tenants_eventcursor c "
            "WHERE tenant_id = %(tenant)s AND reader = %(reader)s FOR NO KEY UPDATE",
            {"tenant": tenant_id, "reader": reader},
        )
        found = cursor.fetchone()
    if found is None:
        return None
    held = EventCursor(id=found[0], tenant_id=tenant_id, reader=reader, sequence=found[1])
    return held, max(found[1], found[2])


def advance(cursor: EventCursor, to: int) -> None:
    """Remember that everything up to this number has been read."""
    EventCursor.objects.filter(pk=cursor.pk).update(sequence=to)


def latest() -> int:
    """The newest number of the current organisation; 0 before the first event."""
    current_tenant_id()
    return Event.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
