"""What wakes up: the pulse numbers events, then serves due lanes and jobs until nothing is left or time is up.

Celery's beat calls the pulse each second, and a commit nudges it; a headless run calls `drain` itself. Either way
the work is found in tables, so a lost, doubled or late pulse changes nothing but the delay.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from kernel.clock import Clock, machine_now
from tenants import events, jobs, lanes
from tenants.again import persistently
from tenants.models import Tenant

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


def _serving(only: Collection[str] | None) -> bool:
    """Whether any lane is among what is asked for."""
    return only is None or not _servers.keys().isdisjoint(only)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What there is to do at this moment."""

    #: Events without a number, and wishes that no lane has heard of yet.
    staged: bool
    wished: bool
    jobs: bool
    lanes: bool
    #: Work that is in a living process's hands.
    held: bool

    @property
    def due(self) -> bool:
        """Whether anything can be begun now."""
        return self.staged or self.wished or self.jobs or self.lanes


# These tables are queues: their indexes are full of what was there. A plain scan of an index forgets it on the way, a
# bitmap's reads it again every time.
_LOOK = """
SELECT set_config('app.sequencer', 'on', true), set_config('enable_bitmapscan', 'off', true);
SELECT
    %(serving)s AND EXISTS (SELECT 1 FROM tenants_stagedevent WHERE %(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s::uuid),
    %(serving)s AND EXISTS (SELECT 1 FROM tenants_wake WHERE %(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s::uuid),
    EXISTS (SELECT 1 FROM tenants_job WHERE due_at <= %(now)s AND parked_at IS NULL
            AND (leased_until IS NULL OR leased_until < %(now)s)
            AND (%(only)s::text[] IS NULL OR task = ANY(%(only)s::text[]))
            AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s::uuid)),
    %(serving)s AND EXISTS (SELECT 1 FROM tenants_lane l JOIN tenants_tenant t ON t.id = l.tenant_id
            WHERE l.next_at <= COALESCE(t.clock_frozen_at, %(now)s + t.clock_offset)
            AND (l.leased_until IS NULL OR l.leased_until < %(now)s)
            AND (%(only)s::text[] IS NULL OR l.kind = ANY(%(only)s::text[]))
            AND (%(tenant)s::uuid IS NULL OR l.tenant_id = %(tenant)s::uuid)),
    EXISTS (SELECT 1 FROM tenants_job WHERE leased_until >= %(now)s AND parked_at IS NULL
            AND (%(only)s::text[] IS NULL OR task = ANY(%(only)s::text[]))
            AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s::uuid))
    OR EXISTS (SELECT 1 FROM tenants_lane WHERE leased_until >= %(now)s
            AND (%(only)s::text[] IS NULL OR kind = ANY(%(only)s::text[]))
            AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s::uuid));
SELECT set_config('app.sequencer', '', true), set_config('enable_bitmapscan', 'on', true)
"""


def look(*, tenant_id: uuid.UUID | None = None, only: Collection[str] | None = None) -> Waiting:
    """What waits (of `only`), found with one question: most of the time it is nothing.

    Events and wishes wake lanes, so they do not count where only jobs are asked for.
    """
    given = {
        "now": machine_now(),
        "tenant": None if tenant_id is None else str(tenant_id),
        "only": None if only is None else list(only),
        "serving": _serving(only),
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, given)
        cursor.nextset()
        return Waiting(*cursor.fetchone())


def pulse(*, seconds: float = 5.0, tenant_id: uuid.UUID | None = None, only: Collection[str] | None = None) -> int:
    """Number events and serve what is due, for at most this long; returns how many pieces of work were done.

    `only`: the kinds of lanes and tasks of jobs that are served (see `known`); everything when it is not given.
    """
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until and (waiting := look(tenant_id=tenant_id, only=only)).due:
        made = turn(waiting, until=until, tenant_id=tenant_id, only=only)
        if not made:
            break
        done += made
    return done


def turn(waiting: Waiting, *, until: float, tenant_id: uuid.UUID | None, only: Collection[str] | None) -> int:
    """Number events once and serve some of what waits; returns how many pieces of work were done.

    `until`: the reading of `time.monotonic` from which on nothing more is begun. Celery ends a task that takes too
    long: what this one cannot begin is for the next.
    """
    done = events.sequence() if waiting.staged else 0
    if waiting.jobs:
        leased = jobs.lease(now=machine_now(), tenant_id=tenant_id, limit=50, tasks=only)
        done += jobs.perform_all(leased, until=until)
    if not _serving(only) or not (done or waiting.wished or waiting.lanes):
        return done
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
    while (waiting := look(tenant_id=tenant_id, only=only)).due or waiting.held:
        made = turn(waiting, until=time.monotonic() + 5.0, tenant_id=tenant_id, only=only) if waiting.due else 0
        done += made
        if time.monotonic() > until:
            raise TimeoutError(f"work of tenant {tenant_id} does not end after {seconds} s")
        if not (made or waiting.wished):
            time.sleep(0.005)  # the rest is in another process's hands
    return done


def idle(tenant_id: uuid.UUID, *, only: Collection[str] | None = None) -> bool:
    """Whether nothing of the tenant (of `only`) is due now or in a living process's hands."""
    waiting = look(tenant_id=tenant_id, only=only)
    return not (waiting.due or waiting.held)
