"""REST: files."""

from __future__ import annotations

import io
from typing import cast

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.errors import Words
from portfolio import queries
from portfolio import serializers as shapes
from portfolio.api.base import PortfolioView, one
from portfolio.imports.apply import apply_import
from portfolio.imports.choose import choose
from portfolio.imports.readers import Setting
from portfolio.imports.rejections import rejected_csv
from portfolio.imports.undo import undo_import
from portfolio.models import Import
from portfolio.places import today_in
from tenants.api import PAGING, page_of, uuid_of
from tenants.scope import tenant_scope


class ImportList(PortfolioView):
    """Files that came in."""

    own_scopes = ("POST",)
    batch = True
    parser_classes = (MultiPartParser,)

    @extend_schema(operation_id="imports_list", parameters=PAGING, responses=page_of(shapes.ImportOut))
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
        row = one(Import, queries.creditor_by(creditor), Words("import"), id=uuid_of(pk))
        return Response(shapes.ImportOut(row).data)


class ImportRejected(PortfolioView):
    """The lines that were refused."""

    @extend_schema(operation_id="imports_rejected", responses={(200, "text/csv"): OpenApiResponse(bytes)})
    def get(self, request: Request, creditor: str, pk: str) -> HttpResponse:
        """The refused lines as CSV: the columns of the file, and what is wrong with each."""
        row = one(Import, queries.creditor_by(creditor), Words("import"), id=uuid_of(pk))
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
            row = one(Import, queries.creditor_by(creditor), Words("import"), id=uuid_of(pk))
        return Response(shapes.ImportOut(undo_import(row, now=now, creditor_ids=principal.creditor_ids)).data)
