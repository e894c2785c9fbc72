"""The thread as people read it: words in both directions, what was kept back and why, notes, and what happened beside."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from compliance.decide.evidence import finding_from_json
from compliance.models import Decision
from messaging.conversations import person_of
from messaging.desk.checking import Reason, distinct, reason_of
from messaging.models import Conversation, Enrolment, Message, Note, SendRequest
from portfolio.models import Agreement, Dispute, Payment, Promise
from tenants.models import Event
from tenants.names import names_of

PAGE = 60
#: A page that stays open for long shows no more than this of what came since.
RECENT_MAX = 240
EVENTS = (
    "conversation.assigned", "conversation.closed", "conversation.handed_over", "conversation.frozen",
    "conversation.unfrozen",
)  # fmt: skip
#: What becomes of the reminders that were planned.
PLANNED = ("enrolment.ended", "enrolment.paused", "enrolment.resumed")
#: So many automatic lines on end are folded.
FOLD = 3
_AUTOMATIC = frozenset({"step", "system"})


@dataclass(slots=True)
class Item:
    """One thing in the thread. `kind`: message, note, happening, day, unread or fold."""

    kind: str
    at: datetime
    key: str
    message: Message | None = None
    request: SendRequest | None = None
    note: Note | None = None
    author: str = ""
    reasons: tuple[Reason, ...] = ()
    name: str = ""  # of a happening: "payment", "promise", ... or an event's
    data: dict[str, Any] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)  # of a fold
    day: date | None = None

    @property
    def text(self) -> str:
        """The message's words without the titles of its buttons and rows, which are shown as such."""
        if self.message is None:
            return ""
        content, lines = self.message.content, self.message.text.split("\n")
        titles = [str(button.get("title", "")) for button in content.get("buttons", [])]
        for row in content.get("rows", []):
            titles += [str(row.get("title", "")), str(row.get("description", ""))]
        titles = [title for title in titles if title]
        if titles and lines[-len(titles) :] == titles and len(lines) > len(titles):
            lines = lines[: -len(titles)]
        return "\n".join(lines)

    @property
    def automatic(self) -> bool:
        """Whether a machine did it and nobody has to read it."""
        if self.message is not None:
            failed = self.message.state in ("failed", "refused", "uncertain")
            return self.message.direction == "out" and self.message.source in _AUTOMATIC and not failed
        return self.kind == "happening" and self.name in EVENTS


@dataclass(frozen=True, slots=True)
class Thread:
    """A stretch of a conversation, oldest first."""

    items: list[Item]
    older: str  # cursor of what stands before, '' at the beginning
    first: str  # cursor of the first message in it
    newest: uuid.UUID | None
    version: str  # changes with anything that is shown


def thread(
    conversation: Conversation, *, lang: str, zone: ZoneInfo, debtor_zone: str, unread_after: datetime | None = None,
    show_unread: bool = False, before: str = "", since: str = "",
) -> Thread:  # fmt: skip
    """The last messages of a conversation; with `before` those ahead of a cursor, with `since` all from one on.

    `unread_after` is how far the reader had read (`show_unread`: draw the line). A cursor that is none reads as the end.
    """
    rows = Message.objects.filter(conversation=conversation)
    start, limit = cursor_of(since), PAGE
    if start is not None:
        rows, limit = rows.filter(at__gte=start[0]).filter(Q(at__gt=start[0]) | Q(id__gte=start[1])), RECENT_MAX
    elif (end := cursor_of(before)) is not None:
        rows = rows.filter(at__lte=end[0]).filter(Q(at__lt=end[0]) | Q(id__lt=end[1]))
    found = list(rows.order_by("-at", "-id")[: limit + 1])
    more = len(found) > limit
    found = found[:limit][::-1]
    older = place_of(found[0]) if found and (more or start is not None) else ""
    first, last = (found[0].at if more or start else None), (found[-1].at if before and found else None)
    requests = _requests(found)
    items = [
        Item("message", message.at, f"m-{message.pk}", message=message, request=requests.get(message.pk))
        for message in found
    ]
    notes = Note.objects.filter(conversation=conversation)
    items += [Item("note", note.at, f"n-{note.pk}", note=note) for note in _between(notes, "at", first, last)]
    items += _happenings(conversation, found, first, last)
    items.sort(key=lambda item: (item.at, item.message is None, item.key))
    _name_authors(items)
    _explain(items, lang=lang, zone=debtor_zone)
    version = hashlib.sha256(
        "|".join(
            f"{item.key}:{item.message.state if item.message else ''}"
            f":{item.message.deleted_by_them_at is not None if item.message else ''}"
            f":{item.request.next_at if item.request else ''}"
            for item in items
        ).encode()
    ).hexdigest()[:16]
    newest = max((message.pk for message in found), default=None)
    items = _told_once(items)
    arranged = _with_days(_folded(_with_unread(items, unread_after) if show_unread else items), zone)
    return Thread(arranged, older, place_of(found[0]) if found else "", newest, version)


def place_of(message: Message) -> str:
    """A message as a cursor."""
    return f"{message.at.isoformat()}~{message.pk}"


def cursor_of(text: str) -> tuple[datetime, uuid.UUID] | None:
    """A cursor's instant and id; None for what is none."""
    at, _, key = text.partition("~")
    try:
        found = datetime.fromisoformat(at)
        return (found, uuid.UUID(key)) if found.tzinfo is not None else None
    except ValueError:
        return None


def _requests(messages: Sequence[Message]) -> dict[uuid.UUID, SendRequest]:
    """The wishes behind what we said, found through the debtors (that is what their index goes by)."""
    out = [message for message in messages if message.direction == Message.Direction.OUT]
    debtors = {message.debtor_id for message in out if message.debtor_id}
    if not debtors:
        return {}
    rows = SendRequest.objects.filter(debtor_id__in=debtors, message_id__in=[message.pk for message in out])
    return {row.message_id: row for row in rows}


def _between(rows: Any, field_name: str, first: datetime | None, last: datetime | None) -> list[Any]:
    if first is not None:
        rows = rows.filter(**{f"{field_name}__gte": first})
    if last is not None:
        rows = rows.filter(**{f"{field_name}__lte": last})
    return list(rows.order_by(f"-{field_name}", "-id")[:RECENT_MAX])


def _happenings(
    conversation: Conversation, messages: Sequence[Message], first: datetime | None, last: datetime | None
) -> list[Item]:
    """What happened beside the words: money that came, promises, plans, disputes, who took the conversation."""
    items = [
        Item("happening", event.business_at, f"e-{event.pk}", name=event.name, data=event.data)
        for event in _between(
            Event.objects.filter(subject_id=conversation.pk, name__in=EVENTS), "business_at", first, last
        )
    ]
    debtors = {message.debtor_id for message in messages if message.debtor_id}
    debtors |= {conversation.debtor_id} if conversation.debtor_id else set()
    if not debtors:
        return items
    # What a debtor's word paused goes on by itself: only what somebody would ask about is told.
    planned = Event.objects.filter(
        subject_id__in=Enrolment.objects.filter(debtor_id__in=debtors).values("pk"), name__in=PLANNED
    )
    items += [
        Item("happening", event.business_at, f"e-{event.pk}", name=event.name, data=event.data)
        for event in _between(planned, "business_at", first, last)
        if event.data.get("reason") != "replied"
    ]
    for name, rows, at in (
        ("payment", Payment.objects.filter(debtor_id__in=debtors, reversed_at=None, import_id=None), "recorded_at"),
        ("promise", Promise.objects.filter(debtor_id__in=debtors), "created_at"),
        ("plan", Agreement.objects.filter(debtor_id__in=debtors, accepted_at__isnull=False), "accepted_at"),
        ("dispute", Dispute.objects.filter(debtor_id__in=debtors), "opened_at"),
    ):
        items += [
            Item("happening", getattr(row, at), f"h-{row.pk}", name=name, data={"row": row})
            for row in _between(rows, at, first, last)
        ]
    return items


def _name_authors(items: Sequence[Item]) -> None:
    wanted: dict[str, list[tuple[Item, uuid.UUID]]] = {"author": []}
    for item in items:
        actor = item.message.author if item.message else item.note.author if item.note else ""
        actor = actor or str(item.data.get("actor", "") or "")
        if not actor and item.data.get("assignee"):
            actor = f"user:{item.data['assignee']}"
        found = person_of(actor) if actor.startswith("user:") else None
        if found is not None:
            wanted["author"].append((item, found))
    names = names_of(found for _, found in wanted["author"])
    for item, found in wanted["author"]:
        item.author = names.get(found, "")


def _explain(items: Sequence[Item], *, lang: str, zone: str) -> None:
    """Why each thing that did not leave did not leave."""
    kept = [item for item in items if item.request is not None and item.request.verdict in ("deny", "defer")
            and item.request.state in ("withdrawn", "waiting", "expired")]  # fmt: skip
    if not kept:
        return
    rows = Decision.objects.filter(pk__in=[item.request.decision_id for item in kept if item.request])
    findings = dict(rows.values_list("pk", "findings"))
    for item in kept:
        assert item.request is not None
        stored = findings.get(item.request.decision_id, [])
        item.reasons = distinct([reason_of(finding_from_json(row), lang, zone) for row in stored])


def _with_unread(items: list[Item], after: datetime | None) -> list[Item]:
    """The line above what the reader has not seen: before the first word of theirs, if something was read before."""
    if after is None:
        return items
    for n, item in enumerate(items):
        if item.message is not None and item.message.direction == "in" and item.message.at > after:
            return [*items[:n], Item("unread", item.at, "unread"), *items[n:]]
    return items


def _told_once(items: list[Item]) -> list[Item]:
    """Without what says again what the line above says: every invoice's own sequence pauses for the same cause."""
    result: list[Item] = []
    for item in items:
        said = result[-1] if result and item.name in PLANNED else None
        if said is None or (said.name, said.data.get("reason")) != (item.name, item.data.get("reason")):
            result.append(item)
    return result


def _folded(items: list[Item]) -> list[Item]:
    result: list[Item] = []
    run: list[Item] = []

    def end_run() -> None:
        if len(run) >= FOLD:
            result.append(Item("fold", run[0].at, f"f-{run[0].key}", items=list(run)))
        else:
            result.extend(run)
        run.clear()

    for item in items:
        if item.automatic:
            run.append(item)
        else:
            end_run()
            result.append(item)
    end_run()
    return result


def _with_days(items: list[Item], zone: ZoneInfo) -> list[Item]:
    result: list[Item] = []
    day: date | None = None
    for item in items:
        own = item.at.astimezone(zone).date()
        if own != day:
            day = own
            result.append(Item("day", item.at, f"d-{own.isoformat()}", day=own))
        result.append(item)
    return result
