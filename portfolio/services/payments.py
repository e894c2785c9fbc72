"""Payments and credits: what shrinks a balance, and what takes that back."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Literal

from django.db.models import Q

from kernel.errors import DomainError
from kernel.ids import uuid7
from kernel.money import Money
from portfolio.entries import Account
from portfolio.models import Creditor, Debtor, Invoice, Payable, Payment
from portfolio.services.book import Book, Outcome, book_of, open_book
from portfolio.services.debtors import was_undone
from portfolio.services.invoices import MAX_MINOR, check_currency

Kind = Literal["payment", "credit"]


def check_payment(
    book: Book, account: Account, external_id: str, money: Money, *, kind: Kind = "payment", replace: bool = False
) -> Payment | None:
    """The payment with this id, or None; raises DomainError when this one cannot be taken."""
    if not external_id or len(external_id) > 80:
        raise DomainError("external_id", "a payment's own id has 1 to 80 characters", pointer="/external_id")
    if not 0 < money.minor <= MAX_MINOR:
        raise DomainError(
            "payment_amount", "a payment or credit is above zero, not %(amount)s", pointer="/amount", amount=str(money)
        )
    payment = book.payments.get(external_id)
    if payment is None:
        check_currency(account, money.currency)
        return None
    if payment.debtor_id != account.debtor.id:
        raise DomainError(
            "payment_other_debtor",
            "payment %(id)s belongs to another debtor: reverse it there and give this one an id of its own",
            pointer="/external_id",
            id=external_id,
        )
    same = (payment.minor, payment.currency, payment.kind) == (money.minor, money.currency, kind)
    if payment.currency != money.currency or payment.kind != kind or not (same or replace):
        raise DomainError(
            "conflict",
            "%(kind)s %(id)s is recorded with %(amount)s: reverse it, or give this one an id of its own",
            pointer="/amount",
            id=external_id,
            kind=payment.kind,
            amount=str(Money.from_minor(payment.minor, payment.currency)),
        )
    return payment


def put_payment(
    book: Book,
    account: Account,
    external_id: str,
    money: Money,
    *,
    paid_at: datetime,
    kind: Kind = "payment",
    method: str | None = None,
    first: uuid.UUID | None = None,
    of: Collection[uuid.UUID] = (),
    payable_id: uuid.UUID | None = None,
    replace: bool = False,
    move: bool = False,
) -> tuple[Payment, Outcome]:
    """Enter money in a book that has loaded the payment's id. The same id again changes nothing; with `replace` and
    another amount, the former is taken back and the new one entered, with `move` also for another instant or invoice.
    A `method` of None says nothing. Raises DomainError before anything is changed."""
    payment = check_payment(book, account, external_id, money, kind=kind, replace=replace)
    outcome: Outcome = "updated"
    if payment is None:
        payment = Payment(
            id=uuid7(),
            tenant_id=account.debtor.tenant_id,
            creditor_id=book.creditor.id,
            debtor_id=account.debtor.id,
            external_id=external_id,
            kind=kind,
            recorded_at=book.now,
        )
        book.add(payment)
        book.payments[external_id] = payment
        outcome = "created"
    elif payment.reversed_at is not None:
        if not was_undone(book, payment.import_id):
            return payment, "unchanged"
    elif payment.minor != money.minor or (move and _lies_elsewhere(account, payment, paid_at, first)):
        of = of or _invoices_of(account, payment)
        account.give_back(payment, book.cause)
    elif method is None or payment.method == method[:20]:
        return payment, "unchanged"
    else:
        payment.method = method[:20]
        book.change(payment)
        book.say(account.debtor)
        return payment, "updated"
    payment.currency, payment.minor = money.currency, money.minor
    payment.method = payment.method if method is None else method[:20]
    payment.source, payment.payable_id, payment.paid_at = book.cause.source, payable_id, paid_at
    payment.reversed_at, payment.import_id = None, book.cause.import_id
    if outcome == "updated":
        book.change(payment)
    account.receive(payment, book.cause, first=first, of=of)
    book.say(account.debtor)
    if not (book.thin and account.debtor.id in book.new[Debtor]):
        book.tell("payment.recorded", payment, debtor_id=str(account.debtor.id), kind=kind)
    return payment, outcome


def _invoices_of(account: Account, payment: Payment) -> list[uuid.UUID]:
    """Where a payment's money lies: a changed amount goes there again when nobody names another invoice."""
    purse = account.purses.get(payment.id)
    return [] if purse is None else [target for target, part in purse.where.items() if target is not None and part > 0]


def _lies_elsewhere(account: Account, payment: Payment, paid_at: datetime, first: uuid.UUID | None) -> bool:
    """Whether a payment that is whole was stated with another instant, or with an invoice that it could settle more."""
    purse = account.purses.get(payment.id)
    if purse is None or sum(part for part in purse.where.values() if part > 0) != payment.minor:
        return False  # part of it went back: what is left stays where it is
    if payment.paid_at != paid_at:
        return True
    return first is not None and purse.where.get(first, 0) < payment.minor and account.invoices[first].open_minor > 0


def _invoice_named(book: Book, account: Account, invoice: Invoice | None) -> uuid.UUID | None:
    if invoice is None:
        return None
    if invoice.id not in account.invoices:
        raise DomainError("invoice_other_debtor", "this invoice belongs to another debtor", pointer="/invoice")
    return invoice.id


def record_payment(
    creditor: Creditor,
    debtor: Debtor,
    external_id: str,
    money: Money,
    *,
    paid_at: datetime,
    now: datetime,
    source: str,
    method: str | None = None,
    invoice: Invoice | None = None,
    payable: Payable | None = None,
    kind: Kind = "payment",
    replace: bool = False,
    import_id: uuid.UUID | None = None,
) -> Payment:
    """Enter money that arrived; once per external id at the creditor, however often it is told.

    Settles `invoice` first, then those of `payable` (else of the active agreement), then the oldest due; what is left
    stays on the account and settles the next invoice. Keeps promises, fulfils agreements, kills codes whose amount is
    no longer owed. Raises DomainError `conflict` when the id stands with another amount (unless `replace`).
    """
    book = open_book(creditor, now=now, source=source, import_id=import_id)
    book.load(debtors=Q(pk=debtor.pk), payments=[external_id])
    account = book.accounts[debtor.pk]
    if payable is not None:
        _close_payable(account, payable, money)
    payment, _ = put_payment(
        book, account, external_id, money, paid_at=paid_at, kind=kind, method=method,
        first=_invoice_named(book, account, invoice), of=payable.invoice_ids if payable else (),
        payable_id=payable.id if payable else None, replace=replace,
    )  # fmt: skip
    if payable is not None and account.written:
        book.tell("payable.paid", payable, debtor_id=str(debtor.id), payment_id=str(payment.id))
    book.write()
    return payment


def _close_payable(account: Account, payable: Payable, money: Money) -> None:
    held = next((item for item in account.payables if item.id == payable.id), None)
    if held is not None and money.minor >= held.minor and money.currency == held.currency:
        held.state = payable.state = Payable.State.PAID
        account.touched[held.id] = held


def record_credit(
    creditor: Creditor,
    debtor: Debtor,
    external_id: str,
    money: Money,
    *,
    credited_at: datetime,
    now: datetime,
    source: str,
    reason: str = "",
    invoice: Invoice | None = None,
    replace: bool = True,
    import_id: uuid.UUID | None = None,
) -> Payment:
    """Shrink a balance without money: a credit note, a discount, what was paid before the file was made.

    A second statement with another amount replaces the former. Raises DomainError.
    """
    return record_payment(
        creditor, debtor, external_id, money, paid_at=credited_at, now=now, source=source, method=reason,
        invoice=invoice, kind="credit", replace=replace, import_id=import_id,
    )  # fmt: skip


def reverse_payment(
    payment: Payment,
    *,
    now: datetime,
    source: str,
    amount: Money | None = None,
    reason: str = "",
    at: datetime | None = None,
) -> Payment:
    """Take a payment or credit back, or `amount` of it (a chargeback, a returned transfer): reversal entries open the
    invoices again, the surplus first. Whole reversals happen once; a second one changes nothing. Raises DomainError."""
    debtor = Debtor.objects.get(pk=payment.debtor_id)
    book, account = book_of(debtor, now=now, source=source, payments=[payment.external_id])
    held = book.payments[payment.external_id]
    if held.reversed_at is not None:
        return held
    account.give_back(held, book.cause, amount=amount, at=at)
    if not any(part > 0 for part in account.purses[held.id].where.values()):
        held.reversed_at = now
        book.change(held)
    book.tell(
        "payment.reversed", held, debtor_id=str(debtor.id), whole=held.reversed_at is not None, reason=reason[:100]
    )
    book.write()
    return held
