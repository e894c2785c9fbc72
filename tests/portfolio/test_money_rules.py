"""Ageing, plans and allocations: dates that exist, cents that add up."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import DomainError
from kernel.money import Money
from portfolio.ageing import BUCKETS, bucket, bucket_on, days_overdue
from portfolio.allocation import allocate, reverse
from portfolio.instalments import MAX_INSTALMENTS, schedule

currencies = st.sampled_from(["BRL", "MXN", "COP", "CLP", "PEN", "ARS"])
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))


def brl(text: str) -> Money:
    return Money(Decimal(text), "BRL")


@pytest.mark.parametrize(
    ("late", "name"),
    [
        (-5, "current"),
        (0, "current"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "90+"),
    ],
)
def test_buckets_begin_and_end_where_they_say(late, name):
    assert bucket(late) == name


@given(due_on=days, late=st.integers(-400, 4000))
def test_a_debt_only_grows_older(due_on, late):
    today = due_on + timedelta(days=late)
    assert days_overdue(due_on, today) == late
    tomorrow = today + timedelta(days=1)
    assert BUCKETS.index(bucket_on(due_on, today)) <= BUCKETS.index(bucket_on(due_on, tomorrow))


@given(
    minor=st.integers(1, 10**12),
    count=st.integers(1, MAX_INSTALMENTS),
    first_on=days,
    every=st.sampled_from(["month", "fortnight", "week"]),
    currency=currencies,
)
def test_a_plan_adds_up_and_its_dates_rise(minor, count, first_on, every, currency):
    total = Money.from_minor(max(minor, count), currency)
    plan = schedule(total, count, first_on, every)
    assert sum(part.amount.minor for part in plan) == total.minor
    assert [part.number for part in plan] == list(range(1, count + 1))
    assert all(earlier.due_on < later.due_on for earlier, later in pairwise(plan))
    assert plan[0].due_on == first_on
    amounts = [part.amount.minor for part in plan]
    assert amounts == sorted(amounts, reverse=True)  # odd cents on the first
    assert amounts[0] - amounts[-1] <= 1
    if every == "fortnight":
        gaps = {(later.due_on - earlier.due_on).days for earlier, later in pairwise(plan)}
        assert gaps <= set(range(13, 18))


@given(first_on=days, count=st.integers(2, 60))
def test_months_keep_the_day_or_end_with_the_month(first_on, count):
    for place, part in enumerate(schedule(brl("1000.00"), count, first_on)):
        assert (part.due_on.year - first_on.year) * 12 + part.due_on.month - first_on.month == place
        last = calendar.monthrange(part.due_on.year, part.due_on.month)[1]
        assert part.due_on.day == min(first_on.day, last)


def test_the_end_of_january_is_followed_by_the_end_of_february_and_of_march():
    plan = schedule(brl("100.00"), 3, date(2026, 1, 31))
    assert [part.due_on for part in plan] == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]
    assert [str(part.amount.amount) for part in plan] == ["33.34", "33.33", "33.33"]


def test_fortnights_are_the_pay_days():
    plan = schedule(brl("100.00"), 4, date(2026, 1, 15), "fortnight")
    assert [part.due_on for part in plan] == [
        date(2026, 1, 15),
        date(2026, 1, 31),
        date(2026, 2, 15),
        date(2026, 2, 28),
    ]
    plan = schedule(brl("100.00"), 3, date(2026, 11, 20), "fortnight")
    assert [part.due_on for part in plan] == [date(2026, 11, 20), date(2026, 12, 5), date(2026, 12, 20)]


@pytest.mark.parametrize(
    ("total", "count", "every", "code"),
    [("0.00", 1, "month", "plan_total"), ("1.00", 0, "month", "plan_count"), ("1.00", 241, "month", "plan_count"),
     ("0.02", 3, "month", "plan_too_thin"), ("1.00", 2, "year", "plan_every")],
)  # fmt: skip
def test_a_plan_that_cannot_be_says_so(total, count, every, code):
    with pytest.raises(DomainError) as caught:
        schedule(brl(total), count, date(2026, 1, 1), every)
    assert caught.value.code == code


@st.composite
def open_accounts(draw):
    currency = draw(currencies)
    invoices = [
        (place, draw(days), Money.from_minor(draw(st.integers(0, 10**9)), currency))
        for place in range(draw(st.integers(0, 8)))
    ]
    return Money.from_minor(draw(st.integers(1, 10**10)), currency), invoices


@given(account=open_accounts(), first=st.none() | st.integers(0, 8))
def test_a_payment_is_spread_to_the_last_cent_oldest_first(account, first):
    payment, invoices = account
    allocations, surplus = allocate(payment, invoices, first=first)
    open_of = {invoice: open_ for invoice, _, open_ in invoices}
    due_of = {invoice: due_on for invoice, due_on, _ in invoices}
    assert sum(part.amount.minor for part in allocations) + surplus.minor == payment.minor
    assert all(0 < part.amount.minor <= open_of[part.invoice_id].minor for part in allocations)
    assert len({part.invoice_id for part in allocations}) == len(allocations)
    taken = {part.invoice_id: part.amount.minor for part in allocations}
    for invoice, amount in taken.items():
        for other, open_ in open_of.items():
            if other != invoice and other != first and invoice != first and due_of[other] < due_of[invoice]:
                assert taken.get(other, 0) == open_.minor, f"an older invoice than {amount} stayed open"
    if surplus.minor:
        assert all(taken.get(invoice, 0) == open_.minor for invoice, open_ in open_of.items())
    if first in open_of and open_of[first].minor:
        assert taken[first] == min(payment.minor, open_of[first].minor)


@given(account=open_accounts(), part=st.integers(1, 10**10))
def test_a_reversal_leaves_what_a_smaller_payment_would_have_settled(account, part):
    payment, invoices = account
    allocations, surplus = allocate(payment, invoices)
    part = min(part, payment.minor)
    reopened, surplus_back = reverse(allocations, surplus, Money.from_minor(part, payment.currency))
    assert sum(back.amount.minor for back in reopened) + surplus_back.minor == part
    net = {allocation.invoice_id: allocation.amount.minor for allocation in allocations}
    for back in reopened:
        net[back.invoice_id] -= back.amount.minor
    if part == payment.minor:
        assert not any(net.values()) and surplus_back == surplus
    else:
        smaller, left = allocate(Money.from_minor(payment.minor - part, payment.currency), invoices)
        assert {a.invoice_id: a.amount.minor for a in smaller} == {i: m for i, m in net.items() if m}
        assert left == surplus - surplus_back


def test_a_whole_reversal_opens_everything_again():
    allocations, surplus = allocate(
        brl("150.00"), [("a", date(2026, 1, 1), brl("100.00")), ("b", date(2026, 2, 1), brl("20.00"))]
    )
    assert [(part.invoice_id, part.amount) for part in allocations] == [("a", brl("100.00")), ("b", brl("20.00"))]
    assert surplus == brl("30.00")
    reopened, back = reverse(allocations, surplus)
    assert [(part.invoice_id, part.amount) for part in reopened] == [("b", brl("20.00")), ("a", brl("100.00"))]
    assert back == brl("30.00")


def test_currencies_are_kept_apart_and_nothing_is_paid_with_nothing():
    with pytest.raises(DomainError, match="each currency apart"):
        allocate(Money(Decimal(5), "MXN"), [(1, date(2026, 1, 1), brl("5.00"))])
    with pytest.raises(DomainError, match="above zero"):
        allocate(brl("0.00"), [])
    allocations, surplus = allocate(brl("5.00"), [(1, date(2026, 1, 1), brl("5.00"))])
    for wrong in (brl("5.01"), brl("-1.00"), brl("0.00")):
        with pytest.raises(DomainError, match="at most the payment"):
            reverse(allocations, surplus, wrong)
    with pytest.raises(DomainError, match="cannot be reversed in MXN"):
        reverse(allocations, surplus, Money(Decimal(1), "MXN"))
