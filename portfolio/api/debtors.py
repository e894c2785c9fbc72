"""REST: debtors with their contact points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portfolio import hooks, queries, services
from portfolio import serializers as shapes
from portfolio.api.base import PortfolioView
from portfolio.api.batches import BatchView
from portfolio.models import Creditor, Debtor
from portfolio.services.book import Book, Outcome
from portfolio.services.debtors import document_of, put_debtor_with_contacts
from tenants.api import PAGING, UPDATED_SINCE, page_of, saved


class DebtorList(PortfolioView):
    """A creditor's debtors."""

    @extend_schema(
        operation_id="debtors_list", parameters=[*PAGING, UPDATED_SINCE], responses=page_of(shapes.DebtorOut)
    )
    def get(self, request: Request, creditor: str) -> Response:
        """List debtors."""
        rows = Debtor.objects.filter(creditor=queries.creditor_by(creditor)).select_related("person")
        return self.listed(rows, shapes.DebtorOut, moved="updated_at")


class DebtorDetail(PortfolioView):
    """One debtor by the creditor's own id."""

    @extend_schema(operation_id="debtors_read", responses=shapes.DebtorDetail)
    def get(self, request: Request, creditor: str, external_id: str) -> Response:
        """Read a debtor with their contact points."""
        return Response(shapes.DebtorDetail(queries.debtor_by(queries.creditor_by(creditor), external_id)).data)

    @extend_schema(operation_id="debtors_upsert", request=shapes.DebtorIn, responses=shapes.DebtorDetail)
    def put(self, request: Request, creditor: str, external_id: str) -> Response:
        """Make or change a debtor, with contact points and consents. What is absent stays as it is."""
        fields = self.read(shapes.DebtorIn)
        contacts = fields.pop("contacts", ())
        owner = queries.creditor_by(creditor)
        row, outcome = services.save_debtor(
            owner, external_id, fields, contacts=contacts, now=self.now, source=self.source
        )
        row = queries.debtor_by(owner, row.external_id)
        return saved(shapes.DebtorDetail(row).data, outcome)


class DebtorWithdrawal(PortfolioView):
    """The creditor takes a debtor back."""

    @extend_schema(operation_id="debtors_withdraw", request=shapes.ReversalIn, responses=shapes.DebtorOut)
    def post(self, request: Request, creditor: str, external_id: str) -> Response:
        """Ask this debtor for nothing any more; twice is once."""
        row = queries.debtor_by(queries.creditor_by(creditor), external_id)
        reason = self.read(shapes.ReversalIn)["reason"]
        services.withdraw_debtor(row, reason=reason, now=self.now, source=self.source)
        return Response(shapes.DebtorOut(queries.debtor_by(queries.creditor_by(creditor), external_id)).data)


class DebtorBatch(BatchView):
    """Up to 1,000 debtors at once."""

    item: ClassVar = shapes.DebtorItemIn

    @extend_schema(operation_id="debtors_batch", request=shapes.BatchIn, responses=shapes.BatchOut)
    def post(self, request: Request, creditor: str) -> Response:
        """Make or change debtors with their contact points; each is taken or refused by itself."""
        return self.taken(queries.creditor_by(creditor))

    def load(self, book: Book, items: Sequence[dict[str, Any]]) -> None:
        """The debtors that the items name, and the persons whom their documents name."""
        documents = {document_of(book.creditor, item["external_id"], _stated(item)) for item in items}
        book.load(
            debtors=Q(external_id__in={item["external_id"] for item in items}), documents=documents - {""}, people=True
        )

    def check(self, creditor: Creditor, item: dict[str, Any]) -> None:
        """What can be wrong before anything is loaded."""
        document_of(creditor, item["external_id"], _stated(item))

    def take(self, book: Book, item: dict[str, Any]) -> Outcome:
        """One debtor with everything that is said of them."""
        contacts = item.get("contacts", ())
        return put_debtor_with_contacts(book, item["external_id"], _stated(item), contacts)[1]

    def written(self, book: Book) -> None:
        """Consents and stops go to whoever keeps them."""
        hooks.take(book.notes, book.now)


def _stated(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("external_id", "contacts")}
