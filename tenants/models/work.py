"""What wakes work: the unwalled tables of arrivals, lanes and jobs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenants.models.base import UnwalledModel
from tenants.models.people import Tenant
from tenants.walls import AppendOnly


class InboundRoute(UnwalledModel):
    """An opaque address under which a provider reaches one tenant: /webhooks/<kind>/<key>."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="routes")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=43, unique=True)
    #: Encrypted for the tenant (tenants/secrets.py): what signs the bodies, and what opens the handshake.
    secret = models.TextField(blank=True)
    verify_token = models.TextField(blank=True)
    subject_id = models.UUIDField(null=True, blank=True)
    active = models.BooleanField(default=True)


class RawInbound(UnwalledModel):
    """A provider's body as it came, stored before we answered 200. Append-only; only retention blanks `body`."""

    route = models.ForeignKey(InboundRoute, models.PROTECT, related_name="+", db_index=False)
    tenant_id = models.UUIDField()
    received_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    body = models.BinaryField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            AppendOnly(name="tenants_rawinbound_append", erasable=("body",))
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant_id", "id"], name="tenants_raw_tenant"),
            models.Index(
                fields=["tenant_id", "received_at"], name="tenants_raw_bodies", condition=models.Q(body__isnull=False)
            ),
        ]


class Lane(models.Model):
    """Wakes work: a kind of work of a tenant is due at a business instant. The work itself is in the tenant's rows."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=64, blank=True)
    next_at = models.DateTimeField()
    #: Grows with each wake, so that a sleeper that was woken while it worked does not oversleep.
    wakes = models.BigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    served_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "kind", "key"], name="tenants_lane_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["next_at"], name="tenants_lane_next")]


class Wake(models.Model):
    """A wish to wake a lane, left by a transaction: inserted only, so that no writer ever waits for another.

    Lanes themselves are few and hot: a transaction that updated one held it until its commit, and everybody else with
    it (measured: two workers took turns). Whoever claims lanes moves the wishes first (tenants/lanes.py).
    """

    id = models.BigAutoField(primary_key=True)
    tenant_id = models.UUIDField()
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()


class Job(models.Model):
    """Work promised in the transaction that needs it; deleted in the transaction that records its outcome."""

    id = models.BigAutoField(primary_key=True)
    tenant_id = models.UUIDField(null=True)
    task = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    #: Jobs of one strand are done one after the other, in the order in which they were promised. Empty: whenever.
    strand = models.CharField(max_length=80, blank=True, db_default="", default="")
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    parked_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant_id", "task", "subject"], nulls_distinct=False, name="tenants_job_once"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=models.Q(parked_at=None), name="tenants_job_due"),
            models.Index(fields=["strand", "id"], condition=~models.Q(strand=""), name="tenants_job_strand"),
        ]
