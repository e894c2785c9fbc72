"""The reader of the 30,000 real accounts: every balance ends where the file says, and nothing protected is read."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import DomainError
from portfolio.imports.mapping import Marks, files
from portfolio.imports.readers import Setting, by_name, names, reader_for
from portfolio.imports.readers.uci_credit_card import MONTHS, READER, bill_month, due_on
from portfolio.imports.rows import ContactRow, CreditRow, DebtorRow, InvoiceRow, PaymentRow, RowError

FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "credit-card-default-uci" / "UCI_Credit_Card.csv"
SETTING = Setting(today=date(2026, 11, 21), country="MX", currency="MXN", seed=4)
HEADER = (
    "ID,LIMIT_BAL,SEX,EDUCATION,MARRIAGE,AGE,PAY_0,PAY_2,PAY_3,PAY_4,PAY_5,PAY_6,BILL_AMT1,BILL_AMT2,BILL_AMT3,BILL_AMT4,"
    "BILL_AMT5,BILL_AMT6,PAY_AMT1,PAY_AMT2,PAY_AMT3,PAY_AMT4,PAY_AMT5,PAY_AMT6,default.payment.next.month"
)


def line(number, bills, paid, traits="1,1,1,30") -> str:
    """A line of the file; bills and paid are newest first, as in the file."""
    return f"{number},20000,{traits},0,0,0,0,0,0,{','.join(map(str, bills))},{','.join(map(str, paid))},0"


def rows_of(*lines: str, setting: Setting = SETTING, after_line: int = 0) -> list:
    return list(READER.read(io.BytesIO("\n".join([HEADER, *lines, ""]).encode()), setting, after_line))


def balance(rows) -> Decimal:
    total = Decimal(0)
    for row in rows:
        if isinstance(row, InvoiceRow):
            total += row.amount
        elif isinstance(row, (PaymentRow, CreditRow)):
            total -= row.amount
    return total


def test_the_reader_is_found_by_header_and_by_name():
    assert reader_for(HEADER.split(",")) is READER is by_name("uci-credit-card")
    assert reader_for(["id", "name"]) is None
    assert names() == ("uci-credit-card",)
    with pytest.raises(DomainError, match="use one of uci-credit-card"):
        by_name("nope")


amounts = st.integers(-400_000, 1_000_000)
payments = st.integers(0, 900_000)


@given(bills=st.lists(amounts, min_size=6, max_size=6), paid=st.lists(payments, min_size=6, max_size=6))
def test_every_balance_ends_at_the_newest_bill(bills, paid):
    rows = rows_of(line(1, bills, paid))
    assert balance(rows) == bills[0]
    assert all(row.amount > 0 for row in rows if isinstance(row, (InvoiceRow, PaymentRow, CreditRow)))
    # and month by month: what has come in up to month k is bill k
    for k in MONTHS:
        closing = date.fromordinal(bill_month(k - 1, SETTING.today).toordinal() - 1)
        known = [
            row
            for row in rows
            if (isinstance(row, InvoiceRow) and row.issued_on and row.issued_on <= closing)
            or (isinstance(row, PaymentRow) and row.paid_on <= closing)
            or (isinstance(row, CreditRow) and row.credited_on <= closing)
        ]
        assert balance(known) == bills[k - 1]


def test_the_second_account_of_the_file_by_hand():
    rows = rows_of(line(2, [2682, 1725, 2682, 3272, 3455, 3261], [0, 1000, 1000, 1000, 0, 2000]))
    bills = [(row.external_id, row.due_on, int(row.amount)) for row in rows if isinstance(row, InvoiceRow)]
    assert bills == [
        ("uci-2-bill6", date(2026, 6, 10), 3261),
        ("uci-2-bill5", date(2026, 7, 10), 194),
        ("uci-2-bill4", date(2026, 8, 10), 817),
        ("uci-2-bill3", date(2026, 9, 10), 410),
        ("uci-2-bill2", date(2026, 10, 10), 43),
        ("uci-2-bill1", date(2026, 11, 10), 957),
    ]
    paid = [
        (row.external_id, (row.paid_on.year, row.paid_on.month), int(row.amount))
        for row in rows
        if isinstance(row, PaymentRow)
    ]
    assert paid == [("uci-2-pay4", (2026, 7), 1000), ("uci-2-pay3", (2026, 8), 1000), ("uci-2-pay2", (2026, 9), 1000)]


@given(today=st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_the_newest_bill_belongs_to_the_last_full_month(today):
    newest = bill_month(1, today)
    assert (today.year - newest.year) * 12 + today.month - newest.month == 1
    for k in MONTHS:
        assert due_on(k, today).day == 10
        assert (due_on(k, today).year - bill_month(k, today).year) * 12 + due_on(k, today).month - bill_month(
            k, today
        ).month == 1


@pytest.mark.parametrize("traits", ["2,3,2,64", "x,,?,", "9,9,9,999"])
def test_sex_education_marriage_and_age_are_never_read(traits):
    bills, paid = [5, 4, 3, 2, 1, 0], [0] * 6
    assert rows_of(line(3, bills, paid, traits)) == rows_of(line(3, bills, paid))


def test_broken_lines_are_told_and_the_others_come_in():
    good = line(1, [1] * 6, [0] * 6)
    rows = rows_of(
        good,
        line("x", [1] * 6, [0] * 6),
        line(4, [1, 2, "abc", 4, 5, 6], [0] * 6),
        line(5, [1] * 6, [0, -1, 0, 0, 0, 0]),
        "6,1,2",
        line(1, [2] * 6, [0] * 6),
        line(7, [7] * 6, [0] * 6),
    )
    errors = [(row.line, row.column, row.code) for row in rows if isinstance(row, RowError)]
    assert errors == [
        (3, "ID", "account_number"),
        (4, "BILL_AMT3", "amount_format"),
        (5, "PAY_AMT2", "payment_amount"),
        (6, "", "line_width"),
        (7, "ID", "account_twice"),
    ]
    assert {row.debtor for row in rows if isinstance(row, DebtorRow)} == {"uci-1", "uci-7"}
    assert {row.line for row in rows_of(good, line(2, [1] * 6, [0] * 6), after_line=2)} == {3}


def test_another_file_is_refused_at_once():
    with pytest.raises(DomainError, match="column ID is missing"):
        list(READER.read(io.BytesIO(b"a,b\n1,2\n"), SETTING, 0))


@pytest.mark.parametrize(
    ("country", "currency", "language"), [("BR", "BRL", "pt"), ("CO", "COP", "es"), ("CL", "CLP", "es")]
)
def test_country_and_currency_are_those_stated(country, currency, language):
    rows = rows_of(
        line(1, [9] * 6, [0] * 6), setting=Setting(today=date(2026, 1, 3), country=country, currency=currency)
    )
    assert rows[0].country == country and rows[0].language == language
    assert {row.currency for row in rows if isinstance(row, InvoiceRow)} == {currency}
    assert rows[-1].due_on <= date(2026, 1, 10)


@pytest.mark.skipif(
    not FILE.exists(), reason=f"the real accounts are not here: {FILE.name} is no part of the repository"
)
def test_all_thirty_thousand_accounts():
    expected = {f"uci-{row['ID']}": Decimal(row["BILL_AMT1"]) for row in csv.DictReader(FILE.open(encoding="utf-8"))}
    balances: dict[str, Decimal] = {}
    ids: Counter[str] = Counter()
    people, phones = set(), []
    with FILE.open("rb") as file:
        for row in READER.read(file, SETTING, 0):
            assert not isinstance(row, RowError)
            if isinstance(row, DebtorRow):
                balances[row.debtor] = Decimal(0)
                people.add(row.document)
            elif isinstance(row, ContactRow):
                assert row.source == "synthetic"
                if row.kind == "phone":
                    phones.append(row.value)
            else:
                assert row.amount > 0 and row.currency == "MXN"
                ids[row.external_id] += 1
                balances[row.debtor] += row.amount if isinstance(row, InvoiceRow) else -row.amount
    assert balances == expected and len(expected) == 30_000
    assert len(people) == 30_000 and len(set(phones)) == len(phones) > 30_000
    assert max(ids.values()) == 1


def test_a_stopped_reading_goes_on_at_a_mark(monkeypatch):
    monkeypatch.setattr(files, "MARK_EVERY", 4)
    text = "\n".join([HEADER, *(line(n, [100 * n] * 6, [0] * 6) for n in range(1, 31)), ""]).encode()
    marks = Marks()
    whole = list(READER.read(io.BytesIO(text), SETTING, 0, marks))
    assert len(marks.known) == 8
    for stop in (5, 17, 31):
        at = marks.before(stop + 1)
        assert at is not None and (stop == 31 or text[at[1] :].startswith(f"{at[0] - 1},".encode()))
        rest = list(READER.read(io.BytesIO(text), SETTING, stop, Marks([at] if at else [])))
        assert rest == [row for row in whole if row.line > stop]
