"""The clock in the top bar of a sandbox organisation: what it shows, and the buttons that move it."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from kernel.errors import DomainError
from tenants.language import told
from workbench.access import PageRequest, Role, page
from workbench.clock import play
from workbench.clock.queries import target

WORKERS = {Role.AGENT, Role.SUPERVISOR, Role.ADMIN}


def context(request: PageRequest) -> dict[str, Any]:
    """What the menu shows: the play that is under way, how far it has come."""
    plan = play.playing(request.organisation.pk)
    return {
        "playing": plan,
        "percent": plan.percent(request.now) if plan else 0,
        "may_move": request.membership.role in WORKERS,
    }


@page()
@require_safe
def menu(request: PageRequest) -> HttpResponseBase:
    """The clock itself, asked for by every page when time has moved, and each second while it is played."""
    if not request.organisation.sandbox:
        raise Http404("this clock is the world's")
    known = context(request)
    response = render(request, "workbench/clock/menu.html", known)
    if request.GET.get("was") == "playing" and known["playing"] is None:
        response["HX-Trigger"] = json.dumps({"trato:refresh": {}, "trato:news": {"name": "clock.moved"}})
    return response


@page(roles=WORKERS)
@require_POST
def move(request: PageRequest) -> HttpResponseBase:
    """POST by=hour|day|next|month|sunday|morning: play until there."""
    if not request.organisation.sandbox:
        raise Http404("this clock is the world's")
    problem = ""
    to = target(request.POST.get("by", ""), request.organisation, request.now)
    if to is None:
        problem = told(DomainError("nothing_planned", "nothing is planned: no message waits for its hour"))
    else:
        try:
            play.begin(request.organisation, to=to, actor=request.actor)
        except DomainError as error:
            problem = told(error)
    return _answer(request, problem)


@page(roles=WORKERS)
@require_POST
def stop(request: PageRequest) -> HttpResponseBase:
    """End the play at the step that it is in."""
    play.stop(request.organisation, actor=request.actor)
    return _answer(request, "")


def _answer(request: PageRequest, problem: str) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        known = context(request) | {"problem": problem, "open": True}
        return render(request, "workbench/clock/menu.html", known, status=422 if problem else 200)
    back = request.POST.get("next", "") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = f"/o/{request.organisation.slug}/"
    return HttpResponseRedirect(back)
