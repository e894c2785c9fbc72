"""/d/<token>: the page, what is done on it, receipts and the paid-off letter. No login, no script, no cookie."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from compliance.evidence.texts import payment_method
from compliance.services.loading import lock_persons
from kernel.ids import uuid7
from portfolio.models import DebtorLink, Entry, Payment
from portfolio.payables import qr
from portfolio.services.links import link_by
from portfolio.services.payables import tenant_of
from tenants.models import Tenant
from tenants.scope import tenant_scope
from workbench.transparency import door
from workbench.transparency.acting import Problem
from workbench.transparency.actions import ACTIONS, OPEN, told
from workbench.transparency.queries import Page, page_of
from workbench.transparency.texts import BOOKS, Book, language_of


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET /d/<token>[?l=es|pt|en][&did=…]."""
    return _shown(request, token, "transparency/page.html")


@require_safe
def letter(request: HttpRequest, token: str) -> HttpResponse:
    """GET /d/<token>/letter: that nothing is owed, to be printed."""
    return _shown(request, token, "transparency/letter.html")


@require_safe
def receipt(request: HttpRequest, token: str, payment_id: uuid.UUID) -> HttpResponse:
    """GET /d/<token>/receipt/<payment>: one payment, to be printed."""
    return _shown(request, token, "transparency/receipt.html", payment_id=payment_id)


def _shown(request: HttpRequest, token: str, template: str, **what: Any) -> HttpResponse:
    """A page for whoever holds the token, read inside the creditor's scope alone."""
    entered = _enter(request, token)
    if isinstance(entered, HttpResponse):
        return entered
    tenant, creditor_id = entered
    now = tenant.clock().now()
    with tenant_scope(tenant.pk, creditor_ids=[creditor_id]):
        link = link_by(token)
        if link is None or door.ended(link, now):
            return _missing(request)
        shown = page_of(link, tenant, now, request.GET.get("l", ""))
        return _render(request, token, shown, template, **what)


@csrf_exempt  # the token in the address is the only credential; there is no cookie that somebody else could ride on
@require_http_methods(["POST"])
def act(request: HttpRequest, token: str, action: str) -> HttpResponse:
    """POST /d/<token>/<action>: done once, then the page again with what happened."""
    entered = _enter(request, token)
    if isinstance(entered, HttpResponse):
        return entered
    if door.too_many("act", token, door.ACTS_MAX):
        return _busy(request)
    tenant, _ = entered
    now = tenant.clock().now()
    language = language_of(request.POST.get("l", ""), "")
    with tenant_scope(tenant.pk):
        link = link_by(token)
        if link is None or door.ended(link, now):
            return _missing(request)
        # Whoever changes something about a person locks the person first, so that no two wait for each other.
        lock_persons([link.debtor.person_id], skip_locked=False)
        link = link_by(token)
        assert link is not None
        DebtorLink.objects.select_for_update(no_key=True).filter(pk=link.pk).first()
        asked = page_of(link, tenant, now, request.POST.get("l", ""))
        language = asked.book.language
        if action not in ACTIONS:
            return _render(request, token, asked, "transparency/page.html", status=404, problem=("top", "cannot"))
        if not asked.proven and action not in OPEN:
            return _back(token, request.POST.get("l", ""))
        try:
            with transaction.atomic():
                did = ACTIONS[action](asked, request.POST.dict(), request.FILES)
        except Problem as refused:
            link = link_by(token)
            assert link is not None
            shown = page_of(link, tenant, now, language)
            shown.typed = {name: str(value)[:4000] for name, value in request.POST.items()}
            return _render(
                request, token, shown, "transparency/page.html", status=422, problem=(refused.section, refused.key)
            )
    if did.startswith("/"):
        return door.private(HttpResponseRedirect(did, status=303))
    return _back(token, request.POST.get("l", ""), did)


def _enter(request: HttpRequest, token: str) -> HttpResponse | tuple[Tenant, uuid.UUID]:
    """The organisation and creditor of a token; an answer where it opens nothing, or asks too often."""
    machine = door.machine_of(request)
    tenant_id = tenant_of(token) if len(token) == 43 else None
    tenant = Tenant.objects.filter(pk=tenant_id).first() if tenant_id else None
    link = None
    if tenant is not None:
        with tenant_scope(tenant.pk):
            link = link_by(token)
    if tenant is None or link is None:
        return _busy(request) if door.too_many("miss", machine, door.MISSES_MAX) else _missing(request)
    if door.too_many("view", token, door.VIEWS_MAX):
        return _busy(request)
    return tenant, link.creditor_id


def _back(token: str, language: str, did: str = "") -> HttpResponse:
    query = {name: value for name, value in (("l", language if language in BOOKS else ""), ("did", did)) if value}
    where = f"/d/{token}" + (f"?{urlencode(query)}" if query else "") + ("#did" if did else "")
    return door.private(HttpResponseRedirect(where, status=303))


def _render(
    request: HttpRequest, token: str, shown: Page, template: str, *, status: int = 200,
    problem: tuple[str, str] = ("", ""), payment_id: uuid.UUID | None = None,
) -> HttpResponse:  # fmt: skip
    if shown.locked:
        template, status = "transparency/locked.html", 403 if status == 200 else status
    elif not shown.proven:
        template = "transparency/gate.html"
        if problem[0] not in ("", "top"):
            status = 422
    if problem[1]:
        shown.problem = (problem[0], shown.say(problem[1]))
    did = request.GET.get("did", "") if request.method != "POST" and not shown.locked else ""
    context: dict[str, Any] = {
        "page": shown, "book": shown.book, "here": f"/d/{token}", "once": uuid7().hex, "l": _chosen(request),
        "languages": [(code, book.NAME) for code, book in BOOKS.items()], "did": told(shown, did) if did else "",
    }  # fmt: skip
    if template == "transparency/receipt.html":
        assert payment_id is not None
        found = Payment.objects.filter(pk=payment_id, debtor=shown.debtor, reversed_at=None).first()
        if found is None:
            return _missing(request)
        context |= {
            "payment": found, "applied": _applied(shown, found),
            "method": payment_method(found.method, shown.book.language),
        }  # fmt: skip
    elif template == "transparency/page.html":
        permitted, preferred, chosen = shown.hours
        context |= {
            "reasons": shown.book.table("REASONS").items(), "days": shown.days, "part_chosen": shown.part_of_day,
            "parts_of_day": shown.book.table("PARTS_OF_DAY").items(), "permitted": shown.week(permitted),
            "preferred": shown.week(preferred) if chosen else "",
            "qr": qr.svg(shown.payable.code, "Pix") if shown.payable and shown.payable.kind == "pix" else "",
        }  # fmt: skip
    return door.private(render(request, template, context, status=status))


def _chosen(request: HttpRequest) -> str:
    wanted = (request.POST if request.method == "POST" else request.GET).get("l", "")
    return wanted if wanted in BOOKS else ""


def _applied(shown: Page, payment: Payment) -> list[tuple[str, int]]:
    """Which invoices a payment settled, and how much of each."""
    rows = Entry.objects.filter(payment_id=payment.pk, invoice__isnull=False).select_related("invoice").order_by("id")
    return [(row.invoice.number or row.invoice.external_id, -row.minor) for row in rows if row.invoice]


def _missing(request: HttpRequest) -> HttpResponse:
    return _told(request, "missing", 404)


def _busy(request: HttpRequest) -> HttpResponse:
    response = _told(request, "busy", 429)
    response["Retry-After"] = "60"
    return response


def _told(request: HttpRequest, what: str, status: int) -> HttpResponse:
    """The same in all languages: whose page it would be is not known."""
    texts = [
        {"tag": book.tag, "title": book.say(f"{what}_title"), "text": book.say(f"{what}_text")}
        for book in (Book(code, "") for code in BOOKS)
    ]
    return door.private(
        render(request, "transparency/none.html", {"texts": texts, "book": {"tag": "es"}}, status=status)
    )
