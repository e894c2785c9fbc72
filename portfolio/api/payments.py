"""REST: payments, credits and what takes them back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.errors import DomainError, Words
from kernel.money import Money
from portfolio import queries, services
from portfolio import serializers as shapes
from portfolio.api.base import DEBTOR, PortfolioView, debtor_unknown, invoice_unknown, one
from portfolio.api.batches import BatchView
from portfolio.entries import Account
from portfolio.models import Payment
from portfolio.places import midday_of, today_in
from portfolio.services.book import Book, Outcome, open_book
from portfolio.services.payments import Kind, put_payment
from tenants.api import PAGING, page_of, saved
from tenants.fields import money_of


class PaymentList(PortfolioView):
    """A creditor's payments and credits."""

    @extend_schema(operation_id="payments_list", parameters=[*PAGING, DEBTOR], responses=page_of(shapes.PaymentOut))
    def get(self, request: Request, creditor: str) -> Response:
        """List payments and credits."""
        rows = Payment.objects.filter(creditor=queries.creditor_by(creditor)).select_related("debtor")
        return self.listed(rows, shapes.PaymentOut)


class PaymentDetail(PortfolioView):
    """One payment or credit by the creditor's own id."""

    @extend_schema(operation_id="payments_read", responses=shapes.PaymentOut)
    def get(self, request: Request, creditor: str, external_id: str) -> Response:
        """Read a payment."""
        owner = queries.creditor_by(creditor)
        return Response(shapes.PaymentOut(one(Payment, owner, Words("payment"), external_id=external_id)).data)

    @extend_schema(operation_id="payments_upsert", request=shapes.PaymentIn, responses=shapes.PaymentOut)
    def put(self, request: Request, creditor: str, external_id: str) -> Response:
        """Enter a payment or credit, once per id. Another amount, instant or invoice for a known id replaces the former
        entries; a reversed one stays reversed."""
        item = {**self.read(shapes.PaymentIn), "external_id": external_id}
        book = open_book(queries.creditor_by(creditor), now=self.now, source=self.source)
        load_payments(book, [item])
        row, outcome = take_payment(book, item)
        book.write()
        return saved(shapes.PaymentOut(row).data, outcome)


class PaymentBatch(BatchView):
    """Up to 1,000 payments and credits at once."""

    item: ClassVar = shapes.PaymentItemIn

    @extend_schema(operation_id="payments_batch", request=shapes.BatchIn, responses=shapes.BatchOut)
    def post(self, request: Request, creditor: str) -> Response:
        """Enter payments and credits; each is taken or refused by itself, and the answer says which and why."""
        return self.taken(queries.creditor_by(creditor))

    def load(self, book: Book, items: Sequence[dict[str, Any]]) -> None:
        """The debtors that the items name, those of known payments, payments and invoices."""
        load_payments(book, items)

    def take(self, book: Book, item: dict[str, Any]) -> Outcome:
        """One payment or credit."""
        return take_payment(book, item)[1]


def load_payments(book: Book, items: Sequence[dict[str, Any]]) -> None:
    """Load what `take_payment` needs for these items."""
    ids = {item["external_id"] for item in items}
    known = Payment.objects.filter(creditor=book.creditor, external_id__in=ids).values("debtor_id")
    named = {item["debtor"] for item in items if "debtor" in item}
    book.load(
        debtors=Q(external_id__in=named) | Q(id__in=known),
        payments=ids,
        invoices={item["invoice"] for item in items if item.get("invoice")},
    )


def take_payment(book: Book, item: dict[str, Any]) -> tuple[Payment, Outcome]:
    """Enter one payment as its body says it: what is absent stays as it is. Raises DomainError before any change."""
    external_id = item["external_id"]
    held = book.payments.get(external_id)
    if held is None and "debtor" not in item:
        raise DomainError("value_missing", "name the debtor", pointer="/debtor")
    account: Account | None = None
    if "debtor" in item:
        account = book.by_external.get(item["debtor"])
    elif held is not None:
        account = book.accounts.get(held.debtor_id)
    if account is None:
        raise debtor_unknown(item["debtor"])
    money = money_of(dict(item), held.currency if held is not None else account.debtor.currency)
    if money is None:
        if held is None:
            raise DomainError("value_missing", "a new payment needs %(field)s", pointer="/amount", field="amount")
        money = Money.from_minor(held.minor, item.get("currency") or held.currency)
    named = item.get("invoice")
    first = book.invoices.get(named) if named else None
    if named and (first is None or first.id not in account.invoices):
        raise invoice_unknown(named)
    stated = item.get("kind") or (held.kind if held is not None else "payment")
    kind: Kind = "credit" if stated == "credit" else "payment"
    row, outcome = put_payment(
        book, account, external_id, money, paid_at=_paid_at(book, held, item),
        kind=kind, method=item["method"] or "" if "method" in item else None, first=first.id if first is not None else None,
        replace=True, move=True,
    )  # fmt: skip
    account.debtor.balance_as_of = book.now
    book.change(account.debtor)
    return row, outcome


def _paid_at(book: Book, held: Payment | None, item: dict[str, Any]) -> datetime:
    """When it was paid. A day that a known payment's instant lies in says nothing new."""
    if "paid_at" in item:
        return item["paid_at"]
    country = book.creditor.country
    if "paid_on" not in item:
        if held is None:
            raise DomainError("value_missing", "say when it was paid: paid_at or paid_on", pointer="/paid_at")
        return held.paid_at
    if held is not None and today_in(country, held.paid_at) == item["paid_on"]:
        return held.paid_at
    return midday_of(item["paid_on"], country)


class PaymentReversal(PortfolioView):
    """Money that goes back."""

    @extend_schema(operation_id="payments_reverse", request=shapes.ReversalIn, responses=shapes.PaymentOut)
    def post(self, request: Request, creditor: str, external_id: str) -> Response:
        """Reverse a payment or credit, or a part of it: its invoices are open again. A whole reversal happens once."""
        fields = self.read(shapes.ReversalIn)
        row = one(Payment, queries.creditor_by(creditor), Words("payment"), external_id=external_id)
        row = services.reverse_payment(
            row, now=self.now, source=self.source, amount=money_of(fields, row.currency), reason=fields["reason"]
        )
        return Response(shapes.PaymentOut(row).data)
