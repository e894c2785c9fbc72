"""What every table is: a row of one organisation, behind its wall, or one that is read before the organisation is known."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from kernel.ids import uuid7
from tenants.scope import current_tenant_id
from tenants.walls import BY_TENANT, TenantModelBase


class TenantModel(models.Model, metaclass=TenantModelBase):
    """A row that belongs to one organisation; see tenants/walls.py for what the database makes of it."""

    wall: ClassVar[str] = BY_TENANT
    append_only: ClassVar[bool] = False
    erasable: ClassVar[tuple[str, ...]] = ()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant",
        models.PROTECT,
        default=current_tenant_id,
        editable=False,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    class Meta:
        abstract = True


class UnwalledModel(models.Model):
    """A table that is read before the tenant is known. The list of them stands in tests/architecture."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True
