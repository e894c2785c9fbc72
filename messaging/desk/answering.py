"""An agent answers: once, after the gate, and never over a colleague's words without knowing it.

The conversation's row is the lock. Whoever answers takes it, looks whether a colleague answered meanwhile, and asks
the gate inside the same transaction; the other one waits, and then sees what was said.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kernel.errors import DomainError
from messaging.conversations import person_of
from messaging.desk.about import debtor_of
from messaging.desk.people import drop_draft
from messaging.message_templates import variables
from messaging.message_templates.choose import knows, sender_of
from messaging.message_templates.library import DUNNING, PROBE, language_for
from messaging.models import Conversation, Message, MessageTemplate, SendRequest
from messaging.sending.request import request_send
from messaging.sending.wishes import Content, Wish, render, variables_of
from messaging.sequences.decide import local_date
from messaging.sequences.services import Account, accounts
from portfolio.models import Debtor
from tenants.models import Tenant
from tenants.names import names_of
from tenants.scope import current_tenant_id

#: A colleague's answer that is younger than this was hardly seen, whatever the screen showed.
JUST_NOW = timedelta(seconds=20)
#: One's own words said again so soon come from a second tab, or from impatience.
TWICE = timedelta(minutes=5)
REPLY_PRIORITY = 1
ORIGIN = "agent"


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of the words: the request with the gate's verdict. `again` when this form had been sent before."""

    request: SendRequest
    again: bool = False


@dataclass(frozen=True, slots=True)
class Collision:
    """A colleague was faster: their message, who they are, how many seconds ago."""

    message: Message
    name: str
    seconds: int


def answer(
    conversation_id: uuid.UUID, *, content: Content, origin: str, actor: str, now: datetime, machine_now: datetime,
    seen: uuid.UUID | None = None, anyway: uuid.UUID | None = None, debtor_id: uuid.UUID | None = None,
) -> Answered | Collision:  # fmt: skip
    """Ask for these words to be sent in a conversation; the same `origin` of the same person asks once.

    `seen` is the newest message that was on the screen; a colleague's answer after it (or of the last seconds) is a
    Collision, and so are one's own words of just now to which nobody has replied, unless `anyway` names them. The
    gate's refusal is an answer too: the request is withdrawn, the words stay in the thread. Raises DomainError when
    nobody is known to be spoken about, or the words cannot be a message.
    """
    conversation = Conversation.objects.select_for_update(no_key=True).get(pk=conversation_id)
    reason = f"{actor.rpartition(':')[2]}:{origin}"
    known = SendRequest.objects.filter(origin_kind=ORIGIN, origin_id=reason).order_by("-requested_at", "-id").first()
    if known is not None:
        return Answered(known, again=True)
    collision = _collision(conversation, actor=actor, seen=seen, anyway=anyway, machine_now=machine_now)
    if collision is None:
        collision = _said_already(conversation, content, actor=actor, anyway=anyway, machine_now=machine_now)
    if collision is not None:
        return collision
    debtor = spoken_about(conversation, debtor_id)
    (request,) = request_send([wish(conversation, debtor, content, origin_id=reason, actor=actor)], now=now)
    assert request is not None
    if request.verdict != "deny":
        take_over(conversation, actor=actor, now=now)
        user_id = person_of(actor)
        if user_id is not None:
            drop_draft(conversation.pk, user_id)
    return Answered(request)


def spoken_about(conversation: Conversation, debtor_id: uuid.UUID | None = None) -> Debtor:
    """The debtor that an answer here is about. Raises DomainError `debtor_unknown`."""
    if debtor_id is not None and conversation.person_id is not None:
        found = (
            Debtor.objects.select_related("person", "creditor")
            .filter(pk=debtor_id, person_id=conversation.person_id)
            .first()
        )
    else:
        found = debtor_of(conversation)
    if found is None or conversation.contact_point_id is None:
        raise DomainError(
            "debtor_unknown", "nobody knows yet whom this conversation is about: join it to a debtor first"
        )
    return found


def wish(conversation: Conversation, debtor: Debtor, content: Content, *, origin_id: str, actor: str) -> Wish:
    """An agent's words as a wish: a reply, or a service once nothing is owed; a template has a class of its own."""
    message_class = "reply" if debtor.open_minor > 0 else "service"
    if content.get("kind") == "template":
        message_class = content["message_class"]
    return Wish(
        creditor_id=debtor.creditor_id, debtor_id=debtor.pk, message_class=message_class,
        content={key: value for key, value in content.items() if key != "message_class"}, origin_kind=ORIGIN,
        origin_id=origin_id, actor=actor, conversation_id=conversation.pk, priority=REPLY_PRIORITY,
    )  # fmt: skip


def take_over(conversation: Conversation, *, actor: str, now: datetime) -> None:
    """Whoever answers speaks from now on: the bot is silent, nobody is waited for, and it is theirs if nobody's."""
    Conversation.objects.filter(pk=conversation.pk).update(
        speaker=Conversation.Speaker.AGENT, needs_human_at=None, snoozed_until=None, state=Conversation.State.OPEN,
        assignee_id=conversation.assignee_id or person_of(actor), updated_at=now,
    )  # fmt: skip


def _collision(
    conversation: Conversation, *, actor: str, seen: uuid.UUID | None, anyway: uuid.UUID | None, machine_now: datetime
) -> Collision | None:
    theirs = (
        Message.objects.filter(conversation=conversation, direction=Message.Direction.OUT, source=ORIGIN)
        .exclude(author=actor)
        .exclude(state=Message.State.WITHDRAWN)
        .order_by("-at", "-id")
        .first()
    )
    if theirs is None or theirs.pk == anyway:
        return None
    age = machine_now - made_at(theirs.pk)
    if (seen is None or theirs.pk > seen) if age > JUST_NOW else True:
        author = person_of(theirs.author)
        name = names_of([author]).get(author, "") if author else ""
        return Collision(theirs, name, max(0, int(age.total_seconds())))
    return None


def _said_already(
    conversation: Conversation, content: Content, *, actor: str, anyway: uuid.UUID | None, machine_now: datetime
) -> Collision | None:
    """The last thing in the conversation, when it is these very words of the same person."""
    last = (
        Message.objects.filter(conversation=conversation)
        .exclude(state=Message.State.WITHDRAWN)
        .order_by("-at", "-id")
        .first()
    )
    if last is None or last.pk == anyway or content.get("kind") != "text":
        return None
    age = machine_now - made_at(last.pk)
    if last.author != actor or last.direction != Message.Direction.OUT or last.text != content["text"] or age > TWICE:
        return None
    author = person_of(actor)
    name = names_of([author]).get(author, "") if author else ""
    return Collision(last, name, max(0, int(age.total_seconds())))


def made_at(row_id: uuid.UUID) -> datetime:
    """The machine's instant at which a row's id (UUIDv7) was made: the business clock may stand still."""
    return datetime.fromtimestamp((row_id.int >> 80) / 1000, tz=UTC)


# --- templates ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offered:
    """A template that fits a conversation, filled in."""

    template: MessageTemplate
    text: str
    content: Content


def templates_for(conversation: Conversation, debtor: Debtor, *, now: datetime) -> list[Offered]:
    """The approved texts that may be said here, filled in, in the debtor's language: the probe alone while nobody
    proved who they are; never one with a hole in it."""
    found = accounts([debtor.pk])
    if not found:
        return []
    account = found[0]
    contact = conversation.contact_point
    number = conversation.number
    if contact is None:
        return []
    rows = MessageTemplate.objects.filter(
        account_id=number.account_id, status=MessageTemplate.Status.APPROVED, held_at=None
    ).order_by("stage", "name", "-created_at")
    verified = knows(contact, now)
    wanted = _languages(account)
    best: dict[str, tuple[int, MessageTemplate]] = {}
    for row in rows[:300]:
        if (row.stage == PROBE) == verified or row.message_class == "optout_confirmation":
            continue
        rank = wanted.index(row.language) if row.language in wanted else len(wanted)
        if row.language[:2] != account.person.language[:2] and rank == len(wanted):
            continue
        if row.stage not in best or rank < best[row.stage][0]:
            best[row.stage] = (rank, row)
    tenant = Tenant.objects.get(pk=current_tenant_id())
    carrying = account.carrying
    fitting = stage_for((local_date(now, account.zone) - carrying.due_on).days if carrying else None)
    offered = []
    for _, row in sorted(best.values(), key=lambda each: _rank(each[1].stage, fitting)):
        if (row.stage == "preventive") != (fitting == "preventive") and row.stage in DUNNING:
            continue  # what is late is not announced, and what is not due is not reminded of
        places = variables.values(
            person=account.person, creditor=account.creditor, sender=sender_of(tenant, account, number),
            invoices=[invoice for invoice in account.invoices if invoice.disputed_at is None], language=row.language,
            today=local_date(now, account.zone),
        )  # fmt: skip
        if row.stage == PROBE:
            places["name"] = variables.clip("name", contact.contact_name or variables.full_name(account.person))
        filled = variables.fill(row.body, places, row.variables or variables_of(row.body))
        try:
            text = render(row.body, filled)
        except DomainError:
            continue
        content = {
            "kind": "template", "template_id": str(row.pk), "variables": filled, "message_class": row.message_class,
        }  # fmt: skip
        offered.append(Offered(row, text, content))
    return offered


def stage_for(days_late: int | None) -> str:
    """The level of reminder that a debt of this age is usually written with (product.md, D11 to D16)."""
    if days_late is None or days_late <= 0:
        return "preventive"
    return "first" if days_late < 10 else "middle" if days_late < 35 else "formal" if days_late < 65 else "last"


def _rank(stage: str, fitting: str) -> tuple[int, int, str]:
    """The probe, then what fits the age, then the gentler levels before the firmer ones, then everything else."""
    known = DUNNING.index(stage) if stage in DUNNING else 99
    return 0 if stage in (PROBE, fitting) else 1, known, stage


def _languages(account: Account) -> list[str]:
    person, creditor = account.person, account.creditor
    return [f"{person.language[:2]}_{person.country}", language_for(person.country), language_for(creditor.country)]


def places_of(conversation: Conversation, debtor: Debtor, *, agent: str, now: datetime) -> Mapping[str, str]:
    """What prepared answers may name, written as the debtor's country does; empty where nothing is open."""
    account = accounts([debtor.pk])[0]
    tenant = Tenant.objects.get(pk=current_tenant_id())
    places = variables.values(
        person=account.person, creditor=account.creditor, sender=sender_of(tenant, account, conversation.number),
        invoices=[invoice for invoice in account.invoices if invoice.disputed_at is None],
        language=account.person.language or account.creditor.language, today=local_date(now, account.zone),
    )  # fmt: skip
    return {**places, "agent": agent}
