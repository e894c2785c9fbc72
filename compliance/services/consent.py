"""Statements about consent: recorded with their evidence, never changed, the newest one holds."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Q

from compliance.ledger.statements import CONSENT, consent_digest
from compliance.models import Consent
from compliance.services.loading import lock_persons
from compliance.services.stops import raise_stops
from compliance.services.values import exact
from kernel.clock import machine_now
from kernel.errors import DomainError
from kernel.ids import uuid7
from portfolio.hooks import ConsentNote, Note, StopNote
from tenants.events import Emit, emit_many
from tenants.scope import all_creditors


class Statement(Protocol):
    """What is said about a person's consent; portfolio.hooks.ConsentNote and NewConsent both say it."""

    @property
    def person_id(self) -> uuid.UUID: ...
    @property
    def contact_point_id(self) -> uuid.UUID | None: ...
    @property
    def creditor_id(self) -> uuid.UUID | None: ...
    @property
    def channel(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def evidence(self) -> Mapping[str, Any]: ...
    @property
    def external_id(self) -> str: ...
    @property
    def given_at(self) -> datetime: ...
    @property
    def source(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConsent:
    """A statement about to be recorded. `external_id` makes it the same statement whenever it is made again."""

    person_id: uuid.UUID
    channel: str
    state: str
    source: str
    given_at: datetime
    purpose: str = "collection"
    creditor_id: uuid.UUID | None = None
    contact_point_id: uuid.UUID | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    external_id: str = ""
    expires_at: datetime | None = None


def record_consents(statements: Iterable[Statement], now: datetime) -> list[Consent]:
    """Record statements in bulk; those recorded before (same person and external id) are left out.

    A grant without any evidence is kept as `imported_without_evidence`, which opens nothing: the burden of proof is
    the sender's (common pack, consent). States that only describe an absence (unknown, other channel) are no statement.
    Returns what is new. Raises DomainError for a state that does not exist.
    """
    wanted = [one for one in statements if one.state not in ("unknown", "other_channel_only", "other_purpose_only")]
    if not wanted:
        return []
    if odd := {one.state for one in wanted} - set(Consent.State.values):
        raise DomainError(
            "consent_state_unknown", "no consent is %(state)s", state=", ".join(sorted(odd)), pointer="state"
        )
    with all_creditors():
        lock_persons((one.person_id for one in wanted), skip_locked=False)
        known = set(
            Consent.objects.filter(
                Q(person_id__in={one.person_id for one in wanted}),
                external_id__in={one.external_id for one in wanted} - {""},
            ).values_list("person_id", "external_id")
        )
        recorded_at, rows = machine_now(), []
        for one in wanted:
            key = (one.person_id, one.external_id)
            if one.external_id and key in known:
                continue
            known.add(key)
            rows.append(_row(one, recorded_at))
        Consent.objects.bulk_create(rows, batch_size=1000)
    emit_many(
        Emit(
            "consent.recorded",
            CONSENT,
            row.id,
            now,
            row.creditor_id,
            consent_digest(row),
            {"person": str(row.person_id), "channel": row.channel, "purpose": row.purpose, "state": row.state},
        )
        for row in rows
    )
    return rows


def _row(one: Statement, recorded_at: datetime) -> Consent:
    state = one.state
    if state == Consent.State.GRANTED and not one.evidence:
        state = Consent.State.IMPORTED_WITHOUT_EVIDENCE
    return Consent(
        id=uuid7(),
        person_id=one.person_id,
        contact_point_id=one.contact_point_id,
        creditor_id=one.creditor_id,
        channel=one.channel,
        purpose=one.purpose,
        state=state,
        evidence=exact(one.evidence),
        external_id=one.external_id,
        source=one.source,
        given_at=one.given_at,
        expires_at=getattr(one, "expires_at", None),
        recorded_at=recorded_at,
    )


def record_consent(statement: Statement, now: datetime) -> Consent | None:
    """Record one statement; None when it was recorded before, or says nothing."""
    rows = record_consents([statement], now)
    return rows[0] if rows else None


def revoke_consent(
    person_id: uuid.UUID,
    *,
    now: datetime,
    source: str,
    evidence: Mapping[str, Any],
    channel: str | None = None,
    purpose: str = "collection",
    creditor_id: uuid.UUID | None = None,
    external_id: str = "",
) -> list[Consent]:
    """Record that a person takes consent back, for one channel or (None) for every one that was ever spoken of.

    Without a creditor it reaches the whole organisation. Returns the revocations.
    """
    channels = [channel] if channel else ["whatsapp"]
    if channel is None:
        with all_creditors():
            spoken = Consent.objects.filter(person_id=person_id).values_list("channel", flat=True)
            channels = sorted({*channels, *spoken})
    return record_consents(
        [
            NewConsent(
                person_id=person_id,
                channel=name,
                purpose=purpose,
                state=Consent.State.REVOKED,
                source=source,
                given_at=now,
                creditor_id=creditor_id,
                evidence=evidence,
                external_id=f"{external_id}:{name}" if external_id else "",
            )
            for name in channels
        ],
        now,
    )


def take_notes(notes: Sequence[Note], now: datetime) -> None:
    """The sink of portfolio.hooks: what a file or an API call says about consents and stops."""
    record_consents([note for note in notes if isinstance(note, ConsentNote)], now)
    raise_stops([note for note in notes if isinstance(note, StopNote)], now)
