"""The administrators' first page, the organisation's profile, and the switch that stops what leaves."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from kernel.errors import DomainError
from messaging import services
from messaging.models import Number
from portfolio.models import Creditor
from tenants.language import told
from tenants.models import Tenant
from tenants.services import resume_sending, save_profile, stop_sending
from workbench.access import PageRequest, Role, page
from workbench.setup import queries
from workbench.setup.forms import ProfileForm, ReasonForm
from workbench.setup.wide import changes_all, may_change_all, whole

LOOKS = {Role.ADMIN, Role.AUDITOR}
#: Who may stop and resume what leaves: in trouble there is no time to look for an administrator.
STOPS = {Role.ADMIN, Role.SUPERVISOR}


@page(roles=LOOKS)
def home(request: PageRequest) -> HttpResponse:
    """What is set up and what is missing."""
    tenant = request.organisation
    points = queries.points(tenant, request.now)
    counted = [point for point in points if point.state != "option"]
    return TemplateResponse(request, "workbench/setup/home.html", {
        "section": "setup", "points": points, "done": sum(point.state in ("done", "look") for point in counted),
        "all": len(counted), "next": next((point for point in points if point.state == "todo"), None),
        "stopped": queries.stopped(tenant), "parked": queries.parked_count(tenant),
        "places": queries.places(tenant.slug),
    })  # fmt: skip


@page(roles=LOOKS)
@changes_all
def organisation(request: PageRequest) -> HttpResponse:
    """Name, language, zone, and what is kept for how long."""
    tenant, status = request.organisation, 200
    form = ProfileForm(request.POST or None, initial={"name": tenant.name, "language": tenant.language})
    if request.method == "POST":
        try:
            if form.is_valid():
                save_profile(**form.cleaned_data, actor=request.actor)
                messages.success(request, _("Saved."))
                return redirect("organisation", organisation=tenant.slug)
        except DomainError as error:
            form.add_error(error.pointer if error.pointer in form.fields else None, told(error))
        status = 422
    return TemplateResponse(request, "workbench/setup/organisation.html", {
        "section": "organisation", "may_change": may_change_all(request), "form": form,
    }, status=status)  # fmt: skip


@page(roles={*LOOKS, Role.SUPERVISOR})
def sending(request: PageRequest) -> HttpResponse:
    """What sends and what is stopped: the organisation, each creditor, each number."""
    return TemplateResponse(request, "workbench/setup/sending.html", {
        "section": "sending", "creditors": Creditor.objects.order_by("name")[:500],
        "numbers": Number.objects.select_related("account").order_by("address"), "may_stop": _may_stop(request),
    })  # fmt: skip


@dataclass(frozen=True, slots=True)
class Switch:
    """What a stop is about, and how it stands."""

    kind: str
    id: uuid.UUID
    name: str
    stopped_at: datetime | None
    reason: str
    waiting: int
    thing: Tenant | Creditor | Number


@page(roles=STOPS)
def change_sending(request: PageRequest, kind: str, pk: uuid.UUID) -> HttpResponse:
    """Stop or resume one of them, with a reason; says first what that means."""
    switch, status = _switch(request, kind, pk), 200
    form = ReasonForm(request.POST or None)
    if request.method == "POST":
        if form.is_valid():
            _turn(request, switch, send=request.POST.get("send") == "1", reason=form.cleaned_data["reason"])
            return redirect("sending", organisation=request.organisation.slug)
        status = 422
    return TemplateResponse(
        request, "workbench/setup/change_sending.html", {"section": "sending", "switch": switch, "form": form},
        status=status,
    )  # fmt: skip


def _switch(request: PageRequest, kind: str, pk: uuid.UUID) -> Switch:
    tenant, waits = request.organisation, queries.waiting_messages
    # A stop of everything is everybody's: who sees some creditors only stops those.
    if kind == "organisation" and pk == tenant.pk and whole(request):
        return Switch(kind, pk, tenant.name, tenant.sending_stopped_at, tenant.sending_stopped_reason, waits(), tenant)
    if kind == "creditor" and (row := Creditor.objects.filter(pk=pk).first()):
        waiting = waits(creditor_id=pk)
        return Switch(kind, pk, row.name, row.sending_stopped_at, row.sending_stopped_reason, waiting, row)
    if kind == "number" and whole(request) and (one := Number.objects.filter(pk=pk).first()):
        stopped_at, why = one.stopped_at or one.paused_at, one.stopped_reason or one.pause_code
        return Switch(kind, pk, one.address, stopped_at, why, waits(number_id=pk), one)
    raise Http404("nothing here sends under that name")


def _turn(request: PageRequest, switch: Switch, *, send: bool, reason: str) -> None:
    actor, now, thing = request.actor, request.now, switch.thing
    if isinstance(thing, Creditor):
        changed = services.let_creditor(thing, send=send, actor=actor, reason=reason, now=now)
    elif isinstance(thing, Number):
        changed = services.let_number(thing, send=send, actor=actor, reason=reason, now=now)
    elif send:
        changed = resume_sending(actor=actor, reason=reason, now=now)
        if changed:
            services.wake_waiting(now=now)
    else:
        changed = stop_sending(actor=actor, reason=reason, now=now)
    if not changed:
        messages.info(request, _("It was so already."))
    elif send:
        messages.success(
            request, _("%(name)s sends again; each message is looked at anew first.") % {"name": switch.name}
        )
    else:
        messages.success(request, _("%(name)s: nothing leaves any more.") % {"name": switch.name})


def _may_stop(request: PageRequest) -> bool:
    return request.membership.role in STOPS
