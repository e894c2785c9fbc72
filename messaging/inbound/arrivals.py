"""A message from a person: kept, joined to whom it may concern, and heeded at once where the law asks for it.

What stops us (an opt-out) and what pauses the sequence takes effect in the transaction that keeps the message. What
the bot or an agent answers is promised there, and done message by message in each conversation's own order.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from compliance import language
from compliance.services import note_inbound, raise_stop, revoke_consent
from compliance.services.loading import lock_persons
from kernel.errors import DomainError
from kernel.ids import uuid7
from kernel.phones import to_e164, wa_id_to_e164
from messaging import bot
from messaging.channels.whatsapp.receive import Inbound
from messaging.inbound import opt_ins, who
from messaging.models import Conversation, Message, Number, ProviderMessage
from messaging.sending.standing import withdraw_of_people, withdraw_of_person
from messaging.sequences.services import pause_for, pause_people
from portfolio.models import ContactPoint, Debtor
from tenants import bulk, jobs
from tenants.events import Emit, emit_many
from tenants.models import Tenant
from tenants.scope import current_tenant_id, tenant_scope

#: The job that answers one message.
REACT = "messaging.react"
#: What they did to a message that we hold already.
_CHANGES = ("edit", "revoke")
#: What a message may change about its conversation.
_TOUCHED = (
    "wire_address", "contact_point", "person", "debtor_id", "last_inbound_at", "updated_at", "unanswered_since",
    "snoozed_until", "state", "profile_name",
)  # fmt: skip
#: Kinds that carry no words to answer.
_SILENT = {"reaction", "system", "unsupported", "edit", "revoke", "unknown"}


def address_of(update: Inbound) -> tuple[str, str, str]:
    """(kind, canonical address, wire form): the phone where there is one, else the business-scoped id."""
    if update.wa_id:
        e164 = wa_id_to_e164(update.wa_id)
        with suppress(DomainError):  # a number that no plan knows is still who wrote to us
            e164 = to_e164(e164)
        return "phone", e164, update.wa_id
    return "bsuid", update.user_id, update.user_id


def arrive(number: Number, updates: Sequence[Inbound], *, now: datetime) -> list[Message]:
    """Take in messages from different addresses, each once; returns those that were new and are ours (no groups).

    Whatever their number it is a constant number of questions to the database, but for what a single one asks for
    (an opt-out, a number that changed hands, an address that nobody knew).
    """
    found = [u for u in updates if not u.group and u.provider_id and (u.wa_id or u.user_id)]
    for update in found:
        if update.kind in _CHANGES:
            _edited(update, now=now)
    # A provider whose clock runs ahead of ours must not make us wait for a message that we already hold.
    found = [replace(u, at=min(u.at, now)) for u in found if u.kind not in _CHANGES]
    if not found:
        return []
    conversations = _conversations(number, found, now=now)
    # Known; or another worker was faster, and the locks on the conversations let it finish.
    known = _by_provider_id([u.provider_id for u in found])
    found = [u for u in found if u.provider_id not in known]
    answered = _by_provider_id([u.context_id for u in found if u.context_id])
    linked = opt_ins.taken([(u.provider_id, u.text, conversations[address_of(u)[:2]]) for u in found], now=now)
    debtors = _debtors([(conversations[address_of(u)[:2]], answered.get(u.context_id)) for u in found])
    debtors = [linked[u.provider_id][1] if u.provider_id in linked else d for u, d in zip(found, debtors, strict=True)]
    messages = []
    agreed: list[tuple[Conversation, Message, opt_ins.OptIn, Debtor, str]] = []
    spoken: list[tuple[Conversation, Message]] = []
    renamed: list[tuple[Conversation, str, str]] = []
    for update, debtor in zip(found, debtors, strict=True):
        conversation, reply_to = conversations[address_of(update)[:2]], answered.get(update.context_id)
        message = Message(
            id=uuid7(), tenant_id=current_tenant_id(), conversation_id=conversation.pk,
            creditor_id=debtor.creditor_id if debtor else None, debtor_id=debtor.pk if debtor else None,
            direction=Message.Direction.IN, source="debtor", kind=update.kind, text=update.text[:8000],
            salt=os.urandom(16).hex(),
            content={"tapped": update.tapped, "media": update.media, **({"raw": update.raw_kind} if not update.text else {})},
            reply_to_id=reply_to.pk if reply_to else None, state=Message.State.RECEIVED, at=update.at, recorded_at=now,
        )  # fmt: skip
        messages.append(message)
        if update.provider_id in linked:
            opted, meant = linked[update.provider_id]
            if opted.whole:
                message.content[opt_ins.MARK] = str(opted.link.pk)
                agreed.append((conversation, message, opted, meant, update.provider_id))
        if conversation.profile_name and update.profile_name not in ("", conversation.profile_name):
            renamed.append((conversation, conversation.profile_name, update.profile_name))
        _spoke(conversation, update, debtor, now=now)
        if conversation.person_id and update.kind not in _SILENT:
            spoken.append((conversation, message))
    bulk.insert(Message, messages)
    bulk.insert(ProviderMessage, [
        ProviderMessage(id=uuid7(), tenant_id=current_tenant_id(), provider_id=u.provider_id, message_id=m.pk)
        for u, m in zip(found, messages, strict=True)
    ])  # fmt: skip
    bulk.update(Conversation, [conversations[address_of(u)[:2]] for u in found], _TOUCHED)
    if spoken:
        _heed(spoken, now=now)
        for conversation, message, said, meant, provider_id in agreed:
            opt_ins.record(conversation, message, said, meant, provider_id, now=now)
        jobs.enqueue_all(REACT, [(m.pk, f"conversation:{c.pk}") for c, m in spoken], tenant_id=current_tenant_id())
    who.renamed(renamed, now=now)
    for update in found:
        if update.kind == "system":
            _system(conversations[address_of(update)[:2]], update, now=now)
    emit_many(
        Emit("message.received", "messaging.message", m.pk, m.at, m.creditor_id,
             data={"conversation": str(m.conversation_id), "debtor": str(m.debtor_id or ""), "kind": m.kind})
        for m in messages
    )  # fmt: skip
    return messages


def _spoke(conversation: Conversation, update: Inbound, debtor: Debtor | None, *, now: datetime) -> None:
    """What a new message changes about its conversation; `_TOUCHED` names the columns."""
    opens = update.kind not in ("system", "unsupported")
    if opens and (conversation.last_inbound_at is None or update.at > conversation.last_inbound_at):
        conversation.last_inbound_at = update.at
    conversation.updated_at = now
    if update.kind not in _SILENT:
        conversation.unanswered_since = conversation.unanswered_since or update.at
        # Their word ends a pause of ours, and what was closed goes on.
        conversation.snoozed_until, conversation.state = None, Conversation.State.OPEN
    if update.profile_name:
        conversation.profile_name = update.profile_name
    if debtor is not None:
        conversation.debtor_id = debtor.pk


def _heed(spoken: Sequence[tuple[Conversation, Message]], *, now: datetime) -> None:
    """What their words change whoever answers: an opt-out stops everything, any word pauses what was planned."""
    persons = [c.person_id for c, _ in spoken if c.person_id]
    # Whoever writes about a person locks the person before anything of theirs, so that no two wait for each other.
    lock_persons(persons, skip_locked=False)
    who.back_again([(c.contact_point_id, m.at) for c, m in spoken if c.contact_point_id], now=now)
    note_inbound([(c.person_id, c.contact_point_id, m.at) for c, m in spoken if c.person_id], channel="whatsapp")
    stopped: dict[uuid.UUID, tuple[Message, str]] = {}
    for conversation, message in spoken:
        tapped = message.content.get("tapped", "")
        if opt_ins.MARK in message.content:
            continue  # read already: it agrees, and asks for nothing else
        if conversation.person_id and (tapped == "opt_out" or (not tapped and language.is_opt_out(message.text))):
            stopped[conversation.person_id] = (message, "button" if tapped else "words")
    for person_id, (message, said) in stopped.items():
        # A withdrawal holds for every number and creditor of the organisation, and for what is queued already.
        raise_stop(
            person_id, "opted_out", evidence={"message": str(message.pk), "said": said}, source="debtor", now=now
        )
        # The permission goes with it: a stop that somebody lifts later opens nothing without a new one.
        revoke_consent(
            person_id, now=now, source="debtor", evidence={"message": str(message.pk), "said": said},
            external_id=f"message:{message.pk}",
        )  # fmt: skip
        withdraw_of_person(person_id, reason="opted_out", now=now, classes=None)
        pause_for(person_id, reason="opted_out", now=now)
    others = [person_id for person_id in persons if person_id not in stopped]
    withdraw_of_people(others, reason="replied", now=now)
    pause_people(others, reason="replied", now=now)


@jobs.handles(REACT)
def answer(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Let whoever speaks in the conversation react to one kept message."""
    answer_all(tenant_id, [job])


@jobs.handles_many(REACT)
def answer_all(tenant_id: uuid.UUID, leased: list[jobs.Leased]) -> None:
    """The same for several messages of different people; who wrote twice is left for a turn of their own."""
    clock = Tenant.objects.get(pk=tenant_id).clock()
    with tenant_scope(tenant_id):
        by_subject = {str(m.pk): m for m in Message.objects.filter(pk__in=[job.subject for job in leased])}
        wanted = {m.conversation_id for m in by_subject.values()}
        conversations = {
            c.pk: c for c in Conversation.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
        }
        heard: dict[uuid.UUID, tuple[jobs.Leased, Conversation, Message]] = {}
        for job in leased:
            message = by_subject[job.subject]
            conversation = conversations[message.conversation_id]
            heard.setdefault(conversation.person_id or conversation.pk, (job, conversation, message))
        lock_persons(filter(None, (c.person_id for _, c, _ in heard.values())), skip_locked=False)
        bot.react([(conversation, message) for _, conversation, message in heard.values()], now=clock.now())
        jobs.complete(*[job for job, _, _ in heard.values()])


def _conversations(number: Number, updates: Sequence[Inbound], *, now: datetime) -> dict[tuple[str, str], Conversation]:
    """The conversations with these addresses, locked; made and joined to a person where they are new."""
    wires = {address_of(u)[:2]: address_of(u)[2] for u in updates}
    # No key lock: whoever adds a message to this conversation may hold the person that we want next.
    held = Conversation.objects.select_for_update(no_key=True).filter(
        number=number, address__in={address for _, address in wires}
    )
    rows = {(row.address_kind, row.address): row for row in held.order_by("pk")}
    if missing := [key for key in wires if key not in rows]:
        Conversation.objects.bulk_create(
            [
                Conversation(
                    number=number, address_kind=kind, address=address, wire_address=wires[kind, address],
                    created_at=now, updated_at=now,
                )
                for kind, address in missing
            ],
            ignore_conflicts=True,  # somebody else may be making it just now
        )  # fmt: skip
        rows |= {(row.address_kind, row.address): row for row in held.order_by("pk")}
    for key, wire in wires.items():
        row = rows[key]
        row.wire_address = wire
        if row.contact_point_id is None:
            _join(row)
    return {key: rows[key] for key in wires}


def _join(conversation: Conversation) -> None:
    """Find out whose address it is; who said that it is not theirs is not asked again."""
    point = (
        ContactPoint.objects.filter(kind=conversation.address_kind, value=conversation.address)
        .exclude(identity=ContactPoint.Identity.WRONG_PERSON)
        .order_by("reported_wrong_at", "-id")
        .first()
    )
    if point is not None:
        conversation.contact_point, conversation.person_id = point, point.person_id
        ContactPoint.objects.filter(pk=point.pk, wire_value="").update(wire_value=conversation.wire_address)


def _by_provider_id(ids: Sequence[str]) -> dict[str, Message]:
    found = ProviderMessage.objects.select_related("message").filter(provider_id__in=ids) if ids else []
    return {row.provider_id: row.message for row in found}


def _debtors(asked: Sequence[tuple[Conversation, Message | None]]) -> list[Debtor | None]:
    """Whom each is about: the debtor of the message answered, else of the conversation, else who owes most."""
    wanted = [(answered.debtor_id if answered else None) or c.debtor_id for c, answered in asked]
    by_id = {d.pk: d for d in Debtor.objects.filter(pk__in=set(filter(None, wanted)))}
    persons = {c.person_id for (c, _), debtor_id in zip(asked, wanted, strict=True) if not debtor_id and c.person_id}
    own: dict[uuid.UUID, Debtor] = {}
    for debtor in Debtor.objects.filter(person_id__in=persons).order_by("-open_minor", "id") if persons else ():
        own.setdefault(debtor.person_id, debtor)
    return [
        by_id.get(debtor_id) if debtor_id else own.get(c.person_id) if c.person_id else None
        for (c, _), debtor_id in zip(asked, wanted, strict=True)
    ]


def _edited(update: Inbound, *, now: datetime) -> None:
    """They edited or deleted a message on their phone: the original stays, with the instant of the deletion."""
    found = ProviderMessage.objects.filter(provider_id=str(update.media.get("original", ""))).first()
    if found is not None and update.kind == "revoke":
        Message.objects.filter(pk=found.message_id).update(deleted_by_them_at=update.at)


def _system(conversation: Conversation, update: Inbound, *, now: datetime) -> None:
    """The number changed hands or changed: what we knew about who answers there no longer holds (reference 3.6)."""
    if update.media.get("type") in ("user_changed_number", "user_changed_user_id"):
        who.number_changed(conversation, now=now)
