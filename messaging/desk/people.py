"""What colleagues know of each other at a conversation: who looks, who writes, how far each has read, what is begun.

Instants here are the machine's, but for the `at` of messages: a sandbox's clock may stand still while people work.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.desk.about import creditor_of
from messaging.models import Conversation, Draft, Message, Presence, ReadMark
from messaging.sending.wishes import TEXT_MAX
from tenants.names import names_of

#: Pages beat every ten seconds: two beats lost and somebody has gone.
PRESENT = timedelta(seconds=25)
WRITING = timedelta(seconds=8)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody else at this conversation."""

    user_id: uuid.UUID
    name: str
    writing: bool


def be_present(
    conversation: Conversation, user_id: uuid.UUID, *, writing: bool, machine_now: datetime
) -> list[Colleague]:
    """Say that one is here, and hear who else is; writers first."""
    Presence.objects.bulk_create(
        [
            Presence(
                conversation=conversation, user_id=user_id, seen_at=machine_now,
                writing_at=machine_now if writing else None,
            )
        ],
        update_conflicts=True, unique_fields=["tenant", "conversation", "user_id"],
        update_fields=["seen_at", "writing_at"],
    )  # fmt: skip
    return colleagues(conversation.pk, user_id, machine_now=machine_now)


def colleagues(conversation_id: uuid.UUID, user_id: uuid.UUID, *, machine_now: datetime) -> list[Colleague]:
    """Who else has this conversation open; writers first."""
    rows = list(
        Presence.objects.filter(conversation_id=conversation_id, seen_at__gt=machine_now - PRESENT)
        .exclude(user_id=user_id)
        .order_by("seen_at")[:10]
    )
    names = names_of(row.user_id for row in rows)
    found = [
        Colleague(
            row.user_id, names.get(row.user_id, ""),
            row.writing_at is not None and row.writing_at > machine_now - WRITING,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda each: (not each.writing, each.name))


def leave(conversation_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Gone from this conversation."""
    Presence.objects.filter(conversation_id=conversation_id, user_id=user_id).delete()


def save_draft(
    conversation: Conversation, user_id: uuid.UUID, *, text: str, mode: str, machine_now: datetime
) -> Draft | None:
    """Keep what somebody has begun to write; an empty text forgets it."""
    text = text[:TEXT_MAX]
    if not text.strip():
        drop_draft(conversation.pk, user_id)
        return None
    draft = Draft(
        conversation=conversation, creditor_id=creditor_of(conversation), user_id=user_id, text=text,
        mode=mode if mode in ("reply", "note") else "reply", updated_at=machine_now,
    )  # fmt: skip
    Draft.objects.bulk_create(
        [draft], update_conflicts=True, unique_fields=["tenant", "conversation", "user_id"],
        update_fields=["text", "mode", "creditor_id", "updated_at"],
    )  # fmt: skip
    return draft


def drop_draft(conversation_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """It was sent, or thrown away."""
    Draft.objects.filter(conversation_id=conversation_id, user_id=user_id).delete()


def draft_of(conversation_id: uuid.UUID, user_id: uuid.UUID) -> Draft | None:
    """What this person has begun to write here."""
    return Draft.objects.filter(conversation_id=conversation_id, user_id=user_id).first()


def mark_read(conversation: Conversation, user_id: uuid.UUID, *, machine_now: datetime) -> bool:
    """Remember that everything said so far was on this person's screen; True when something of theirs was new."""
    newest = (
        Message.objects.filter(conversation=conversation).order_by("-at", "-id").values_list("at", flat=True).first()
    )
    if newest is None:
        return False
    before = read_until(conversation.pk, user_id)
    if before is not None and before >= newest:
        return False
    ReadMark.objects.bulk_create(
        [ReadMark(conversation=conversation, user_id=user_id, read_at=newest, updated_at=machine_now)],
        update_conflicts=True, unique_fields=["tenant", "user_id", "conversation"],
        update_fields=["read_at", "updated_at"],
    )  # fmt: skip
    fresh = Message.objects.filter(conversation=conversation, direction=Message.Direction.IN)
    return (fresh if before is None else fresh.filter(at__gt=before)).exists()


def read_until(conversation_id: uuid.UUID, user_id: uuid.UUID) -> datetime | None:
    """`at` of the newest message that this person has seen."""
    return (
        ReadMark.objects.filter(conversation_id=conversation_id, user_id=user_id)
        .values_list("read_at", flat=True)
        .first()
    )
