"""What was said with whom, and what the provider says has become of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from messaging.models.channels import Number
from portfolio.models import ContactPoint, Person
from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, BY_MESSAGE, TenantForeignKey


class Conversation(TenantModel):
    """(the tenant, our address, their address). Who it is about sits on the messages and may be joined later."""

    wall = BY_MESSAGE

    class Speaker(models.TextChoices):
        """Exactly one of them answers the debtor."""

        BOT = "bot"
        AGENT = "agent"
        NOBODY = "nobody"

    class State(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    class Outcome(models.TextChoices):
        """What a person wrote down on closing it; the reason is the result, nothing is typed twice."""

        PAID = "paid"
        PROMISED = "promised"
        AGREED = "agreed"  # a plan
        DISPUTED = "disputed"
        REFUSED = "refused"  # will not pay
        NO_ANSWER = "no_answer"
        WRONG_PERSON = "wrong_person"
        INFORMED = "informed"  # a question was answered
        OTHER = "other"

    number = TenantForeignKey(Number)
    address_kind = models.CharField(max_length=6)  # phone | bsuid
    address = models.CharField(max_length=160)  # canonical: E.164 or the BSUID
    wire_address = models.CharField(max_length=160, blank=True)  # as the provider last wrote it
    profile_name = models.CharField(max_length=150, blank=True)
    contact_point = TenantForeignKey(ContactPoint, null=True)
    person = TenantForeignKey(Person, null=True)
    debtor_id = models.UUIDField(null=True)  # the one last spoken about
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    speaker = models.CharField(max_length=6, choices=Speaker, default=Speaker.BOT)
    #: Where the bot stands: {"flow": ..., "step": ..., ...}
    bot_state = models.JSONField(default=dict)
    assignee_id = models.UUIDField(null=True)
    last_inbound_at = models.DateTimeField(null=True)  # provider's time; opens the 24 h window
    last_outbound_at = models.DateTimeField(null=True)
    unanswered_since = models.DateTimeField(null=True)
    needs_human_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    #: Out of the queue until then, or until the debtor writes.
    snoozed_until = models.DateTimeField(null=True)
    #: How the last stretch of it ended; history stands in the event log.
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True, default="", db_default="")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant", "number", "address_kind", "address"], name="messaging_conversation_once"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "needs_human_at"], name="messaging_conversation_human"),
            models.Index(fields=["tenant", "person"], name="messaging_conversation_person"),
            # The inbox: each view reads its own few rows in their order, however many conversations there are.
            models.Index(
                fields=["tenant", "needs_human_at", "id"],
                condition=models.Q(state="open", needs_human_at__isnull=False),
                name="messaging_inbox_waiting",
            ),
            models.Index(
                fields=["tenant", "assignee_id", "updated_at", "id"],
                condition=models.Q(state="open", assignee_id__isnull=False),
                name="messaging_inbox_mine",
            ),
            models.Index(
                fields=["tenant", "updated_at", "id"],
                condition=models.Q(state="open", speaker="agent", needs_human_at=None),
                name="messaging_inbox_theirs",
            ),
            models.Index(
                fields=["tenant", "snoozed_until", "id"],
                condition=models.Q(snoozed_until__isnull=False),
                name="messaging_inbox_snoozed",
            ),
            models.Index(
                fields=["tenant", "updated_at", "id"], condition=models.Q(state="open"), name="messaging_inbox_all"
            ),
        ]


class Message(TenantModel):
    """Words in a conversation, in either direction, also those that the gate kept back."""

    wall = BY_CREDITOR

    class Direction(models.TextChoices):
        IN = "in"
        OUT = "out"

    class State(models.TextChoices):
        """What the debtor's phone knows of it; later states never turn into earlier ones."""

        RECEIVED = "received"  # inbound
        WAITING = "waiting"  # the gate deferred it, or it is queued
        WITHDRAWN = "withdrawn"  # denied, expired or taken back: never left
        SENDING = "sending"
        UNCERTAIN = "uncertain"
        REFUSED = "refused"  # the provider said no
        ACCEPTED = "accepted"
        SENT = "sent"
        DELIVERED = "delivered"
        READ = "read"
        FAILED = "failed"  # the provider gave up after accepting

    conversation = TenantForeignKey(Conversation)
    creditor_id = models.UUIDField(null=True)
    debtor_id = models.UUIDField(null=True)
    direction = models.CharField(max_length=3, choices=Direction)
    source = models.CharField(max_length=12)  # debtor | step | bot | agent | api | system | device
    author = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=16)  # text | template | interactive | button | image | ...
    message_class = models.CharField(max_length=20, blank=True)
    text = models.TextField()  # what a person reads; blanked on erasure
    salt = models.CharField(max_length=32, blank=True)
    #: Provider-neutral structure: buttons shown, the tapped id, media ids and hashes.
    content = models.JSONField(default=dict)
    reply_to_id = models.UUIDField(null=True)
    state = models.CharField(max_length=9, choices=State)
    error_code = models.CharField(max_length=20, blank=True)
    at = models.DateTimeField()  # business clock: asked for, or provider's time of receipt
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    deleted_by_them_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "conversation", "at", "id"], name="messaging_message_thread"),
            models.Index(fields=["tenant", "debtor_id", "at"], name="messaging_message_debtor"),
        ]


class ProviderMessage(TenantModel):
    """The provider's id of a message: unique, so that a webhook that comes twice does nothing twice."""

    wall = f"{BY_MESSAGE}:message_id"
    provider_id = models.CharField(max_length=200)
    message = TenantForeignKey(Message)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "provider_id"], name="messaging_provider_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "message"], name="messaging_provider_message")
        ]


class Attachment(TenantModel):
    """A file that came with a message (a receipt uploaded on the debtor's page), sealed; blanked on erasure."""

    wall = f"{BY_MESSAGE}:message_id"
    message = TenantForeignKey(Message)
    name = models.CharField(max_length=120, blank=True)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    body = models.TextField()  # sealed base64
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "message"], name="messaging_attachment_message")
        ]


class StatusReport(TenantModel):
    """What the provider reported about a message, once per state; all of them are kept."""

    wall = f"{BY_MESSAGE}:message_id"
    append_only = True
    message = TenantForeignKey(Message)
    state = models.CharField(max_length=10)
    provider_at = models.DateTimeField()
    error_code = models.CharField(max_length=20, blank=True)
    detail = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "message", "state"], name="messaging_status_once")
        ]
