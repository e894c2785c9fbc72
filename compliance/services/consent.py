"""Statements about consent: recorded with their evidence, never changed, the newest one holds."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from django.db.models import Q

from compliance.ledger.statements import CONSENT, consent_digest
from compliance.models import Consent
from compliance.services.facts import consents_for
from compliance.services.loading import load_consents, lock_persons
from compliance.services.stops import raise_stops
from compliance.services.values import exact
from kernel.clock import machine_now
from kernel.errors import DomainError
from kernel.ids import uuid7
from portfolio.hooks import ConsentNote, Note, StopNote
from portfolio.services.book import Outcome
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a consent is proven by (common pack, consent.evidence): the burden of proof is the sender's.

    `how` names the door it came in by: button, click_to_chat, page, call, contract, ...; `collector` who asked.
    `creditor` is the creditor as the wording names it, '' when it does not. `more` are ids: of the message that says
    it, of the message that asked, of the document.
    """

    who: str
    wording: str
    version: str
    how: str
    collector: str
    at: datetime
    number: str = ""
    creditor: str = ""
    document_hash: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def evidence(self) -> dict[str, Any]:
        """As it is stored: the names that the packs use, nothing that is empty."""
        stated = {
            "who": self.who, "wa_number": self.number, "exact_wording": self.wording, "wording_version": self.version,
            "purpose_includes_collection": True, "channel_whatsapp": True, "creditor_named": self.creditor,
            "collected_at_utc": self.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "collected_how": self.how, "collector": self.collector, "source_document_hash": self.document_hash,
            **self.more,
        }  # fmt: skip
        return {name: value for name, value in stated.items() if value not in ("", None)}


#: How far another machine's clock may be ahead of ours.
CLOCKS_DIFFER = timedelta(minutes=5)
#: What a statement says besides whose it is.
STATED = ("contact_point_id", "channel", "purpose", "state", "evidence", "given_at", "expires_at")


def record_consents(statements: Iterable[Statement], now: datetime) -> list[Consent]:
    """Record statements in bulk; those recorded before (same person, creditor and external id) are left out.

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
            ).values_list("person_id", "creditor_id", "external_id")
        )
        recorded_at, rows = machine_now(), []
        for one in wanted:
            key = (one.person_id, one.creditor_id, one.external_id)
            if one.external_id and key in known:
                continue
            known.add(key)
            rows.append(_row(one, recorded_at))
        Consent.objects.bulk_create(rows, batch_size=1000)
    _tell(rows, now)
    return rows


def _tell(rows: Sequence[Consent], now: datetime) -> None:
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


def put_consent(
    person_id: uuid.UUID,
    creditor_id: uuid.UUID,
    external_id: str,
    stated: Mapping[str, Any],
    *,
    now: datetime,
    source: str,
) -> tuple[Consent, Outcome]:
    """State a consent under a creditor's own id; returns the row that says it now, and what became of it.

    `stated` holds any of STATED; what is left out is as it was said before, and a changed state is dated now unless it
    says otherwise. The same again is unchanged; anything else is a new row, for nothing that was said is ever changed.
    Raises DomainError when a new statement lacks its state or date.
    """
    if unknown := sorted(set(stated) - set(STATED)):
        raise DomainError(
            "field_unknown", "%(name)s is no field of a consent", pointer=f"/{unknown[0]}", name=unknown[0]
        )
    with all_creditors():
        lock_persons([person_id], skip_locked=False)
    versions = Consent.objects.filter(person_id=person_id, creditor_id=creditor_id, external_id=external_id)
    held = versions.order_by("-version").first()
    if held is None:
        for name in ("state", "given_at"):
            if stated.get(name) is None:
                raise DomainError("value_missing", "a new consent needs %(field)s", pointer=f"/{name}", field=name)
        says: dict[str, Any] = {"channel": "whatsapp", "purpose": "collection", **stated}
    else:
        says = {name: getattr(held, name) for name in STATED} | dict(stated)
        if held.state == Consent.State.IMPORTED_WITHOUT_EVIDENCE and "state" not in stated:
            says["state"] = Consent.State.GRANTED  # as it was stated; its evidence may have come now
        changed = "state" in stated and says["state"] != held.state
        unproven = says["state"] == Consent.State.GRANTED and held.state == Consent.State.IMPORTED_WITHOUT_EVIDENCE
        if changed and not unproven and "given_at" not in stated:
            says["given_at"] = now
    if says["given_at"] > now + CLOCKS_DIFFER:
        # What is dated after tomorrow's withdrawal would win over it.
        raise DomainError("consent_future", "a consent cannot be given in the future", pointer="/given_at")
    row = _row(
        NewConsent(
            person_id=person_id, creditor_id=creditor_id, external_id=external_id, source=source,
            **{**says, "evidence": says.get("evidence") or {}},
        ),
        machine_now(),
    )  # fmt: skip
    if held is not None:
        if all(getattr(row, name) == getattr(held, name) for name in STATED):
            return held, "unchanged"
        row.version = held.version + 1
    row.save(force_insert=True)
    _tell([row], now)
    return row, "created" if held is None else "updated"


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


#: What a person says about being written to, for one creditor at one number.
Whose = tuple[uuid.UUID, uuid.UUID, uuid.UUID]  # person, creditor, contact point


def standing_consents(
    whose: Iterable[Whose], now: datetime, *, channel: str = "whatsapp", purpose: str = "collection"
) -> dict[Whose, str]:
    """The state that stands for each, as the gate reads it at `now`: granted, refused, revoked, expired, ...

    "unknown" where nothing was ever said about this channel and purpose. One query however many they are.
    """
    wanted = list(whose)
    if not wanted:
        return {}
    with all_creditors():
        said = load_consents(sorted({person for person, _, _ in wanted}))
    found: dict[Whose, str] = {}
    for key in wanted:
        person, creditor, point = key
        standing = consents_for(said.get(person, ()), creditor, point)
        own = next((one for one in standing if (one.channel, one.purpose) == (channel, purpose)), None)
        expired = own is not None and own.expires_at is not None and own.expires_at <= now
        found[key] = "unknown" if own is None else "expired" if expired and own.state == "granted" else own.state
    return found


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
