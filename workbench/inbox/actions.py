"""What an agent does in a conversation. Every change is a POST; a page without scripts is led back to it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from kernel.clock import machine_now
from kernel.errors import DomainError
from messaging import conversations
from messaging.desk import people, queue, reading
from messaging.desk.about import debtor_of
from messaging.desk.answering import Collision, answer, spoken_about, templates_for
from messaging.desk.notes import add_note
from messaging.models import Conversation
from tenants.language import told
from workbench.access import PageRequest, page
from workbench.inbox import screens, views, when

WORKERS = views.WORKERS


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _back(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    return HttpResponseRedirect(screens.address("conversation", request, conversation_id))


@page(roles=WORKERS)
@require_POST
def send(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/send/ text= | template=, origin=, seen=, anyway=: ask for words to be sent, once per origin.

    A part is answered with 200, for no is an answer too, and X-Outcome says which: sent, waits, again or refused (with
    the thread, which shows what was refused and why), collision (with the colleague's words) or invalid. A page without
    scripts gets 422 with its words kept.
    """
    row = screens.found(conversation_id)
    origin = _uuid(request.POST.get("origin", ""))
    text, template = request.POST.get("text", "").replace("\r\n", "\n"), request.POST.get("template", "")
    try:
        if origin is None:
            raise DomainError("origin_missing", "this form is broken: load the page again")
        content: dict[str, Any] = {"kind": "text", "text": text.strip()}
        if template:
            offered = templates_for(row, spoken_about(row), now=request.now)
            chosen = next((each for each in offered if str(each.template.pk) == template), None)
            if chosen is None:
                raise DomainError("template_unfit", "this template does not fit here any more: choose another")
            content = chosen.content
        outcome = answer(
            row.pk, content=content, origin=str(origin), actor=request.actor, now=request.now,
            machine_now=machine_now(), seen=_uuid(request.POST.get("seen", "")),
            anyway=_uuid(request.POST.get("anyway", "")),
        )  # fmt: skip
    except DomainError as error:
        if views.is_part(request):
            return _say(request, "workbench/inbox/problem.html", {"problem": told(error)}, "invalid")
        return views.whole(request, row.pk, status=422, text=text, problem=told(error))
    if isinstance(outcome, Collision):
        shown = {"collision": outcome, "conversation": row, "text": text, "origin": origin, "template": template}
        if views.is_part(request):
            return _say(request, "workbench/inbox/collision.html", shown, "collision")
        return views.whole(request, row.pk, status=422, **shown)
    refused = outcome.request.verdict == "deny" and not outcome.again
    if not views.is_part(request):
        return views.whole(request, row.pk, status=422, text=text) if refused else _back(request, row.pk)
    zone = screens.zone_name(debtor_of(row), row.contact_point, request)
    shown = screens.thread_context(request, row, zone, since=request.POST.get("since", "")[:80])
    said = (
        "refused" if refused else "again" if outcome.again else {"defer": "waits"}.get(outcome.request.verdict, "sent")
    )
    return _say(request, "workbench/inbox/thread.html", shown, said)


def _say(request: PageRequest, template: str, shown: dict[str, Any], outcome: str) -> HttpResponseBase:
    response = TemplateResponse(request, template, shown)
    response["X-Outcome"] = outcome
    return response


@page(roles=WORKERS)
@require_POST
def note(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/note/ text=, origin=: a note for colleagues; no debtor reads it."""
    row = screens.found(conversation_id)
    text = request.POST.get("text", "")
    origin = _uuid(request.POST.get("origin", ""))
    try:
        if origin is None:
            raise DomainError("origin_missing", "this form is broken: load the page again")
        add_note(row, text=text, actor=request.actor, now=request.now, origin=str(origin))
    except DomainError as error:
        if views.is_part(request):
            return _say(request, "workbench/inbox/problem.html", {"problem": told(error)}, "invalid")
        return views.whole(request, row.pk, status=422, text=text, problem=told(error))
    people.drop_draft(row.pk, request.user.pk)
    if not views.is_part(request):
        return _back(request, row.pk)
    zone = screens.zone_name(debtor_of(row), row.contact_point, request)
    shown = screens.thread_context(request, row, zone, since=request.POST.get("since", "")[:80])
    return _say(request, "workbench/inbox/thread.html", shown, "noted")


@page(roles=WORKERS)
@require_POST
def draft(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/draft/ text=, mode=: keep what was begun."""
    people.save_draft(
        screens.found(conversation_id), request.user.pk, text=request.POST.get("text", ""),
        mode=request.POST.get("mode", "reply"), machine_now=machine_now(),
    )  # fmt: skip
    return HttpResponse(status=204)


@page(roles=WORKERS)
@require_POST
def seen(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/seen/: everything so far was on the screen; the debtor's phone may show it."""
    row = screens.found(conversation_id)
    if people.mark_read(row, request.user.pk, machine_now=machine_now()):
        reading.promise(row)
    return HttpResponse(status=204)


@page(roles=WORKERS)
@require_POST
def presence(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/presence/ writing=: say that one is here, and hear who else is. `gone` says good-bye."""
    row = screens.found(conversation_id)
    if request.POST.get("gone"):
        people.leave(row.pk, request.user.pk)
        return HttpResponse(status=204)
    others = people.be_present(
        row, request.user.pk, writing=bool(request.POST.get("writing")), machine_now=machine_now()
    )
    return TemplateResponse(request, "workbench/inbox/colleagues.html", {"colleagues": others})


Act = Callable[[Conversation], None]


def _acted(request: PageRequest, conversation_id: uuid.UUID, act: Act) -> HttpResponseBase:
    """Do it, and answer with the head of the conversation as it stands then; 422 with what is wrong."""
    row = screens.found(conversation_id)
    problem = ""
    try:
        act(row)
    except DomainError as error:
        problem = told(error)
    if not views.is_part(request):
        if problem:
            return views.whole(request, row.pk, status=422, problem=problem)
        return _back(request, row.pk)
    row = screens.found(conversation_id)
    debtor = debtor_of(row)
    shown = screens.head_context(request, row, debtor, screens.zone_name(debtor, row.contact_point, request))
    response = TemplateResponse(request, "workbench/inbox/head.html", {**shown, "problem": problem})
    if problem:
        # What was chosen is not kept by the page: the reason is told, and the head shows how it stands.
        response["HX-Trigger"] = json.dumps({"toast": {"text": problem, "tone": "danger"}})
        response.status_code = 422
    else:
        response["HX-Trigger"] = json.dumps({"inbox:changed": {"conversation": str(row.pk)}})
    return response


@page(roles=WORKERS)
@require_POST
def assign(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/assign/ to=me|nobody: take it, or put it back into the queue."""
    to = None if request.POST.get("to") == "nobody" else request.user.pk
    return _acted(
        request, conversation_id, lambda row: conversations.assign(row, to=to, actor=request.actor, now=request.now)
    )


@page(roles=WORKERS)
@require_POST
def transfer(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/transfer/ to=<user>|queue, reason=: hand it to a colleague or to everybody."""
    target = request.POST.get("to", "")
    reason = request.POST.get("reason", "").strip()[:500]

    def act(row: Conversation) -> None:
        to = None if target == "queue" else _uuid(target)
        if to is None and target != "queue":
            raise DomainError("assignee_unknown", "nobody by this id answers conversations here", pointer="/to")
        conversations.transfer(row, to=to, actor=request.actor, reason=reason, now=request.now)
        if reason:
            add_note(row, text=reason, actor=request.actor, now=request.now)

    return _acted(request, conversation_id, act)


@page(roles=WORKERS)
@require_POST
def snooze(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/snooze/ until=<instant> | when=<words>: out of the queue until then, or until they write."""
    text = request.POST.get("until", "") or request.POST.get("when", "")

    def act(row: Conversation) -> None:
        until = when.parse(text, request.now, screens.organisation_zone(request))
        if until is None:
            raise DomainError(
                "snooze_unread", "write a day and an hour, like “tomorrow 10” or “25/11 15:00”", pointer="/when"
            )
        conversations.snooze(row, until=until, actor=request.actor, now=request.now)

    return _acted(request, conversation_id, act)


@page(roles=WORKERS)
@require_POST
def wake(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/wake/: back into the queue now."""
    return _acted(request, conversation_id, lambda row: conversations.wake(row, actor=request.actor, now=request.now))


@page(roles=WORKERS)
@require_POST
def reopen(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/reopen/: it was closed too early."""
    return _acted(request, conversation_id, lambda row: conversations.reopen(row, actor=request.actor, now=request.now))


@page(roles=WORKERS)
@require_POST
def hand_back(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/hand-back/: the bot answers from here on."""
    return _acted(
        request, conversation_id, lambda row: conversations.hand_back(row, actor=request.actor, now=request.now)
    )


@page(roles=WORKERS)
@require_POST
def close(request: PageRequest, conversation_id: uuid.UUID) -> HttpResponseBase:
    """POST …/close/ outcome=, next=: done; with `next` the next best conversation follows at once."""
    outcome = request.POST.get("outcome", "")
    follow = bool(request.POST.get("next"))

    def act(row: Conversation) -> None:
        if not outcome:
            raise DomainError("outcome_missing", "choose how it ended", pointer="/outcome")
        conversations.close(row, actor=request.actor, now=request.now, outcome=outcome)
        people.drop_draft(row.pk, request.user.pk)

    if not follow or not outcome:
        return _acted(request, conversation_id, act)
    row = screens.found(conversation_id)
    try:
        act(row)
    except DomainError:
        return _acted(request, conversation_id, act)
    best = queue.next_best(user_id=request.user.pk, country=request.organisation.country, now=request.now, but=[row.pk])
    if not views.is_part(request):
        return _back(request, best.pk) if best else HttpResponseRedirect(views.inbox_address(request))
    if best is None:
        response: HttpResponseBase = TemplateResponse(request, "workbench/inbox/nothing.html", {"done": True})
        response["HX-Push-Url"] = views.inbox_address(request)
    else:
        response = views.work(request, best.pk, push=screens.address("conversation", request, best.pk))
    response["HX-Retarget"], response["HX-Reswap"] = "#work", "innerHTML"
    response["HX-Trigger"] = json.dumps({"inbox:changed": {"conversation": str(row.pk)}})
    return response
