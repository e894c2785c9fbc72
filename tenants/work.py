"""What wakes up: the pulse numbers events, then serves due lanes and jobs until nothing is left or time is up.

Celery's beat calls the pulse each second, and a commit nudges it; a headless run calls `drain` itself. Either way
the work is found in tables, so a lost, doubled or late pulse changes nothing but the delay.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.db import connection

from kernel.clock import Clock, machine_now
from tenants import events, jobs, lanes
from tenants.again import persistently
from tenants.models import StagedEvent, Tenant
from tenants.scope import tenant_scope

log = logging.getLogger("trato.work")

#: lane kind -> function(tenant, key, clock): does a bounded slice, returns when it wants to be woken next.
LaneServer = Callable[[Tenant, str, Clock], "datetime | None"]
_servers: dict[str, LaneServer] = {}


def serves(kind: str) -> Callable[[LaneServer], LaneServer]:
    """Register the function that serves lanes of this kind."""

    def register(function: LaneServer) -> LaneServer:
        _servers[kind] = function
        return function

    return register


def serve(lane: lanes.Claim) -> bool:
    """Serve one leased lane. A failure gives it back for a moment later and returns False, never raises."""
    server = _servers.get(lane.kind)
    tenant = Tenant.objects.filter(pk=lane.tenant_id).first()
    if tenant is None:
        lanes.release(lane, next_at=None)
        return False
    clock = tenant.clock()
    if server is None:  # an older process than the one that woke it: let a newer one have it
        log.warning("nothing in this process serves lanes of kind %s", lane.kind)
        lanes.release(lane, next_at=clock.now() + timedelta(seconds=60))
        return False
    try:
        next_at = server(tenant, lane.key, clock)
    except Exception:
        log.exception("lane %s of tenant %s failed", lane.kind, lane.tenant_id)
        connection.close_if_unusable_or_obsolete()
        later = clock.now() + timedelta(seconds=5)
        persistently(lambda: lanes.release(lane, next_at=later))
        return False
    persistently(lambda: lanes.release(lane, next_at=next_at))
    return True


def known() -> frozenset[str]:
    """The names of everything that this process can do: kinds of lanes and tasks of jobs."""
    return frozenset(_servers) | jobs.known()


def pulse(*, seconds: float = 5.0, tenant_id: uuid.UUID | None = None, only: Collection[str] | None = None) -> int:
    """Number events and serve what is due, for at most this long; returns how many pieces of work were done.

    `only`: the kinds of lanes and tasks of jobs that are served (see `known`); everything when it is not given.
    """
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until and (made := turn(until=until, tenant_id=tenant_id, only=only)):
        done += made
    return done


def turn(*, until: float, tenant_id: uuid.UUID | None, only: Collection[str] | None) -> int:
    """Number events once and serve some of what is due; returns how many pieces of work were done.

    `until`: the reading of `time.monotonic` from which on nothing more is begun. Celery ends a task that takes too
    long: what this one cannot begin is for the next.
    """
    done = events.sequence()
    done += jobs.perform_all(jobs.lease(now=machine_now(), tenant_id=tenant_id, limit=50, tasks=only), until=until)
    for lane in lanes.claim(now=machine_now(), tenant_id=tenant_id, limit=10, kinds=only):
        if time.monotonic() >= until:
            lanes.release(lane, next_at=lanes.AT_ONCE)
            continue
        serve(lane)
        done += 1
    return done


def drain(tenant_id: uuid.UUID, *, seconds: float = 600.0, only: Collection[str] | None = None) -> int:
    """Serve one tenant until nothing (of `only`) is due or in anybody's hands; for headless runs and tests.

    Raises TimeoutError when it never ends.
    """
    done, until = 0, time.monotonic() + seconds
    while not idle(tenant_id, only=only):
        done += (made := turn(until=time.monotonic() + 5.0, tenant_id=tenant_id, only=only))
        if time.monotonic() > until:
            raise TimeoutError(f"work of tenant {tenant_id} does not end after {seconds} s")
        if not made:
            time.sleep(0.005)  # the rest is in another process's hands
    return done


def idle(tenant_id: uuid.UUID, *, only: Collection[str] | None = None) -> bool:
    """Whether nothing of the tenant is due now, leased by a living process, or staged without a number."""
    now = machine_now()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM tenants_wake WHERE tenant_id = %(tenant)s) "
            "OR EXISTS (SELECT 1 FROM tenants_job WHERE tenant_id = %(tenant)s AND parked_at IS NULL "
            "           AND (%(only)s::text[] IS NULL OR task = ANY(%(only)s::text[])) "
            "           AND (leased_until > %(now)s OR (leased_until IS NULL AND due_at <= %(now)s))) "
            "OR EXISTS (SELECT 1 FROM tenants_lane l JOIN tenants_tenant t ON t.id = l.tenant_id "
            "           WHERE l.tenant_id = %(tenant)s AND (%(only)s::text[] IS NULL OR l.kind = ANY(%(only)s::text[])) "
            "           AND (l.leased_until > %(now)s OR (l.leased_until IS NULL "
            "           AND l.next_at <= COALESCE(t.clock_frozen_at, %(now)s + t.clock_offset))))",
            {"tenant": tenant_id, "now": now, "only": None if only is None else list(only)},
        )
        if cursor.fetchone()[0]:
            return False
    with tenant_scope(tenant_id):
        return not StagedEvent.objects.exists()
