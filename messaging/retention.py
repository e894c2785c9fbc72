"""What messaging holds about people, how it is blanked when its time has come, and what is told of it to them."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from compliance.retention.holdings import (
    ERASED,
    DatedHolding,
    File,
    Guarded,
    Holding,
    Whose,
    register,
    tell_by,
)
from compliance.retention.own import audit_about, blank_audit, plain
from kernel.canonical import digest
from messaging.models import Attachment, Conversation, Draft, Message, Note, Outbound, ProviderMessage, SendRequest
from tenants.models import AuditEntry
from tenants.secrets import unseal

Ids = list[uuid.UUID]
#: What stands instead of a message's parts and of what went over the wire.
GONE: dict[str, Any] = {"erased": True}
_ALIVE = (SendRequest.State.WAITING, SendRequest.State.QUEUED)


def _theirs(whose: Whose) -> Q:
    """Rows about these accounts, and those in their conversations that are about no account."""
    # Ids instead of a join: each side of the "or" then has an index of its own.
    talks = list(Conversation.objects.filter(person_id__in=whose.person_ids).values_list("pk", flat=True))
    return Q(debtor_id__in=whose.debtor_ids) | Q(debtor_id=None, conversation_id__in=talks)


# -- words -------------------------------------------------------------------------------------------------------------


def _messages(whose: Whose) -> QuerySet[Message]:
    return Message.objects.filter(_theirs(whose)).exclude(content=GONE)


def _blank_messages(ids: Ids) -> None:
    """The hash of the words stands in the decision; without the salt it tells nothing about them."""
    Message.objects.filter(pk__in=ids).update(text="", salt="", content=GONE)


def _payloads(whose: Whose) -> QuerySet[SendRequest]:
    mine = SendRequest.objects.filter(debtor_id__in=whose.debtor_ids).exclude(state__in=_ALIVE)
    return mine.exclude(payload=GONE)


def _attachments(whose: Whose) -> QuerySet[Attachment]:
    return Attachment.objects.filter(message__in=Message.objects.filter(_theirs(whose)), body__gt="")


def _notes(whose: Whose) -> QuerySet[Note]:
    return Note.objects.filter(_theirs(whose), text__gt="")


def _drafts(whose: Whose) -> QuerySet[Draft]:
    return Draft.objects.filter(conversation__person_id__in=whose.person_ids)


# -- addresses ---------------------------------------------------------------------------------------------------------


def _talks(whose: Whose) -> QuerySet[Conversation]:
    return Conversation.objects.filter(person_id__in=whose.person_ids).exclude(address__startswith=ERASED)


def _blank_talks(ids: Ids) -> None:
    Conversation.objects.filter(pk__in=ids).update(
        address_kind="bsuid", address=Concat(Value(ERASED), Cast("pk", CharField())), wire_address="", profile_name="",
        bot_state={},
    )  # fmt: skip


def _sent_to(whose: Whose) -> QuerySet[Outbound]:
    theirs = SendRequest.objects.filter(debtor__person_id__in=whose.person_ids)
    done = Outbound.objects.filter(request__in=theirs).exclude(
        state__in=[Outbound.State.QUEUED, Outbound.State.WAITING, Outbound.State.SENDING]
    )
    return done.exclude(to="", error_detail="")


def _provider_ids(whose: Whose) -> QuerySet[ProviderMessage]:
    theirs = Conversation.objects.filter(person_id__in=whose.person_ids).values("pk")
    return ProviderMessage.objects.filter(message__conversation_id__in=theirs).exclude(provider_id__startswith=HASHED)


HASHED = "sha256:"


def _hash_provider_ids(ids: Ids) -> None:
    """WhatsApp writes the number into its ids: the hash can still be held against what the provider shows."""
    rows = list(ProviderMessage.objects.filter(pk__in=ids))
    for row in rows:
        row.provider_id = HASHED + digest(row.provider_id)
    ProviderMessage.objects.bulk_update(rows, ["provider_id"])


def _audit(whose: Whose) -> QuerySet[AuditEntry]:
    talks = Conversation.objects.filter(person_id__in=whose.person_ids).values_list("pk", flat=True)
    return audit_about([str(key) for key in talks])


# -- people who belong to nobody ---------------------------------------------------------------------------------------


def _strangers(before: datetime, machine_before: datetime, guarded: Guarded) -> QuerySet[Conversation]:
    del machine_before
    known = Message.objects.filter(conversation_id=OuterRef("pk"), debtor_id__isnull=False)
    rows = Conversation.objects.filter(person=None, debtor_id=None, updated_at__lt=before, created_at__lt=before)
    rows = rows.filter(~Exists(known)).exclude(address__startswith=ERASED)
    rows = rows.exclude(address__in=[address for each in guarded.addresses for address in (each, f"+{each}")])
    return rows.none() if guarded.everything else rows


def _blank_strangers(ids: Ids) -> None:
    rows = Message.objects.filter(conversation_id__in=ids)
    Attachment.objects.filter(message__in=rows).update(name="", body="")
    Note.objects.filter(conversation_id__in=ids).update(text="")
    Draft.objects.filter(conversation_id__in=ids).delete()
    rows.update(text="", salt="", content=GONE)
    _hash_provider_ids(list(ProviderMessage.objects.filter(message__in=rows).values_list("pk", flat=True)))
    _blank_talks(ids)


# -- what a person is told ---------------------------------------------------------------------------------------------


def tell(whose: Whose) -> dict[str, list[dict[str, Any]]]:
    """Conversations and messages, notes about the person; colleagues by what they are, not by name."""
    talks = Conversation.objects.filter(
        Q(person_id__in=whose.person_ids) | Q(debtor_id__in=whose.debtor_ids)
    ).select_related("number")
    messages = Message.objects.filter(_theirs(whose))
    return {
        "conversations": [
            {"id": row.pk, "channel": row.number.channel, "our_number": row.number.address, "address": row.address,
             "profile_name": row.profile_name, "state": row.state, "outcome": row.outcome, "created_at": row.created_at}
            for row in talks.order_by("id")
        ],
        "messages": [
            {"id": row.pk, "conversation_id": row.conversation_id, "at": row.at, "direction": row.direction,
             "by": row.source, "kind": row.kind, "text": row.text, "content": row.content, "state": row.state,
             "sent_at": row.sent_at, "delivered_at": row.delivered_at, "read_at": row.read_at}
            for row in messages.order_by("at", "id")
        ],
        "attachments": plain(
            Attachment.objects.filter(message__in=Message.objects.filter(_theirs(whose))), "message_id", "name",
            "media_type", "size", "sha256", "created_at",
        ),
        "notes": plain(Note.objects.filter(_theirs(whose)), "conversation_id", "at", "kind", "text"),
    }  # fmt: skip


def files(whose: Whose) -> Iterator[File]:
    """The attachments themselves."""
    for row in _attachments(whose).order_by("id").iterator(chunk_size=10):
        ending = row.media_type.rpartition("/")[2].partition("+")[0] or "bin"

        def read(sealed: str = row.body) -> bytes:
            return base64.b64decode(unseal(sealed, purpose="attachment"))

        yield File(f"attachments/{row.pk}.{ending}", read)


register(
    Holding(subject="messaging.message", data_class="words", find=_messages, blank=_blank_messages),
    Holding(
        subject="messaging.sendrequest", data_class="words", find=_payloads,
        blank=lambda ids: SendRequest.objects.filter(pk__in=ids).update(payload=GONE),
    ),
    Holding(
        subject="messaging.draft", data_class="words", find=_drafts,
        blank=lambda ids: Draft.objects.filter(pk__in=ids).delete(),
    ),
    Holding(
        subject="messaging.attachment", data_class="attachments", find=_attachments,
        blank=lambda ids: Attachment.objects.filter(pk__in=ids).update(name="", body=""),
    ),
    Holding(
        subject="messaging.note", data_class="words", find=_notes,
        blank=lambda ids: Note.objects.filter(pk__in=ids).update(text=""),
    ),
    Holding(subject="messaging.conversation", data_class="person", find=_talks, blank=_blank_talks),
    Holding(
        subject="messaging.outbound", data_class="person", find=_sent_to,
        blank=lambda ids: Outbound.objects.filter(pk__in=ids).update(to="", error_detail=""),
    ),
    Holding(
        subject="messaging.providermessage", data_class="person", find=_provider_ids, blank=_hash_provider_ids
    ),
    Holding(
        subject="tenants.auditentry.conversation", data_class="audit", find=_audit, blank=blank_audit, owner=True
    ),
    DatedHolding(subject="messaging.conversation", data_class="strangers", find=_strangers, blank=_blank_strangers),
)  # fmt: skip
tell_by("messaging", tell, files)
