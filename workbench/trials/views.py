"""The time machine: begin a trial, watch it, read exactly what would have changed, take it out as CSV."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from compliance.models import RuleTrial, RuleTrialChange
from compliance.timemachine import summary, table
from compliance.timemachine.drafts import Draft
from compliance.timemachine.trial import begin, changes, promise
from kernel.errors import DomainError
from portfolio.models import Debtor
from portfolio.places import start_of, today_in
from tenants.language import told
from workbench.access import PageRequest, forbidden, page
from workbench.admins import LEADERS
from workbench.rules.queries import speak
from workbench.setup.wide import changes_all, whole
from workbench.trials import queries
from workbench.trials.forms import TrialForm
from workbench.trials.words import MISSING, TURNS

PAGE = 50
CSV_MAX = 50_000


@page(roles=LEADERS)
@require_http_methods(["GET", "HEAD", "POST"])
@changes_all
def trials(request: PageRequest) -> HttpResponse:
    """/o/<slug>/rules/time-machine/?rules=: begin a trial; the trials that were made."""
    if not whole(request):
        return forbidden(request)  # a trial tells of every creditor's attempts
    tenant = request.organisation
    choices = queries.choices(speak(request.LANGUAGE_CODE), request.now)
    form = TrialForm(
        request.POST if request.method == "POST" else None, choices=choices,
        today=today_in(tenant.country, request.now), chosen=request.GET.get("rules", "")[:60],
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            draft = queries.draft_of(asked["rules"], dict(choices)[asked["rules"]], request.now)
            if draft is None:
                raise DomainError("draft_empty", "choose an edition, files or own rules to try", pointer="/draft")
            made = started(request, draft, asked["first"], asked["last"])
        except DomainError as error:
            field = {"/until": "last", "/since": "first", "/draft": "rules"}.get(error.pointer)
            form.add_error(field, told(error))
        else:
            return redirect("rules-trial", organisation=tenant.slug, trial_id=made.pk)
    return render(request, "workbench/trials/trials.html", {
        "tab": "trials", "form": form, "trials": queries.newest(),
    }, status=422 if form.errors else 200)  # fmt: skip


def started(request: PageRequest, draft: Draft, first: object, last: object) -> RuleTrial:
    """A trial over whole days of the organisation's country, promised to the workers. Raises DomainError."""
    country = request.organisation.country
    made = begin(
        draft, since=start_of(first, country), until=start_of(last + timedelta(days=1), country),  # type: ignore[operator,arg-type]
        author=request.actor, now=request.now,
    )  # fmt: skip
    promise(made)
    return made


@page(roles=LEADERS)
@require_safe
def trial(request: PageRequest, trial_id: uuid.UUID) -> HttpResponse:
    """/o/<slug>/rules/time-machine/<id>/?turn=&cursor=: how far it is, and what it found; ?format=csv takes it out."""
    found = queries.trial(trial_id) if whole(request) else None
    if found is None:
        raise Http404(gettext("There is no such trial."))
    if request.GET.get("format") == "csv":
        return _csv(request, found)
    turn = request.GET.get("turn", "")
    turn = turn if turn in RuleTrialChange.Turn.values else ""
    rows = changes(found, turn=turn)
    cursor = _uuid(request.GET.get("cursor", ""))
    shown = list((rows.filter(id__gt=cursor) if cursor else rows)[: PAGE + 1])
    more, shown = len(shown) > PAGE, shown[:PAGE]
    people = Debtor.objects.filter(pk__in={row.debtor_id for row in shown}).values_list("pk", "person__name")
    names = dict(people)
    context = {
        "tab": "trials", "trial": found, "turn": turn, "turned": [(one, TURNS[one.turn]) for one in summary.turned(found)],
        "rules": summary.by_rule(found), "rows": [(row, names.get(row.debtor_id, "") if row.debtor_id else "") for row in shown],
        "next": str(shown[-1].pk) if more else "", "first": cursor is None, "turns": TURNS,
        "unknown": [(MISSING[why], count) for why, count in sorted(found.unknown.items()) if why in MISSING],
        "share": 100 * found.examined // found.total if found.total else 100,
    }  # fmt: skip
    part = "#progress" if request.headers.get("HX-Target") == "progress" else ""
    answer = render(request, f"workbench/trials/trial.html{part}", context)
    if part and found.state != RuleTrial.State.RUNNING:
        answer["HX-Refresh"] = "true"  # it is done: the whole page tells what it found
    return answer


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _csv(request: PageRequest, found: RuleTrial) -> HttpResponse:
    out = io.StringIO()
    written = table.write(found, out, most=CSV_MAX)
    if written < found.changed:
        out.write(gettext("Only the first %(most)s changes are in this file.") % {"most": CSV_MAX} + "\r\n")
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"time-machine-{request.organisation.slug}-{found.created_at:%Y%m%d-%H%M}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
