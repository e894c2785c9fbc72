"""A wish to send, and what is on its way because of it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from compliance.models import Decision
from messaging.models.channels import MessageTemplate, Number
from messaging.models.conversations import Conversation, Message
from portfolio.models import ContactPoint, Creditor, Debtor, Person
from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, SameTenant, TenantForeignKey


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
