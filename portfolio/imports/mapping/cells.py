"""The cells of one line of a CSV file: cleaned text, dates, amounts, and every error that is in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from kernel.errors import DomainError
from portfolio.imports.mapping.columns import Mapping
from portfolio.imports.mapping.formats import parse_amount, parse_date
from portfolio.imports.mapping.rejected import unescaped
from portfolio.imports.rows import RowError

T = TypeVar("T")

#: The longest text of each field that a table takes.
_LIMITS = {
    "debtor_id": 80, "name": 200, "invoice_id": 70, "payment_id": 80, "invoice_number": 60, "description": 200,
    "city": 80, "email": 160, "email_2": 160, "contact_name": 150, "contact_position": 80, "payment_method": 20,
    "consent_wording": 2000,
}  # fmt: skip
_OTHER_LIMIT = 300
_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?[eE]\+\d+")
_SHORTENED_BY_SPREADSHEETS = ("debtor_id", "document", "phone", "phone_2", "phone_3", "invoice_id", "payment_id")


class Cells:
    """One line being read: collects every error before deciding whether it gives rows."""

    def __init__(
        self,
        number: int,
        cells: tuple[str, ...],
        header: tuple[str, ...],
        places: dict[str, int],
        mapping: Mapping,
        seen: dict[str, int],
    ) -> None:
        self.number, self.cells, self.header, self.places, self.mapping, self.seen = (
            number,
            cells,
            header,
            places,
            mapping,
            seen,
        )
        self.errors: list[RowError] = []
        self._read: dict[str, str] = {}

    def fail(self, name: str, error: DomainError) -> None:
        """Remember what is wrong with a field, once."""
        place = self.places.get(name)
        column = self.header[place] if place is not None else name
        if any((known.column, known.code) == (column, error.code) for known in self.errors):
            return
        self.errors.append(
            RowError.of(
                error,
                line=self.number,
                column=column,
                value=self.cells[place][:200] if place is not None else "",
                row=self.cells,
            )
        )

    def text(self, name: str) -> str:
        """A field's text without invisible characters; empty when the file does not say."""
        place = self.places.get(name)
        if place is None:
            return self.mapping.constants.get(name, "")
        if name not in self._read:
            self._read[name] = self._clean(name, unescaped(self.cells[place])) or self.mapping.constants.get(name, "")
        return self._read[name]

    def _clean(self, name: str, raw: str) -> str:
        clean = " ".join(raw.split())
        if not (clean.isascii() and clean.isprintable()):
            clean = unicodedata.normalize("NFC", raw)
            clean = " ".join("".join(c for c in clean if unicodedata.category(c) != "Cf").split())
        if "\ufffd" in clean or any(unicodedata.category(c) == "Cc" for c in clean):
            self.fail(
                name,
                DomainError(
                    "text_broken", "the text holds characters that cannot be read: save the file as UTF-8 and try again"
                ),
            )
            return ""
        limit = _LIMITS.get(name, _OTHER_LIMIT)
        if len(clean) > limit:
            self.fail(
                name,
                DomainError(
                    "text_too_long",
                    "at most %(limit)s characters fit here, not %(length)s",
                    limit=limit,
                    length=len(clean),
                ),
            )
            return ""
        if name in _SHORTENED_BY_SPREADSHEETS and _SCIENTIFIC.fullmatch(clean):
            self.fail(
                name,
                DomainError(
                    "number_shortened",
                    "a spreadsheet shortened %(value)s: make the column text there and save again",
                    value=clean,
                ),
            )
            return ""
        return clean

    def take(self, name: str, convert: Callable[[str], T], empty: T) -> T:
        """The field converted, or `empty` when it says nothing or cannot be converted."""
        text = self.text(name)
        if not text:
            return empty
        try:
            return convert(text)
        except DomainError as error:
            self.fail(name, error)
            return empty

    def need(self, name: str) -> str:
        """A field that has to say something."""
        text = self.text(name)
        place = self.places.get(name)
        if not text and not (place is not None and any(known.column == self.header[place] for known in self.errors)):
            self.fail(name, DomainError("value_missing", "%(field)s is empty: fill it in", field=name))
        return text

    def day(self, name: str) -> date | None:
        """A date field."""
        return self.take(name, lambda text: parse_date(text, self.mapping.formats.dates), None)

    def amount(self, name: str, currency: str) -> Decimal | None:
        """An amount field."""
        return self.take(name, lambda text: parse_amount(text, currency, self.mapping.formats.decimal), None)

    # --- rows
