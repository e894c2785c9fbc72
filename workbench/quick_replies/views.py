"""Prepared answers: which there are, a new one, its words, putting it away; the shipped ones until own ones exist."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kernel.errors import DomainError
from messaging.desk import reply_editing
from messaging.desk.reply_library import SHIPPED
from messaging.models import QuickReply
from portfolio.models import Creditor
from tenants.language import told
from workbench.access import PageRequest, Role, forbidden, may_change, page
from workbench.quick_replies.forms import LANGUAGE_WORDS, PLACE_WORDS, ReplyForm
from workbench.setup.wide import whole

READERS = {Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR}
WRITERS = {Role.ADMIN, Role.SUPERVISOR}
MOST = 500


@page(roles=READERS)
@require_safe
def replies(request: PageRequest) -> HttpResponse:
    """Own answers by language; for a language without any, the shipped ones that are offered instead."""
    archived = request.GET.get("state") == "archived"
    rows = list(reply_editing.own(archived=archived)[:MOST])
    names = dict(
        Creditor.objects.filter(pk__in={row.creditor_id for row in rows if row.creditor_id}).values_list("pk", "name")
    )
    shown = [(row, names[row.creditor_id] if row.creditor_id else "", _may_edit(request, row)) for row in rows]
    groups = [
        (code, word, [each for each in shown if each[0].language == code]) for code, word in LANGUAGE_WORDS.items()
    ]
    own = set(reply_editing.own().filter(creditor_id=None).values_list("language", flat=True))
    return TemplateResponse(request, "workbench/quick_replies/list.html", {
        "section": "replies", "groups": [group for group in groups if group[2]], "archived": archived, "any": bool(rows),
        "shipped": [(code, LANGUAGE_WORDS[code], SHIPPED[code]) for code in SHIPPED if code not in own and not archived],
        "may_copy": whole(request) and may_change(request.membership),
    })  # fmt: skip


@page(roles=WRITERS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PageRequest) -> HttpResponse:
    """A new answer."""
    return _edited(request, None)


@page(roles=READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """An answer's words, shortcut, language and creditor."""
    row = _found(pk)
    if request.method == "POST" and not _may_edit(request, row):
        return forbidden(request)
    return _edited(request, row)


def _edited(request: PageRequest, row: QuickReply | None) -> HttpResponse:
    creditors = list(Creditor.objects.only("id", "name", "legal_name").order_by("name")[:500])
    begun: dict[str, Any] = {"language": request.organisation.language[:2]}
    if row is not None:
        begun = {
            "shortcut": row.shortcut, "title": row.title, "language": row.language, "text": row.text,
            "creditor": str(row.creditor_id or ""), "seen": reply_editing.edition(row),
        }  # fmt: skip
    form, status = ReplyForm(request.POST or None, initial=begun, creditors=creditors, everybody=whole(request)), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            said = form.cleaned_data
            names = tuple(filter(None, (name for one in creditors for name in (one.name, one.legal_name))))
            try:
                with transaction.atomic():
                    reply_editing.save_reply(
                        row, creditor_id=form.creditor_id, language=said["language"], shortcut=said["shortcut"],
                        title=said["title"], text=said["text"], seen=said["seen"], actor=request.actor,
                        now=request.now, creditor_names=names,
                    )  # fmt: skip
            except DomainError as error:
                form.add_error(error.pointer if error.pointer in form.fields else None, told(error))
            else:
                messages.success(request, _("Saved: it is offered in the composer from now on."))
                return redirect("quick-replies", organisation=request.organisation.slug)
    return TemplateResponse(request, "workbench/quick_replies/edit.html", {
        "section": "replies", "form": form, "row": row, "places": PLACE_WORDS.items(),
        "may_edit": row is None or _may_edit(request, row),
    }, status=status)  # fmt: skip


@page(roles=WRITERS)
@require_POST
def copy(request: PageRequest) -> HttpResponse:
    """POST language=: the shipped answers become own ones, to be changed."""
    if not whole(request):
        return forbidden(request)
    language = request.POST.get("language", "")
    if language not in SHIPPED:
        raise Http404("nothing is shipped in that language")
    made = reply_editing.copy_shipped(language, creditor_id=None, actor=request.actor, now=request.now)
    messages.success(
        request,
        ngettext("%(count)s answer is yours now.", "%(count)s answers are yours now.", made) % {"count": made},
    )
    return redirect("quick-replies", organisation=request.organisation.slug)


@page(roles=WRITERS)
@require_POST
def archive(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """It is offered no more."""
    row = _found(pk)
    if not _may_edit(request, row):
        return forbidden(request)
    if reply_editing.archive_reply(row, actor=request.actor, now=request.now):
        messages.success(request, _("/%(shortcut)s was put away.") % {"shortcut": row.shortcut})
    else:
        messages.info(request, _("It was so already."))
    return redirect("quick-replies", organisation=request.organisation.slug)


@page(roles=WRITERS)
@require_POST
def restore(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """It is offered again."""
    row = _found(pk)
    if not _may_edit(request, row):
        return forbidden(request)
    try:
        if reply_editing.restore_reply(row, actor=request.actor):
            messages.success(request, _("/%(shortcut)s is offered again.") % {"shortcut": row.shortcut})
    except DomainError as error:
        messages.error(request, told(error))
    return redirect("quick-replies", organisation=request.organisation.slug)


def _found(pk: uuid.UUID) -> QuickReply:
    row = QuickReply.objects.filter(pk=pk).first()
    if row is None:
        raise Http404("no such answer here")
    return row


def _may_edit(request: PageRequest, row: QuickReply) -> bool:
    """What all creditors' debtors read is changed by who sees all of them."""
    return request.membership.role in WRITERS and (row.creditor_id is not None or whole(request))
