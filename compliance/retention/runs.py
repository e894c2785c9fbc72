"""The job: people in the order of their ids, then what goes by its own date, in steps that each are a transaction.

A run remembers where it stands, so that one that was stopped goes on; memory does not grow with the organisation. All
of a run is measured against one instant. Doing it twice changes nothing the second time.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction

from compliance.retention import certificates, holds, owner
from compliance.retention.accounts import accounts_of, laws_of
from compliance.retention.blanking import CHUNK, Work, blank, blank_plans, plans_of
from compliance.retention.holdings import dated
from compliance.retention.models import RetentionRun
from compliance.retention.periods import DATED
from compliance.retention.trail import write_down
from kernel.clock import machine_now
from portfolio.models import Person
from tenants.models import Tenant
from tenants.scope import current_tenant_id, tenant_scope

#: Persons per step.
PEOPLE = 100
#: A run begins so long after the one before it began.
EVERY = timedelta(hours=24)
ACTOR = "system:retention"


def waiting() -> list[Tenant]:
    """The organisations whose run is unfinished, or a day old: those that were never looked at first."""
    found: list[tuple[datetime, Tenant]] = []
    for tenant in Tenant.objects.order_by("id").iterator(chunk_size=200):
        with tenant_scope(tenant.pk):
            last = newest()
        if last is None:
            found.append((datetime.min.replace(tzinfo=UTC), tenant))
        elif last.finished_at is None or machine_now() - last.started_at >= EVERY:
            found.append((last.finished_at or last.started_at, tenant))
    return [tenant for _, tenant in sorted(found, key=lambda each: each[0])]


def newest() -> RetentionRun | None:
    """The newest run of the current organisation."""
    return RetentionRun.objects.order_by("-id").first()


def begin(*, actor: str, now: datetime) -> RetentionRun:
    """The unfinished run of the current organisation, or a new one as of `now` (business clock)."""
    found = RetentionRun.objects.filter(finished_at=None).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            at = machine_now()
            return RetentionRun.objects.create(actor=actor, started_at=at, as_of=now, machine_as_of=at)
    except IntegrityError:  # somebody else began one just now
        return RetentionRun.objects.get(finished_at=None)


def run_for(tenant: Tenant, *, actor: str = ACTOR, seconds: float | None = None) -> RetentionRun:
    """Begin a run or go on with one, for so long at most (None: to its end). Opens scopes of its own."""
    with tenant_scope(tenant.pk):
        run = begin(actor=actor, now=tenant.clock().now())
    own = owner.works_here()
    until = None if seconds is None else time.monotonic() + seconds
    while run.finished_at is None and (until is None or time.monotonic() < until):
        with tenant_scope(tenant.pk):
            run = _step(run.pk, own=own)
    return run


def rehearse(tenant: Tenant) -> tuple[RetentionRun, Work]:
    """What a run would blank now; nothing is changed or kept."""
    now, at = tenant.clock().now(), machine_now()
    run = RetentionRun(
        id=uuid.uuid4(), tenant_id=tenant.pk, actor=ACTOR, started_at=at, as_of=now, machine_as_of=at
    )  # fmt: skip
    work = Work(dry=True)
    while run.finished_at is None:
        with tenant_scope(tenant.pk):
            _advance(run, work)
    return run, work


def _step(run_id: uuid.UUID, *, own: bool) -> RetentionRun:
    """One step of a run, and what it did written down with it."""
    holds.lock()
    run = RetentionRun.objects.select_for_update(no_key=True).get(pk=run_id)
    if run.finished_at is not None:
        return run
    work = Work(own=own)
    finished = _advance(run, work)
    run.counts = _added(run.counts, work.plainly())
    run.held = dict(sorted((Counter(run.held) + work.held).items()))
    run.trouble = work.trouble or run.trouble
    run.save()
    if finished and (run.counts or run.trouble):
        write_down(
            "retention_run", by=run.actor, subject="compliance.retentionrun", subject_id=run.pk,
            after={"counts": run.counts, "held": run.held, "trouble": run.trouble},
        )  # fmt: skip
    return run


def _advance(run: RetentionRun, work: Work) -> bool:
    """Do one step; returns whether it was the last."""
    standing = holds.standing(run.as_of)
    if run.stage == "people":
        rows = Person.objects.order_by("id").values_list("pk", flat=True)
        people = list((rows.filter(pk__gt=run.after) if run.after else rows)[:PEOPLE])
        if not people:
            run.stage, run.after = "dated", None
            return False
        accounts = accounts_of(people, standing)
        laws = laws_of(account.country for mine in accounts.values() for account in mine)
        blank_plans(plans_of(accounts, laws, run.as_of, work), work)
        if not work.dry:
            certificates.renew(people, run.as_of, actor=ACTOR)
        run.after, run.people = people[-1], run.people + len(people)
        return False
    country = Tenant.objects.values_list("country", flat=True).get(pk=current_tenant_id())
    law, guarded, full = laws_of([country])[country], standing.guarded, False
    for name in DATED:
        period = law.rules[name].period
        if period is None:
            continue
        # Back by the longest that so many months can be: nothing goes a day early.
        back = timedelta(days=period.months * 31 + period.days)
        ends = run.as_of - back, run.machine_as_of - back
        for holding in dated(name):
            full = blank(holding, holding.find(*ends, guarded), work, most=CHUNK) >= CHUNK or full
    if work.dry or not full:
        run.finished_at = machine_now()
    return run.finished_at is not None


def _added(counts: dict[str, dict[str, int]], more: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    names = sorted({*counts, *more})
    return {name: dict(sorted((Counter(counts.get(name)) + Counter(more.get(name))).items())) for name in names}
