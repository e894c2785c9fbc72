"""The templates' pages: leaders read them, an administrator writes, submits, pauses and takes out of use."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kernel.errors import DomainError
from messaging.message_templates import lifecycle
from messaging.message_templates.library import STAGES, language_for
from messaging.message_templates.lint import PLACE
from messaging.message_templates.services import save_template
from messaging.models import MessageTemplate, WhatsAppAccount
from tenants.language import told
from workbench.access import PageRequest, page
from workbench.admins import ADMINS, LEADERS, may_edit
from workbench.message_templates import forms, queries, words
from workbench.message_templates.forms import TemplateForm
from workbench.rules.queries import speak

Status = MessageTemplate.Status


@page(roles=LEADERS)
@require_safe
def templates(request: PageRequest) -> HttpResponse:
    """/o/<slug>/templates/?account=&status=: steps by languages with their gaps, and every version below."""
    accounts = queries.accounts()
    chosen = _account(request, accounts)
    status = request.GET.get("status", "")
    rows: list[MessageTemplate] = []
    if chosen is not None:
        found = MessageTemplate.objects.filter(account=chosen)
        found = found.filter(status=status) if status in Status.values else found.exclude(status=Status.DISABLED)
        rows = sorted(
            found, key=lambda row: (STAGES.index(row.stage) if row.stage in STAGES else 99, row.language, row.name)
        )
    context = {
        "accounts": accounts, "account": chosen, "shelf": queries.shelf(chosen) if chosen else None, "rows": rows,
        "status": status, "statuses": [(value, words.status_word(value)) for value in Status.values],
        "may_edit": may_edit(request), "waiting": queries.waiting_for_text(),
    }  # fmt: skip
    part = "#shelf" if request.headers.get("HX-Target") == "shelf" else ""
    return render(request, f"workbench/message_templates/templates.html{part}", context)


def _account(request: PageRequest, accounts: list[WhatsAppAccount]) -> WhatsAppAccount | None:
    wanted = request.GET.get("account") or request.POST.get("account") or ""
    return next((row for row in accounts if str(row.pk) == wanted), accounts[0] if accounts else None)


@page(roles=LEADERS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PageRequest) -> HttpResponse:
    """/o/<slug>/templates/new/?stage=&language=: a draft for a step, begun with the text that we ship for it."""
    if not may_edit(request):
        return render(request, "workbench/forbidden.html", status=403)
    accounts = queries.accounts()
    account = _account(request, accounts)
    if account is None:
        messages.error(request, gettext("Connect a WhatsApp number first: templates belong to its account."))
        return redirect("templates", organisation=request.organisation.slug)
    stage = request.POST.get("stage") or request.GET.get("stage", "")
    stage = stage if stage in STAGES else "first"
    if request.method == "POST":
        return _save(request, account, None, TemplateForm(request.POST, stage=stage))
    language = request.GET.get("language", "") or language_for(request.organisation.country)
    country = queries.country_of(language, request.organisation.country)
    start = queries.starting_words(stage, language, request.organisation.country)
    initial: dict[str, Any] = {
        "stage": stage, "language": language[:5], "body": start["body"], "footer": start["footer"],
        "name": lifecycle.next_name(account.pk, f"{stage}_{country.lower()}"),
    }  # fmt: skip
    for place, (tap, title) in enumerate(start["buttons"], 1):
        initial[f"tap_{place}"], initial[f"title_{place}"] = tap, title
    return _editor(request, account, None, TemplateForm(initial=initial, stage=stage))


@page(roles=LEADERS)
@require_http_methods(["GET", "HEAD", "POST"])
def template(request: PageRequest, template_id: uuid.UUID) -> HttpResponse:
    """/o/<slug>/templates/<id>/: one version; a draft or a rejected one is edited here, the others are read."""
    row = _row(template_id)
    if request.method == "POST":
        if not may_edit(request):
            return render(request, "workbench/forbidden.html", status=403)
        form = TemplateForm(request.POST, stage=request.POST.get("stage", row.stage))
        return _save(request, row.account, row, form)
    part = "#status" if request.headers.get("HX-Target") == "status" else ""
    return _editor(request, row.account, row, TemplateForm(initial=forms.of(row), stage=row.stage), part=part)


def _row(template_id: uuid.UUID) -> MessageTemplate:
    row = MessageTemplate.objects.select_related("account").filter(pk=template_id).first()
    if row is None:
        raise Http404(gettext("There is no such template."))
    return row


def _save(
    request: PageRequest, account: WhatsAppAccount, row: MessageTemplate | None, form: TemplateForm
) -> HttpResponse:
    """Keep what was written; with action submit also hand it to WhatsApp."""
    if not form.is_valid():
        return _editor(request, account, row, form, status=422)
    said = form.cleaned_data
    name, language = (row.name, row.language) if row else (said["name"], said["language"])
    country = queries.country_of(language, request.organisation.country)
    try:
        if row is None and MessageTemplate.objects.filter(account=account, name=name, language=language).exists():
            raise DomainError(
                "template_name_taken", "%(name)s exists already in this language: choose another name",
                pointer="/name", name=name,
            )  # fmt: skip
        saved, _ = save_template(
            account, name=name, language=language, stage=said["stage"], message_class=words.class_of(said["stage"]),
            body=said["body"].replace("\r\n", "\n").strip(), footer=said["footer"].strip(), header=said["header"].strip(),
            buttons=form.buttons(), country=country, now=request.now,
        )  # fmt: skip
        lifecycle.note_saved(saved, fresh=row is None, actor=request.actor, now=request.now)
    except DomainError as error:
        field = (error.pointer or "").strip("/")
        form.add_error(field if field in form.fields else None, told(error))
        return _editor(request, account, row, form, status=422)
    if request.POST.get("action") == "submit":
        return _act(request, saved.pk, lambda: lifecycle.submit(saved.pk, country, actor=request.actor, now=request.now),
                    gettext("It is on its way to WhatsApp."))  # fmt: skip
    messages.success(request, gettext("Saved as a draft."))
    return redirect("template", organisation=request.organisation.slug, template_id=saved.pk)


def _editor(
    request: PageRequest, account: WhatsAppAccount, row: MessageTemplate | None, form: TemplateForm, *, status: int = 200,
    part: str = "", problem: str = "",
) -> HttpResponse:  # fmt: skip
    editable = may_edit(request) and (row is None or row.status in (Status.DRAFT, Status.REJECTED))
    stage = str(form["stage"].value() or "first")
    context: dict[str, Any] = {
        "row": row, "account": account, "form": form, "editable": editable, "problem": problem, "may_edit": may_edit(request),
        "preview": _preview(request, form, row, account), "stage": stage, "stage_word": words.stage_word(stage),
        "stage_help": words.stage_help(stage), "places": _palette(stage), "all_stages": STAGES,
    }  # fmt: skip
    if row is not None:
        context |= {
            "versions": queries.siblings(row), "used_by": queries.used_by(row), "sent": queries.sent_with(row),
            "others": queries.other_languages(row), "rejection": words.rejection(row.rejected_reason),
            "number": lifecycle.version_of(row.name),
        }  # fmt: skip
    return render(request, f"workbench/message_templates/template.html{part}", context, status=status)


def _palette(stage: str) -> list[tuple[str, str]]:
    names = words.place_words()
    return [(place, names[place]) for place in words.places_of(stage)]


def _preview(
    request: PageRequest, form: TemplateForm, row: MessageTemplate | None, account: WhatsAppAccount
) -> queries.Preview:
    def value(name: str) -> str:
        return str(form[name].value() or "").replace("\r\n", "\n")[:4000]

    stage = value("stage") if value("stage") in STAGES else "first"
    language = row.language if row else value("language")[:8]
    buttons = [(value(f"tap_{n}"), value(f"title_{n}").strip()) for n in range(1, forms.BUTTONS + 1)]
    samples = {
        place: request.POST.get(f"sample_{place}", "")[:80]
        for place in dict.fromkeys(PLACE.findall(value("body"))[:40])
        if request.method == "POST"
    }
    return queries.read(
        name=row.name if row else value("name"), language=language, stage=stage, header=value("header"),
        body=value("body").strip(), footer=value("footer"), buttons=[pair for pair in buttons if pair[1]],
        country=queries.country_of(language, request.organisation.country), lang=speak(request.LANGUAGE_CODE),
        samples=samples, pk=row.pk if row else None, account_id=account.pk,
    )  # fmt: skip


@page(roles=ADMINS)
@require_POST
def read(request: PageRequest) -> HttpResponse:
    """The preview and the lint of what stands in the editor; nothing is kept."""
    account = _account(request, queries.accounts())
    if account is None:
        raise Http404(gettext("There is no such template."))
    found = request.POST.get("template", "")
    try:
        row = _row(uuid.UUID(found)) if found else None
    except ValueError:
        row = None
    form = TemplateForm(request.POST, stage=request.POST.get("stage", ""))
    context = {"preview": _preview(request, form, row, row.account if row else account), "row": row, "editable": True}
    return render(request, "workbench/message_templates/template.html#reading", context)


@page(roles=ADMINS)
@require_POST
def copy(request: PageRequest, template_id: uuid.UUID) -> HttpResponse:
    """Edit an approved template as its next version."""
    return _act(
        request, template_id, lambda: lifecycle.copy(_row(template_id), actor=request.actor, now=request.now),
        gettext("This is the next version. The approved one stays in use until this one is approved too."),
    )  # fmt: skip


@page(roles=ADMINS)
@require_POST
def submit(request: PageRequest, template_id: uuid.UUID) -> HttpResponse:
    """Hand a draft to WhatsApp."""
    row = _row(template_id)
    country = queries.country_of(row.language, request.organisation.country)
    return _act(
        request, template_id, lambda: lifecycle.submit(template_id, country, actor=request.actor, now=request.now),
        gettext("It is on its way to WhatsApp."),
    )  # fmt: skip


@page(roles=ADMINS)
@require_POST
def hold(request: PageRequest, template_id: uuid.UUID) -> HttpResponse:
    """Pause an approved template."""
    reason = request.POST.get("reason", "")[:300]
    return _act(
        request, template_id, lambda: lifecycle.hold(template_id, actor=request.actor, reason=reason, now=request.now),
        gettext("Paused. What was queued with it waits."),
    )  # fmt: skip


@page(roles=ADMINS)
@require_POST
def release(request: PageRequest, template_id: uuid.UUID) -> HttpResponse:
    """Put a paused template back into use."""
    reason = request.POST.get("reason", "")[:300]
    return _act(
        request, template_id, lambda: lifecycle.release(template_id, actor=request.actor, reason=reason, now=request.now),
        gettext("In use again."),
    )  # fmt: skip


@page(roles=ADMINS)
@require_POST
def retire(request: PageRequest, template_id: uuid.UUID) -> HttpResponse:
    """Delete a draft, or take a template out of use for good."""
    reason = request.POST.get("reason", "")[:300]
    return _act(
        request, template_id, lambda: lifecycle.retire(template_id, actor=request.actor, reason=reason, now=request.now),
        gettext("Out of use."),
    )  # fmt: skip


def _act(
    request: PageRequest, template_id: uuid.UUID, action: Callable[[], MessageTemplate | None], done: str
) -> HttpResponse:
    """Do one thing with a template; a refusal is shown on its page."""
    if not may_edit(request):
        return render(request, "workbench/forbidden.html", status=403)
    _row(template_id)
    try:
        result = action()
    except DomainError as error:
        row = _row(template_id)
        form = TemplateForm(initial=forms.of(row), stage=row.stage)
        return _editor(request, row.account, row, form, status=422, problem=told(error))
    messages.success(request, done)
    if result is None:
        return redirect("templates", organisation=request.organisation.slug)
    return redirect("template", organisation=request.organisation.slug, template_id=result.pk)


@page(roles=ADMINS)
@require_POST
def look(request: PageRequest) -> HttpResponse:
    """Ask WhatsApp how the templates of an account stand."""
    if not may_edit(request):
        return render(request, "workbench/forbidden.html", status=403)
    account = _account(request, queries.accounts())
    if account is not None:
        lifecycle.look(account.pk)
        messages.success(request, gettext("WhatsApp is being asked; what it says shows here by itself."))
    return redirect("templates", organisation=request.organisation.slug)
