"""The sequences' pages: leaders read and rehearse them, an administrator writes editions, activates and pauses."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compliance.decide.explain import remedy
from kernel.errors import DomainError
from messaging.message_templates.library import DUNNING
from messaging.models import Sequence as DunningSequence
from messaging.models import SequenceVersion
from messaging.sequences import editing
from messaging.sequences.rehearsal import rehearse, tomorrow
from messaging.sequences.seeds import STEPS
from portfolio.models import Creditor
from tenants.language import told
from workbench.access import PageRequest, page
from workbench.admins import ADMINS, LEADERS, may_edit
from workbench.message_templates.words import stage_word
from workbench.rules import queries as rule_queries
from workbench.sequences import forms, queries, words
from workbench.sequences.forms import SequenceForm

#: How far ahead a rehearsal looks.
AHEAD = timedelta(days=60)


@page(roles=LEADERS)
@require_safe
def sequences(request: PageRequest) -> HttpResponse:
    """/o/<slug>/sequences/: all of them, each as its line."""
    return render(
        request, "workbench/sequences/sequences.html", {"sequences": queries.listed(), "may_edit": may_edit(request)}
    )


@page(roles=LEADERS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PageRequest) -> HttpResponse:
    """/o/<slug>/sequences/new/: a name and whose debtors; it begins with the shipped steps and holds for nobody yet."""
    if not may_edit(request):
        return render(request, "workbench/forbidden.html", status=403)
    lang = rule_queries.speak(request.LANGUAGE_CODE)
    choices = rule_queries.country_choices(rule_queries.book_for(request.now), lang)
    creditors = [(str(pk), name) for pk, name in Creditor.objects.order_by("name").values_list("pk", "name")[:500]]
    form = SequenceForm(
        request.POST or None, countries=choices, creditors=creditors, initial={"country": request.organisation.country}
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = editing.create_sequence(
                name=said["name"], country=said["country"], creditor_id=uuid.UUID(said["creditor"]) if said["creditor"] else None,
                steps=STEPS, actor=request.actor, now=request.now,
            )  # fmt: skip
        except DomainError as error:
            field = (error.pointer or "").strip("/")
            form.add_error(field if field in form.fields else None, told(error))
        else:
            messages.success(request, gettext("Made with the usual steps. Nobody is enrolled until you activate it."))
            return redirect("sequence", organisation=request.organisation.slug, sequence_id=made.pk)
    status = 422 if form.errors else 200
    return render(request, "workbench/sequences/new.html", {"form": form}, status=status)


def _sequence(sequence_id: uuid.UUID) -> DunningSequence:
    row = DunningSequence.objects.filter(pk=sequence_id).first()
    if row is None:
        raise Http404(gettext("There is no such sequence."))
    return row


def _version(versions: list[SequenceVersion], text: str, usual: int) -> SequenceVersion:
    wanted = int(text) if text.isdigit() and len(text) < 7 else usual
    found = next((each for each in versions if each.version == wanted), None)
    if found is None:
        raise Http404(gettext("There is no such edition."))
    return found


def _versions(row: DunningSequence) -> list[SequenceVersion]:
    return list(SequenceVersion.objects.filter(sequence=row).order_by("-version"))


@page(roles=LEADERS)
@require_safe
def sequence(request: PageRequest, sequence_id: uuid.UUID) -> HttpResponse:
    """/o/<slug>/sequences/<id>/?version=: one edition as a line and a table, and what differs from the active one."""
    return _page(request, _sequence(sequence_id))


def _page(request: PageRequest, row: DunningSequence, *, problem: str = "", status: int = 200) -> HttpResponse:
    versions = _versions(row)
    usual = row.active_version or (versions[0].version if versions else 0)
    shown = _version(versions, request.GET.get("version", ""), usual)
    active = next((each for each in versions if each.version == row.active_version), None)
    lang = rule_queries.speak(request.LANGUAGE_CODE)
    context: dict[str, Any] = {
        "row": row, "shown": shown, "versions": versions, "active": active, "problem": problem,
        "steps": queries.steps_told(row, shown, lang), "line": queries.line(shown.steps), "standing": queries.standing(row),
        "changes": queries.differences(active.steps, shown.steps) if active and active.pk != shown.pk else [],
        "authors": queries.authors(versions), "may_edit": may_edit(request),
        "creditor": Creditor.objects.filter(pk=row.creditor_id).values_list("name", flat=True).first() if row.creditor_id else "",
    }  # fmt: skip
    context["reasons"] = [(words.reason_word(reason), n) for reason, n in context["standing"]["reasons"]]
    return render(request, "workbench/sequences/sequence.html", context, status=status)


@page(roles=LEADERS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PageRequest, sequence_id: uuid.UUID) -> HttpResponse:
    """/o/<slug>/sequences/<id>/edit/?from=: the steps as rows; every save is a new edition that does not hold yet."""
    if not may_edit(request):
        return render(request, "workbench/forbidden.html", status=403)
    row = _sequence(sequence_id)
    versions = _versions(row)
    if request.method != "POST":
        start = _version(versions, request.GET.get("from", ""), versions[0].version if versions else 0)
        return _editor(request, row, forms.rows_from(start.steps), start)
    start = _version(versions, request.POST.get("from", ""), versions[0].version if versions else 0)
    rows = forms.rows_of(request.POST)
    action = request.POST.get("action", "")
    if action == "add":
        return _editor(request, row, forms.added(rows), start)
    if action.startswith("remove:"):
        gone = action.partition(":")[2]
        return _editor(request, row, [each for n, each in enumerate(rows) if str(n) != gone], start)
    try:
        steps = editing.check_steps(forms.steps_of(rows))
        if action == "show":
            return _editor(request, row, rows, start, changes=queries.differences(start.steps, steps))
        saved = editing.save_version(row.pk, steps, actor=request.actor, now=request.now)
    except DomainError as error:
        _, _, pointed = (error.pointer or "").partition("/steps/")
        place, _, field = pointed.partition("/")
        where = (int(place), field) if place.isdigit() else None
        return _editor(request, row, rows, start, problem=told(error), where=where, status=422)
    messages.success(request, gettext("Saved as edition %(n)s. It does not hold yet.") % {"n": saved.version})
    return redirect(_address(request, row, saved.version))


def _address(request: PageRequest, row: DunningSequence, number: int) -> str:
    base = reverse("sequence", kwargs={"organisation": request.organisation.slug, "sequence_id": row.pk})
    return f"{base}?version={number}"


def _editor(
    request: PageRequest, row: DunningSequence, rows: list[dict[str, str]], start: SequenceVersion, *, problem: str = "",
    where: tuple[int, str] | None = None, changes: list[dict[str, Any]] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    try:
        drawn = queries.line(editing.check_steps(forms.steps_of(rows)))
    except DomainError:
        drawn = None
    context = {
        "row": row, "rows": list(enumerate(rows)), "start": start, "problem": problem, "changes": changes, "line": drawn,
        "stages": [(stage, stage_word(stage)) for stage in DUNNING], "bad_row": where[0] if where else -1,
        "bad_field": where[1] if where else "", "full": len(rows) >= editing.STEPS_MAX,
    }  # fmt: skip
    part = "#editor" if request.headers.get("HX-Target") == "editor" else ""
    return render(request, f"workbench/sequences/edit.html{part}", context, status=status)


@page(roles=LEADERS)
@require_safe
def rehearsal(request: PageRequest, sequence_id: uuid.UUID) -> HttpResponse:
    """/o/<slug>/sequences/<id>/rehearsal/?version=&on=&moved=: who gets what on a day. Nothing is written."""
    row = _sequence(sequence_id)
    versions = _versions(row)
    shown = _version(versions, request.GET.get("version", ""), row.active_version or versions[0].version)
    usual = tomorrow(row, request.now)
    on = _day(request.GET.get("on", ""), usual, usual - timedelta(days=1), usual + AHEAD)
    moved = request.GET.get("moved") == "1" or (shown.version != row.active_version and request.GET.get("moved") != "0")
    outlook = rehearse(row, shown, on=on, moved=moved, now=request.now)
    obstacles = [(words.obstacle_word(code), words.mend(code), n) for code, n in outlook.obstacles.most_common()]
    lang = rule_queries.speak(request.LANGUAGE_CODE)
    context = {
        "row": row, "shown": shown, "versions": versions, "outlook": outlook, "moved": moved, "on": on,
        "first": usual - timedelta(days=1), "last": usual + AHEAD, "obstacles": obstacles, "may_edit": may_edit(request),
        "blockers": [
            (code, n, remedy(code, lang)) for code, n in outlook.blockers.most_common(12)
        ],
        "steps": [(stage_word(step.stage), step, step.templates.most_common(3)) for step in outlook.steps],
        "step_words": {step.code: stage_word(step.stage) for step in outlook.steps},
        "standing": queries.standing(row),
    }  # fmt: skip
    return render(request, "workbench/sequences/rehearsal.html", context)


def _day(text: str, usual: date, first: date, last: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return usual
    return found if first <= found <= last else usual


@page(roles=ADMINS)
@require_POST
def activate(request: PageRequest, sequence_id: uuid.UUID) -> HttpResponse:
    """Let an edition hold: for new enrolments, or also for those that run."""
    row, number = _sequence(sequence_id), request.POST.get("version", "")
    moving = request.POST.get("running") == "move"

    def act() -> None:
        if not number.isdigit() or len(number) > 6:
            raise DomainError("version_unknown", "there is no such edition of this sequence")
        editing.activate(
            row.pk, int(number), move=moving, actor=request.actor, reason=request.POST.get("reason", "")[:300], now=request.now
        )  # fmt: skip

    done = (
        gettext("Edition %(n)s holds. Those that run are being moved to it.")
        if moving
        else gettext("Edition %(n)s holds for new enrolments. Those that run stay on theirs.")
    )
    return _change(request, row, act, done % {"n": number})


@page(roles=ADMINS)
@require_POST
def pause(request: PageRequest, sequence_id: uuid.UUID) -> HttpResponse:
    """Stop a sequence."""
    row, reason = _sequence(sequence_id), request.POST.get("reason", "")[:300]
    return _change(
        request, row, lambda: editing.pause(row.pk, actor=request.actor, reason=reason, now=request.now),
        gettext("Paused. What waits to be sent for it is being taken back."),
    )  # fmt: skip


@page(roles=ADMINS)
@require_POST
def resume(request: PageRequest, sequence_id: uuid.UUID) -> HttpResponse:
    """Let a paused sequence go on."""
    row, reason = _sequence(sequence_id), request.POST.get("reason", "")[:300]
    return _change(
        request, row, lambda: editing.resume(row.pk, actor=request.actor, reason=reason, now=request.now),
        gettext("It goes on. Of missed steps only the latest speaks."),
    )  # fmt: skip


def _change(request: PageRequest, row: DunningSequence, act: Callable[[], object], done: str) -> HttpResponse:
    if not may_edit(request):
        return render(request, "workbench/forbidden.html", status=403)
    try:
        act()
    except DomainError as error:
        return _page(request, _sequence(row.pk), problem=told(error), status=422)
    messages.success(request, done)
    return redirect("sequence", organisation=request.organisation.slug, sequence_id=row.pk)
