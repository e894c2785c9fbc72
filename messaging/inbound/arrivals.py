"""A message from a person: kept, joined to whom it may concern, and heeded at once where the law asks for it.

What stops us (an opt-out) and what pauses the sequence takes effect in the transaction that keeps the message. What
the bot or an agent answers is promised there, and done message by message in each conversation's own order.
"""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from compliance import language
from compliance.services import note_inbound, raise_stop
from compliance.services.loading import lock_persons
from kernel.errors import DomainError
from kernel.phones import to_e164, wa_id_to_e164
from messaging import bot
from messaging.channels.whatsapp.receive import Inbound
from messaging.models import Conversation, Message, Number, ProviderMessage
from messaging.sending.standing import withdraw_of_person
from messaging.sequences.services import pause_for
from portfolio.models import ContactPoint, Debtor
from tenants import jobs
from tenants.events import Emit, emit
from tenants.models import Tenant
from tenants.scope import current_tenant_id, tenant_scope

#: The job that answers one message.
REACT = "messaging.react"
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


def arrive(number: Number, update: Inbound, *, now: datetime) -> Message | None:
    """Take in one message, once; returns it, or None when it was known or is none of ours (groups)."""
    if update.group or not update.provider_id or not (update.wa_id or update.user_id):
        return None
    if ProviderMessage.objects.filter(provider_id=update.provider_id).exists():
        return None
    if update.kind in ("edit", "revoke"):
        _edited(update, now=now)
        return None
    # A provider whose clock runs ahead of ours must not make us wait for a message that we already hold.
    update = replace(update, at=min(update.at, now))
    conversation = _conversation(number, update, now=now)
    if ProviderMessage.objects.filter(provider_id=update.provider_id).exists():
        return None  # the other worker was faster: the lock on the conversation let it finish
    answered = _answered(update.context_id)
    debtor = _debtor(conversation, answered)
    message = Message(
        conversation=conversation,
        creditor_id=debtor.creditor_id if debtor else None,
        debtor_id=debtor.pk if debtor else None,
        direction=Message.Direction.IN,
        source="debtor",
        kind=update.kind,
        text=update.text[:8000],
        salt=os.urandom(16).hex(),
        content={
            "tapped": update.tapped,
            "media": update.media,
            **({"raw": update.raw_kind} if not update.text else {}),
        },
        reply_to_id=answered.pk if answered else None,
        state=Message.State.RECEIVED,
        at=update.at,
        recorded_at=now,
    )
    message.save(force_insert=True)
    ProviderMessage.objects.create(provider_id=update.provider_id, message=message)
    opens = update.kind not in ("system", "unsupported")
    if opens and (conversation.last_inbound_at is None or update.at > conversation.last_inbound_at):
        conversation.last_inbound_at = update.at
    conversation.updated_at = now
    if update.kind not in _SILENT and conversation.unanswered_since is None:
        conversation.unanswered_since = update.at
    if update.profile_name:
        conversation.profile_name = update.profile_name
    if debtor is not None and conversation.debtor_id != debtor.pk:
        conversation.debtor_id = debtor.pk
    conversation.save()
    if conversation.person_id and update.kind not in _SILENT:
        _heed(conversation, message, now=now)
        jobs.enqueue(REACT, message.pk, tenant_id=current_tenant_id(), strand=f"conversation:{conversation.pk}")
    elif update.kind == "system":
        _system(conversation, update, now=now)
    emit(Emit("message.received", "messaging.message", message.pk, update.at, message.creditor_id, data={
        "conversation": str(conversation.pk), "debtor": str(message.debtor_id or ""), "kind": update.kind,
    }))  # fmt: skip
    return message


def _heed(conversation: Conversation, message: Message, *, now: datetime) -> None:
    """What their word changes whoever answers: an opt-out stops everything, any word pauses what was planned."""
    person_id = conversation.person_id
    assert person_id is not None
    # Whoever writes about a person locks the person before anything of theirs, so that no two wait for each other.
    lock_persons([person_id], skip_locked=False)
    note_inbound(person_id, channel="whatsapp", contact_point_id=conversation.contact_point_id, at=message.at)
    tapped = message.content.get("tapped", "")
    if tapped == "opt_out" or (not tapped and language.is_opt_out(message.text)):
        # A withdrawal holds for every number and creditor of the organisation, and for what is queued already.
        raise_stop(
            person_id, "opted_out", evidence={"message": str(message.pk), "said": "button" if tapped else "words"},
            source="debtor", now=now,
        )  # fmt: skip
        withdraw_of_person(person_id, reason="opted_out", now=now, classes=None)
        pause_for(person_id, reason="opted_out", now=now)
    else:
        withdraw_of_person(person_id, reason="replied", now=now)
        pause_for(person_id, reason="replied", now=now)


@jobs.handles(REACT)
def answer(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Let whoever speaks in the conversation react to one kept message."""
    clock = Tenant.objects.get(pk=tenant_id).clock()
    with tenant_scope(tenant_id):
        message = Message.objects.get(pk=job.subject)
        conversation = Conversation.objects.select_for_update(no_key=True).get(pk=message.conversation_id)
        if conversation.person_id is not None:
            lock_persons([conversation.person_id], skip_locked=False)
        bot.react(conversation, message, now=clock.now())
        jobs.complete(job)


def _conversation(number: Number, update: Inbound, *, now: datetime) -> Conversation:
    """The conversation with this address, locked; made and joined to a person where it is new."""
    kind, address, wire = address_of(update)
    Conversation.objects.bulk_create(
        [
            Conversation(
                number=number, address_kind=kind, address=address, wire_address=wire, created_at=now, updated_at=now
            )
        ],
        ignore_conflicts=True,
    )
    # No key lock: whoever adds a message to this conversation may hold the person that we want next.
    row = Conversation.objects.select_for_update(no_key=True).get(number=number, address_kind=kind, address=address)
    row.wire_address = wire
    if row.contact_point_id is None:
        point = (
            ContactPoint.objects.filter(kind=kind, value=address)
            .exclude(identity=ContactPoint.Identity.WRONG_PERSON)
            .order_by("reported_wrong_at", "-id")
            .first()
        )
        if point is not None:
            row.contact_point, row.person_id = point, point.person_id
            ContactPoint.objects.filter(pk=point.pk, wire_value="").update(wire_value=wire)
    return row


def _answered(context_id: str) -> Message | None:
    if not context_id:
        return None
    found = ProviderMessage.objects.select_related("message").filter(provider_id=context_id).first()
    return found.message if found else None


def _debtor(conversation: Conversation, answered: Message | None) -> Debtor | None:
    """Whom it is about: the debtor of the message answered, else of the conversation, else the person's only one."""
    wanted = answered.debtor_id if answered else conversation.debtor_id
    if wanted:
        return Debtor.objects.filter(pk=wanted).first()
    if conversation.person_id is None:
        return None
    own = list(Debtor.objects.filter(person_id=conversation.person_id).order_by("-open_minor", "id")[:2])
    return own[0] if own else None


def _edited(update: Inbound, *, now: datetime) -> None:
    """They edited or deleted a message on their phone: the original stays, with the instant of the deletion."""
    found = ProviderMessage.objects.filter(provider_id=str(update.media.get("original", ""))).first()
    if found is not None and update.kind == "revoke":
        Message.objects.filter(pk=found.message_id).update(deleted_by_them_at=update.at)


def _system(conversation: Conversation, update: Inbound, *, now: datetime) -> None:
    """The number changed hands or changed: what we knew about who answers there no longer holds (reference 3.6)."""
    if update.media.get("type") in ("user_changed_number", "user_changed_user_id") and conversation.contact_point_id:
        ContactPoint.objects.filter(pk=conversation.contact_point_id).update(
            identity=ContactPoint.Identity.UNKNOWN, identity_at=now, identity_method="number_changed"
        )
        if conversation.person_id:
            withdraw_of_person(conversation.person_id, reason="number_changed", now=now)
