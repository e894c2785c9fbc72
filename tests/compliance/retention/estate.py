"""People whose accounts ended at different times, with something personal in every table that holds any."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from compliance.models import Consent, LegalHold, RuleLayer, Stop
from compliance.retention.holds import lift_hold, place_hold
from compliance.services import NewConsent, record_consent
from compliance.services.stops import raise_stop
from kernel.ids import uuid7
from messaging.models import Attachment, Conversation, Draft, Message, Note, ProviderMessage
from monitoring.models import Alert, AlertAction
from portfolio import search
from portfolio.models import ContactPoint, Creditor, Debtor, Dispute, Invoice, Person
from portfolio.services.links import transparency_link
from tenants import audit, secrets
from tenants.models import InboundRoute, RawInbound, Tenant
from tests import factories
from tests.factories import NOON

#: A year before anything in these tests ends.
LONG_AGO = datetime(2001, 1, 1, tzinfo=NOON.tzinfo)


@dataclass
class Case:
    """One account: when it ended, and what keeps it."""

    closed_at: datetime
    open: bool = False
    #: none | person | account | creditor | lifted | over
    hold: str = "none"
    mark: str = field(default_factory=lambda: f"zq{uuid7().hex[-14:]}")
    rows: dict[str, Any] = field(default_factory=dict)

    @property
    def debtor(self) -> Debtor:
        return self.rows["debtor"]

    @property
    def person(self) -> Person:
        return self.rows["person"]

    @property
    def held(self) -> bool:
        """Whether a hold stands at NOON."""
        return self.hold in ("person", "account", "creditor")


def settle(case: Case, creditor: Creditor, number: Any, *, person: Person | None = None) -> Case:
    """Write the account of a case. Everything in it happened before it closed. Inside a scope."""
    mark, at = case.mark, case.closed_at - timedelta(days=1)
    born = min(at, case.closed_at) - timedelta(days=1)
    person = person or factories.make_person(name=f"Person {mark}", city=f"City {mark}", now=born)
    point = factories.make_contact_point(person, contact_name=mark, now=born)
    debtor = factories.make_debtor(
        creditor, person=person, external_id=f"ext-{mark}", labels=[mark], attributes={"note": mark}, now=born,
        consent=False, contact=False,
    )  # fmt: skip
    invoice = Invoice.objects.create(
        creditor_id=creditor.pk, debtor=debtor, external_id=uuid7().hex, number="1", description=mark,
        due_on=born.date(), currency=debtor.currency, amount_minor=100, open_minor=100 if case.open else 0,
        settled_at=None if case.open else case.closed_at, created_at=born, updated_at=born,
    )  # fmt: skip
    if case.open:
        Debtor.objects.filter(pk=debtor.pk).update(open_minor=100)
    record_consent(
        NewConsent(
            person_id=person.pk, contact_point_id=point.pk, creditor_id=creditor.pk, channel="whatsapp", state="granted",
            evidence={"exact_wording": mark}, source="test", given_at=born,
        ),
        born,
    )  # fmt: skip
    stop = raise_stop(
        person.pk, "opted_out", creditor_id=creditor.pk, evidence={"dispute": mark}, source="test", now=born
    )
    Dispute.objects.create(
        creditor=creditor, debtor=debtor, invoice=invoice, reference="D-1", reason="other", detail=mark,
        state=Dispute.State.RESOLVED, opened_at=born, closed_at=at,
    )  # fmt: skip
    talk = factories.make_conversation(number, point, debtor=debtor, profile_name=mark, now=born)
    said = factories.make_message(talk, f"words {mark}", debtor=debtor, now=at)
    alone = factories.make_message(talk, f"about no account {mark}", now=at)
    ProviderMessage.objects.create(provider_id=f"wamid.{mark}", message=said)
    Attachment.objects.create(
        message=said, name=f"{mark}.png", media_type="image/png", size=1, sha256="0" * 64,
        body=secrets.seal("eA==", purpose="attachment"), created_at=at,
    )  # fmt: skip
    Note.objects.create(
        conversation=talk, creditor_id=creditor.pk, debtor_id=debtor.pk, author="x", text=mark, origin_id=mark, at=at,
        recorded_at=at,
    )  # fmt: skip
    Draft.objects.create(conversation=talk, creditor_id=creditor.pk, user_id=uuid7(), text=mark, updated_at=at)
    alert = Alert.objects.create(
        creditor_id=creditor.pk, debtor_id=debtor.pk, conversation=talk, message=said, conduct="insult", severity=3,
        note=mark, raised_at=at, recorded_at=at,
    )  # fmt: skip
    AlertAction.objects.create(creditor_id=creditor.pk, alert=alert, kind="noted", user_id=uuid7(), text=mark, at=at)
    RuleLayer.objects.create(
        level="debtor", owner_id=person.pk, data={}, reason=mark, author="debtor", effective_from=at
    )
    audit.record(
        "debtor.note", actor="user:x", subject="portfolio.debtor", subject_id=debtor.pk, creditor_id=creditor.pk,
        before={"name": mark}, after={"name": mark}, reason=mark,
    )  # fmt: skip
    transparency_link(debtor, now=at, contact_point=point)
    search.index([person.pk])
    case.rows = {
        "person": person, "point": point, "debtor": debtor, "invoice": invoice, "talk": talk, "said": said,
        "alone": alone, "stop": stop, "creditor": creditor,
    }  # fmt: skip
    hold_it(case)
    return case


def hold_it(case: Case) -> LegalHold | None:
    """Place the hold of a case."""
    if case.hold == "none":
        return None
    person = None if case.hold == "creditor" else case.person.pk
    creditor = case.debtor.creditor_id if case.hold in ("account", "creditor") else None
    hold = place_hold(person_id=person, creditor_id=creditor, reason="lawsuit 1/2026", by="user:x", now=LONG_AGO)
    if case.hold == "over":
        LegalHold.objects.filter(pk=hold.pk).update(until=NOON)
    if case.hold == "lifted":
        lift_hold(hold.pk, reason="the lawsuit ended", by="user:y", now=NOON - timedelta(days=1))
    return hold


def said_of(case: Case) -> dict[str, bool]:
    """class -> whether the mark (or another personal value) still stands in its rows. Inside a scope."""
    found = {
        "words": [
            *Message.objects.filter(debtor_id=case.debtor.pk).values_list("text", flat=True),
            *Dispute.objects.filter(debtor_id=case.debtor.pk).values_list("detail", flat=True),
            *Note.objects.filter(debtor_id=case.debtor.pk).values_list("text", flat=True),
            *Alert.objects.filter(debtor_id=case.debtor.pk).values_list("note", flat=True),
            *AlertAction.objects.filter(alert__debtor_id=case.debtor.pk).values_list("text", flat=True),
        ],
        "attachments": Attachment.objects.filter(message=case.rows["said"]).values_list("name", flat=True),
        "profile": [json.dumps([row.labels, row.attributes]) for row in Debtor.objects.filter(pk=case.debtor.pk)],
        "accounts": Invoice.objects.filter(debtor_id=case.debtor.pk).values_list("description", flat=True),
        "person": [
            *Person.objects.filter(pk=case.person.pk).values_list("name", flat=True),
            *Person.objects.filter(pk=case.person.pk).values_list("city", flat=True),
            *ContactPoint.objects.filter(pk=case.rows["point"].pk).values_list("contact_name", flat=True),
            *Conversation.objects.filter(pk=case.rows["talk"].pk).values_list("profile_name", flat=True),
            *Debtor.objects.filter(pk=case.debtor.pk).values_list("external_id", flat=True),
            *ProviderMessage.objects.filter(message=case.rows["said"]).values_list("provider_id", flat=True),
        ],
        "consents": [
            *map(json.dumps, Consent.objects.filter(person_id=case.person.pk).values_list("evidence", flat=True)),
            *map(json.dumps, Stop.objects.filter(person_id=case.person.pk).values_list("evidence", flat=True)),
        ],
    }
    return {name: any(case.mark in text for text in texts) for name, texts in found.items()}


def make_body(tenant: Tenant, text: str, at: datetime) -> RawInbound:
    """A provider's delivery that holds this text."""
    body = json.dumps({"from": text}).encode()
    route = InboundRoute.objects.create(tenant=tenant, kind="whatsapp", key=uuid7().hex)
    return RawInbound.objects.create(
        route=route, tenant_id=tenant.pk, received_at=at, sha256=hashlib.sha256(body).hexdigest(), body=body
    )
