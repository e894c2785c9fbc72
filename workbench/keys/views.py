"""API keys: which there are, a new one shown this once, a successor with an overlap, the end of one."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kernel.clock import machine_now
from kernel.errors import DomainError
from portfolio.models import Creditor
from tenants.language import told
from tenants.models import ApiKey
from tenants.services import issue_api_key, revoke_api_key, rotate_api_key
from workbench.access import PageRequest, Role, page
from workbench.keys.forms import KeyForm, RotateForm
from workbench.people.queries import listed, names_of
from workbench.setup.wide import changes_all, may_change_all

ADMINS = {Role.ADMIN}


@page(roles={Role.ADMIN, Role.AUDITOR})
def keys(request: PageRequest) -> HttpResponse:
    """Every key of the organisation, working ones first."""
    now = machine_now()
    rows = list(ApiKey.objects.filter(tenant=request.organisation).order_by("-created_at")[:500])
    names = names_of(each for row in rows for each in row.creditor_ids or ())
    shown = [(row, _state(row), listed(row.creditor_ids, names)) for row in rows]
    shown.sort(key=lambda each: each[1] in ("revoked", "expired"))
    return TemplateResponse(request, "workbench/keys/list.html", {
        "section": "keys", "may_change": may_change_all(request), "rows": shown, "now_machine": now, "example": _example(request),
    })  # fmt: skip


@page(roles=ADMINS)
@changes_all
def new(request: PageRequest) -> HttpResponse:
    """A new key; its text is in this answer and nowhere else."""
    creditors = list(Creditor.objects.only("id", "name").order_by("name")[:500])
    form, status = KeyForm(request.POST or None, creditors=creditors, initial={"days": "365"}), 200
    if request.method == "POST":
        status = 422
        try:
            if form.is_valid():
                lifetime = form.lifetime
                key, text = issue_api_key(
                    name=form.cleaned_data["name"], scopes=form.cleaned_data["scopes"], actor=request.actor,
                    creditor_ids=form.creditor_ids,
                    expires_at=machine_now() + lifetime if lifetime else None,
                )  # fmt: skip
                return _shown_once(request, key, text)
        except DomainError as error:
            form.add_error(None, told(error))
    return TemplateResponse(
        request, "workbench/keys/new.html", {"section": "keys", "form": form}, status=status
    )  # fmt: skip


@page(roles=ADMINS)
@changes_all
def rotate(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """A successor; the former key works on for a while."""
    key = _key(request, pk)
    form, status = RotateForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        try:
            if form.is_valid():
                overlap = timedelta(days=int(form.cleaned_data["days"]))
                fresh, text = rotate_api_key(pk, actor=request.actor, overlap=overlap)
                key.refresh_from_db()
                return _shown_once(request, fresh, text, former=key)
        except DomainError as error:
            form.add_error(None, told(error))
    return TemplateResponse(
        request, "workbench/keys/rotate.html", {"section": "keys", "form": form, "key": key}, status=status
    )  # fmt: skip


@page(roles=ADMINS)
@require_POST
@changes_all
def revoke(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """The key's end."""
    key = _key(request, pk)
    if revoke_api_key(pk, actor=request.actor, reason=request.POST.get("reason", "")[:300]):
        messages.success(request, _("%(name)s is revoked: its next call is refused.") % {"name": key.name})
    else:
        messages.info(request, _("It was so already."))
    return redirect("keys", organisation=request.organisation.slug)


def _shown_once(request: PageRequest, key: ApiKey, text: str, former: ApiKey | None = None) -> HttpResponse:
    return TemplateResponse(request, "workbench/keys/shown.html", {
        "section": "keys", "key": key, "text": text, "former": former, "example": _example(request),
    })  # fmt: skip


def _example(request: PageRequest) -> str:
    return request.build_absolute_uri("/api/v1/creditors")


def _key(request: PageRequest, pk: uuid.UUID) -> ApiKey:
    key = ApiKey.objects.filter(pk=pk, tenant=request.organisation).first()
    if key is None:
        raise Http404("no such key here")
    return key


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    if key.expires_at is None:
        return "works"
    left = key.expires_at - machine_now()
    return "expired" if left <= timedelta(0) else "ending" if left < timedelta(days=14) else "works"
