"""What providers post to us: the route that names the tenant, its secrets, and the body on disk before the 200."""

from __future__ import annotations

import hashlib
from typing import Any

from kernel.canonical import digest
from kernel.clock import machine_now
from kernel.ids import uuid7
from tenants import digests, jobs
from tenants.events import Emit, emit
from tenants.models import InboundRoute, RawInbound, Tenant
from tenants.scope import tenant_scope
from tenants.secrets import unseal
from tenants.tasks import nudge

SUBJECT = "tenants.rawinbound"
#: Opened secrets by route key, for as long as the sealed form stays the same.
_opened: dict[str, tuple[str, str, str, str]] = {}


def route_of(kind: str, key: str) -> InboundRoute | None:
    """The active route of that address."""
    return InboundRoute.objects.filter(key=key, kind=kind, active=True).first()


def secrets_of(route: InboundRoute) -> tuple[str, str]:
    """(what signs the bodies, the verify token) of a route, opened."""
    known = _opened.get(route.key)
    if known is not None and known[:2] == (route.secret, route.verify_token):
        return known[2], known[3]
    with tenant_scope(route.tenant_id):
        opened = unseal(route.secret, purpose="route.secret"), unseal(route.verify_token, purpose="route.verify")
    _opened[route.key] = (route.secret, route.verify_token, *opened)
    return opened


def store(route: InboundRoute, raw: bytes, *, task: str) -> RawInbound:
    """Keep a verified body, announce it in the sealed log and promise the work on it, in one transaction."""
    with tenant_scope(route.tenant_id):
        row = RawInbound.objects.create(
            id=uuid7(),
            route=route,
            tenant_id=route.tenant_id,
            received_at=machine_now(),
            sha256=hashlib.sha256(raw).hexdigest(),
            body=raw,
        )
        jobs.enqueue(task, row.pk, tenant_id=route.tenant_id)
        clock = Tenant.objects.only("clock_offset", "clock_frozen_at").get(pk=route.tenant_id).clock()
        emit(Emit("inbound.stored", SUBJECT, row.pk, clock.now(), digest=raw_digest(row)))
        nudge()
    return row


def raw_content(row: RawInbound) -> dict[str, Any]:
    """What the log states of a body: its hash, not the body, which retention may destroy."""
    held = row.sha256 if row.body is None else hashlib.sha256(bytes(row.body)).hexdigest()
    return {"v": 1, "id": row.pk, "route": row.route_id, "received_at": row.received_at, "sha256": held}


def raw_digest(row: RawInbound) -> str:
    """The hash that the event log seals; an altered body no longer has it."""
    return digest(raw_content(row))


digests.register(SUBJECT, raw_digest, announced_by="inbound.stored")
