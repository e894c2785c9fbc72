"""WhatsApp numbers: their health, connecting one step by step, a new token, pausing an account.

Views that ask Meta hold no transaction while they wait.
"""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kernel.clock import machine_now
from kernel.errors import DomainError, NoAnswer, Refused, Unreachable
from messaging import checkup, services
from messaging.channels.whatsapp.accounts import RemoteNumber
from messaging.models import WhatsAppAccount
from portfolio.models import Creditor
from tenants.language import told
from workbench.access import PageRequest, Role, own_scope, page
from workbench.numbers import queries
from workbench.numbers.forms import ConnectForm, TokenForm
from workbench.setup.wide import changes_all, whole

ADMINS = {Role.ADMIN}
LOOKS = {Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR}


@page(roles=LOOKS)
@require_safe
def numbers(request: PageRequest) -> HttpResponse:
    """Every number with its health."""
    rows = queries.health(request.organisation, request.now)
    return TemplateResponse(
        request, "workbench/numbers/list.html", {"section": "numbers", "rows": rows, "machine": machine_now()}
    )  # fmt: skip


@page(roles=LOOKS, scoped=False)
@require_safe
def number(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """One number: health, webhook address, and the steps that are tried when somebody asks."""
    with own_scope(request):
        row = _health(request, pk)
    admin = request.membership.role == Role.ADMIN and whole(request)
    word = checkup.verify_token_of(row.route) if row.route is not None and admin else ""
    with own_scope(request):
        return render(request, "workbench/numbers/number.html", {
            "section": "numbers", "row": row, "machine": machine_now(), "admin": admin, "verify_token": word,
            "callback_url": services.callback_url(row.route) if row.route else "", "steps": None,
            "fresh": request.GET.get("fresh") == "1",
        })  # fmt: skip


@page(roles={Role.ADMIN, Role.SUPERVISOR}, scoped=False)
@require_POST
def check(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """Try every step now. A part of the number's page; without scripts the whole of it."""
    with own_scope(request):
        _health(request, pk)
    steps = checkup.examine(request.organisation.pk, pk)
    with own_scope(request):
        row = _health(request, pk)
        part = request.headers.get("HX-Request") == "true"
        return render(request, f"workbench/numbers/number.html{'#steps' if part else ''}", {
            "section": "numbers", "row": row, "steps": steps, "machine": machine_now(), "verify_token": "",
            "admin": request.membership.role == Role.ADMIN and whole(request), "checked": machine_now(),
            "callback_url": services.callback_url(row.route) if row.route else "",
        })  # fmt: skip


@page(roles=ADMINS, scoped=False)
@require_POST
@changes_all
def subscribe(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask Meta to send the account's events to us."""
    with own_scope(request):
        _health(request, pk)
    try:
        checkup.subscribe(request.organisation.pk, pk, actor=request.actor)
        messages.success(request, _("Subscribed: WhatsApp sends its news to the address below."))
    except (Unreachable, Refused, NoAnswer) as error:
        messages.error(request, _("WhatsApp did not do it: %(why)s") % {"why": error})
    return redirect("number", organisation=request.organisation.slug, pk=pk)


@page(roles=ADMINS, scoped=False)
@changes_all
def connect(request: PageRequest) -> HttpResponse:
    """Connect a number: the token is tried, the number chosen from what it finds, then the steps are shown."""
    with own_scope(request):
        creditors = list(Creditor.objects.only("id", "name").order_by("name")[:500])
        base_url = _base_url(request)
    form = ConnectForm(request.POST or None, creditors=creditors)
    found: list[RemoteNumber] = []
    if request.method == "POST":
        # The numbers are known only once the token was tried; which one it is is checked against them.
        form.fields["phone_number_id"].choices = [(each, each) for each in request.POST.getlist("phone_number_id")]  # type: ignore[attr-defined]
        if form.is_valid():
            answer = _connect(request, form, base_url, found)
            if answer is not None:
                return answer
    form.fields["phone_number_id"].choices = [  # type: ignore[attr-defined]
        (each.id, f"{each.display} · {each.name}".strip(" ·")) for each in found
    ]
    status = 422 if request.method == "POST" else 200
    with own_scope(request):
        return render(request, "workbench/numbers/connect.html", {
            "section": "numbers", "form": form, "choose": found,
        }, status=status)  # fmt: skip


def _connect(request: PageRequest, form: ConnectForm, base_url: str, found: list[RemoteNumber]) -> HttpResponse | None:
    """Try the token and connect; None when the form has to be shown again."""
    said = form.cleaned_data
    try:
        found += checkup.remote_numbers(base_url=base_url, waba_id=said["waba_id"], token=said["token"])
    except Refused as no:
        form.add_error("token", _("WhatsApp refuses it: %(why)s") % {"why": no.detail or no.code})
        return None
    except (Unreachable, NoAnswer) as error:
        form.add_error(None, _("WhatsApp does not answer: %(why)s") % {"why": error})
        return None
    chosen = next((each for each in found if each.id == said["phone_number_id"]), found[0] if len(found) == 1 else None)
    if not found:
        form.add_error("waba_id", _("This account has no number yet: add one in Meta's dashboard first."))
        return None
    if chosen is None:
        return None  # several: choose one
    creditor = uuid.UUID(said["creditor"]) if said["creditor"] else None
    try:
        with own_scope(request):
            _account, row, _route = services.connect_whatsapp(
                waba_id=said["waba_id"], phone_number_id=chosen.id, display_number=chosen.display, token=said["token"],
                app_secret=said["app_secret"], verify_token=secrets.token_urlsafe(18), base_url=base_url,
                name=chosen.name, creditor_id=creditor, messaging_limit=chosen.limit if chosen.limit_known else 250,
                posture=said["posture"], actor=request.actor, now=request.now,
            )  # fmt: skip
    except (DomainError, ValueError) as error:
        form.add_error(None, told(error) if isinstance(error, DomainError) else str(error))
        return None
    address = redirect("number", organisation=request.organisation.slug, pk=row.pk)
    address["Location"] += "?fresh=1"
    return address


@page(roles=ADMINS)
@changes_all
def token(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """A new token for a number's account."""
    row = _health(request, pk)
    form, status = TokenForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            services.replace_token(row.number.account, **form.cleaned_data, actor=request.actor, now=request.now)
            messages.success(request, _("The token was replaced. Check that it works."))
            return redirect("number", organisation=request.organisation.slug, pk=pk)
    return TemplateResponse(
        request, "workbench/numbers/token.html", {"section": "numbers", "row": row, "form": form}, status=status
    )  # fmt: skip


@page(roles=ADMINS)
@require_POST
@changes_all
def let_account(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """Pause all numbers of an account, or let them send again."""
    row = _health(request, pk)
    send, reason = request.POST.get("send") == "1", request.POST.get("reason", "").strip()[:300]
    if not reason:
        messages.error(request, _("Say why: the audit keeps it."))
    elif services.let_account(row.number.account, send=send, actor=request.actor, reason=reason, now=request.now):
        messages.success(request, _("The account sends again.") if send else _("The account is paused."))
    else:
        messages.info(request, _("It was so already."))
    return redirect("number", organisation=request.organisation.slug, pk=pk)


def _health(request: PageRequest, pk: uuid.UUID) -> queries.Health:
    found: list[Any] = queries.health(request.organisation, request.now, pk)
    if not found:
        raise Http404("no such number here")
    return found[0]


def _base_url(request: PageRequest) -> str:
    """Where the API is: Meta's, or for a sandbox organisation the simulator that it is connected to."""
    if request.organisation.sandbox:
        known = WhatsAppAccount.objects.exclude(base_url="").order_by("created_at").values_list("base_url", flat=True)
        return known.first() or settings.GRAPH_BASE_URL
    return str(settings.GRAPH_BASE_URL)
