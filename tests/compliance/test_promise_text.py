"""Promises as agents type them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.language.promise import read_promise

TODAY = date(2026, 11, 17)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "on", "amount"),
    [
        ("vie 15/8 500", date(2027, 8, 15), "500"),
        ("vie 500", date(2026, 11, 20), "500"),
        ("amanhã 200", date(2026, 11, 18), "200"),
        ("mañana 15", date(2026, 11, 18), "15"),
        ("hoy", date(2026, 11, 17), None),
        ("sex 1.200,50", date(2026, 11, 20), "1200.50"),
        ("viernes $1,200.50", date(2026, 11, 20), "1200.50"),
        ("15 500", date(2026, 12, 15), "500"),
        ("20/11 R$ 80", date(2026, 11, 20), "80"),
        ("dia 30 350", date(2026, 11, 30), "350"),
        ("30 de noviembre 350", date(2026, 11, 30), "350"),
        ("+3 99.90", date(2026, 11, 20), "99.90"),
        ("+10d", date(2026, 11, 27), None),
        ("2026-12-01 75", date(2026, 12, 1), "75"),
        ("tomorrow 20", date(2026, 11, 18), "20"),
        ("fin de mes 400", date(2026, 11, 30), "400"),
        ("500", None, "500"),
        ("1 000 000 lun", date(2026, 11, 23), "1000000"),
        ("", None, None),
        ("nada", None, None),
        ("2026-13-45 10", None, "10"),
    ],
)
def test_a_line_is_understood(text: str, on: date | None, amount: str | None) -> None:
    found = read_promise(text, TODAY)
    assert (found.on, found.amount) == (on, Decimal(amount) if amount else None)


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("vie 0,001", "0,001"), ("vie 1200.500", "1200.500"), ("vie 1,200.555", "1,200.555"), ("vie 1.200.50", "1.200.50"),
        ("vie 0", "0"), ("vie 0.00", "0.00"), ("vie -500", "-500"), ("15/8 12,3456", "12,3456"), ("vie 12,34,567", "12,34,567"),
    ],
)  # fmt: skip
def test_an_amount_that_could_be_misread_is_none(text: str, unread: str) -> None:
    found = read_promise(text, TODAY)
    assert (found.amount, found.unread) == (None, unread)
    assert found.on is not None


@pytest.mark.parametrize(
    ("text", "amount"),
    [("vie 1.200", "1200"), ("vie 1,200", "1200"), ("vie 1.200.500,5", "1200500.5"), ("vie 2 mil", "2000"),
     ("vie 1.5k", "1500"), ("vie 500.", "500"), ("vie - 500", "500")],
)  # fmt: skip
def test_whole_thousands_are_thousands(text: str, amount: str) -> None:
    assert read_promise(text, TODAY).amount == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [("vie 1.200", ".", None), ("vie 1,200", ".", "1200"), ("vie 1.200", ",", "1200"), ("vie 1,200", ",", None),
     ("vie 1.200.500", ".", "1200500"), ("vie 1,200.50", ".", "1200.50"), ("vie 1200,50", ".", "1200.50")],
)  # fmt: skip
def test_three_digits_after_the_countrys_decimal_mark_are_no_thousands(
    text: str, mark: str, amount: str | None
) -> None:
    found = read_promise(text, TODAY, mark)
    assert found.amount == (Decimal(amount) if amount else None)
    assert bool(found.unread) == (amount is None)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_without_an_error(text: str) -> None:
    found = read_promise(text, TODAY)
    assert found.amount is None or found.amount > 0
