"""What the calendar brings: promises that were not kept, plans that broke, codes past their day."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from kernel.clock import Clock
from portfolio import search
from portfolio.queries import next_due
from portfolio.services import expire_payables, judge_agreements, judge_promises
from tenants import jobs, work
from tenants.models import Tenant
from tenants.scope import tenant_scope

BATCH = 200


@work.serves("due")
def judge(tenant: Tenant, key: str, clock: Clock) -> datetime | None:
    """Judge what fell due, a batch at a time; returns the next instant at which something can."""
    now = clock.now()
    with tenant_scope(tenant.pk):
        full = len(judge_promises(now, limit=BATCH)) == BATCH
        full = len(judge_agreements(now, limit=BATCH)) == BATCH or full
        full = expire_payables(now, limit=BATCH) == BATCH or full
        if full:
            return now
        at = next_due()
    # What another transaction held is asked for again a little later.
    return None if at is None else max(at, now + timedelta(minutes=5))


@jobs.handles(search.INDEX)
def index(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Make some persons findable who are older than the search's table, and promise to go on behind them."""
    with tenant_scope(tenant_id):
        last = search.index_after(None if job.subject == search.FROM_THE_START else uuid.UUID(job.subject))
        if last is not None:
            jobs.enqueue(search.INDEX, last, tenant_id=tenant_id)
        jobs.complete(job)
