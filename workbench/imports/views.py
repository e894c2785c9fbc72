"""Importing a portfolio in steps: the file, its columns, what it would do, letting it in, and taking it back."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kernel.errors import DomainError
from portfolio.imports import wizard
from portfolio.imports.readers import by_name
from portfolio.imports.rejections import rejected_csv
from portfolio.models import Creditor, Import
from tenants import uploads
from tenants.language import told
from tenants.models import Upload
from workbench.access import PageRequest, Role, own_scope, page
from workbench.imports import queries
from workbench.imports.forms import KEEP, FileForm, mapping_from
from workbench.imports.words import ENCODINGS, FIELDS, SEPARATORS

ADMINS = {Role.ADMIN}
LOOKS = {Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR}


@page(roles=LOOKS)
@require_safe
def imports(request: PageRequest) -> HttpResponse:
    """What came in, and files that wait for somebody."""
    cursor = request.GET.get("cursor", "")
    rows, following = queries.history(cursor)
    names, drafts = queries.authors(rows), queries.drafts()
    creditors = dict(Creditor.objects.filter(pk__in=[row.creditor_id for row in drafts]).values_list("pk", "name"))
    return TemplateResponse(request, "workbench/imports/list.html", {
        "section": "imports", "rows": [(row, queries.counts(row.counts), names[row.pk]) for row in rows],
        "next": following, "first": not cursor, "admin": request.membership.role == Role.ADMIN,
        "drafts": [(row, creditors.get(row.creditor_id, "")) for row in drafts] if not cursor else [],
    })  # fmt: skip


@page(roles=ADMINS, scoped=False)
def new(request: PageRequest) -> HttpResponse:
    """Step 1: whose file, and the file. It is sealed piece by piece as it comes."""
    with own_scope(request):
        creditors = list(Creditor.objects.order_by("name")[:500])
    form = FileForm(request.POST or None, request.FILES or None, creditors=creditors)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        creditor = next(row for row in creditors if str(row.pk) == form.cleaned_data["creditor"])
        tenant_id, own = request.organisation.pk, request.membership.creditor_ids
        upload: Upload | None = None
        try:
            upload = uploads.receive(
                file.chunks(), tenant_id=tenant_id, creditor_id=creditor.pk, creditor_ids=own, name=file.name or "",
                author=request.actor,
            )  # fmt: skip
            with own_scope(request):
                wizard.begin(upload, creditor, language=get_language() or "en")
            return redirect("import-columns", organisation=request.organisation.slug, pk=upload.pk)
        except DomainError as error:
            if upload is not None:
                uploads.discard(upload, tenant_id=tenant_id, creditor_ids=own)
            form.add_error("file", told(error))
    with own_scope(request):
        return render(
            request, "workbench/imports/new.html", {"section": "imports", "form": form, "creditors": creditors},
            status=422 if request.method == "POST" else 200,
        )  # fmt: skip


@page(roles=ADMINS)
def columns(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """Step 2: which column is what, with the first lines as they will be read."""
    upload = _upload(pk)
    if upload.state in (Upload.State.TAKING, Upload.State.TAKEN):
        return redirect("import", organisation=request.organisation.slug, pk=upload.data["import_id"])
    if upload.state == Upload.State.CHECKING:
        return redirect("import-check", organisation=request.organisation.slug, pk=pk)
    layout, mapping = wizard.layout_of(upload), wizard.mapping_of(upload)
    reader, status, problem = upload.data.get("reader", ""), 200, ""
    if request.method == "POST" and not reader:
        mapping = mapping_from(request.POST, list(layout.header), mapping)
        if request.POST.get("action") != "preview":
            try:
                wizard.say_mapping(upload, mapping)
            except DomainError as error:
                problem, status = told(error), 422
    if request.method == "POST" and request.POST.get("action") != "preview" and not problem:
        try:
            wizard.start_check(upload)
            return redirect("import-check", organisation=request.organisation.slug, pk=pk)
        except DomainError as error:
            problem, status = told(error), 422
    lines, trouble = ([], "") if reader else queries.preview(upload, mapping)
    if trouble and request.headers.get("HX-Request") == "true":
        status = 422
    part = "#preview" if request.headers.get("HX-Request") == "true" else ""
    return TemplateResponse(request, f"workbench/imports/columns.html{part}", {
        "section": "imports", "upload": upload, "creditor": _creditor(upload), "mapping": mapping, "groups": FIELDS,
        "columns": queries.columns(layout, mapping), "keep": KEEP, "lines": lines, "problem": problem or trouble,
        "encoding": ENCODINGS.get(layout.encoding, layout.encoding), "reader": by_name(reader) if reader else None,
        "separator": SEPARATORS.get(layout.separator, layout.separator), "fields_used": set(mapping.columns.values()),
    }, status=status)  # fmt: skip


@page(roles=ADMINS)
def check(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """Step 3: what the file would do; asks for itself while the dry run goes on. POST starts it anew."""
    upload = _upload(pk)
    if upload.state in (Upload.State.TAKING, Upload.State.TAKEN):
        return _moved(request, "import", upload.data["import_id"])
    if request.method == "POST" or upload.state == Upload.State.READY:
        if request.method != "POST":
            return redirect("import-columns", organisation=request.organisation.slug, pk=pk)
        try:
            wizard.start_check(upload)
        except DomainError as error:
            messages.error(request, told(error))
        return redirect("import-check", organisation=request.organisation.slug, pk=pk)
    seen: dict[str, Any] = upload.data.get("check") or {"counts": {}, "position": 0}
    return TemplateResponse(request, f"workbench/imports/check.html{_part(request, '#state')}", {
        "section": "imports", "upload": upload, "creditor": _creditor(upload), "counts": queries.counts(seen["counts"]),
        "percent": queries.progress(seen["position"], upload.data.get("lines", 0)), "missing": seen.get("missing"),
        "errors": wizard.refusals(upload)[:50] if upload.state == Upload.State.CHECKED else [],
        "busy": upload.state == Upload.State.CHECKING,
    })  # fmt: skip


@page(roles=ADMINS)
@require_POST
def take(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """Step 4: let it in. Twice is once."""
    upload = _upload(pk)
    if upload.data.get("import_id"):
        return redirect("import", organisation=request.organisation.slug, pk=upload.data["import_id"])
    try:
        made = wizard.start_take(upload, _creditor(upload), actor=request.actor, now=request.now)
    except DomainError as error:
        if upload.data.get("import_id"):  # somebody else was faster
            return redirect("import", organisation=request.organisation.slug, pk=upload.data["import_id"])
        messages.error(request, told(error))
        return redirect("import-check", organisation=request.organisation.slug, pk=pk)
    return redirect("import", organisation=request.organisation.slug, pk=made.pk)


@page(roles=ADMINS)
@require_POST
def give_up(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """Throw a file away that was not let in."""
    upload = _upload(pk)
    if upload.state not in (Upload.State.TAKING, Upload.State.TAKEN, Upload.State.CHECKING):
        uploads.empty(upload)
        messages.success(request, _("The file was thrown away; nothing of it was taken."))
    return redirect("imports", organisation=request.organisation.slug)


@page(roles=LOOKS)
@require_safe
def one(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """An import: how far it is, what it did, what it refused."""
    made = _import(pk)
    counts, undoing = queries.counts(made.counts), bool(made.mapping.get("undoing"))
    return TemplateResponse(request, f"workbench/imports/import.html{_part(request, '#state')}", {
        "section": "imports", "made": made, "counts": counts, "undoing": undoing,
        "busy": made.state == Import.State.READING or undoing, "by": queries.authors([made])[made.pk],
        "percent": queries.progress(made.position, int(made.mapping.get("lines", 0))),
        "reasons": queries.reasons(made) if counts.rejected else [], "admin": request.membership.role == Role.ADMIN,
    })  # fmt: skip


@page(roles=LOOKS)
@require_safe
def rejected(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """The refused lines with their reasons, to be mended and sent again."""
    made = _import(pk)
    response = HttpResponse(rejected_csv(made).encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="rejected-{made.pk}.csv"'
    return response


@page(roles=ADMINS)
@require_POST
def undo(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an import back, with a reason."""
    made = _import(pk)
    try:
        if wizard.start_undo(made, actor=request.actor, reason=request.POST.get("reason", "")):
            messages.success(request, _("The import is being undone."))
        else:
            messages.info(request, _("It is undone already, or on its way."))
    except DomainError as error:
        messages.error(request, told(error))
    return redirect("import", organisation=request.organisation.slug, pk=pk)


def _upload(pk: uuid.UUID) -> Upload:
    upload = Upload.objects.filter(pk=pk).exclude(state=Upload.State.ARRIVING).first()
    if upload is None or (upload.emptied_at is not None and "import_id" not in upload.data):
        raise Http404("no such file here, or it was thrown away")
    return upload


def _creditor(upload: Upload) -> Creditor:
    return Creditor.objects.get(pk=upload.creditor_id)


def _import(pk: uuid.UUID) -> Import:
    made = Import.objects.select_related("creditor").filter(pk=pk).first()
    if made is None:
        raise Http404("no such import here")
    return made


def _part(request: PageRequest, name: str) -> str:
    return name if request.headers.get("HX-Request") == "true" else ""


def _moved(request: PageRequest, name: str, pk: str) -> HttpResponse:
    address = redirect(name, organisation=request.organisation.slug, pk=pk)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": address["Location"]})
    return address
