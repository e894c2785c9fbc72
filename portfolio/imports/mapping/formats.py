"""Numbers and dates as people write them. What could mean two things is refused, unless the mapping says which."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

from kernel.errors import DomainError, Words
from kernel.money import minor_units

DecimalMark = Literal["", ",", "."]
DateOrder = Literal["", "iso", "dmy", "mdy"]

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’]+")  # also thousands marks of some systems
_MONEY_SIGNS = re.compile(r"(?:R\$|S/\.?|US\$|\$|[A-Z]{3})")
_PLAIN = re.compile(r"\d+", re.ASCII)
_DATE_PARTS = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})", re.ASCII)
_ISO = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_ISO_PLAIN = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})", re.ASCII)

#: Above this an amount is a mistake, and would not fit the column of minor units.
MAX_AMOUNT = Decimal(10) ** 13
FIRST_YEAR, LAST_YEAR = 1950, 2100


def _bare(text: str) -> tuple[bool, str]:
    """(negative, digits and marks) of an amount without currency signs and spaces."""
    bare = _SPACES.sub("", _MONEY_SIGNS.sub("", text.strip().upper()))
    negative = False
    if bare.startswith("(") and bare.endswith(")"):
        negative, bare = True, bare[1:-1]
    for sign in ("-", "\u2212"):
        if bare.startswith(sign) or bare.endswith(sign):
            negative, bare = True, bare.removeprefix(sign).removesuffix(sign)
    return negative, bare.removeprefix("+")


def _grouped(whole: str, mark: str) -> bool:
    """Whether thousands are separated by `mark` as they should be: 1.234.567."""
    head, *rest = whole.split(mark)
    return (
        _PLAIN.fullmatch(head) is not None
        and len(head) <= 3
        and all(len(part) == 3 and _PLAIN.fullmatch(part) for part in rest)
    )


def decimal_evidence(text: str) -> DecimalMark | None:
    """The decimal mark that this one number proves; "" when it proves none, None when it is no number."""
    _, bare = _bare(text)
    if not re.fullmatch(r"[\d.,]*\d[\d.,]*", bare, re.ASCII):
        return None
    commas, points = bare.count(","), bare.count(".")
    if not commas and not points:
        return ""
    if commas and points:
        return "," if bare.rfind(",") > bare.rfind(".") else "."
    mark: DecimalMark = "," if commas else "."
    other: DecimalMark = "." if commas else ","
    if commas + points > 1:
        return other
    head, tail = bare.split(mark)
    if len(tail) != 3 or len(head) > 3 or head in ("", "0") or (head.startswith("0")):
        return mark
    return ""


def decimal_of(column: Iterable[str]) -> DecimalMark:
    """The decimal mark that a column's values agree on; "" when they prove none or contradict each other."""
    proofs = {proof for text in column if text.strip() and (proof := decimal_evidence(text))}
    return proofs.pop() if len(proofs) == 1 else ""


def parse_amount(text: str, currency: str, mark: DecimalMark = "") -> Decimal:
    """An amount of money, with at most the decimals that the currency has.

    `mark` is the decimal mark of the file; without it a number that could be read in two ways (1.234) is refused.
    Raises DomainError.
    """
    negative, bare = _bare(text)
    proof = decimal_evidence(text)
    if proof is None:
        raise DomainError("amount_format", "%(value)s is not an amount: write it like 1234.56", value=text)
    if not mark and not proof and not bare.isdigit():
        raise DomainError(
            "amount_ambiguous",
            "%(value)s can be read in two ways: say in the mapping whether the decimal mark is a comma or a point",
            value=text,
        )
    used = mark or proof or "."
    thousands = "." if used == "," else ","
    whole, _, cents = bare.partition(used)
    if (
        (thousands in whole and not _grouped(whole, thousands))
        or not re.fullmatch(r"\d*", cents, re.ASCII)
        or not whole + cents
    ):
        raise DomainError(
            "amount_format",
            "%(value)s is not an amount with %(mark)s as decimal mark",
            value=text,
            mark=Words("a comma") if used == "," else Words("a point"),
        )
    amount = Decimal(f"{whole.replace(thousands, '') or '0'}.{cents or '0'}")
    places = minor_units(currency)
    if amount != round(amount, places):
        raise DomainError(
            "amount_decimals",
            "%(value)s has more decimals than %(currency)s knows (%(places)s)",
            value=text,
            currency=currency,
            places=places,
        )
    if amount >= MAX_AMOUNT:
        raise DomainError("amount_too_large", "%(value)s is too large for an amount", value=text)
    exact = round(amount, places) if places else amount.to_integral_value()
    return -exact if negative and exact else exact


def date_evidence(text: str) -> DateOrder | None:
    """The order that this one date proves; "" when it fits two orders, None when it is no date."""
    cleaned = text.strip()
    if _ISO.fullmatch(cleaned) or _ISO_PLAIN.fullmatch(cleaned):
        return "iso"
    if not (match := _DATE_PARTS.fullmatch(cleaned)):
        return None
    first, second = int(match[1]), int(match[2])
    if first > 12:
        return "dmy" if second <= 12 else None
    return "mdy" if second > 12 else ""


def date_order_of(column: Iterable[str]) -> DateOrder:
    """The order of day and month that a column's dates agree on; "" when they prove none or contradict each other."""
    proofs = {proof for text in column if text.strip() and (proof := date_evidence(text))}
    return proofs.pop() if len(proofs) == 1 else ""


def parse_date(text: str, order: DateOrder = "") -> date:
    """A civil date. ISO dates are always understood; 05/06/2026 only when `order` says which is the day.

    Raises DomainError.
    """
    cleaned = text.strip()
    if match := _ISO.fullmatch(cleaned) or _ISO_PLAIN.fullmatch(cleaned):
        return _date(int(match[1]), int(match[2]), int(match[3]), text)
    if not (match := _DATE_PARTS.fullmatch(cleaned)):
        raise DomainError(
            "date_format",
            "%(value)s is not a date: write it like 2026-01-31 or 31/01/2026, the year with four digits",
            value=text,
        )
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    order = order if order in ("dmy", "mdy") else date_evidence(text) or ("dmy" if first == second else "")
    if order == "":
        raise DomainError(
            "date_ambiguous",
            "%(value)s can be read in two ways: say in the mapping whether the day or the month stands first",
            value=text,
        )
    day, month = (first, second) if order == "dmy" else (second, first)
    return _date(year, month, day, text)


def _date(year: int, month: int, day: int, text: str) -> date:
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise DomainError("date_impossible", "%(value)s is not in the calendar", value=text) from error
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise DomainError(
            "date_range",
            "the year of %(value)s is not between %(first)s and %(last)s",
            value=text,
            first=FIRST_YEAR,
            last=LAST_YEAR,
        )
    return found
