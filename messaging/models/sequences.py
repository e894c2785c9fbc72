"""Dunning sequences, their editions, and who is in them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portfolio.models import Creditor, Debtor, Invoice
from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, BY_OWNER, BY_TENANT, TenantForeignKey


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
