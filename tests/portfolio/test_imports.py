"""Files that come in, again, half, broken, and go back: the same rows give the same result however they are cut."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.errors import DomainError
from kernel.money import Money
from portfolio import services
from portfolio.imports.apply import apply_import
from portfolio.imports.choose import choose
from portfolio.imports.readers import Setting
from portfolio.imports.rejections import rejected_csv, rejected_rows
from portfolio.imports.rows import ContactRow, CreditRow, DebtorRow, InvoiceRow, PaymentRow, RowError
from portfolio.imports.undo import undo_import
from portfolio.models import ContactPoint, Creditor, Debtor, Entry, Import, ImportRejection, Invoice, Payment, Person
from portfolio.places import midday_of
from portfolio.synthetic import generate
from tenants.models import StagedEvent
from tenants.scope import tenant_scope
from tests import factories
from tests.factories import NOON

DUE = date(2026, 11, 1)


@pytest.fixture
def creditor():
    return fresh()


def fresh():
    tenant = factories.make_tenant()
    with tenant_scope(tenant.id):
        return factories.make_creditor()


def apply(creditor, rows, **fields):
    values: dict[str, Any] = {"now": NOON, "file_name": "f.csv", "sink": lambda notes, now: None} | fields
    return apply_import(creditor, rows, **values)


def debtor(line, name="d1"):
    return DebtorRow(line=line, debtor=name, name=f"Ana {name}")


def invoice(line, name="d1", external_id="i1", amount="100.00", due_on=DUE, currency="BRL"):
    return InvoiceRow(
        line=line, debtor=name, external_id=external_id, due_on=due_on, amount=Decimal(amount), currency=currency
    )


def payment(line, name="d1", external_id="p1", amount="30.00", of="", currency="BRL"):
    return PaymentRow(
        line=line,
        debtor=name,
        external_id=external_id,
        paid_on=DUE,
        amount=Decimal(amount),
        currency=currency,
        invoice=of,
    )


def credit(line, name="d1", external_id="c1", amount="5.00"):
    return CreditRow(
        line=line, debtor=name, external_id=external_id, credited_on=DUE, amount=Decimal(amount), currency="BRL"
    )


def state(creditor):
    """Everything that a portfolio is, by the creditor's own ids."""
    with tenant_scope(creditor.tenant_id):
        assert services.rebuild_balances(mend=False) == []
        named = dict(Payment.objects.values_list("id", "external_id"))
        invoices = list(Invoice.objects.select_related("debtor"))
        numbers = {invoice.id: invoice.external_id for invoice in invoices}
        return {
            "debtors": [
                (
                    row.external_id,
                    row.person.name,
                    row.currency,
                    row.open_minor,
                    row.oldest_due_on,
                    bool(row.withdrawn_at),
                )
                for row in Debtor.objects.order_by("external_id").select_related("person")
            ],
            "invoices": sorted(
                (row.debtor.external_id, row.external_id, row.amount_minor, row.open_minor, bool(row.withdrawn_at))
                for row in invoices
            ),
            "payments": sorted(
                (row.debtor.external_id, row.external_id, row.kind, row.minor, row.reversed_at is None)
                for row in Payment.objects.select_related("debtor")
            ),
            "entries": sorted(
                (
                    row.kind,
                    row.minor,
                    numbers[row.invoice_id] if row.invoice_id else "",
                    named[row.payment_id] if row.payment_id else "",
                )
                for row in Entry.objects.all()
            ),
            "contacts": sorted(ContactPoint.objects.values_list("kind", "value", "role", "identity")),
        }


def one_by_one(creditor, rows):
    """The same rows through the services, each in a transaction of its own."""
    for row in rows:
        with tenant_scope(creditor.tenant_id):
            if isinstance(row, DebtorRow):
                services.save_debtor(creditor, row.debtor, {"name": row.name}, now=NOON)
                continue
            owner = Debtor.objects.get(creditor=creditor, external_id=row.debtor)
            money = Money(row.amount, row.currency)
            if isinstance(row, InvoiceRow):
                services.save_invoice(creditor, owner, row.external_id, due_on=row.due_on, amount=money, now=NOON)
            elif isinstance(row, PaymentRow):
                named = Invoice.objects.filter(external_id=row.invoice, debtor=owner).first() if row.invoice else None
                services.record_payment(
                    creditor, owner, row.external_id, money, paid_at=midday_of(row.paid_on, "BR"), now=NOON, source="x",
                    invoice=named, replace=True,
                )  # fmt: skip
            else:
                services.record_credit(
                    creditor,
                    owner,
                    row.external_id,
                    money,
                    credited_at=midday_of(row.credited_on, "BR"),
                    now=NOON,
                    source="x",
                )


_CENTS = st.integers(1, 30000).map(lambda minor: str(Decimal(minor).scaleb(-2)))
_PLACE = st.integers(0, 3)
_ROW = st.one_of(
    st.tuples(st.just("invoice"), _PLACE, _CENTS),
    st.tuples(st.just("payment"), _PLACE, _CENTS),
    st.tuples(st.just("credit"), _PLACE, _CENTS),
)


def rows_of(drawn):
    """Rows of two or three debtors, each with its own ids; a debtor's row comes first."""
    rows, seen = [], set()
    for line, (who, (what, place, cents)) in enumerate(drawn, start=2):
        name = f"d{who}"
        if name not in seen:
            seen.add(name)
            rows.append(debtor(line, name))
        if what == "invoice":
            rows.append(invoice(line, name, f"{name}-i{place}", cents, DUE + timedelta(days=place)))
        elif what == "payment":
            rows.append(payment(line, name, f"{name}-p{place}", cents, of=f"{name}-i{place}" if place % 2 else ""))
        else:
            rows.append(credit(line, name, f"{name}-c{place}", cents))
    return rows


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 2), _ROW), max_size=16), st.sampled_from([1, 2, 5, 1000]))
def test_a_file_gives_what_the_same_facts_one_by_one_give(drawn, commit_rows):
    rows = rows_of(drawn)
    single, whole = fresh(), fresh()
    one_by_one(single, rows)
    done = apply(whole, rows, commit_rows=commit_rows)
    assert done.counts.get("rejected", 0) == 0
    assert state(whole) == state(single)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 2), _ROW), min_size=1, max_size=12), st.integers(0, 12))
def test_a_file_taken_twice_or_undone_and_taken_again_is_the_file_taken_once(drawn, cut):
    rows = rows_of({(who, row[:2]): (who, row) for who, row in drawn}.values())  # each id once
    creditor = fresh()
    first = apply(creditor, rows)
    once = state(creditor)
    apply(creditor, rows)
    twice = state(creditor)
    assert twice == once
    undo_import(first, now=NOON)
    undone = state(creditor)
    assert all(row[3] == 0 and row[5] for row in undone["debtors"])
    assert not any(row[4] for row in undone["payments"])
    apply(creditor, rows)
    again = state(creditor)
    assert {key: again[key] for key in ("debtors", "payments", "contacts")} == {
        key: once[key] for key in ("debtors", "payments", "contacts")
    }
    assert sum(row[3] for row in again["invoices"]) == sum(row[3] for row in once["invoices"])


def test_generated_debtors_come_in_whole(creditor):
    notes = []
    rows = list(generate(40, "BR", 7, date(2026, 11, 17)))
    done = apply(creditor, rows, sink=lambda found, now: notes.extend(found), commit_rows=100)
    assert done.state == "applied" and done.counts["debtors_created"] == 40 and done.counts["rejected"] == 0
    kept = state(creditor)
    assert len(kept["debtors"]) == 40
    owed: dict[str, int] = {}
    for row in rows:
        if isinstance(row, (InvoiceRow, PaymentRow, CreditRow)):
            sign = 1 if isinstance(row, InvoiceRow) else -1
            owed[row.debtor] = owed.get(row.debtor, 0) + sign * Money(row.amount, row.currency).minor
    assert {row[0]: row[3] for row in kept["debtors"]} == owed | {
        row[0]: 0 for row in kept["debtors"] if row[0] not in owed
    }
    assert notes and {note.source for note in notes} == {f"import:{done.id.hex}"}
    with tenant_scope(creditor.tenant_id):
        person = Person.objects.earliest("id")
        assert person.document.startswith("v1.") and person.document_hash
        assert StagedEvent.objects.filter(name="entry.recorded").count() == Entry.objects.count()
        assert StagedEvent.objects.filter(name="debtor.saved").count() == 40
        assert StagedEvent.objects.filter(name="import.applied").count() == 1


def test_a_bad_line_gives_nothing_and_its_reason(creditor):
    with tenant_scope(creditor.tenant_id):
        other = factories.make_debtor(creditor, external_id="other")
        factories.make_invoice(other, "10.00", DUE, number="taken")
    rows = [
        debtor(2), invoice(2),
        debtor(3, "d2"), invoice(3, "d2", "taken"),
        RowError(line=4, column="vencimiento", code="date_unreadable", message="write it", value="x", row=("a", "=b")),
        debtor(5, "d3"), invoice(5, "d3", "i3", currency="USD"), payment(5, "d3", "p3", currency="BRL"),
        invoice(6, "nobody", "i6"),
        debtor(7), payment(7),
    ]  # fmt: skip
    done = apply(creditor, rows, header=("deudor", "vencimiento"))
    assert done.counts["rejected"] == 4 and done.state == "applied" and done.position == 7
    kept = state(creditor)
    assert [row[0] for row in kept["debtors"]] == ["d1", "other"]
    with tenant_scope(creditor.tenant_id):
        why = {error.line: error.code for error in rejected_rows(done)}
        assert why == {
            3: "invoice_other_debtor", 4: "date_unreadable", 5: "currency_differs", 6: "debtor_unknown"
        }  # fmt: skip
        lines = list(csv.reader(io.StringIO(rejected_csv(done))))
        assert lines[0][:2] == ["deudor", "vencimiento"] and lines[2][:2] == ["a", "'=b"]
        assert "=b" not in "".join(ImportRejection.objects.values_list("row", flat=True))  # sealed


def test_what_a_reader_overlooked_is_refused_line_by_line(creditor):
    lost = DebtorRow(line=2, debtor="d1", name="Ana", declared_zone="America/Nowhere")
    rows = [
        lost,
        invoice(2),
        debtor(3, "d2"),
        payment(3, "d2", "p2", "0.00"),
        debtor(4, "d3"),
        invoice(4, "d3", "i3", "1.999"),
    ]
    done = apply(creditor, [*rows, debtor(5, "d4"), invoice(5, "d4", "i4")])
    assert done.counts["rejected"] == 3
    with tenant_scope(creditor.tenant_id):
        assert {error.line: error.code for error in rejected_rows(done)} == {
            2: "zone_unknown", 3: "payment_amount", 4: "amount_decimals"
        }  # fmt: skip
    assert [row[0] for row in state(creditor)["debtors"]] == ["d4"]


def test_a_stopped_import_goes_on_where_it_was(creditor):
    rows = [row for line in range(2, 22) for row in (debtor(line, f"d{line}"), invoice(line, f"d{line}", f"i{line}"))]

    def broken():
        yield from rows[:30]
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="disk"):
        apply(creditor, broken(), commit_rows=10)
    with tenant_scope(creditor.tenant_id):
        stopped = Import.objects.get()
        assert (stopped.state, Debtor.objects.count()) == ("reading", 10)
        assert stopped.position == 11
    done = apply(creditor, rows, resume=stopped, commit_rows=10)
    assert done.id == stopped.id and done.counts["debtors_created"] == 20 and done.counts["rows"] == 40
    assert len(state(creditor)["invoices"]) == 20
    with pytest.raises(DomainError):
        apply(creditor, rows, resume=done)


def test_somebody_who_makes_the_same_debtor_meanwhile_breaks_nothing(creditor, monkeypatch):
    from portfolio.services import book as books

    real = books.Book.write
    raced: list[int] = []

    def write(self):
        if not raced:
            raced.append(1)
            from django.db import IntegrityError

            raise IntegrityError("duplicate key")
        return real(self)

    monkeypatch.setattr(books.Book, "write", write)
    done = apply(creditor, [debtor(2), invoice(2)])
    assert done.counts["debtors_created"] == 1 and done.counts["invoices_created"] == 1


def test_a_corrected_file_corrects(creditor):
    apply(creditor, [debtor(2), invoice(2), payment(2), credit(2)])
    apply(creditor, [debtor(2), invoice(2, amount="90.00"), payment(2, amount="40.00"), credit(2, amount="1.00")])
    kept = state(creditor)
    assert kept["debtors"][0][3] == 9000 - 4000 - 100
    with tenant_scope(creditor.tenant_id):
        assert Debtor.objects.get().balance_as_of == NOON


def test_undoing_keeps_what_came_from_elsewhere(creditor):
    first = apply(creditor, [debtor(2), invoice(2), invoice(3, "d1", "i2", "50.00")])
    with tenant_scope(creditor.tenant_id):
        owner = Debtor.objects.get()
        services.save_invoice(creditor, owner, "api-1", due_on=DUE, amount=Money(Decimal("70.00"), "BRL"), now=NOON)
        services.record_payment(
            creditor, owner, "psp-1", Money(Decimal("120.00"), "BRL"), paid_at=NOON, now=NOON, source="psp:simulator"
        )
    later = apply(creditor, [invoice(2, amount="100.00"), invoice(3, "d1", "api-1", "75.00")])
    undo_import(first, now=NOON)
    kept = state(creditor)
    # the money that was paid on the withdrawn invoices pays the one that stays, the rest is the debtor's
    assert kept["debtors"] == [("d1", "Ana d1", "BRL", 7500 - 12000, None, False)]
    undo_import(later, now=NOON)
    undo_import(later, now=NOON)
    kept = state(creditor)
    assert kept["debtors"][0][3] == 7000 - 12000
    assert ("d1", "psp-1", "payment", 12000, True) in kept["payments"]


def test_an_amount_that_a_later_import_stated_holds(creditor):
    with tenant_scope(creditor.tenant_id):
        owner = factories.make_debtor(creditor, external_id="d1")
        services.save_invoice(creditor, owner, "i1", due_on=DUE, amount=Money(Decimal("70.00"), "BRL"), now=NOON)
    first = apply(creditor, [invoice(2, amount="75.00")])
    later = apply(creditor, [invoice(2, amount="90.00")])
    undo_import(first, now=NOON)
    assert state(creditor)["debtors"][0][3] == 9000
    undo_import(later, now=NOON)
    assert state(creditor)["debtors"][0][3] == 7500


def test_a_payment_that_the_bank_took_back_is_not_revived_by_undoing_and_importing(creditor):
    rows = [debtor(2), invoice(2), payment(2)]
    first = apply(creditor, rows)
    with tenant_scope(creditor.tenant_id):
        services.reverse_payment(Payment.objects.get(), now=NOON, source="bank")
    undo_import(first, now=NOON + timedelta(days=1))
    apply(creditor, rows, now=NOON + timedelta(days=2))
    kept = state(creditor)
    assert kept["debtors"][0][3:] == (10000, DUE, False)
    assert kept["payments"] == [("d1", "p1", "payment", 3000, False)]


def test_a_limited_scope_imports_into_its_own_creditor_only(creditor):
    with tenant_scope(creditor.tenant_id):
        other = factories.make_creditor()
    done = apply(creditor, [debtor(2), invoice(2)], creditor_ids=[creditor.id])
    assert done.counts["debtors_created"] == 1
    with pytest.raises(Exception, match="row-level security"):
        apply(other, [debtor(2)], creditor_ids=[creditor.id])


CSV = """id_cliente;nombre;cpf;celular;factura;vencimento;valor
1;Ana Souza;529.982.247-25;(11) 98765-4321;F-1;25/10/2026;1.234,56
2;João;529.982.247-26;;F-2;26/10/2026;10,00
"""


def test_the_command_imports_reports_and_undoes(creditor, tmp_path, capsys):
    path, refused = tmp_path / "carteira.csv", tmp_path / "refused.csv"
    path.write_text(CSV, encoding="utf-8")
    with tenant_scope(creditor.tenant_id):
        slug = Creditor.objects.get(pk=creditor.pk).tenant.slug
    call_command("import_portfolio", slug, creditor.external_id, str(path), "--rejected", str(refused), "--quiet")
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["invoices_created"] == 1 and told["counts"]["rejected"] == 1
    assert "529.982.247-26" in refused.read_text(encoding="utf-8-sig")
    assert state(creditor)["debtors"][0][3] == 123456
    call_command("rebuild_balances", slug, "--check")
    assert json.loads(capsys.readouterr().out)["differences"] == 0
    call_command("import_portfolio", slug, creditor.external_id, "--undo", told["id"])
    assert json.loads(capsys.readouterr().out)["state"] == "undone"
    assert state(creditor)["debtors"][0][3] == 0


def test_the_reader_is_chosen_by_header_name_or_mapping():
    setting = Setting(today=date(2026, 11, 17), country="BR", currency="BRL")
    found = choose(io.BytesIO(CSV.encode()), setting)
    assert found.mapping["columns"]["vencimento"] == "due_on" and found.synthetic == ()
    assert len(found.sha256) == 64 and found.header[0] == "id_cliente"
    same = choose(io.BytesIO(CSV.encode()), setting, json.dumps(found.mapping))
    assert list(same.rows(0)) == list(found.rows(0))
    assert all(row.line > 2 for row in found.rows(2))
    with pytest.raises(DomainError, match="reader"):
        choose(io.BytesIO(CSV.encode()), setting, "no-such-reader")


def test_every_contact_and_consent_row_reaches_its_person(creditor):
    notes = []
    rows = [
        debtor(2),
        ContactRow(
            line=2, debtor="d1", kind="phone", value="+5511987654321", source="contract", supplied_by="debtor",
            supplied_on=DUE, identity="verified", identity_on=DUE, identity_evidence={"method": "branch"},
            consent_state="granted", consent_evidence={"exact_wording": "sim", "collected_on": "2026-01-02"},
        ),
        ContactRow(line=2, debtor="d1", kind="email", value="ana@example.com", role="work"),
    ]  # fmt: skip
    apply(creditor, rows, sink=lambda found, now: notes.extend(found))
    with tenant_scope(creditor.tenant_id):
        phone, email = ContactPoint.objects.order_by("id")
        said = phone.provenance.pop("verification")
        assert phone.provenance == {"source": "contract", "supplied_by": "debtor", "on": "2026-11-01"}
        assert (said["method"], said["on"]) == ("branch", "2026-11-01") and said["source"].startswith("import:")
        assert (phone.identity, phone.identity_method, email.role) == ("verified", "branch", "work")
        (note,) = notes
        assert (note.contact_point_id, note.person_id, note.state) == (phone.id, phone.person_id, "granted")
