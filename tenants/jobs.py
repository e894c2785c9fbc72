"""Work promised in the transaction that needs it, and completed in the one that records its outcome.

A service never calls Celery: it calls `enqueue`. A job is one unit of work of one subject; doing it twice must
change nothing, because a worker may die after the work and before the lease is given back.
"""

from __future__ import annotations

import logging
import time
import traceback
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import connection

from kernel.clock import machine_now
from tenants.again import passing, persistently
from tenants.models import Job

log = logging.getLogger("trato.work")

MAX_TRIES = 8
#: task name -> function(tenant_id, job); it opens its own scope and calls `complete` inside it.
_handlers: dict[str, Callable[[uuid.UUID, Leased], None]] = {}
#: task name -> function(tenant_id, jobs): the same for several at once, where that is cheaper; all or nothing.
_batches: dict[str, Callable[[uuid.UUID, list[Leased]], None]] = {}


class LeaseLost(RuntimeError):
    """The lease ended and somebody else took the job: what was done here must be rolled back."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A job that this process, and no other, works on until its lease ends.

    `leased_until` names the lease and `due_at` the promise: who comes back too late changes nothing, and work that is
    promised again while it is being done is done again.
    """

    id: int
    tenant_id: uuid.UUID | None
    task: str
    subject: str
    tries: int
    leased_until: datetime
    due_at: datetime


def handles(task: str) -> Callable[[Callable[[uuid.UUID, Leased], None]], Callable[[uuid.UUID, Leased], None]]:
    """Register the function that does the jobs of this name."""

    def register(function: Callable[[uuid.UUID, Leased], None]) -> Callable[[uuid.UUID, Leased], None]:
        _handlers[task] = function
        return function

    return register


def handles_many(
    task: str,
) -> Callable[[Callable[[uuid.UUID, list[Leased]], None]], Callable[[uuid.UUID, list[Leased]], None]]:
    """Register a function that does several jobs of this name in one transaction, beside the one for a single job.

    It completes those that it has done; what it leaves, and everything when it raises, is done one by one.
    """

    def register(function: Callable[[uuid.UUID, list[Leased]], None]) -> Callable[[uuid.UUID, list[Leased]], None]:
        _batches[task] = function
        return function

    return register


def known() -> frozenset[str]:
    """The names of the jobs that this process can do."""
    return frozenset(_handlers)


def enqueue(
    task: str, subject: object, *, tenant_id: uuid.UUID | None, due_at: datetime | None = None, strand: str = ""
) -> None:
    """Promise work; a second promise for the same subject is the same promise, kept at the earlier instant.

    Of one `strand` (a conversation, say) one job at a time is done, the one promised first before the others; the
    caller holds a lock on what the strand is about, or nobody can say which was first.
    Promised again while somebody works on it, the work is done once more, for it may not have seen this caller's rows.
    """
    enqueue_all(task, [(subject, strand)], tenant_id=tenant_id, due_at=due_at)


def enqueue_all(
    task: str, promised: Collection[tuple[object, str]], *, tenant_id: uuid.UUID | None, due_at: datetime | None = None
) -> None:
    """Promise several pieces of work at once, in this order: (subject, strand) of each."""
    now = machine_now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenants_job AS job (tenant_id, task, subject, strand, due_at, tries, error, created_at) "
            "SELECT %s, %s, s, t, %s, 0, '', %s FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS x(s, t, n) "
            "ORDER BY n ON CONFLICT ON CONSTRAINT tenants_job_once DO UPDATE SET due_at = CASE "
            "WHEN job.leased_until IS NULL THEN excluded.due_at "
            "ELSE greatest(excluded.due_at, job.due_at + interval '1 microsecond') END "
            "WHERE job.leased_until IS NOT NULL OR excluded.due_at < job.due_at",
            [
                tenant_id, task, due_at or now, now, [str(subject) for subject, _ in promised],
                [strand for _, strand in promised],
            ],
        )  # fmt: skip


def lease(
    *, now: datetime, limit: int = 50, tasks: Collection[str] | None = None, tenant_id: uuid.UUID | None = None
) -> list[Leased]:
    """Take due jobs, a fair share of every tenant first (the first of each, then the second of each, ...).

    Only those called `tasks`, if that is given. A job waits for the earlier ones of its strand, be they due or not;
    a parked one lets the others pass.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH due AS (
                SELECT id, row_number() OVER (PARTITION BY tenant_id ORDER BY due_at, id) AS turn
                FROM tenants_job q
                WHERE due_at <= %(now)s AND parked_at IS NULL AND (leased_until IS NULL OR leased_until < %(now)s)
                  AND (%(tasks)s::text[] IS NULL OR task = ANY(%(tasks)s::text[]))
                  AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s::uuid)
                  AND (strand = '' OR NOT EXISTS (SELECT 1 FROM tenants_job former WHERE former.strand = q.strand
                       AND former.strand <> '' AND former.id < q.id AND former.parked_at IS NULL))
                ORDER BY turn, id LIMIT %(limit)s
            ), picked AS (
                SELECT j.id FROM tenants_job j JOIN due USING (id)
                WHERE j.due_at <= %(now)s AND j.parked_at IS NULL
                  AND (j.leased_until IS NULL OR j.leased_until < %(now)s)
                FOR UPDATE OF j SKIP LOCKED
            )
            UPDATE tenants_job j SET leased_until = %(until)s, tries = j.tries + 1 FROM picked
            WHERE j.id = picked.id
            RETURNING j.id, j.tenant_id, j.task, j.subject, j.tries, j.leased_until, j.due_at
            """,
            {
                "now": now,
                "until": now + timedelta(seconds=settings.LEASE_SECONDS),
                "tasks": None if tasks is None else list(tasks),
                "tenant": str(tenant_id) if tenant_id else None,
                "limit": limit,
            },
        )
        return sorted((Leased(*row) for row in cursor.fetchall()), key=lambda job: job.id)


def complete(*jobs: Leased) -> None:
    """Delete done jobs, in the transaction that recorded what they did; one promised again meanwhile stays.

    Raises LeaseLost, so that this transaction rolls back, when another process has taken one of them over.
    """
    held = [(job.id, job.leased_until) for job in jobs]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT job.id, job.due_at FROM tenants_job job JOIN unnest(%s::bigint[], %s::timestamptz[]) "
            "AS held(id, leased_until) USING (id, leased_until) ORDER BY job.id FOR UPDATE OF job",
            [[number for number, _ in held], [until for _, until in held]],
        )
        found: dict[int, datetime] = dict(cursor.fetchall())
        if lost := [job for job in jobs if job.id not in found]:
            raise LeaseLost(", ".join(f"{job.task} {job.subject}" for job in lost))
        again = [job.id for job in jobs if found[job.id] != job.due_at]
        cursor.execute("UPDATE tenants_job SET leased_until = NULL, tries = 0 WHERE id = ANY(%s)", [again])
        cursor.execute("DELETE FROM tenants_job WHERE id = ANY(%s)", [[n for n in found if n not in again]])


def postpone(job: Leased, *, until: datetime) -> None:
    """Do it later; the waiting does not count as a try."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_job SET due_at = %s, leased_until = NULL, tries = greatest(tries - 1, 0) "
            "WHERE id = %s AND leased_until = %s",
            [until, job.id, job.leased_until],
        )


def park(job: Leased, reason: str) -> None:
    """Set a job aside for a person: it stays, with its reason, and nothing else waits for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_job SET parked_at = %s, error = %s, leased_until = NULL "
            "WHERE id = %s AND leased_until = %s",
            [machine_now(), reason[:4000], job.id, job.leased_until],
        )
    log.error("job %s %s of tenant %s is parked: %s", job.task, job.subject, job.tenant_id, reason)


def release_parked(job_id: int) -> bool:
    """Try a parked job again; False when it is not parked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_job SET parked_at = NULL, error = '', tries = 0, due_at = %s "
            "WHERE id = %s AND parked_at IS NOT NULL",
            [machine_now(), job_id],
        )
        return bool(cursor.rowcount)


def failed(job: Leased, error: BaseException) -> None:
    """Back off exponentially, and park after MAX_TRIES."""
    text = "".join(traceback.format_exception_only(error)).strip()
    if job.tries >= MAX_TRIES:
        park(job, text)
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_job SET due_at = %s, leased_until = NULL, error = %s WHERE id = %s AND leased_until = %s",
            [machine_now() + timedelta(seconds=2**job.tries), text[:4000], job.id, job.leased_until],
        )


def _give_back(job: Leased, error: Exception) -> None:
    """Note the failure; when the database itself was away, that says nothing about the job and is no try."""
    if passing(error):
        log.warning("job %s %s waits for the database: %s", job.task, job.subject, error)
        persistently(lambda: postpone(job, until=machine_now() + timedelta(seconds=2)))
    else:
        persistently(lambda: failed(job, error))


def perform(job: Leased) -> bool:
    """Run one leased job; a failure is recorded on it and returned as False, never raised."""
    handler = _handlers.get(job.task)
    if handler is None or job.tenant_id is None:
        park(job, f"nothing here does jobs called {job.task}")
        return False
    try:
        handler(job.tenant_id, job)
    except LeaseLost:
        return False  # rolled back; whoever holds it now does it
    except Exception as error:  # whatever went wrong belongs to this job alone
        connection.close_if_unusable_or_obsolete()
        _give_back(job, error)
        return False
    return True


def perform_all(leased: Sequence[Leased], *, until: float) -> int:
    """Run leased jobs, together where their task can; returns how many were begun.

    What cannot begin before `until` (of the process's own clock) is given back for the next turn.
    """
    begun = 0
    for (task, tenant_id), group in _grouped(leased):
        if time.monotonic() < until and len(group) > 1 and tenant_id is not None and task in _batches:
            left = _together(task, tenant_id, group)
            begun += len(group) - len(left)
            group = left
        for job in group:
            if time.monotonic() >= until:
                postpone(job, until=job.due_at)
                continue
            perform(job)
            begun += 1
    return begun


def _grouped(leased: Sequence[Leased]) -> Iterator[tuple[tuple[str, uuid.UUID | None], list[Leased]]]:
    """Neighbours that may be done together, the order kept."""
    for key, group in groupby(leased, key=lambda job: (job.task, job.tenant_id)):
        yield key, list(group)


def _together(task: str, tenant_id: uuid.UUID, group: list[Leased]) -> list[Leased]:
    """Do these in one transaction; returns those that are to be done alone."""
    try:
        _batches[task](tenant_id, group)
    except Exception:  # whatever it was belongs to one of them: alone it says to which
        log.warning("%s jobs of %s are done one by one", len(group), task, exc_info=True)
        connection.close_if_unusable_or_obsolete()
        return group
    held = set(Job.objects.filter(pk__in=[job.id for job in group]).values_list("pk", "leased_until"))
    return [job for job in group if (job.id, job.leased_until) in held]
