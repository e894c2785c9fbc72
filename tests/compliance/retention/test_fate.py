"""Periods and fates without a database: nothing before its time, nothing under a hold, strongest reason first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.retention.fate import HELD, OPEN, PERIOD, Account, fate_of, plan_of, together
from compliance.retention.periods import (
    CLASSES,
    KINDS,
    PERSONAL,
    Period,
    check_own,
    countries,
    deadline_for,
    due_on,
    law_of,
    with_own,
)
from kernel.errors import DomainError
from kernel.ids import uuid7

NOW = datetime(2026, 11, 17, 18, tzinfo=UTC)
instants = st.integers(0, 7300 * 1440).map(
    lambda minutes: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
lands = st.sampled_from([*countries(), "XX"])


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    return Account(
        debtor_id=uuid7(), person_id=uuid7(), creditor_id=uuid7(), country=draw(lands), open=draw(st.booleans()),
        closed_at=draw(instants), held=draw(st.booleans()), held_until=draw(st.none() | instants),
        asked=draw(st.booleans()),
    )  # fmt: skip


@given(accounts(), instants, st.booleans())
def test_nothing_under_a_hold_goes_whoever_asks(account, now, on_request):
    for rule in law_of(account.country).rules.values():
        fate = fate_of(replace(account, held=True), rule, now, on_request=on_request)
        assert not fate.erased
        assert fate.why == (HELD if rule.period else "ledger")


@given(accounts(), instants)
def test_nothing_goes_by_itself_before_its_time(account, now):
    for rule in law_of(account.country).rules.values():
        fate = fate_of(account, rule, now)
        if fate.erased:
            assert rule.period and not account.open and not account.held
            assert now >= rule.period.after(account.closed_at)
        elif fate.why == PERIOD:
            assert rule.period and fate.until == rule.period.after(account.closed_at) and fate.until > now


@given(accounts(), instants)
def test_what_is_owed_keeps_all_that_the_work_needs(account, now):
    for name, rule in law_of(account.country).rules.items():
        fate = fate_of(replace(account, open=True, held=False), rule, now, on_request=True)
        assert fate.erased is (name == "profile")
        assert fate.erased or fate.why in (OPEN, "ledger")


@given(st.lists(accounts(), min_size=1, max_size=4), instants, st.booleans())
def test_what_accounts_share_goes_only_when_every_one_lets_it_go(mine, now, on_request):
    person = uuid7()
    mine = [replace(account, person_id=person) for account in mine]
    plan = plan_of(mine, {account.country: law_of(account.country) for account in mine}, now, on_request=on_request)
    for name in PERSONAL:
        each = [fates[name] for fates in plan.accounts.values()]
        assert plan.person_lets_go(name) is all(fate.erased for fate in each)
        assert set(plan.debtors_let_go(name)) == {key for key, fates in plan.accounts.items() if fates[name].erased}
        if any(fate.why == HELD for fate in each):
            assert plan.shared[name].why == HELD
        shared = together(each)
        ends = [fate.until for fate in each if not fate.erased and fate.why == shared.why]
        assert shared.erased or shared.until == (None if None in ends else max(end for end in ends if end))


@given(accounts(), instants, st.integers(0, 4000))
def test_time_only_lets_more_go(account, now, days):
    account = replace(account, held=False, asked=False)
    for rule in law_of(account.country).rules.values():
        if fate_of(account, rule, now).erased:
            assert fate_of(account, rule, now + timedelta(days=days)).erased


@given(instants, st.integers(1, 200))
def test_a_month_never_passes_over_the_last_day(at, months):
    end = Period(months=months).after(at)
    assert (end.year - at.year) * 12 + end.month - at.month == months
    assert end.day <= at.day and end - at <= timedelta(days=months * 31)


@pytest.mark.parametrize("country", [*countries(), "XX"])
def test_every_country_says_how_long_why_and_by_which_law(country):
    law = law_of(country)
    assert tuple(law.rules) == CLASSES
    for name, rule in law.rules.items():
        assert rule.law and rule.confidence in ("V1", "V2", "M", "S"), name
        assert (rule.period is None) is (name in ("decisions", "ledger"))
        if rule.period and rule.least:
            assert rule.least.length <= rule.period.length
        if rule.period and rule.most:
            assert rule.period.length <= rule.most.length
    for kind in KINDS:
        for day in (date(2026, 11, 17), date(2027, 3, 1)):
            assert deadline_for(law, kind, day).days > 0


@pytest.mark.parametrize(
    ("country", "kind", "received", "last"),
    [
        ("BR", "access", date(2026, 11, 17), date(2026, 12, 2)),
        ("MX", "erasure", date(2026, 11, 13), date(2026, 12, 14)),  # 16 November is a holiday
        ("CO", "access", date(2026, 12, 4), date(2026, 12, 21)),  # 8 December is a holiday
        ("CO", "erasure", date(2026, 12, 4), date(2026, 12, 29)),  # and so is the 25th
        ("CL", "access", date(2026, 11, 27), date(2026, 12, 1)),  # the law of before December
        ("CL", "access", date(2026, 12, 1), date(2026, 12, 31)),  # and the new one
        ("AR", "erasure", date(2026, 12, 4), date(2026, 12, 15)),  # 7 (bridge) and 8 December
        ("XX", "erasure", date(2026, 11, 17), date(2026, 12, 2)),
    ],
)
def test_deadlines_by_hand(country, kind, received, last):
    assert due_on(deadline_for(law_of(country), kind, received), received, country) == last


def test_an_organisation_shortens_freely_and_lengthens_with_a_reason():
    words = law_of("BR").rules["words"]
    check_own(words, Period(months=12), "")
    with pytest.raises(DomainError, match="needs a reason"):
        check_own(words, Period(months=61), " ")
    check_own(words, Period(months=61), "a regulator asked for it")
    with pytest.raises(DomainError, match="30 years"):
        check_own(words, Period(months=361), "because")


def test_the_law_sets_floors_and_ceilings():
    with pytest.raises(DomainError, match="24 months at least"):
        check_own(law_of("CL").rules["words"], Period(months=23), "")
    with pytest.raises(DomainError, match="60 months at most"):
        check_own(law_of("AR").rules["words"], Period(months=61), "because")
    with pytest.raises(DomainError, match="no period"):
        check_own(law_of("AR").rules["ledger"], Period(months=1), "because")


def test_an_own_period_keeps_the_countrys_beside_it():
    own = with_own(law_of("BR"), {"words": (Period(months=12), "short", "user:1")}).rules["words"]
    assert (own.period, own.lawful, own.reason) == (Period(months=12), Period(months=60), "short")
    assert law_of("BR").rules["words"].period == Period(months=60)
