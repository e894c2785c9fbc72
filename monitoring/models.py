"""What the scans found, and who looked at it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from messaging.models import Conversation, Message
from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, TenantForeignKey


class Scan(TenantModel):
    """That a message was scanned, by which edition of the detector, and what it was found to be."""

    wall = BY_CREDITOR
    append_only = True
    creditor_id = models.UUIDField(null=True)
    message = TenantForeignKey(Message)
    main_class = models.CharField(max_length=24)
    severity = models.PositiveSmallIntegerField(default=0)
    intent = models.CharField(max_length=16, blank=True)
    sentiment = models.SmallIntegerField(default=0)
    detector = models.CharField(max_length=20)
    scanned_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "message"], name="monitoring_scan_once")
        ]


class Alert(TenantModel):
    """A conversation turned abusive, or may have: one per message and class."""

    wall = BY_CREDITOR

    class State(models.TextChoices):
        OPEN = "open"
        CLAIMED = "claimed"
        VIOLATION = "violation"
        FALSE_ALARM = "false_alarm"

    creditor_id = models.UUIDField(null=True)
    debtor_id = models.UUIDField(null=True)
    conversation = TenantForeignKey(Conversation)
    message = TenantForeignKey(Message)
    #: A class of conduct, or a debtor's signal: vulnerable, abuse, complaint.
    conduct = models.CharField(max_length=24)
    severity = models.PositiveSmallIntegerField()
    #: Where in the message, and which pattern found it: [{"class", "start", "end", "rule", "severity"}]
    spans = models.JSONField(default=list)
    actor = models.CharField(max_length=120, blank=True)  # who wrote it
    state = models.CharField(max_length=11, choices=State, default=State.OPEN)
    claimed_by = models.UUIDField(null=True)
    #: Machine clock: somebody who went away holds nothing for ever.
    claimed_until = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    raised_at = models.DateTimeField()  # business clock of the message
    recorded_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    #: Machine clock: until when the verdict may be taken back with one key.
    undo_until = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)  # business clock

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "message", "conduct"], name="monitoring_alert_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "state", "id"], name="monitoring_alert_state"),
            models.Index(fields=["tenant", "raised_at"], name="monitoring_alert_raised"),
            models.Index(fields=["tenant", "actor", "raised_at"], name="monitoring_alert_actor"),
            models.Index(fields=["tenant", "conversation"], name="monitoring_alert_thread"),
        ]


class AlertAction(TenantModel):
    """What somebody did with an alert, in order: the history that a review shows."""

    wall = BY_CREDITOR
    append_only = True
    erasable = ("text",)

    class Kind(models.TextChoices):
        CLAIMED = "claimed"
        RELEASED = "released"
        VIOLATION = "violation"
        FALSE_ALARM = "false_alarm"
        UNDONE = "undone"
        ESCALATED = "escalated"
        NOTED = "noted"

    creditor_id = models.UUIDField(null=True)
    alert = TenantForeignKey(Alert)
    user_id = models.UUIDField()
    kind = models.CharField(max_length=11, choices=Kind)
    text = models.TextField(blank=True)
    at = models.DateTimeField()  # business clock

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "alert", "id"], name="monitoring_action_alert")
        ]


class SendStanding(TenantModel):
    """Where a SendRequest stands with the gate: which part of the whole it is counted in. `id` is the request's.

    Kept by the reader of the log (figures.py), so that a page counts days, not messages.
    """

    wall = BY_CREDITOR
    creditor_id = models.UUIDField()
    debtor_id = models.UUIDField()
    decision_id = models.UUIDField()  # the latest
    day = models.DateField()  # the organisation's day on which it was asked for
    part = models.CharField(max_length=10)  # monitoring.gate.PARTS
    cause = models.CharField(max_length=10, blank=True)  # of what is deferred: hours, budget, channel
    origin = models.CharField(max_length=12)
    sent = models.BooleanField(default=False)  # the provider took it
    user_id = models.UUIDField(null=True)  # the agent who wrote it
    requested_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "part", "day", "id"], name="monitoring_standing_part"),
            models.Index(fields=["tenant", "day", "id"], name="monitoring_standing_day"),
            models.Index(
                fields=["tenant", "user_id", "requested_at"],
                condition=models.Q(user_id__isnull=False),
                name="monitoring_standing_user",
            ),
        ]


class Tally(TenantModel):
    """A figure of one creditor's day: how many, and how much money where it is about money."""

    wall = BY_CREDITOR
    creditor_id = models.UUIDField(null=True)
    day = models.DateField()
    kind = models.CharField(max_length=12)  # gate | sent | recovered | optout | agreement | dispute
    key = models.CharField(max_length=24, blank=True)  # the part, the origin, the bucket, ...
    currency = models.CharField(max_length=3, blank=True)
    count = models.BigIntegerField(default=0)
    minor = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant", "day", "kind", "key", "currency", "creditor_id"],
                nulls_distinct=False,
                name="monitoring_tally_once",
            )
        ]
