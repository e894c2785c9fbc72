"""Lanes wake work: "this kind of work of this tenant is due at this business instant". The table has no wall.

A lane carries no work, only a time; the work is found in the tenant's own rows, so a lane that is woken twice, or
once too often, changes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

from tenants.scope import current_tenant_id

#: "Not until somebody wakes it."
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
#: "At once, whatever the organisation's clock says."
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased lane."""

    id: int
    tenant_id: uuid.UUID
    kind: str
    key: str
    wakes: int
    #: The end of the lease names it: who lost the lane to somebody else gives nothing back.
    leased_until: datetime


def wake(kind: str, key: str = "", *, at: datetime, tenant_id: uuid.UUID | None = None) -> None:
    """Make the lane due at `at` (business clock) if it is not due earlier."""
    wake_many([(tenant_id or current_tenant_id(), kind, key, at)])


def wake_many(lanes: Collection[tuple[uuid.UUID, str, str, datetime]]) -> None:
    """Wake several lanes in one statement. The wishes are inserted, never updated: no caller waits for another."""
    if not lanes:
        return
    earliest: dict[tuple[str, str, str], datetime] = {}
    for tenant, kind, key, at in lanes:
        lane = (str(tenant), kind, key)
        earliest[lane] = min(at, earliest.get(lane, at))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenants_wake (tenant_id, kind, key, at) SELECT t::uuid, k, y, a "
            "FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS x(t, k, y, a)",
            [
                [key[0] for key in earliest],
                [key[1] for key in earliest],
                [key[2] for key in earliest],
                list(earliest.values()),
            ],
        )


_COLLECT = """
WITH taken AS (
    DELETE FROM tenants_wake WHERE id = ANY (ARRAY(
        SELECT id FROM tenants_wake ORDER BY id LIMIT %(wishes)s FOR UPDATE SKIP LOCKED
    )) RETURNING tenant_id, kind, key, at
)
INSERT INTO tenants_lane (tenant_id, kind, key, next_at, wakes)
SELECT w.tenant_id, w.kind, w.key, min(w.at), count(*)
FROM taken w JOIN tenants_tenant t ON t.id = w.tenant_id
GROUP BY w.tenant_id, w.kind, w.key ORDER BY w.tenant_id, w.kind, w.key
ON CONFLICT (tenant_id, kind, key) DO UPDATE
SET next_at = LEAST(tenants_lane.next_at, excluded.next_at), wakes = tenants_lane.wakes + excluded.wakes
"""
#: Wishes that are moved at once.
WISHES = 10_000


def collect(limit: int = WISHES) -> int:
    """Move committed wishes into the lanes; returns how many lanes were woken. `claim` does it first.

    In lane order, so that two collectors cannot deadlock; each takes wishes that the other does not hold.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COLLECT, {"wishes": limit})
        return int(cursor.rowcount)


_CLAIM = """
UPDATE tenants_lane l SET leased_until = %(lease)s, served_at = %(now)s
FROM (
    SELECT due.id FROM tenants_lane due JOIN tenants_tenant t ON t.id = due.tenant_id
    WHERE due.next_at <= COALESCE(t.clock_frozen_at, %(now)s + t.clock_offset)
      AND (due.leased_until IS NULL OR due.leased_until < %(now)s)
      AND (%(tenant)s::uuid IS NULL OR due.tenant_id = %(tenant)s::uuid)
      AND (%(kinds)s::text[] IS NULL OR due.kind = ANY(%(kinds)s::text[]))
    ORDER BY due.served_at NULLS FIRST, due.next_at LIMIT %(limit)s
    FOR UPDATE OF due SKIP LOCKED
) picked
WHERE l.id = picked.id RETURNING l.id, l.tenant_id, l.kind, l.key, l.wakes, l.leased_until
"""


def claim(
    *, now: datetime, limit: int = 50, kinds: Collection[str] | None = None, tenant_id: uuid.UUID | None = None
) -> list[Claim]:
    """Lease due lanes (of these kinds), the longest unserved first, so that no tenant starves another.

    `now` is the machine's; each lane is compared with its tenant's business clock. Wishes are collected first, on the
    same way to the database: who collects waits for lanes in their order, and who claims waits for none.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_COLLECT};{_CLAIM}",
            {
                "wishes": WISHES,
                "now": now,
                "lease": now + timedelta(seconds=settings.LEASE_SECONDS),
                "tenant": str(tenant_id) if tenant_id else None,
                "kinds": None if kinds is None else list(kinds),
                "limit": limit,
            },
        )
        cursor.nextset()
        return [Claim(*row) for row in cursor.fetchall()]


def release(lane: Claim, *, next_at: datetime | None) -> None:
    """Give a lane back; it is due again at `next_at`, or at once if somebody woke it meanwhile. None: when woken.

    Does nothing when the lease ended and somebody else holds the lane: that one gives it back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_lane SET leased_until = NULL, "
            "next_at = CASE WHEN wakes = %s THEN %s ELSE LEAST(next_at, %s) END "
            "WHERE id = %s AND leased_until = %s",
            [lane.wakes, next_at or NEVER, next_at or NEVER, lane.id, lane.leased_until],
        )


def next_due(tenant_id: uuid.UUID, *, but: Collection[str] = ()) -> datetime | None:
    """The business instant of the tenant's next due lane, `but` of these kinds; None when nothing is planned."""
    collect()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(next_at) FROM tenants_lane WHERE tenant_id = %s AND kind <> ALL (%s::text[])",
            [str(tenant_id), list(but)],
        )
        (found,) = cursor.fetchone()
    return None if found is None or found >= NEVER else found
