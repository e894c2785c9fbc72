"""What a debtor does on their own page, as far as it is said to somebody: words and files that join the conversation.

It is no message of the channel: the provider's 24-hour window stays as it was. Whoever works in the inbox sees it like
any other, marked as written on the page.
"""

from __future__ import annotations

import base64
import hashlib
import os
import uuid
from dataclasses import dataclass
from datetime import datetime

from messaging.conversations import hand_over
from messaging.models import Attachment, Conversation, Message
from messaging.sending.channel_facts import Channels
from messaging.sending.drafts import best_contact
from portfolio.models import ContactPoint, Debtor
from tenants.events import Emit, emit
from tenants.secrets import seal, unseal

SOURCE = "page"
_PURPOSE = "attachment"
#: A photograph of a receipt by a telephone of today fits.
FILE_MAX = 5 * 1024 * 1024
#: What a file is, by its first bytes; its name and what the browser says of it prove nothing.
_KINDS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"%PDF-", "application/pdf"))


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came."""

    name: str
    body: bytes

    @property
    def media_type(self) -> str:
        """JPEG, PNG, WebP, HEIC or PDF by its first bytes; '' for anything else."""
        for start, kind in _KINDS:
            if self.body.startswith(start):
                return kind
        if self.body[:4] == b"RIFF" and self.body[8:12] == b"WEBP":
            return "image/webp"
        if self.body[4:8] == b"ftyp" and self.body[8:12] in (b"heic", b"heix", b"mif1", b"msf1"):
            return "image/heic"
        return ""


@dataclass(frozen=True, slots=True)
class File:
    """A kept file, opened."""

    name: str
    media_type: str
    body: bytes
    creditor_id: uuid.UUID | None


def conversation_for(debtor: Debtor, point: ContactPoint | None, *, now: datetime) -> Conversation | None:
    """Where this debtor is spoken with: the thread of this contact point, else the latest one about them, else a new
    one. None where no telephone or no number of ours would make one."""
    mine = Conversation.objects.filter(person_id=debtor.person_id).order_by("-updated_at", "-id")
    found = (mine.filter(contact_point=point).first() if point else None) or mine.filter(debtor_id=debtor.pk).first()
    if found is not None:
        return found
    point = point or best_contact(ContactPoint.objects.filter(person_id=debtor.person_id))
    number = Channels(now=now).number_for(debtor.creditor_id)
    if point is None or number is None or point.kind not in ("phone", "bsuid"):
        return None
    Conversation.objects.bulk_create(
        [
            Conversation(
                number=number, address_kind=point.kind, address=point.value, wire_address=point.wire_value,
                contact_point=point, person_id=debtor.person_id, debtor_id=debtor.pk, created_at=now, updated_at=now,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return Conversation.objects.get(number=number, address_kind=point.kind, address=point.value)


def receive(
    debtor: Debtor, point: ContactPoint | None, *, message_id: uuid.UUID, topic: str, text: str, now: datetime,
    upload: Upload | None = None,
) -> Message | None:  # fmt: skip
    """Put what a debtor wrote or uploaded into their conversation and call a person; the same `message_id` once.

    The file is sealed. None where there is no conversation that it could stand in.
    """
    conversation = conversation_for(debtor, point, now=now)
    if conversation is None:
        return None
    known = Message.objects.filter(pk=message_id).first()
    if known is not None:
        return known
    kind, sha256 = "text", ""
    content: dict[str, object] = {"page": True, "topic": topic}
    if upload is not None:
        kind = "document" if upload.media_type == "application/pdf" else "image"
        sha256 = hashlib.sha256(upload.body).hexdigest()
        content["media"] = {"mime_type": upload.media_type, "filename": upload.name[:120], "sha256": sha256}
    message = Message(
        id=message_id, conversation=conversation, creditor_id=debtor.creditor_id, debtor_id=debtor.pk,
        direction=Message.Direction.IN, source=SOURCE, kind=kind, text=text[:4000], salt=os.urandom(16).hex(),
        content=content, state=Message.State.RECEIVED, at=now, recorded_at=now,
    )  # fmt: skip
    message.save(force_insert=True)
    if upload is not None:
        kept = Attachment.objects.create(
            message=message, name=upload.name[:120], media_type=upload.media_type, size=len(upload.body),
            sha256=sha256, created_at=now,
            body=seal(base64.b64encode(upload.body).decode(), purpose=_PURPOSE),
        )  # fmt: skip
        message.content = {**content, "attachment": str(kept.pk)}
        message.save(update_fields=["content"])
    Conversation.objects.filter(pk=conversation.pk).update(
        unanswered_since=conversation.unanswered_since or now, updated_at=now, debtor_id=debtor.pk,
        state=Conversation.State.OPEN,
    )  # fmt: skip
    conversation.refresh_from_db()
    hand_over(conversation, reason=f"page:{topic}", now=now)
    emit(Emit("message.received", "messaging.message", message.pk, now, message.creditor_id, data={
        "conversation": str(conversation.pk), "debtor": str(debtor.pk), "kind": kind, "source": SOURCE,
    }))  # fmt: skip
    return message


def attachment(attachment_id: uuid.UUID) -> File | None:
    """A kept file, opened; None for one that may not be seen or is none."""
    found = Attachment.objects.select_related("message").filter(pk=attachment_id).first()
    if found is None or not found.body:
        return None
    body = base64.b64decode(unseal(found.body, purpose=_PURPOSE))
    return File(found.name, found.media_type, body, found.message.creditor_id)
