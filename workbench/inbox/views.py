"""What the inbox shows: the queue, a conversation, and the parts that are asked for again."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from kernel.errors import DomainError
from messaging.desk import queue
from messaging.desk.about import debtor_of
from messaging.desk.checking import Checked
from messaging.desk.checking import check as check_words
from messaging.desk.people import read_until
from messaging.desk.replies import matching
from messaging.sending.wishes import TEXT_MAX
from tenants.language import told
from workbench.access import PageRequest, Role, may_change, page
from workbench.debtors.panel import panel_context
from workbench.inbox import screens

WORKERS = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN})
REPLIES_MAX = 12


def is_part(request: PageRequest) -> bool:
    """Whether a part of the page is wanted; going back in history wants all of it."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


def inbox_address(request: PageRequest) -> str:
    """The queue's address."""
    return reverse("inbox", kwargs={"organisation": request.organisation.slug})


@page(roles=screens.INSIDE)
@require_safe
def inbox(request: PageRequest) -> HttpResponseBase:
    """GET /o/<slug>/inbox/?view=&q=&cursor=: the queue; a part is the list alone."""
    try:
        shown = screens.queue_context(request, current=_current(request))
    except DomainError as error:
        return TemplateResponse(request, "workbench/inbox/broken.html", {"problem": told(error)}, status=422)
    if is_part(request):
        return TemplateResponse(request, "workbench/inbox/queue.html", shown)
    return TemplateResponse(request, "workbench/inbox/inbox.html", {**shown, "pane": "queue"})


def _current(request: PageRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.GET.get("current", ""))
    except ValueError:
        return None


@page(roles=screens.INSIDE)
@require_safe
def next_one(request: PageRequest) -> HttpResponseBase:
    """GET /o/<slug>/inbox/next/?current=: leads to the conversation to take next, or to the empty queue."""
    current = _current(request)
    best = queue.next_best(
        user_id=request.user.pk, country=request.organisation.country, now=request.now,
        but=[current] if current else [],
    )  # fmt: skip
    if best is None:
        if is_part(request):
            response: HttpResponseBase = TemplateResponse(request, "workbench/inbox/nothing.html", {"done": True})
            response["HX-Push-Url"] = inbox_address(request)
            return response
        return HttpResponseRedirect(inbox_address(request))
    address = screens.address("conversation", request, best.pk)
    if is_part(request):
        return work(request, best.pk, push=address)
    return HttpResponseRedirect(address)


def work(request: PageRequest, conversation_id: uuid.UUID, *, push: str = "", status: int = 200) -> HttpResponseBase:
    """The part with thread, composer and panel."""
    shown = screens.work_context(request, screens.found(conversation_id))
    response = TemplateResponse(request, "workbench/inbox/work.html", shown, status=status)
    if push:
        response["HX-Push-Url"] = push
    return response


@page(roles=screens.INSIDE)
@require_safe
def conversation(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """GET /o/<slug>/inbox/<id>/: the conversation; the part is thread, composer and panel without the queue."""
    if is_part(request):
        return work(request, conversation_id)
    return whole(request, conversation_id)


def whole(request: PageRequest, conversation_id: uuid.UUID, *, status: int = 200, **more: Any) -> HttpResponseBase:
    """The whole page with a conversation open."""
    row = screens.found(conversation_id)
    try:
        shown = screens.queue_context(request, current=row.pk)
    except DomainError as error:
        return TemplateResponse(request, "workbench/inbox/broken.html", {"problem": told(error)}, status=422)
    shown = {**shown, **screens.work_context(request, row), **more, "pane": "thread"}
    return TemplateResponse(request, "workbench/inbox/inbox.html", shown, status=status)


@page(roles=screens.INSIDE)
@require_safe
def thread(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """GET …/thread/?since=&v=: what is shown, anew (204 when nothing changed); with `before` what stands ahead."""
    row = screens.found(conversation_id)
    zone = screens.zone_name(debtor_of(row), row.contact_point, request)
    before = request.GET.get("before", "")[:80]
    unread = read_until(row.pk, request.user.pk) if before or not request.GET.get("v") else None
    shown = screens.thread_context(
        request, row, zone, before=before, since=request.GET.get("since", "")[:80], unread_after=unread
    )
    if shown["thread"].version == request.GET.get("v"):
        return HttpResponse(status=204)
    template = "workbench/inbox/older.html" if before else "workbench/inbox/thread.html"
    return TemplateResponse(request, template, shown)


@page(roles=screens.INSIDE)
@require_safe
def standing(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """GET …/standing/: the head (who, how much, who answers) and, for who answers, what may be written now."""
    row = screens.found(conversation_id)
    debtor = debtor_of(row)
    zone = screens.zone_name(debtor, row.contact_point, request)
    shown = screens.head_context(request, row, debtor, zone)
    if may_change(request.membership):
        shown |= screens.composer_context(request, row, debtor, zone)
    return TemplateResponse(request, "workbench/inbox/standing.html", shown)


@page(roles=screens.INSIDE)
@require_safe
def panel(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """GET …/panel/: the debtor beside the thread."""
    row = screens.found(conversation_id)
    debtor = debtor_of(row)
    shown = {"conversation": row, "debtor": debtor, "panel": panel_context(debtor.pk, request.now) if debtor else None}
    return TemplateResponse(request, "workbench/inbox/panel.html", shown)


@page(roles=WORKERS)
@require_safe
def replies(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """GET …/replies/?q=: prepared answers, filled in."""
    row = screens.found(conversation_id)
    debtor = debtor_of(row)
    known = screens.replies_of(request, row, debtor) if debtor and row.contact_point_id else []
    shown = matching(known, request.GET.get("q", "")[:40])[:REPLIES_MAX]
    return TemplateResponse(request, "workbench/inbox/replies.html", {"replies": shown})


@page(roles=WORKERS)
@require_POST
def check(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/check/ text=: what of it offends, which rule says so, and a kinder way. Nothing is kept."""
    row = screens.found(conversation_id)
    debtor = debtor_of(row)
    text = request.POST.get("text", "")[:TEXT_MAX]
    if debtor is None or not text.strip():
        return TemplateResponse(request, "workbench/inbox/check.html", {"checked": None, "parts": [], "text": text})
    try:
        checked = check_words(row, debtor, text, actor=request.actor, lang=screens.lang(), now=request.now)
    except DomainError as error:
        shown: dict[str, Any] = {"checked": None, "parts": [], "text": text, "problem": told(error)}
        return TemplateResponse(request, "workbench/inbox/check.html", shown, status=422)
    shown = {"checked": checked, "parts": marked(text, checked), "text": text, "debtor": debtor}
    return TemplateResponse(request, "workbench/inbox/check.html", shown)


def marked(text: str, checked: Checked) -> list[tuple[str, str]]:
    """The text in stretches: (words, tone), tone '' where nothing offends. Overlaps go to the one that began first."""
    parts: list[tuple[str, str]] = []
    at = 0
    for mark in checked.marks:
        start = max(at, mark.start)
        if mark.end <= start:
            continue
        if start > at:
            parts.append((text[at:start], ""))
        parts.append((text[start : mark.end], mark.tone))
        at = mark.end
    if at < len(text):
        parts.append((text[at:], ""))
    return parts
