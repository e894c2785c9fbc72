"""REST: creditors, debtors, invoices, payments, agreements, promises, disputes, payables, imports.

Rows are written by their creditor's own ids, so that sending the same thing twice changes nothing. A key that is
limited to some creditors finds no others.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse
from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers as drf
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.errors import DomainError, Words
from portfolio import queries, services
from portfolio import serializers as shapes
from portfolio.entries import Account
from portfolio.imports.apply import apply_import, rejected_csv, undo_import
from portfolio.imports.choose import choose
from portfolio.imports.readers import Setting
from portfolio.models import Agreement, Creditor, Debtor, Dispute, Import, Invoice, Payable, Payment, Promise
from portfolio.places import midday_of, today_in
from portfolio.services.agreements import close_agreement
from portfolio.services.book import Outcome, open_book
from portfolio.services.invoices import put_invoice
from portfolio.services.payments import put_payment
from tenants.api import PAGING, UPDATED_SINCE, TenantView, errors_of, instant_of, money_of, page, saved, uuid_of
from tenants.language import told
from tenants.scope import tenant_scope

READ, WRITE = "portfolio:read", "portfolio:write"
_BOTH = {"GET": READ, "PUT": WRITE, "POST": WRITE}
_CREDITOR = OpenApiParameter("creditor", str, OpenApiParameter.PATH, description="the creditor's external id")
_DEBTOR = OpenApiParameter("debtor", str, description="only this debtor's (external id)")
_STATE = OpenApiParameter("state", str, description="only those in this state")


class PortfolioView(TenantView):
    """What the views below share."""

    scopes = _BOTH

    @property
    def source(self) -> str:
        """Who writes, for entries and events."""
        return f"api:{self.principal.key.prefix}"

    def read(self, shape: type[drf.Serializer], data: Any = None) -> dict[str, Any]:
        """The body's fields that were given; raises ValidationError that names each wrong one."""
        taken = shape(data=self.request.data if data is None else data)
        taken.is_valid(raise_exception=True)
        return dict(taken.validated_data)

    def debtor(self, creditor: Creditor, fields: dict[str, Any]) -> Debtor:
        """The debtor that a body names."""
        if not fields.get("debtor"):
            raise DomainError("value_missing", "name the debtor", pointer="/debtor")
        return queries.debtor_by(creditor, fields.pop("debtor"))

    def listed(self, rows: QuerySet[Any], shape: type[drf.BaseSerializer], *, moved: str = "") -> Response:
        """A page, filtered by what the address says."""
        request = self.request
        fields = {field.name for field in rows.model._meta.get_fields()}
        for name, lookup in (("debtor", "debtor__external_id"), ("state", "state")):
            value = request.query_params.get(name)
            if value is None:
                continue
            if name not in fields:
                raise DomainError("filter_unknown", "this list has no filter %(name)s", pointer=f"/{name}", name=name)
            rows = rows.filter(**{lookup: value})
        keys: tuple[str, ...] = ("id",)
        since = instant_of(request, "updated_since")
        if since is not None:
            if not moved:
                raise DomainError("filter_unknown", "this list has no updated_since", pointer="/updated_since")
            rows, keys = rows.filter(**{f"{moved}__gte": since}), (moved, "id")
        return page(rows, request, lambda row: shape(row).data, keys=keys)


def _one(model: type[Model], creditor: Creditor, what: Words, **where: Any) -> Any:
    row = model._default_manager.filter(creditor=creditor, **where).first()
    if row is None:
        raise DomainError(
            "not_found", "creditor %(creditor)s has no such %(what)s", creditor=creditor.external_id, what=what
        )
    return row


# --- creditors


class CreditorList(PortfolioView):
    """The creditors that the key may see."""

    @extend_schema(operation_id="creditors_list", parameters=PAGING, responses=shapes.shown_page(shapes.CreditorOut))
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


# --- debtors


class DebtorList(PortfolioView):
    """A creditor's debtors."""

    @extend_schema(
        operation_id="debtors_list", parameters=[*PAGING, UPDATED_SINCE], responses=shapes.shown_page(shapes.DebtorOut)
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


# --- invoices


class InvoiceList(PortfolioView):
    """A creditor's invoices."""

    @extend_schema(
        operation_id="invoices_list",
        parameters=[
            *PAGING,
            UPDATED_SINCE,
            _DEBTOR,
            OpenApiParameter("open", bool, description="only with something open"),
        ],
        responses=shapes.shown_page(shapes.InvoiceOut),
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
        return Response(shapes.InvoiceOut(_one(Invoice, owner, Words("invoice"), external_id=external_id)).data)

    @extend_schema(operation_id="invoices_upsert", request=shapes.InvoiceIn, responses=shapes.InvoiceOut)
    def put(self, request: Request, creditor: str, external_id: str) -> Response:
        """Make or change an invoice. A new amount becomes an adjustment; what was paid beyond it is not lost."""
        fields = self.read(shapes.InvoiceIn)
        owner = queries.creditor_by(creditor)
        if "debtor" in fields:
            debtor = self.debtor(owner, fields)
        else:
            debtor = _one(Invoice, owner, Words("invoice (name its debtor to make it)"), external_id=external_id).debtor
        _amount_into(fields, debtor.currency)
        row, outcome = services.save_invoice(owner, debtor, external_id, now=self.now, source=self.source, **fields)
        return saved(shapes.InvoiceOut(row).data, outcome)


class InvoiceWithdrawal(PortfolioView):
    """The creditor takes a claim back."""

    @extend_schema(operation_id="invoices_withdraw", request=shapes.ReversalIn, responses=shapes.InvoiceOut)
    def post(self, request: Request, creditor: str, external_id: str) -> Response:
        """Withdraw an invoice; what was paid on it settles the debtor's others. Twice is once."""
        row = _one(Invoice, queries.creditor_by(creditor), Words("invoice"), external_id=external_id)
        reason = self.read(shapes.ReversalIn)["reason"]
        return Response(
            shapes.InvoiceOut(services.withdraw_invoice(row, reason=reason, now=self.now, source=self.source)).data
        )


class InvoiceBatch(PortfolioView):
    """Up to 1,000 invoices at once."""

    @extend_schema(operation_id="invoices_batch", request=shapes.InvoiceBatchIn, responses=shapes.BatchOut)
    def post(self, request: Request, creditor: str) -> Response:
        """Make or change invoices; each is taken or refused by itself, and the answer says which and why."""
        items = self.read(shapes.InvoiceBatchIn)["items"]
        owner = queries.creditor_by(creditor)
        book = open_book(owner, now=self.now, source=self.source)
        ids = {str(item.get("external_id")) for item in items}
        named = {str(item["debtor"]) for item in items if item.get("debtor")}
        known = Invoice.objects.filter(creditor=owner, external_id__in=ids).values("debtor_id")
        book.load(debtors=Q(external_id__in=named) | Q(id__in=known), invoices=ids)
        results = []
        for index, item in enumerate(items):
            result: dict[str, Any] = {"index": index, "external_id": str(item.get("external_id", ""))}
            try:
                result["outcome"] = self._take(book, item)
            except DomainError as error:
                result |= _rejected(error.code, told(error), error.pointer)
            except ValidationError as error:
                flat = errors_of(error)
                result |= _rejected("invalid", flat[0]["detail"], flat[0]["pointer"], errors=flat)
            results.append(result)
        book.write()
        return Response({"results": results})

    def _take(self, book: Any, item: dict[str, Any]) -> Outcome:
        fields = self.read(shapes.InvoiceItemIn, item)
        external_id, debtor = fields.pop("external_id"), fields.pop("debtor", None)
        held = book.invoices.get(external_id)
        account: Account | None = (
            book.by_external.get(debtor) if debtor is not None else held and book.accounts.get(held.debtor_id)
        )
        if account is None:
            raise DomainError("not_found", "the debtor is not known: give the debtor first", pointer="/debtor")
        _amount_into(fields, account.debtor.currency)
        _, outcome = put_invoice(book, account, external_id, fields)
        account.debtor.balance_as_of = book.now
        book.change(account.debtor)
        return outcome


def _amount_into(fields: dict[str, Any], currency: str) -> None:
    """Put Money in the place of amount and currency; without an amount neither is there."""
    if (money := money_of(fields, currency)) is not None:
        fields["amount"] = money


def _rejected(code: str, detail: str, pointer: str, **more: Any) -> dict[str, Any]:
    return {"outcome": "rejected", "problem": {"code": code, "detail": detail, "pointer": pointer, **more}}


# --- payments


class PaymentList(PortfolioView):
    """A creditor's payments and credits."""

    @extend_schema(
        operation_id="payments_list", parameters=[*PAGING, _DEBTOR], responses=shapes.shown_page(shapes.PaymentOut)
    )
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
        return Response(shapes.PaymentOut(_one(Payment, owner, Words("payment"), external_id=external_id)).data)

    @extend_schema(operation_id="payments_upsert", request=shapes.PaymentIn, responses=shapes.PaymentOut)
    def put(self, request: Request, creditor: str, external_id: str) -> Response:
        """Enter a payment or credit, once per id. Another amount for a known id replaces the former; a reversed one
        stays reversed."""
        fields = self.read(shapes.PaymentIn)
        owner = queries.creditor_by(creditor)
        if "debtor" in fields:
            debtor = self.debtor(owner, fields)
        else:
            debtor = _one(Payment, owner, Words("payment (name its debtor to make it)"), external_id=external_id).debtor
        money = money_of(fields, debtor.currency)
        paid_at = fields.get("paid_at") or (
            midday_of(fields["paid_on"], owner.country) if fields.get("paid_on") else None
        )
        if money is None or paid_at is None:
            raise DomainError("value_missing", "say when it was paid: paid_at or paid_on", pointer="/paid_at")
        book = open_book(owner, now=self.now, source=self.source)
        named = fields.get("invoice")
        book.load(debtors=Q(pk=debtor.pk), payments=[external_id], invoices=[named] if named else ())
        account = book.accounts[debtor.pk]
        first = book.invoices.get(named) if named else None
        if named and (first is None or first.id not in account.invoices):
            raise DomainError("not_found", "this debtor has no invoice %(id)s", pointer="/invoice", id=named)
        row, outcome = put_payment(
            book, account, external_id, money, paid_at=paid_at, kind=fields["kind"], method=fields.get("method") or "",
            first=first.id if first is not None else None, replace=True,
        )  # fmt: skip
        account.debtor.balance_as_of = book.now
        book.change(account.debtor)
        book.write()
        return saved(shapes.PaymentOut(row).data, outcome)


class PaymentReversal(PortfolioView):
    """Money that goes back."""

    @extend_schema(operation_id="payments_reverse", request=shapes.ReversalIn, responses=shapes.PaymentOut)
    def post(self, request: Request, creditor: str, external_id: str) -> Response:
        """Reverse a payment or credit, or a part of it: its invoices are open again. A whole reversal happens once."""
        fields = self.read(shapes.ReversalIn)
        row = _one(Payment, queries.creditor_by(creditor), Words("payment"), external_id=external_id)
        row = services.reverse_payment(
            row, now=self.now, source=self.source, amount=money_of(fields, row.currency), reason=fields["reason"]
        )
        return Response(shapes.PaymentOut(row).data)


# --- promises, agreements, disputes, payables


class PromiseList(PortfolioView):
    """What debtors promised."""

    @extend_schema(
        operation_id="promises_list",
        parameters=[*PAGING, _DEBTOR, _STATE],
        responses=shapes.shown_page(shapes.PromiseOut),
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
        parameters=[*PAGING, UPDATED_SINCE, _DEBTOR, _STATE],
        responses=shapes.shown_page(shapes.AgreementOut),
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
            found = Invoice.objects.filter(debtor=debtor, external_id__in=named)
            ids = list(found.values_list("id", flat=True))
            if len(ids) != len(set(named)):
                raise DomainError("not_found", "not all of these invoices are this debtor's", pointer="/invoices")
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
        row = _one(Agreement, queries.creditor_by(creditor), Words("agreement"), id=uuid_of(agreement))
        return Response(shapes.AgreementOut(row).data)


class AgreementAcceptance(PortfolioView):
    """The debtor said yes."""

    @extend_schema(operation_id="agreements_accept", request=None, responses=shapes.AgreementOut)
    def post(self, request: Request, creditor: str, agreement: str) -> Response:
        """Accept a proposal; twice is once."""
        row = _one(Agreement, queries.creditor_by(creditor), Words("agreement"), id=uuid_of(agreement))
        return Response(shapes.AgreementOut(services.accept_agreement(row, now=self.now, source=self.source)).data)


class AgreementCancellation(PortfolioView):
    """A plan ends early."""

    @extend_schema(operation_id="agreements_cancel", request=shapes.ReversalIn, responses=shapes.AgreementOut)
    def post(self, request: Request, creditor: str, agreement: str) -> Response:
        """Cancel a proposal or an active plan; one that ended stays as it ended."""
        row = _one(Agreement, queries.creditor_by(creditor), Words("agreement"), id=uuid_of(agreement))
        reason = self.read(shapes.ReversalIn)["reason"]
        return Response(shapes.AgreementOut(close_agreement(row, now=self.now, reason=reason)).data)


class DisputeList(PortfolioView):
    """Denials."""

    @extend_schema(
        operation_id="disputes_list",
        parameters=[*PAGING, _DEBTOR, _STATE],
        responses=shapes.shown_page(shapes.DisputeOut),
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
        invoice = (
            _one(Invoice, owner, Words("invoice"), external_id=fields["invoice"]) if fields.get("invoice") else None
        )
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
        row = _one(Dispute, owner, Words("dispute"), reference=dispute)
        row = services.close_dispute(
            row,
            accepted=fields["accepted"],
            now=self.now,
            source=self.source,
            credit=money_of(fields, row.debtor.currency),
        )
        return Response(shapes.DisputeOut(row).data)


class PayableList(PortfolioView):
    """Codes to pay with."""

    @extend_schema(
        operation_id="payables_list",
        parameters=[*PAGING, _DEBTOR, _STATE],
        responses=shapes.shown_page(shapes.PayableOut),
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


# --- imports


class ImportList(PortfolioView):
    """Files that came in."""

    own_scopes = ("POST",)
    parser_classes = (MultiPartParser,)

    @extend_schema(operation_id="imports_list", parameters=PAGING, responses=shapes.shown_page(shapes.ImportOut))
    def get(self, request: Request, creditor: str) -> Response:
        """List imports."""
        return self.listed(Import.objects.filter(creditor=queries.creditor_by(creditor)), shapes.ImportOut)

    @extend_schema(
        operation_id="imports_create",
        request={"multipart/form-data": shapes.ImportIn},
        responses={201: shapes.ImportOut},
    )
    def post(self, request: Request, creditor: str) -> Response:
        """Import a CSV. Good lines are taken, bad ones can be downloaded with their reasons; again changes nothing."""
        fields = self.read(shapes.ImportIn)
        file = cast(UploadedFile, fields["file"])
        principal, now = self.principal, self.now
        with tenant_scope(principal.tenant.pk, creditor_ids=principal.creditor_ids):
            owner = queries.creditor_by(creditor)
        setting = Setting(today=today_in(owner.country, now), country=owner.country, currency=owner.currency)
        chosen = choose(io.BytesIO(file.read()), setting, fields.get("mapping") or None)
        done = apply_import(
            owner, chosen.rows(0), now=now, file_name=file.name or "", sha256=chosen.sha256, mapping=chosen.mapping,
            header=chosen.header, creditor_ids=principal.creditor_ids,
        )  # fmt: skip
        return Response(shapes.ImportOut(done).data, status=201)


class ImportDetail(PortfolioView):
    """One import."""

    @extend_schema(operation_id="imports_read", responses=shapes.ImportOut)
    def get(self, request: Request, creditor: str, pk: str) -> Response:
        """Read an import with its counts."""
        row = _one(Import, queries.creditor_by(creditor), Words("import"), id=uuid_of(pk))
        return Response(shapes.ImportOut(row).data)


class ImportRejected(PortfolioView):
    """The lines that were refused."""

    @extend_schema(operation_id="imports_rejected", responses={(200, "text/csv"): OpenApiResponse(bytes)})
    def get(self, request: Request, creditor: str, pk: str) -> HttpResponse:
        """The refused lines as CSV: the columns of the file, and what is wrong with each."""
        row = _one(Import, queries.creditor_by(creditor), Words("import"), id=uuid_of(pk))
        response = HttpResponse(rejected_csv(row).encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="rejected-{row.id}.csv"'
        return response


class ImportUndoing(PortfolioView):
    """An import goes back."""

    own_scopes = ("POST",)

    @extend_schema(operation_id="imports_undo", request=None, responses=shapes.ImportOut)
    def post(self, request: Request, creditor: str, pk: str) -> Response:
        """Undo an import by reversals; what came from elsewhere stays. Twice is once."""
        principal, now = self.principal, self.now
        with tenant_scope(principal.tenant.pk, creditor_ids=principal.creditor_ids):
            row = _one(Import, queries.creditor_by(creditor), Words("import"), id=uuid_of(pk))
        return Response(shapes.ImportOut(undo_import(row, now=now, creditor_ids=principal.creditor_ids)).data)


def _at(address: str, view: Callable[..., Any], name: str) -> URLPattern:
    return path(f"creditors/<str:creditor>/{address}", view, name=name)


urlpatterns: list[URLPattern] = [
    path("creditors", CreditorList.as_view(), name="api-creditors"),
    path("creditors/<str:creditor>", CreditorDetail.as_view(), name="api-creditor"),
    _at("ageing", Ageing.as_view(), "api-ageing"),
    _at("reconciliation", Reconciliation.as_view(), "api-reconciliation"),
    _at("debtors", DebtorList.as_view(), "api-debtors"),
    _at("debtors/<str:external_id>", DebtorDetail.as_view(), "api-debtor"),
    _at("debtors/<str:external_id>/withdrawal", DebtorWithdrawal.as_view(), "api-debtor-withdrawal"),
    _at("invoices", InvoiceList.as_view(), "api-invoices"),
    _at("invoices:batch", InvoiceBatch.as_view(), "api-invoice-batch"),
    _at("invoices/<str:external_id>", InvoiceDetail.as_view(), "api-invoice"),
    _at("invoices/<str:external_id>/withdrawal", InvoiceWithdrawal.as_view(), "api-invoice-withdrawal"),
    _at("payments", PaymentList.as_view(), "api-payments"),
    _at("payments/<str:external_id>", PaymentDetail.as_view(), "api-payment"),
    _at("payments/<str:external_id>/reversal", PaymentReversal.as_view(), "api-payment-reversal"),
    _at("promises", PromiseList.as_view(), "api-promises"),
    _at("agreements", AgreementList.as_view(), "api-agreements"),
    _at("agreements/<str:agreement>", AgreementDetail.as_view(), "api-agreement"),
    _at("agreements/<str:agreement>/acceptance", AgreementAcceptance.as_view(), "api-agreement-acceptance"),
    _at("agreements/<str:agreement>/cancellation", AgreementCancellation.as_view(), "api-agreement-cancellation"),
    _at("disputes", DisputeList.as_view(), "api-disputes"),
    _at("disputes/<str:dispute>/closing", DisputeClosing.as_view(), "api-dispute-closing"),
    _at("payables", PayableList.as_view(), "api-payables"),
    _at("imports", ImportList.as_view(), "api-imports"),
    _at("imports/<str:pk>", ImportDetail.as_view(), "api-import"),
    _at("imports/<str:pk>/rejected", ImportRejected.as_view(), "api-import-rejected"),
    _at("imports/<str:pk>/undo", ImportUndoing.as_view(), "api-import-undo"),
]
