"""The time machine's trials of a draft, and what it would have decided otherwise."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, BY_TENANT, TenantForeignKey


class RuleTrial(TenantModel):
    """Stored attempts of a period, decided again under rules that do not hold (yet): what would have changed."""

    wall = BY_TENANT

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    #: {"editions": {code: digest}, "packs": {code: document}, "layer": own rules}: whichever is tried.
    draft = models.JSONField()
    label = models.CharField(max_length=200)
    since = models.DateTimeField()  # business clock
    until = models.DateTimeField()
    author = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)
    examined = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    #: Attempts that the stored facts cannot answer, by reason: rules, history, fields, scopes, facts.
    unknown = models.JSONField(default=dict)
    #: Attempts that newer holiday or zone data alone decide otherwise: nothing to do with the draft.
    by_data = models.PositiveIntegerField(default=0)
    #: How far it is: the last decision's instant and id.
    reached_at = models.DateTimeField(null=True)
    reached_id = models.UUIDField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()  # machine clock
    finished_at = models.DateTimeField(null=True)  # machine clock


class RuleTrialChange(TenantModel):
    """One attempt that the tried rules decide otherwise."""

    wall = BY_CREDITOR

    class Turn(models.TextChoices):
        STOPPED = "stopped"  # was allowed, and would not be
        LET_THROUGH = "let_through"  # was not allowed, and would be
        LATER = "later"  # waits longer, or for ever
        SOONER = "sooner"
        OTHER = "other"  # the same, for other reasons

    trial = TenantForeignKey(RuleTrial)
    creditor_id = models.UUIDField()
    decision_id = models.UUIDField()
    debtor_id = models.UUIDField(null=True)
    message_class = models.CharField(max_length=20)
    decided_at = models.DateTimeField()
    turn = models.CharField(max_length=11, choices=Turn)
    before = models.CharField(max_length=5)
    after = models.CharField(max_length=5)
    rules_before = ArrayField(models.CharField(max_length=30), default=list)
    rules_after = ArrayField(models.CharField(max_length=30), default=list)
    next_before = models.DateTimeField(null=True)
    next_after = models.DateTimeField(null=True)
    #: What the debtor owes today, where there is one.
    currency = models.CharField(max_length=3, blank=True)
    open_minor = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "trial", "id"], name="compliance_trial_changes")
        ]
