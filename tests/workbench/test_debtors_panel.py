"""The panel beside a conversation: what is owed, what comes next and why not, what was promised; in constant queries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from compliance.services import raise_stop
from kernel.money import Money
from messaging.message_templates.services import seed_defaults
from messaging.models import MessageTemplate
from messaging.sequences.seeds import seed_sequence
from messaging.sequences.services import hold, refresh
from portfolio.models import ContactPoint, Debtor
from portfolio.services import create_promise, propose_agreement
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.factories import NOON, make_creditor, make_debtor, make_number, make_tenant
from workbench.debtors.panel import panel_context

TODAY = NOON.date()


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    made = make_tenant("MX", frozen=True)
    with tenant_scope(made.pk), translation.override("en"):
        yield made


def prepared(invoices: int = 2, **more: Any) -> Debtor:
    """A debtor in a sequence, with a number and templates to write with."""
    creditor = make_creditor()
    number = make_number()
    seed_defaults(number.account, creditor, "MX", NOON)
    MessageTemplate.objects.filter(account=number.account).update(status="approved")
    seed_sequence(country="MX", now=NOON)
    rows = [(str(100 + n), TODAY - timedelta(days=4 + n)) for n in range(invoices)]
    debtor = make_debtor(creditor, invoices=rows, **more)
    refresh([debtor.pk], now=NOON)
    return debtor


def shown(debtor: Debtor, tenant: Tenant) -> tuple[dict[str, Any], str]:
    context = panel_context(debtor.pk, NOON)
    who = SimpleNamespace(organisation=tenant, membership=SimpleNamespace(role="agent"), LANGUAGE_CODE="en", now=NOON)
    page = {
        "panel": context, "slug": tenant.slug, "organisation": tenant, "may_change": True, "now": NOON, "request": who
    }  # fmt: skip
    return context, render_to_string("workbench/debtors/panel.html", page)


def test_the_debt_card_sums_what_is_open_and_says_how_old(tenant: Tenant) -> None:
    context, page = shown(prepared(), tenant)
    assert context["totals"] == [Money(Decimal("201.00"), "MXN")]
    assert context["oldest_due"] == TODAY - timedelta(days=5)
    assert context["days_late"] == 5
    assert not context["stale"]
    assert "$201.00" in page and "5 days late" in page


def test_a_stale_balance_is_said(tenant: Tenant) -> None:
    debtor = prepared()
    Debtor.objects.filter(pk=debtor.pk).update(balance_as_of=NOON - timedelta(hours=60))
    context, page = shown(debtor, tenant)
    assert context["stale"]
    assert "Stale balance" in page
    assert context["next"].state == "blocked"
    assert any(blocker.fix_page == "imports" for blocker in context["next"].blockers), context["next"].blockers


def test_the_next_step_says_when_in_the_debtors_time(tenant: Tenant) -> None:
    context, page = shown(prepared(), tenant)
    step = context["next"]
    assert step.state == "planned", step
    assert step.at is not None and step.at >= NOON
    assert step.zone == "America/Mexico_City"
    assert "debtor's time" in page and "data-live" not in page


def test_a_stop_is_the_reason_with_its_owner_and_remedy(tenant: Tenant) -> None:
    debtor = prepared()
    raise_stop(debtor.person_id, "opted_out", evidence={"recorded_by": "x"}, source="test", now=NOON)
    context, page = shown(debtor, tenant)
    step = context["next"]
    assert step.state == "blocked" and step.at is None
    (blocker,) = [each for each in step.blockers if "not to be written" in each.text]
    assert blocker.owner and blocker.remedy and blocker.hard and blocker.fix == "debtor-stop"
    assert context["stops"] and blocker.rule in page


def test_without_a_number_there_is_no_message_and_the_creditor_is_asked(tenant: Tenant) -> None:
    context, _ = shown(prepared(contact=False), tenant)
    assert context["next"].state == "blocked"
    assert [blocker.fix for blocker in context["next"].blockers] == ["debtor-contact"]


def test_a_persons_pause_is_shown_and_may_be_ended(tenant: Tenant) -> None:
    debtor = prepared()
    assert hold(debtor.pk, until=NOON + timedelta(days=7), now=NOON)
    context, page = shown(debtor, tenant)
    assert context["next"].state == "paused" and context["next"].can_resume
    assert "Somebody of the team paused it" in page


def test_a_promise_is_shown_with_its_progress(tenant: Tenant) -> None:
    debtor = prepared()
    create_promise(debtor, Money(Decimal("50"), "MXN"), TODAY + timedelta(days=3), now=NOON, source="test")
    refresh([debtor.pk], now=NOON)
    context, page = shown(debtor, tenant)
    assert context["promise"]["percent"] == 0 and context["promise"]["days_left"] == 3
    assert context["next"].state == "paused" and not context["next"].can_resume
    assert "3 days left" in page


def test_a_proposed_plan_is_shown_date_by_date(tenant: Tenant) -> None:
    debtor = prepared()
    propose_agreement(debtor, count=3, first_on=date(2026, 11, 20), now=NOON, source="test")
    context, page = shown(debtor, tenant)
    assert [amount.minor for *_, amount in context["agreement"]["parts"]] == [6700, 6700, 6700]
    assert "nothing holds until the debtor accepts" in page


def test_an_unlawful_contact_is_marked(tenant: Tenant) -> None:
    debtor = prepared()
    ContactPoint.objects.filter(person_id=debtor.person_id).update(
        provenance={"source": "application", "supplied_by": "third_party"}
    )
    context, page = shown(debtor, tenant)
    assert not context["contacts"][0]["lawful"]
    assert "may not be used" in page and context["next"].state == "blocked"


def test_queries_do_not_grow_with_the_rows(tenant: Tenant) -> None:
    few, many = prepared(1), prepared(12)
    for number in range(6):
        create_promise(many, Money(Decimal("10"), "MXN"), TODAY + timedelta(days=1 + number), now=NOON, source="test")
    shown(few, tenant)
    with CaptureQueriesContext(connection) as small:
        shown(few, tenant)
    with CaptureQueriesContext(connection) as large:
        shown(many, tenant)
    assert len(large) <= len(small) + 2, f"{len(small)} → {len(large)}"
    assert len(small) < 60
