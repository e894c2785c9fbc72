"""Words among colleagues beside a conversation: notes, and what a supervisor whispers to whoever answers."""

from __future__ import annotations

from datetime import datetime

from kernel.clock import machine_now
from kernel.errors import DomainError
from kernel.ids import uuid7
from messaging.desk.about import debtor_of
from messaging.models import Conversation, Note
from tenants import audit
from tenants.events import Emit, emit

TEXT_MAX = 4000


def add_note(
    conversation: Conversation,
    *,
    text: str,
    actor: str,
    now: datetime,
    kind: str = Note.Kind.NOTE,
    origin: str | None = None,
) -> Note:
    """Write a note into the thread; the same `origin` of the same person once. No debtor ever reads it.

    Raises DomainError `text_empty` or `text_too_long`.
    """
    text = text.strip()
    if not text:
        raise DomainError("text_empty", "the message has no words", pointer="/text")
    if len(text) > TEXT_MAX:
        raise DomainError(
            "text_too_long", "the message has %(n)s characters; at most %(max)s fit",
            n=len(text), max=TEXT_MAX, pointer="/text",
        )  # fmt: skip
    debtor = debtor_of(conversation)
    note = Note(
        conversation=conversation, creditor_id=debtor.creditor_id if debtor else None,
        debtor_id=debtor.pk if debtor else None, kind=kind, author=actor, text=text, origin_id=origin or str(uuid7()),
        at=now, recorded_at=machine_now(),
    )  # fmt: skip
    Note.objects.bulk_create([note], ignore_conflicts=True)
    kept = Note.objects.get(author=actor, origin_id=note.origin_id)
    if kept.pk == note.pk:
        # The words stay out of the audit: it can be erased by nobody.
        audit.record(
            f"conversation.{kind}", actor=actor, subject="messaging.conversation", subject_id=conversation.pk,
            after={"note": str(note.pk), "characters": len(text)}, creditor_id=note.creditor_id,
        )  # fmt: skip
        emit(
            Emit(
                "conversation.noted", "messaging.conversation", conversation.pk, now, note.creditor_id,
                data={"note": str(note.pk), "kind": kind, "debtor": str(note.debtor_id or "")},
            )
        )  # fmt: skip
    return kept
