"""Where the rows come from: a file with a reader, a file with mapped columns, or made-up debtors."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from collections_platform.headless.options import Options
from kernel.errors import DomainError
from portfolio.imports.mapping import Mapping, guess, layout, read
from portfolio.imports.readers import Setting, by_name, reader_for
from portfolio.imports.rows import ContactRow, DebtorRow, Row, RowError
from portfolio.synthetic import generate


@dataclass(frozen=True, slots=True)
class Source:
    """A portfolio: its name, what it was read with, whether its people are made up, and its rows after a line."""

    name: str
    mapping: dict[str, Any]
    synthetic: bool
    rows: Callable[[int], Iterator[Row | RowError]]


def open_source(options: Options, today: date) -> Source:
    """Choose the reader by name or header, else map the columns. Raises DomainError when the file makes no sense."""
    if options.portfolio is None:
        return Source(
            f"generated-{options.country}-{options.debtors}", {"generated": options.debtors, "seed": options.seed}, True,
            lambda after: (row for row in generate(options.debtors, options.country, options.seed, today) if row.line > after),
        )  # fmt: skip
    path = options.portfolio
    setting = Setting(country=options.country, currency=options.currency, today=today, seed=options.seed)
    reader = by_name(options.mapping) if options.mapping and not options.mapping.endswith(".json") else None
    if reader is None and not options.mapping:
        reader = reader_for(_header(path))
    if reader is not None:
        chosen = reader

        def through(after: int) -> Iterator[Row | RowError]:
            with path.open("rb") as file:
                yield from chosen.read(file, setting, after)

        return Source(path.name, {"reader": chosen.name}, True, through)
    if options.mapping:
        mapping = Mapping.from_json(json.loads(Path(options.mapping).read_text()))
    else:
        with path.open("rb") as file:
            seen = layout(file)
        mapping = guess(seen.header, seen.sample, options.country)

    def mapped(after: int) -> Iterator[Row | RowError]:
        with path.open("rb") as file:
            yield from read(file, mapping, after_line=after)

    return Source(path.name, mapping.to_json(), False, mapped)


def _header(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        line = file.readline(64_000).decode("utf-8-sig", "replace")
    return tuple(next(csv.reader(io.StringIO(line)), ()))


def profiles(rows: Iterable[Row | RowError], language: str, country: str) -> Iterator[dict[str, Any]]:
    """What the simulated debtors know of themselves: number, name, last digits of the document, year of birth."""
    known: dict[str, DebtorRow] = {}
    for row in rows:
        if isinstance(row, DebtorRow):
            known = {row.debtor: row}  # rows of one debtor stand together
        elif isinstance(row, ContactRow) and row.kind == "phone" and row.role != "reference":
            debtor = known.get(row.debtor)
            digits = "".join(ch for ch in (debtor.document if debtor else "") if ch.isalnum())
            yield {
                "phone": row.value,
                "name": row.contact_name or (debtor.name if debtor else ""),
                "language": (debtor.language if debtor else "") or language,
                "country": (debtor.country if debtor else "") or country,
                "document_last3": digits[-3:] or None,
                "birth_year": str(debtor.birth_year) if debtor and debtor.birth_year else None,
            }


__all__ = ["DomainError", "Source", "open_source", "profiles"]
