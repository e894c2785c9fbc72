"""Sealing as work that wakes: new numbered events wake the lane, and it seals at most once per machine minute."""

from __future__ import annotations

from datetime import datetime, timedelta

from compliance.ledger import seals
from kernel.clock import Clock, machine_now
from tenants.models import Tenant
from tenants.scope import tenant_scope

KIND = "seal"
EVERY = timedelta(minutes=1)
#: Stretches per turn, so that a turn stays short.
_TURN = 8


def serve(tenant: Tenant, key: str, clock: Clock) -> datetime | None:
    """Seal what is new; returns when (business clock) to come back, None when everything is sealed."""
    del key
    with tenant_scope(tenant.id):
        former = seals.newest()
        rest = former.sealed_at + EVERY - machine_now() if former else timedelta(0)
        if rest > timedelta(0):
            return clock.now() + rest
        return clock.now() if len(seals.seal_now(limit=_TURN)) == _TURN else None
