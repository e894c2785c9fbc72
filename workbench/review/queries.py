"""What a review shows: the queue in groups, the words in their thread with the place marked, the rule, the history."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from compliance.decide.describe import basis_words, rules_of
from compliance.decide.packs import COMMON, pack_of
from compliance.decide.rules import Layer
from compliance.language.flags import CLASS_FLAGS
from compliance.rulesets import open_book
from messaging.models import Message, SendRequest
from monitoring import reviews, services
from monitoring.models import Alert, AlertAction
from tenants.models import Tenant
from workbench.rules.queries import Told, told
from workbench.supervisor import words

HISTORY = timedelta(days=90)
_SNIPPET = 90


@dataclass(frozen=True, slots=True)
class Row:
    """An alert in the list."""

    alert: Alert
    label: str
    snippet: str
    who: str  # the debtor, as far as known
    held_by: str  # '' when free
    mine: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts of one weight."""

    name: str
    tone: str
    rows: tuple[Row, ...]


def rows_of(alerts: Sequence[Alert], me: uuid.UUID, names: Mapping[uuid.UUID, str]) -> list[Row]:
    """Alerts as the list shows them."""
    return [_row(alert, me, names) for alert in alerts]


def _row(alert: Alert, me: uuid.UUID, names: Mapping[uuid.UUID, str]) -> Row:
    holder = services.held_by(alert)
    start = min((int(span.get("start", 0)) for span in alert.spans), default=0)
    text = alert.message.text.replace("\n", " ")
    begin = max(0, start - 24)
    snippet = ("…" if begin else "") + text[begin : begin + _SNIPPET] + ("…" if len(text) > begin + _SNIPPET else "")
    person = alert.conversation.person
    who = person.name if person else alert.conversation.profile_name or alert.conversation.address
    held = "" if holder is None else names.get(holder, "?")
    return Row(alert, words.conduct(alert.conduct), snippet, who, held, holder == me)


def grouped(rows: Sequence[Row], *, open_only: bool) -> list[Group]:
    """By weight: escalated, then severity; decided ones in one group."""
    if not open_only:
        return [Group("", "grey", tuple(rows))] if rows else []
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(4 if row.alert.escalated_at else row.alert.severity, []).append(row)
    tones = {4: "red", 3: "red", 2: "amber"}
    return [
        Group(str(words.ESCALATED if weight == 4 else words.SEVERITY.get(weight, weight)), tones.get(weight, "grey"), tuple(some))
        for weight, some in sorted(found.items(), reverse=True)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the thread; `pieces` are (text, marked)."""

    message: Message
    pieces: tuple[tuple[str, bool], ...]
    here: bool
    author: str
    blocked: bool


def thread(alert: Alert, names: Mapping[uuid.UUID, str]) -> list[Said]:
    """Three messages before, the alert's, three after."""
    return [
        Said(
            message,
            tuple(pieces(message.text, alert.spans)) if message.pk == alert.message_id else ((message.text, False),),
            message.pk == alert.message_id, author_of(message.author, message.source, names),
            message.state in (Message.State.WITHDRAWN, Message.State.REFUSED),
        )
        for message in reviews.around(alert.conversation_id, alert.message)
    ]  # fmt: skip


def pieces(text: str, spans: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, bool]]:
    """The text cut at the spans, in order; spans that overlap are one."""
    at = 0
    for start, end in merged(spans, len(text)):
        if start > at:
            yield text[at:start], False
        yield text[start:end], True
        at = end
    if at < len(text):
        yield text[at:], False


def merged(spans: Sequence[Mapping[str, Any]], length: int) -> list[tuple[int, int]]:
    """Spans inside the text, in order, overlapping ones joined."""
    inside = sorted((max(0, int(s.get("start", 0))), min(length, int(s.get("end", 0)))) for s in spans)
    found: list[tuple[int, int]] = []
    for start, end in inside:
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def author_of(author: str, source: str, names: Mapping[uuid.UUID, str]) -> str:
    """Who wrote it, as colleagues call them."""
    kind, _, key = author.partition(":")
    if kind == "user":
        try:
            return names.get(uuid.UUID(key), str(words.ORIGINS["agent"]))
        except ValueError:
            return str(words.ORIGINS["agent"])
    return str(words.ORIGINS.get(source, source))


def rules_about(
    conduct: str, tenant: Tenant, creditor_id: uuid.UUID | None, lang: str, now: datetime
) -> list[tuple[Told, str]]:
    """The rules that this conduct breaks, those of the country first; each with its citation, or what it rests on."""
    flags = CLASS_FLAGS.get(conduct)
    if not flags:
        return []
    book = open_book([creditor_id] if creditor_id else [], now)
    packs = book.packs()
    country = pack_of(packs, tenant.country)
    found: list[Told] = []
    for pack in (country, packs.get(COMMON)):
        if pack is None:
            continue
        found += [
            told(rule, lang)
            for rule in rules_of(Layer(pack.code, pack.data))
            if rule.kind == "prohibited_content" and rule.row.get("flag") in flags
        ]
    return [(rule, rule.citation or rule.basis or basis_words("inference", lang)) for rule in found[:4]]


@dataclass(frozen=True, slots=True)
class History:
    """What reviews found about one author in ninety days."""

    name: str
    person: bool
    total: int
    violations: int
    false_alarms: int
    open: int
    newest: tuple[tuple[Alert, str], ...]


def history(alert: Alert, names: Mapping[uuid.UUID, str]) -> History:
    """The author's history, as a review shows it."""
    found = reviews.history_of(alert.actor, since=alert.raised_at - HISTORY, but=alert.pk)
    states = found["states"]
    return History(
        author_of(alert.actor, alert.message.source, names), alert.actor.startswith("user:"), found["total"],
        states.get(Alert.State.VIOLATION, 0), states.get(Alert.State.FALSE_ALARM, 0),
        states.get(Alert.State.OPEN, 0) + states.get(Alert.State.CLAIMED, 0),
        tuple((one, words.conduct(one.conduct)) for one in found["newest"]),
    )  # fmt: skip


def actions_of(alert: Alert) -> list[AlertAction]:
    """What was done with it, in order."""
    return list(AlertAction.objects.filter(alert=alert).order_by("id")[:50])


def decision_of(message: Message) -> uuid.UUID | None:
    """The latest decision about sending this message; None for one that nobody asked to send."""
    if message.direction != Message.Direction.OUT or message.debtor_id is None:
        return None
    rows = SendRequest.objects.filter(debtor_id=message.debtor_id, message_id=message.pk)
    return rows.values_list("decision_id", flat=True).first()


def people_in(
    alerts: Collection[Alert], said: Sequence[Message] = (), actions: Sequence[AlertAction] = ()
) -> set[uuid.UUID]:
    """Everybody whose name is needed."""
    found = {one for alert in alerts for one in (alert.claimed_by, alert.decided_by) if one}
    for author in [alert.actor for alert in alerts] + [message.author for message in said]:
        kind, _, key = author.partition(":")
        if kind == "user":
            try:
                found.add(uuid.UUID(key))
            except ValueError:
                continue
    return found | {action.user_id for action in actions}
