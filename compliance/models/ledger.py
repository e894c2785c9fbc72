"""Decisions, the seals over them, and what was checked and taken out."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, BY_TENANT


class Decision(TenantModel):
    """What the gate said, on which facts, by which rules. Append-only; holds no personal text."""

    wall = BY_CREDITOR
    append_only = True

    class Verdict(models.TextChoices):
        ALLOW = "allow"
        DEFER = "defer"
        DENY = "deny"

    creditor_id = models.UUIDField()
    person_id = models.UUIDField()
    debtor_id = models.UUIDField(null=True)
    request_id = models.UUIDField()
    verdict = models.CharField(max_length=5, choices=Verdict)
    message_class = models.CharField(max_length=20)
    channel = models.CharField(max_length=10)
    origin = models.CharField(max_length=12)  # step | bot | agent | api | system
    actor = models.CharField(max_length=120)
    #: Ids of the rules that object, in evaluation order, and each finding's values.
    rules = ArrayField(models.CharField(max_length=30), default=list)
    findings = models.JSONField(default=list)
    facts = models.JSONField()
    text_hash = models.CharField(max_length=64, blank=True)  # salted hash of the words
    ruleset_digest = models.CharField(max_length=64)
    evaluator = models.CharField(max_length=20)
    moment = models.CharField(max_length=9)  # request | retry | last_look
    decided_at = models.DateTimeField()  # business clock
    next_allowed_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()  # machine clock

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # What an Outbound row points at: (decision, verdict), with a check that the verdict is allow.
            models.UniqueConstraint(fields=["tenant", "id", "verdict"], name="compliance_decision_verdict")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "request_id"], name="compliance_decision_request"),
            models.Index(fields=["tenant", "person_id"], name="compliance_decision_person"),
            models.Index(fields=["tenant", "decided_at", "id"], name="compliance_decision_time"),
        ]


class Seal(TenantModel):
    """The Merkle root over a stretch of the event log, chained to the seal before."""

    append_only = True
    number = models.BigIntegerField()
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "number"], name="compliance_seal_number"),
            models.UniqueConstraint(fields=["tenant", "first_sequence"], name="compliance_seal_stretch"),
        ]


class LedgerCheck(TenantModel):
    """That the ledger was verified, how far, and what was found: what pages say about the chain."""

    wall = BY_TENANT
    append_only = True
    checked_at = models.DateTimeField()  # machine clock
    whole = models.BooleanField()  # from the first event on, or only what is new since the check before
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField()
    seal_number = models.BigIntegerField(default=0)
    seal_digest = models.CharField(max_length=64, blank=True)
    rows = models.BigIntegerField(default=0)
    #: [{"kind", "subject", "id", "sequence", "detail"}]: nothing personal; empty when all is as it was written.
    problems = models.JSONField(default=list)
    actor = models.CharField(max_length=120)


class EvidencePack(TenantModel):
    """That somebody took evidence out: about what, when, how much of it, and the file's hash. The file is not kept."""

    wall = BY_CREDITOR
    append_only = True
    creditor_id = models.UUIDField(null=True)  # null: about more than one creditor
    kind = models.CharField(max_length=20)  # debtor | complaint | conversation | request | period
    subject_id = models.UUIDField(null=True)
    redaction = models.CharField(max_length=60)  # full, or what was left out: no_texts+no_account
    language = models.CharField(max_length=5, default="", db_default="")
    #: SHA-256 of the pack's files by name; {} where the JSON alone was taken.
    files = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    document = models.CharField(max_length=64)  # hash over all of the file
    records = models.PositiveIntegerField()
    messages = models.PositiveIntegerField()
    last_sequence = models.BigIntegerField(default=0)
    seal_digest = models.CharField(max_length=64, blank=True)
    actor = models.CharField(max_length=120)
    reason = models.TextField(blank=True)
    made_at = models.DateTimeField()  # machine clock
