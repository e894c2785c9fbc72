"""What the hand can do in a running demo: make debtors, and see what became of what people did on pages.

Read by tests/browser/hand.py once Django's settings exist.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session

from compliance.models import Consent, Decision, Stop
from kernel.clock import machine_now
from kernel.money import Money
from messaging.models import (
    Attachment,
    Conversation,
    Draft,
    Message,
    MessageTemplate,
    Note,
    Number,
    Outbound,
    SendRequest,
    Sequence,
    WhatsAppAccount,
)
from messaging.sandbox.remote import Sandbox
from monitoring.models import Alert
from portfolio.models import ContactPoint, Creditor, Debtor, Dispute, Import, Payable, Promise
from portfolio.search import index
from portfolio.services.links import transparency_link
from portfolio.services.payments import record_payment
from tenants.models import ApiKey, Membership, Tenant, User
from tenants.scope import tenant_scope
from tests import factories

COMMANDS: dict[str, Callable[..., Any]] = {}


def command(function: Callable[..., Any]) -> Callable[..., Any]:
    COMMANDS[function.__name__] = function
    return function


def organisation(slug: str) -> Tenant:
    return Tenant.objects.get(slug=slug)


def sandbox() -> Sandbox:
    return Sandbox(WhatsAppAccount.objects.order_by("id")[0].base_url)


@command
def phones(slug: str) -> str:
    """Where the phones of an organisation's debtors are."""
    with tenant_scope(organisation(slug).pk):
        return f"{WhatsAppAccount.objects.order_by('id')[0].base_url}/_sandbox/phone"


@command
def debtor(slug: str, text: str = "Hola, buenos días", person: str = "", seconds: float = 60) -> dict[str, Any]:
    """A new debtor whose identity is verified, with one invoice, who has just written; waits for the conversation."""
    tenant = organisation(slug)
    now = tenant.clock().now()
    with tenant_scope(tenant.pk):
        creditor = Creditor.objects.order_by("external_id")[0]
        made_person = factories.make_person(name=person, now=now) if person else None
        made = factories.make_debtor(
            creditor, person=made_person, external_id=f"browser-{uuid.uuid4().hex[:12]}",
            invoices=[("1250.00", (now - timedelta(days=12)).date())], now=now,
        )  # fmt: skip
        index([made.person_id])
        point = ContactPoint.objects.get(person=made.person)
        number = Number.objects.order_by("id")[0]
        remote = sandbox()
    remote.call("POST", "debtors", {"debtors": [{"phone": point.value, "persona": "manual", "name": made.person.name}]})
    remote.call("POST", "inbound", {
        "phone_number_id": number.provider_id, "from": point.value, "message": {"type": "text", "text": {"body": text}},
    })  # fmt: skip
    end = time.monotonic() + seconds
    found = None
    while found is None and time.monotonic() < end:
        time.sleep(0.2)
        with tenant_scope(tenant.pk):
            found = Conversation.objects.filter(address=point.value, last_inbound_at__isnull=False).first()
    if found is None:
        raise RuntimeError("what the debtor wrote did not arrive")
    return {
        "debtor": str(made.pk), "external_id": made.external_id, "person": str(made.person_id), "phone": point.value,
        "name": made.person.name, "conversation": str(found.pk), "number": number.provider_id,
    }  # fmt: skip


@command
def quiet(slug: str, conversation: str, hours: int = 30) -> None:
    """The debtor wrote so long ago that the window has closed."""
    tenant = organisation(slug)
    with tenant_scope(tenant.pk):
        Conversation.objects.filter(pk=conversation).update(
            last_inbound_at=tenant.clock().now() - timedelta(hours=hours)
        )


@command
def writes(slug: str, number: str, phone: str, text: str) -> None:
    """The debtor writes."""
    with tenant_scope(organisation(slug).pk):
        remote = sandbox()
    remote.call("POST", "inbound", {
        "phone_number_id": number, "from": phone, "message": {"type": "text", "text": {"body": text}},
    })  # fmt: skip


@command
def pays(slug: str, debtor: str) -> None:
    """Everything that the debtor owes arrives."""
    tenant = organisation(slug)
    now = tenant.clock().now()
    with tenant_scope(tenant.pk):
        row = Debtor.objects.select_related("creditor").get(pk=debtor)
        record_payment(
            row.creditor, row, f"browser-{uuid.uuid4().hex[:12]}", Money.from_minor(row.open_minor, row.currency),
            paid_at=now, now=now, source="api",
        )  # fmt: skip


@command
def said(slug: str, conversation: str) -> list[dict[str, Any]]:
    """The messages of a conversation, oldest first."""
    with tenant_scope(organisation(slug).pk):
        rows = Message.objects.filter(conversation_id=conversation).order_by("id")
        return [
            {"text": row.text, "direction": row.direction, "state": row.state, "source": row.source} for row in rows
        ]


@command
def conversation(slug: str, conversation: str) -> dict[str, Any]:
    """State, assignee, outcome, speaker; its draft and notes."""
    with tenant_scope(organisation(slug).pk):
        row = Conversation.objects.get(pk=conversation)
        return {
            "state": row.state, "assignee": str(row.assignee_id or ""), "outcome": row.outcome, "speaker": row.speaker,
            "drafts": list(Draft.objects.filter(conversation=row).values_list("text", flat=True)),
            "notes": list(Note.objects.filter(conversation=row).order_by("id").values_list("text", flat=True)),
        }  # fmt: skip


@command
def account(slug: str, debtor: str) -> dict[str, Any]:
    """What a debtor has: promises, payables, disputes, stops."""
    with tenant_scope(organisation(slug).pk):
        row = Debtor.objects.get(pk=debtor)
        return {
            "open": row.open_minor,
            "promises": [[each.state, each.minor] for each in Promise.objects.filter(debtor=row)],
            "payables": list(Payable.objects.filter(debtor=row).values_list("code", flat=True)),
            "disputes": list(Dispute.objects.filter(debtor=row).values_list("state", flat=True)),
            "consents": list(Consent.objects.filter(person=row.person).order_by("id").values_list("state", flat=True)),
            "stops": list(Stop.objects.filter(person_id=row.person_id, lifted_at=None).values_list("kind", flat=True)),
        }  # fmt: skip


@command
def link(slug: str, debtor: str) -> str:
    """The address of a debtor's own page, as given to their verified contact point."""
    tenant = organisation(slug)
    with tenant_scope(tenant.pk):
        row = Debtor.objects.get(pk=debtor)
        point = ContactPoint.objects.filter(person=row.person).order_by("id").first()
        return transparency_link(row, now=tenant.clock().now(), contact_point=point, source="test")


@command
def alerts(slug: str) -> list[dict[str, Any]]:
    """Alerts, newest first."""
    with tenant_scope(organisation(slug).pk):
        rows = Alert.objects.select_related("message").order_by("-id")[:20]
        return [
            {"id": str(row.pk), "state": row.state, "conversation": str(row.conversation_id), "text": row.message.text}
            for row in rows
        ]


@command
def gate(slug: str) -> dict[str, int]:
    """How many SendRequests there are, and how many of them have a decision."""
    with tenant_scope(organisation(slug).pk):
        return {
            "requests": SendRequest.objects.count(),
            "decided": SendRequest.objects.filter(decision_id__in=Decision.objects.values("id")).count(),
        }


@command
def now(slug: str) -> str:
    """The business clock."""
    return organisation(slug).clock().now().isoformat()


@command
def stopped(slug: str) -> bool:
    """Whether an administrator stopped everything."""
    return organisation(slug).sending_stopped_at is not None


@command
def log_out(email: str) -> int:
    """End every session of a person, as time does."""
    wanted = str(User.objects.get(email=email).pk)
    ended = 0
    for row in Session.objects.all():
        if row.get_decoded().get("_auth_user_id") == wanted:
            row.delete()
            ended += 1
    return ended


@command
def person(slug: str, role: str) -> dict[str, str]:
    """Who one is in a role behind the demo's door."""
    member = (
        Membership.objects.filter(tenant=organisation(slug), role=role, active=True, user__is_active=True)
        .select_related("user")
        .order_by("created_at", "id")[0]
    )
    return {"id": str(member.user_id), "email": member.user.email, "name": member.user.name}


@command
def visitor(slug: str, role: str, password: str) -> str:
    """A new person in a role; their e-mail address."""
    tenant = organisation(slug)
    creditors = None
    if role == "creditor":
        with tenant_scope(tenant.pk):
            creditors = [Creditor.objects.order_by("external_id")[0].pk]
    made = factories.make_user(tenant, role=role, password=password, creditor_ids=creditors)
    Membership.objects.filter(tenant=tenant, user=made).update(created_at=machine_now())  # the door takes the oldest
    return str(made.email)


@command
def samples(slug: str) -> dict[str, Any]:
    """What may stand between the slashes of the pages' addresses: "name part" or "part"."""
    tenant = organisation(slug)
    with tenant_scope(tenant.pk):

        def first(query: Any) -> str:
            row = query.order_by("-id").first()
            return "" if row is None else str(row.pk)

        owing = Debtor.objects.filter(open_minor__gt=0).values("pk")
        debtor_id = (
            Conversation.objects.filter(debtor_id__in=owing, last_inbound_at__isnull=False)
            .order_by("-last_inbound_at")
            .values_list("debtor_id", "pk")[0]
        )
        agent = Membership.objects.filter(tenant=tenant, role="agent", active=True).first()
        return {
            "conversation_id": str(debtor_id[1]), "debtor_id": str(debtor_id[0]),
            "decision_id": first(Decision.objects.filter(verdict="deny")) or first(Decision.objects.all()),
            "alert_id": first(Alert.objects.all()), "attachment_id": first(Attachment.objects.all()),
            "creditor_id": first(Creditor.objects.all()), "template_id": first(MessageTemplate.objects.filter(status="approved")),
            "sequence_id": first(Sequence.objects.all()), "person pk": str(agent.user_id) if agent else "",
            "number pk": first(Number.objects.all()), "import pk": first(Import.objects.all()),
            "key pk": first(ApiKey.objects.filter(tenant=tenant)), "supervisor-list name": "waiting",
            "uncertain-settle pk": first(Outbound.objects.filter(state="uncertain")),
            "sending-change kind": "organisation", "sending-change pk": str(tenant.pk),
        }  # fmt: skip


@command
def both(slugs: list[str], role: str, password: str) -> str:
    """A person in two organisations; their e-mail address."""
    user = factories.make_user(organisation(slugs[0]), role=role, password=password)
    for slug in slugs[1:]:
        Membership.objects.create(tenant=organisation(slug), user=user, role=role, created_at=factories.NOON)
    return user.email


@command
def stranger(slug: str) -> str:
    """The address of a debtor's page for somebody who has not proven yet who they are."""
    tenant = organisation(slug)
    now = tenant.clock().now()
    with tenant_scope(tenant.pk):
        made = factories.make_debtor(
            Creditor.objects.order_by("external_id")[0], verified=False, external_id=f"browser-{uuid.uuid4().hex[:12]}",
            invoices=[("300.00", (now - timedelta(days=5)).date())], now=now,
        )  # fmt: skip
        return transparency_link(
            made, now=now, contact_point=ContactPoint.objects.get(person=made.person), source="test"
        )
