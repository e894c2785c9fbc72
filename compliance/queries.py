"""What pages and the API read of this room: decisions in words, what stands about a person, how the ledger stands."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from compliance.decide import Decision as Answer
from compliance.decide.evidence import finding_from_json
from compliance.decide.explain import explain_decision
from compliance.ledger.seals import newest
from compliance.models import Consent, Contact, Decision, RulePackVersion, Seal, Stop
from tenants import events
from tenants.scope import all_creditors


def decisions_of(request_id: uuid.UUID) -> QuerySet[Decision]:
    """Every decision about a request, in the order in which they were made."""
    return Decision.objects.filter(request_id=request_id).order_by("id")


def decisions_about(debtor_id: uuid.UUID) -> QuerySet[Decision]:
    """Every decision about a debtor, the newest first."""
    return Decision.objects.filter(debtor_id=debtor_id).order_by("-id")


def answer_of(row: Decision) -> Answer:
    """A stored decision as the gate's answer."""
    findings = tuple(finding_from_json(stored) for stored in row.findings)
    return Answer(row.verdict, findings, row.next_allowed_at)  # type: ignore[arg-type]


def zone_of(row: Decision) -> str:
    """The zone in which the debtor of a decision counts days; UTC when none was known."""
    offsets = row.facts.get("offsets") or [["UTC"]]
    return str(offsets[0][0])


def why(row: Decision, language: str) -> list[str]:
    """Why not, and when: one sentence per finding with its law, in es, pt or en; the last says what happens next."""
    return explain_decision(answer_of(row), language, zone_of(row))


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands about a person, over all creditors: bare of whose contacts they were."""

    stops: tuple[Stop, ...]
    consents: tuple[Consent, ...]  # the newest per channel, purpose and creditor
    contacts_last_week: int
    last_contact_at: datetime | None


def standing_of(person_id: uuid.UUID, now: datetime, *, creditor_ids: Collection[uuid.UUID] | None = None) -> Standing:
    """What stands about a person now; with `creditor_ids` only stops and consents that concern those creditors."""
    ours = Q() if creditor_ids is None else Q(creditor_id=None) | Q(creditor_id__in=creditor_ids)
    stops = tuple(Stop.objects.filter(ours, person_id=person_id, lifted_at=None).order_by("since", "id"))
    consents: dict[tuple[str, str, uuid.UUID | None], Consent] = {}
    for row in Consent.objects.filter(ours, person_id=person_id).order_by("given_at", "id"):
        consents[row.channel, row.purpose, row.creditor_id] = row
    with all_creditors():
        counted = Contact.objects.filter(person_id=person_id, direction="out").exclude(state=Contact.State.RELEASED)
        week = counted.filter(at__gt=now - timedelta(days=7)).count()
        last = counted.order_by("-at").values_list("at", flat=True).first()
    return Standing(stops, tuple(consents.values()), week, last)


def active_stops(person_ids: Collection[uuid.UUID]) -> QuerySet[Stop]:
    """Stops that hold for these persons."""
    return Stop.objects.filter(person_id__in=person_ids, lifted_at=None)


def editions() -> QuerySet[RulePackVersion]:
    """Every edition of every pack, without its data."""
    return RulePackVersion.objects.defer("data").order_by("code", "edition")


@dataclass(frozen=True, slots=True)
class LedgerState:
    """How far the log is numbered and sealed."""

    last_event: int
    sealed_to: int
    seal: Seal | None


def ledger_state() -> LedgerState:
    """How far the current organisation's log is numbered and sealed."""
    with all_creditors():
        seal = newest()
        return LedgerState(events.latest(), seal.last_sequence if seal else 0, seal)
