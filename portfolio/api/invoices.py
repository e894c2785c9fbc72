"""REST: invoices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.errors import Words
from portfolio import queries, services
from portfolio import serializers as shapes
from portfolio.api.base import DEBTOR, PortfolioView, amount_into, debtor_unknown, one
from portfolio.api.batches import BatchView
from portfolio.entries import Account
from portfolio.models import Invoice
from portfolio.services.book import Book, Outcome
from portfolio.services.invoices import put_invoice
from tenants.api import PAGING, UPDATED_SINCE, page_of, saved


class InvoiceList(PortfolioView):
    """A creditor's invoices."""

    @extend_schema(
        operation_id="invoices_list",
        parameters=[
            *PAGING,
            UPDATED_SINCE,
            DEBTOR,
            OpenApiParameter("open", bool, description="only with something open"),
        ],
        responses=page_of(shapes.InvoiceOut),
    )
    def get(self, request: Request, creditor: str) -> Response:
        """List invoices."""
        rows = Invoice.objects.filter(creditor=queries.creditor_by(creditor)).select_related("debtor")
        if request.query_params.get("open", "").lower() in ("1", "true"):
            rows = rows.filter(open_minor__gt=0)
        return self.listed(rows, shapes.InvoiceOut, moved="updated_at")


class InvoiceDetail(PortfolioView):
    """One invoice by the creditor's own id."""

    @extend_schema(operation_id="invoices_read", responses=shapes.InvoiceOut)
    def get(self, request: Request, creditor: str, external_id: str) -> Response:
        """Read an invoice."""
        owner = queries.creditor_by(creditor)
        return Response(shapes.InvoiceOut(one(Invoice, owner, Words("invoice"), external_id=external_id)).data)

    @extend_schema(operation_id="invoices_upsert", request=shapes.InvoiceIn, responses=shapes.InvoiceOut)
    def put(self, request: Request, creditor: str, external_id: str) -> Response:
        """Make or change an invoice. A new amount becomes an adjustment; what was paid beyond it is not lost."""
        fields = self.read(shapes.InvoiceIn)
        owner = queries.creditor_by(creditor)
        known = None if "debtor" in fields else Invoice.objects.filter(creditor=owner, external_id=external_id).first()
        debtor = known.debtor if known is not None else self.debtor(owner, fields)
        amount_into(fields, debtor.currency)
        row, outcome = services.save_invoice(owner, debtor, external_id, now=self.now, source=self.source, **fields)
        return saved(shapes.InvoiceOut(row).data, outcome)


class InvoiceWithdrawal(PortfolioView):
    """The creditor takes a claim back."""

    @extend_schema(operation_id="invoices_withdraw", request=shapes.ReversalIn, responses=shapes.InvoiceOut)
    def post(self, request: Request, creditor: str, external_id: str) -> Response:
        """Withdraw an invoice; what was paid on it settles the debtor's others. Twice is once."""
        row = one(Invoice, queries.creditor_by(creditor), Words("invoice"), external_id=external_id)
        reason = self.read(shapes.ReversalIn)["reason"]
        return Response(
            shapes.InvoiceOut(services.withdraw_invoice(row, reason=reason, now=self.now, source=self.source)).data
        )


class InvoiceBatch(BatchView):
    """Up to 1,000 invoices at once."""

    item: ClassVar = shapes.InvoiceItemIn

    @extend_schema(operation_id="invoices_batch", request=shapes.BatchIn, responses=shapes.BatchOut)
    def post(self, request: Request, creditor: str) -> Response:
        """Make or change invoices; each is taken or refused by itself, and the answer says which and why."""
        return self.taken(queries.creditor_by(creditor))

    def load(self, book: Book, items: Sequence[dict[str, Any]]) -> None:
        """The debtors that the items name, those of known invoices, and the invoices."""
        ids = {item["external_id"] for item in items}
        known = Invoice.objects.filter(creditor=book.creditor, external_id__in=ids).values("debtor_id")
        named = {item["debtor"] for item in items if "debtor" in item}
        book.load(debtors=Q(external_id__in=named) | Q(id__in=known), invoices=ids)

    def take(self, book: Book, item: dict[str, Any]) -> Outcome:
        """One invoice."""
        fields = dict(item)
        external_id, debtor = fields.pop("external_id"), fields.pop("debtor", None)
        held = book.invoices.get(external_id)
        account: Account | None = None
        if debtor is not None:
            account = book.by_external.get(debtor)
        elif held is not None:
            account = book.accounts.get(held.debtor_id)
        if account is None:
            raise debtor_unknown(debtor or "")
        amount_into(fields, account.debtor.currency)
        _, outcome = put_invoice(book, account, external_id, fields)
        account.debtor.balance_as_of = book.now
        book.change(account.debtor)
        return outcome
