"""Figures for pages, kept by a reader of the event log: a page adds up days, never messages.

The gate's figures are made from what is now: a request that an event names is looked at afresh, and only the
difference to where it stood before is counted. So a doubled event, or one that comes late, changes nothing.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from django.db import connection

from compliance.models import Decision
from kernel.clock import Clock
from kernel.ids import uuid7
from messaging.models import SendRequest
from monitoring.gate import part_of
from monitoring.models import SendStanding
from portfolio.ageing import bucket_on
from portfolio.models import Entry, Payment
from portfolio.places import today_in
from tenants import events, work
from tenants.models import Event, Tenant
from tenants.scope import current_tenant_id, tenant_scope

READER = "figures"
BATCH = 500
_ABOUT_REQUESTS = (
    "decision.recorded", "request.withdrawn", "request.expired", "message.accepted", "message.uncertain",
    "message.refused", "message.deferred", "message.blocked",
)  # fmt: skip
NEWS = (*_ABOUT_REQUESTS, "entry.recorded", "stop.raised", "agreement.accepted", "dispute.opened")
events.READERS[READER] = frozenset(NEWS)
#: Stops that a person asked for.
OPT_OUTS = ("opted_out", "cease_requested", "sernac_no_me_hostiguen_request", "listed_in_state_do_not_contact_registry")

#: (day, kind, key, currency, creditor)
_Cell = tuple[date, str, str, str, "uuid.UUID | None"]


@work.serves(READER)
def serve(tenant: Tenant, key: str, clock: Clock) -> datetime | None:
    """Count what the log names since the last time; returns now while more may wait."""
    del key
    with tenant_scope(tenant.pk):
        cursor, found = events.unread(READER, limit=BATCH, names=NEWS)
        if not found:
            return None
        count(found, tenant.country)
        events.advance(cursor, found[-1].sequence)
    return clock.now() if len(found) == BATCH else None


def count(found: Sequence[Event], country: str) -> None:
    """Take these events into the figures, in the caller's transaction; days are the country's."""
    sums = _Sums()
    asked = {
        uuid.UUID(event.data["request"])
        for event in found
        if event.name in _ABOUT_REQUESTS and event.data.get("request")
    }
    stand(asked, country, sums)
    _money([event for event in found if event.name == "entry.recorded"], country, sums)
    _stops([event for event in found if event.name == "stop.raised"], country, sums)
    for event in found:
        if event.name in ("agreement.accepted", "dispute.opened"):
            day = today_in(country, event.business_at)
            sums.add((day, event.name.partition(".")[0], "", "", event.creditor_id), 1)
    sums.write()


class _Sums:
    """Differences by cell, written with one statement."""

    def __init__(self) -> None:
        self.counts: Counter[_Cell] = Counter()
        self.minors: dict[_Cell, int] = defaultdict(int)

    def add(self, cell: _Cell, count: int, minor: int = 0) -> None:
        self.counts[cell] += count
        self.minors[cell] += minor

    def write(self) -> None:
        rows = [
            {"id": uuid7(), "day": day, "kind": kind, "key": key, "currency": currency, "creditor_id": creditor,
             "count": number, "minor": self.minors[day, kind, key, currency, creditor]}
            for (day, kind, key, currency, creditor), number in sorted(self.counts.items(), key=lambda one: str(one[0]))
            if number or self.minors[day, kind, key, currency, creditor]
        ]  # fmt: skip
        if not rows:
            return
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [current_tenant_id(), orjson.dumps(rows, default=str).decode()])


_ADD = """
INSERT INTO monitoring_tally (tenant_id, id, day, kind, key, currency, creditor_id, count, minor)
SELECT %s, id, day, kind, key, currency, creditor_id, count, minor
FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, day date, kind text, key text, currency text, creditor_id uuid,
                                        count bigint, minor bigint)
ON CONFLICT (tenant_id, day, kind, key, currency, creditor_id) DO UPDATE
SET count = monitoring_tally.count + excluded.count, minor = monitoring_tally.minor + excluded.minor
"""


def stand(request_ids: Collection[uuid.UUID], country: str, sums: _Sums) -> None:
    """Look at these requests afresh and count how they differ from where they stood."""
    if not request_ids:
        return
    former = SendStanding.objects.select_for_update(no_key=True).in_bulk(list(request_ids))
    requests = list(
        SendRequest.objects.filter(pk__in=request_ids).only(
            "id", "creditor_id", "debtor_id", "verdict", "state", "decision_id", "origin_kind", "actor", "requested_at",
            "next_at",
        ).order_by("id")
    )  # fmt: skip
    findings = dict(
        Decision.objects.filter(
            pk__in=[row.decision_id for row in requests if row.verdict != Decision.Verdict.ALLOW]
        ).values_list("id", "findings")
    )
    fresh = [_standing(row, findings.get(row.decision_id, ()), country) for row in requests]
    for row in fresh:
        before = former.get(row.pk)
        _difference(sums, before, row)
    SendStanding.objects.bulk_create(
        fresh, update_conflicts=True, unique_fields=["tenant", "id"],
        update_fields=["decision_id", "part", "cause", "sent", "next_at"],
    )  # fmt: skip


def _standing(row: SendRequest, findings: Iterable[dict[str, Any]], country: str) -> SendStanding:
    part, cause = part_of(row.verdict, row.state, [str(each.get("kind", "")) for each in findings])
    kind, _, who = row.actor.partition(":")
    return SendStanding(
        id=row.pk, creditor_id=row.creditor_id, debtor_id=row.debtor_id, decision_id=row.decision_id,
        day=today_in(country, row.requested_at), part=part, cause=cause, origin=row.origin_kind,
        sent=row.state == SendRequest.State.SENT, user_id=_user(who) if kind == "user" else None,
        requested_at=row.requested_at, next_at=row.next_at if part == "deferred" else None,
    )  # fmt: skip


def _user(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _difference(sums: _Sums, before: SendStanding | None, after: SendStanding) -> None:
    if before is None or before.part != after.part:
        if before is not None:
            sums.add((before.day, "gate", before.part, "", before.creditor_id), -1)
        sums.add((after.day, "gate", after.part, "", after.creditor_id), 1)
    was = before is not None and before.sent
    if was != after.sent:
        sums.add((after.day, "sent", after.origin, "", after.creditor_id), 1 if after.sent else -1)


def _money(found: Sequence[Event], country: str, sums: _Sums) -> None:
    """Money that came in (and what was taken back of it), by the age of its invoice on the day that it was paid.

    What a creditor's file tells of the time before the debtor was ours is history, not recovery.
    """
    if not found:
        return
    rows = list(
        Entry.objects.filter(pk__in=[event.subject_id for event in found], kind__in=["payment", "reversal"])
        .exclude(payment_id=None)
        .exclude(invoice=None)
        .values_list("creditor_id", "currency", "minor", "occurred_at", "import_id", "invoice__due_on",
                     "debtor__created_at", "kind", "payment_id")
    )  # fmt: skip
    taken_back = [row[-1] for row in rows if row[-2] == "reversal" and row[-1]]
    credits = (
        set(Payment.objects.filter(pk__in=taken_back, kind="credit").values_list("id", flat=True))
        if taken_back
        else set()
    )
    for creditor, currency, minor, at, import_id, due_on, since, kind, payment_id in rows:
        if (import_id is not None and at < since) or payment_id in credits:
            continue
        day = today_in(country, at)
        sums.add((day, "recovered", bucket_on(due_on, day), currency, creditor), 1 if kind == "payment" else -1, -minor)


def _stops(found: Sequence[Event], country: str, sums: _Sums) -> None:
    for event in found:
        if event.data.get("kind") in OPT_OUTS:
            sums.add((today_in(country, event.business_at), "optout", "", "", event.creditor_id), 1)
