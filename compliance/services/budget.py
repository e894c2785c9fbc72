"""The contact budget: reservations that become contacts, or are given back. One row per send request, call or visit."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import orjson
from django.db import connection

from compliance.models import Contact
from kernel.errors import DomainError
from kernel.ids import uuid7
from tenants import bulk
from tenants.scope import current_tenant_id
from tenants.secrets import lookup_hash

COUNTED = str(Contact.State.COUNTED)
RELEASED = str(Contact.State.RELEASED)
#: The class of the one row per person and channel that remembers the debtor's last word there.
INBOUND = "inbound"


def creditor_hash(creditor_id: uuid.UUID) -> str:
    """The keyed hash under which a creditor stands in budget and facts, inside the current organisation."""
    return _hash(current_tenant_id(), "creditor", creditor_id)


def invoice_hash(invoice_id: uuid.UUID) -> str:
    """The keyed hash of an invoice, likewise."""
    return _hash(current_tenant_id(), "invoice", invoice_id)


@lru_cache(maxsize=65_536)
def _hash(tenant_id: uuid.UUID, kind: str, value: uuid.UUID) -> str:
    return lookup_hash(f"budget:{kind}", str(value))[:16]


class Reservation:
    """One contact about to be reserved."""

    __slots__ = ("at", "channel", "creditor", "invoices", "message_class", "origin_id", "person_id")

    def __init__(
        self,
        *,
        person_id: uuid.UUID,
        origin_id: uuid.UUID,
        channel: str,
        message_class: str,
        at: datetime,
        creditor_id: uuid.UUID | None,
        invoice_ids: Iterable[uuid.UUID],
    ) -> None:
        self.person_id, self.origin_id = person_id, origin_id
        self.channel, self.message_class, self.at = channel, message_class, at
        self.creditor = creditor_hash(creditor_id) if creditor_id else ""
        self.invoices = [invoice_hash(invoice) for invoice in invoice_ids]


def reserve(reservations: Iterable[Reservation], *, state: str = "reserved") -> None:
    """Write or renew reservations with one statement; each origin has one row for ever."""
    kept = {one.origin_id: one for one in reservations}
    rows = [kept[origin] for origin in sorted(kept)]  # every writer takes these rows in this order
    if not rows:
        return
    tenant_id = current_tenant_id()
    values = [
        {
            "i": uuid7(),
            "p": one.person_id,
            "c": one.channel,
            "m": one.message_class,
            "a": one.at,
            "h": one.creditor,
            "v": one.invoices,
            "o": one.origin_id,
        }
        for one in rows
    ]
    with bulk.beside() as cursor:
        cursor.execute(
            "INSERT INTO compliance_contact (id, tenant_id, person_id, channel, message_class, direction, at, "
            "creditor_hash, invoice_hashes, state, origin_id) "
            "SELECT i, %s, p, c, m, 'out', a, h, v, %s, o FROM jsonb_to_recordset(%s::jsonb) "
            "AS x(i uuid, p uuid, c text, m text, a timestamptz, h text, v text[], o uuid) "
            "ON CONFLICT (tenant_id, origin_id) DO UPDATE SET at = excluded.at, state = excluded.state, "
            "channel = excluded.channel, message_class = excluded.message_class",
            [tenant_id, state, orjson.dumps(values).decode()],
        )


def release(origin_ids: Iterable[uuid.UUID]) -> None:
    """Give back what these requests reserved and did not use."""
    wanted = list(origin_ids)
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH held AS (SELECT id FROM compliance_contact WHERE origin_id = ANY(%s) AND state = 'reserved' "
                "ORDER BY origin_id FOR NO KEY UPDATE) "
                "UPDATE compliance_contact c SET state = 'released' FROM held WHERE c.id = held.id",
                [wanted],
            )


def settle(outcomes: Mapping[uuid.UUID, str], now: datetime) -> int:
    """Say what became of reservations: counted (accepted, or nobody knows) or released (surely not sent).

    By request id. A released one that turns out to have left is counted after all, and the other way round; doing it
    twice changes nothing. Returns how many rows changed. `now` is the business clock's.
    """
    if wrong := set(outcomes.values()) - {COUNTED, RELEASED}:
        raise DomainError(
            "outcome_unknown", "a contact is counted or released, not %(outcome)s", outcome=", ".join(sorted(wrong))
        )
    if now.tzinfo is None:
        raise ValueError("a naive datetime names no instant")
    rows = sorted(outcomes.items())
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH outcome AS (SELECT * FROM unnest(%s::uuid[], %s::text[]) AS x(o, s)), held AS ("
            "SELECT c.id, outcome.s FROM compliance_contact c JOIN outcome ON outcome.o = c.origin_id "
            "WHERE c.state <> outcome.s ORDER BY c.origin_id FOR NO KEY UPDATE OF c) "
            "UPDATE compliance_contact c SET state = held.s FROM held WHERE c.id = held.id",
            [[key for key, _ in rows], [state for _, state in rows]],
        )
        return int(cursor.rowcount)


def record_contact(
    person_id: uuid.UUID,
    channel: str,
    at: datetime,
    *,
    origin_id: uuid.UUID,
    message_class: str = "collection",
    creditor_id: uuid.UUID | None = None,
    invoice_ids: Iterable[uuid.UUID] = (),
) -> None:
    """Count a contact that did not go through the gate: a call, a visit, a letter, a message from the phone app.

    `origin_id` is its own id; recording it again changes nothing but the instant.
    """
    reserve(
        [
            Reservation(
                person_id=person_id,
                origin_id=origin_id,
                channel=channel,
                message_class=message_class,
                at=at,
                creditor_id=creditor_id,
                invoice_ids=invoice_ids,
            )
        ],
        state=COUNTED,
    )


def note_inbound(heard: Sequence[tuple[uuid.UUID, uuid.UUID | None, datetime]], *, channel: str) -> None:
    """Remember that debtors wrote: replies may go out, and the addresses are alive.

    Each is (person, contact point if known, the provider's instant). Late and doubled messages change nothing.
    """
    last: dict[uuid.UUID, datetime] = {}
    points: dict[uuid.UUID, datetime] = {}
    for person_id, contact_point_id, at in heard:
        last[person_id] = max(at, last.get(person_id, at))
        if contact_point_id is not None:
            points[contact_point_id] = max(at, points.get(contact_point_id, at))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO compliance_contact (id, tenant_id, person_id, channel, message_class, direction, at, "
            "creditor_hash, invoice_hashes, state, origin_id) "
            "SELECT i, %s, p, %s, %s, 'in', a, '', '{}', 'counted', o "
            "FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::uuid[]) AS x(i, p, a, o) ORDER BY o "
            "ON CONFLICT (tenant_id, origin_id) DO UPDATE SET at = greatest(compliance_contact.at, excluded.at)",
            [
                current_tenant_id(),
                channel,
                INBOUND,
                [uuid7() for _ in last],
                list(last),
                list(last.values()),
                [uuid.uuid5(person_id, f"inbound:{channel}") for person_id in last],
            ],
        )
        if points:
            cursor.execute(
                "UPDATE portfolio_contactpoint p SET unreachable_at = NULL FROM unnest(%s::uuid[], %s::timestamptz[]) "
                "AS x(i, a) WHERE p.id = x.i AND p.unreachable_at < x.a",
                [list(points), list(points.values())],
            )
