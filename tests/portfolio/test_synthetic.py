"""Made-up debtors: valid, distinct, the same for a seed, and spread as the measured figures say."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import DomainError
from kernel.money import Money
from kernel.phones import to_e164
from portfolio import documents
from portfolio.ageing import bucket_on
from portfolio.imports.rows import (
    CONSENT_STATES,
    IDENTITY_STATES,
    ROLES,
    STOPS,
    SUPPLIERS,
    ContactRow,
    CreditRow,
    DebtorRow,
    Group,
    InvoiceRow,
    PaymentRow,
    groups,
)
from portfolio.synthetic import MAX_PEOPLE, generate, identity
from portfolio.synthetic.people import permuted

TODAY = date(2026, 11, 21)
COUNTRIES = ["BR", "MX", "CO", "CL", "PE", "AR"]


@given(country=st.sampled_from(COUNTRIES), seed=st.integers(0, 2**32), index=st.integers(0, MAX_PEOPLE - 1))
def test_everybody_has_a_valid_document_and_valid_mobiles(country, seed, index):
    made = identity(country, seed, index)
    assert documents.check(made.document_kind, made.document, country) == made.document
    assert documents.holder_of(made.document_kind, made.document, country) in (made.kind, None)
    for phone in (made.phone, made.second_phone):
        assert to_e164(phone) == phone
        parsed = phonenumbers.parse(phone)
        assert phonenumbers.region_code_for_number(parsed) == country
        assert phonenumbers.number_type(parsed) in (
            phonenumbers.PhoneNumberType.MOBILE,
            phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
        )
    assert made.phone != made.second_phone
    assert made.email.isascii() and made.email.endswith("@example.com")
    if made.kind == "human":
        assert made.birth_year and 1950 <= made.birth_year <= 2004 and not made.contact_name
    else:
        assert made.birth_year is None and made.contact_name and made.contact_position
    if made.document_kind == "RFC" and made.kind == "human":
        assert str(made.birth_year)[2:] == made.document[4:6]


@given(size=st.integers(3, 5000), salt=st.text(max_size=5))
def test_a_permutation_meets_every_number_once(size, salt):
    assert sorted(permuted(index, size, salt) for index in range(size)) == list(range(size))


@pytest.mark.parametrize("country", COUNTRIES)
def test_fifty_thousand_people_share_no_document_and_no_number(country):
    seen_documents: set[tuple[str, str]] = set()
    seen_phones: set[str] = set()
    subdivisions: set[str] = set()
    for index in range(50_000):
        made = identity(country, 7, index)
        seen_documents.add((made.document_kind, made.document))
        seen_phones.update((made.phone, made.second_phone))
        subdivisions.add(made.subdivision)
    assert len(seen_documents) == 50_000
    assert len(seen_phones) == 100_000
    assert len(subdivisions) > 5


def test_the_same_seed_makes_the_same_people_whatever_their_number():
    assert (
        list(generate(20, "BR", 5, TODAY))
        == list(generate(40, "BR", 5, TODAY))[: len(list(generate(20, "BR", 5, TODAY)))]
    )
    assert identity("BR", 5, 3) != identity("BR", 6, 3)


def test_what_cannot_be_made_is_refused():
    with pytest.raises(DomainError, match="choose one of BR"):
        list(generate(1, "FR", 1, TODAY))
    with pytest.raises(ValueError, match="outside"):
        identity("BR", 1, MAX_PEOPLE)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_portfolio_is_sound(country):
    made = list(groups(generate(400, country, 11, TODAY)))
    assert len(made) == 400 and all(isinstance(group, Group) for group in made)
    ids: Counter[str] = Counter()
    for group in made:
        assert isinstance(group, Group)
        bills: dict[str, Decimal] = {}
        for row in group.rows:
            assert row.debtor == group.debtor
            if isinstance(row, InvoiceRow):
                ids[row.external_id] += 1
                assert row.issued_on and row.issued_on < row.due_on and Money(row.amount, row.currency).minor > 0
                bills[row.external_id] = row.amount
            elif isinstance(row, (PaymentRow, CreditRow)):
                ids[row.external_id] += 1
                assert Money(row.amount, row.currency).minor > 0
                bills[row.invoice] -= row.amount
                assert (row.paid_on if isinstance(row, PaymentRow) else row.credited_on) <= TODAY
            elif isinstance(row, ContactRow):
                assert row.source == "synthetic"
                assert row.role in ROLES and row.supplied_by in SUPPLIERS
                assert row.identity in IDENTITY_STATES and row.consent_state in CONSENT_STATES
                assert row.consent_state != "granted" or row.consent_evidence["synthetic"] is True
                assert row.identity != "verified" or row.identity_on
            else:
                assert set(row.stops) <= set(STOPS) and len(row.name) <= 200
        assert min(bills.values()) >= 0 and sum(bills.values()) > 0
    assert max(ids.values()) == 1


def test_the_spread_is_the_measured_one():
    oldest: Counter[str] = Counter()
    languages: set[str] = set()
    verified = granted = companies = stops = phones = 0
    n = 4000
    for group in groups(generate(n, "BR", 3, TODAY)):
        assert isinstance(group, Group)
        settled: dict[str, Decimal] = defaultdict(Decimal)
        for row in group.rows:
            if isinstance(row, (PaymentRow, CreditRow)):
                settled[row.invoice] += row.amount
        open_bills = [
            row for row in group.rows if isinstance(row, InvoiceRow) and row.amount > settled[row.external_id]
        ]
        oldest[bucket_on(min(row.due_on for row in open_bills), TODAY)] += 1
        debtor, phone = group.rows[0], group.rows[1]
        assert isinstance(debtor, DebtorRow) and isinstance(phone, ContactRow)
        languages.add(debtor.language)
        companies += debtor.kind == "company"
        stops += bool(debtor.stops)
        verified += phone.identity == "verified"
        granted += phone.consent_state == "granted"
        phones += phone.kind == "phone"
    share = {name: count / n for name, count in oldest.items()}
    assert languages == {"pt"} and phones == n
    assert 0.17 < share["current"] < 0.23
    behind = 1 - share["current"]
    assert abs(share["1-30"] / behind - 0.542) < 0.04
    assert abs(share["31-60"] / behind - 0.392) < 0.04
    assert abs((share["61-90"] + share["90+"]) / behind - 0.066) < 0.02
    assert 0.10 < companies / n < 0.14 and 0.015 < stops / n < 0.04
    assert 0.58 < verified / n < 0.66 and 0.85 < granted / n < 0.91
