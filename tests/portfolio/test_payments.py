"""Payments, reversals, promises, disputes and codes through the services."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.errors import DomainError
from kernel.money import Money
from portfolio import services
from portfolio.models import Debtor, Dispute, Invoice, Payable, Payment
from portfolio.payables import pix
from portfolio.services.payables import tenant_of
from tenants.models import StagedEvent
from tenants.scope import tenant_scope
from tests import factories
from tests.factories import NOON

DUE = date(2026, 11, 1)


def brl(text):
    return Money(Decimal(text), "BRL")


@pytest.fixture
def creditor():
    with tenant_scope(factories.make_tenant().id):
        yield factories.make_creditor()


@pytest.fixture
def debtor(creditor):
    return factories.make_debtor(creditor, invoices=[("100.00", DUE), ("50.00", DUE + timedelta(days=10))])


def pay(creditor, debtor, amount, external_id="p1", **fields):
    values: dict[str, Any] = {"paid_at": NOON, "now": NOON, "source": "test"} | fields
    return services.record_payment(creditor, debtor, external_id, brl(amount), **values)


def opens(debtor):
    return list(Invoice.objects.filter(debtor=debtor).order_by("due_on").values_list("open_minor", flat=True))


def agree():
    assert services.rebuild_balances(mend=False) == []


def names():
    return list(StagedEvent.objects.order_by("id").values_list("name", flat=True))


def test_the_same_payment_counts_once(creditor, debtor):
    first = pay(creditor, debtor, "120.00")
    second = pay(creditor, debtor, "120.00")
    assert first.id == second.id and opens(debtor) == [0, 3000]
    assert names().count("payment.recorded") == 1 and names().count("invoice.settled") == 1
    agree()


def test_another_amount_for_a_known_id_is_a_conflict_unless_it_replaces(creditor, debtor):
    pay(creditor, debtor, "120.00")
    with pytest.raises(DomainError) as refused:
        pay(creditor, debtor, "90.00")
    assert refused.value.code == "conflict" and opens(debtor) == [0, 3000]
    pay(creditor, debtor, "90.00", replace=True)
    assert opens(debtor) == [1000, 5000]
    agree()


def test_a_reversal_opens_the_invoices_again_and_a_second_changes_nothing(creditor, debtor):
    payment = pay(creditor, debtor, "170.00")
    debtor.refresh_from_db()
    assert debtor.open_minor == -2000
    for _ in range(2):
        reversed_ = services.reverse_payment(payment, now=NOON, source="test", reason="returned")
    assert reversed_.reversed_at == NOON and opens(debtor) == [10000, 5000]
    assert names().count("payment.reversed") == 1
    assert pay(creditor, debtor, "170.00").reversed_at == NOON  # told again, it stays reversed
    agree()


def test_a_part_goes_back_from_the_surplus_first(creditor, debtor):
    payment = pay(creditor, debtor, "170.00")
    services.reverse_payment(payment, now=NOON, source="test", amount=brl("30.00"))
    assert opens(debtor) == [0, 1000]
    services.reverse_payment(payment, now=NOON, source="test")
    payment.refresh_from_db()
    assert opens(debtor) == [10000, 5000] and payment.reversed_at == NOON
    agree()


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_a_payment_is_above_zero(creditor, debtor, amount):
    with pytest.raises(DomainError, match="above zero"):
        pay(creditor, debtor, amount)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("invoice"), st.integers(0, 3), st.integers(0, 30000)),
            st.tuples(st.just("payment"), st.integers(0, 3), st.integers(1, 30000)),
            st.tuples(st.just("credit"), st.integers(0, 3), st.integers(1, 30000)),
            st.tuples(st.just("reverse"), st.integers(0, 3), st.just(0)),
            st.tuples(st.just("withdraw"), st.integers(0, 3), st.just(0)),
        ),
        max_size=14,
    )
)
def test_balances_equal_entries_whatever_happens_in_whatever_order(creditor, steps):
    debtor = factories.make_debtor(creditor, consent=False)
    mark = debtor.external_id
    for what, place, minor in steps:
        amount = Money.from_minor(minor, "BRL")
        if what == "invoice":
            services.save_invoice(
                creditor, debtor, f"{mark}-i{place}", due_on=DUE + timedelta(days=place), amount=amount, now=NOON
            )
        elif what == "payment":
            services.record_payment(
                creditor, debtor, f"{mark}-p{place}", amount, paid_at=NOON, now=NOON, source="test", replace=True
            )
        elif what == "credit":
            services.record_credit(
                creditor, debtor, f"{mark}-c{place}", amount, credited_at=NOON, now=NOON, source="test"
            )
        elif what == "reverse" and (payment := Payment.objects.filter(external_id=f"{mark}-p{place}").first()):
            services.reverse_payment(payment, now=NOON, source="test")
        elif what == "withdraw" and (invoice := Invoice.objects.filter(external_id=f"{mark}-i{place}").first()):
            services.withdraw_invoice(invoice, reason="", now=NOON, source="test")
    agree()
    debtor = Debtor.objects.get(pk=debtor.pk)
    claims = sum(item.amount_minor for item in Invoice.objects.filter(debtor=debtor, withdrawn_at=None))
    money = sum(item.minor for item in Payment.objects.filter(debtor=debtor, reversed_at=None))
    assert debtor.open_minor == claims - money
    assert min(opens(debtor), default=0) >= 0


class TestPromises:
    def test_kept_by_the_money(self, creditor, debtor):
        promise = services.create_promise(debtor, brl("100.00"), date(2026, 11, 20), now=NOON, source="debtor:bot")
        pay(creditor, debtor, "60.00")
        pay(creditor, debtor, "40.00", "p2")
        promise.refresh_from_db()
        assert promise.state == "kept" and names().count("promise.kept") == 1
        assert services.judge_promises(NOON + timedelta(days=30)) == []

    def test_broken_when_its_day_is_over_where_the_creditor_is(self, creditor, debtor):
        promise = services.create_promise(debtor, brl("100.00"), date(2026, 11, 20), now=NOON, source="debtor:bot")
        last = datetime(2026, 11, 21, 2, 59, tzinfo=UTC)  # 23:59 in Brasília
        assert services.judge_promises(last) == []
        assert [item.id for item in services.judge_promises(last + timedelta(minutes=1))] == [promise.id]
        assert services.judge_promises(last + timedelta(days=9)) == []

    def test_a_new_one_replaces_the_former(self, debtor):
        first = services.create_promise(debtor, brl("10.00"), date(2026, 11, 20), now=NOON, source="x")
        services.create_promise(debtor, brl("20.00"), date(2026, 11, 21), now=NOON, source="x")
        first.refresh_from_db()
        assert first.state == "withdrawn"

    @pytest.mark.parametrize(
        ("amount", "day"), [("10.00", date(2026, 11, 16)), ("10.00", date(2027, 6, 1)), ("151.00", date(2026, 11, 20))]
    )
    def test_what_cannot_be_promised(self, debtor, amount, day):
        with pytest.raises(DomainError):
            services.create_promise(debtor, brl(amount), day, now=NOON, source="x")


class TestDisputes:
    def test_a_denied_invoice_is_not_asked_for(self, creditor, debtor):
        first, second = Invoice.objects.filter(debtor=debtor).order_by("due_on")
        code = services.create_payable(debtor, now=NOON)
        dispute = services.open_dispute(
            debtor, first, "not_mine", now=NOON, source="debtor:bot", detail="no compré nada"
        )
        assert services.open_dispute(debtor, first, "not_mine", now=NOON, source="x").id == dispute.id
        code.refresh_from_db()
        assert code.state == "replaced"
        assert services.create_payable(debtor, now=NOON).minor == second.open_minor
        services.close_dispute(dispute, accepted=False, now=NOON, source="agent:1")
        first.refresh_from_db()
        assert (first.disputed_at, first.open_minor) == (None, 10000)

    def test_the_debtor_was_right(self, creditor, debtor):
        first = Invoice.objects.filter(debtor=debtor).order_by("due_on")[0]
        dispute = services.open_dispute(debtor, first, "wrong_amount", now=NOON, source="x")
        services.close_dispute(dispute, accepted=True, credit=brl("25.00"), now=NOON, source="agent:1")
        assert opens(debtor) == [7500, 5000]
        again = services.open_dispute(debtor, first, "not_mine", now=NOON, source="x")
        services.close_dispute(again, accepted=True, now=NOON, source="agent:1")
        services.close_dispute(again, accepted=True, now=NOON, source="agent:1")
        # the credit that lay on the withdrawn invoice went to the other one
        assert opens(debtor) == [0, 2500]
        agree()

    def test_an_invoice_stays_denied_while_another_dispute_is_open(self, debtor):
        first = Invoice.objects.filter(debtor=debtor).order_by("due_on")[0]
        one = services.open_dispute(debtor, first, "not_mine", now=NOON, source="x")
        services.open_dispute(debtor, None, "authority", now=NOON, source="x", authority="PROCON")
        services.close_dispute(one, accepted=False, now=NOON, source="x")
        assert Invoice.objects.filter(debtor=debtor, disputed_at=None).count() == 0
        assert Dispute.objects.filter(state="open").count() == 1


class TestPayables:
    def test_the_code_says_what_is_owed_and_is_given_again_while_it_stands(self, creditor, debtor):
        code = services.create_payable(debtor, now=NOON)
        assert services.create_payable(debtor, now=NOON).id == code.id
        said = pix.parse(code.code)
        assert (said.amount, said.txid, said.key) == (brl("150.00"), code.reference, creditor.pay_to["pix"]["key"])
        assert tenant_of(code.token) == creditor.tenant_id and len(code.token) == 43

    def test_money_that_comes_elsewhere_kills_the_code(self, creditor, debtor):
        code = services.create_payable(debtor, now=NOON)
        pay(creditor, debtor, "10.00")
        code.refresh_from_db()
        assert code.state == "replaced"
        assert services.create_payable(debtor, now=NOON).minor == 14000

    def test_paying_it_closes_it_once(self, creditor, debtor):
        code = services.create_payable(debtor, now=NOON)
        for _ in range(2):
            services.pay_payable(code.reference, brl("150.00"), paid_at=NOON, external_id="psp-1", now=NOON)
        code.refresh_from_db()
        assert code.state == "paid" and opens(debtor) == [0, 0]
        assert names().count("payable.paid") == 1 and Payment.objects.count() == 1
        services.pay_payable(code.reference, brl("150.00"), paid_at=NOON, external_id="psp-2", now=NOON)
        debtor.refresh_from_db()
        assert debtor.open_minor == -15000  # paid twice: the money is the debtor's
        agree()

    def test_another_amount_closes_it_too_but_not_as_paid(self, creditor, debtor):
        code = services.create_payable(debtor, now=NOON)
        services.pay_payable(code.reference, brl("149.99"), paid_at=NOON, external_id="psp-1", now=NOON)
        code.refresh_from_db()
        assert code.state == "replaced" and opens(debtor) == [0, 1]

    def test_nothing_owed_nothing_to_pay(self, creditor, debtor):
        pay(creditor, debtor, "150.00")
        with pytest.raises(DomainError) as refused:
            services.create_payable(debtor, now=NOON)
        assert refused.value.code == "nothing_open"
        with pytest.raises(DomainError) as refused:
            services.pay_payable("TNOSUCH", brl("1.00"), paid_at=NOON, external_id="z", now=NOON)
        assert refused.value.code == "payable_unknown"

    def test_a_code_ends_with_its_day(self, debtor):
        code = services.create_payable(debtor, now=NOON)
        assert services.expire_payables(code.expires_at - timedelta(seconds=1)) == 0
        assert services.expire_payables(code.expires_at) == 1
        assert services.create_payable(debtor, now=code.expires_at).id != code.id
        assert Payable.objects.filter(state="open").count() == 1

    def test_mexico_gets_a_clabe_of_its_own_and_colombia_a_page(self):
        for country, kind, currency in (("MX", "clabe", "MXN"), ("CO", "link", "COP")):
            tenant = factories.make_tenant(country)
            with tenant_scope(tenant.id):
                debtor = factories.make_debtor(factories.make_creditor(), invoices=[("250", DUE)])
                code = services.create_payable(debtor, now=NOON)
                assert (code.kind, code.currency) == (kind, currency)
                assert code.code.startswith("6461801573") if kind == "clabe" else code.code.endswith(f"/p/{code.token}")


def test_what_the_calendar_brings_is_judged_by_the_lane(monkeypatch):
    from portfolio import tasks

    tenant = factories.make_tenant(frozen=True, now=NOON)
    with tenant_scope(tenant.id):
        debtor = factories.make_debtor(factories.make_creditor(), invoices=[("100.00", DUE)])
        promise = services.create_promise(debtor, brl("100.00"), date(2026, 11, 20), now=NOON, source="x")
        services.create_payable(debtor, now=NOON)
    assert tasks.judge(tenant, "", tenant.clock()) == datetime(2026, 11, 21, 3, tzinfo=UTC)
    tenant.clock_frozen_at = datetime(2026, 11, 21, 3, tzinfo=UTC)
    assert tasks.judge(tenant, "", tenant.clock()) == NOON + timedelta(days=7)
    tenant.clock_frozen_at = NOON + timedelta(days=7)
    assert tasks.judge(tenant, "", tenant.clock()) is None
    with tenant_scope(tenant.id):
        promise.refresh_from_db()
        assert promise.state == "broken" and not Payable.objects.filter(state="open").exists()


def test_payments_that_arrive_at_once_are_all_entered_and_each_once():
    tenant = factories.make_tenant()
    with tenant_scope(tenant.id):
        creditor = factories.make_creditor()
        debtor = factories.make_debtor(creditor, invoices=[("100.00", DUE), ("100.00", DUE + timedelta(days=1))])

    def pay_one(number):
        try:
            with tenant_scope(tenant.id):
                pay(creditor, debtor, "15.00", f"p{number % 8}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(pay_one, range(16)))  # each of eight is told twice
    with tenant_scope(tenant.id):
        assert Payment.objects.count() == 8 and opens(debtor) == [0, 8000]
        agree()
