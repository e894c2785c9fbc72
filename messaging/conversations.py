"""Who answers a conversation, and when it is done. Exactly one speaker at a time: bot, agent or nobody."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from kernel.errors import DomainError
from messaging.models import Conversation, Message, SendRequest
from tenants import audit, lanes
from tenants.events import Emit, emit
from tenants.models import Membership
from tenants.scope import current_tenant_id

#: Later than that nobody remembers why it was put away.
SNOOZE_MAX = timedelta(days=60)
SUBJECT = "messaging.conversation"


def hand_over(conversation: Conversation, *, reason: str, now: datetime) -> None:
    """The bot steps aside for a person; the conversation shows up as needing one."""
    if conversation.speaker == Conversation.Speaker.AGENT and conversation.needs_human_at is not None:
        return
    conversation.speaker = Conversation.Speaker.AGENT
    conversation.needs_human_at = conversation.needs_human_at or now
    conversation.updated_at = now
    conversation.save(update_fields=["speaker", "needs_human_at", "updated_at", "bot_state"])
    emit(Emit("conversation.handed_over", SUBJECT, conversation.pk, now, data={"reason": reason[:40]}))


def hand_back(conversation: Conversation, *, actor: str, now: datetime) -> None:
    """The bot answers again; nobody is waited for."""
    Conversation.objects.filter(pk=conversation.pk).update(
        speaker=Conversation.Speaker.BOT, needs_human_at=None, assignee_id=None, bot_state={}, updated_at=now
    )
    _tell("conversation.hand_back", conversation, actor=actor, before={"speaker": conversation.speaker})
    emit(Emit("conversation.assigned", SUBJECT, conversation.pk, now, data={"assignee": "", "speaker": "bot"}))


def assign(conversation: Conversation, *, to: uuid.UUID | None, actor: str, now: datetime, reason: str = "") -> None:
    """Give the conversation to an agent, or take it back into the queue (None).

    Raises DomainError `assignee_unknown` for somebody who cannot answer debtors of this organisation.
    """
    if to is not None and not _may_answer(to):
        raise DomainError("assignee_unknown", "nobody by this id answers conversations here", pointer="/assignee")
    before = conversation.assignee_id
    Conversation.objects.filter(pk=conversation.pk).update(
        assignee_id=to, speaker=Conversation.Speaker.AGENT, updated_at=now
    )
    _tell(
        "conversation.assign", conversation, actor=actor, reason=reason,
        before={"assignee": str(before or "")}, after={"assignee": str(to or "")},
    )  # fmt: skip
    emit(Emit("conversation.assigned", SUBJECT, conversation.pk, now, data={"assignee": str(to or "")}))


def transfer(conversation: Conversation, *, to: uuid.UUID | None, actor: str, reason: str, now: datetime) -> None:
    """Hand the conversation to a colleague, or to the queue (None): it needs a person from now on."""
    assign(conversation, to=to, actor=actor, now=now, reason=reason)
    Conversation.objects.filter(pk=conversation.pk, needs_human_at=None).update(needs_human_at=now)


def snooze(conversation: Conversation, *, until: datetime, actor: str, now: datetime) -> None:
    """Out of the queue until `until`, or until the debtor writes.

    Raises DomainError `snooze_past` or `snooze_far` for an instant that is gone or too far away.
    """
    if until <= now:
        raise DomainError("snooze_past", "choose a moment that is still to come", pointer="/until")
    if until > now + SNOOZE_MAX:
        raise DomainError("snooze_far", "choose a moment within %(days)s days", pointer="/until", days=SNOOZE_MAX.days)
    Conversation.objects.filter(pk=conversation.pk).update(snoozed_until=until, updated_at=now)
    _tell("conversation.snooze", conversation, actor=actor, after={"until": until.isoformat()})
    emit(Emit("conversation.assigned", SUBJECT, conversation.pk, now, data={"snoozed": until.isoformat()}))


def wake(conversation: Conversation, *, actor: str, now: datetime) -> None:
    """Back into the queue before its time."""
    Conversation.objects.filter(pk=conversation.pk).update(snoozed_until=None, updated_at=now)
    _tell("conversation.wake", conversation, actor=actor)
    emit(Emit("conversation.assigned", SUBJECT, conversation.pk, now, data={"snoozed": ""}))


def close(conversation: Conversation, *, actor: str, now: datetime, outcome: str = "") -> None:
    """Done for now: the bot answers again when the debtor writes. The outcome is why it was closed."""
    if outcome and outcome not in Conversation.Outcome.values:
        raise DomainError("outcome_unknown", "%(outcome)s is no outcome", pointer="/outcome", outcome=outcome)
    user_id = person_of(actor)
    Conversation.objects.filter(pk=conversation.pk).update(
        state=Conversation.State.CLOSED, speaker=Conversation.Speaker.BOT, needs_human_at=None, unanswered_since=None,
        bot_state={}, snoozed_until=None, outcome=outcome, closed_at=now, closed_by=user_id, updated_at=now,
    )  # fmt: skip
    _tell("conversation.close", conversation, actor=actor, after={"outcome": outcome})
    data = {"actor": actor, "outcome": outcome, "debtor": str(conversation.debtor_id or "")}
    emit(Emit("conversation.closed", SUBJECT, conversation.pk, now, data=data))


def reopen(conversation: Conversation, *, actor: str, now: datetime) -> None:
    """Back to work, with a person: closed too early."""
    Conversation.objects.filter(pk=conversation.pk).update(
        state=Conversation.State.OPEN, speaker=Conversation.Speaker.AGENT, outcome="", closed_at=None, closed_by=None,
        updated_at=now,
    )  # fmt: skip
    _tell("conversation.reopen", conversation, actor=actor, before={"outcome": conversation.outcome})
    emit(Emit("conversation.assigned", SUBJECT, conversation.pk, now, data={"reopened": "1"}))


def freeze(conversation: Conversation, *, actor: str, reason: str, now: datetime) -> None:
    """Nothing leaves in this conversation until a supervisor lifts it."""
    Conversation.objects.filter(pk=conversation.pk).update(frozen_at=now, updated_at=now)
    _tell("conversation.freeze", conversation, actor=actor, reason=reason)
    emit(Emit("conversation.frozen", SUBJECT, conversation.pk, now, data={"reason": reason[:100]}))


def unfreeze(conversation: Conversation, *, actor: str, reason: str, now: datetime) -> None:
    """Messages of this conversation may leave again; what waited for it asks the gate anew."""
    Conversation.objects.filter(pk=conversation.pk).update(frozen_at=None, updated_at=now)
    waiting = SendRequest.objects.filter(conversation=conversation, state=SendRequest.State.WAITING, next_at=None)
    if conversation.person_id:  # the index of what is alive goes by person
        waiting = waiting.filter(person_id=conversation.person_id)
    if waiting.update(next_at=now):
        lanes.wake("requests", at=now)
    _tell("conversation.unfreeze", conversation, actor=actor, reason=reason)
    emit(Emit("conversation.unfrozen", SUBJECT, conversation.pk, now, data={"reason": reason[:100]}))


def person_of(actor: str) -> uuid.UUID | None:
    """The user behind an actor, None for a machine."""
    kind, _, found = actor.partition(":")
    return uuid.UUID(found) if kind == "user" else None


def _may_answer(user_id: uuid.UUID) -> bool:
    roles = [Membership.Role.AGENT, Membership.Role.SUPERVISOR, Membership.Role.ADMIN]
    return Membership.objects.filter(
        tenant_id=current_tenant_id(), user_id=user_id, active=True, user__is_active=True, role__in=roles
    ).exists()


def _tell(
    action: str,
    conversation: Conversation,
    *,
    actor: str,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    # Somebody who sees one creditor's words only writes that creditor's audit: the wall takes no other.
    spoken = Message.objects.filter(conversation=conversation).exclude(creditor_id=None).order_by("-at", "-id")
    audit.record(
        action, actor=actor, subject=SUBJECT, subject_id=conversation.pk, before=before, after=after, reason=reason,
        creditor_id=spoken.values_list("creditor_id", flat=True).first(),
    )  # fmt: skip
