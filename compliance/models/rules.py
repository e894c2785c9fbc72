"""Which rules hold: editions of the packs, own layers over them, what was relaxed, and what was composed of all."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenants.models import TenantModel, UnwalledModel
from tenants.walls import BY_TENANT


class RulePackVersion(UnwalledModel):
    """One edition of a country's rules (or of the common ones), as data with citations; switches itself on by date.

    What it says never changes: another text is another edition (the table's trigger holds that). compliance/editions.py
    says how an edition comes to hold.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"  # proposed, and nobody else has approved it yet
        REVIEWED = "reviewed"  # approved by a second person, or part of a release
        SIGNED_OFF = "signed_off"  # by a lawyer of the country
        RETIRED = "retired"

    code = models.CharField(max_length=20)
    edition = models.PositiveIntegerField()
    #: Null: a draft that holds from its approval on.
    effective_from = models.DateTimeField(null=True, blank=True)
    effective_to = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.REVIEWED)
    data = models.JSONField()
    digest = models.CharField(max_length=64)
    author = models.CharField(max_length=120, blank=True)
    author_id = models.UUIDField(null=True, blank=True)  # the operator's account; null: a release
    approved_by = models.CharField(max_length=120, blank=True)
    approver_id = models.UUIDField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    #: Why the author wants it.
    note = models.TextField(blank=True, default="", db_default="")
    #: [{"did", "by", "at", "note"}]: proposed, approved, signed_off, retired; oldest first.
    history = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    loaded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["code", "edition"], name="compliance_pack_once"),
            models.CheckConstraint(
                condition=models.Q(approver_id=None)
                | models.Q(author_id=None)
                | ~models.Q(approver_id=models.F("author_id")),
                name="compliance_pack_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "retired"]) | models.Q(effective_from__isnull=False),
                name="compliance_pack_dated",
            ),
        ]


class RuleLayer(TenantModel):
    """What an organisation, a creditor or a debtor adds: tighter rules, or a relaxation that the packs permit."""

    wall = BY_TENANT

    class Level(models.TextChoices):
        TENANT = "tenant"
        CREDITOR = "creditor"
        DEBTOR = "debtor"

    level = models.CharField(max_length=8, choices=Level)
    owner_id = models.UUIDField()  # tenant, creditor or person
    data = models.JSONField()
    reason = models.TextField(blank=True)
    author = models.CharField(max_length=120, blank=True)
    #: Who agreed to what it relaxes; never its author. '' where nothing is relaxed.
    approved_by = models.CharField(max_length=120, blank=True, default="", db_default="")
    effective_from = models.DateTimeField()
    effective_to = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "level", "owner_id"], name="compliance_layer_owner")
        ]


class RuleRelaxation(TenantModel):
    """Somebody wants an organisation to be less strict where a pack permits it; a second administrator decides."""

    wall = BY_TENANT

    class State(models.TextChoices):
        OPEN = "open"
        APPROVED = "approved"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    #: All that is to be relaxed afterwards: rule id -> {"off": true} | {"on": true} | {"count": n} | {"windows": {..}}.
    relax = models.JSONField()
    reason = models.TextField()
    author = models.CharField(max_length=120)
    #: The own rules that its author saw; others since then, and it is refused.
    known_id = models.UUIDField(null=True)
    proposed_at = models.DateTimeField()  # business clock
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    decided_by = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True)  # business clock
    note = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(state="open"), name="compliance_relaxation_open"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="approved", decided_by=models.F("author")),
                name="compliance_relaxation_second_person",
            ),
        ]


class RuleSetSnapshot(TenantModel):
    """A composed rule set as it decided, once per content, so that every decision can be replayed."""

    append_only = True
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "digest"], name="compliance_ruleset_once")
        ]
