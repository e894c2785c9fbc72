"""The creditors' pages: leaders read, an administrator writes; every change is in the audit with before and after."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from kernel.errors import DomainError
from portfolio import services
from portfolio.models import Creditor, Debtor
from tenants import audit
from tenants.language import told
from workbench.access import PageRequest, Role, page
from workbench.admins import LEADERS, may_edit
from workbench.creditors import forms
from workbench.creditors.forms import WAYS, CreditorForm

#: What the audit keeps of a creditor, before and after.
KEPT = (
    "name", "legal_name", "tax_id", "address", "contact", "country", "currency", "language", "balance_max_age_hours",
    "dispute_stops_all", "pay_to", "policy",
)  # fmt: skip
PAGE = 200


@page(roles=LEADERS)
@require_safe
def creditors(request: PageRequest) -> HttpResponse:
    """/o/<slug>/creditors/?q=: all that may be seen, with how many debtors owe them."""
    search = request.GET.get("q", "").strip()[:80]
    rows = list(Creditor.objects.order_by("name", "id")[: PAGE + 1])
    if search:
        rows = [row for row in rows if search.casefold() in f"{row.name} {row.legal_name} {row.external_id}".casefold()]
    owing = dict(
        Debtor.objects.filter(creditor_id__in=[row.pk for row in rows], withdrawn_at=None)
        .values_list("creditor_id")
        .annotate(n=Count("id", filter=Q(open_minor__gt=0)))
        .order_by()
    )
    listed = [
        (row, owing.get(row.pk, 0), missing(row), [str(WAYS[rail]) for rail in row.pay_to if rail in WAYS])
        for row in rows[:PAGE]
    ]
    return render(request, "workbench/creditors/creditors.html", {
        "listed": listed, "search": search, "may_edit": may_edit(request), "more": len(rows) > PAGE,
    })  # fmt: skip


def missing(row: Creditor) -> list[str]:
    """What messages would need of a creditor and do not find."""
    wanted = {
        gettext("legal name"): row.legal_name, gettext("tax number"): row.tax_id, gettext("address"): row.address,
        gettext("contact"): row.contact, gettext("place for payments"): row.pay_to,
    }  # fmt: skip
    return [name for name, value in wanted.items() if not value]


@page(roles=LEADERS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PageRequest) -> HttpResponse:
    """/o/<slug>/creditors/new/."""
    if not may_edit(request):
        return render(request, "workbench/forbidden.html", status=403)
    form = CreditorForm(
        request.POST or None, initial={"country": request.organisation.country, "currency": request.organisation.currency,
                                       "language": "pt" if request.organisation.country == "BR" else "es"},
    )  # fmt: skip
    if request.method == "POST":
        return _save(request, None, form)
    return _page(request, None, form)


@page(roles=LEADERS)
@require_http_methods(["GET", "HEAD", "POST"])
def creditor(request: PageRequest, creditor_id: uuid.UUID) -> HttpResponse:
    """/o/<slug>/creditors/<id>/: read by leaders, changed by an administrator who may see this creditor."""
    row = Creditor.objects.filter(pk=creditor_id).first()
    if row is None:
        raise Http404(gettext("There is no such creditor."))
    if request.method == "POST":
        if request.membership.role != Role.ADMIN:
            return render(request, "workbench/forbidden.html", status=403)
        return _save(request, row, CreditorForm(request.POST, creditor=row))
    return _page(request, row, CreditorForm(initial=forms.of(row), creditor=row))


def _save(request: PageRequest, row: Creditor | None, form: CreditorForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, row, form, status=422)
    before = {name: getattr(row, name) for name in KEPT} if row else {}
    try:
        with transaction.atomic():
            external_id = row.external_id if row else form.cleaned_data["external_id"]
            if row is None and Creditor.objects.filter(external_id=external_id).exists():
                raise DomainError(
                    "creditor_exists", "a creditor with this number exists already: %(number)s", pointer="/external_id",
                    number=external_id,
                )  # fmt: skip
            saved, outcome = services.save_creditor(external_id, now=request.now, **form.fields_for(row))
            after = {name: getattr(saved, name) for name in KEPT}
            if outcome != "unchanged":
                changed = [name for name in KEPT if before.get(name) != after[name]]
                audit.record(
                    "creditor.save", actor=request.actor, subject="portfolio.creditor", subject_id=saved.pk,
                    creditor_id=saved.pk, before={name: before.get(name) for name in changed},
                    after={name: after[name] for name in changed},
                )  # fmt: skip
    except (DomainError, ValueError) as error:
        _point(form, error)
        return _page(request, row, form, status=422)
    messages.success(request, gettext("Saved.") if outcome != "unchanged" else gettext("Nothing was different."))
    return redirect("creditor", organisation=request.organisation.slug, creditor_id=saved.pk)


def _point(form: CreditorForm, error: DomainError | ValueError) -> None:
    """Show an error at its field."""
    if not isinstance(error, DomainError):
        form.add_error("min_instalment", gettext("This amount has more decimals than the currency."))
        return
    parts = (error.pointer or "").strip("/").split("/")
    named = {"policy": f"limit_{parts[-1]}", "pay_to": _first(form, parts[-1])}.get(parts[0], parts[0])
    form.add_error(named if named in form.fields else None, told(error))


def _first(form: CreditorForm, rail: str) -> str:
    return next((name for name in form.fields if name.startswith(f"{rail}_")), "")


def _page(request: PageRequest, row: Creditor | None, form: CreditorForm, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "row": row, "form": form, "may_edit": request.membership.role == Role.ADMIN and (row is not None or may_edit(request)),
        "lacks": missing(row) if row else [],
    }  # fmt: skip
    return render(request, "workbench/creditors/creditor.html", context, status=status)
