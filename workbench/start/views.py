"""The demo's front door: enter as anybody, the tour, a debtor's phone beside the work, the ERP's key.

None of these addresses exists unless settings.DEMO_DOOR says so (collections_platform/door.py); nobody needs a password
here, because everything behind the door is made up.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from kernel.clock import machine_now
from tenants.models import Tenant
from workbench.access import PageRequest, page
from workbench.navigation import home as home_of
from workbench.start import world
from workbench.start.steps import STEPS, Place, Step, address, done, page_for

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TOUR = "tour"
#: What a visitor's tour remembers of itself; everything else is read from the rows.
RECEIPT = "receipt"
#: The other name of this machine: a browser keeps the sessions of both apart, so two people sit side by side.
SEATS = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


@require_safe
def start(request: HttpRequest) -> HttpResponseBase:
    """/: who one can be, in three organisations, and the tour."""
    houses = world.houses()
    chosen = next((each for each in houses if each.tenant.language == request.LANGUAGE_CODE), None)
    known = world.kept()
    return render(
        request,
        "workbench/start/start.html",
        {
            "houses": houses,
            "chosen": chosen or next((each for each in houses if each.tenant.country == "MX"), None),
            "phone_language": world.language_of(request.LANGUAGE_CODE),
            "with_key": {slug for slug, each in known.items() if each.api_key},
            "other_seat": other_seat(request),
        },
    )


def other_seat(request: HttpRequest) -> str:
    """The start page under this machine's other name; '' when it is reached under a third one."""
    parts = urlsplit(request.build_absolute_uri("/"))
    other = SEATS.get(parts.hostname or "")
    return urlunsplit((parts.scheme, f"{other}:{parts.port}" if parts.port else other, "/", "", "")) if other else ""


def organisation(slug: str) -> Tenant:
    """A demo's organisation. Raises Http404 for any other."""
    found = Tenant.objects.filter(slug=slug, sandbox=True).first()
    if found is None or slug not in world.kept():
        raise Http404("no such organisation behind this door")
    return found


@require_POST
def enter(request: HttpRequest) -> HttpResponseBase:
    """POST organisation, role, next?: be the first person in that role."""
    tenant = organisation(request.POST.get("organisation", ""))
    role = request.POST.get("role", "")
    somebody = world.somebody(tenant, role) if role in world.ROLES else None
    if somebody is None:
        raise Http404("nobody here has that role")
    tour = request.session.get(TOUR)
    login(request, somebody, backend=BACKEND)
    if tour:
        request.session[TOUR] = tour
    to = request.POST.get("next", "")
    if not to.startswith("/") or not url_has_allowed_host_and_scheme(to, {request.get_host()}):
        to = home_of(role, tenant.slug) or f"/o/{tenant.slug}/"
    response = HttpResponseRedirect(to)
    # Language and theme are the visitor's, not those of whoever they become.
    chosen = translation.get_language()
    if chosen in dict(settings.LANGUAGES) and somebody.language != chosen:
        somebody.language = str(chosen)
        somebody.save(update_fields=["language"])
    theme = request.COOKIES.get("theme", "")
    if theme in ("", "light", "dark") and somebody.theme != theme:
        somebody.theme = theme
        somebody.save(update_fields=["theme"])
    return response


@require_safe
def erp(request: HttpRequest, slug: str) -> HttpResponseBase:
    """/erp/<slug>/: the API's key, its documentation, and three calls that work as they stand."""
    tenant = organisation(slug)
    known = world.kept()[slug]
    player = known.players[-1] if known.players else None
    return render(
        request,
        "workbench/start/erp.html",
        {
            "house": tenant, "api_key": known.api_key, "player": player,
            "creditor": world.creditor_of(tenant, player["debtor"] if player else ""),
            "base": request.build_absolute_uri("/").rstrip("/"), "once": f"{machine_now():%H%M%S}",
            "paid_at": tenant.clock().now().replace(microsecond=0).isoformat().replace("+00:00", "Z"),
            "currency": tenant.currency, "amount": "150000.00" if tenant.currency == "COP" else "250.00",
        },
    )  # fmt: skip


# --- the tour ---------------------------------------------------------------------------------------------------------


@require_safe
def tour(request: HttpRequest, slug: str) -> HttpResponseBase:
    """/tour/<slug>/: the six steps, and which of them were done."""
    return render(request, "workbench/start/tour.html", _tour(request, organisation(slug)))


@require_safe
def tour_list(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The list alone, asked for every few seconds."""
    return render(request, "workbench/start/tour.html#steps", _tour(request, organisation(slug)))


def _tour(request: HttpRequest, tenant: Tenant) -> dict[str, Any]:
    place = place_of(request, tenant)
    finished = done(place)
    following = next((step.number for step in STEPS if step.number not in finished), 0)
    rows = [
        {"step": step, "asked": step.asked_in(tenant.country), "done": step.number in finished, "next": step.number == following,
         "url": reverse("walk", kwargs={"organisation": tenant.slug, "number": step.number})}
        for step in STEPS
    ]  # fmt: skip
    return {"house": tenant, "rows": rows, "count": len(finished), "steps": len(STEPS), "player": place.player}


def place_of(request: HttpRequest, tenant: Tenant) -> Place:
    """Since when this visitor tours an organisation; from now on if they did not."""
    tours = request.session.get(TOUR) or {}
    if tenant.slug not in tours:
        tours[tenant.slug] = [machine_now().isoformat(), tenant.clock().now().isoformat()]
        request.session[TOUR] = tours
    since, business = map(datetime.fromisoformat, tours[tenant.slug][:2])
    players = world.kept()[tenant.slug].players
    return Place(tenant, players[0] if players else None, since, business, RECEIPT in tours[tenant.slug])


def _saw_receipt(request: HttpRequest, tenant: Tenant) -> None:
    """Remember that this visitor had a receipt open."""
    tours = request.session[TOUR]
    if RECEIPT not in tours[tenant.slug]:
        tours[tenant.slug].append(RECEIPT)
        request.session[TOUR] = tours


def step_of(number: int) -> Step:
    """A step by its number. Raises Http404."""
    found = next((step for step in STEPS if step.number == number), None)
    if found is None:
        raise Http404("there is no such step")
    return found


@page()
@require_safe
def walk(request: PageRequest, number: int) -> HttpResponseBase:
    """/o/<slug>/walk/<number>/: a step: what to do, the debtor's phone beside the page where it happens."""
    tenant, step = organisation(request.organisation.slug), step_of(number)
    place = place_of(request, tenant)
    inner = page_for(step, place)
    if "decision" in step.pages and inner == address("decision", place):
        _saw_receipt(request, tenant)
        place = place_of(request, tenant)
    phone = world.phone_of(tenant, place.player["phone"]) if place.player and step.phone else ""
    parts = urlsplit(phone)
    asked = {"lang": world.language_of(request.LANGUAGE_CODE or ""), "docked": "1"}
    if request.COOKIES.get("theme") in ("light", "dark"):
        asked["theme"] = request.COOKIES["theme"]
    response = render(
        request,
        "workbench/start/walk.html",
        {
            "step": step, "asked": step.asked_in(tenant.country), "steps": STEPS, "player": place.player, "house": tenant,
            "phone": f"{phone}?{urlencode(asked)}" if phone else "", "inner": inner,
            "wrong_role": request.membership.role != step.role, "before": step.number - 1,
            "following": next((each for each in STEPS if each.number == step.number + 1), None),
            "finished": step.number in done(place),
        },
    )  # fmt: skip
    frames = ["'self'", f"{parts.scheme}://{parts.netloc}"] if phone else ["'self'"]
    response._csp_update = {"frame-src": frames}  # type: ignore[attr-defined]
    return response


@page()
@require_safe
def walk_done(request: PageRequest, number: int) -> HttpResponseBase:
    """Whether a step was done: its tick, asked for every few seconds."""
    tenant, step = organisation(request.organisation.slug), step_of(number)
    finished = number in done(place_of(request, tenant))
    return render(request, "workbench/start/walk.html#tick", {"finished": finished, "step": step, "house": tenant})
