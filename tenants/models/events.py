"""The event log in the order of its sequencer, and who did what."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenants.models.base import TenantModel
from tenants.scope import current
from tenants.walls import BY_CREDITOR, BY_SEQUENCER


class _EventFields(TenantModel):
    """What an event says: a public name, about what, and the hash of the ledger row that it announces."""

    creditor_id = models.UUIDField(null=True)
    name = models.CharField(max_length=40)
    subject = models.CharField(max_length=40)  # table of the row it is about: "messaging.message"
    subject_id = models.UUIDField()
    #: Hash of the row's canonical JSON where the row is evidence; '' where it is not.
    digest = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)
    business_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        abstract = True


class EventManager(models.Manager["Event"]):
    """Says the tenant in every query: the sequencer's way through the wall hides the tenant's index from the planner,
    which would read the numbers of all organisations to show those of one.
    """

    def get_queryset(self) -> models.QuerySet[Event]:
        scope, events = current(), super().get_queryset()
        return events if scope is None else events.filter(tenant_id=scope.tenant_id)


class StagedEvent(_EventFields):
    """An event that its writer's transaction left; the sequencer gives it a number and moves it."""

    wall = BY_SEQUENCER

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["id"], name="tenants_staged_order")]


class Event(_EventFields):
    """The log: gap-free numbers per tenant. Readers keep a cursor and miss nothing."""

    wall = BY_SEQUENCER
    append_only = True
    sequence = models.BigIntegerField()
    objects: ClassVar[EventManager] = EventManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "sequence"], name="tenants_event_number")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "subject_id"], name="tenants_event_subject")
        ]


class EventCursor(TenantModel):
    """How far a reader of the log has come."""

    reader = models.CharField(max_length=40)
    sequence = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "reader"], name="tenants_cursor_once")
        ]


class AuditEntry(TenantModel):
    """Who did what, when, before and after, and why. Append-only."""

    wall = BY_CREDITOR
    append_only = True
    erasable = ("before", "after", "reason")
    creditor_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=120)  # "user:<id>", "key:<id>", "system:<room>"
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "id"], name="tenants_audit_order"),
            models.Index(fields=["tenant", "subject_id", "id"], name="tenants_audit_subject"),
        ]
