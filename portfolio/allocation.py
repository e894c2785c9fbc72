"""Which invoices a payment or a credit settles, and what a reversal gives back. Not a cent is lost or made."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from kernel.errors import DomainError
from kernel.money import Money

Id = TypeVar("Id", bound=Hashable)


class OpenInvoice(NamedTuple, Generic[Id]):
    """What is still open on one invoice."""

    id: Id
    due_on: date
    open: Money


@dataclass(frozen=True, slots=True)
class Allocation(Generic[Id]):
    """A part of a payment or credit that settles one invoice (or, in a reversal, that opens it again)."""

    invoice_id: Id
    amount: Money


def allocate(
    payment: Money, open_invoices: Iterable[tuple[Id, date, Money]], *, first: Id | None = None
) -> tuple[list[Allocation[Id]], Money]:
    """Spread a payment or credit over open invoices, oldest due date first; returns (allocations, surplus).

    `first` names the invoice that the payer paid for: it is served before the others. Invoices due the same day keep
    the order given, so pass them in a stable one. Allocations are above zero, none exceeds what its invoice has open,
    and with the surplus they add up to the payment. Raises DomainError on a payment that is not above zero or an
    invoice in another currency.
    """
    if payment.minor <= 0:
        raise DomainError("payment_amount", "a payment or credit is above zero, not %(amount)s", amount=str(payment))
    invoices = [OpenInvoice(*invoice) for invoice in open_invoices]
    for invoice in invoices:
        if invoice.open.currency != payment.currency:
            raise DomainError(
                "currency_differs",
                "a payment in %(payment)s cannot settle an invoice in %(invoice)s; record each currency apart",
                payment=payment.currency,
                invoice=invoice.open.currency,
            )
    invoices.sort(key=lambda invoice: (first is None or invoice.id != first, invoice.due_on))
    left = payment.minor
    allocations: list[Allocation[Id]] = []
    for invoice in invoices:
        part = min(left, invoice.open.minor)
        if part > 0:
            allocations.append(Allocation(invoice.id, Money.from_minor(part, payment.currency)))
            left -= part
    return allocations, Money.from_minor(left, payment.currency)


def reverse(
    allocations: Sequence[Allocation[Id]], surplus: Money, amount: Money | None = None
) -> tuple[list[Allocation[Id]], Money]:
    """What a reversal of `amount` (all of it when None) takes back: (amounts to open again, surplus taken back).

    The last money in goes out first: the surplus, then the allocations from the last to the first, so that what a
    smaller payment would have settled stays settled. All amounts are positive. Raises DomainError when `amount` is
    not above zero, in another currency, or more than the payment.
    """
    currency = surplus.currency
    whole = surplus.minor + sum(allocation.amount.minor for allocation in allocations)
    if amount is not None and amount.currency != currency:
        raise DomainError(
            "currency_differs",
            "a payment in %(payment)s cannot be reversed in %(reversal)s",
            payment=currency,
            reversal=amount.currency,
        )
    left = whole if amount is None else amount.minor
    if left <= 0 or left > whole:
        raise DomainError(
            "reversal_amount",
            "a reversal is above zero and at most the payment of %(payment)s",
            payment=str(Money.from_minor(whole, currency)),
        )
    from_surplus = min(left, surplus.minor)
    left -= from_surplus
    reopened: list[Allocation[Id]] = []
    for allocation in reversed(allocations):
        part = min(left, allocation.amount.minor)
        if part > 0:
            reopened.append(Allocation(allocation.invoice_id, Money.from_minor(part, currency)))
            left -= part
    return reopened, Money.from_minor(from_surplus, currency)
