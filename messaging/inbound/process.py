"""Reads stored webhook bodies: every update in its own savepoint, so that one bad one stops no other."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial

from messaging.channels.whatsapp.receive import Inbound, Malformed, Other, Status, updates
from messaging.inbound import arrivals, changes, statuses
from messaging.models import Number
from tenants import jobs
from tenants.again import passing
from tenants.events import Emit, emit
from tenants.models import RawInbound, Tenant
from tenants.scope import tenant_scope

log = logging.getLogger("trato.inbound")
#: Messages that are taken in with one transaction.
TOGETHER = 100


@jobs.handles("messaging.inbound")
def process(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Read one stored body. What cannot be read is quarantined with its reason; the rest of the queue goes on."""
    raw = RawInbound.objects.get(pk=job.subject)
    tenant = Tenant.objects.get(pk=tenant_id)
    clock = tenant.clock()
    if raw.body is None:
        jobs.complete(job)
        return
    try:
        found = list(updates(bytes(raw.body)))
    except Malformed as error:
        _quarantine(tenant, raw, job, str(error))
        return
    now = clock.now()
    reports = [update for update in found if isinstance(update, Status)]
    rest = [update for update in found if not isinstance(update, Status)]
    troubles: list[str] = []
    # Statuses first: they settle what we do not know, and there are many of them.
    for start in range(0, len(reports), 500):
        batch = reports[start : start + 500]
        if not _tried(raw, troubles, tenant_id, partial(statuses.apply, batch, now=now)):
            troubles.pop()  # one of them is bad: each by itself finds out which
            for report in batch:
                _tried(raw, troubles, tenant_id, partial(statuses.apply, [report], now=now))
    for group in _apart(rest):
        if isinstance(group, Other):
            _tried(raw, troubles, tenant_id, partial(changes.apply, group, now=clock.now()))
        elif not _tried(raw, troubles, tenant_id, partial(_arrive, group, now=clock.now())) and len(group) > 1:
            troubles.pop()
            for update in group:
                _tried(raw, troubles, tenant_id, partial(_arrive, [update], now=clock.now()))
    if troubles and job.tries < jobs.MAX_TRIES:
        raise RuntimeError("; ".join(troubles)[:2000])  # the whole body again later: what was done is done once
    with tenant_scope(tenant_id):
        if troubles:
            jobs.park(job, "; ".join(troubles))
        else:
            jobs.complete(job)


def _tried(raw: RawInbound, troubles: list[str], tenant_id: uuid.UUID, work: Callable[[], object]) -> bool:
    """Do one piece in a transaction of its own; its failure is noted and stops no other.

    Raises when it is the database that is away.
    """
    try:
        with tenant_scope(tenant_id):
            work()
    except Exception as error:
        if passing(error):
            raise  # the whole body again when it is back
        log.exception("an update of body %s could not be processed", raw.pk)
        troubles.append(f"{type(error).__name__}: {error}")
        return False
    return True


def _apart(updates: Iterable[Inbound | Other]) -> Iterator[list[Inbound] | Other]:
    """Messages to one number from people who each wrote once, together; the order of the body is kept."""
    group: list[Inbound] = []
    seen: set[tuple[str, str]] = set()
    for update in updates:
        who = arrivals.address_of(update)[:2] if isinstance(update, Inbound) else ("", "")
        fits = who not in seen and len(group) < TOGETHER
        if group and not (fits and isinstance(update, Inbound) and update.phone_number_id == group[0].phone_number_id):
            yield group
            group, seen = [], set()
        if isinstance(update, Inbound):
            group.append(update)
            seen.add(who)
        else:
            yield update
    if group:
        yield group


def _arrive(group: Sequence[Inbound], *, now: datetime) -> None:
    number = Number.objects.filter(provider_id=group[0].phone_number_id, channel="whatsapp").first()
    if number is not None:
        arrivals.arrive(number, group, now=now)


def _quarantine(tenant: Tenant, raw: RawInbound, job: jobs.Leased, reason: str) -> None:
    with tenant_scope(tenant.pk):
        jobs.park(job, f"quarantined: {reason}")
        emit(
            Emit(
                "inbound.quarantined", "tenants.rawinbound", raw.pk, tenant.clock().now(), data={"reason": reason[:200]}
            )
        )


__all__ = ["process"]
