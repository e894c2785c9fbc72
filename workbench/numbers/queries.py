"""Numbers and their health: what our own tables know. What Meta says is asked by messaging.checkup."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from kernel.clock import machine_now
from messaging.models import MessageTemplate, Number, Outbound
from portfolio.models import Creditor
from portfolio.places import start_of, today_in
from tenants.models import InboundRoute, RawInbound, Tenant

_SENT, _FAILED = {"accepted"}, {"refused"}


@dataclass(frozen=True, slots=True)
class Health:
    """A number with everything that says whether it works."""

    number: Number
    creditor: str
    standing: str  # sends | stopped | paused | account_paused
    why: str
    sent: int
    failed: int
    uncertain: int
    queued: int
    templates: dict[str, int]
    heard_at: datetime | None
    route: InboundRoute | None


def health(tenant: Tenant, now: datetime, number_id: uuid.UUID | None = None) -> list[Health]:
    """Every number (or the one); six queries, whatever their number."""
    numbers = Number.objects.select_related("account").order_by("address")
    if number_id is not None:
        numbers = numbers.filter(pk=number_id)
    rows = list(numbers)
    counts: dict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    since, first = (
        start_of(today_in(tenant.country, now), tenant.country),
        _first_id(machine_now() - timedelta(hours=25)),
    )
    # Ids begin with the machine's time, and a business day is never longer than a machine's: the key's range is short.
    today = Outbound.objects.filter(id__gte=first, sending_at__gte=since).values_list("number_id", "state")
    for number_id_, state, count in today.annotate(Count("id")).order_by():
        counts[number_id_][state] = count
    queue = Outbound.objects.filter(state=Outbound.State.QUEUED).values_list("number_id")
    queued = dict(queue.annotate(Count("id")).order_by())
    templates: dict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    by_status = MessageTemplate.objects.values_list("account_id", "status").annotate(Count("id")).order_by()
    for account_id, status, count in by_status:
        templates[account_id][status] = count
    routes = {row.subject_id: row for row in InboundRoute.objects.filter(tenant=tenant, kind="whatsapp", active=True)}
    heard = _heard(tenant, [route.pk for route in routes.values()])
    names = dict(Creditor.objects.values_list("pk", "name"))
    found = []
    for row in rows:
        route, told = routes.get(row.account_id), counts[row.pk]
        standing, why = _standing(row, now)
        found.append(Health(
            number=row, creditor=names.get(row.account.creditor_id, "") if row.account.creditor_id else "",
            standing=standing, why=why, sent=sum(told.get(state, 0) for state in _SENT),
            failed=sum(told.get(state, 0) for state in _FAILED), uncertain=told.get("uncertain", 0),
            queued=queued.get(row.pk, 0), templates=templates[row.account_id],
            heard_at=heard.get(route.pk) if route else None, route=route,
        ))  # fmt: skip
    return found


def _heard(tenant: Tenant, route_ids: list[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When the newest body of each route came in, among the newest thousand of the organisation."""
    newest = (
        RawInbound.objects.filter(tenant_id=tenant.pk).order_by("-id").values_list("route_id", "received_at")[:1000]
    )
    found: dict[uuid.UUID, datetime] = {}
    for route_id, at in newest:
        found.setdefault(route_id, at)
    for route_id in route_ids:
        if route_id not in found:
            older = RawInbound.objects.filter(tenant_id=tenant.pk, route_id=route_id).order_by("-id")
            last = older.values_list("received_at", flat=True).first()
            if last is not None:
                found[route_id] = last
    return found


def _standing(row: Number, now: datetime) -> tuple[str, str]:
    if row.stopped_at:
        return "stopped", row.stopped_reason
    if row.account.paused_at:
        return "account_paused", row.account.pause_detail or row.account.pause_code
    if row.paused_at and (row.paused_until is None or row.paused_until > now):
        return "paused", row.pause_code
    return "sends", ""


def _first_id(at: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of an instant."""
    return uuid.UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62))
