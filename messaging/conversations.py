"""Who answers a conversation, and when it is done. Exactly one speaker at a time: bot, agent or nobody."""

from __future__ import annotations

import uuid
from datetime import datetime

from messaging.models import Conversation
from tenants import audit
from tenants.events import Emit, emit


def hand_over(conversation: Conversation, *, reason: str, now: datetime) -> None:
    """The bot steps aside for a person; the conversation shows up as needing one."""
    if conversation.speaker == Conversation.Speaker.AGENT and conversation.needs_human_at is not None:
        return
    conversation.speaker = Conversation.Speaker.AGENT
    conversation.needs_human_at = conversation.needs_human_at or now
    conversation.updated_at = now
    conversation.save(update_fields=["speaker", "needs_human_at", "updated_at", "bot_state"])
    emit(Emit("conversation.handed_over", "messaging.conversation", conversation.pk, now, data={"reason": reason[:40]}))


def assign(conversation: Conversation, *, to: uuid.UUID | None, actor: str, now: datetime) -> None:
    """Give the conversation to an agent, or take it back into the queue (None)."""
    before = conversation.assignee_id
    Conversation.objects.filter(pk=conversation.pk).update(
        assignee_id=to, speaker=Conversation.Speaker.AGENT, updated_at=now
    )
    audit.record(
        "conversation.assign", actor=actor, subject="messaging.conversation", subject_id=conversation.pk,
        before={"assignee": str(before or "")}, after={"assignee": str(to or "")},
    )  # fmt: skip
    emit(
        Emit("conversation.assigned", "messaging.conversation", conversation.pk, now, data={"assignee": str(to or "")})
    )


def close(conversation: Conversation, *, actor: str, now: datetime) -> None:
    """Done for now: the bot answers again when the debtor writes."""
    Conversation.objects.filter(pk=conversation.pk).update(
        state=Conversation.State.CLOSED, speaker=Conversation.Speaker.BOT, needs_human_at=None, unanswered_since=None,
        bot_state={}, updated_at=now,
    )  # fmt: skip
    emit(Emit("conversation.closed", "messaging.conversation", conversation.pk, now, data={"actor": actor}))


def freeze(conversation: Conversation, *, actor: str, reason: str, now: datetime) -> None:
    """Nothing leaves in this conversation until a supervisor lifts it."""
    Conversation.objects.filter(pk=conversation.pk).update(frozen_at=now, updated_at=now)
    audit.record(
        "conversation.freeze", actor=actor, subject="messaging.conversation", subject_id=conversation.pk, reason=reason
    )
    emit(Emit("conversation.frozen", "messaging.conversation", conversation.pk, now, data={"reason": reason[:100]}))
