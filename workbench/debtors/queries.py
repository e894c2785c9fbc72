"""The list of debtors: filters, keyset pages, sums of exactly what is filtered; and who can be contacted."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from compliance.models import Stop
from kernel.money import Money
from messaging.sequences.outlook import outlooks
from portfolio.ageing import BUCKETS, days_overdue
from portfolio.models import Agreement, Debtor, Dispute, Promise
from portfolio.queries import search
from workbench.debtors.blockers import Blocker, blockers

PAGE = 50
FOUND_MAX = 300
CSV_MAX = 50_000
SORTS = ("amount", "oldest")
STATES = ("promise", "agreement", "disputed", "stopped", "unreachable", "paid", "withdrawn")
#: First and last day late of each bucket.
_DAYS: dict[str, tuple[int | None, int | None]] = {
    "current": (None, 0), "1-30": (1, 30), "31-60": (31, 60), "61-90": (61, 90), "90+": (91, None),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for, as the address says it; unknown values are none."""

    q: str = ""
    creditor: uuid.UUID | None = None
    bucket: str = ""
    label: str = ""
    state: str = ""
    sort: str = "amount"
    cursor: str = ""

    @classmethod
    def of(cls, query: Any) -> Filters:
        """Read an address's query."""
        try:
            creditor = uuid.UUID(query.get("creditor", "")) if query.get("creditor") else None
        except ValueError:
            creditor = None
        sort = query.get("sort", "amount")
        return cls(
            q=query.get("q", "").strip()[:200],
            creditor=creditor,
            bucket=query.get("bucket", "") if query.get("bucket") in BUCKETS else "",
            label=query.get("label", "")[:40],
            state=query.get("state", "") if query.get("state") in STATES else "",
            sort=sort if sort in SORTS else "amount",
            cursor=query.get("cursor", "")[:80],
        )

    @property
    def any(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.q or self.creditor or self.bucket or self.label or self.state)


def filtered(filters: Filters, today: date) -> QuerySet[Debtor]:
    """The debtors that the filters ask for, in no order."""
    rows = Debtor.objects.all()
    if filters.state == "withdrawn":
        rows = rows.filter(withdrawn_at__isnull=False)
    else:
        rows = rows.filter(withdrawn_at=None)
    if filters.creditor:
        rows = rows.filter(creditor_id=filters.creditor)
    if filters.bucket:
        first, last = _DAYS[filters.bucket]
        rows = rows.filter(oldest_due_on__isnull=False)
        if last is not None:
            rows = rows.filter(oldest_due_on__gte=today - timedelta(days=last))
        if first is not None:
            rows = rows.filter(oldest_due_on__lte=today - timedelta(days=first))
    if filters.label:
        rows = rows.filter(labels__contains=[filters.label])
    if filters.q:
        rows = rows.filter(person_id__in=search(filters.q, FOUND_MAX))
    if filters.state == "promise":
        rows = rows.filter(Exists(Promise.objects.filter(debtor_id=OuterRef("pk"), state="open")))
    elif filters.state == "agreement":
        rows = rows.filter(Exists(Agreement.objects.filter(debtor_id=OuterRef("pk"), state="active")))
    elif filters.state == "disputed":
        rows = rows.filter(Exists(Dispute.objects.filter(debtor_id=OuterRef("pk"), state="open")))
    elif filters.state == "stopped":
        rows = rows.filter(
            Exists(
                Stop.objects.filter(
                    Q(creditor_id=None) | Q(creditor_id=OuterRef("creditor_id")), person_id=OuterRef("person_id"),
                    lifted_at=None,
                )
            )
        )  # fmt: skip
    elif filters.state == "paid":
        rows = rows.filter(open_minor__lte=0)
    if filters.sort == "oldest":
        rows = rows.filter(oldest_due_on__isnull=False)
    return rows


def ordered(rows: QuerySet[Debtor], filters: Filters) -> QuerySet[Debtor]:
    """In the order that is asked for, with what a row shows."""
    order = ("oldest_due_on", "id") if filters.sort == "oldest" else ("-open_minor", "id")
    return rows.select_related("person", "creditor").order_by(*order)


def page_of(rows: QuerySet[Debtor], filters: Filters) -> tuple[list[Debtor], str]:
    """One page behind the cursor, and the cursor of the next one ('' at the end)."""
    found = ordered(rows, filters)
    value, _, key = filters.cursor.rpartition(":")
    if value and key:
        try:
            after = uuid.UUID(key)
            if filters.sort == "oldest":
                day = date.fromisoformat(value)
                found = found.filter(Q(oldest_due_on__gt=day) | Q(oldest_due_on=day, id__gt=after))
            else:
                minor = int(value)
                found = found.filter(Q(open_minor__lt=minor) | Q(open_minor=minor, id__gt=after))
        except ValueError:
            pass
    listed = list(found[: PAGE + 1])
    if len(listed) <= PAGE:
        return listed, ""
    last = listed[PAGE - 1]
    mark = last.oldest_due_on.isoformat() if filters.sort == "oldest" and last.oldest_due_on else last.open_minor
    return listed[:PAGE], f"{mark}:{last.pk}"


def sums(rows: QuerySet[Debtor]) -> tuple[int, list[Money]]:
    """How many, and what they owe by currency."""
    counted = rows.order_by().values_list("currency").annotate(Count("id"), Sum("open_minor"))
    total, money = 0, []
    for currency, count, minor in sorted(counted):
        total += count
        if currency:
            money.append(Money.from_minor(int(minor or 0), currency))
    return total, money


@dataclass(slots=True)
class Line:
    """A debtor in the list."""

    debtor: Debtor
    days_late: int | None
    states: list[str]


def lines(found: Sequence[Debtor], today: date) -> list[Line]:
    """Debtors with their states, in four queries however many they are."""
    ids = [debtor.pk for debtor in found]
    people = {debtor.person_id for debtor in found}
    promised = set(Promise.objects.filter(debtor_id__in=ids, state="open").values_list("debtor_id", flat=True))
    kept = set(Agreement.objects.filter(debtor_id__in=ids, state="active").values_list("debtor_id", flat=True))
    denied = set(Dispute.objects.filter(debtor_id__in=ids, state="open").values_list("debtor_id", flat=True))
    halted: dict[uuid.UUID, set[uuid.UUID | None]] = defaultdict(set)
    for person_id, creditor_id in Stop.objects.filter(person_id__in=people, lifted_at=None).values_list(
        "person_id", "creditor_id"
    ):
        halted[person_id].add(creditor_id)
    result = []
    for debtor in found:
        states = [
            name
            for name, members in (("promise", promised), ("agreement", kept), ("disputed", denied))
            if debtor.pk in members
        ]
        if halted.get(debtor.person_id, set()) & {None, debtor.creditor_id}:
            states.append("stopped")
        if debtor.open_minor <= 0:
            states.append("paid")
        late = days_overdue(debtor.oldest_due_on, today) if debtor.oldest_due_on and debtor.open_minor > 0 else None
        result.append(Line(debtor, late, states))
    return result


def csv_lines(rows: QuerySet[Debtor], filters: Filters, today: date) -> Iterator[list[Any]]:
    """The filtered debtors, line by line, in the list's order."""
    found = ordered(rows, filters)[:CSV_MAX]
    batch: list[Debtor] = []
    for debtor in found.iterator(chunk_size=2000):
        batch.append(debtor)
        if len(batch) == 2000:
            yield from _csv(batch, today)
            batch = []
    yield from _csv(batch, today)


def _csv(batch: list[Debtor], today: date) -> Iterator[list[Any]]:
    for line in lines(batch, today) if batch else ():
        debtor = line.debtor
        yield [
            debtor.external_id, debtor.person.name, debtor.creditor.name,
            str(Money.from_minor(debtor.open_minor, debtor.currency).amount), debtor.currency,
            debtor.oldest_due_on.isoformat() if debtor.oldest_due_on else "",
            "" if line.days_late is None else line.days_late, " ".join(line.states), " ".join(debtor.labels),
            debtor.balance_as_of.isoformat() if debtor.balance_as_of else "",
        ]  # fmt: skip


def labels(creditor_id: uuid.UUID | None = None, *, sample: int = 5000) -> list[str]:
    """Labels that debtors carry, the most frequent first; of the newest rows where there are very many."""
    rows = Debtor.objects.filter(creditor_id=creditor_id) if creditor_id else Debtor.objects.all()
    counted: Counter[str] = Counter()
    for own in rows.order_by("-id").values_list("labels", flat=True)[:sample]:
        counted.update(own)
    return [name for name, _ in counted.most_common(30)]


# --- who can be contacted

#: Debtors that one page looks at; beyond, those with the largest balances stand for all, and the page says so.
LOOKED_AT = 1500
#: How the rules begin that hold everywhere.
COMMON_RULES = ("X-", "LD-")


@dataclass(slots=True)
class Reason:
    """A reason for which debtors cannot be contacted, with who they are."""

    blocker: Blocker
    key: str = ""
    debtors: list[Debtor] = field(default_factory=list)
    minor: Counter[str] = field(default_factory=Counter)

    @property
    def money(self) -> list[Money]:
        """What they owe."""
        return [Money.from_minor(minor, currency) for currency, minor in sorted(self.minor.items())]


@dataclass(slots=True)
class Contactable:
    """Of `looked_at` debtors with something open, `reachable` can be contacted; the reasons for the others."""

    total: int
    looked_at: int
    reachable: int
    later: int
    reasons: list[Reason]


def contactable_of(creditor_id: uuid.UUID | None, *, now: datetime) -> Contactable:
    """Ask the gate about every debtor with something open, in one pass and a constant number of queries.

    A debtor for whom several things stand in the way counts under each of them, once for each.
    """
    rows = Debtor.objects.filter(withdrawn_at=None, open_minor__gt=0)
    if creditor_id is not None:
        rows = rows.filter(creditor_id=creditor_id)
    total = rows.count()
    found = list(rows.order_by("-open_minor", "id").select_related("person", "creditor")[:LOOKED_AT])
    plans = outlooks([debtor.pk for debtor in found], now=now)
    by_reason: dict[str, Reason] = {}
    reachable = later = 0
    for debtor in found:
        plan = plans[debtor.pk]
        if plan.reachable:
            reachable += 1
            later += bool(plan.outlook and not plan.outlook.decision.allowed)
            continue
        for key, blocker in _general(blockers(plan, hard=True)):
            reason = by_reason.setdefault(key, Reason(blocker, key))
            reason.debtors.append(debtor)
            reason.minor[debtor.currency] += debtor.open_minor
    reasons = sorted(by_reason.values(), key=lambda reason: -len(reason.debtors))
    return Contactable(total, len(found), reachable, later, reasons)


def _general(found: Iterable[Blocker]) -> Iterator[tuple[str, Blocker]]:
    """One reason per thing to be mended, by the rule of the country where several rules ask for the same.

    Consent lacks in several ways (none, expired, withdrawn, without evidence), and each is a reason of its own.
    """
    mended: dict[str, Blocker] = {}
    for blocker in sorted(found, key=lambda each: each.rule.startswith(COMMON_RULES)):
        mended.setdefault(blocker.subject or blocker.text, blocker)
    for blocker in mended.values():
        key = blocker.rule or blocker.text
        yield f"{key} {blocker.state}" if blocker.state else key, blocker
