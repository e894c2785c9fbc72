"""Any CSV: layouts, numbers, dates, words; good lines come in, bad ones come back with reasons."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import DomainError
from kernel.money import minor_units
from portfolio.imports.mapping import Formats, Mapping, Marks, files, guess, layout, read, write_rejected
from portfolio.imports.mapping.columns import field_of
from portfolio.imports.mapping.formats import date_order_of, decimal_of, parse_amount, parse_date
from portfolio.imports.mapping.rejected import escaped, unescaped
from portfolio.imports.rows import (
    ContactRow,
    CreditRow,
    DebtorRow,
    Group,
    InvoiceRow,
    PaymentRow,
    RowError,
    groups,
)

MX = """Nº Cliente;Nombre;RFC;Teléfono celular;Fecha de vencimiento;Factura;Monto;Saldo;Producto
1;José Peña;GODE561231GR8;55 1234 5678;31/01/2026;F-1;1.234,56;1.000,00;Luz
2;"Ana; López";;5587654321;05/02/2026;F-2;500,00;;Agua
"""


def as_file(text: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


def taken(text: str, mapping: Mapping | None = None, country: str = "MX") -> list:
    file = as_file(text)
    if mapping is None:
        found = layout(file)
        mapping = guess(found.header, found.sample, country)
    return list(read(file, mapping))


def errors_of(rows: list) -> list[tuple[int, str, str]]:
    return [(row.line, row.column, row.code) for row in rows if isinstance(row, RowError)]


BASE = Mapping(
    columns={"id": "debtor_id", "name": "name", "bill": "invoice_id", "due": "due_on", "amount": "amount"},
    constants={"country": "BR", "currency": "BRL"},
    formats=Formats(decimal=",", dates="dmy"),
)


# --- layout


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_encoding_and_separator_are_found(encoding, separator):
    rows = list(csv.reader(io.StringIO(MX), delimiter=";"))
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    file = as_file(out.getvalue(), encoding)
    found = layout(file)
    assert (found.separator, found.header) == (separator, tuple(rows[0]))
    assert found.sample == tuple(map(tuple, rows[1:]))
    names = [row.name for row in read(file, guess(found.header, found.sample, "MX")) if isinstance(row, DebtorRow)]
    assert names == ["José Peña", "Ana; López"]


def test_a_letter_far_down_still_decides_the_encoding():
    lines = "id;name;bill;due;amount\n" + "1;Ana;F;01/02/2026;1,00\n" * 5000
    file = io.BytesIO(lines.encode() + "2;José;G;01/02/2026;1,00\n".encode("latin-1"))
    assert [row.name for row in read(file, BASE) if isinstance(row, DebtorRow)][-1] == "José"


def test_bytes_that_fit_no_encoding_are_an_error_of_their_line_only():
    file = io.BytesIO(b"id;name;bill;due;amount\n1;Jos\xe9;F;01/02/2026;1,00\n2;Ana;G;01/02/2026;1,00\n")
    rows = list(
        read(file, Mapping(columns=BASE.columns, constants=BASE.constants, formats=BASE.formats, encoding="utf-8"))
    )
    assert errors_of(rows) == [(2, "name", "text_broken")]
    assert [row.name for row in rows if isinstance(row, DebtorRow)] == ["Ana"]


@pytest.mark.parametrize("text", ["", "\n\n  \n"])
def test_an_empty_file_says_so(text):
    with pytest.raises(DomainError, match="the file is empty"):
        layout(as_file(text))


def test_the_callers_file_stays_open():
    file = as_file(MX)
    list(read(file, guess(layout(file).header, layout(file).sample, "MX")))
    assert not file.closed


def test_doubled_and_nameless_columns_are_told_apart():
    assert layout(as_file("a;a;;a\n1;2;3;4\n")).header == ("a", "a (2)", "column 3", "a (3)")


# --- numbers


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [
        ("1.234,56", "", "1234.56"),
        ("1,234.56", "", "1234.56"),
        ("1234.56", "", "1234.56"),
        ("1234,5", "", "1234.50"),
        ("1.234.567", "", "1234567.00"),
        ("1,234,567", "", "1234567.00"),
        ("1234.567,8", ",", None),
        ("R$ 1.234,56", "", "1234.56"),
        ("$ 12.50", "", "12.50"),
        ("(12,50)", "", "-12.50"),
        ("12,50-", "", "-12.50"),
        ("-12.50", "", "-12.50"),
        ("1 234,56", "", "1234.56"),
        ("1'234.56", "", "1234.56"),
        ("1.234", "", None),
        ("1,234", "", None),
        ("1.234", ",", "1234.00"),
        ("1.234", ".", None),
        ("1,234", ".", "1234.00"),
        ("1,234", ",", None),
        ("12", "", "12.00"),
        ("0.50", "", "0.50"),
        ("12.5000", "", "12.50"),
        ("1.23.4", "", None),
        ("12,34,56", "", None),
        ("", "", None),
        ("abc", "", None),
        ("1e5", "", None),
        (".", "", None),
        ("--1", "", None),
        ("1.234,567", "", None),
        (",50", "", "0.50"),
        ("99999999999999", "", None),
        ("MXN 1,000.00", "", "1000.00"),
        ("٣", "", None),
    ],
)
def test_amounts_as_people_write_them(text, mark, amount):
    if amount is None:
        with pytest.raises(DomainError):
            parse_amount(text, "BRL", mark)
    else:
        assert parse_amount(text, "BRL", mark) == Decimal(amount)


def test_a_number_with_two_meanings_is_refused_by_name():
    with pytest.raises(DomainError) as caught:
        parse_amount("1.234", "BRL")
    assert caught.value.code == "amount_ambiguous" and "mapping" in str(caught.value)
    with pytest.raises(DomainError) as caught:
        parse_amount("1500.50", "CLP")
    assert caught.value.code == "amount_decimals"
    assert parse_amount("1500.00", "CLP") == 1500


@given(
    minor=st.integers(-(10**14), 10**14),
    currency=st.sampled_from(["BRL", "MXN", "CLP"]),
    mark=st.sampled_from([",", "."]),
    grouped=st.booleans(),
)
def test_an_amount_survives_every_way_of_writing_it(minor, currency, mark, grouped):
    places = minor_units(currency)
    amount = Decimal(minor).scaleb(-places)
    if abs(amount) >= 10**13:
        return
    text = f"{amount:{',' if grouped else ''}.{places}f}"
    if mark == ",":
        text = text.translate({ord(","): ".", ord("."): ","})
    assert parse_amount(text, currency, mark) == amount
    try:
        assert parse_amount(text, currency) == amount  # unsaid, it is understood the same or refused
    except DomainError as error:
        assert error.code == "amount_ambiguous"


@given(text=st.text(max_size=20))
def test_no_text_breaks_a_number_or_a_date(text):
    for mark in ("", ",", "."):
        with suppress(DomainError):
            assert isinstance(parse_amount(text, "BRL", mark), Decimal)
    for order in ("", "dmy", "mdy"):
        with suppress(DomainError):
            assert isinstance(parse_date(text, order), date)


def test_a_column_decides_its_decimal_mark_only_by_proof():
    assert decimal_of(["1.234", "12,50", "3"]) == ","
    assert decimal_of(["1,234", "1234.5"]) == "."
    assert decimal_of(["1.234", "5.678"]) == ""
    assert decimal_of(["1,50", "1.50"]) == ""
    assert decimal_of(["1.234.567"]) == ","


# --- dates


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2026-01-31", "", date(2026, 1, 31)),
        ("2026/1/5", "mdy", date(2026, 1, 5)),
        ("20260131", "", date(2026, 1, 31)),
        ("2026-01-31T10:20:30Z", "", date(2026, 1, 31)),
        ("2026-01-31 00:00:00", "", date(2026, 1, 31)),
        ("31/01/2026", "", date(2026, 1, 31)),
        ("01/31/2026", "", date(2026, 1, 31)),
        ("05/02/2026", "dmy", date(2026, 2, 5)),
        ("05/02/2026", "mdy", date(2026, 5, 2)),
        ("05.02.2026", "dmy", date(2026, 2, 5)),
        ("5-2-2026", "dmy", date(2026, 2, 5)),
        ("04/04/2026", "", date(2026, 4, 4)),
        ("05/02/2026", "", "date_ambiguous"),
        ("31/02/2026", "dmy", "date_impossible"),
        ("31/01/2026", "mdy", "date_impossible"),
        ("31/01/26", "dmy", "date_format"),
        ("45321", "", "date_format"),
        ("mañana", "", "date_format"),
        ("01/01/1900", "dmy", "date_range"),
        ("2026-13-01", "", "date_impossible"),
    ],
)
def test_dates_as_people_write_them(text, order, day):
    if isinstance(day, date):
        assert parse_date(text, order) == day
    else:
        with pytest.raises(DomainError) as caught:
            parse_date(text, order)
        assert caught.value.code == day


@given(day=st.dates(date(1950, 1, 1), date(2100, 12, 31)), mark=st.sampled_from("/-."))
def test_a_date_survives_every_way_of_writing_it(day, mark):
    assert parse_date(day.isoformat()) == day
    assert parse_date(f"{day:%d{mark}%m{mark}%Y}", "dmy") == day
    assert parse_date(f"{day:%m{mark}%d{mark}%Y}", "mdy") == day
    try:
        assert parse_date(f"{day:%d{mark}%m{mark}%Y}") == day
    except DomainError as error:
        assert error.code == "date_ambiguous"


def test_a_column_decides_its_date_order_only_by_proof():
    assert date_order_of(["05/02/2026", "31/01/2026"]) == "dmy"
    assert date_order_of(["05/02/2026", "01/31/2026"]) == "mdy"
    assert date_order_of(["05/02/2026"]) == ""
    assert date_order_of(["31/01/2026", "01/31/2026"]) == ""


# --- the guess


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Vencimiento", "due_on"),
        ("Data de Vencimento", "due_on"),
        ("due_date", "due_on"),
        ("DT_VENCIMENTO", "due_on"),
        ("Fec. Vencimiento", "due_on"),
        ("Valor", "amount"),
        ("Monto", "amount"),
        ("Importe Total", "amount"),
        ("Saldo", "balance"),
        ("Saldo em aberto", "balance"),
        ("N° Factura", "invoice_id"),
        ("Número da fatura", "invoice_id"),
        ("Folio", "invoice_id"),
        ("Nº Cliente", "debtor_id"),
        ("ID do cliente", "debtor_id"),
        ("Cliente", "name"),
        ("Razão Social", "name"),
        ("CPF/CNPJ", "document"),
        ("Cédula", "document"),
        ("Celular", "phone"),
        ("WhatsApp", "phone"),
        ("E-mail", "email"),
        ("Correo electrónico", "email"),
        ("UF", "subdivision"),
        ("Moneda", "currency"),
        ("Color favorito", ""),
    ],
)
def test_headers_in_three_languages(header, name):
    assert field_of(header) == name


def test_the_guess_reads_the_columns_own_proof():
    found = layout(as_file(MX))
    mapping = guess(found.header, found.sample, "MX")
    assert mapping.columns == {
        "Nº Cliente": "debtor_id",
        "Nombre": "name",
        "RFC": "document",
        "Teléfono celular": "phone",
        "Fecha de vencimiento": "due_on",
        "Factura": "invoice_id",
        "Monto": "amount",
        "Saldo": "balance",
        "Producto": "description",
    }
    assert mapping.formats == Formats(decimal=",", dates="dmy", phone_region="MX")
    assert mapping.constants == {"country": "MX", "currency": "MXN", "document_kind": "RFC"}
    mapping.check(found.header)


def test_the_special_header_wins_over_the_general_one_and_second_phones_find_a_place():
    mapping = guess(["id", "id_cliente", "nombre", "celular", "telefono"], [], "CO")
    assert mapping.columns == {"id_cliente": "debtor_id", "nombre": "name", "celular": "phone_2", "telefono": "phone"}


def test_a_mapping_travels_as_json():
    found = layout(as_file(MX))
    mapping = guess(found.header, found.sample, "MX")
    assert Mapping.from_json(json.loads(json.dumps(mapping.to_json()))) == mapping


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        ([], "mapping_shape", "/columns"),
        ({"columns": {"a": "colour"}}, "mapping_field", "/columns/a"),
        ({"columns": {"a": "name"}}, "mapping_missing", "/columns"),
        ({"columns": {"a": "debtor_id", "b": "name", "c": "name"}}, "mapping_twice", "/columns/c"),
        ({"columns": {"a": "debtor_id", "b": "name", "c": "amount"}}, "mapping_missing", "/columns"),
        (
            {"columns": {"a": "debtor_id", "b": "name"}, "formats": {"decimal": ";"}},
            "mapping_value",
            "/formats/decimal",
        ),
        ({"columns": {"a": "debtor_id", "b": "name"}, "formats": {"decimals": ","}}, "mapping_format", "/formats"),
        ({"columns": {"a": "debtor_id", "b": "name"}, "encoding": "ebcdic"}, "mapping_value", "/encoding"),
        ({"columns": {"a": "debtor_id", "b": "name", "c": "paid_amount"}}, "mapping_missing", "/columns"),
    ],
)
def test_a_bad_mapping_names_its_fault(data, code, pointer):
    with pytest.raises(DomainError) as caught:
        Mapping.from_json(data)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_a_mapping_for_another_file_is_refused_before_the_first_line():
    with pytest.raises(DomainError, match="no column bill"):
        read(as_file("id;name;due;amount\n"), BASE).__next__()


# --- rows


def test_a_line_gives_debtor_contact_invoice_and_what_was_paid_before():
    rows = taken(MX)
    assert rows[0] == DebtorRow(
        line=2, debtor="1", name="José Peña", document_kind="RFC", document="GODE561231GR8", country="MX"
    )
    assert rows[1] == ContactRow(line=2, debtor="1", kind="phone", value="+525512345678")
    assert rows[2] == InvoiceRow(
        line=2,
        debtor="1",
        external_id="F-1",
        due_on=date(2026, 1, 31),
        amount=Decimal("1234.56"),
        currency="MXN",
        description="Luz",
    )
    assert rows[3] == CreditRow(
        line=2,
        debtor="1",
        external_id="F-1:opening",
        credited_on=date(2026, 1, 31),
        amount=Decimal("234.56"),
        currency="MXN",
        invoice="F-1",
        reason="paid_before_import",
    )
    assert [type(row) for row in rows[4:]] == [DebtorRow, ContactRow, InvoiceRow]
    assert rows[6].due_on == date(2026, 2, 5)


def test_every_fault_of_a_line_is_told_and_nothing_of_it_is_taken():
    rows = taken(MX + "3;;BAD;123;31/02/2026;;abc;;x\n4;Y\n5;Eva;;;31/01/2026;F-5;10,00;;\n")
    assert errors_of(rows) == [
        (4, "RFC", "document_invalid"),
        (4, "Nombre", "value_missing"),
        (4, "Teléfono celular", "phone_invalid"),
        (4, "Factura", "value_missing"),
        (4, "Fecha de vencimiento", "date_impossible"),
        (4, "Monto", "amount_format"),
        (5, "", "line_width"),
    ]
    assert [row.debtor for row in rows if isinstance(row, InvoiceRow)] == ["1", "2", "5"]
    assert not [row for row in rows if not isinstance(row, RowError) and row.line in (4, 5)]


def test_line_numbers_are_those_of_the_file_and_a_stopped_import_goes_on():
    text = (
        'id;name;bill;due;amount\n\n1;"Ana\nMaría";F1;01/02/2026;1,00\n2;Eva;F2;01/02/2026;x\n'
        "3;Luz;F3;01/02/2026;1,00\n"
    )
    rows = taken(text, BASE)
    assert [(row.line, getattr(row, "name", "")) for row in rows if isinstance(row, DebtorRow)] == [
        (3, "Ana María"),
        (6, "Luz"),
    ]
    assert errors_of(rows) == [(5, "amount", "amount_format")]
    assert list(read(as_file(text), BASE, after_line=3)) == [row for row in rows if row.line > 3]


@pytest.mark.parametrize("following", [3, 3000])
@pytest.mark.parametrize(
    "broken", ['0;"Ana;F;01/02/2026;1,00', '0;Ana;F;01/02/2026;"1,00', '0;"Ana"x;F;01/02/2026;1,00']
)
def test_an_open_quote_costs_its_own_line_only(broken, following):
    lines = "".join(f"{n};Ana;F{n};01/02/2026;1,00\n" for n in range(following))
    rows = taken(f"id;name;bill;due;amount\n{broken}\n{lines}", BASE)
    assert errors_of(rows) == [(2, "", "line_unreadable")]
    assert [row.line for row in rows if isinstance(row, InvoiceRow)] == list(range(3, 3 + following))


def test_a_line_without_end_is_one_error():
    rows = taken("id;name;bill;due;amount\n1;" + "x" * 1_000_000 + "\n2;Ana;F;01/02/2026;1,00\n", BASE)
    assert errors_of(rows) == [(2, "", "line_unreadable")]
    assert rows[-1].line == 3


def test_one_invoice_may_repeat_itself_but_not_contradict_itself():
    lines = "id;name;bill;due;amount\n1;Ana;F1;01/02/2026;1,00\n1;Ana;F1;01/02/2026;1,00\n2;Eva;F1;01/02/2026;1,00\n"
    assert errors_of(taken(lines, BASE)) == [(4, "bill", "invoice_twice")]


def test_a_negative_amount_is_a_credit():
    (row,) = [
        row for row in taken("id;name;bill;due;amount\n1;Ana;N1;01/02/2026;-5,00\n", BASE) if isinstance(row, CreditRow)
    ]
    assert (row.external_id, row.amount, row.reason) == ("N1", Decimal("5.00"), "negative_bill")


def test_a_balance_above_the_amount_is_refused():
    mapping = Mapping(columns={**BASE.columns, "open": "balance"}, constants=BASE.constants, formats=BASE.formats)
    rows = taken("id;name;bill;due;amount;open\n1;Ana;N1;01/02/2026;5,00;6,00\n2;Ana;N2;01/02/2026;;6,00\n", mapping)
    assert errors_of(rows) == [(2, "open", "balance_above_amount")]
    assert rows[-1].amount == Decimal("6.00")


def test_payments_come_with_their_own_number():
    mapping = Mapping(
        columns={"id": "debtor_id", "name": "name", "n": "payment_id", "v": "paid_amount", "d": "paid_on"},
        constants={"currency": "COP", "country": "CO"},
        formats=Formats(decimal=","),
    )
    rows = taken("id;name;n;v;d\n1;Ana;P1;50.000;2026-02-01\n2;Eva;P2;0;2026-02-01\n3;Luz;;;\n", mapping)
    assert [row for row in rows if isinstance(row, PaymentRow)] == [
        PaymentRow(
            line=2, debtor="1", external_id="P1", paid_on=date(2026, 2, 1), amount=Decimal(50000), currency="COP"
        )
    ]
    assert errors_of(rows) == [(3, "v", "payment_amount")]


FACTS = "id;name;doc;kind;phone;mail;who;by;verified;when;consent;on;text;birth;stop;state;lang;tags;risk\n"
FULL = Mapping(
    columns={
        "id": "debtor_id",
        "name": "name",
        "doc": "document",
        "kind": "holder_kind",
        "phone": "phone",
        "mail": "email",
        "who": "contact_name",
        "by": "contact_supplied_by",
        "verified": "identity",
        "when": "identity_on",
        "consent": "consent_state",
        "on": "consent_on",
        "text": "consent_wording",
        "birth": "birth_on",
        "stop": "stops",
        "state": "subdivision",
        "lang": "language",
        "tags": "labels",
        "risk": "attributes.risk",
    },
    constants={"country": "BR"},
    formats=Formats(dates="dmy"),
)


def test_provenance_verification_and_consent_come_with_their_evidence():
    debtor, phone, mail = taken(
        FACTS + "7;Padaria Sol Ltda.;16727230000197;PJ;11 98765-4321;Sol@Example.com;Rita;devedor;sim;02/03/2026;sim;"
        "01/02/2026;Aceito;;;São Paulo;pt-BR;frequent|vip;alto\n",
        FULL,
    )
    assert (debtor.kind, debtor.document_kind, debtor.subdivision, debtor.language) == ("company", "CNPJ", "SP", "pt")
    assert (debtor.labels, debtor.attributes) == (("frequent", "vip"), {"risk": "alto"})
    assert (phone.value, phone.role, phone.contact_name, phone.supplied_by) == (
        "+5511987654321",
        "representative",
        "Rita",
        "debtor",
    )
    assert (phone.identity, phone.identity_on) == ("verified", date(2026, 3, 2))
    assert phone.consent_state == "granted"
    assert phone.consent_evidence == {
        "who": "Padaria Sol Ltda.",
        "wa_number": "+5511987654321",
        "channel_whatsapp": True,
        "collected_on": "2026-02-01",
        "exact_wording": "Aceito",
    }
    assert (mail.kind, mail.value, mail.consent_state) == ("email", "sol@example.com", "unknown")


def test_a_bare_yes_is_no_consent_and_an_undated_check_no_verification():
    rows = taken(FACTS + "7;Rita;;;11987654321;;;;;;sim;;;;;;;;\n8;Eva;;;;;;;sim;;;;;;;;;;\n", FULL)
    assert rows[1].consent_state == "imported_without_evidence" and rows[1].consent_evidence == {}
    assert rows[1].supplied_by == "unknown"
    assert errors_of(rows) == [(3, "verified", "identity_undated")]


def test_what_spreadsheets_spoil_is_told():
    rows = taken(
        FACTS + "1;Ana;191;;;;;;;;;;;;;;;;\n" + "2;Eva;5,2998E+10;;;;;;;;;;;;;;;;\n" + "3;Sol;;;;;;xyz;;;;;;;;;;;\n",
        FULL,
    )
    assert errors_of(rows) == [
        (2, "doc", "document_invalid_country"),
        (3, "doc", "number_shortened"),
        (4, "by", "word_unknown"),
    ]


def test_zeros_that_a_spreadsheet_cut_come_back():
    whole, cut, wrong = taken(
        FACTS
        + "1;Ana;01234567890;;;;;;;;;;;31/12/1949;falecida;;;;\n"
        + "1;Ana;1234567890;;;;;;;;;;;;;;;;\n"
        + "1;Ana;1234567899;;;;;;;;;;;;;;;;\n",
        FULL,
    )
    assert whole.document == cut.document == "01234567890"
    assert (whole.birth_year, whole.stops) == (1949, ("minor_or_deceased_or_incapacitated",))
    assert wrong.code == "document_invalid_country"


def test_invisible_characters_do_not_enter_names():
    (row,) = taken("id;name\n1;A\u200bna \u202eMaría\n", Mapping(columns={"id": "debtor_id", "name": "name"}))
    assert row.name == "Ana María"


@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_no_file_breaks_the_reader(text):
    file = as_file("id;name;bill;due;amount\n" + text)
    for row in read(file, BASE):
        assert isinstance(row, (DebtorRow, InvoiceRow, CreditRow, RowError))


@given(data=st.binary(max_size=300))
def test_no_bytes_break_the_reader(data):
    for row in read(io.BytesIO(b"id;name;bill;due;amount\n" + data), BASE):
        assert row.line >= 1


# --- rejected rows


def test_rejected_rows_come_back_with_reasons_and_can_be_mended_and_read_again():
    rows = taken(
        "id;name;bill;due;amount\n1;=HYPERLINK(1);F1;01/02/2026;x\n+2;Ana;F2;31/02/2026;y\n3;Luz;F3;01/02/2026;1,00\n",
        BASE,
    )
    out = io.StringIO(newline="")
    header = ("id", "name", "bill", "due", "amount")
    assert write_rejected(header, [row for row in rows if isinstance(row, RowError)], out, separator=";") == 2
    back = list(csv.DictReader(io.StringIO(out.getvalue()), delimiter=";"))
    assert [line["name"] for line in back] == ["'=HYPERLINK(1)", "Ana"]
    assert [line["error_line"] for line in back] == ["2", "3"]
    assert back[1]["error_code"] == "date_impossible | amount_format" and "calendar" in back[1]["error_message"]
    mended = out.getvalue().replace(";x;", ";1,00;").replace("31/02/2026", "28/02/2026").replace(";y;", ";2,00;")
    again = taken(mended, BASE)
    assert errors_of(again) == []
    assert [(row.debtor, row.name) for row in again if isinstance(row, DebtorRow)] == [
        ("1", "=HYPERLINK(1)"),
        ("+2", "Ana"),
    ]


@given(
    cell=st.text(max_size=20)
    | st.builds(lambda sign, rest: sign + rest, st.sampled_from("=+-@\t\r'＝ "), st.text(max_size=5))
)
def test_no_cell_is_a_formula_and_every_cell_comes_back(cell):
    safe = escaped(cell)
    assert not safe.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r"))
    if not cell.startswith("'"):
        assert unescaped(safe) == cell


# --- groups


def test_neighbouring_rows_of_a_debtor_are_one_group():
    rows = taken(MX + "9;Z\n")
    made = list(groups(rows))
    assert [item.debtor if isinstance(item, Group) else item.code for item in made] == ["1", "line_width", "2"]
    assert [len(item.rows) for item in made if isinstance(item, Group)] == [4, 3]
    assert isinstance(made[0], Group) and made[0].last_line == 2


# --- going on where a reading was stopped


class Watched(io.BytesIO):
    """A file that knows the first byte that was asked for after the header had been looked at."""

    starts: list[int]

    def seek(self, offset: int, whence: int = 0) -> int:
        self.__dict__.setdefault("starts", []).append(offset)
        return super().seek(offset, whence)


CUT = Mapping(columns={"id": "debtor_id", "nombre": "name"})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_reading_that_goes_on_at_a_mark_gives_what_one_in_one_go_gives(encoding, ending, monkeypatch):
    monkeypatch.setattr(files, "MARK_EVERY", 3)
    lines = [
        "id,nombre",
        *(f"{n},Peña {n}" for n in range(20)),
        '20,"dos',
        'líneas"',
        '21,"sin cerrar',
        "22,Ñuñoa",
        "",
        "23,fin",
    ]
    body = (ending.join(lines) + ending).encode(encoding)
    mapping = replace(CUT, encoding=encoding, separator=",")
    marks = Marks()
    whole = list(read(io.BytesIO(body), mapping, marks=marks))
    assert [row.name for row in whole if isinstance(row, DebtorRow)][-1] == "fin" and len(marks.known) > 4
    for stop in range(1, 30):
        at = marks.before(stop + 1)
        file = Watched(body)
        rest = list(read(file, mapping, after_line=stop, marks=Marks([at] if at else [])))
        assert rest == [row for row in whole if row.line > stop], stop
        if at:
            assert file.starts[-1] == at[1] > 0, "it does not begin at the beginning"


def test_bytes_that_are_no_text_leave_no_wrong_marks(monkeypatch):
    monkeypatch.setattr(files, "MARK_EVERY", 1)
    body = b"id,nombre\n1,Ana\n2,\xff\xfe\n3,Eva\n4,Luz\n"
    marks = Marks()
    mapping = replace(CUT, encoding="utf-8", separator=",")
    whole = list(read(io.BytesIO(body), mapping, marks=marks))
    assert [line for line, _ in marks.known] == [2, 3], "none after the broken line"
    assert list(read(io.BytesIO(body), mapping, after_line=4, marks=marks)) == [row for row in whole if row.line > 4]
