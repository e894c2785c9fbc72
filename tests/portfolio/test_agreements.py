"""Plans: within the policy, accepted once, followed by the money, broken by the clock."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.errors import DomainError
from kernel.money import Money
from portfolio import services
from portfolio.models import Agreement, Instalment, Invoice, Payable
from portfolio.services.agreements import close_agreement, next_instalments
from tenants.models import StagedEvent
from tenants.scope import tenant_scope
from tests import factories
from tests.factories import NOON

FIRST = date(2026, 11, 27)


def brl(text):
    return Money(Decimal(text), "BRL")


@pytest.fixture
def creditor():
    with tenant_scope(factories.make_tenant().id):
        yield factories.make_creditor(
            policy={"max_instalments": 6, "max_grace_days": 15, "max_discount_percent": 10, "late_days": 2}
        )


@pytest.fixture
def debtor(creditor):
    return factories.make_debtor(creditor, invoices=[("100.00", date(2026, 10, 1)), ("0.10", date(2026, 11, 1))])


def propose(debtor, **fields):
    values: dict[str, Any] = {"count": 3, "first_on": FIRST, "now": NOON, "source": "debtor:bot"} | fields
    return services.propose_agreement(debtor, **values)


def parts(agreement):
    return list(Instalment.objects.filter(agreement=agreement).order_by("number").values_list("minor", "paid_minor"))


def pay(debtor, amount, external_id):
    return services.record_payment(
        debtor.creditor, debtor, external_id, brl(amount), paid_at=NOON, now=NOON, source="test"
    )


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(6, 10**7), st.integers(1, 6), st.lists(st.integers(1, 10**6), max_size=4))
def test_cents_add_up_before_during_and_after(creditor, minor, count, paid):
    debtor = factories.make_debtor(creditor, consent=False, invoices=[(Money.from_minor(minor, "BRL"), FIRST)])
    agreement = services.accept_agreement(propose(debtor, count=count), now=NOON, source="x")
    assert sum(part for part, _ in parts(agreement)) == minor
    for place, amount in enumerate(paid):
        pay(debtor, str(Money.from_minor(amount, "BRL").amount), f"{debtor.external_id}-{place}")
    assert sum(done for _, done in parts(agreement)) == min(minor, sum(paid))
    agreement.refresh_from_db()
    assert agreement.state == ("fulfilled" if sum(paid) >= minor else "active")
    assert services.rebuild_balances(mend=False) == []


def test_odd_cents_fall_on_the_first_and_the_next_one_is_asked_for(debtor):
    agreement = services.accept_agreement(propose(debtor), now=NOON, source="x")
    assert parts(agreement) == [(3337, 0), (3337, 0), (3336, 0)]
    code = services.create_payable(debtor, now=NOON)
    assert code.minor == 3337
    services.pay_payable(code.reference, brl("33.37"), paid_at=NOON, external_id="a", now=NOON)
    assert parts(agreement)[0] == (3337, 3337)
    assert next_instalments([debtor.id])[debtor.id].number == 2
    late = services.create_payable(debtor, now=NOON + timedelta(days=75))
    assert late.minor == 3337 + 3336  # two are due


def test_a_plan_is_fulfilled_by_the_money_and_its_discount_is_given_then(debtor):
    agreement = services.accept_agreement(propose(debtor, count=1, total=brl("90.09")), now=NOON, source="x")
    pay(debtor, "90.00", "p1")
    agreement.refresh_from_db()
    debtor.refresh_from_db()
    assert (agreement.state, debtor.open_minor) == ("active", 1010)
    pay(debtor, "0.09", "p2")
    agreement.refresh_from_db()
    debtor.refresh_from_db()
    assert (agreement.state, debtor.open_minor) == ("fulfilled", 0)
    assert Invoice.objects.filter(debtor=debtor, settled_at=None).count() == 0
    assert StagedEvent.objects.filter(name="agreement.fulfilled").count() == 1


def test_it_breaks_when_an_instalment_is_late_beyond_the_creditors_patience(debtor):
    agreement = services.accept_agreement(propose(debtor), now=NOON, source="x")
    day = NOON + timedelta(days=10)  # the 27th
    assert services.judge_agreements(day + timedelta(days=2)) == []
    assert [item.id for item in services.judge_agreements(day + timedelta(days=3))] == [agreement.id]
    assert services.judge_agreements(day + timedelta(days=9)) == []


def test_a_paid_instalment_does_not_break_it(debtor):
    agreement = services.accept_agreement(propose(debtor), now=NOON, source="x")
    pay(debtor, "33.37", "p1")
    assert services.judge_agreements(NOON + timedelta(days=20)) == []
    assert [item.id for item in services.judge_agreements(NOON + timedelta(days=50))] == [agreement.id]


def test_what_was_paid_between_proposal_and_acceptance_needs_a_new_proposal(debtor):
    agreement = propose(debtor)
    pay(debtor, "10.00", "p1")
    with pytest.raises(DomainError) as refused:
        services.accept_agreement(agreement, now=NOON, source="x")
    assert refused.value.code == "agreement_stale"
    fresh = services.accept_agreement(propose(debtor), now=NOON, source="x")
    assert sum(part for part, _ in parts(fresh)) == 9010
    assert parts(fresh)[0][1] == 0  # what came before does not count


def test_accepting_replaces_promise_and_code_and_happens_once(debtor):
    promise = services.create_promise(debtor, brl("10.00"), date(2026, 11, 20), now=NOON, source="x")
    services.create_payable(debtor, now=NOON)
    agreement = propose(debtor)
    for _ in range(2):
        services.accept_agreement(agreement, now=NOON, source="x")
    promise.refresh_from_db()
    assert promise.state == "withdrawn" and Payable.objects.get().state == "replaced"
    assert StagedEvent.objects.filter(name="agreement.accepted").count() == 1
    with pytest.raises(DomainError) as refused:
        propose(debtor)
    assert refused.value.code == "agreement_active"
    close_agreement(agreement, now=NOON)
    agreement.refresh_from_db()
    assert agreement.state == "cancelled"
    propose(debtor)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"count": 7}, "plan_count"),
        ({"first_on": date(2026, 12, 20)}, "plan_first_date"),
        ({"first_on": date(2026, 11, 16)}, "plan_first_date"),
        ({"total": brl("90.08")}, "plan_total"),
        ({"total": brl("100.11")}, "plan_total"),
        ({"invoice_ids": []}, "nothing_open"),
    ],
)
def test_beyond_the_policy_it_says_what_would_do(debtor, fields, code):
    with pytest.raises(DomainError) as refused:
        propose(debtor, **fields)
    assert refused.value.code == code


def test_the_same_external_id_is_the_same_plan_and_a_second_proposal_cancels_the_first(debtor):
    first = propose(debtor, external_id="a-1")
    assert propose(debtor, external_id="a-1", count=5).id == first.id
    propose(debtor, external_id="a-2")
    assert Agreement.objects.get(pk=first.pk).state == "cancelled"
    with pytest.raises(DomainError) as refused:
        services.accept_agreement(first, now=NOON, source="x")
    assert refused.value.code == "agreement_closed"
