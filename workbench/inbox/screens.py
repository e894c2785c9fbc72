"""What the inbox's pages show, gathered from the rooms below in a constant number of queries."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404
from django.urls import reverse
from django.utils.translation import get_language

from compliance import language
from kernel.clock import machine_now
from kernel.errors import DomainError
from kernel.ids import uuid7
from messaging.desk import queue
from messaging.desk.about import debtor_of
from messaging.desk.answering import Offered, places_of, templates_for
from messaging.desk.checking import Truth, truth_of, window_until
from messaging.desk.people import colleagues, draft_of, read_until
from messaging.desk.replies import Prepared, prepared, suggested
from messaging.desk.thread import Thread
from messaging.desk.thread import thread as thread_of
from messaging.models import Conversation, Message
from portfolio.models import ContactPoint, Debtor
from portfolio.places import today_in, zone_of
from portfolio.search import search
from tenants.language import told
from tenants.models import Membership
from tenants.names import names_of
from workbench.access import PageRequest, Role, may_change
from workbench.debtors.panel import panel_context
from workbench.inbox import when

#: Who works or reads here. A creditor's own people see their debtors' pages, not colleagues' notes.
INSIDE = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR})
SEARCH_MAX = 30
COLLEAGUES_MAX = 200


def lang() -> str:
    """The reader's language for what the rooms below put into words."""
    return get_language() or "es"


def found(conversation_id: uuid.UUID) -> Conversation:
    """The conversation, as far as the scope may see it; raises Http404."""
    row = (
        Conversation.objects.select_related("number__account", "person", "contact_point")
        .filter(pk=conversation_id)
        .first()
    )
    if row is None:
        raise Http404("no such conversation, or not yours")
    return row


def view_of(request: PageRequest) -> str:
    """The view that the address names; the first one otherwise."""
    name = request.GET.get("view", "")
    return name if name in queue.VIEWS else queue.VIEWS[0]


def queue_context(request: PageRequest, *, current: uuid.UUID | None = None) -> dict[str, Any]:
    """The list on the left. Raises DomainError for a broken cursor."""
    name, text = view_of(request), request.GET.get("q", "").strip()[:120]
    known: dict[str, Any] = {
        "user_id": request.user.pk, "country": request.organisation.country, "now": request.now,
    }  # fmt: skip
    if text:
        page = queue.Page(queue.found_for(search(text, SEARCH_MAX), **known), "")
    else:
        page = queue.page(name, cursor=request.GET.get("cursor", ""), **known)
    return {
        "view": name, "q": text, "rows": page.rows, "next_cursor": page.next, "current": current,
        "first_page": not request.GET.get("cursor"), "counts": queue.counts(**known), "views": queue.VIEWS,
        "count_max": queue.COUNT_MAX,
    }  # fmt: skip


def thread_context(
    request: PageRequest, conversation: Conversation, debtor_zone: str, *, before: str = "", since: str = "",
    unread_after: datetime | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The words, or a stretch of them."""
    shown: Thread = thread_of(
        conversation, lang=lang(), zone=zone_of(request.organisation.country), debtor_zone=debtor_zone, before=before,
        since=since, unread_after=unread_after, show_unread=unread_after is not None,
    )  # fmt: skip
    return {"thread": shown, "conversation": conversation, "debtor_zone": debtor_zone}


def zone_name(debtor: Debtor | None, point: ContactPoint | None, request: PageRequest) -> str:
    """The debtor's zone by what is known of them, else the organisation's."""
    person = debtor.person if debtor else None
    known = (person.declared_zone or person.address_zone) if person else ""
    return known or (point.zones[0] if point and point.zones else "") or zone_of(request.organisation.country).key


def work_context(request: PageRequest, conversation: Conversation) -> dict[str, Any]:
    """A conversation with everything around it."""
    debtor = debtor_of(conversation)
    zone = zone_name(debtor, conversation.contact_point, request)
    changes = may_change(request.membership)
    read = read_until(conversation.pk, request.user.pk)
    return {
        **head_context(request, conversation, debtor, zone),
        **thread_context(request, conversation, zone, unread_after=read),
        **(composer_context(request, conversation, debtor, zone) if changes else {}),
        "panel": panel_context(debtor.pk, request.now) if debtor else None,
    }  # fmt: skip


def head_context(request: PageRequest, conversation: Conversation, debtor: Debtor | None, zone: str) -> dict[str, Any]:
    """Who it is, how it stands, who answers, and the dialogs of the actions."""
    today = today_in(request.organisation.country, request.now)
    due = debtor.oldest_due_on if debtor else None
    organisation_zone = zone_of(request.organisation.country)
    names = names_of(each for each in (conversation.assignee_id, conversation.closed_by) if each)
    return {
        "conversation": conversation, "debtor": debtor, "name": queue.name_of(conversation),
        "days_late": (today - due).days if due else None, "debtor_zone": zone,
        "identity": conversation.contact_point.identity if conversation.contact_point else "unknown",
        "assignee": names.get(conversation.assignee_id, "") if conversation.assignee_id else "",
        "closed_by": names.get(conversation.closed_by, "") if conversation.closed_by else "",
        "mine": conversation.assignee_id == request.user.pk,
        "is_snoozed": conversation.snoozed_until is not None and conversation.snoozed_until > request.now,
        "snooze_choices": when.choices(request.now, organisation_zone),
        "team": team(request), "outcomes": OUTCOMES, "view": view_of(request),
        "colleagues": colleagues(conversation.pk, request.user.pk, machine_now=machine_now()),
    }  # fmt: skip


#: Outcome and the letter that chooses it in the dialog.
OUTCOMES = (
    ("paid", "y"), ("promised", "m"), ("agreed", "l"), ("disputed", "d"), ("refused", "r"), ("no_answer", "n"),
    ("wrong_person", "w"), ("informed", "i"), ("other", "o"),
)  # fmt: skip


def team(request: PageRequest) -> list[tuple[uuid.UUID, str, str]]:
    """Colleagues who answer debtors: (id, name, role), without the reader."""
    rows = (
        Membership.objects.filter(
            tenant_id=request.organisation.pk, active=True, user__is_active=True,
            role__in=[Role.AGENT, Role.SUPERVISOR, Role.ADMIN],
        )
        .exclude(user_id=request.user.pk)
        .select_related("user")
        .order_by("user__name", "user__email")[:COLLEAGUES_MAX]
    )  # fmt: skip
    return [(row.user_id, row.user.name or row.user.email, row.role) for row in rows]


def composer_context(
    request: PageRequest, conversation: Conversation, debtor: Debtor | None, zone: str
) -> dict[str, Any]:
    """The composer: what may be said now, what was begun, what is prepared."""
    draft = draft_of(conversation.pk, request.user.pk)
    known: dict[str, Any] = {
        "conversation": conversation, "debtor": debtor, "debtor_zone": zone, "draft": draft, "origin": uuid7(),
        "text": draft.text if draft else "", "truth": None, "cannot": "", "suggestion": None, "text_max": 4096,
        "window_until": window_until(conversation, request.now), "mode": "note",
        "identity": conversation.contact_point.identity if conversation.contact_point else "unknown",
    }  # fmt: skip
    if debtor is None or conversation.contact_point is None:
        return known
    truth: Truth | None = None
    try:
        offered: list[Offered] = templates_for(conversation, debtor, now=request.now)
        truth = truth_of(conversation, debtor, offered, actor=request.actor, lang=lang(), now=request.now)
    except DomainError as error:
        return {**known, "cannot": told(error)}
    mode = draft.mode if draft and draft.mode == "note" else truth.mode
    return {**known, "truth": truth, "mode": mode, "suggestion": suggestion(request, conversation, debtor)}


def replies_of(request: PageRequest, conversation: Conversation, debtor: Debtor) -> list[Prepared]:
    """The prepared answers, filled in for this debtor in their language."""
    agent = request.user.name or request.user.email.partition("@")[0]
    places = places_of(conversation, debtor, agent=agent, now=request.now)
    spoken = debtor.person.language or debtor.creditor.language
    return prepared(spoken, creditor_id=debtor.creditor_id, places=places)


def suggestion(request: PageRequest, conversation: Conversation, debtor: Debtor) -> Prepared | None:
    """The prepared answer that usually follows what they last wrote, while it waits for one."""
    if conversation.needs_human_at is None and conversation.unanswered_since is None:
        return None
    last = (
        Message.objects.filter(conversation=conversation)
        .order_by("-at", "-id")
        .values_list("direction", "text")
        .first()
    )
    if last is None or last[0] != Message.Direction.IN or not last[1].strip():
        return None
    wanted = language.intent(last[1], (debtor.person.language or "es")[:2])
    return suggested(replies_of(request, conversation, debtor), wanted.name) if wanted.confidence >= 0.5 else None


def address(name: str, request: PageRequest, conversation_id: uuid.UUID) -> str:
    """An address of this conversation."""
    return reverse(name, kwargs={"organisation": request.organisation.slug, "conversation_id": conversation_id})


def organisation_zone(request: PageRequest) -> ZoneInfo:
    """The zone in which people of the organisation say hours."""
    return zone_of(request.organisation.country)
