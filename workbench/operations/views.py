"""Operations: what was set aside, what nobody is sure of, and the audit."""

from __future__ import annotations

import csv
import json
import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kernel.clock import machine_now
from kernel.errors import DomainError
from messaging.sending.dispatch import settle_by_person
from portfolio.imports.mapping.rejected import escaped
from tenants import parked as set_aside
from tenants.language import told
from tenants.models import Job, RawInbound
from workbench.access import PageRequest, Role, page
from workbench.operations import queries
from workbench.operations.masking import masked
from workbench.operations.words import ACTIONS, JOBS, SUBJECTS
from workbench.setup.wide import changes_all, whole

ADMINS = {Role.ADMIN}
LOOKS = {Role.ADMIN, Role.AUDITOR}


@page(roles=LOOKS)
def parked(request: PageRequest) -> HttpResponse:
    """Jobs and webhook bodies that a person has to look at."""
    # Jobs know no creditor: who sees some creditors only sees none of them.
    rows = queries.parked(request.organisation) if whole(request) else []
    return TemplateResponse(request, "workbench/operations/parked.html", {
        "section": "operations", "part": "parked", "waiting": queries.waiting(request.organisation),
        "rows": [(row, JOBS.get(row.job.task, row.job.task)) for row in rows], "machine": machine_now(),
    })  # fmt: skip


@page(roles=ADMINS)
@require_POST
@changes_all
def change_job(request: PageRequest, pk: int, action: str) -> HttpResponse:
    """Try it again, or give it up with a reason."""
    try:
        if action == "retry":
            changed = set_aside.retry(pk, actor=request.actor)
            note = _("It is being tried again.")
        elif action == "discard":
            changed = set_aside.discard(pk, actor=request.actor, reason=request.POST.get("reason", "")[:1000])
            note = _("It was discarded; the audit says by whom and why.")
        else:
            raise Http404(action)
    except DomainError as error:
        messages.error(request, told(error))
    else:
        if changed:
            messages.success(request, note)
        else:
            messages.info(request, _("Somebody was faster: it is no longer set aside."))
    return redirect("operations", organisation=request.organisation.slug)


@page(roles=LOOKS)
def inbound(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """A stored body, with everything personal as dots."""
    raw = RawInbound.objects.filter(pk=pk, tenant_id=request.organisation.pk).first()
    if raw is None or not whole(request):  # a body may be about any creditor
        raise Http404("no such body here")
    job = Job.objects.filter(tenant_id=request.organisation.pk, task=queries.INBOUND, subject=str(pk)).first()
    return TemplateResponse(request, "workbench/operations/inbound.html", {
        "section": "operations", "raw": raw, "job": job, "size": len(raw.body or b""),
        "text": masked(bytes(raw.body)) if raw.body is not None else "",
    })  # fmt: skip


@page(roles=LOOKS)
def uncertain(request: PageRequest) -> HttpResponse:
    """Sends that may have left or not: the provider never said."""
    return TemplateResponse(request, "workbench/operations/uncertain.html", {
        "section": "operations", "part": "uncertain", "rows": queries.doubtful(),
    })  # fmt: skip


@page(roles=ADMINS | {Role.SUPERVISOR})
@require_POST
def settle(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """A person has looked: it left, or it did not."""
    if request.POST.get("sent") not in ("0", "1"):
        raise Http404("say whether it left")
    sent = request.POST["sent"] == "1"
    if not settle_by_person(pk, sent=sent, actor=request.actor, now=request.now):
        messages.info(request, _("It is settled already."))
    elif sent:
        messages.success(request, _("Noted: it left. It counts in the contact budget."))
    else:
        messages.success(request, _("Noted: it did not leave. Its place in the contact budget is free again."))
    return redirect("uncertain", organisation=request.organisation.slug)


@page(roles=LOOKS)
def audit(request: PageRequest) -> HttpResponse:
    """Who did what, before and after."""
    tenant, filters = request.organisation, queries.Filters.read(request.GET)
    rows = queries.audit(tenant, filters)
    if request.GET.get("format") == "csv":
        return _csv(request, queries.shown(tenant, list(rows[: queries.CSV_MAX])))
    cursor = request.GET.get("cursor", "")
    try:
        entries = list((rows.filter(id__lt=uuid.UUID(cursor)) if cursor else rows)[: queries.PAGE + 1])
    except ValueError:
        entries = list(rows[: queries.PAGE + 1])
    more = len(entries) > queries.PAGE
    entries = entries[: queries.PAGE]
    shown = [
        (each, ACTIONS.get(each.entry.action, each.entry.action), SUBJECTS.get(each.entry.subject, each.entry.subject))
        for each in queries.shown(tenant, entries)
    ]
    return TemplateResponse(request, "workbench/operations/audit.html", {
        "section": "audit", "rows": shown, "filters": filters, "people": queries.people(tenant),
        "actions": sorted(ACTIONS.items(), key=lambda each: str(each[1])),
        "subjects": sorted(SUBJECTS.items(), key=lambda each: str(each[1])),
        "next": str(entries[-1].pk) if more else "", "first": not cursor,
    })  # fmt: skip


def _csv(request: PageRequest, rows: list[queries.Shown]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{request.organisation.slug}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow([_("When"), _("Who"), _("What"), _("Object"), _("Id"), _("Before"), _("After"), _("Reason")])
    for row in rows:
        entry = row.entry
        writer.writerow(map(escaped, [
            entry.at.isoformat(timespec="seconds"), row.actor, str(ACTIONS.get(entry.action, entry.action)),
            row.subject or str(SUBJECTS.get(entry.subject, entry.subject)), entry.subject_id,
            json.dumps(entry.before, ensure_ascii=False), json.dumps(entry.after, ensure_ascii=False), entry.reason,
        ]))  # fmt: skip
    return response
