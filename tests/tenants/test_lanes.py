"""Lanes: who is woken is served, once at a time, on the organisation's own clock, and nobody oversleeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from kernel.clock import machine_now
from kernel.ids import uuid7
from tenants import lanes, work
from tenants.lanes import AT_ONCE, NEVER, claim, next_due, release, wake, wake_many
from tenants.models import Lane
from tenants.scope import tenant_scope
from tests import factories
from tests.tenants.threads import together, workers

LEASE = timedelta(seconds=settings.LEASE_SECONDS + 1)


@pytest.fixture
def tenant():
    return factories.make_tenant()


@pytest.fixture
def kind():
    name = f"t{uuid7().hex[-10:]}"
    yield name
    work._servers.pop(name, None)
    Lane.objects.filter(kind=name).delete()


def lane(tenant, kind, key=""):
    lanes.collect()
    return Lane.objects.get(tenant=tenant, kind=kind, key=key)


def test_an_earlier_wake_wins_and_a_later_one_changes_nothing(tenant, kind):
    now = machine_now()
    for hours in (5, 2, 9):
        wake(kind, at=now + timedelta(hours=hours), tenant_id=tenant.id)
    assert lane(tenant, kind).next_at == now + timedelta(hours=2)


def test_one_call_that_names_a_lane_twice_takes_the_earlier(tenant, kind):
    now = machine_now()
    wake_many([(tenant.id, kind, "", now), (tenant.id, kind, "", now + timedelta(hours=1))])
    assert lane(tenant, kind).next_at == now


def test_the_scope_says_whose_lane_it_is(tenant, kind):
    with tenant_scope(tenant.id):
        wake(kind, at=AT_ONCE)
    assert lane(tenant, kind)


def test_a_claimed_lane_is_nobody_elses(tenant, kind):
    wake(kind, at=machine_now(), tenant_id=tenant.id)
    now = machine_now()
    taken = workers(5, lambda: claim(now=now, tenant_id=tenant.id))
    assert sum(len(found) for found in taken) == 1


def test_a_lease_that_ends_is_taken_over(tenant, kind):
    now = machine_now()
    wake(kind, at=now, tenant_id=tenant.id)
    [first] = claim(now=now, tenant_id=tenant.id)
    [second] = claim(now=now + LEASE, tenant_id=tenant.id)
    release(first, next_at=None)  # it was only slow
    assert lane(tenant, kind).leased_until == second.leased_until
    assert claim(now=now + LEASE, tenant_id=tenant.id) == []
    release(second, next_at=None)
    assert lane(tenant, kind).next_at == NEVER


def test_a_wake_during_the_lease_is_not_slept_through(tenant, kind):
    now = machine_now()
    wake(kind, at=now, tenant_id=tenant.id)
    [taken] = claim(now=now, tenant_id=tenant.id)
    wake(kind, at=now, tenant_id=tenant.id)
    release(taken, next_at=None)
    assert len(claim(now=now, tenant_id=tenant.id)) == 1


def test_a_wake_for_a_planned_instant_during_the_lease(tenant, kind):
    now = machine_now()
    wake(kind, at=now, tenant_id=tenant.id)
    [taken] = claim(now=now, tenant_id=tenant.id)
    wake(kind, at=now + timedelta(hours=1), tenant_id=tenant.id)
    release(taken, next_at=now + timedelta(hours=5))
    assert lane(tenant, kind).next_at <= now + timedelta(hours=1)


def test_wakes_and_releases_at_once_lose_nothing(tenant, kind):
    """Every wake is followed by a serving that began after it."""
    seen: list[int] = []
    written: list[int] = []

    def serve(owner, key, clock):
        seen.append(len(written))

    work.serves(kind)(serve)
    wake(kind, at=AT_ONCE, tenant_id=tenant.id)

    def waker():
        for _ in range(100):
            written.append(1)
            wake(kind, at=AT_ONCE, tenant_id=tenant.id)

    def server():
        for _ in range(150):
            for found in claim(now=machine_now(), tenant_id=tenant.id):
                work.serve(found)

    together(waker, server, server)
    server()
    assert seen[-1] == 100
    assert lane(tenant, kind).next_at == NEVER


def test_a_lane_follows_its_organisations_clock(kind):
    ahead = factories.make_tenant(sandbox=True)
    frozen = factories.make_tenant(frozen=True, now=datetime(2026, 1, 1, tzinfo=UTC))
    now = machine_now()
    ahead.clock_offset = timedelta(days=10)
    ahead.save()
    wake(kind, at=now + timedelta(days=9), tenant_id=ahead.id)
    wake(kind, at=datetime(2026, 1, 2, tzinfo=UTC), tenant_id=frozen.id)
    assert len(claim(now=now, tenant_id=ahead.id)) == 1
    assert claim(now=now, tenant_id=frozen.id) == [], "its clock stands before that"
    assert next_due(frozen.id) == datetime(2026, 1, 2, tzinfo=UTC)
    frozen.clock_frozen_at = datetime(2026, 1, 2, tzinfo=UTC)
    frozen.save()
    assert len(claim(now=now, tenant_id=frozen.id)) == 1


def test_the_longest_unserved_goes_first(kind):
    tenants = [factories.make_tenant() for _ in range(3)]
    for tenant in tenants:
        for key in "abc":
            wake(kind, key, at=AT_ONCE, tenant_id=tenant.id)
    now = machine_now()
    served: list[tuple[object, str]] = []
    while len(served) < 9:
        now += timedelta(seconds=1)
        [found] = claim(now=now, limit=1)  # other tests' lanes may be due as well, and take their turn
        if found.kind == kind:
            served.append((found.tenant_id, found.key))
        release(found, next_at=AT_ONCE)
    assert len(set(served)) == 9, "one lane was served twice before another was served at all"


def test_a_server_that_fails_gets_the_lane_again(tenant, kind, caplog):
    calls = []

    def serve(owner, key, clock):
        calls.append(clock.now())
        with tenant_scope(owner.id):
            raise ValueError("broken")

    work.serves(kind)(serve)
    wake(kind, at=AT_ONCE, tenant_id=tenant.id)
    work.drain(tenant.id)
    assert len(calls) == 1
    row = lane(tenant, kind)
    assert row.leased_until is None
    assert timedelta(0) < row.next_at - machine_now() < timedelta(seconds=6)


def test_a_kind_that_this_process_does_not_know_is_not_forgotten(tenant, kind):
    wake(kind, at=AT_ONCE, tenant_id=tenant.id)
    [found] = claim(now=machine_now(), tenant_id=tenant.id)
    assert work.serve(found) is False
    assert lane(tenant, kind).next_at < machine_now() + timedelta(minutes=2)


def test_drain_serves_until_nothing_is_due(tenant, kind):
    left = [3]

    def serve(owner, key, clock):
        left[0] -= 1
        return clock.now() if left[0] else None

    work.serves(kind)(serve)
    wake(kind, at=AT_ONCE, tenant_id=tenant.id)
    assert work.drain(tenant.id) >= 3
    assert left == [0]
    assert next_due(tenant.id) is None


def test_drain_says_when_work_never_ends(tenant, kind):
    work.serves(kind)(lambda owner, key, clock: clock.now())
    wake(kind, at=AT_ONCE, tenant_id=tenant.id)
    with pytest.raises(TimeoutError):
        work.drain(tenant.id, seconds=0.1)


def test_the_module_keeps_its_ends_apart():
    assert AT_ONCE < factories.NOON < NEVER
    assert lanes.NEVER.tzinfo is UTC
