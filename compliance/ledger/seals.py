"""Seals: a Merkle root over each stretch of the numbered event log, every seal holding the hash of the one before.

Whoever keeps a copy of one seal's digest can show later that nothing before it was altered, removed or put in.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from compliance.ledger import merkle
from compliance.models import Seal
from kernel.canonical import digest, instant_text
from kernel.clock import machine_now
from tenants import events
from tenants.models import Event, EventCursor
from tenants.scope import all_creditors, current_tenant_id

READER = "seal"
#: Events under one seal at most: a broken root is narrowed down to so many.
STRETCH = 1024


def exactly(value: Any) -> Any:
    """An event's data as it is hashed: floats, which have no one way to be written, as text."""
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exactly(item) for item in value]
    return repr(value) if isinstance(value, float) else value


def leaf_content(event: Event) -> dict[str, Any]:
    """What a seal covers of an event, as plain JSON."""
    return {
        "v": 1,
        "id": str(event.id),
        "sequence": event.sequence,
        "creditor_id": str(event.creditor_id) if event.creditor_id else None,
        "name": event.name,
        "subject": event.subject,
        "subject_id": str(event.subject_id),
        "digest": event.digest,
        "data": exactly(event.data),
        "business_at": instant_text(event.business_at),
        "recorded_at": instant_text(event.recorded_at),
    }


def leaf_of(event: Event) -> bytes:
    """The leaf hash of an event: over the bytes that kernel.canonical would write."""
    return merkle.leaf(orjson.dumps(leaf_content(event), option=orjson.OPT_SORT_KEYS))


def seal_content(seal: Seal) -> dict[str, Any]:
    """What a seal's own digest covers."""
    return {
        "v": 1,
        "tenant": str(seal.tenant_id),
        "number": seal.number,
        "first_sequence": seal.first_sequence,
        "last_sequence": seal.last_sequence,
        "root": seal.root,
        "previous": seal.previous,
        "sealed_at": instant_text(seal.sealed_at),
    }


def seal_digest(seal: Seal) -> str:
    """The digest that the next seal holds."""
    return digest(seal_content(seal))


def newest() -> Seal | None:
    """The newest seal of the current organisation."""
    return Seal.objects.order_by("-number").first()


def seal_now(*, at: datetime | None = None, limit: int | None = None) -> list[Seal]:
    """Seal every numbered event that has no seal yet, at most `limit` stretches; returns the new seals.

    `at` is the machine clock's. Two callers at once wait for each other; the second finds nothing left.
    """
    sealed: list[Seal] = []
    with all_creditors():
        while limit is None or len(sealed) < limit:
            cursor, rows = _unsealed()
            if not rows:
                break
            sealed.append(_seal(rows, sealed[-1] if sealed else newest(), at or machine_now()))
            events.advance(cursor, rows[-1].sequence)
    return sealed


def _unsealed() -> tuple[EventCursor, list[Event]]:
    """The sealer's cursor, locked, and the next stretch, whoever asks: a limited scope seals what it cannot see."""
    EventCursor.objects.bulk_create([EventCursor(reader=READER)], ignore_conflicts=True)
    cursor = EventCursor.objects.select_for_update(no_key=True).get(reader=READER)
    return cursor, list(Event.objects.filter(sequence__gt=cursor.sequence).order_by("sequence")[:STRETCH])


def _seal(rows: list[Event], former: Seal | None, at: datetime) -> Seal:
    seal = Seal(
        tenant_id=current_tenant_id(),
        number=former.number + 1 if former else 1,
        first_sequence=rows[0].sequence,
        last_sequence=rows[-1].sequence,
        root=merkle.root([leaf_of(event) for event in rows]),
        previous=former.digest if former else "",
        sealed_at=at,
    )
    seal.digest = seal_digest(seal)
    seal.save(force_insert=True)
    return seal


def events_between(first: int, last: int) -> list[Event]:
    """The numbered events of a stretch, in order."""
    return list(Event.objects.filter(sequence__gte=first, sequence__lte=last).order_by("sequence"))


def proofs_of(sequences: Iterable[int]) -> tuple[dict[int, dict[str, Any]], list[Seal]]:
    """For sealed events: sequence -> {leaf, seal, proof}; and the seals from the first to the last of them."""
    wanted = sorted(set(sequences))
    found: dict[int, dict[str, Any]] = {}
    if not wanted:
        return found, []
    with all_creditors():
        seals = list(
            Seal.objects.filter(last_sequence__gte=wanted[0], first_sequence__lte=wanted[-1]).order_by("number")
        )
        for seal in seals:
            inside = [number for number in wanted if seal.first_sequence <= number <= seal.last_sequence]
            if not inside:
                continue
            rows = events_between(seal.first_sequence, seal.last_sequence)
            places = {row.sequence: place for place, row in enumerate(rows)}
            steps = merkle.proofs([leaf_of(row) for row in rows], [places[number] for number in inside])
            for number in inside:
                row = rows[places[number]]
                found[number] = {
                    "leaf": leaf_content(row),
                    "seal": seal.number,
                    "proof": [list(step) for step in steps[places[number]]],
                }
    return found, seals


def sealed_digest_at(number: int) -> str | None:
    """The digest of a seal by its number: what somebody outside may have kept."""
    return Seal.objects.filter(number=number).values_list("digest", flat=True).first()


def sealed_by(event_id: uuid.UUID) -> Seal | None:
    """The seal that covers an event; None while it waits for one."""
    with all_creditors():
        sequence = Event.objects.filter(pk=event_id).values_list("sequence", flat=True).first()
        if sequence is None:
            return None
        return Seal.objects.filter(first_sequence__lte=sequence, last_sequence__gte=sequence).first()
