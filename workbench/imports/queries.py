"""What the import pages show: the history, a file's columns with their samples, lines as they will be read, counts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.errors import DomainError
from kernel.money import Money
from portfolio.imports import wizard
from portfolio.imports.mapping import Layout, Mapping
from portfolio.imports.mapping.columns import ATTRIBUTE
from portfolio.imports.rows import ContactRow, CreditRow, DebtorRow, InvoiceRow, PaymentRow, RowError
from portfolio.models import Import, ImportRejection
from tenants.language import told
from tenants.models import Upload, User
from workbench.imports.forms import KEEP
from workbench.imports.words import FIELDS, KINDS

PAGE = 40


def history(cursor: str = "") -> tuple[list[Import], str]:
    """Imports, the newest first, and where the next page begins."""
    rows = Import.objects.select_related("creditor").order_by("-id")
    if cursor and _is_id(cursor):
        rows = rows.filter(id__lt=uuid.UUID(cursor))
    found = list(rows[: PAGE + 1])
    return found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else ""


def drafts() -> list[Upload]:
    """Files that came and were not let in, and are not thrown away."""
    states = [Upload.State.READY, Upload.State.CHECKING, Upload.State.CHECKED, Upload.State.FAILED]
    return list(Upload.objects.filter(state__in=states, emptied_at=None).order_by("-id")[:20])


def authors(rows: Sequence[Import]) -> dict[uuid.UUID, str]:
    """Import -> who let it in."""
    ids = {row.pk: row.mapping.get("by", "").removeprefix("user:") for row in rows}
    people = {
        str(pk): name or email
        for pk, name, email in User.objects.filter(pk__in=[_id for _id in ids.values() if _is_id(_id)]).values_list(
            "pk", "name", "email"
        )
    }
    return {pk: people.get(who, "") for pk, who in ids.items()}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file, with what it holds and what it is taken for."""

    place: int
    name: str
    samples: tuple[str, ...]
    field: str
    known: bool


def columns(layout: Layout, mapping: Mapping) -> list[Column]:
    """Every column of the file."""
    found = []
    for place, name in enumerate(layout.header):
        values = list(dict.fromkeys(row[place].strip() for row in layout.sample if row[place].strip()))
        chosen = mapping.columns.get(name, "")
        if chosen.startswith(ATTRIBUTE):
            chosen = KEEP
        found.append(Column(place, name, tuple(value[:60] for value in values[:3]), chosen, bool(chosen)))
    return found


@dataclass(frozen=True, slots=True)
class Read:
    """A line as it will be read, in four words."""

    line: int
    debtor: str = ""
    document: str = ""
    contacts: tuple[str, ...] = ()
    invoice: str = ""
    due_on: Any = None
    amount: Money | None = None
    extra: str = ""
    errors: tuple[RowError, ...] = ()


def preview(upload: Upload, mapping: Mapping) -> tuple[list[Read], str]:
    """The first lines, and what does not fit as a sentence ('' when it fits)."""
    try:
        lines = wizard.first_lines(upload, mapping)
    except DomainError as error:
        return [], told(error)
    return [_read(line) for line in lines], ""


def _read(line: wizard.Line) -> Read:
    if line.errors:
        return Read(line=line.number, errors=line.errors)
    known: dict[str, Any] = {"contacts": ()}
    for row in line.rows:
        if isinstance(row, DebtorRow):
            known |= {"debtor": f"{row.name} · {row.debtor}", "document": f"{row.document_kind} {row.document}".strip()}
        elif isinstance(row, ContactRow):
            known["contacts"] = (*known["contacts"], row.value)
        elif isinstance(row, InvoiceRow):
            known |= {"invoice": row.external_id, "due_on": row.due_on, "amount": Money(row.amount, row.currency)}
        elif isinstance(row, (PaymentRow, CreditRow)):
            known["extra"] = f"{Money(row.amount, row.currency)}"
    return Read(line=line.number, **known)


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of an import or of its dry run, as a table."""

    table: tuple[tuple[Any, int, int, int], ...]
    rejected: int
    rows: int
    made: int = field(default=0)


def counts(told_: dict[str, Any]) -> Counts:
    """From {"debtors_created": 3, ...}; kinds of which there are none are left out, but for debtors and invoices."""
    table = []
    for kind, words in KINDS:
        numbers = [int(told_.get(f"{kind}_{what}", 0)) for what in ("created", "updated", "unchanged")]
        if any(numbers) or kind in ("debtors", "invoices"):
            table.append((words, *numbers))
    made = sum(int(value) for name, value in told_.items() if name.endswith(("_created", "_updated")))
    return Counts(tuple(table), int(told_.get("rejected", 0)), int(told_.get("rows", 0)), made)  # type: ignore[arg-type]


def progress(position: int, lines: int) -> int:
    """Per cent, never a hundred before the end."""
    return min(99, position * 100 // max(1, lines)) if lines else 0


def reasons(made: Import, limit: int = 50) -> list[ImportRejection]:
    """The first refused lines, without their cells."""
    return list(ImportRejection.objects.filter(source_import=made).defer("row").order_by("line", "id")[:limit])


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


__all__ = [
    "FIELDS",
    "Column",
    "Counts",
    "Read",
    "authors",
    "columns",
    "counts",
    "drafts",
    "history",
    "preview",
    "progress",
    "reasons",
]
