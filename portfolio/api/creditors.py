"""REST: creditors, and sums about them."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portfolio import queries, services
from portfolio import serializers as shapes
from portfolio.api.base import PortfolioView
from portfolio.models import Creditor
from tenants.api import PAGING, page, page_of, saved


class CreditorList(PortfolioView):
    """The creditors that the key may see."""

    @extend_schema(operation_id="creditors_list", parameters=PAGING, responses=page_of(shapes.CreditorOut))
    def get(self, request: Request) -> Response:
        """List creditors."""
        return page(Creditor.objects.all(), request, lambda row: shapes.CreditorOut(row).data)


class CreditorDetail(PortfolioView):
    """One creditor by its external id."""

    @extend_schema(operation_id="creditors_read", responses=shapes.CreditorOut)
    def get(self, request: Request, creditor: str) -> Response:
        """Read a creditor."""
        return Response(shapes.CreditorOut(queries.creditor_by(creditor)).data)

    @extend_schema(operation_id="creditors_upsert", request=shapes.CreditorIn, responses=shapes.CreditorOut)
    def put(self, request: Request, creditor: str) -> Response:
        """Make or change a creditor. A key that is limited to some creditors changes those only."""
        if self.principal.creditor_ids is not None:
            queries.creditor_by(creditor)
        row, outcome = services.save_creditor(creditor, now=self.now, **self.read(shapes.CreditorIn))
        return saved(shapes.CreditorOut(row).data, outcome)


class Ageing(PortfolioView):
    """What is open, by age."""

    @extend_schema(operation_id="creditors_ageing", responses=shapes.BucketOut(many=True))
    def get(self, request: Request, creditor: str) -> Response:
        """Open amounts per currency and bucket: current, 1-30, 31-60, 61-90, 90+ days overdue."""
        rows = queries.ageing(queries.creditor_by(creditor), self.now)
        return Response(shapes.BucketOut(rows, many=True).data)


class Reconciliation(PortfolioView):
    """Sums that both sides can compare."""

    @extend_schema(operation_id="creditors_reconciliation", responses=shapes.ReconciliationOut(many=True))
    def get(self, request: Request, creditor: str) -> Response:
        """Per currency: counts, open, surplus, sums by kind of entry, and the SHA-256 over the invoices' open amounts
        (one line "external id, tab, open amount, newline" each, in the order of the ids' bytes)."""
        rows = queries.reconciliation(queries.creditor_by(creditor))
        return Response(shapes.ReconciliationOut(rows, many=True).data)
