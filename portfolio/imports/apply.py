"""Applying rows: a thousand at a time, each thousand one transaction, good lines taken and bad ones kept with reasons.

A stopped import goes on after the last line that was committed. Stating the same file again changes nothing. Undoing
writes reversals: entries are never deleted.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from kernel.errors import DomainError
from kernel.money import Money, minor_units
from portfolio import hooks
from portfolio.entries import Account
from portfolio.hooks import Sink
from portfolio.imports.rejections import keep_rejected
from portfolio.imports.rows import (
    ContactRow,
    CreditRow,
    DebtorRow,
    Group,
    InvoiceRow,
    PaymentRow,
    Row,
    RowError,
    groups,
)
from portfolio.models import Creditor, Debtor, Import
from portfolio.places import midday_of
from portfolio.services.book import Book, open_book
from portfolio.services.contacts import check_signature
from portfolio.services.debtors import document_hash, put_contact, put_debtor
from portfolio.services.invoices import check_invoice, put_invoice
from portfolio.services.payments import Kind, check_payment, put_payment
from tenants.events import Emit, emit
from tenants.scope import tenant_scope

COMMIT_ROWS = 1000
Progress = Callable[[Import], None]


@dataclass(slots=True)
class _Tally:
    counts: dict[str, int] = field(default_factory=dict)
    #: What a preview would have made already: it writes nothing, so the next thousand would count it as new again.
    known: set[tuple[str, str]] | None = None

    def add(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    def outcome(self, kind: str, external_id: str, outcome: str) -> None:
        if self.known is not None and outcome == "created":
            if (kind, external_id) in self.known:
                outcome = "unchanged"
            self.known.add((kind, external_id))
        self.add(f"{kind}_{outcome}")


def apply_import(
    creditor: Creditor,
    rows: Iterable[Row | RowError],
    *,
    now: datetime,
    file_name: str = "",
    sha256: str = "",
    mapping: Mapping[str, Any] | None = None,
    header: Sequence[str] = (),
    creditor_ids: Collection[uuid.UUID] | None = None,
    sink: Sink | None = None,
    resume: Import | None = None,
    commit_rows: int = COMMIT_ROWS,
    progress: Progress | None = None,
    pause: Callable[[], bool] | None = None,
) -> Import:
    """Take a creditor's rows, in the order of their lines; returns the Import with its counts.

    Opens a tenant scope per thousand rows, so call it outside of any. `resume` goes on with a stopped import: rows up
    to its position are skipped. Consents and stops go to `sink` (else to `portfolio.hooks`) in the transaction of
    their rows. `now` is the organisation's business clock; `header` names the columns of the rejected rows. `pause` is
    asked after each thousand: True leaves the rest for a later call with `resume`, and the import stays `reading`.
    """
    tenant_id = tenant_of(creditor)
    with tenant_scope(tenant_id, creditor_ids=creditor_ids):
        made = resume or Import(
            creditor=creditor,
            file_name=file_name[:200],
            sha256=sha256,
            mapping={**(mapping or {}), "header": list(header)},
            started_at=now,
        )
        if resume is None:
            made.save(force_insert=True)
        elif resume.state not in (Import.State.READING, Import.State.FAILED):
            raise DomainError("import_closed", "this import is %(state)s: start another", state=resume.state)
    tally = _Tally(dict(made.counts))
    for batch in _batches(rows, made.position, commit_rows):
        for trial in (1, 2):
            trial_tally = _Tally(dict(tally.counts))
            try:
                with tenant_scope(tenant_id, creditor_ids=creditor_ids):
                    _apply(made, creditor, batch, now, trial_tally, sink)
                break
            except IntegrityError:
                if trial == 2:
                    raise
                # somebody else made one of these rows meanwhile: read anew, it is there now
        tally = trial_tally
        made.counts, made.position = dict(tally.counts), max(made.position, _last_line(batch))
        if progress is not None:
            progress(made)
        if pause is not None and pause():
            return made
    with tenant_scope(tenant_id, creditor_ids=creditor_ids):
        made.state, made.finished_at = Import.State.APPLIED, now
        made.save(update_fields=["state", "finished_at"])
        emit(Emit("import.applied", "portfolio.import", made.id, now, creditor.id, data={"counts": made.counts}))
    return made


@dataclass(slots=True)
class Preview:
    """What an import would do: counts as of an Import, the first refusals, and how far the file was read."""

    counts: dict[str, int] = field(default_factory=dict)
    position: int = 0
    finished: bool = False
    errors: list[RowError] = field(default_factory=list)


def preview_import(
    creditor: Creditor,
    rows: Iterable[Row | RowError],
    *,
    now: datetime,
    so_far: Preview,
    keep_errors: int,
    creditor_ids: Collection[uuid.UUID] | None = None,
    pause: Callable[[], bool] | None = None,
    progress: Callable[[Preview], None] | None = None,
    commit_rows: int = COMMIT_ROWS,
) -> Preview:
    """Judge rows as `apply_import` would, and change nothing: each thousand is rolled back. Goes on after `so_far`.

    A debtor whose lines do not stand together is counted as new once per thousand lines and pause. Opens scopes.
    """
    tenant_id, known = tenant_of(creditor), set[tuple[str, str]]()
    for batch in _batches(rows, so_far.position, commit_rows):
        tally = _Tally(dict(so_far.counts), known)
        with tenant_scope(tenant_id, creditor_ids=creditor_ids):
            _, errors, number = _judge(None, creditor, batch, now, tally)
            transaction.set_rollback(True)
        tally.add("rows", number)
        tally.add("rejected", len({error.line for error in errors}))
        errors.sort(key=lambda error: error.line)
        so_far.counts, so_far.position = tally.counts, max(so_far.position, _last_line(batch))
        so_far.errors += errors[: max(0, keep_errors - len(so_far.errors))]
        if progress is not None:
            progress(so_far)
        if pause is not None and pause():
            return so_far
    so_far.finished = True
    return so_far


def tenant_of(row: Creditor | Import) -> uuid.UUID:
    """The organisation of a saved row."""
    if row.tenant_id is None:
        raise ValueError("a saved row belongs to an organisation")
    return row.tenant_id


def _batches(rows: Iterable[Row | RowError], position: int, size: int) -> Iterator[list[Group | RowError]]:
    batch: list[Group | RowError] = []
    weight = 0
    for item in groups(rows):
        if (item.line if isinstance(item, RowError) else item.last_line) <= position:
            continue
        batch.append(item)
        weight += 1 if isinstance(item, RowError) else len(item.rows)
        if weight >= size:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def _last_line(batch: list[Group | RowError]) -> int:
    return max(item.line if isinstance(item, RowError) else item.last_line for item in batch)


def _apply(
    made: Import, creditor: Creditor, batch: list[Group | RowError], now: datetime, tally: _Tally, sink: Sink | None
) -> None:
    book, errors, number = _judge(made.id, creditor, batch, now, tally)
    for debtor in {item.debtor for item in batch if isinstance(item, Group)}:
        account = book.by_external.get(debtor)
        if account is not None:
            account.debtor.balance_as_of = now
            book.change(account.debtor)
    book.write()
    if book.notes:
        (sink or hooks.take)(book.notes, now)
    keep_rejected(made, creditor, errors)
    tally.add("rows", number)
    tally.add("rejected", len({error.line for error in errors}))
    Import.objects.filter(pk=made.pk).update(
        position=max(made.position, _last_line(batch)), counts=tally.counts, state=Import.State.READING
    )


def _judge(
    import_id: uuid.UUID | None, creditor: Creditor, batch: list[Group | RowError], now: datetime, tally: _Tally
) -> tuple[Book, list[RowError], int]:
    """Take a batch into a book that is not written yet: the book, what was refused, how many rows there were."""
    source = "preview" if import_id is None else f"import:{import_id.hex[:32]}"
    book = open_book(creditor, now=now, source=source, import_id=import_id, thin=True)
    found = [item for item in batch if isinstance(item, Group)]
    errors = [item for item in batch if isinstance(item, RowError)]
    rows = [row for group in found for row in group.rows]
    book.load(
        debtors=Q(external_id__in={row.debtor for row in rows}),
        documents={
            document_hash(row.document_kind, row.document)
            for row in rows
            if isinstance(row, DebtorRow) and row.document
        },
        invoices={row.external_id for row in rows if isinstance(row, InvoiceRow)}
        | {row.invoice for row in rows if isinstance(row, (PaymentRow, CreditRow)) and row.invoice},
        payments={row.external_id for row in rows if isinstance(row, (PaymentRow, CreditRow))},
        people=True,
    )
    for group in found:
        for lines in _lines(group):
            try:
                _check_line(book, lines)
            except DomainError as error:
                errors.append(_refused(error, lines))
                continue
            for row in lines:
                try:
                    _apply_row(book, row, tally)
                except DomainError as error:
                    errors.append(_refused(error, [row]))
                    if row.debtor not in book.by_external:
                        break  # nobody to write the rest of the line to
    return book, errors, len(rows)


def _lines(group: Group) -> Iterator[list[Row]]:
    together: list[Row] = []
    for row in group.rows:
        if together and row.line != together[0].line:
            yield together
            together = []
        together.append(row)
    if together:
        yield together


def _money(row: InvoiceRow | PaymentRow | CreditRow) -> Money:
    try:
        return Money(row.amount, row.currency)
    except ValueError as error:
        raise DomainError(
            "amount_decimals",
            "%(value)s has more decimals than %(currency)s knows (%(places)s)",
            pointer="amount",
            value=row.amount,
            currency=row.currency,
            places=minor_units(row.currency),
        ) from error


def _check_line(book: Book, rows: list[Row]) -> None:
    """A line is taken whole or not at all: everything that can be wrong with its money is found before anything."""
    account = book.by_external.get(rows[0].debtor)
    if account is None and not any(isinstance(row, DebtorRow) for row in rows):
        raise DomainError(
            "debtor_unknown",
            "debtor %(id)s is not known: give the debtor before what is owed",
            pointer="debtor",
            id=rows[0].debtor,
        )
    fresh = Account(Debtor(tenant_id=book.creditor.tenant_id, creditor_id=book.creditor.id, currency=""))
    currencies: set[str] = set()
    for row in rows:
        if isinstance(row, ContactRow) and row.consent_signed_on is not None:
            check_signature(book, row.consent_signed_on, row.consent_clause)
        if isinstance(row, (InvoiceRow, PaymentRow, CreditRow)):
            currencies.add(row.currency)
            money = _money(row)
            if isinstance(row, InvoiceRow):
                check_invoice(book, account or fresh, row.external_id, {"amount": money, "due_on": row.due_on})
            else:
                kind: Kind = "credit" if isinstance(row, CreditRow) else "payment"
                check_payment(book, account or fresh, row.external_id, money, kind=kind, replace=True)
    if len(currencies) > 1:
        raise DomainError("currency_differs", "one line has amounts in %(both)s", both=", ".join(sorted(currencies)))


def _apply_row(book: Book, row: Row, tally: _Tally) -> None:
    if isinstance(row, DebtorRow):
        _, outcome = put_debtor(book, row.debtor, _debtor_fields(row))
        tally.outcome("debtors", row.debtor, outcome)
        return
    account = book.by_external[row.debtor]
    if isinstance(row, ContactRow):
        _, outcome = put_contact(book, account, _contact_fields(row))
        tally.outcome("contacts", f"{row.debtor} {row.value}", outcome)
    elif isinstance(row, InvoiceRow):
        _, outcome = put_invoice(book, account, row.external_id, _invoice_fields(row))
        tally.outcome("invoices", row.external_id, outcome)
    else:
        credit = isinstance(row, CreditRow)
        on = row.credited_on if isinstance(row, CreditRow) else row.paid_on
        named = book.invoices.get(row.invoice) if row.invoice else None
        _, outcome = put_payment(
            book,
            account,
            row.external_id,
            _money(row),
            paid_at=midday_of(on, book.creditor.country),
            kind="credit" if credit else "payment",
            method=(row.reason if isinstance(row, CreditRow) else row.method) or None,
            first=named.id if named is not None and named.id in account.invoices else None,
            replace=True,
        )
        tally.outcome("credits" if credit else "payments", row.external_id, outcome)


def _debtor_fields(row: DebtorRow) -> dict[str, Any]:
    """Only what the file says: empty means that it does not."""
    given: dict[str, Any] = {"name": row.name, "kind": row.kind} if row.name else {}
    for name in ("country", "language", "city", "declared_zone", "birth_year", "labels", "stops", "attributes"):
        if value := getattr(row, name):
            given[name] = value
    if row.subdivision:
        given["subdivision"] = row.subdivision[:6]
    if row.document:
        given["document_kind"], given["document"] = row.document_kind, row.document
    return given


def _contact_fields(row: ContactRow) -> dict[str, Any]:
    named = {"contact_name": row.contact_name, "contact_position": row.contact_position}
    return {
        **{name: value for name, value in named.items() if value},
        "kind": row.kind,
        "value": row.value,
        "role": row.role,
        "source": row.source,
        "supplied_by": row.supplied_by,
        "supplied_on": row.supplied_on,
        "identity": row.identity,
        "identity_on": row.identity_on,
        "identity_evidence": row.identity_evidence,
        "consent_state": row.consent_state,
        "consent_channel": row.consent_channel,
        "consent_purpose": row.consent_purpose,
        "consent_evidence": row.consent_evidence,
        "consent_signed_on": row.consent_signed_on,
        "consent_clause": row.consent_clause,
    }


def _invoice_fields(row: InvoiceRow) -> dict[str, Any]:
    given: dict[str, Any] = {"amount": _money(row), "due_on": row.due_on}
    for name in ("number", "description", "issued_on", "legal_state"):
        if value := getattr(row, name):
            given[name] = value
    return given


def _refused(error: DomainError, rows: Sequence[Row]) -> RowError:
    first = rows[0]
    return RowError.of(error, line=first.line, value=str(getattr(first, "external_id", first.debtor)))
