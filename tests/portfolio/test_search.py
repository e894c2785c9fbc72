"""Finding people: words without accents, ends of phone numbers, documents, numbers of bills; by an index, in the wall."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import machine_now
from kernel.ids import uuid7
from kernel.money import Money
from portfolio import search as finding
from portfolio.imports.apply import apply_import
from portfolio.imports.rows import ContactRow, DebtorRow, InvoiceRow, Row, RowError
from portfolio.models import Creditor, Debtor, Person, SearchToken
from portfolio.queries import search
from portfolio.services import save_debtor, save_invoice, save_person
from portfolio.tasks import index as index_job
from tenants import jobs
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.factories import NOON, make_creditor, make_debtor, make_document, make_phone, make_tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    made = make_tenant("MX")
    with tenant_scope(made.pk):
        yield made


def saved(creditor: Creditor, name: str, external_id: str = "", **fields: Any) -> Debtor:
    contacts = fields.pop("contacts", [])
    debtor, _ = save_debtor(
        creditor, external_id or f"X{uuid7().hex[-8:]}", {"name": name, **fields}, contacts=contacts, now=NOON
    )
    return debtor


def test_a_name_is_found_by_beginnings_of_its_words_without_accents(tenant: Tenant) -> None:
    creditor = make_creditor()
    debtor = saved(creditor, "Íñigo Muñoz de la Peña")
    saved(creditor, "Ximena Ortega")
    for text in ("muñoz", "MUNOZ", "inigo pena", "pen ini", "Muñoz, Íñ", "de la peña"):
        assert search(text, 10) == [debtor.person_id], text
    assert search("zz", 10) == [] and search("", 10) == [] and search("m", 10) == []


def test_a_phone_is_found_by_its_end_and_in_any_form(tenant: Tenant) -> None:
    creditor = make_creditor()
    phone = make_phone("MX")
    debtor = saved(creditor, "Rocío Peña", contacts=[{"value": phone, "source": "contract", "supplied_by": "debtor"}])
    for text in (phone, phone[-4:], phone[3:], f"{phone[3:5]} {phone[5:9]} {phone[9:]}", f"({phone[3:5]}) {phone[5:]}"):
        assert search(text, 10) == [debtor.person_id], text
    assert search(phone[-3:], 10) == []


def test_a_document_is_found_whole_and_only_whole(tenant: Tenant) -> None:
    kind, document = make_document("MX")
    debtor = saved(make_creditor(), "Raúl García", document_kind=kind, document=document)
    assert search(document.lower(), 5) == [debtor.person_id]
    assert search(document[:-2], 5) == []


def test_an_invoice_and_an_account_are_found_by_the_beginning_of_their_number(tenant: Tenant) -> None:
    creditor = make_creditor()
    debtor = saved(creditor, "Ana Ríos", "ACC-778-1")
    save_invoice(
        creditor, debtor, "ext-1", now=NOON, number="FAC-2026/0091", due_on=date(2026, 11, 1),
        amount=Money(Decimal(10), "MXN"),
    )  # fmt: skip
    for text in ("FAC-2026/0091", "fac2026", "acc-778", "ACC 778-1", "ext-1"):
        assert search(text, 5) == [debtor.person_id], text
    assert len(finding.invoices_named("fac-2026", 5)) == 1
    save_invoice(creditor, debtor, "ext-1", now=NOON, number="NEW-55")
    assert search("fac2026", 5) == [] and search("new-55", 5) == [debtor.person_id]


def test_a_new_name_takes_the_old_ones_place(tenant: Tenant) -> None:
    debtor = saved(make_creditor(), "Yuliana Prado")
    save_person(Person.objects.get(pk=debtor.person_id), {"name": "Yuliana Robles"}, now=NOON, source="test")
    assert search("prado", 5) == [] and search("robles yul", 5) == [debtor.person_id]


def test_a_debtor_who_is_somebody_else_is_found_under_them(tenant: Tenant) -> None:
    creditor = make_creditor()
    kind, document = make_document("MX")
    known = saved(creditor, "Luz Marina Ortiz", document_kind=kind, document=document)
    other = saved(creditor, "L. M. Ortiz", "MOVED-91")
    saved(creditor, "L. M. Ortiz", "MOVED-91", document_kind=kind, document=document)
    assert Debtor.objects.get(pk=other.pk).person_id == known.person_id
    assert search("moved-91", 5) == [known.person_id]


def test_an_import_is_found_too_and_older_rows_by_and_by() -> None:
    tenant = make_tenant("MX")
    with tenant_scope(tenant.pk):
        creditor = make_creditor()
    phone = make_phone("MX")
    rows: list[Row | RowError] = [
        DebtorRow(line=1, debtor="I-1", name="Guadalupe Ñandú"),
        ContactRow(line=1, debtor="I-1", kind="phone", value=phone),
        InvoiceRow(
            line=1, debtor="I-1", external_id="INV-900", due_on=date(2026, 10, 1), amount=Decimal(5), currency="MXN"
        ),
    ]
    apply_import(creditor, rows, now=NOON)
    with tenant_scope(tenant.pk):
        person_id = Debtor.objects.get(external_id="I-1").person_id
        assert search("nandu", 5) == search(phone, 5) == search("inv-900", 5) == [person_id]
        old = make_debtor(creditor, external_id="OLD-77", invoices=[("10", date(2026, 1, 1))])  # without the services
        assert search("old-77", 5) == []
    jobs.enqueue(finding.INDEX, finding.FROM_THE_START, tenant_id=tenant.pk)
    for _ in range(3):
        for job in jobs.lease(now=machine_now(), tasks=[finding.INDEX], tenant_id=tenant.pk):
            index_job(tenant.pk, job)
    with tenant_scope(tenant.pk):
        assert search("old-77", 5) == [old.person_id]
        assert search("nandu", 5) == [person_id]
        before = SearchToken.objects.count()
        finding.index([person_id, old.person_id])
        assert SearchToken.objects.count() == before
    assert not jobs.lease(now=machine_now(), tasks=[finding.INDEX], tenant_id=tenant.pk)


def test_who_sees_some_creditors_finds_their_debtors_only() -> None:
    tenant = make_tenant("MX")
    with tenant_scope(tenant.pk):
        ours, theirs = make_creditor(), make_creditor()
        kind, document = make_document("MX")
        shared = saved(ours, "Compartida Vega", "OURS-1", document_kind=kind, document=document)
        saved(theirs, "Compartida Vega", "THEIRS-1", document_kind=kind, document=document)
        saved(theirs, "Ajena Vega", "THEIRS-2")
    with tenant_scope(tenant.pk, creditor_ids=[ours.pk]):
        assert search("vega", 9) == [shared.person_id]
        assert search("theirs-1", 9) == []
        assert search("ours-1", 9) == [shared.person_id]
    with tenant_scope(make_tenant("MX").pk):
        assert search("vega", 9) == []


def test_search_reads_an_index_among_twenty_thousand() -> None:
    tenant = make_tenant("MX")
    names = ("maria", "marta", "jose", "juan", "ana", "luis", "rosa", "carmen", "pedro", "elena")
    rows = []
    for number in range(10_000):
        person = uuid7()
        rows += [
            {"id": str(uuid7()), "p": str(person), "k": "n", "t": names[number % 10]},
            {"id": str(uuid7()), "p": str(person), "k": "n", "t": f"apellido{number:05d}"},
        ]
    with tenant_scope(tenant.pk), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO portfolio_searchtoken (id, tenant_id, person_id, creditor_id, subject_id, kind, token) "
            "SELECT id, %s, p, NULL, p, k, t FROM json_to_recordset(%s) AS x(id uuid, p uuid, k text, t text)",
            [tenant.pk, json.dumps(rows)],
        )
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE portfolio_searchtoken")
    seen = []

    def plans(execute, sql, params, many, context):
        with connection.connection.cursor() as raw:
            raw.execute(f"EXPLAIN {sql}", params)
            seen.append("\n".join(row[0] for row in raw.fetchall()))
        return execute(sql, params, many, context)

    with tenant_scope(tenant.pk):
        with connection.execute_wrapper(plans):
            found = search("mar apellido0123", 20)
        with connection.execute_wrapper(plans):
            search("apellido01", 20)
    assert len(found) == 2  # of ten people of that number range, those called maria and marta
    tokens = [plan for plan in seen if "portfolio_searchtoken" in plan]
    assert len(tokens) >= 2
    for plan in tokens:
        assert "Seq Scan on portfolio_searchtoken" not in plan, plan
        assert "portfolio_searchtoken_find" in plan, plan


@given(st.text(max_size=40))
def test_words_hold_nothing_but_plain_letters_and_digits(text: str) -> None:
    words = finding.name_words(text)
    assert all(word and word.isascii() and word.isalnum() and word == word.lower() for word in words)
    assert words == finding.name_words(" ".join(words)) or any(len(word) == 1 for word in words)


@given(st.text("abcxyz019", min_size=1, max_size=8), st.text("abcxyz019", max_size=8))
def test_a_range_holds_what_begins_so_and_nothing_else(prefix: str, other: str) -> None:
    for text in (prefix + other, other):
        assert (prefix <= text < finding.after(prefix)) == text.startswith(prefix)


def test_ids_of_nobody_are_indexed_as_nothing(tenant: Tenant) -> None:
    assert finding.index([uuid.uuid4()]) == 0
