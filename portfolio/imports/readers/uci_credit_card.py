"""UCI 350, "Default of credit card clients": 30,000 real accounts, six monthly bills and payments (Yeh & Lien 2009).

BILL_AMT6 is the oldest bill, BILL_AMT1 the newest; bills are running balances. PAY_AMTk is what was paid in the month
of bill k, between bill k+1 and bill k: it equals bill k+1 in 18 % of the payments, bill k in 3 %. So what month k added
is `BILL_AMTk - BILL_AMT(k+1) + PAY_AMTk`; the oldest month is BILL_AMT6 itself, which already holds PAY_AMT6, so that
is not loaded. Negative months are credits. Invoices less credits less payments end at BILL_AMT1 for every account.

The file has no names, numbers or dates. Identity, contacts, consent, year of birth and dates are made up, and marked
so; months are shifted so that the newest bill belongs to the last full month before `today`. The columns SEX,
EDUCATION, MARRIAGE and AGE are never read: nothing about how a person is treated may follow from them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import BinaryIO

from kernel.errors import DomainError
from portfolio.imports.mapping.files import Counted, Marks
from portfolio.imports.mapping.formats import parse_amount
from portfolio.imports.readers.base import Reader, Setting
from portfolio.imports.rows import CreditRow, InvoiceRow, PaymentRow, Row, RowError
from portfolio.synthetic.people import MAX_PEOPLE, country_of, identity, introduce, random_for

MONTHS = (6, 5, 4, 3, 2, 1)  # oldest first
DUE_DAY = 10
_BILLS = tuple(f"BILL_AMT{k}" for k in MONTHS)
_PAYMENTS = tuple(f"PAY_AMT{k}" for k in MONTHS[1:])
_COLUMNS = ("ID", *_BILLS, *_PAYMENTS)
_ENCODING = "utf-8-sig"
_DESCRIPTION = {"pt": "Fatura do cartão", "es": "Estado de cuenta de la tarjeta", "en": "Card statement"}


def matches(header: tuple[str, ...]) -> bool:
    """Whether a header has the columns of this file."""
    return set(_COLUMNS) <= set(header)


def first_of_month(day: date, months_before: int) -> date:
    """The first day of the month `months_before` before the month of `day`."""
    years, month0 = divmod(day.month - 1 - months_before, 12)
    return date(day.year + years, month0 + 1, 1)


def bill_month(k: int, today: date) -> date:
    """The first day of the month of BILL_AMTk: k = 1 is the last full month before `today`."""
    return first_of_month(today, k)


def due_on(k: int, today: date) -> date:
    """When the invoice of month k falls due: the 10th of the month after."""
    return bill_month(k - 1, today).replace(day=DUE_DAY)


def read(file: BinaryIO, setting: Setting, after_line: int = 0, marks: Marks | None = None) -> Iterator[Row | RowError]:
    """Rows of every account, a broken line as an error; raises DomainError when columns are missing."""
    country_of(setting.country)
    header = next(csv.reader(Counted(file, _ENCODING)), [])
    if missing := [name for name in _COLUMNS if name not in header]:
        raise DomainError(
            "reader_columns", "this is not UCI_Credit_Card.csv: column %(column)s is missing", column=missing[0]
        )
    places = {name: header.index(name) for name in _COLUMNS}
    return _rows(file, len(header), places, setting, after_line, marks or Marks())


def _lines(file: BinaryIO, after_line: int, marks: Marks) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) from the last mark before a line, the header left out; new marks are noted."""
    first, at = (after_line and marks.before(after_line + 1)) or (1, 0)
    text = Counted(file, _ENCODING, at)
    rows = csv.reader(text)
    for line in count(first):
        if line > 1 and text.at is not None:
            marks.note(line, text.at)
        cells = next(rows, None)
        if cells is None:
            return
        if line > 1:
            yield line, cells


def _rows(
    file: BinaryIO, width: int, places: dict[str, int], setting: Setting, after_line: int, marks: Marks
) -> Iterator[Row | RowError]:
    seen: set[int] = set()
    for line, cells in _lines(file, after_line, marks):
        if line <= after_line or not any(cells):
            continue
        try:
            if len(cells) != width:
                raise DomainError(
                    "line_width",
                    "this line has %(cells)s cells and the header %(columns)s",
                    cells=len(cells),
                    columns=width,
                )
            number = _number(cells[places["ID"]])
            if number in seen:
                raise DomainError(
                    "account_twice", "account %(number)s stands above already", pointer="ID", number=number
                )
            seen.add(number)
            bills = {k: _amount(cells, places, f"BILL_AMT{k}", setting.currency) for k in MONTHS}
            paid = {k: _amount(cells, places, f"PAY_AMT{k}", setting.currency) for k in MONTHS[1:]}
            if negative := next((k for k in paid if paid[k] < 0), None):
                raise DomainError("payment_amount", "a payment is not below zero", pointer=f"PAY_AMT{negative}")
        except DomainError as error:
            yield RowError.of(error, line=line, row=tuple(cells))
            continue
        yield from account(line, number, bills, paid, setting)


def account(
    line: int, number: int, bills: dict[int, Decimal], paid: dict[int, Decimal], setting: Setting
) -> Iterator[Row]:
    """The rows of one account: `bills` by month 6 to 1, `paid` by month 5 to 1."""
    debtor = f"uci-{number}"
    made = identity(setting.country, setting.seed, number, holder="human")
    yield from introduce(debtor, line, made, seed=setting.seed, today=setting.today)
    random = random_for("uci", setting.seed, number)
    for k in MONTHS:
        month = bill_month(k, setting.today)
        closed_on = bill_month(k - 1, setting.today) - timedelta(days=1)
        added = bills[k] if k == MONTHS[0] else bills[k] - bills[k + 1] + paid[k]
        if added > 0:
            yield InvoiceRow(
                line=line,
                debtor=debtor,
                external_id=f"{debtor}-bill{k}",
                number=f"{number}-{month:%Y%m}",
                description=_DESCRIPTION[made.language],
                issued_on=closed_on,
                due_on=due_on(k, setting.today),
                amount=added,
                currency=setting.currency,
            )
        elif added < 0:
            yield CreditRow(
                line=line,
                debtor=debtor,
                external_id=f"{debtor}-credit{k}",
                credited_on=closed_on,
                amount=-added,
                currency=setting.currency,
                reason="negative_bill",
            )
        if k in paid and paid[k] > 0:
            yield PaymentRow(
                line=line,
                debtor=debtor,
                external_id=f"{debtor}-pay{k}",
                paid_on=month.replace(day=random.randint(1, 28)),
                amount=paid[k],
                currency=setting.currency,
                method="card",
            )


def _number(text: str) -> int:
    if not text.strip().isdecimal() or not 0 < int(text) < MAX_PEOPLE:
        raise DomainError("account_number", "%(value)s is not an account number of this file", pointer="ID", value=text)
    return int(text)


def _amount(cells: list[str], places: dict[str, int], name: str, currency: str) -> Decimal:
    try:
        return parse_amount(cells[places[name]], currency, ".")
    except DomainError as error:
        raise DomainError(error.code, error.template, pointer=name, **error.params) from error


READER = Reader(
    name="uci-credit-card",
    title="UCI 350: credit card clients, Taiwan 2005",
    synthetic=(
        "due dates",
        "payment days",
        "names",
        "documents",
        "years of birth",
        "phones",
        "e-mails",
        "consent",
        "identity checks",
    ),
    matches=matches,
    read=read,
)
