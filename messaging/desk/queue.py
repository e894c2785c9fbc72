"""What waits at the desk: the inbox's views, how many stand in each, and a page of rows in a constant number of queries."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from kernel.errors import DomainError
from messaging.desk.ranking import WINDOW, Case, ranked, shares, tone
from messaging.models import Conversation, Enrolment, ReadMark
from portfolio.models import Debtor, Promise
from portfolio.places import start_of, today_in
from tenants.names import names_of

#: In the order of the list. "next" is ranked and shows the first ones only; the others go on page by page.
VIEWS = ("next", "mine", "unassigned", "us", "them", "snoozed", "promises", "broken", "receipts", "all")
PAGE = 30
CANDIDATES = 200
COUNT_MAX = 999
BROKEN_DAYS = 7
_ORDER: dict[str, tuple[str, bool]] = {  # the instant that a view goes by, and whether the newest stands first
    "mine": ("updated_at", True), "unassigned": ("needs_human_at", False), "us": ("needs_human_at", False),
    "them": ("updated_at", True), "snoozed": ("snoozed_until", False), "promises": ("updated_at", True),
    "broken": ("updated_at", True), "receipts": ("updated_at", True), "all": ("updated_at", True),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation as the queue shows it."""

    conversation: Conversation
    name: str
    debtor: Debtor | None
    days_late: int | None
    line: str
    line_kind: str
    line_out: bool
    line_state: str
    line_at: datetime | None
    waiting_since: datetime | None
    tone: str  # '' | amber | red
    window: float  # share of the 24 hours that is left
    unread: bool
    assignee: str


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in their order, and the cursor of the next page ('' at the end)."""

    rows: list[Row]
    next: str


def view(name: str, *, user_id: uuid.UUID, country: str, now: datetime) -> QuerySet[Conversation]:
    """The conversations of one view, unordered. Raises KeyError for a view that does not exist."""
    rows = Conversation.objects.filter(state=Conversation.State.OPEN)
    awake = rows.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))
    waits = awake.filter(needs_human_at__isnull=False)
    today = today_in(country, now)
    views = {
        "next": lambda: waits.filter(Q(assignee_id=None) | Q(assignee_id=user_id)),
        "mine": lambda: awake.filter(assignee_id=user_id),
        "unassigned": lambda: waits.filter(assignee_id=None),
        "us": lambda: waits,
        "them": lambda: awake.filter(speaker=Conversation.Speaker.AGENT, needs_human_at=None),
        "snoozed": lambda: rows.filter(snoozed_until__gt=now),
        "promises": lambda: _about(Promise.objects.filter(state=Promise.State.OPEN, due_on=today)),
        "broken": lambda: _about(_broken(today, country)),
        "receipts": lambda: _about(
            Enrolment.objects.filter(state=Enrolment.State.PAUSED, reason="to_verify", paused_until__gt=now)
        ),
        "all": lambda: rows,
    }
    return views[name]()


def _broken(today: date, country: str) -> QuerySet[Promise]:
    first = today - timedelta(days=BROKEN_DAYS + 5)
    return Promise.objects.filter(
        state=Promise.State.BROKEN, due_on__gte=first, decided_at__gte=start_of(today - timedelta(days=BROKEN_DAYS), country)
    )  # fmt: skip


def _about(rows: QuerySet[Any]) -> QuerySet[Conversation]:
    """Conversations with the persons of these rows' debtors, closed ones too: there is something to do."""
    debtors = Debtor.objects.filter(pk__in=rows.values("debtor_id"))
    return Conversation.objects.filter(person_id__in=debtors.values("person_id"))


def counts(*, user_id: uuid.UUID, country: str, now: datetime) -> dict[str, int]:
    """How many stand in each view, counted no further than COUNT_MAX + 1, with one question for all."""
    parts, parameters = [], []
    for name in VIEWS:
        rows = view(name, user_id=user_id, country=country, now=now).order_by().values("pk")[: COUNT_MAX + 1]
        sql, given = rows.query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS v)")
        parameters += list(given)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", parameters)
        return dict(zip(VIEWS, cursor.fetchone(), strict=True))


def page(name: str, *, user_id: uuid.UUID, country: str, now: datetime, cursor: str = "") -> Page:
    """A page of a view. Raises DomainError `cursor_invalid`; KeyError for a view that does not exist."""
    rows = view(name, user_id=user_id, country=country, now=now).select_related("person")
    if name == "next":
        best = best_of(rows, user_id=user_id, now=now)
        return Page(rows_of(best[:PAGE], user_id=user_id, country=country, now=now), "")
    field, newest_first = _ORDER[name]
    if cursor:
        at, last = _place(cursor)
        side, same = ("lt", "lt") if newest_first else ("gt", "gt")
        # The bound on the instant alone is what the index goes by.
        rows = rows.filter(**{f"{field}__{side}e": at}).filter(
            Q(**{f"{field}__{side}": at}) | Q(**{field: at, f"id__{same}": last})
        )
    sign = "-" if newest_first else ""
    found = list(rows.order_by(f"{sign}{field}", f"{sign}id")[: PAGE + 1])
    more = len(found) > PAGE
    found = found[:PAGE]
    last_row = found[-1] if more else None
    return Page(
        rows_of(found, user_id=user_id, country=country, now=now),
        f"{getattr(last_row, field).isoformat()}~{last_row.pk}" if last_row else "",
    )


def _place(cursor: str) -> tuple[datetime, uuid.UUID]:
    at, _, key = cursor.partition("~")
    try:
        found = datetime.fromisoformat(at)
        if found.tzinfo is None:
            raise ValueError(at)
        return found, uuid.UUID(key)
    except ValueError as error:
        raise DomainError("cursor_invalid", "this page's address is broken: start from the first page") from error


def best_of(rows: QuerySet[Conversation], *, user_id: uuid.UUID, now: datetime) -> list[Conversation]:
    """The longest waiting ones of a view in the order in which they are worth the next minute."""
    found = list(rows.order_by("needs_human_at", "id")[:CANDIDATES])
    debtors = debtors_of(found)
    amounts = [debtors[row.pk].open_minor if row.pk in debtors else 0 for row in found]
    cases = [
        Case(row, row.needs_human_at or now, row.last_inbound_at, share, row.assignee_id == user_id)
        for row, share in zip(found, shares(amounts), strict=True)
    ]
    return [case.key for case in ranked(cases, now)]  # type: ignore[misc]


def next_best(
    *, user_id: uuid.UUID, country: str, now: datetime, but: Collection[uuid.UUID] = ()
) -> Conversation | None:
    """The conversation to take next; None when nobody waits."""
    rows = view("next", user_id=user_id, country=country, now=now).exclude(pk__in=list(but)).select_related("person")
    return next(iter(best_of(rows, user_id=user_id, now=now)), None)


def found_for(person_ids: Sequence[uuid.UUID], *, user_id: uuid.UUID, country: str, now: datetime) -> list[Row]:
    """Conversations with these persons, best match first."""
    place = {person: n for n, person in enumerate(person_ids)}
    rows = list(Conversation.objects.filter(person_id__in=person_ids).select_related("person")[:200])
    rows.sort(key=lambda row: (place.get(row.person_id, 0), -row.updated_at.timestamp()))  # type: ignore[arg-type]
    return rows_of(rows[:PAGE], user_id=user_id, country=country, now=now)


def debtors_of(rows: Sequence[Conversation]) -> dict[uuid.UUID, Debtor]:
    """Whom each conversation is about, as far as the scope may see them: one query for all."""
    ids = {row.debtor_id for row in rows if row.debtor_id}
    persons = {row.person_id for row in rows if row.person_id}
    if not persons:
        return {}
    found = list(Debtor.objects.select_related("creditor").filter(person_id__in=persons).order_by("open_minor", "-id"))
    by_id = {debtor.pk: debtor for debtor in found if debtor.pk in ids}
    by_person = {debtor.person_id: debtor for debtor in found}  # the largest balance stands last and wins
    about = {row.pk: by_id.get(row.debtor_id) or by_person.get(row.person_id) for row in rows}  # type: ignore[arg-type]
    return {key: debtor for key, debtor in about.items() if debtor is not None}


_LAST = """
SELECT c.id, m.direction, m.kind, m.text, m.at, m.state
FROM unnest(%s::uuid[]) AS c(id)
CROSS JOIN LATERAL (
    SELECT direction, kind, left(text, 160) AS text, at, state FROM messaging_message
    WHERE conversation_id = c.id AND tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)
    ORDER BY at DESC, id DESC LIMIT 1
) AS m
"""


def rows_of(conversations: Sequence[Conversation], *, user_id: uuid.UUID, country: str, now: datetime) -> list[Row]:
    """The rows of these conversations, in order, with their persons loaded before."""
    ids = [row.pk for row in conversations]
    if not ids:
        return []
    debtors = debtors_of(conversations)
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [ids])
        lines = {row[0]: row[1:] for row in cursor.fetchall()}
    marks = dict(
        ReadMark.objects.filter(user_id=user_id, conversation_id__in=ids).values_list("conversation_id", "read_at")
    )
    people = names_of(row.assignee_id for row in conversations if row.assignee_id)
    today = today_in(country, now)
    rows = []
    for each in conversations:
        debtor = debtors.get(each.pk)
        direction, kind, text, at, state = lines.get(each.pk, ("", "", "", None, ""))
        due = debtor.oldest_due_on if debtor else None
        left = (each.last_inbound_at + WINDOW - now) / WINDOW if each.last_inbound_at else 0.0
        mark = marks.get(each.pk)
        theirs = each.last_inbound_at
        rows.append(
            Row(
                conversation=each, name=name_of(each), debtor=debtor,
                days_late=(today - due).days if due is not None else None,
                line=" ".join(text.split()), line_kind=kind, line_out=direction == "out", line_state=state, line_at=at,
                waiting_since=each.needs_human_at, tone=tone(each.needs_human_at, now),
                window=min(1.0, max(0.0, left)),
                unread=theirs is not None and direction == "in" and (mark is None or theirs > mark),
                assignee=people.get(each.assignee_id, "") if each.assignee_id else "",
            )
        )  # fmt: skip
    return rows


def name_of(conversation: Conversation) -> str:
    """What the other side is called: the person's name, else their profile's, else the address."""
    person = conversation.person
    return (person.name if person else "") or conversation.profile_name or conversation.address
