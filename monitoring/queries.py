"""What a supervisor's pages read: few questions over indexes and daily figures, never over messages one by one."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import sqrt
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, Q, Sum

from messaging.models import Conversation
from monitoring.attention import of_creditor, waits
from monitoring.figures import NEWS
from monitoring.gate import PARTS
from monitoring.models import Alert, SendStanding, Tally
from monitoring.periods import Period
from monitoring.services import DECIDED, OPEN, SIGNALS
from portfolio.models import Promise
from portfolio.places import today_in
from tenants import events
from tenants.models import Event, EventCursor, Membership
from tenants.scope import all_creditors, current_tenant_id


@dataclass(frozen=True, slots=True)
class Figures:
    """The daily figures of a period, added up: kind -> key -> (count, minor), money also by currency."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    minors: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def count(self, kind: str, key: str | None = None) -> int:
        """How many; over all keys without one."""
        return sum(n for (k, name), n in self.counts.items() if k == kind and key in (None, name))


def figures(period: Period, *, creditor_id: uuid.UUID | None = None) -> Figures:
    """All figures of a period with one question."""
    rows = Tally.objects.filter(day__gte=period.first, day__lte=period.last)
    if creditor_id is not None:
        rows = rows.filter(creditor_id=creditor_id)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    minors: dict[tuple[str, str, str], int] = defaultdict(int)
    for kind, key, currency, count, minor in rows.values_list("kind", "key", "currency").annotate(
        n=Sum("count"), m=Sum("minor")
    ):
        counts[kind, key] += int(count)
        if currency:
            minors[kind, key, currency] += int(minor)
    return Figures(dict(counts), dict(minors))


def figures_by_day(
    period: Period, kinds: Sequence[str], *, creditor_id: uuid.UUID | None = None
) -> list[tuple[date, str, str, str, int, int]]:
    """(day, kind, key, currency, count, minor) of these kinds, by day."""
    rows = Tally.objects.filter(day__gte=period.first, day__lte=period.last, kind__in=kinds)
    if creditor_id is not None:
        rows = rows.filter(creditor_id=creditor_id)
    return list(
        rows.values_list("day", "kind", "key", "currency").annotate(n=Sum("count"), m=Sum("minor")).order_by("day")
    )


def parts(found: Figures) -> list[tuple[str, int]]:
    """(part, requests) in the order of gate.PARTS; together they are all SendRequests of the period."""
    return [(part, found.count("gate", part)) for part in PARTS]


def deferred_causes(period: Period, *, creditor_id: uuid.UUID | None = None) -> dict[str, int]:
    """What holds back those that wait: hours, budget, channel."""
    rows = SendStanding.objects.filter(part="deferred", day__gte=period.first, day__lte=period.last)
    if creditor_id is not None:
        rows = rows.filter(creditor_id=creditor_id)
    return dict(rows.values_list("cause").annotate(n=Count("id")).order_by())


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the figures are: the reader's number and the log's."""

    read: int
    latest: int

    @property
    def behind(self) -> int:
        """Events that are not counted yet."""
        return max(0, self.latest - self.read)


def freshness() -> Freshness:
    """How far the figures' reader has come. Events that it does not care for do not hold it back."""
    with all_creditors():
        latest = events.latest()
        read = EventCursor.objects.filter(reader="figures").values_list("sequence", flat=True).first() or 0
        unread = 0
        if read < latest:
            unread = Event.objects.filter(sequence__gt=read, name__in=NEWS)[:1000].count()
    return Freshness(latest - unread, latest)


@dataclass(slots=True)
class Desk:
    """What one agent has before them."""

    user_id: uuid.UUID
    name: str
    role: str
    open: int = 0
    waiting: int = 0
    oldest: datetime | None = None
    last_at: datetime | None = None
    sent: int = 0
    alerts: int = 0
    alerts_open: int = 0


#: Columns of the board that it may be sorted by; the most urgent first.
SORTS = ("name", "open", "waiting", "oldest", "last", "sent", "alerts")


def board(period: Period, now: datetime, *, creditor_id: uuid.UUID | None = None, sort: str = "oldest") -> list[Desk]:
    """Everybody who answers debtors, and what stands on their desks now."""
    members = (
        Membership.objects.filter(tenant_id=current_tenant_id(), active=True, role__in=["agent", "supervisor", "admin"])
        .select_related("user")
        .order_by("user__name", "user__email")[:500]
    )
    desks = {one.user_id: Desk(one.user_id, one.user.name or one.user.email, one.role) for one in members}
    rows = of_creditor(
        Conversation.objects.filter(state=Conversation.State.OPEN, assignee_id__isnull=False), creditor_id
    ).values_list("assignee_id").annotate(
        n=Count("id"), waiting=Count("id", filter=waits(now)), oldest=Min("needs_human_at", filter=waits(now))
    ).order_by()  # fmt: skip
    for user_id, count, waiting, oldest in rows:
        if desk := desks.get(user_id):
            desk.open, desk.waiting, desk.oldest = count, waiting, oldest
    mine = Q() if creditor_id is None else Q(creditor_id=creditor_id)
    sent = SendStanding.objects.filter(
        mine, user_id__in=list(desks), requested_at__gte=period.start, requested_at__lt=period.end
    ).values_list("user_id").annotate(n=Count("id"), last=Max("requested_at")).order_by()  # fmt: skip
    for user_id, count, last in sent:
        desks[user_id].sent, desks[user_id].last_at = count, last
    found = Alert.objects.filter(
        mine, actor__in=[f"user:{key}" for key in desks], raised_at__gte=period.start, raised_at__lt=period.end
    ).values_list("actor").annotate(n=Count("id"), open=Count("id", filter=Q(state__in=OPEN))).order_by()  # fmt: skip
    for actor, count, still in found:
        desk = desks[uuid.UUID(actor.partition(":")[2])]
        desk.alerts, desk.alerts_open = count, still
    shown = [desk for desk in desks.values() if desk.role == "agent" or desk.open or desk.sent or desk.alerts]
    return sorted(shown, key=_order(sort))


def _order(sort: str) -> Any:
    far = 10.0**12
    keys = {
        "name": lambda desk: (desk.name.casefold(),),
        "open": lambda desk: (-desk.open, desk.name),
        "waiting": lambda desk: (-desk.waiting, desk.name),
        "oldest": lambda desk: (desk.oldest.timestamp() if desk.oldest else far, -desk.waiting, desk.name),
        "last": lambda desk: (-(desk.last_at.timestamp() if desk.last_at else 0), desk.name),
        "sent": lambda desk: (-desk.sent, desk.name),
        "alerts": lambda desk: (-desk.alerts, desk.name),
    }
    return keys.get(sort, keys["oldest"])


@dataclass(frozen=True, slots=True)
class Quality:
    """What reviews found. `sent` is the denominator: messages that the provider took in the period."""

    sent: int
    raised: int
    reviewed: int
    violations: int
    false_alarms: int
    by_class: tuple[tuple[str, int, int], ...]  # (class, raised, confirmed)

    @property
    def per_thousand(self) -> float | None:
        """Confirmed violations per 1,000 messages sent; None without any."""
        return self.violations / self.sent * 1000 if self.sent else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where that rate lies with 95 % confidence (Wilson), per 1,000."""
        if not self.sent or self.violations > self.sent:
            return None
        low, high = wilson(self.violations, self.sent)
        return low * 1000, high * 1000

    @property
    def reviewed_share(self) -> float | None:
        """Decided of raised."""
        return self.reviewed / self.raised if self.raised else None

    @property
    def false_share(self) -> float | None:
        """False alarms of decided."""
        return self.false_alarms / self.reviewed if self.reviewed else None


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    z, share = 1.96, hits / tries
    middle = share + z * z / (2 * tries)
    spread = z * sqrt(share * (1 - share) / tries + z * z / (4 * tries * tries))
    below = 1 + z * z / tries
    return max(0.0, (middle - spread) / below), min(1.0, (middle + spread) / below)


def quality(period: Period, sent: int, *, creditor_id: uuid.UUID | None = None) -> Quality:
    """Alerts about what we wrote in the period, and what reviews said of them."""
    rows = Alert.objects.filter(raised_at__gte=period.start, raised_at__lt=period.end).exclude(conduct__in=SIGNALS)
    if creditor_id is not None:
        rows = rows.filter(creditor_id=creditor_id)
    found: Counter[str] = Counter()
    confirmed: Counter[str] = Counter()
    states: Counter[str] = Counter()
    for conduct, state, count in rows.values_list("conduct", "state").annotate(n=Count("id")).order_by():
        found[conduct] += count
        states[state] += count
        if state == Alert.State.VIOLATION:
            confirmed[conduct] += count
    return Quality(
        sent, sum(states.values()), sum(states[state] for state in DECIDED), states[Alert.State.VIOLATION],
        states[Alert.State.FALSE_ALARM],
        tuple((name, count, confirmed[name]) for name, count in found.most_common()),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Promised:
    """Promises that fell due in the period."""

    kept: int
    broken: int
    open: int

    @property
    def due(self) -> int:
        """All that fell due and were not taken back."""
        return self.kept + self.broken + self.open

    @property
    def share(self) -> float | None:
        """Kept of decided."""
        decided = self.kept + self.broken
        return self.kept / decided if decided else None


def promised(period: Period, *, creditor_id: uuid.UUID | None = None) -> Promised:
    """Kept, broken and open of the promises that fall due in the period, up to today."""
    rows = Promise.objects.filter(
        due_on__gte=period.first, due_on__lte=period.last, state__in=["kept", "broken", "open"]
    )
    if creditor_id is not None:
        rows = rows.filter(creditor_id=creditor_id)
    found = dict(rows.values_list("state").annotate(n=Count("id")).order_by())
    return Promised(found.get("kept", 0), found.get("broken", 0), found.get("open", 0))


_OPEN_NOW = """
SELECT currency, CASE WHEN late <= 0 THEN 'current' WHEN late <= 30 THEN '1-30' WHEN late <= 60 THEN '31-60'
                      WHEN late <= 90 THEN '61-90' ELSE '90+' END AS bucket, sum(open_minor)::bigint
FROM (SELECT currency, open_minor, %(today)s::date - due_on AS late FROM portfolio_invoice
      WHERE tenant_id = %(tenant)s AND open_minor > 0 AND withdrawn_at IS NULL
        AND (%(creditor)s::uuid IS NULL OR creditor_id = %(creditor)s::uuid)) i
GROUP BY 1, 2
"""


def open_by_bucket(country: str, now: datetime, *, creditor_id: uuid.UUID | None = None) -> dict[tuple[str, str], int]:
    """(currency, bucket) -> what is open now, in minor units."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN_NOW,
            {"today": today_in(country, now), "tenant": str(current_tenant_id()),
             "creditor": str(creditor_id) if creditor_id else None},
        )  # fmt: skip
        return {(currency, name): int(minor) for currency, name, minor in cursor.fetchall()}


_REACHED = """
WITH written AS (
    SELECT DISTINCT debtor_id FROM monitoring_sendstanding
    WHERE tenant_id = %(tenant)s AND day >= %(first)s AND day <= %(last)s AND sent
      AND (%(creditor)s::uuid IS NULL OR creditor_id = %(creditor)s::uuid)
)
SELECT count(*), count(*) FILTER (WHERE EXISTS (
    SELECT 1 FROM messaging_message m JOIN messaging_conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id
    JOIN portfolio_contactpoint p ON p.tenant_id = c.tenant_id AND p.id = c.contact_point_id
    WHERE m.tenant_id = %(tenant)s AND m.debtor_id = written.debtor_id AND m.direction = 'in'
      AND m.at >= %(start)s AND m.at < %(end)s AND p.identity = 'verified'))
FROM written
"""


def right_party(period: Period, *, creditor_id: uuid.UUID | None = None) -> tuple[int, int]:
    """(debtors written to, of these: who answered from a contact whose owner is verified)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _REACHED,
            {"tenant": str(current_tenant_id()), "first": period.first, "last": period.last, "start": period.start,
             "end": period.end, "creditor": str(creditor_id) if creditor_id else None},
        )  # fmt: skip
        written, reached = cursor.fetchone()
    return int(written), int(reached)
