"""REST: what debtors say: promises, agreements, disputes."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.errors import Words
from portfolio import queries, services
from portfolio import serializers as shapes
from portfolio.api.base import DEBTOR, STATE, PortfolioView, invoice_unknown, one
from portfolio.models import Agreement, Dispute, Invoice, Promise
from portfolio.services.agreements import close_agreement
from tenants.api import PAGING, UPDATED_SINCE, page_of, uuid_of
from tenants.fields import money_of


class PromiseList(PortfolioView):
    """What debtors promised."""

    @extend_schema(
        operation_id="promises_list",
        parameters=[*PAGING, DEBTOR, STATE],
        responses=page_of(shapes.PromiseOut),
    )
    def get(self, request: Request, creditor: str) -> Response:
        """List promises."""
        rows = Promise.objects.filter(creditor=queries.creditor_by(creditor)).select_related("debtor")
        return self.listed(rows, shapes.PromiseOut)

    @extend_schema(operation_id="promises_create", request=shapes.PromiseIn, responses={201: shapes.PromiseOut})
    def post(self, request: Request, creditor: str) -> Response:
        """Note a promise; it replaces an open one."""
        fields = self.read(shapes.PromiseIn)
        debtor = self.debtor(queries.creditor_by(creditor), fields)
        money = money_of(fields, debtor.currency)
        assert money is not None  # the shape needs it
        row = services.create_promise(debtor, money, fields["due_on"], now=self.now, source=self.source)
        return Response(shapes.PromiseOut(row).data, status=201)


class AgreementList(PortfolioView):
    """Plans."""

    @extend_schema(
        operation_id="agreements_list",
        parameters=[*PAGING, UPDATED_SINCE, DEBTOR, STATE],
        responses=page_of(shapes.AgreementOut),
    )
    def get(self, request: Request, creditor: str) -> Response:
        """List agreements."""
        rows = Agreement.objects.filter(creditor=queries.creditor_by(creditor)).select_related("debtor")
        return self.listed(rows, shapes.AgreementOut, moved="updated_at")

    @extend_schema(operation_id="agreements_propose", request=shapes.AgreementIn, responses={201: shapes.AgreementOut})
    def post(self, request: Request, creditor: str) -> Response:
        """Propose a plan; the same external id again answers with the plan that stands."""
        fields = self.read(shapes.AgreementIn)
        owner = queries.creditor_by(creditor)
        debtor = self.debtor(owner, fields)
        ids = None
        if (named := fields.get("invoices")) is not None:
            found = dict(Invoice.objects.filter(debtor=debtor, external_id__in=named).values_list("external_id", "id"))
            if unknown := sorted(set(named) - set(found)):
                raise invoice_unknown(", ".join(unknown[:5]), "/invoices")
            ids = list(found.values())
        row = services.propose_agreement(
            debtor, count=fields["count"], first_on=fields["first_on"], every=fields["every"], now=self.now,
            source=self.source, total=money_of(fields, debtor.currency), invoice_ids=ids,
            external_id=fields.get("external_id", ""),
        )  # fmt: skip
        return Response(shapes.AgreementOut(row).data, status=201)


class AgreementDetail(PortfolioView):
    """One plan."""

    @extend_schema(operation_id="agreements_read", responses=shapes.AgreementOut)
    def get(self, request: Request, creditor: str, agreement: str) -> Response:
        """Read an agreement with its instalments."""
        row = one(Agreement, queries.creditor_by(creditor), Words("agreement"), id=uuid_of(agreement))
        return Response(shapes.AgreementOut(row).data)


class AgreementAcceptance(PortfolioView):
    """The debtor said yes."""

    @extend_schema(operation_id="agreements_accept", request=None, responses=shapes.AgreementOut)
    def post(self, request: Request, creditor: str, agreement: str) -> Response:
        """Accept a proposal; twice is once."""
        row = one(Agreement, queries.creditor_by(creditor), Words("agreement"), id=uuid_of(agreement))
        return Response(shapes.AgreementOut(services.accept_agreement(row, now=self.now, source=self.source)).data)


class AgreementCancellation(PortfolioView):
    """A plan ends early."""

    @extend_schema(operation_id="agreements_cancel", request=shapes.ReversalIn, responses=shapes.AgreementOut)
    def post(self, request: Request, creditor: str, agreement: str) -> Response:
        """Cancel a proposal or an active plan; one that ended stays as it ended."""
        row = one(Agreement, queries.creditor_by(creditor), Words("agreement"), id=uuid_of(agreement))
        reason = self.read(shapes.ReversalIn)["reason"]
        return Response(shapes.AgreementOut(close_agreement(row, now=self.now, reason=reason)).data)


class DisputeList(PortfolioView):
    """Denials."""

    @extend_schema(
        operation_id="disputes_list",
        parameters=[*PAGING, DEBTOR, STATE],
        responses=page_of(shapes.DisputeOut),
    )
    def get(self, request: Request, creditor: str) -> Response:
        """List disputes."""
        rows = Dispute.objects.filter(creditor=queries.creditor_by(creditor)).select_related("debtor", "invoice")
        return self.listed(rows, shapes.DisputeOut)

    @extend_schema(operation_id="disputes_open", request=shapes.DisputeIn, responses={201: shapes.DisputeOut})
    def post(self, request: Request, creditor: str) -> Response:
        """Open a dispute about one invoice, or about all; nothing is asked for them meanwhile."""
        fields = self.read(shapes.DisputeIn)
        owner = queries.creditor_by(creditor)
        debtor = self.debtor(owner, fields)
        invoice = None
        if named := fields.get("invoice"):
            invoice = Invoice.objects.filter(debtor=debtor, external_id=named).first()
            if invoice is None:
                raise invoice_unknown(named)
        row = services.open_dispute(
            debtor, invoice, fields["reason"], now=self.now, source=self.source, detail=fields.get("detail") or "",
            authority=fields.get("authority") or "",
        )  # fmt: skip
        return Response(shapes.DisputeOut(row).data, status=201)


class DisputeClosing(PortfolioView):
    """Somebody has looked."""

    @extend_schema(operation_id="disputes_close", request=shapes.ClosingIn, responses=shapes.DisputeOut)
    def post(self, request: Request, creditor: str, dispute: str) -> Response:
        """Close a dispute: the invoice stands, or the debtor was right; twice is once."""
        fields = self.read(shapes.ClosingIn)
        owner = queries.creditor_by(creditor)
        row = one(Dispute, owner, Words("dispute"), reference=dispute)
        row = services.close_dispute(
            row,
            accepted=fields["accepted"],
            now=self.now,
            source=self.source,
            credit=money_of(fields, row.debtor.currency),
        )
        return Response(shapes.DisputeOut(row).data)
