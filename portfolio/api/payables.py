"""REST: codes to pay with."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portfolio import queries, services
from portfolio import serializers as shapes
from portfolio.api.base import DEBTOR, STATE, PortfolioView
from portfolio.models import Payable
from tenants.api import PAGING, page_of
from tenants.fields import money_of


class PayableList(PortfolioView):
    """Codes to pay with."""

    @extend_schema(
        operation_id="payables_list",
        parameters=[*PAGING, DEBTOR, STATE],
        responses=page_of(shapes.PayableOut),
    )
    def get(self, request: Request, creditor: str) -> Response:
        """List payables."""
        rows = Payable.objects.filter(creditor=queries.creditor_by(creditor)).select_related("debtor")
        return self.listed(rows, shapes.PayableOut)

    @extend_schema(operation_id="payables_create", request=shapes.PayableIn, responses={201: shapes.PayableOut})
    def post(self, request: Request, creditor: str) -> Response:
        """A code for what is owed now; one that is alive and right is answered again."""
        fields = self.read(shapes.PayableIn)
        debtor = self.debtor(queries.creditor_by(creditor), fields)
        row = services.create_payable(
            debtor, now=self.now, kind=fields.get("kind"), money=money_of(fields, debtor.currency), source=self.source
        )
        return Response(shapes.PayableOut(row).data, status=201)
