"""Periods and the last run, legal holds, requests with their clocks, a person's export and certificate."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from compliance.models import DataRequest, LegalHold
from compliance.retention import certificates, papers, runs
from compliance.retention import requests as cases
from compliance.retention.accounts import laws_of
from compliance.retention.holds import lift_hold, place_hold
from compliance.retention.own_periods import set_own_period
from compliance.retention.periods import CLASSES, Period
from compliance.retention.trail import write_down
from compliance.retention.words import CHANNELS, STATES
from kernel.errors import DomainError
from kernel.ids import uuid7
from portfolio.models import Creditor, Debtor
from portfolio.places import midday_of, start_of, today_in
from tenants.language import told
from workbench.access import PageRequest, Role, page
from workbench.privacy import queries
from workbench.privacy.forms import HoldForm, PeriodForm, RequestForm
from workbench.setup.wide import changes_all, may_change_all, whole
from workbench.supervisor.filters import uuid_in

LEADERS = {Role.SUPERVISOR, Role.ADMIN}
OVERSEERS = LEADERS | {Role.AUDITOR}


# -- periods and the job -----------------------------------------------------------------------------------------------


@page(roles=OVERSEERS)
@require_safe
def periods(request: PageRequest) -> HttpResponse:
    """How long each class is kept, by which law, and what the job did last."""
    return _periods(request)


@page(roles={Role.ADMIN})
@require_POST
@changes_all
def set_period(request: PageRequest) -> HttpResponse:
    """Shorten or lengthen one class, or go back to the country's own."""
    rule = _rule(request, request.POST.get("which", ""))
    if rule is None:
        raise Http404("no such class here")
    form = PeriodForm(request.POST)
    if form.is_valid():
        number = form.cleaned_data["number"]
        lawful = rule.lawful or rule.period
        period = None if number is None or lawful is None else (
            Period(days=number) if lawful.days else Period(months=number)
        )  # fmt: skip
        try:
            with transaction.atomic():
                set_own_period(
                    rule.country, rule.data_class, period, reason=form.cleaned_data["reason"], by=request.actor
                )
        except DomainError as error:
            form.add_error(error.pointer if error.pointer in form.fields else None, told(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("privacy", organisation=request.organisation.slug)
    return _periods(request, form=form, which=request.POST["which"], status=422)


def _periods(
    request: PageRequest, *, form: PeriodForm | None = None, which: str = "", status: int = 200
) -> HttpResponse:
    which = which or request.GET.get("change", "")
    changes = may_change_all(request) and request.membership.role == Role.ADMIN
    rule = _rule(request, which) if changes else None
    shown = None
    if rule is not None:
        period = rule.period
        shown = form or PeriodForm(initial={"number": period.number if period else None, "reason": rule.reason})
    run = runs.newest() if whole(request) else None
    return TemplateResponse(request, "workbench/privacy/periods.html", {
        "tab": "periods", "countries": queries.periods(request.organisation), "changes": changes,
        "line": queries.line_of(rule) if rule else None, "form": shown, "which": which, "run": run,
        "run_lines": queries.run_lines(run.counts, run.held) if run else [],
    }, status=status)  # fmt: skip


def _rule(request: PageRequest, which: str) -> Any:
    country, _dot, name = which.partition(".")
    if name not in CLASSES or country not in queries.countries_of(request.organisation):
        return None
    rule = laws_of([country])[country].rules[name]
    return rule if rule.period else None


# -- holds -------------------------------------------------------------------------------------------------------------


@page(roles=OVERSEERS)
def hold_list(request: PageRequest) -> HttpResponse:
    """Every hold, and the form that places one."""
    debtor = _debtor(request)
    choices = _hold_choices(request, debtor)
    form, status = HoldForm(request.POST or None, choices=choices), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            about, until = form.cleaned_data["about"], form.cleaned_data["until"]
            kind, _colon, key = about.partition(":")
            country = debtor.creditor.country if debtor else request.organisation.country
            try:
                with transaction.atomic():
                    place_hold(
                        person_id=debtor.person_id if debtor and kind in ("person", "account") else None,
                        creditor_id=uuid.UUID(key) if kind in ("account", "creditor") else None,
                        reason=form.cleaned_data["reason"],
                        until=start_of(until + timedelta(days=1), country) if until else None,
                        by=request.actor, now=request.now,
                    )  # fmt: skip
            except DomainError as error:
                form.add_error(error.pointer if error.pointer in form.fields else None, told(error))
            else:
                messages.success(request, _("The hold stands: nothing under it is blanked or erased."))
                return redirect("privacy-holds", organisation=request.organisation.slug)
    return TemplateResponse(request, "workbench/privacy/holds.html", {
        "tab": "holds", "rows": queries.holds(request.now), "form": form if choices else None, "debtor": debtor,
        "search": request.GET.get("q", "")[:100], "found": queries.find(request.GET.get("q", "")[:100]),
        "leads": request.membership.role in LEADERS,
    }, status=status)  # fmt: skip


@page(roles=LEADERS)
@require_POST
def lift(request: PageRequest, hold_id: uuid.UUID) -> HttpResponse:
    """Lift a hold, with a reason."""
    hold = LegalHold.objects.filter(pk=hold_id).first()
    if hold is None:
        raise Http404("no such hold here")
    try:
        with transaction.atomic():
            lift_hold(hold_id, reason=request.POST.get("reason", ""), by=request.actor, now=request.now)
    except DomainError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("The hold is lifted. What has had its time goes with the next run."))
    return redirect("privacy-holds", organisation=request.organisation.slug)


def _hold_choices(request: PageRequest, debtor: Debtor | None) -> list[tuple[str, str]]:
    if debtor is not None:
        account = _("%(person)s at %(creditor)s") % {"person": debtor.person.name, "creditor": debtor.creditor.name}
        found = [(f"account:{debtor.creditor_id}", account)]
        if whole(request):
            everywhere = _("%(person)s at every creditor") % {"person": debtor.person.name}
            found.insert(0, (f"person:{debtor.person_id}", everywhere))
        return found
    rows = Creditor.objects.only("name").order_by("name")[:500]
    return [(f"creditor:{row.pk}", _("Everybody of %(creditor)s") % {"creditor": row.name}) for row in rows]


def _debtor(request: PageRequest) -> Debtor | None:
    key = uuid_in(request.POST.get("debtor") or request.GET.get("debtor") or "")
    return Debtor.objects.select_related("person", "creditor").filter(pk=key).first() if key else None


# -- requests ----------------------------------------------------------------------------------------------------------


@page(roles=OVERSEERS)
@require_safe
def requests(request: PageRequest) -> HttpResponse:
    """Requests with their clocks; the open ones by their day."""
    state = "closed" if request.GET.get("state") == "closed" else "open"
    return TemplateResponse(request, "workbench/privacy/requests.html", {
        "tab": "requests", "state": state, "rows": queries.requests(state, request.now), "states": STATES,
        "leads": request.membership.role in LEADERS,
    })  # fmt: skip


@page(roles=LEADERS)
def new_request(request: PageRequest) -> HttpResponse:
    """File what somebody asked for by another way than their own page."""
    debtor = _debtor(request)
    form, status = RequestForm(request.POST or None, initial={"origin": uuid7().hex, "channel": "email"}), 200
    if request.method == "POST":
        status = 422
        if debtor is None:
            form.add_error(None, _("Choose whose data it is about."))
        if form.is_valid() and debtor is not None:
            said = form.cleaned_data
            day: date | None = said["received_on"]
            country = debtor.creditor.country
            received = midday_of(day, country) if day and day != today_in(country, request.now) else None
            try:
                with transaction.atomic():
                    row = cases.file_request(
                        person=debtor.person, debtor=debtor, kind=said["kind"], channel=said["channel"],
                        author=request.actor, origin_id=f"{request.actor}:{debtor.pk}:{said['origin'][:32]}", now=request.now,
                        detail=said["detail"], proven=said["proven"],
                        received_at=received,
                        owner_id=request.user.pk,
                    )  # fmt: skip
            except DomainError as error:
                form.add_error(error.pointer if error.pointer in form.fields else None, told(error))
            else:
                return redirect("privacy-request", organisation=request.organisation.slug, request_id=row.pk)
    return TemplateResponse(request, "workbench/privacy/new_request.html", {
        "tab": "requests", "form": form, "debtor": debtor, "search": request.GET.get("q", "")[:100],
        "found": queries.find(request.GET.get("q", "")[:100]),
    }, status=status)  # fmt: skip


@page(roles=OVERSEERS)
@require_safe
def request_page(request: PageRequest, request_id: uuid.UUID) -> HttpResponse:
    """One request: its clock, what can be done, and for an erasure what would go and what would stay."""
    return _request_page(request, _case(request_id))


@page(roles=LEADERS)
@require_POST
def act(request: PageRequest, request_id: uuid.UUID, action: str) -> HttpResponseBase:
    """Assign, extend, prove, answer, refuse or erase."""
    row, deed = _case(request_id), _DEEDS.get(action)
    if deed is None:
        raise Http404(action)
    try:
        with transaction.atomic():
            deed(request, row)
    except DomainError as error:
        return _request_page(request, _case(request_id), problem=told(error), status=422)
    messages.success(request, _("Done."))
    return redirect("privacy-request", organisation=request.organisation.slug, request_id=row.pk)


def _request_page(request: PageRequest, row: DataRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    is_open = row.state == DataRequest.State.OPEN
    erasure = row.kind == DataRequest.Kind.ERASURE
    debtor = Debtor.objects.select_related("person", "creditor").filter(person_id=row.person_id)
    if row.debtor_id:
        debtor = debtor.filter(pk=row.debtor_id)
    return TemplateResponse(request, "workbench/privacy/request.html", {
        "tab": "requests", "line": queries.request_lines([row], request.now)[0], "row": row, "is_open": is_open,
        "channel": CHANNELS.get(row.channel, row.channel), "state_word": STATES[row.state], "erasure": erasure,
        "debtor": debtor.first(), "colleagues": queries.colleagues(request.organisation),
        "extends": is_open and not row.extended_reason and _extension(row),
        "preview": queries.preview(row, request.now) if is_open and erasure and whole(request) else None,
        "may_erase": may_change_all(request), "certificates": queries.certificates_of(row.pk),
        "leads": request.membership.role in LEADERS, "problem": problem,
    }, status=status)  # fmt: skip


def _extension(row: DataRequest) -> int:
    return cases.deadline_of(row.country, row.kind, today_in(row.country, row.received_at)).extend


def _case(request_id: uuid.UUID) -> DataRequest:
    row = DataRequest.objects.select_related("person").filter(pk=request_id).first()
    if row is None:
        raise Http404("no such request here")
    return row


def _erase(request: PageRequest, row: DataRequest) -> None:
    if not whole(request):
        raise DomainError("not_for_role", "an erasure reaches over all creditors: ask somebody who sees all of them")
    cases.erase(row.pk, by=request.actor, now=request.now)


_DEEDS: dict[str, Callable[[PageRequest, DataRequest], object]] = {
    "assign": lambda request, row: cases.assign(row.pk, to=uuid_in(request.POST.get("to", "")), by=request.actor),
    "extend": lambda request, row: cases.extend(row.pk, reason=request.POST.get("reason", ""), by=request.actor),
    "prove": lambda request, row: cases.prove(row.pk, how=request.POST.get("reason", ""), by=request.actor),
    "answer": lambda request, row: cases.close(
        row.pk, answer=request.POST.get("answer", ""), refused=False, by=request.actor, now=request.now
    ),
    "refuse": lambda request, row: cases.close(
        row.pk, answer=request.POST.get("answer", ""), refused=True, by=request.actor, now=request.now
    ),
    "erase": _erase,
}


@page(roles=OVERSEERS)
@require_safe
def certificate(request: PageRequest, request_id: uuid.UUID) -> HttpResponse:
    """The newest edition of a request's certificate, as PDF or JSON; who took it is audited."""
    row = _case(request_id)
    newest = next(iter(queries.certificates_of(row.pk)), None)
    if newest is None:
        raise Http404("no certificate was made")
    as_json = request.GET.get("format") == "json"
    language = papers.language_of(row.person, request.GET.get("language", ""))
    body = papers.certificate_json(newest) if as_json else papers.certificate_pdf(newest, language)
    name = f"{newest.reference}-{newest.edition}.{'json' if as_json else 'pdf'}"
    write_down(
        "certificate_downloaded", by=request.actor, subject=certificates.CERTIFICATE, subject_id=newest.pk,
        creditor_id=newest.creditor_id, after={"file": name},
    )  # fmt: skip
    response = HttpResponse(body, content_type="application/json" if as_json else "application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@page(roles=LEADERS)
@require_POST
def export(request: PageRequest, debtor_id: uuid.UUID) -> HttpResponseBase:
    """Everything held about the person behind a debtor, as a zip in their language."""
    debtor = Debtor.objects.filter(pk=debtor_id).first()
    if debtor is None:
        raise Http404("no such debtor here")
    made = papers.export_person(
        debtor.person_id, actor=request.actor, language=request.POST.get("language", "")[:2],
        reason=request.POST.get("reason", ""),
    )  # fmt: skip
    papers.note_download(debtor.person_id, made, actor=request.actor)
    return FileResponse(made.body, as_attachment=True, filename=made.name, content_type="application/zip")
