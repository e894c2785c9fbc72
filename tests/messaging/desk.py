"""An organisation with approved texts and a sequence, and debtors who tap and type, without any network."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from compliance.rulesets import load_rule_packs
from messaging.channels.whatsapp.receive import Inbound
from messaging.inbound.arrivals import REACT, arrive
from messaging.message_templates.services import seed_defaults
from messaging.models import Conversation, Message, MessageTemplate, Number, SendRequest, WhatsAppAccount
from messaging.sequences.seeds import seed_sequence
from portfolio.models import ContactPoint, Creditor, Debtor
from tenants import work
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.factories import NOON, unique


@dataclass
class Desk:
    """One creditor's desk; `now` is its clock, moved by hand."""

    tenant: Tenant
    creditor: Creditor
    number: Number
    now: datetime = NOON
    seen: set[Any] = field(default_factory=set)

    def scope(self) -> Any:
        return tenant_scope(self.tenant.pk)

    def debtor(self, *, days_late: int = 10, amount: str = "1000", invoices: int = 1, **fields: Any) -> Debtor:
        """A debtor whose oldest invoice fell due so many days ago."""
        due = [(amount, (self.now - timedelta(days=days_late - 5 * place)).date()) for place in range(invoices)]
        return factories.make_debtor(self.creditor, invoices=due, now=self.now, **fields)

    def hear(
        self, debtor: Debtor, text: str = "", *, tap: str = "", kind: str = "", again: str = ""
    ) -> list[SendRequest]:
        """The debtor taps or types; returns what was asked to be sent because of it."""
        with self.scope():
            point = factories.contact_of(debtor)
            wa_id = point.value.removeprefix("+")
            arrive(Number.objects.get(pk=self.number.pk), [Inbound(
                phone_number_id=self.number.provider_id, provider_id=again or f"wamid.{unique()}", wa_id=wa_id, user_id="",
                profile_name="", at=self.now, kind=kind or ("interactive" if tap else "text"), text=text, tapped=tap,
                context_id="", media={}, group=False, raw_kind=kind,
            )], now=self.now)  # fmt: skip
        work.drain(self.tenant.pk, only={REACT})
        with self.scope():
            return self.fresh(debtor)

    def fresh(self, debtor: Debtor) -> list[SendRequest]:
        """Requests about this debtor that were not seen before, in order."""
        rows = [row for row in SendRequest.objects.filter(debtor=debtor).order_by("id") if row.pk not in self.seen]
        self.seen |= {row.pk for row in rows}
        return rows

    def point(self, debtor: Debtor) -> ContactPoint:
        return factories.contact_of(debtor)

    def conversation(self, debtor: Debtor) -> Conversation:
        return Conversation.objects.get(person_id=debtor.person_id)

    def text_of(self, request: SendRequest) -> str:
        return Message.objects.get(pk=request.message_id).text


def open_desk(country: str = "CO", *, now: datetime = NOON, **creditor: Any) -> Desk:
    """A desk with the shipped texts, approved, and the shipped sequence."""
    load_rule_packs(now=NOON, author="tests")
    tenant = factories.make_tenant(country, frozen=True, now=now)
    with tenant_scope(tenant.pk):
        made = factories.make_creditor(now=now, **creditor)
        number = factories.make_number(now=now)
        account = WhatsAppAccount.objects.get(pk=number.account_id)
        seed_defaults(account, made, country, now)
        MessageTemplate.objects.filter(account=account).update(status="approved")
        seed_sequence(country=country, now=now)
    return Desk(tenant, made, number, now)


def buttons(request: SendRequest) -> list[str]:
    """The ids that can be tapped."""
    content = request.payload
    return [one["id"] for one in [*content.get("buttons", []), *content.get("rows", [])]]
