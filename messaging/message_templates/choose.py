"""Which text fits: the probe while we do not know who answers, else the stage's, in the debtor's language."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kernel.errors import DomainError
from messaging.message_templates import variables
from messaging.message_templates.library import PROBE, language_for
from messaging.message_templates.variables import Sender
from messaging.models import Enrolment, MessageTemplate, Number
from messaging.sending.channel_facts import Channels
from messaging.sending.drafts import best_contact
from messaging.sending.wishes import Wish, render
from messaging.sequences.decide import local_date
from messaging.sequences.services import Account
from portfolio.models import ContactPoint, Invoice
from tenants.models import Tenant

#: A verification older than this counts for nothing (common pack: identity_verification.expires_after_days).
IDENTITY_LASTS = timedelta(days=180)


def sender_of(tenant: Tenant, account: Account, number: Number) -> Sender:
    """Who writes: an agency under its own name, a creditor under its legal one."""
    agency = tenant.kind == Tenant.Kind.AGENCY
    name = tenant.name if agency else account.creditor.legal_name or account.creditor.name
    return Sender(name=name, agency=agency, agent=str(number.account.posture.get("agent_name", "")))


def knows(contact: ContactPoint, now: datetime) -> bool:
    """Whether the debt may be told at this address: its owner proved who they are, and not too long ago."""
    if contact.identity != ContactPoint.Identity.VERIFIED:
        return False
    return contact.identity_at is None or contact.identity_at + IDENTITY_LASTS >= now


class TemplateShelf:
    """The organisation's approved texts and its debtors' addresses, loaded once for a batch."""

    def __init__(self) -> None:
        self._channels: Channels | None = None
        self._by_stage: dict[tuple[uuid.UUID, str], dict[str, MessageTemplate]] | None = None
        self._points: dict[uuid.UUID, list[ContactPoint]] = {}

    def prefetch(self, accounts: Iterable[Account]) -> None:
        """Load the addresses of all these debtors with one query."""
        wanted = {account.person.pk for account in accounts} - self._points.keys()
        if not wanted:
            return
        found: dict[uuid.UUID, list[ContactPoint]] = defaultdict(list)
        for point in ContactPoint.objects.filter(person_id__in=wanted):
            found[point.person_id].append(point)
        self._points.update((person, found[person]) for person in wanted)

    def contact(self, account: Account) -> ContactPoint:
        """The address to write to. Raises DomainError `no_address` or `wrong_number` when there is none left."""
        self.prefetch([account])
        contact = best_contact(self._points[account.person.pk])
        if contact is None:
            raise DomainError("no_address", "this debtor has no WhatsApp address: add a phone number with its source")
        if contact.reported_wrong_at is not None or contact.identity == ContactPoint.Identity.WRONG_PERSON:
            raise DomainError("wrong_number", "somebody else answers at this debtor's number: find a new one")
        return contact

    def channels(self, *, now: datetime) -> Channels:
        """The organisation's numbers and their state, loaded on first use."""
        if self._channels is None:
            self._channels = Channels(now=now)
        return self._channels

    def number(self, account: Account, *, now: datetime) -> Number:
        """The number that will send. Raises DomainError `no_number`."""
        number = self.channels(now=now).number_for(account.creditor.pk)
        if number is None:
            raise DomainError("no_number", "no WhatsApp number serves this creditor: connect one first")
        return number

    def template(self, account: Account, stage: str, *, now: datetime) -> MessageTemplate:
        """The approved text of a stage in the debtor's language, else in the creditor's.

        Raises DomainError `template_missing` when WhatsApp has approved none.
        """
        if self._by_stage is None:
            self._by_stage = defaultdict(dict)
            approved = MessageTemplate.objects.filter(status=MessageTemplate.Status.APPROVED)
            for row in approved.order_by("created_at", "id"):
                self._by_stage[row.account_id, row.stage][row.language] = row  # the newest of a language wins
        held = self._by_stage.get((self.number(account, now=now).account_id, stage), {})
        person, creditor = account.person, account.creditor
        wanted = [
            f"{person.language[:2]}_{person.country}", language_for(person.country), language_for(creditor.country),
            *sorted(code for code in held if code[:2] == person.language[:2]), *sorted(held),
        ]  # fmt: skip
        for code in wanted:
            if code in held:
                return held[code]
        raise DomainError("template_missing", "no approved template for %(stage)s: submit one first", stage=stage)

    def wish(self, account: Account, enrolment: Enrolment, *, stage: str, touch: str, now: datetime) -> Wish:
        """What a due touch says, to whom, and why; nothing in it can make `request_send` raise.

        Raises DomainError when it cannot be said: no address, number or template, or a hole in the text.
        """
        invoices = [invoice for invoice in account.invoices if invoice.disputed_at is None]
        if not invoices:
            raise DomainError("nothing_open", "nothing is open that could be asked for")
        return self.speak(
            account, invoices, stage=stage, now=now, origin_kind="step",
            origin_id=f"{enrolment.pk}:{invoices[0].pk}:{touch}", actor="system:sequence",
        )  # fmt: skip

    def speak(
        self, account: Account, invoices: Sequence[Invoice], *, stage: str, now: datetime, origin_kind: str,
        origin_id: str, actor: str, extra: dict[str, str] | None = None, probe: bool = True,
    ) -> Wish:  # fmt: skip
        """A wish with a stage's template about these invoices; the probe instead, while nobody is verified.

        `extra` overrides places. With `probe` False an unverified address raises DomainError `identity_unknown`.
        """
        contact, number = self.contact(account), self.number(account, now=now)
        verified = knows(contact, now)
        if not verified and not probe:
            raise DomainError("identity_unknown", "nobody has proved to be this debtor at this address")
        template = self.template(account, stage if verified else PROBE, now=now)
        assert self._channels is not None  # number() made it
        tenant = self._channels.tenant
        places = variables.values(
            person=account.person, creditor=account.creditor, sender=sender_of(tenant, account, number),
            invoices=invoices, language=template.language, today=local_date(now, account.zone),
        )  # fmt: skip
        if template.stage == PROBE:
            places["name"] = variables.clip("name", contact.contact_name or variables.full_name(account.person))
        places |= {name: variables.clip(name, text) for name, text in (extra or {}).items()}
        filled = variables.fill(template.body, places, template.variables)
        render(template.body, filled)
        return Wish(
            creditor_id=account.creditor.pk, debtor_id=account.debtor.pk, message_class=template.message_class,
            content={"kind": "template", "template_id": str(template.pk), "variables": filled},
            origin_kind=origin_kind, origin_id=origin_id, actor=actor, contact_point_id=contact.pk,
            invoice_ids=tuple(invoice.pk for invoice in invoices),
        )  # fmt: skip
