"""Debtors, invoices, balances: what is written, what stays, what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from kernel.errors import DomainError
from kernel.money import Money
from portfolio import hooks, knowledge, queries, services
from portfolio.hooks import ConsentNote, StopNote
from portfolio.models import ContactPoint, Debtor, Entry, Invoice, Person
from tenants.events import sequence
from tenants.models import Event, StagedEvent
from tenants.scope import tenant_scope
from tests import factories
from tests.factories import NOON

BRL = "BRL"


def money(text, currency=BRL):
    return Money(Decimal(text), currency)


@pytest.fixture
def scope():
    tenant = factories.make_tenant()
    with tenant_scope(tenant.id):
        yield tenant


@pytest.fixture
def notes(monkeypatch):
    taken = []
    monkeypatch.setattr(hooks._hooks, "sink", lambda found, now: taken.extend(found))
    return taken


@pytest.fixture
def creditor(scope):
    return factories.make_creditor()


def debtor_of(creditor, external_id="d1", **fields):
    values = {"name": "Ana Souza"} | fields
    return services.save_debtor(creditor, external_id, values, now=NOON)


def invoice_of(creditor, debtor, external_id="i1", amount="100.00", due_on=date(2026, 11, 1), **fields):
    return services.save_invoice(
        creditor, debtor, external_id, due_on=due_on, amount=money(amount, creditor.currency), now=NOON, **fields
    )


def agree():
    assert services.rebuild_balances(mend=False) == []


def names():
    return list(StagedEvent.objects.order_by("id").values_list("name", flat=True))


class TestDebtors:
    def test_stating_it_again_changes_nothing(self, creditor):
        kind, document = factories.make_document()
        fields = {"document_kind": kind, "document": document, "birth_year": 1984, "labels": ["vip"]}
        debtor, first = debtor_of(creditor, **fields)
        before = len(names())
        again, second = debtor_of(creditor, **fields)
        assert (first, second, again.id) == ("created", "unchanged", debtor.id)
        assert len(names()) == before

    def test_what_is_left_out_stays_and_null_empties(self, creditor):
        debtor_of(creditor, city="Recife", labels=["a"], attributes={"product": "card", "risk": "b"})
        debtor, outcome = services.save_debtor(
            creditor, "d1", {"attributes": {"risk": None, "branch": "7"}, "labels": None}, now=NOON
        )
        assert outcome == "updated"
        assert (debtor.attributes, debtor.labels) == ({"product": "card", "branch": "7"}, [])
        assert Person.objects.get(pk=debtor.person_id).city == "Recife"

    def test_one_document_is_one_person_at_two_creditors(self, creditor):
        kind, document = factories.make_document()
        one, _ = debtor_of(creditor, document_kind=kind, document=document)
        other = factories.make_creditor()
        two, _ = services.save_debtor(
            other, "x9", {"name": "A. Souza", "document_kind": kind, "document": document}, now=NOON
        )
        assert one.person_id == two.person_id
        assert Person.objects.get(pk=one.person_id).name == "Ana Souza"  # a second creditor does not rename a person
        assert services.match_person(kind, document) == one.person

    def test_a_document_that_comes_later_joins_the_person_with_their_numbers(self, creditor):
        kind, document = factories.make_document()
        known, _ = debtor_of(creditor, "d1", document_kind=kind, document=document)
        late, _ = services.save_debtor(
            creditor, "d2", {"name": "Ana"}, contacts=[{"value": "+5511987654321"}], now=NOON
        )
        assert late.person_id != known.person_id
        late, _ = services.save_debtor(creditor, "d2", {"document_kind": kind, "document": document}, now=NOON)
        assert late.person_id == known.person_id
        assert ContactPoint.objects.get(person_id=known.person_id).value == "+5511987654321"

    def test_the_check_knows_right_from_wrong_and_stores_neither(self, creditor):
        kind, document = factories.make_document()
        debtor, _ = debtor_of(creditor, document_kind=kind, document=document, birth_year=1984)
        person = Person.objects.get(pk=debtor.person_id)
        assert knowledge.questions(person) == ("document_last3", "birth_year")
        assert knowledge.right(person, "document_last3", document[-3:])
        assert knowledge.right(person, "birth_year", " 1984 ")
        assert not knowledge.right(person, "birth_year", "1985")
        for question, answer in (("document_last3", document[-3:]), ("birth_year", "1984")):
            choices = knowledge.choices(person, question)
            assert len(set(choices)) == 3 and answer in choices
            assert knowledge.choices(person, question) == choices
        assert document not in person.document + person.knowledge and "1984" not in person.knowledge

    def test_what_is_known_of_an_owner_only_grows(self, creditor):
        contact = {"value": "+5511987654321", "identity": "verified", "identity_on": date(2026, 1, 2)}
        debtor, _ = services.save_debtor(creditor, "d1", {"name": "Ana"}, contacts=[contact], now=NOON)
        services.save_debtor(
            creditor, "d1", {}, contacts=[{"value": "+55 11 98765-4321", "identity": "claimed"}], now=NOON
        )
        point = ContactPoint.objects.get(person_id=debtor.person_id)
        assert point.identity == "verified"
        ContactPoint.objects.filter(pk=point.pk).update(identity="wrong_person")
        services.save_debtor(creditor, "d1", {}, contacts=[contact], now=NOON)
        point.refresh_from_db()
        assert point.identity == "wrong_person"

    def test_consents_and_stops_are_handed_on_and_named_alike_each_time(self, creditor, notes):
        contact = {
            "value": "+5511987654321", "consent_state": "granted",
            "consent_evidence": {"exact_wording": "sim", "collected_on": "2026-02-03"},
        }  # fmt: skip
        for _ in range(2):
            services.save_debtor(creditor, "d1", {"name": "Ana", "stops": ["opted_out"]}, contacts=[contact], now=NOON)
        consents = [note for note in notes if isinstance(note, ConsentNote)]
        assert len({note.external_id for note in consents}) == 1 and len(consents) == 2
        assert consents[0].given_at.date() == date(2026, 2, 3)
        assert [note.kind for note in notes if isinstance(note, StopNote)] == ["opted_out"] * 2

    @pytest.mark.parametrize(
        ("fields", "code", "pointer"),
        [
            ({"document": "529.982.247-26", "document_kind": "CPF"}, "document_invalid", "/document"),
            ({"declared_zone": "America/Nowhere"}, "zone_unknown", "/declared_zone"),
            ({"nickname": "x"}, "field_unknown", "/nickname"),
            ({"stops": ["vampire"]}, "stop_unknown", "/stops"),
            ({"name": ""}, "value_missing", "/name"),
        ],
    )
    def test_a_refusal_says_where_and_changes_nothing(self, creditor, fields, code, pointer):
        with pytest.raises(DomainError) as refused:
            debtor_of(creditor, **fields)
        assert (refused.value.code, refused.value.pointer) == (code, pointer)
        assert not Debtor.objects.exists()

    def test_a_withdrawn_debtor_keeps_the_balance_and_loses_what_was_promised(self, creditor):
        debtor, _ = debtor_of(creditor)
        invoice_of(creditor, debtor)
        promise = services.create_promise(debtor, money("50.00"), date(2026, 11, 20), now=NOON, source="test")
        services.withdraw_debtor(debtor, reason="sold", now=NOON, source="test")
        services.withdraw_debtor(debtor, reason="sold", now=NOON, source="test")
        debtor.refresh_from_db()
        promise.refresh_from_db()
        assert (debtor.withdrawn_at, debtor.open_minor, promise.state) == (NOON, 10000, "withdrawn")
        assert names().count("promise.withdrawn") == 1
        debtor_of(creditor, city="Recife")  # a nightly file must not bring back what a person withdrew
        debtor.refresh_from_db()
        assert debtor.withdrawn_at == NOON


class TestInvoices:
    def test_an_invoice_is_a_charge_and_a_new_amount_an_adjustment(self, creditor):
        debtor, _ = debtor_of(creditor)
        invoice, outcome = invoice_of(creditor, debtor)
        assert outcome == "created"
        assert invoice_of(creditor, debtor)[1] == "unchanged"
        invoice, outcome = invoice_of(creditor, debtor, amount="80.00", description="Sofá")
        assert (outcome, invoice.open_minor) == ("updated", 8000)
        entries = list(Entry.objects.order_by("id").values_list("kind", "minor"))
        assert entries == [("charge", 10000), ("adjustment", -2000)]
        debtor.refresh_from_db()
        assert (debtor.open_minor, debtor.oldest_due_on, debtor.balance_as_of) == (8000, date(2026, 11, 1), NOON)
        agree()

    def test_one_account_keeps_one_currency(self, creditor):
        debtor, _ = debtor_of(creditor)
        services.save_invoice(creditor, debtor, "u1", due_on=date(2026, 11, 1), amount=money("9.00", "USD"), now=NOON)
        debtor.refresh_from_db()
        assert debtor.currency == "USD"
        with pytest.raises(DomainError, match="kept in USD"):
            invoice_of(creditor, debtor)

    def test_an_invoice_keeps_its_debtor(self, creditor):
        debtor, _ = debtor_of(creditor)
        other, _ = debtor_of(creditor, "d2")
        invoice_of(creditor, debtor)
        with pytest.raises(DomainError, match="belongs to another debtor"):
            invoice_of(creditor, other)

    def test_a_withdrawn_invoice_gives_its_money_to_the_others(self, creditor):
        debtor, _ = debtor_of(creditor)
        first, _ = invoice_of(creditor, debtor)
        second, _ = invoice_of(creditor, debtor, "i2", due_on=date(2026, 11, 5))
        services.record_payment(creditor, debtor, "p1", money("100.00"), paid_at=NOON, now=NOON, source="test")
        services.withdraw_invoice(first, reason="wrong", now=NOON, source="test")
        services.withdraw_invoice(first, reason="wrong", now=NOON, source="test")
        second.refresh_from_db()
        debtor.refresh_from_db()
        assert (second.open_minor, debtor.open_minor, debtor.oldest_due_on) == (0, 0, None)
        agree()
        assert invoice_of(creditor, debtor, amount="70.00")[0].withdrawn_at is not None  # stays withdrawn

    def test_entries_are_announced_with_their_hash_and_cannot_be_changed(self, scope, creditor):
        from tenants import digests

        debtor, _ = debtor_of(creditor)
        invoice_of(creditor, debtor)
        entry = Entry.objects.get()
        staged = StagedEvent.objects.get(name="entry.recorded")
        assert staged.digest == digests.digest_of("portfolio.entry", entry)
        assert names()[-1] == "debtor.saved"


class TestBalances:
    def test_a_cache_that_lies_is_found_named_and_mended(self, creditor):
        debtor, _ = debtor_of(creditor)
        invoice, _ = invoice_of(creditor, debtor)
        Debtor.objects.filter(pk=debtor.pk).update(open_minor=1, oldest_due_on=date(2020, 1, 1))
        Invoice.objects.filter(pk=invoice.pk).update(open_minor=2)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        found = {(item.table, item.column) for item in services.rebuild_balances()}
        assert found == {
            ("portfolio_invoice", "open_minor"),
            ("portfolio_debtor", "open_minor"),
            ("portfolio_debtor", "oldest_due_on"),
        }  # fmt: skip
        agree()
        debtor.refresh_from_db()
        assert (debtor.open_minor, debtor.oldest_due_on) == (10000, date(2026, 11, 1))

    def test_ageing_and_reconciliation_add_up_to_what_is_open(self, creditor):
        debtor, _ = debtor_of(creditor)
        today = date(2026, 11, 17)
        for days, amount in ((0, "1.00"), (1, "2.00"), (30, "4.00"), (31, "8.00"), (90, "16.00"), (91, "32.00")):
            invoice_of(creditor, debtor, f"i{days}", amount=amount, due_on=today - timedelta(days=days))
        services.record_payment(creditor, debtor, "p1", money("32.50"), paid_at=NOON, now=NOON, source="test")
        rows = queries.ageing(creditor, NOON)
        assert [str(row["open"].amount) for row in rows] == ["1.00", "6.00", "8.00", "15.50", "0.00"]
        (sums,) = queries.reconciliation(creditor)
        assert (sums["open"], sums["balance"], sums["surplus"]) == (money("30.50"), money("30.50"), money("0.00"))
        assert sums["entries"]["payment"] == money("-32.50")
        assert queries.labels_of(debtor_of(creditor, labels=["vip"])[0], NOON) == ["61-90", "vip"]


def test_events_reach_the_log_in_order():
    tenant = factories.make_tenant()
    with tenant_scope(tenant.id):
        creditor = factories.make_creditor()
        debtor, _ = debtor_of(creditor)
        invoice_of(creditor, debtor)
    while sequence():
        pass
    with tenant_scope(tenant.id):
        seen = list(Event.objects.order_by("sequence").values_list("name", flat=True))
    assert seen == ["debtor.saved", "entry.recorded", "invoice.saved", "debtor.saved"]


def test_a_creditors_own_people_join_a_person_whom_they_cannot_see():
    tenant = factories.make_tenant(kind="agency")
    kind, document = factories.make_document()
    with tenant_scope(tenant.id):
        one, two = factories.make_creditor(), factories.make_creditor()
        known, _ = debtor_of(one, document_kind=kind, document=document)
    with tenant_scope(tenant.id, creditor_ids=[two.id]):
        assert not Person.objects.exists()
        joined, outcome = services.save_debtor(
            two, "d1", {"name": "Outra", "document_kind": kind, "document": document},
            contacts=[{"value": "+5511987654321"}], now=NOON,
        )  # fmt: skip
        assert (joined.person_id, outcome) == (known.person_id, "created")
        assert list(Debtor.objects.values_list("creditor_id", flat=True)) == [two.id]
