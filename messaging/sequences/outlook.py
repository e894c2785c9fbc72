"""What the sequence does next for a debtor, when, and what stands in its way. Nothing is written."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from compliance.decide import Finding
from compliance.services import Ask, Outlook
from compliance.services import previews as ask_gate
from kernel.errors import DomainError
from kernel.ids import uuid7
from messaging.message_templates.choose import TemplateShelf, knows
from messaging.message_templates.library import PROBE
from messaging.models import Conversation, Enrolment, MessageTemplate, Number, SendRequest
from messaging.sending.channel_facts import conversations_of
from messaging.sending.drafts import missing_of
from messaging.sending.previews import previews
from messaging.sending.wishes import Wish
from messaging.sequences.services import Account, accounts, steps_in
from portfolio.models import ContactPoint

#: Kinds of rule that a later instant satisfies.
OF_TIME = frozenset({"closed_day", "window", "cap", "spacing", "channel_lock", "channel"})


@dataclass(slots=True)
class Plan:
    """What is next for one debtor.

    `state`: queued (allowed, on its way), waiting (asked for, held back), planned (the sequence will ask), blocked (it
    asked or would ask, and is refused), paused, finished (no more steps), ended (paid, withdrawn, opted out), none (in
    no sequence).
    """

    account: Account
    enrolment: Enrolment | None
    state: str
    stage: str = ""
    #: When it goes out if nothing changes; None when nobody knows.
    at: datetime | None = None
    request: SendRequest | None = None
    contact: ContactPoint | None = None
    #: Why no message can be made at all (no address, no template, ...).
    trouble: DomainError | None = None
    #: What the gate says to the next message now.
    outlook: Outlook | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The rules that object now."""
        return self.outlook.decision.findings if self.outlook else ()

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """Of these, what no hour of the clock mends."""
        return tuple(
            finding
            for finding in self.findings
            if finding.kind not in OF_TIME
            or (finding.kind == "channel" and "until" not in finding.values)
            or finding.values.get("limit") == 0
        )

    @property
    def reachable(self) -> bool:
        """Whether a message about this debtor's account can go out, now or at an hour that is known."""
        return self.trouble is None and self.outlook is not None and not self.blockers


def outlooks(debtor_ids: Iterable[uuid.UUID], *, now: datetime) -> dict[uuid.UUID, Plan]:
    """What is next for each of these debtors, in a constant number of queries; those who may not be seen are absent.

    The gate is asked about the message that the sequence would send next, as if it were sent at `now`; of debtors in no
    sequence, about a first reminder. Of one debtor the very words are made and read, of many only what the template
    says of itself: that a value is missing for the words is found for one debtor only.
    """
    loaded = accounts(debtor_ids)
    ids = [account.debtor.pk for account in loaded]
    enrolments = {
        row.debtor_id: row for row in Enrolment.objects.select_related("sequence", "version").filter(debtor_id__in=ids)
    }
    alive: dict[uuid.UUID, SendRequest] = {}
    open_ones = SendRequest.objects.filter(debtor_id__in=ids, state__in=["waiting", "queued"], origin_kind="step")
    for request in open_ones.select_related("template").order_by("id"):
        alive[request.debtor_id] = request
    shelf = TemplateShelf()
    shelf.prefetch(loaded)
    plans: dict[uuid.UUID, Plan] = {}
    asked: list[tuple[Plan, Wish]] = []
    sketched: list[tuple[Plan, Sketch]] = []
    for account in loaded:
        plan = plans[account.debtor.pk] = _plan(
            account, enrolments.get(account.debtor.pk), alive.get(account.debtor.pk)
        )
        if plan.state == "ended" and plan.enrolment is not None and plan.enrolment.reason in ("paid", "withdrawn"):
            continue
        try:
            plan.contact = shelf.contact(account)
            if len(loaded) == 1:
                asked.append((plan, _wish(shelf, account, plan, now=now)))
            else:
                sketched.append((plan, _sketch(shelf, account, plan, now=now)))
        except DomainError as error:
            plan.trouble = error
    answers = (
        previews([wish for _, wish in asked], now=now, channels=shelf.channels(now=now))
        if asked
        else ask_gate(_asks([sketch for _, sketch in sketched], shelf, now=now), now)
    )
    for (plan, _), outlook in zip(asked or sketched, answers, strict=True):
        plan.outlook = outlook
    for plan in plans.values():
        _settle(plan, now=now)
    return plans


def _plan(account: Account, row: Enrolment | None, request: SendRequest | None) -> Plan:
    if request is not None:
        queued = request.state == SendRequest.State.QUEUED
        stage = request.template.stage if request.template else ""
        return Plan(account, row, "queued" if queued else "waiting", stage, request.next_at, request)
    if row is None:
        paid = not account.invoices
        return Plan(account, row, "ended" if paid else "none", "" if paid else "first")
    if row.state == Enrolment.State.PAUSED:
        return Plan(account, row, "paused", _stage(row), row.paused_until)
    if row.state != Enrolment.State.ACTIVE:
        return Plan(account, row, str(row.state), _stage(row))
    return Plan(account, row, "blocked" if row.reason.startswith("blocked:") else "planned", _stage(row), row.next_at)


def _stage(row: Enrolment) -> str:
    steps = steps_in(row.version)
    code = row.next_step or row.last_step
    found = next((step.stage for step in steps if code == step.code or code.startswith(f"{step.code}.")), "")
    return found or (steps[0].stage if steps else "first")


def _wish(shelf: TemplateShelf, account: Account, plan: Plan, *, now: datetime) -> Wish:
    invoices = [invoice for invoice in account.invoices if invoice.disputed_at is None] or account.invoices
    if not invoices:
        raise DomainError("nothing_open", "nothing is open that could be asked for")
    return shelf.speak(
        account, invoices, stage=plan.stage or "first", now=now, origin_kind="step",
        origin_id=f"preview:{account.debtor.pk}", actor="system:sequence",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sketch:
    """The next message to one of many debtors, without its words."""

    account: Account
    contact: ContactPoint
    number: Number
    template: MessageTemplate


def _sketch(shelf: TemplateShelf, account: Account, plan: Plan, *, now: datetime) -> Sketch:
    if not account.invoices:
        raise DomainError("nothing_open", "nothing is open that could be asked for")
    contact = shelf.contact(account)
    stage = plan.stage or "first"
    template = shelf.template(account, stage if knows(contact, now) else PROBE, now=now)
    return Sketch(account, contact, shelf.number(account, now=now), template)


def _asks(sketches: Sequence[Sketch], shelf: TemplateShelf, *, now: datetime) -> list[Ask]:
    """The questions to the gate about these, as a request would put them."""
    if not sketches:
        return []
    channels = shelf.channels(now=now)
    threads = conversations_of({(each.number.pk, each.contact.kind, each.contact.value) for each in sketches})
    asks = []
    for each in sketches:
        account, template = each.account, each.template
        thread = threads.get((each.number.pk, each.contact.kind, each.contact.value)) or Conversation(
            number=each.number, address_kind=each.contact.kind, address=each.contact.value
        )
        invoices = [invoice for invoice in account.invoices if invoice.disputed_at is None] or account.invoices
        asks.append(
            Ask(
                request_id=uuid7(), origin="step", actor="system:sequence", message_class=template.message_class,
                channel="whatsapp", disclosure=template.disclosure, flags=frozenset(template.flags),
                missing=missing_of(template), creditor_id=account.creditor.pk, debtor_id=account.debtor.pk,
                person_id=account.person.pk, contact_point_id=each.contact.pk,
                invoice_ids=tuple(invoice.pk for invoice in invoices),
                channel_facts=channels.facts(thread, account.creditor.pk, template_id=template.pk),
            )
        )  # fmt: skip
    return asks


def _settle(plan: Plan, *, now: datetime) -> None:
    """Say with the gate's answer whether a planned message will go out, and when."""
    if plan.state == "blocked" and plan.reachable:
        plan.state = "planned"  # what kept it back is gone: it asks anew at its next hour
    if plan.state == "planned":
        if not plan.reachable:
            plan.state = "blocked"
        elif plan.outlook is not None:
            plan.at = max(plan.at or now, plan.outlook.decision.next_allowed_at or now)
            then = plan.outlook.at(plan.at) if plan.at > now else plan.outlook.decision
            if then.next_allowed_at and all(finding.kind in OF_TIME for finding in then.findings):
                plan.at = then.next_allowed_at
