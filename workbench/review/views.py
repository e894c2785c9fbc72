"""The review of alerts: list, words in their thread, verdict; every key has its button, every button its form."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from kernel.clock import machine_now
from kernel.errors import DomainError
from messaging import conversations
from messaging.desk.notes import add_note
from messaging.models import Conversation, Note
from monitoring import reviews, services
from monitoring.models import Alert
from tenants.language import told
from tenants.names import names_of
from tenants.scope import all_creditors
from workbench.access import PageRequest, Role, page
from workbench.review import queries as review_of
from workbench.rules.queries import speak
from workbench.supervisor import filters as filters_of
from workbench.supervisor import words
from workbench.supervisor.tables import csv_answer
from workbench.supervisor.views import REVIEWERS

DECIDERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
KINDS = ("", "severe", "conduct", "signals")
STATES = ("", "decided", "violation", "false_alarm", "all")
LIMIT = 100
#: The notice about a new alert is for alerts that were raised just now.
JUST_NOW = timedelta(seconds=30)


@page(roles=REVIEWERS)
@require_safe
def review(request: PageRequest) -> HttpResponse:
    """/o/<slug>/review/?kind=&state=&creditor=&actor=: the queue, its first alert open; `?format=csv` is the list."""
    return _shown(request, None)


@page(roles=REVIEWERS)
@require_safe
def alert(request: PageRequest, alert_id: uuid.UUID) -> HttpResponse:
    """/o/<slug>/review/<alert>/: the same with this one open."""
    found = Alert.objects.select_related("message", "conversation__person").filter(pk=alert_id).first()
    if found is None:
        raise Http404("no such alert")
    return _shown(request, found)


def _filter(request: PageRequest) -> dict[str, Any]:
    asked = request.GET
    return {
        "kind": asked.get("kind", "") if asked.get("kind", "") in KINDS else "",
        "state": asked.get("state", "") if asked.get("state", "") in STATES else "",
        "creditor_id": filters_of.uuid_in(asked.get("creditor")), "actor": filters_of.uuid_in(asked.get("actor")),
    }  # fmt: skip


def _query(chosen: dict[str, Any]) -> str:
    query = QueryDict(mutable=True)
    for name, key in (("kind", "kind"), ("state", "state"), ("creditor", "creditor_id"), ("actor", "actor")):
        if chosen[key]:
            query[name] = str(chosen[key])
    return f"?{query.urlencode()}" if query else ""


def _queue(chosen: dict[str, Any]) -> reviews.Queue:
    return reviews.review_queue(
        kind=chosen["kind"],
        state=chosen["state"],
        creditor_id=chosen["creditor_id"],
        limit=LIMIT,
        actor=chosen["actor"],
    )


def _shown(
    request: PageRequest, current: Alert | None, *, problem: str = "", undo: Alert | None = None, status: int = 200,
    toast: str = "", chosen: dict[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    chosen = chosen or _filter(request)
    queue = _queue(chosen)
    me = request.user.pk
    if request.GET.get("format") == "csv":
        return _csv(queue)
    in_part = request.headers.get("HX-Request") == "true"
    part = request.GET.get("part", "") if request.method == "GET" and in_part else ""
    if current is None and queue.rows:
        current = next((row for row in queue.rows if services.held_by(row) in (None, me)), queue.rows[0])
    if undo is None and current is not None and current.decided_by == me and _left(current):
        undo = current
    shown: dict[str, Any] = {
        "chosen": chosen, "query": _query(chosen), "queue": queue, "current": current, "problem": problem, "undo": undo,
        "undo_seconds": _left(undo), "me": me, "may_decide": request.membership.role in DECIDERS,
        "open_only": chosen["state"] == "",
    }  # fmt: skip
    alerts = [*queue.rows, *([current] if current else [])]
    if part == "list" or current is None:
        names = names_of(review_of.people_in(alerts))
    else:
        said = reviews.around(current.conversation_id, current.message)
        actions = review_of.actions_of(current)
        names = names_of(review_of.people_in(alerts, said, actions))
        shown |= _opened(request, current, names)
        shown["actions"] = [(one, names.get(one.user_id, "?"), words.ACTIONS[one.kind]) for one in actions]
    rows = review_of.rows_of(queue.rows, me, names)
    shown["groups"] = review_of.grouped(rows, open_only=shown["open_only"])
    if current is not None:
        ids = [row.pk for row in queue.rows]
        at = ids.index(current.pk) if current.pk in ids else -1
        shown["before"] = ids[at - 1] if at > 0 else None
        shown["after"] = ids[at + 1] if at + 1 < len(ids) else None
        holder = services.held_by(current)
        shown |= {"holder": names.get(holder, "") if holder else "", "held_by_me": holder == me,
                  "held_by_other": holder not in (None, me), "decided": current.state in services.DECIDED}  # fmt: skip
    if in_part:
        name = {"list": "#queue", "claim": "#claim"}.get(part, "#work")
        if name == "#claim" and current is None:
            return HttpResponse("")
        response = render(request, f"workbench/review/review.html{name}", shown, status=status)
        if toast:
            response["HX-Trigger"] = json.dumps({"toast": {"text": toast, "tone": "danger" if problem else "success"}})
        return response
    return render(request, "workbench/review/review.html", shown, status=status)


def _left(undo: Alert | None) -> int:
    if undo is None or undo.undo_until is None:
        return 0
    return max(0, int((undo.undo_until - machine_now()).total_seconds()))


def _opened(request: PageRequest, current: Alert, names: dict[uuid.UUID, str]) -> dict[str, Any]:
    lang = speak(request.LANGUAGE_CODE)
    signal = current.conduct in services.SIGNALS
    return {
        "title": words.conduct(current.conduct), "severity": words.SEVERITY.get(current.severity, current.severity),
        "signal": words.SIGNALS.get(current.conduct, ""), "is_signal": signal,
        "thread": review_of.thread(current, names),
        "rules": review_of.rules_about(current.conduct, request.organisation, current.creditor_id, lang, request.now),
        "history": None if signal else review_of.history(current, names),
        "decision_id": review_of.decision_of(current.message),
        "conversation": current.conversation, "decided_by": names.get(current.decided_by) if current.decided_by else "",
        "person": current.conversation.person,
    }  # fmt: skip


def _csv(queue: reviews.Queue) -> HttpResponse:
    rows: list[tuple[Any, ...]] = [
        ("alert", "raised_at", "class", "severity", "state", "author", "conversation", "debtor", "note")
    ]
    rows += [
        (one.pk, one.raised_at.isoformat(), one.conduct, one.severity, one.state, one.actor, one.conversation_id,
         one.debtor_id or "", one.note)
        for one in queue.rows
    ]  # fmt: skip
    return csv_answer(rows, "alerts")


# --- what is done with one --------------------------------------------------------------------------------------------


@page(roles=DECIDERS)
@require_POST
def act(request: PageRequest, alert_id: uuid.UUID, action: str) -> HttpResponse:
    """POST /o/<slug>/review/<alert>/<action>/: claim, release, violation, false-alarm, escalate, note, undo, freeze,
    unfreeze, takeover, whisper. Answers the work screen with what comes next, or 422 and why not."""
    does = ACTIONS.get(action)
    if does is None:
        raise Http404("no such action")
    if not Alert.objects.filter(pk=alert_id).exists():
        raise Http404("no such alert")
    chosen = _filter(request)
    order = [row.pk for row in _queue(chosen).rows]
    try:
        said, moves_on = does(request, alert_id)
    except DomainError as error:
        current = _one(alert_id)
        return _shown(request, current, problem=told(error), toast=told(error), status=422, chosen=chosen)
    undo = _one(alert_id) if action in ("violation", "false-alarm") else None
    then: Alert | None = _next(order, alert_id, request.user.pk, chosen) if moves_on else _one(alert_id)
    if request.headers.get("HX-Request") != "true":
        where = reverse("alert", kwargs={"organisation": request.organisation.slug, "alert_id": then.pk}) if then else reverse(
            "review", kwargs={"organisation": request.organisation.slug}
        )  # fmt: skip
        return redirect(f"{where}{_query(chosen)}")
    response = _shown(request, then, undo=undo, toast=said, chosen=chosen)
    where = reverse("review", kwargs={"organisation": request.organisation.slug})
    response["HX-Push-Url"] = f"{where}{then.pk}/{_query(chosen)}" if then else f"{where}{_query(chosen)}"
    return response


def _one(alert_id: uuid.UUID) -> Alert:
    return Alert.objects.select_related("message", "conversation__person").get(pk=alert_id)


def _next(order: list[uuid.UUID], done: uuid.UUID, me: uuid.UUID, chosen: dict[str, Any]) -> Alert | None:
    """The one that followed in the list as it was seen, if it is free; else the first free one."""
    rows = {row.pk: row for row in _queue(chosen).rows if row.pk != done and services.held_by(row) in (None, me)}
    at = order.index(done) if done in order else -1
    for key in order[at + 1 :]:
        if key in rows:
            return _one(key)
    first = next(iter(rows), None)
    return _one(first) if first else None


def _text(request: PageRequest, name: str = "note") -> str:
    return request.POST.get(name, "").strip()[:2000]


def _claim(request: PageRequest, alert_id: uuid.UUID) -> tuple[str, bool]:
    services.claim_alert(alert_id, by=request.user.pk, now=request.now)
    return gettext("Yours to review"), False


def _release(request: PageRequest, alert_id: uuid.UUID) -> tuple[str, bool]:
    services.release_alert(alert_id, by=request.user.pk, now=request.now)
    return gettext("Given back to everybody"), False


def _decide(verdict: str) -> Callable[[PageRequest, uuid.UUID], tuple[str, bool]]:
    def decide(request: PageRequest, alert_id: uuid.UUID) -> tuple[str, bool]:
        services.decide_alert(
            alert_id, verdict=verdict, note=_text(request), actor=request.actor, now=request.now, by=request.user.pk
        )
        return (
            gettext("Violation confirmed") if verdict == Alert.State.VIOLATION else gettext("Marked as a false alarm")
        ), True

    return decide


def _escalate(request: PageRequest, alert_id: uuid.UUID) -> tuple[str, bool]:
    services.escalate_alert(alert_id, note=_text(request), by=request.user.pk, now=request.now)
    return gettext("Escalated: it stands before all others"), True


def _note(request: PageRequest, alert_id: uuid.UUID) -> tuple[str, bool]:
    services.note_alert(alert_id, text=_text(request), by=request.user.pk, now=request.now)
    return gettext("Noted"), False


def _undo(request: PageRequest, alert_id: uuid.UUID) -> tuple[str, bool]:
    services.undo_decision(alert_id, by=request.user.pk, now=request.now)
    return gettext("Taken back"), False


def _conversation(alert_id: uuid.UUID) -> Conversation:
    thread = Alert.objects.values_list("conversation_id", flat=True).get(pk=alert_id)
    return Conversation.objects.select_for_update(no_key=True).get(pk=thread)


def _freeze(request: PageRequest, alert_id: uuid.UUID) -> tuple[str, bool]:
    conversation = _conversation(alert_id)
    if conversation.frozen_at is not None:
        return gettext("It is frozen already"), False
    reason = _text(request) or gettext("Frozen from a review")
    with all_creditors():  # the audit entry is the organisation's
        conversations.freeze(conversation, actor=request.actor, reason=reason, now=request.now)
    return gettext("Nothing leaves in this conversation until it is unfrozen"), False


def _unfreeze(request: PageRequest, alert_id: uuid.UUID) -> tuple[str, bool]:
    conversation = _conversation(alert_id)
    if conversation.frozen_at is None:
        return gettext("It is not frozen"), False
    with all_creditors():
        conversations.unfreeze(conversation, actor=request.actor, reason=_text(request), now=request.now)
    return gettext("Messages may leave again"), False


def _takeover(request: PageRequest, alert_id: uuid.UUID) -> tuple[str, bool]:
    conversation = _conversation(alert_id)
    with all_creditors():
        conversations.assign(conversation, to=request.user.pk, actor=request.actor, now=request.now)
    return gettext("The conversation is yours"), False


def _whisper(request: PageRequest, alert_id: uuid.UUID) -> tuple[str, bool]:
    text = _text(request, "whisper")
    if not text:
        raise DomainError("text_empty", "write something first", pointer="/text")
    conversation = _conversation(alert_id)
    with all_creditors():
        add_note(conversation, text=text, actor=request.actor, now=request.now, kind=Note.Kind.WHISPER)
    return gettext("Only your colleagues see it"), False


ACTIONS: dict[str, Callable[[PageRequest, uuid.UUID], tuple[str, bool]]] = {
    "claim": _claim, "release": _release, "violation": _decide(Alert.State.VIOLATION),
    "false-alarm": _decide(Alert.State.FALSE_ALARM), "escalate": _escalate, "note": _note, "undo": _undo,
    "freeze": _freeze, "unfreeze": _unfreeze, "takeover": _takeover, "whisper": _whisper,
}  # fmt: skip


# --- what every page of a reviewer shows ------------------------------------------------------------------------------


@page(roles=REVIEWERS)
@require_safe
def badge(request: PageRequest) -> HttpResponse:
    """The number in the rail: open severe alerts."""
    return render(request, "workbench/review/badge.html", {"count": reviews.open_severe()})


@page(roles=REVIEWERS)
@require_safe
def notice(request: PageRequest) -> HttpResponse:
    """What was raised just now, as a toast that is read out; nothing when there is nothing new and severe."""
    fresh = reviews.raised_since(machine_now() - JUST_NOW)
    response = HttpResponse(status=204)
    if fresh:
        text = ngettext(
            "New alert: %(what)s. Review it with G R.", "%(count)s new alerts, the gravest: %(what)s. Review them with G R.",
            len(fresh),
        ) % {"what": words.conduct(fresh[0].conduct), "count": len(fresh)}  # fmt: skip
        response["HX-Trigger"] = json.dumps({"toast": {"text": text, "tone": "danger"}})
    return response
