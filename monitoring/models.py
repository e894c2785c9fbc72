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
    note = models.TextField(blank=True)
    raised_at = models.DateTimeField()  # business clock of the message
    recorded_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "message", "conduct"], name="monitoring_alert_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "state", "id"], name="monitoring_alert_state")
        ]
