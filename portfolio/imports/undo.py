"""Undoing an import: reversals of what it wrote, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from django.db.models import Q

from portfolio.entries import Account
from portfolio.imports.apply import tenant_of
from portfolio.models import Creditor, Debtor, Entry, Import, Invoice, Payment
from portfolio.services.book import open_book
from portfolio.services.debtors import withdraw_account
from tenants.events import Emit, emit
from tenants.scope import tenant_scope

#: Where a stopped undoing went, in the import's mapping: the last debtor that was done.
_AFTER = "undone_after"


def undo_import(
    made: Import,
    *,
    now: datetime,
    creditor_ids: Collection[uuid.UUID] | None = None,
    pause: Callable[[], bool] | None = None,
) -> Import:
    """Take an import back, with reversals: its payments, credits and invoices, and the amounts that it stated.

    What came from elsewhere stays: money that was paid on its invoices becomes the debtors' surplus, and an amount that
    a later import stated holds. Debtors that it made and that owe nothing else are withdrawn. Opens its own tenant
    scopes; stopped in the middle, or by `pause` after 200 debtors, it goes on when called again.
    """
    tenant_id = tenant_of(made)
    with tenant_scope(tenant_id, creditor_ids=creditor_ids):
        held = Import.objects.get(pk=made.pk)
        if held.state == Import.State.UNDONE:
            return held
        creditor = Creditor.objects.get(pk=held.creditor_id)
        touched = set(Debtor.objects.filter(creditor=creditor, import_id=held.id).values_list("id", flat=True))
        for model in (Invoice, Payment, Entry):
            touched |= set(
                model.objects.filter(creditor=creditor, import_id=held.id)
                .values_list("debtor_id", flat=True)
                .distinct()
            )
    after = held.mapping.get(_AFTER, "")
    ids = [debtor for debtor in sorted(touched) if str(debtor) > after]
    for start in range(0, len(ids), 200):
        part = ids[start : start + 200]
        with tenant_scope(tenant_id, creditor_ids=creditor_ids):
            _undo(held, creditor, part, now)
            held.mapping[_AFTER] = str(part[-1])
            held.save(update_fields=["mapping"])
        if pause is not None and pause():
            return held
    with tenant_scope(tenant_id, creditor_ids=creditor_ids):
        held.state, held.finished_at = Import.State.UNDONE, now
        held.mapping.pop(_AFTER, None)
        held.save(update_fields=["state", "finished_at", "mapping"])
        emit(Emit("import.undone", "portfolio.import", held.id, now, creditor.id, data={"debtors": len(touched)}))
    return held


def _undo(held: Import, creditor: Creditor, debtor_ids: Sequence[uuid.UUID], now: datetime) -> None:
    book = open_book(creditor, now=now, source=f"undo:{held.id.hex}", import_id=held.id, thin=True)
    book.load(debtors=Q(id__in=debtor_ids))
    mine: dict[uuid.UUID, list[Payment]] = {}
    for payment in Payment.objects.filter(debtor_id__in=debtor_ids, import_id=held.id).order_by("id"):
        mine.setdefault(payment.debtor_id, []).append(payment)
    for account in book.accounts.values():
        for payment in reversed(mine.get(account.debtor.id, [])):
            if payment.reversed_at is not None:
                # reversed before, for a reason of its own: stating the file again must not bring it back
                if not _undone_here(account, held, payment_id=payment.id):
                    payment.import_id = None
                    book.change(payment)
                continue
            account.give_back(payment, book.cause)
            payment.reversed_at = now
            book.change(payment)
            book.tell("payment.reversed", payment, debtor_id=str(account.debtor.id), import_id=str(held.id))
        for invoice in list(account.invoices.values()):
            if invoice.import_id == held.id:
                if invoice.withdrawn_at is None:
                    account.withdraw(invoice, book.cause, kind="reversal")
                elif not _undone_here(account, held, invoice_id=invoice.id):
                    invoice.import_id = None
                    book.change(invoice)
            elif invoice.withdrawn_at is None:
                back = 0
                for line in reversed(account.lines):
                    if line.invoice_id == invoice.id and line.payment_id is None and line.kind == "adjustment":
                        if line.import_id != held.id:
                            break  # stated by somebody else since
                        back += line.minor
                if back:
                    account.adjust(invoice, invoice.amount_minor - back, book.cause)
        owes = any(invoice.withdrawn_at is None for invoice in account.invoices.values())
        if account.debtor.import_id == held.id and not owes:
            withdraw_account(book, account, reason="import undone")
    book.write()


def _undone_here(
    account: Account, held: Import, *, payment_id: uuid.UUID | None = None, invoice_id: uuid.UUID | None = None
) -> bool:
    """Whether this import's own undoing, stopped and called again, took the row back."""
    return any(
        line.kind == "reversal"
        and line.import_id == held.id
        and line.payment_id == payment_id
        and (payment_id is not None or line.invoice_id == invoice_id)
        for line in account.lines
    )
