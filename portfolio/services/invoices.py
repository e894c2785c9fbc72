"""Invoices: claims with a due date, and the entries that their amounts become."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from kernel.errors import DomainError
from kernel.ids import uuid7
from kernel.money import Money
from portfolio.entries import Account
from portfolio.imports.rows import LEGAL_STATES
from portfolio.models import Creditor, Debtor, Invoice
from portfolio.services.book import Book, Outcome, book_of, open_book
from portfolio.services.debtors import was_undone

#: More than this in minor units is a slip of the finger, and would not fit every sum.
MAX_MINOR = 10**15
_TEXTS = {"number": 60, "description": 200}


def check_currency(account: Account, currency: str) -> None:
    """A debtor's account is kept in one currency; the first money on it says in which."""
    debtor = account.debtor
    if debtor.currency == currency:
        return
    if account.lines or account.invoices:
        raise DomainError(
            "currency_differs",
            "this debtor's account is kept in %(kept)s: give what is in %(currency)s to a debtor id of its own",
            pointer="/currency",
            kept=debtor.currency,
            currency=currency,
        )
    debtor.currency = currency


def check_invoice(book: Book, account: Account, external_id: str, fields: Mapping[str, Any]) -> Invoice | None:
    """The invoice with this id, or None; raises DomainError when these facts cannot be taken."""
    if not external_id or len(external_id) > 80:
        raise DomainError("external_id", "an invoice's own id has 1 to 80 characters", pointer="/external_id")
    for name, limit in _TEXTS.items():
        if len(fields.get(name) or "") > limit:
            raise DomainError("text_too_long", "at most %(limit)s characters fit here", pointer=f"/{name}", limit=limit)
    if fields.get("legal_state") and fields["legal_state"] not in LEGAL_STATES:
        raise DomainError(
            "legal_state",
            "%(value)s is none of %(known)s",
            pointer="/legal_state",
            value=fields["legal_state"],
            known=", ".join(LEGAL_STATES),
        )
    if "due_on" in fields and fields["due_on"] is None:
        raise DomainError("value_missing", "an invoice has a due date", pointer="/due_on")
    amount: Money | None = fields.get("amount")
    if amount is not None and not 0 <= amount.minor <= MAX_MINOR:
        raise DomainError(
            "invoice_amount",
            "an invoice is zero or above, not %(amount)s: a negative one is a credit",
            pointer="/amount",
            amount=str(amount),
        )
    invoice = book.invoices.get(external_id)
    if invoice is not None and invoice.debtor_id != account.debtor.id:
        raise DomainError(
            "invoice_other_debtor",
            "invoice %(id)s belongs to another debtor: withdraw it there and give this one an id of its own",
            pointer="/external_id",
            id=external_id,
        )
    if invoice is None:
        for name in ("due_on", "amount"):
            if fields.get(name) is None:
                raise DomainError("value_missing", "a new invoice needs %(field)s", pointer=f"/{name}", field=name)
    if amount is not None:
        if invoice is not None and invoice.currency != amount.currency:
            raise DomainError(
                "currency_differs",
                "invoice %(id)s is in %(kept)s",
                pointer="/currency",
                id=external_id,
                kept=invoice.currency,
            )
        check_currency(account, amount.currency)
    return invoice


def put_invoice(book: Book, account: Account, external_id: str, fields: Mapping[str, Any]) -> tuple[Invoice, Outcome]:
    """Make or change an invoice in a book that has loaded it. Fields: number, description, issued_on, due_on, amount
    (Money), legal_state; those left out stay as they are. Raises DomainError before anything is changed."""
    invoice = check_invoice(book, account, external_id, fields)
    debtor = account.debtor
    if invoice is None:
        amount: Money = fields["amount"]
        invoice = Invoice(
            id=uuid7(),
            tenant_id=debtor.tenant_id,
            creditor_id=book.creditor.id,
            debtor_id=debtor.id,
            external_id=external_id,
            number=fields.get("number") or external_id[:60],
            description=fields.get("description") or "",
            issued_on=fields.get("issued_on"),
            due_on=fields["due_on"],
            currency=amount.currency,
            amount_minor=amount.minor,
            open_minor=0,
            legal_state=fields.get("legal_state") or "",
            import_id=book.cause.import_id,
            created_at=book.now,
            updated_at=book.now,
        )
        book.add(invoice)
        book.invoices[external_id] = invoice
        account.charge(invoice, book.cause)
        _told(book, account, invoice, created=True)
        return invoice, "created"
    changed = False
    for name in ("number", "description", "issued_on", "due_on", "legal_state"):
        if name in fields:
            value = fields[name] if name in ("issued_on", "due_on") else fields[name] or ""
            if name == "number" and not value:
                value = external_id[:60]
            if getattr(invoice, name) != value:
                setattr(invoice, name, value)
                changed = True
                if name == "number":
                    book.reworded.add(invoice.id)
    stated = fields["amount"].minor if fields.get("amount") is not None else None
    if invoice.withdrawn_at is not None and was_undone(book, invoice.import_id):
        invoice.import_id = book.cause.import_id
        account.restore(invoice, invoice.amount_minor if stated is None else stated, book.cause)
        changed = True
    elif stated is not None and stated != invoice.amount_minor and invoice.withdrawn_at is None:
        account.adjust(invoice, stated, book.cause)
        changed = True
    if not changed:
        return invoice, "unchanged"
    account.touched[invoice.id] = invoice
    _told(book, account, invoice, created=False)
    return invoice, "updated"


def _told(book: Book, account: Account, invoice: Invoice, *, created: bool) -> None:
    book.say(account.debtor)
    if not (book.thin and account.debtor.id in book.new[Debtor]):
        book.tell("invoice.saved", invoice, debtor_id=str(account.debtor.id), created=created)


def save_invoice(
    creditor: Creditor,
    debtor: Debtor,
    external_id: str,
    *,
    now: datetime,
    source: str = "api",
    import_id: uuid.UUID | None = None,
    **fields: Any,
) -> tuple[Invoice, Outcome]:
    """Make or change an invoice by the creditor's own id; returns it with created, updated or unchanged.

    Fields: number, description, issued_on, due_on, amount (Money), legal_state. A new amount is an adjustment entry;
    what was paid beyond it settles the debtor's other invoices or stays as a surplus. Raises DomainError.
    """
    book = open_book(creditor, now=now, source=source, import_id=import_id)
    book.load(debtors=Q(pk=debtor.pk), invoices=[external_id])
    account = book.accounts[debtor.pk]
    invoice, outcome = put_invoice(book, account, external_id, fields)
    account.debtor.balance_as_of = now
    book.change(account.debtor)
    book.write()
    return invoice, outcome


def withdraw_invoice(invoice: Invoice, *, reason: str, now: datetime, source: str) -> Invoice:
    """The creditor takes a claim back: an adjustment to zero; what was paid on it settles the others. Twice is once."""
    debtor = Debtor.objects.get(pk=invoice.debtor_id)
    book, account = book_of(debtor, now=now, source=source)
    held = account.invoices[invoice.id]
    if held.withdrawn_at is None:
        account.withdraw(held, book.cause)
        book.tell("invoice.saved", held, debtor_id=str(debtor.id), withdrawn=True, reason=reason[:100])
        book.write()
    return held
