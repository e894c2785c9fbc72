"""Disputes: the debtor denies a claim; nothing is asked for it until somebody has looked."""

from __future__ import annotations

import secrets
from datetime import datetime

from kernel.errors import DomainError
from kernel.money import Money
from portfolio.models import Debtor, Dispute, Invoice
from portfolio.services.book import book_of
from portfolio.services.payments import put_payment

#: Letters and digits that cannot be taken for one another when read aloud.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
REASONS = ("not_mine", "already_paid", "wrong_amount", "not_delivered", "cancelled", "fraud", "authority", "other")


def open_dispute(
    debtor: Debtor,
    invoice: Invoice | None,
    reason: str,
    *,
    now: datetime,
    source: str,
    detail: str = "",
    authority: str = "",
) -> Dispute:
    """Note that the debtor denies an invoice, or all of them (None); returns the dispute with its public reference.

    Its invoices count as disputed and codes that ask for them die. An open dispute about the same is returned instead
    of a second one. Raises DomainError on an unknown reason.
    """
    if reason not in REASONS:
        raise DomainError(
            "dispute_reason",
            "%(reason)s is none of %(known)s",
            pointer="/reason",
            reason=reason,
            known=", ".join(REASONS),
        )
    book, account = book_of(debtor, now=now, source=source)
    if invoice is not None and invoice.id not in account.invoices:
        raise DomainError("invoice_other_debtor", "this invoice belongs to another debtor", pointer="/invoice")
    known = Dispute.objects.filter(debtor_id=debtor.pk, invoice=invoice, state="open").first()
    if known is not None:
        return known
    dispute = Dispute(
        creditor=book.creditor, debtor=account.debtor, invoice=invoice, reason=reason, detail=detail[:4000],
        authority=authority[:20], opened_at=now, reference="D-" + "".join(secrets.choice(_ALPHABET) for _ in range(8)),
    )  # fmt: skip
    dispute.save(force_insert=True)
    for item in account.invoices.values():
        if item.disputed_at is None and (item.id == invoice.id if invoice is not None else item.open_minor > 0):
            item.disputed_at = item.updated_at = now
            book.change(item)
            for payable in account.payables:
                if item.id in payable.invoice_ids and payable.state == "open":
                    payable.state = "replaced"
                    book.change(payable)
    account.debtor.updated_at = now
    book.change(account.debtor)
    data = {
        "debtor_id": str(debtor.pk),
        "invoice_id": str(invoice.id) if invoice is not None else None,
        "reason": reason,
    }
    book.tell("dispute.opened", dispute, **data)
    book.write()
    return dispute


def close_dispute(
    dispute: Dispute, *, accepted: bool, now: datetime, source: str, credit: Money | None = None
) -> Dispute:
    """Somebody has looked: the invoice stands, or the debtor was right (`accepted`), with the credit that follows.

    Without `credit` an accepted dispute of one invoice withdraws it. An invoice stays disputed while another open
    dispute is about it. Twice is once. Raises DomainError.
    """
    debtor = Debtor.objects.get(pk=dispute.debtor_id)
    credit_id = f"dispute:{dispute.reference}"
    book, account = book_of(debtor, now=now, source=source, payments=[credit_id])
    held = Dispute.objects.select_for_update(no_key=True).get(pk=dispute.pk)
    if held.state != Dispute.State.OPEN:
        return held
    held.state = Dispute.State.ACCEPTED if accepted else Dispute.State.RESOLVED
    held.closed_at = now
    held.save(update_fields=["state", "closed_at"])
    others = list(Dispute.objects.filter(debtor_id=debtor.pk, state="open").values_list("invoice_id", flat=True))
    for invoice in account.invoices.values():
        about = held.invoice_id is None or invoice.id == held.invoice_id
        if about and invoice.disputed_at is not None and None not in others and invoice.id not in others:
            invoice.disputed_at, invoice.updated_at = None, now
            book.change(invoice)
    if accepted and credit is not None:
        put_payment(
            book, account, credit_id, credit, paid_at=now, kind="credit", method="dispute", first=held.invoice_id
        )
    elif accepted and held.invoice_id is not None and account.invoices[held.invoice_id].withdrawn_at is None:
        account.withdraw(account.invoices[held.invoice_id], book.cause)
    account.debtor.updated_at = now
    book.change(account.debtor)
    book.tell("dispute.closed", held, debtor_id=str(debtor.pk), accepted=accepted)
    book.write()
    return held
