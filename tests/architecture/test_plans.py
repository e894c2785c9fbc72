"""Under row-level security an operator that is not leakproof loses its index: the hot queries keep theirs.

Plans are asked for as the run-time role, in a scope, with sequential scans priced out: what is proved is that the
planner may use the index at all, with all of its columns, not that it would on three rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from psycopg.sql import SQL, Identifier

from compliance.models import Consent, Contact, Decision, Stop
from kernel.ids import uuid7
from messaging.models import Conversation, Enrolment, Message, Outbound, ProviderMessage, SendRequest
from monitoring.models import Alert, SendStanding, Tally
from portfolio.models import ContactPoint, Debtor, Entry, Invoice, Payment, Person, Promise
from tenants.models import Event
from tenants.scope import tenant_scope
from tests import factories

ID, TENANT, NOW = uuid7(), uuid7(), factories.NOON
#: name -> (query, index, columns that its Index Cond must hold beside the tenant)
HOT: dict[str, tuple[Callable[[], QuerySet[Any]], str, tuple[str, ...]]] = {
    "debtor by external id": (
        lambda: Debtor.objects.filter(creditor_id=ID, external_id="A-1"), "portfolio_debtor_once",
        ("creditor_id", "external_id"),
    ),
    "debtors of a person": (lambda: Debtor.objects.filter(person_id=ID), "portfolio_debtor_person", ("person_id",)),
    "debtors changed since": (
        lambda: Debtor.objects.filter(creditor_id=ID, updated_at__gt=NOW).order_by("updated_at", "id"),
        "portfolio_debtor_updated", ("creditor_id", "updated_at"),
    ),
    "person by document": (
        lambda: Person.objects.filter(document_hash="ab" * 32), "portfolio_person_document", ("document_hash",)
    ),
    "contact point by value": (
        lambda: ContactPoint.objects.filter(kind="phone", value="+5511987654321"), "portfolio_contact_value",
        ("kind", "value"),
    ),
    "invoices of a debtor": (
        lambda: Invoice.objects.filter(debtor_id=ID, due_on__lt=NOW.date()), "portfolio_invoice_debtor",
        ("debtor_id", "due_on"),
    ),
    "invoice by external id": (
        lambda: Invoice.objects.filter(creditor_id=ID, external_id="F-1"), "portfolio_invoice_once",
        ("creditor_id", "external_id"),
    ),
    "entries of an invoice": (lambda: Entry.objects.filter(invoice_id=ID), "portfolio_entry_invoice", ("invoice_id",)),
    "payment by external id": (
        lambda: Payment.objects.filter(creditor_id=ID, external_id="P-1"), "portfolio_payment_once",
        ("creditor_id", "external_id"),
    ),
    "promises that fall due": (
        lambda: Promise.objects.filter(state="open", due_on__lt=NOW.date()), "portfolio_promise_due",
        ("state", "due_on"),
    ),
    "budget of a person": (
        lambda: Contact.objects.filter(person_id=ID, at__gte=NOW), "compliance_contact_person", ("person_id", "at")
    ),
    "consents of a person": (lambda: Consent.objects.filter(person_id=ID), "compliance_consent_person", ("person_id",)),
    "stops that hold": (
        lambda: Stop.objects.filter(person_id=ID, lifted_at=None), "compliance_stop_person", ("person_id",)
    ),
    "decisions of a request": (
        lambda: Decision.objects.filter(request_id=ID), "compliance_decision_request", ("request_id",)
    ),
    "sends of a part of the gate": (
        lambda: SendStanding.objects.filter(part="stop", day__gte=NOW.date()).order_by("-id"), "monitoring_standing_part",
        ("part", "day"),
    ),
    "what an agent wrote": (
        lambda: SendStanding.objects.filter(user_id=ID, requested_at__gte=NOW), "monitoring_standing_user",
        ("user_id", "requested_at"),
    ),
    "figures of a period": (
        lambda: Tally.objects.filter(day__gte=NOW.date(), day__lte=NOW.date()), "monitoring_tally_once", ("day",),
    ),
    "alerts of a period": (lambda: Alert.objects.filter(raised_at__gte=NOW), "monitoring_alert_raised", ("raised_at",)),
    "an author's alerts": (
        lambda: Alert.objects.filter(actor="user:x", raised_at__gte=NOW), "monitoring_alert_actor", ("actor", "raised_at")
    ),
    "decisions of a period": (
        lambda: Decision.objects.filter(decided_at__gte=NOW).order_by("-decided_at", "-id"), "compliance_decision_time",
        ("decided_at",),
    ),
    "thread": (
        lambda: Message.objects.filter(conversation_id=ID, at__lt=NOW).order_by("-at"), "messaging_message_thread",
        ("conversation_id", "at"),
    ),
    "conversation by address": (
        lambda: Conversation.objects.filter(number_id=ID, address_kind="phone", address="+5511987654321"),
        "messaging_conversation_once", ("number_id", "address_kind", "address"),
    ),
    "message by the provider's id": (
        lambda: ProviderMessage.objects.filter(provider_id="wamid.x"), "messaging_provider_once", ("provider_id",)
    ),
    "requests that wait": (
        lambda: SendRequest.objects.filter(state="waiting", next_at__lte=NOW), "messaging_request_due", ("next_at",)
    ),
    "the dispatcher's queue": (
        lambda: Outbound.objects.filter(number_id=ID, state="queued").order_by("priority", "id")[:100],
        "messaging_outbound_queue", ("number_id",),
    ),
    "enrolments that are due": (
        lambda: Enrolment.objects.filter(state="active", next_at__lte=NOW), "messaging_enrolment_due", ("next_at",)
    ),
    "the log after a cursor": (
        lambda: Event.objects.filter(sequence__gt=5).order_by("sequence")[:500], "tenants_event_number", ("sequence",)
    ),
    "events about a row": (lambda: Event.objects.filter(subject_id=ID), "tenants_event_subject", ("subject_id",)),
}  # fmt: skip


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def plan_of(query: QuerySet[Any], *, only: str, creditors: str) -> list[dict[str, Any]]:
    """The plan when `only` is the one index of the table that may be used, as the run-time role in a scope.

    The administrator hides the other indexes in a transaction that is rolled back: on almost empty tables every
    index costs the same, and which one the planner would take says nothing.
    """
    sql, parameters = query.query.sql_with_params()
    table = query.model._meta.db_table
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"]) as link, link.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indrelid = %s::regclass AND indexrelid <> %s::regclass",
            [table, only],
        )
        cursor.execute(SQL("SET LOCAL ROLE {}").format(Identifier(settings.RUNTIME_ROLE)))
        for name in ("seqscan", "bitmapscan"):
            cursor.execute(SQL("SET LOCAL {} = off").format(Identifier(f"enable_{name}")))
        cursor.execute(
            "SELECT set_config('app.tenant_id', %s, true), set_config('app.creditor_ids', %s, true)",
            [str(TENANT), creditors],
        )
        cursor.execute(f"EXPLAIN (FORMAT json) {sql}", parameters)
        [[[answer]]] = cursor.fetchall()
        link.rollback()
    return list(nodes(answer["Plan"]))


@pytest.mark.parametrize("creditors", ["*", str(ID)], ids=["whole tenant", "one creditor"])
@pytest.mark.parametrize("name", HOT)
def test_hot_queries_keep_their_index_under_the_wall(name, creditors):
    query, index, columns = HOT[name]
    with tenant_scope(TENANT):
        plan = plan_of(query(), only=index, creditors=creditors)
    used = {node["Index Name"]: node.get("Index Cond", "") for node in plan if "Index Name" in node}
    assert index in used, f"{name}: {used}"
    for column in ("tenant_id", *columns):
        assert column in used[index], f"{name}: {column} is filtered after the index, not by it: {used[index]}"


def test_an_operator_that_leaks_does_lose_it():
    """So that the test above is known to be able to fail."""
    with tenant_scope(TENANT):
        query = ContactPoint.objects.filter(kind="phone", value__startswith="+55119")
        plan = plan_of(query, only="portfolio_contact_value", creditors="*")
    conditions = " ".join(node.get("Index Cond", "") for node in plan)
    assert "kind" in conditions
    assert "value" not in conditions


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("SELECT id FROM tenants_job WHERE due_at <= %s AND parked_at IS NULL ORDER BY due_at", "tenants_job_due"),
        ("SELECT id FROM tenants_lane WHERE next_at <= %s ORDER BY next_at", "tenants_lane_next"),
    ],
)
def test_what_wakes_work_has_an_index(sql, index):
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT json) {sql}", [NOW])
        [[[plan]]] = cursor.fetchall()
        cursor.execute("ROLLBACK")
    assert index in {node.get("Index Name") for node in nodes(plan["Plan"])}
