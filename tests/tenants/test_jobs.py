"""Jobs: promised with the work, done once, backed off, parked, and fair between organisations."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction

from kernel.clock import machine_now
from kernel.ids import uuid7
from tenants import jobs
from tenants.jobs import LeaseLost, complete, enqueue, lease, park, perform, postpone, release_parked
from tenants.models import AuditEntry, Job
from tenants.scope import tenant_scope
from tests import factories
from tests.tenants.threads import together, workers

LEASE = timedelta(seconds=settings.LEASE_SECONDS + 1)


@pytest.fixture
def tenant():
    return factories.make_tenant()


@pytest.fixture
def task():
    """A name of its own for each test: the table has no wall."""
    name = f"test.{uuid7().hex[-12:]}"
    yield name
    Job.objects.filter(task=name).delete()
    jobs._handlers.pop(name, None)


@pytest.fixture
def done():
    """Writes into the tenant what a job did, in the transaction that completes it."""

    def record(job, **extra):
        AuditEntry.objects.create(
            at=factories.NOON, actor="test", action=job.task, subject="job", subject_id=job.subject, after=extra
        )

    return record


def effects(tenant, task):
    with tenant_scope(tenant.id):
        return sorted(AuditEntry.objects.filter(action=task).values_list("subject_id", flat=True))


def test_a_promise_that_is_rolled_back_was_never_made(tenant, task):
    with pytest.raises(KeyError), tenant_scope(tenant.id):
        enqueue(task, "a", tenant_id=tenant.id)
        raise KeyError
    assert lease(now=machine_now(), tasks=[task]) == []


def test_many_workers_do_each_job_once(tenant, task, done):
    for number in range(60):
        enqueue(task, number, tenant_id=tenant.id)

    def work():
        mine = 0
        while found := lease(now=machine_now(), tasks=[task], limit=7):
            for job in found:
                with tenant_scope(tenant.id):
                    done(job)
                    complete(job)
                mine += 1
        return mine

    counts = workers(6, work)
    while lease(now=machine_now(), tasks=[task]):  # a claim that met only locked rows may have left early
        work()
    assert effects(tenant, task) == sorted(map(str, range(60)))
    assert sum(counts) <= 60
    assert not Job.objects.filter(task=task).exists()


def test_the_same_promise_from_many_is_one(tenant, task):
    workers(8, lambda: enqueue(task, "same", tenant_id=tenant.id))
    assert Job.objects.filter(task=task).count() == 1


def test_a_worker_that_dies_between_lease_and_completion_is_followed_by_another(tenant, task, done):
    enqueue(task, "a", tenant_id=tenant.id)
    now = machine_now()
    [lost] = lease(now=now, tasks=[task])
    assert lease(now=now + timedelta(seconds=1), tasks=[task]) == []
    [taken] = lease(now=now + LEASE, tasks=[task])
    assert (taken.id, taken.tries) == (lost.id, 2)
    with tenant_scope(tenant.id):
        done(taken)
        complete(taken)
    # The first one was only slow. What it did meanwhile must not count a second time.
    with pytest.raises(LeaseLost), tenant_scope(tenant.id):
        done(lost)
        complete(lost)
    assert effects(tenant, task) == ["a"]


def test_a_slow_worker_changes_nothing_for_the_one_that_took_over(tenant, task):
    enqueue(task, "a", tenant_id=tenant.id)
    now = machine_now()
    [slow] = lease(now=now, tasks=[task])
    [taken] = lease(now=now + LEASE, tasks=[task])
    park(slow, "late")
    postpone(slow, until=now + timedelta(days=1))
    jobs.failed(slow, ValueError("late"))
    row = Job.objects.get(task=task)
    assert (row.parked_at, row.leased_until, row.error) == (None, taken.leased_until, "")
    complete(taken)


def test_work_promised_again_while_it_is_done_is_done_again(tenant, task):
    enqueue(task, "a", tenant_id=tenant.id)
    [job] = lease(now=machine_now(), tasks=[task])
    enqueue(task, "a", tenant_id=tenant.id)
    assert lease(now=machine_now(), tasks=[task]) == [], "two would work on it at once"
    complete(job)
    [again] = lease(now=machine_now() + timedelta(seconds=1), tasks=[task])
    complete(again)
    assert not Job.objects.filter(task=task).exists()


def test_the_earlier_instant_holds(tenant, task):
    now = machine_now()
    enqueue(task, "a", tenant_id=tenant.id, due_at=now + timedelta(hours=2))
    enqueue(task, "a", tenant_id=tenant.id, due_at=now + timedelta(hours=1))
    enqueue(task, "a", tenant_id=tenant.id, due_at=now + timedelta(hours=3))
    assert Job.objects.get(task=task).due_at == now + timedelta(hours=1)
    assert lease(now=now + timedelta(minutes=59), tasks=[task]) == []
    assert len(lease(now=now + timedelta(minutes=61), tasks=[task])) == 1


def test_postponing_does_not_count_as_a_try(tenant, task):
    enqueue(task, "a", tenant_id=tenant.id)
    now = machine_now()
    for day in range(1, 30):
        [job] = lease(now=now, tasks=[task])
        now += timedelta(days=day)
        postpone(job, until=now)
    assert job.tries == 1


def test_failing_backs_off_and_ends_parked(tenant, task, caplog):
    def fail(tenant_id, job):
        raise ValueError("the bank is on fire")

    jobs.handles(task)(fail)
    enqueue(task, "a", tenant_id=tenant.id)
    waits = []
    now = machine_now()
    for _ in range(jobs.MAX_TRIES):
        [job] = lease(now=now, tasks=[task])
        assert perform(job) is False
        row = Job.objects.get(task=task)
        waits.append((row.due_at - machine_now()).total_seconds())
        now = row.due_at + timedelta(seconds=1)
    assert [round(wait) for wait in waits[:-1]] == [2, 4, 8, 16, 32, 64, 128]
    assert row.parked_at is not None
    assert "the bank is on fire" in row.error
    assert "the bank is on fire" in caplog.text
    assert lease(now=now + timedelta(days=9), tasks=[task]) == [], "a parked job waits for a person"
    assert release_parked(row.id) and not release_parked(row.id)
    assert [job.tries for job in lease(now=machine_now(), tasks=[task])] == [1]


def test_a_failure_leaves_nothing_half_done(tenant, task, done):
    def fail(tenant_id, job):
        with tenant_scope(tenant_id):
            done(job)
            complete(job)
            raise ValueError

    jobs.handles(task)(fail)
    enqueue(task, "a", tenant_id=tenant.id)
    [job] = lease(now=machine_now(), tasks=[task])
    perform(job)
    assert effects(tenant, task) == []
    assert Job.objects.filter(task=task).exists()


def test_a_task_that_nobody_knows_is_parked_at_once(tenant, task):
    enqueue(task, "a", tenant_id=tenant.id)
    [job] = lease(now=machine_now(), tasks=[task])
    assert perform(job) is False
    assert "nothing here does" in Job.objects.get(task=task).error


def test_a_busy_organisation_does_not_starve_a_quiet_one(task):
    busy, quiet = factories.make_tenant(), factories.make_tenant()
    for number in range(30):
        enqueue(task, f"busy {number}", tenant_id=busy.id)
    for number in range(2):
        enqueue(task, f"quiet {number}", tenant_id=quiet.id)
    first = lease(now=machine_now(), tasks=[task], limit=4)
    assert sorted(str(job.tenant_id) for job in first) == sorted(map(str, [busy.id, busy.id, quiet.id, quiet.id]))


def test_only_one_tenants_jobs_when_asked(task):
    one, two = factories.make_tenant(), factories.make_tenant()
    enqueue(task, "1", tenant_id=one.id)
    enqueue(task, "2", tenant_id=two.id)
    assert [job.tenant_id for job in lease(now=machine_now(), tasks=[task], tenant_id=two.id)] == [two.id]


def test_what_was_postponed_while_a_claim_looked_is_not_taken(tenant, task):
    """The claim reads, another worker leases and postpones, the claim locks: it must look again."""
    enqueue(task, "a", tenant_id=tenant.id)
    now = machine_now()
    [job] = lease(now=now, tasks=[task])
    postpone(job, until=now + timedelta(days=1))
    stop, taken = threading.Event(), []

    def claim():
        while not stop.is_set():
            taken.extend(lease(now=now, tasks=[task]))

    def churn():
        for _ in range(200):
            with transaction.atomic():
                Job.objects.filter(task=task).update(due_at=now)
            with transaction.atomic():
                Job.objects.filter(task=task, leased_until=None).update(due_at=now + timedelta(days=1))
            for found in taken:
                assert found.due_at <= now
                postpone(found, until=now + timedelta(days=1))
            taken.clear()
        stop.set()

    together(claim, churn)


def test_two_organisations_promise_work_under_one_name(task):
    """The subject may be the same text in both: a date, a provider's id."""
    one, two = factories.make_tenant(), factories.make_tenant()
    enqueue(task, "2026-11", tenant_id=one.id)
    enqueue(task, "2026-11", tenant_id=two.id)
    assert {job.tenant_id for job in lease(now=machine_now(), tasks=[task])} == {one.id, two.id}


def test_a_strand_is_done_in_its_order_one_at_a_time(tenant, task):
    strand = f"thread:{uuid7()}"
    for number in range(3):
        enqueue(task, number, tenant_id=tenant.id, strand=strand)
    enqueue(task, "free", tenant_id=tenant.id)
    [first, free] = lease(now=machine_now(), tasks=[task])
    assert [first.subject, free.subject] == ["0", "free"]
    assert lease(now=machine_now(), tasks=[task]) == [], "the second waits for the first"
    jobs.failed(first, ValueError("later"))
    assert lease(now=machine_now(), tasks=[task]) == [], "and for its second try"
    jobs.park(lease(now=machine_now() + timedelta(hours=1), tasks=[task])[0], "never")
    [second] = lease(now=machine_now(), tasks=[task])
    assert second.subject == "1", "what is parked lets the others pass"
    complete(second)
    assert [job.subject for job in lease(now=machine_now(), tasks=[task])] == ["2"]


def test_jobs_of_a_kind_are_done_together_and_alone_when_one_is_bad(tenant, task, done, monkeypatch):
    calls = []

    def several(tenant_id, leased):
        calls.append([job.subject for job in leased])
        with tenant_scope(tenant_id):
            for job in leased[:-1]:  # the last one is left for a turn of its own
                if job.subject == "bad":
                    raise ZeroDivisionError
                done(job)
                complete(job)

    def single(tenant_id, job):
        calls.append(job.subject)
        with tenant_scope(tenant_id):
            if job.subject == "bad":
                raise ZeroDivisionError
            done(job)
            complete(job)

    monkeypatch.setitem(jobs._batches, task, several)
    monkeypatch.setitem(jobs._handlers, task, single)
    for subject in ("a", "b", "c"):
        enqueue(task, subject, tenant_id=tenant.id)
    later = time.monotonic() + 60
    assert jobs.perform_all(lease(now=machine_now(), tasks=[task]), until=later) == 3
    assert calls == [["a", "b", "c"], "c"]
    for subject in ("d", "bad", "e"):
        enqueue(task, subject, tenant_id=tenant.id)
    jobs.perform_all(lease(now=machine_now(), tasks=[task]), until=later)
    assert calls[2:] == [["d", "bad", "e"], "d", "bad", "e"]
    assert effects(tenant, task) == ["a", "b", "c", "d", "e"], "what was begun together was undone, and done once"
    [held] = Job.objects.filter(task=task)
    assert (held.subject, held.tries) == ("bad", 1)


def test_what_cannot_begin_in_time_is_given_back(tenant, task):
    enqueue(task, "a", tenant_id=tenant.id)
    assert jobs.perform_all(lease(now=machine_now(), tasks=[task]), until=time.monotonic() - 1) == 0
    [job] = lease(now=machine_now(), tasks=[task])
    assert job.tries == 1
