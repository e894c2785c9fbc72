"""Lists of decisions: every one, or each SendRequest's latest by the part of the gate that it is counted in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from compliance.models import Decision
from monitoring.gate import CAUSES, PARTS
from monitoring.models import SendStanding
from monitoring.periods import Period
from portfolio.models import Debtor
from portfolio.places import today_in
from workbench.access import PageRequest
from workbench.supervisor import filters as filters_of
from workbench.supervisor.filters import Filters

PAGE = 50
ORIGINS = ("step", "bot", "agent", "api", "system")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list was asked for; what could not be read is as if it had not been said."""

    filters: Filters
    always: bool  # no period: everything that stands so now
    part: str  # "" every decision; "all" or a part: each request's latest
    cause: str
    verdict: str
    rule: str
    origin: str
    debtor: Debtor | None
    request_id: uuid.UUID | None
    cursor: str

    @property
    def period(self) -> Period:
        """The days asked for."""
        return self.filters.period


def asked(request: PageRequest) -> Asked:
    """What the address says."""
    query = request.GET
    part, rule = query.get("part", ""), query.get("rule", "").strip().upper()[:30]
    return Asked(
        filters_of.read(request, default="7"), query.get("period") == "all",
        part if part == "all" or part in PARTS else "", query.get("cause", "") if query.get("cause") in CAUSES else "",
        query.get("verdict", "") if query.get("verdict") in Decision.Verdict.values else "", rule,
        query.get("origin", "") if query.get("origin") in ORIGINS else "", _debtor(query.get("debtor", "").strip()[:80]),
        filters_of.uuid_in(query.get("request")), query.get("cursor", "")[:80],
    )  # fmt: skip


def _debtor(text: str) -> Debtor | None:
    if not text:
        return None
    rows = Debtor.objects.select_related("person", "creditor")
    key = filters_of.uuid_in(text)
    return rows.filter(pk=key).first() if key else rows.filter(external_id=text).order_by("id").first()


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list."""

    rows: tuple[Decision, ...]
    next: str
    total: int | None  # known for parts: the number on the overview


def listed(ask: Asked, now: datetime, *, limit: int = PAGE) -> Listed:
    """One page, the newest first."""
    return _latest(ask, now, limit) if ask.part else _every(ask, limit)


def _latest(ask: Asked, now: datetime, limit: int) -> Listed:
    """The latest decision of each request in a part; as many rows as the overview counts."""
    period = ask.period
    if ask.always:
        today = today_in(period.country, now)
        period = Period(date(1990, 1, 1), today + timedelta(days=366), period.country)
    rows = SendStanding.objects.filter(day__gte=period.first, day__lte=period.last)
    rows = rows.filter(part__in=PARTS if ask.part == "all" else [ask.part])
    if ask.cause:
        rows = rows.filter(cause=ask.cause)
    if ask.filters.creditor_id:
        rows = rows.filter(creditor_id=ask.filters.creditor_id)
    if ask.origin:
        rows = rows.filter(origin=ask.origin)
    if ask.debtor:
        rows = rows.filter(debtor_id=ask.debtor.pk)
    total = rows.count()
    after = filters_of.uuid_in(ask.cursor)
    if after:
        rows = rows.filter(id__lt=after)
    found = list(rows.order_by("-id").values_list("id", "decision_id")[: limit + 1])
    decisions = Decision.objects.in_bulk([decision for _, decision in found[:limit]])
    shown = tuple(decisions[decision] for _, decision in found[:limit] if decision in decisions)
    return Listed(shown, str(found[limit - 1][0]) if len(found) > limit else "", total)


def _every(ask: Asked, limit: int) -> Listed:
    rows: QuerySet[Decision] = Decision.objects.all()
    if ask.request_id:
        rows = rows.filter(request_id=ask.request_id)
    elif ask.debtor:
        rows = rows.filter(person_id=ask.debtor.person_id, debtor_id=ask.debtor.pk)
    elif not ask.always:
        rows = rows.filter(decided_at__gte=ask.period.start, decided_at__lt=ask.period.end)
    if ask.filters.creditor_id:
        rows = rows.filter(creditor_id=ask.filters.creditor_id)
    if ask.verdict:
        rows = rows.filter(verdict=ask.verdict)
    if ask.origin:
        rows = rows.filter(origin=ask.origin)
    if ask.rule:
        rows = rows.filter(rules__contains=[ask.rule])
    before = _cursor(ask.cursor)
    if before:
        at, key = before
        rows = rows.filter(Q(decided_at__lt=at) | Q(decided_at=at, id__lt=key))
    found = list(rows.order_by("-decided_at", "-id")[: limit + 1])
    more = found[limit - 1] if len(found) > limit else None
    return Listed(tuple(found[:limit]), _mark(more) if more else "", None)


def _mark(row: Decision) -> str:
    return f"{row.decided_at.astimezone(UTC).isoformat()}~{row.pk}"


def _cursor(text: str) -> tuple[datetime, uuid.UUID] | None:
    at, _, key = text.partition("~")
    try:
        found = datetime.fromisoformat(at)
        return (found, uuid.UUID(key)) if found.tzinfo else None
    except ValueError:
        return None


def debtors_of(rows: Sequence[Decision]) -> dict[Any, Debtor]:
    """The debtors of these decisions with their persons and creditors, by id."""
    wanted = {row.debtor_id for row in rows if row.debtor_id}
    return {row.pk: row for row in Debtor.objects.select_related("person", "creditor").filter(pk__in=wanted)}
