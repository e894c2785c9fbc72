"""What a supervisor's pages read: few questions over indexes and daily figures, never over messages one by one."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import sqrt
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from messaging.models import Conversation, Message, MessageTemplate, Number
from monitoring.figures import NEWS
from monitoring.gate import PARTS
from monitoring.models import Alert, SendStanding, Tally
from monitoring.services import DECIDED, OPEN, SIGNALS
from portfolio.models import Debtor, Promise
from portfolio.places import start_of, today_in
from tenants import events
from tenants.models import Event, EventCursor, Membership
from tenants.scope import all_creditors, current_tenant_id

#: How long a debtor may wait for a person before the wait is late.
SLA = timedelta(minutes=30)
#: From here on an alert is severe.
SEVERE = 2
#: A promise judged today fell due at most so long ago.
_JUDGED_WITHIN = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the organisation's country, both ends included."""

    first: date
    last: date
    country: str

    @property
    def start(self) -> datetime:
        """The first instant."""
        return start_of(self.first, self.country)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return start_of(self.last + timedelta(days=1), self.country)

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def before(self) -> Period:
        """As many days just before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.country)


def last_days(days: int, country: str, now: datetime) -> Period:
    """The last so many days, today included."""
    today = today_in(country, now)
    return Period(today - timedelta(days=days - 1), today, country)


# --- the strip of attention -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tile:
    """count · oldest · trend: `before` is the same figure yesterday at this hour; None when nobody kept it."""

    name: str
    count: int
    oldest: datetime | None = None
    today: int | None = None
    before: int | None = None
    next_at: datetime | None = None
    detail: tuple[int, ...] = ()


def attention(country: str, now: datetime, *, creditor_id: uuid.UUID | None = None) -> list[Tile]:
    """The six tiles: severe, waiting, held, broken, channels, signals."""
    start = start_of(today_in(country, now), country)
    day = timedelta(days=1)
    mine = Q() if creditor_id is None else Q(creditor_id=creditor_id)
    severe = Q(severity__gte=SEVERE) & ~Q(conduct__in=SIGNALS)
    told = Q(conduct__in=SIGNALS)
    is_open = Q(state__in=OPEN)
    alerts = Alert.objects.filter(mine).filter(is_open | Q(raised_at__gte=start - day)).aggregate(
        severe=Count("id", filter=severe & is_open), severe_oldest=Min("raised_at", filter=severe & is_open),
        severe_today=Count("id", filter=severe & Q(raised_at__gte=start)),
        severe_before=Count("id", filter=severe & Q(raised_at__gte=start - day, raised_at__lt=now - day)),
        told=Count("id", filter=told & is_open), told_oldest=Min("raised_at", filter=told & is_open),
        told_today=Count("id", filter=told & Q(raised_at__gte=start)),
        told_before=Count("id", filter=told & Q(raised_at__gte=start - day, raised_at__lt=now - day)),
    )  # fmt: skip
    waits = waiting_conversations(now, creditor_id=creditor_id).aggregate(n=Count("id"), oldest=Min("needs_human_at"))
    held = SendStanding.objects.filter(mine, part="deferred").aggregate(
        n=Count("id"), oldest=Min("requested_at"), next=Min("next_at")
    )
    broken = broken_promises(start, creditor_id=creditor_id).aggregate(n=Count("id"), oldest=Min("decided_at"))
    kept_before = broken_promises(start - day, creditor_id=creditor_id).filter(decided_at__lt=now - day).count()
    numbers = unhealthy_numbers(now).count()
    templates = unusable_templates().count()
    return [
        Tile("severe", alerts["severe"], alerts["severe_oldest"], alerts["severe_today"], alerts["severe_before"]),
        Tile("waiting", waits["n"], waits["oldest"]),
        Tile("held", held["n"], held["oldest"], next_at=held["next"]),
        Tile("broken", broken["n"], broken["oldest"], broken["n"], kept_before),
        Tile("channels", numbers + templates, detail=(numbers, templates)),
        Tile("signals", alerts["told"], alerts["told_oldest"], alerts["told_today"], alerts["told_before"]),
    ]


def waiting_conversations(now: datetime, *, creditor_id: uuid.UUID | None = None) -> QuerySet[Conversation]:
    """Open conversations that have waited for a person for longer than SLA, the longest first."""
    rows = Conversation.objects.filter(_waits(now), state=Conversation.State.OPEN, needs_human_at__lt=now - SLA)
    return _of_creditor(rows, creditor_id).order_by("needs_human_at", "id")


def _waits(now: datetime) -> Q:
    """A debtor waits for a person: since the oldest word that needs one, not since a word that needs no answer."""
    return Q(needs_human_at__isnull=False) & (Q(snoozed_until=None) | Q(snoozed_until__lte=now))


def _of_creditor(rows: QuerySet[Conversation], creditor_id: uuid.UUID | None) -> QuerySet[Conversation]:
    if creditor_id is None:
        return rows
    return rows.filter(debtor_id__in=Debtor.objects.filter(creditor_id=creditor_id).values("id"))


def broken_promises(since: datetime, *, creditor_id: uuid.UUID | None = None) -> QuerySet[Promise]:
    """Promises found broken since then."""
    rows = Promise.objects.filter(
        state=Promise.State.BROKEN, due_on__gte=(since - _JUDGED_WITHIN).date(), decided_at__gte=since
    )
    return rows if creditor_id is None else rows.filter(creditor_id=creditor_id)


def unhealthy_numbers(now: datetime) -> QuerySet[Number]:
    """Numbers that cannot send now, with their account."""
    return Number.objects.filter(
        Q(stopped_at__isnull=False)
        | Q(account__paused_at__isnull=False)
        | (Q(paused_at__isnull=False) & (Q(paused_until=None) | Q(paused_until__gt=now)))
    ).select_related("account")


def unusable_templates() -> QuerySet[MessageTemplate]:
    """Templates that WhatsApp rejected, paused or took away."""
    return MessageTemplate.objects.filter(status__in=["rejected", "paused", "disabled"]).order_by("-updated_at", "id")


# --- the gate ---------------------------------------------------------------------------------------------------------


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


# --- people at work ---------------------------------------------------------------------------------------------------


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
    rows = _of_creditor(
        Conversation.objects.filter(state=Conversation.State.OPEN, assignee_id__isnull=False), creditor_id
    ).values_list("assignee_id").annotate(
        n=Count("id"), waiting=Count("id", filter=_waits(now)), oldest=Min("needs_human_at", filter=_waits(now))
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


# --- quality ----------------------------------------------------------------------------------------------------------


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


# --- money ------------------------------------------------------------------------------------------------------------


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


# --- reviews ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Queue:
    """Open alerts as they are reviewed: escalated first, then by severity, the oldest first."""

    rows: tuple[Alert, ...]
    total: int
    oldest: datetime | None


def review_queue(
    *, kind: str = "", creditor_id: uuid.UUID | None = None, state: str = "", limit: int = 100,
    period: Period | None = None, actor: uuid.UUID | None = None,
) -> Queue:  # fmt: skip
    """What waits for a review (or, with `state` decided, the newest verdicts). `kind`: severe, signals, conduct or ''."""
    rows = Alert.objects.all()
    if creditor_id is not None:
        rows = rows.filter(creditor_id=creditor_id)
    if kind == "severe":
        rows = rows.filter(severity__gte=SEVERE).exclude(conduct__in=SIGNALS)
    elif kind == "signals":
        rows = rows.filter(conduct__in=SIGNALS)
    elif kind == "conduct":
        rows = rows.exclude(conduct__in=SIGNALS)
    if period is not None:
        rows = rows.filter(raised_at__gte=period.start, raised_at__lt=period.end)
    if actor is not None:
        rows = rows.filter(actor=f"user:{actor}")
    rows = rows.select_related("conversation__person", "message")
    if state in DECIDED:
        rows = rows.filter(state=state)
    elif state == "decided":
        rows = rows.filter(state__in=DECIDED)
    elif state != "all":
        rows = rows.filter(state__in=OPEN)
        sums = rows.aggregate(n=Count("id"), oldest=Min("raised_at"))
        ordered = rows.order_by("escalated_at", "-severity", "raised_at", "id")
        return Queue(tuple(ordered[:limit]), sums["n"], sums["oldest"])
    return Queue(tuple(rows.order_by("-raised_at", "-id")[:limit]), rows.count(), None)


def open_severe() -> int:
    """How many open alerts cannot wait, about our conduct or a debtor's distress: the number in the rail."""
    return Alert.objects.filter(state__in=OPEN, severity__gte=SEVERE).count()


def raised_since(at: datetime) -> list[Alert]:
    """Open severe alerts that were raised since an instant of the machine's clock, the gravest first."""
    first = uuid.UUID(int=int(at.timestamp() * 1000) << 80)  # ids begin with the machine's time
    rows = Alert.objects.filter(state__in=OPEN, id__gte=first, severity__gte=SEVERE)
    return list(rows.order_by("-severity", "-id")[:20])


def history_of(actor: str, *, since: datetime, but: uuid.UUID | None = None) -> dict[str, Any]:
    """What reviews found about one author since then: sums by state, and the newest alerts."""
    rows = Alert.objects.filter(actor=actor, raised_at__gte=since)
    states = dict(rows.values_list("state").annotate(n=Count("id")).order_by())
    newest = (rows if but is None else rows.exclude(pk=but)).order_by("-raised_at", "-id")[:5]
    return {"states": states, "total": sum(states.values()), "newest": list(newest)}


def around(conversation_id: uuid.UUID, message: Message, *, each_side: int = 3) -> list[Message]:
    """The message with so many before and after it in its thread."""
    rows = Message.objects.filter(conversation_id=conversation_id)
    before = rows.filter(Q(at__lt=message.at) | Q(at=message.at, id__lt=message.pk)).order_by("-at", "-id")[:each_side]
    after = rows.filter(Q(at__gt=message.at) | Q(at=message.at, id__gt=message.pk)).order_by("at", "id")[:each_side]
    return [*reversed(before), message, *after]


def names_of(user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Colleagues' names; only of this organisation's people."""
    rows = Membership.objects.filter(tenant_id=current_tenant_id(), user_id__in=[one for one in user_ids if one])
    return {row.user_id: row.user.name or row.user.email for row in rows.select_related("user")}
