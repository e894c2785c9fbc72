"""Channels, conversations, the words, and what becomes of each wish to send. See architecture.md, section 2."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from compliance.models import Decision
from portfolio.models import ContactPoint, Creditor, Debtor, Invoice, Person
from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, BY_MESSAGE, BY_OWNER, BY_TENANT, SameTenant, TenantForeignKey


class WhatsAppAccount(TenantModel):
    """A WhatsApp Business account: its token, its app's secret, its portfolio's limit."""

    wall = BY_OWNER
    creditor_id = models.UUIDField(null=True)  # whose account it is; null: the organisation's
    waba_id = models.CharField(max_length=40)
    portfolio_id = models.CharField(max_length=40, blank=True)
    token = models.TextField()  # sealed
    app_secret = models.TextField()  # sealed
    verify_token = models.TextField()  # sealed
    base_url = models.CharField(max_length=200)
    #: Unique people per rolling 24 h outside the window; null: unlimited.
    messaging_limit = models.PositiveIntegerField(null=True)
    #: TENANT-class refusals (token dead, billing, policy) pause the account once, with one alert.
    paused_at = models.DateTimeField(null=True)
    pause_code = models.CharField(max_length=20, blank=True)
    pause_detail = models.CharField(max_length=300, blank=True)
    #: Attested by the organisation: own receivables or mandates; WhatsApp's policy names debt collection.
    posture = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "waba_id"], name="messaging_account_once")
        ]


class Number(TenantModel):
    """One of our sending addresses; the dispatcher works number by number."""

    wall = BY_TENANT

    account = TenantForeignKey(WhatsAppAccount)
    channel = models.CharField(max_length=10, default="whatsapp")
    provider_id = models.CharField(max_length=40)  # phone_number_id
    address = models.CharField(max_length=40)  # display number, E.164
    name = models.CharField(max_length=120, blank=True)
    quality = models.CharField(max_length=10, blank=True)
    per_second = models.PositiveIntegerField(default=80)
    stopped_at = models.DateTimeField(null=True)
    stopped_reason = models.CharField(max_length=300, blank=True)
    #: NUMBER-class refusals and the breaker; until null: until a person lifts it.
    paused_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    pause_code = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "channel", "provider_id"], name="messaging_number_once")
        ]


class MessageTemplate(TenantModel):
    """A text that WhatsApp approved, in one language, for one stage."""

    wall = BY_TENANT

    class Status(models.TextChoices):
        DRAFT = "draft"
        PENDING = "pending"
        APPROVED = "approved"
        REJECTED = "rejected"
        PAUSED = "paused"
        DISABLED = "disabled"

    account = TenantForeignKey(WhatsAppAccount)
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=8)  # WhatsApp's code: es_MX, pt_BR
    stage = models.CharField(max_length=30)  # probe | preventive | first | ... | receipt | consent
    category = models.CharField(max_length=20, default="UTILITY")
    message_class = models.CharField(max_length=20)
    disclosure = models.PositiveSmallIntegerField()
    body = models.TextField()
    footer = models.CharField(max_length=60, blank=True)
    header = models.CharField(max_length=60, blank=True)
    #: [{"id": "probe:yes", "title": ...}], at most three quick replies.
    buttons = models.JSONField(default=list)
    #: Names of the variables in the order of their first use; which required content each one carries.
    variables = ArrayField(models.CharField(max_length=40), default=list)
    content = ArrayField(models.CharField(max_length=60), default=list)  # required fields that the text carries
    flags = ArrayField(models.CharField(max_length=60), default=list)  # content flags by template lint
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    provider_id = models.CharField(max_length=40, blank=True)
    quality = models.CharField(max_length=10, blank=True)
    rejected_reason = models.CharField(max_length=300, blank=True)
    #: A person, or WhatsApp's change of category, took it out of use until a person puts it back.
    held_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "account", "name", "language"], name="messaging_template_once")
        ]


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


class Draft(TenantModel):
    """What somebody has begun to write in a conversation: kept on the server, also over the end of a session."""

    wall = BY_CREDITOR
    conversation = TenantForeignKey(Conversation)
    creditor_id = models.UUIDField(null=True)
    user_id = models.UUIDField()
    mode = models.CharField(max_length=8, default="reply")  # reply | note
    text = models.TextField()
    updated_at = models.DateTimeField()  # machine clock

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "conversation", "user_id"], name="messaging_draft_once")
        ]


class Note(TenantModel):
    """Words among colleagues beside a conversation; a debtor never reads them. Also a supervisor's whisper."""

    wall = BY_CREDITOR

    class Kind(models.TextChoices):
        NOTE = "note"
        WHISPER = "whisper"  # from a supervisor to whoever answers

    conversation = TenantForeignKey(Conversation)
    creditor_id = models.UUIDField(null=True)
    debtor_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.NOTE)
    author = models.CharField(max_length=120)
    text = models.TextField()  # blanked on erasure
    #: The form it was sent with, so that a doubled click writes one note.
    origin_id = models.CharField(max_length=120)
    at = models.DateTimeField()  # business clock
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "author", "origin_id"], name="messaging_note_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "conversation", "at"], name="messaging_note_thread"),
            models.Index(fields=["tenant", "debtor_id", "at"], name="messaging_note_debtor"),
        ]


class ReadMark(TenantModel):
    """How far a colleague has read a conversation."""

    conversation = TenantForeignKey(Conversation)
    user_id = models.UUIDField()
    read_at = models.DateTimeField()  # `at` of the newest message that was on the screen
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "user_id", "conversation"], name="messaging_readmark_once")
        ]


class Presence(TenantModel):
    """Who has a conversation open, and whether they are writing; stale after some seconds (machine clock)."""

    conversation = TenantForeignKey(Conversation)
    user_id = models.UUIDField()
    seen_at = models.DateTimeField()
    writing_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "conversation", "user_id"], name="messaging_presence_once")
        ]


class QuickReply(TenantModel):
    """A prepared answer with places: `/` and its shortcut in the composer. Without rows the shipped ones are offered."""

    wall = BY_OWNER
    creditor_id = models.UUIDField(null=True)  # null: for all creditors of the organisation
    language = models.CharField(max_length=5)
    shortcut = models.CharField(max_length=20)
    title = models.CharField(max_length=80)
    text = models.TextField()
    author = models.CharField(max_length=120, blank=True)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant", "creditor_id", "language", "shortcut"],
                condition=models.Q(archived_at=None),
                nulls_distinct=False,
                name="messaging_quickreply_once",
            )
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


class SendRequest(TenantModel):
    """Somebody wants to say something: lives until it is sent, withdrawn or expired."""

    wall = BY_CREDITOR

    class State(models.TextChoices):
        WAITING = "waiting"  # deferred: asks the gate again at next_at, or when a fact changes
        QUEUED = "queued"  # allowed: an Outbound row is on its way
        SENT = "sent"  # accepted by the provider
        UNCERTAIN = "uncertain"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"  # denied, or its reason went away
        EXPIRED = "expired"

    creditor = TenantForeignKey(Creditor)
    debtor = TenantForeignKey(Debtor)
    person = TenantForeignKey(Person)
    contact_point = TenantForeignKey(ContactPoint)
    conversation = TenantForeignKey(Conversation)
    number = TenantForeignKey(Number)
    message = TenantForeignKey(Message)
    channel = models.CharField(max_length=10)
    message_class = models.CharField(max_length=20)
    disclosure = models.PositiveSmallIntegerField()
    flags = ArrayField(models.CharField(max_length=60), default=list)
    missing = ArrayField(models.CharField(max_length=60), default=list)
    invoice_ids = ArrayField(models.UUIDField(), default=list)
    template = TenantForeignKey(MessageTemplate, null=True)
    #: What goes on the wire, provider-neutral: {"kind": "template", "variables": {...}} | {"kind": "text", ...}
    payload = models.JSONField()
    #: Why this message exists; one reason, one message.
    origin_kind = models.CharField(max_length=12)
    origin_id = models.CharField(max_length=120)
    actor = models.CharField(max_length=120)
    state = models.CharField(max_length=9, choices=State)
    verdict = models.CharField(max_length=5)  # of the latest decision
    decision_id = models.UUIDField()  # the latest decision
    next_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    requested_at = models.DateTimeField()  # business clock
    settled_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant", "origin_kind", "origin_id"],
                condition=~models.Q(state__in=["withdrawn", "expired"]),
                name="messaging_request_one_reason",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["tenant", "next_at"], condition=models.Q(state="waiting"), name="messaging_request_due"
            ),
            models.Index(fields=["tenant", "debtor"], name="messaging_request_debtor"),
            models.Index(
                fields=["tenant", "person"],
                condition=models.Q(state__in=["waiting", "queued"]),
                name="messaging_request_alive",
            ),
        ]


class Outbound(TenantModel):
    """What the dispatcher carries. Exists only beside an allow decision (a foreign key and a check say so)."""

    wall = BY_CREDITOR

    class State(models.TextChoices):
        """In order of life; everything after `sending` may have reached the debtor unless it says otherwise."""

        QUEUED = "queued"  # may be claimed
        WAITING = "waiting"  # the last look deferred it: unclaimable until a later allow
        SENDING = "sending"  # committed before the first byte leaves
        ACCEPTED = "accepted"
        REFUSED = "refused"
        UNCERTAIN = "uncertain"  # we never heard back; a receipt or a person settles it
        WITHDRAWN = "withdrawn"  # never left, never will

    creditor = TenantForeignKey(Creditor)
    request = TenantForeignKey(SendRequest)
    number = TenantForeignKey(Number)
    decision = TenantForeignKey(Decision)
    verdict = models.CharField(max_length=5, default="allow")
    to = models.CharField(max_length=160)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    priority = models.SmallIntegerField(default=5)  # replies before campaigns
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()  # business clock: pair rate, back-off
    leased_until = models.DateTimeField(null=True)  # machine clock
    error_code = models.CharField(max_length=20, blank=True)
    error_detail = models.CharField(max_length=300, blank=True)
    sending_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(verdict="allow"), name="messaging_outbound_allowed"),
            SameTenant(
                column="decision_id",
                to="compliance.Decision",
                extra=(("verdict", "verdict"),),
                name="messaging_outbound_verdict",
            ),
            models.UniqueConstraint(
                fields=["tenant", "request"], condition=~models.Q(state="withdrawn"), name="messaging_outbound_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["tenant", "number", "priority", "id"],
                condition=models.Q(state="queued"),
                name="messaging_outbound_queue",
            ),
            models.Index(
                fields=["tenant", "leased_until"], condition=models.Q(state="sending"), name="messaging_outbound_lease"
            ),
        ]


class Sequence(TenantModel):
    """A dunning sequence: which steps debtors of a creditor (or of all) go through."""

    wall = BY_OWNER
    creditor_id = models.UUIDField(null=True)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    active_version = models.PositiveIntegerField(default=0)
    paused_at = models.DateTimeField(null=True)
    paused_by = models.CharField(max_length=120, blank=True, default="", db_default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "name"], name="messaging_sequence_once")
        ]


class SequenceVersion(TenantModel):
    """One edition of a sequence's steps; each send records the version that it came from."""

    wall = BY_TENANT
    append_only = True
    sequence = TenantForeignKey(Sequence)
    version = models.PositiveIntegerField()
    #: [{"code", "offset_days", "stage", "message_class", "disclosure", "at", "catch_up", "conditions": {...}}]
    steps = models.JSONField()
    author = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "sequence", "version"], name="messaging_sequence_version")
        ]


class Enrolment(TenantModel):
    """A debtor in a sequence. The oldest unpaid invoice carries it; its next step is computed when it is due."""

    wall = BY_CREDITOR

    class State(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"  # reply, promise, dispute, agreement; until paused_until or a release
        FINISHED = "finished"
        ENDED = "ended"  # paid, opted out, withdrawn

    creditor = TenantForeignKey(Creditor)
    debtor = TenantForeignKey(Debtor)
    sequence = TenantForeignKey(Sequence)
    version = TenantForeignKey(SequenceVersion)
    invoice = TenantForeignKey(Invoice, null=True)  # the carrying one
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    reason = models.CharField(max_length=40, blank=True)
    paused_until = models.DateTimeField(null=True)
    #: Code of the last step asked for, so that no level is skipped or repeated for one carrying invoice.
    last_step = models.CharField(max_length=40, blank=True)
    next_step = models.CharField(max_length=40, blank=True)
    next_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "debtor"], name="messaging_enrolment_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["tenant", "next_at"], condition=models.Q(state="active"), name="messaging_enrolment_due"
            ),
            models.Index(
                fields=["tenant", "paused_until"], condition=models.Q(state="paused"), name="messaging_enrolment_paused"
            ),
        ]
