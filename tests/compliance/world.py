"""A small made-up organisation for tests of the gate: one tenant, creditors, persons with a phone and invoices."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from compliance.decide.zones import zones_of_number
from compliance.services import Ask, ChannelFacts, NewConsent, record_consent
from kernel.clock import machine_now
from kernel.ids import uuid7
from portfolio.models import ContactPoint, Creditor, Debtor, Invoice, Person
from tenants import events
from tenants.models import Tenant
from tenants.scope import tenant_scope

#: A Monday, 10:00 in São Paulo: every rule of Brazil passes.
MONDAY = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
PROVENANCE = {"source": "contract", "supplied_by": "debtor", "on": "2026-01-05"}


@dataclass
class Somebody:
    """A debtor with all that belongs to it."""

    person: Person
    point: ContactPoint
    debtor: Debtor
    invoices: list[Invoice]

    def ask(self, **changes: Any) -> Ask:
        """A collection message about everything that is open, as an approved template would carry it."""
        values: dict[str, Any] = {
            "request_id": uuid7(),
            "origin": "step",
            "actor": "system:sequence",
            "message_class": "collection",
            "channel": "whatsapp",
            "creditor_id": self.debtor.creditor_id,
            "debtor_id": self.debtor.id,
            "person_id": self.person.id,
            "contact_point_id": self.point.id,
            "text_hash": "0" * 64,
            "channel_facts": ChannelFacts(),
        }
        return Ask(**(values | changes))


@dataclass
class World:
    """An organisation; `scope()` opens it."""

    tenant: Tenant
    creditors: list[Creditor] = field(default_factory=list)
    made: int = 0

    def scope(self, **limits: Any) -> Any:
        return tenant_scope(self.tenant.id, **limits)

    def creditor(self, **fields: Any) -> Creditor:
        key = uuid7()
        values: dict[str, Any] = {
            "id": key,
            "creditor_id": key,
            "external_id": key.hex,
            "name": "Loja Azul",
            "country": self.tenant.country,
            "currency": "BRL",
            "language": "pt",
            "created_at": machine_now(),
        }
        made = Creditor.objects.create(**(values | fields))
        self.creditors.append(made)
        return made

    def somebody(
        self,
        creditor: Creditor | None = None,
        *,
        person: Person | None = None,
        phone: str = "",
        identity: str = "verified",
        consent: str | None = "granted",
        amounts: Sequence[int] = (12_000,),
        point: dict[str, Any] | None = None,
        **person_fields: Any,
    ) -> Somebody:
        """A debtor of the creditor (the first one by default), verified and with consent unless told otherwise."""
        creditor = creditor or self.creditors[0]
        now = machine_now()
        self.made += 1
        phone = phone or f"+55119{self.made:08d}"
        place: dict[str, Any] = {"country": "BR", "language": "pt", "subdivision": "SP", "created_at": now}
        person = person or Person.objects.create(name="Pessoa de Teste", **(place | person_fields))
        contact: dict[str, Any] = {
            "kind": "phone",
            "value": phone,
            "provenance": PROVENANCE,
            "zones": list(zones_of_number(phone)),
            "identity": identity,
            "identity_at": MONDAY - timedelta(days=10),
            "created_at": now,
        }
        number = ContactPoint.objects.create(person=person, **(contact | (point or {})))
        debtor = Debtor.objects.create(
            creditor=creditor,
            person=person,
            external_id=uuid7().hex,
            currency="BRL",
            open_minor=sum(amounts),
            created_at=now,
            updated_at=now,
        )
        invoices = [self.invoice(debtor, amount) for amount in amounts]
        if consent:
            record_consent(
                NewConsent(
                    person_id=person.id,
                    channel="whatsapp",
                    state=consent,
                    evidence={"exact_wording": "1", "collected_how": "contract"},
                    source="test",
                    given_at=MONDAY - timedelta(days=30),
                ),
                MONDAY,
            )
        return Somebody(person, number, debtor, invoices)

    def invoice(self, debtor: Debtor, amount: int = 12_000, **fields: Any) -> Invoice:
        now = machine_now()
        values: dict[str, Any] = {
            "external_id": uuid7().hex,
            "number": "1",
            "due_on": date(2026, 11, 1),
            "currency": "BRL",
            "amount_minor": amount,
            "open_minor": amount,
            "created_at": now,
            "updated_at": now,
        }
        return Invoice.objects.create(creditor_id=debtor.creditor_id, debtor=debtor, **(values | fields))


def number_events() -> None:
    """Give every staged event its number."""
    while events.sequence():
        pass


def make_world(country: str = "BR", **fields: Any) -> World:
    """A fresh organisation with one creditor."""
    values: dict[str, Any] = {
        "name": "Organização",
        "slug": uuid.uuid4().hex,
        "country": country,
        "currency": "BRL",
        "language": "pt",
        "created_at": machine_now(),
    }
    world = World(Tenant.objects.create(**(values | fields)))
    with world.scope():
        world.creditor()
    return world
