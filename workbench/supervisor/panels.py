"""What the overview shows, panel by panel, as plain values for the template and for the CSV of what is seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from compliance.ledger import checks
from compliance.models import LedgerCheck
from kernel.clock import machine_now
from kernel.money import Money
from monitoring import queries
from monitoring.periods import Period, last_days
from monitoring.queries import Figures
from portfolio.ageing import BUCKETS
from workbench.supervisor import words
from workbench.supervisor.filters import Filters

#: Width of the gate's bar in its own units.
BAR = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the gate: how many requests, and where they stand in the bar."""

    name: str
    label: str
    means: str
    count: int
    share: float
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Gate:
    """All SendRequests of a period by their latest decision."""

    parts: tuple[Part, ...]
    total: int
    sent: int
    causes: tuple[tuple[str, str, int], ...]
    behind: int
    check: LedgerCheck | None


def gate(filters: Filters, found: Figures) -> Gate:
    """The gate's parts; they add up to `total` by construction, and every one opens its list."""
    counts = queries.parts(found)
    total = sum(count for _, count in counts)
    parts, x = [], 0.0
    for name, count in counts:
        if not count and name in ("other",):
            continue
        width = BAR * count / total if total else 0.0
        label, means = words.PARTS[name]
        parts.append(
            Part(name, str(label), str(means), count, count / total if total else 0.0, round(x, 2), round(width, 2))
        )
        x += width
    causes = queries.deferred_causes(filters.period, creditor_id=filters.creditor_id)
    told = tuple((key, str(words.CAUSES[key]), causes[key]) for key in words.CAUSES if causes.get(key))
    return Gate(tuple(parts), total, found.count("sent"), told, queries.freshness().behind, checks.newest_check())


def wants_check(check: LedgerCheck | None) -> bool:
    """Whether the last verification is old enough for a new one."""
    return check is None or check.checked_at < machine_now() - checks.EVERY


@dataclass(frozen=True, slots=True)
class Recovered:
    """One bucket of one currency: what came in, and what it is measured against."""

    bucket: str
    label: str
    currency: str
    came: Money
    base: Money  # came in + still open in the bucket
    share: float | None
    width: float


@dataclass(slots=True)
class Recovery:
    """Money and promises of a period, always with what they are measured against."""

    rows: list[Recovered] = field(default_factory=list)
    totals: list[tuple[str, Money, Money, float | None]] = field(default_factory=list)
    promised: queries.Promised = field(default_factory=lambda: queries.Promised(0, 0, 0))
    agreements: int = 0
    optouts: int = 0
    disputes: int = 0


def recovery(filters: Filters, found: Figures, now: datetime) -> Recovery:
    """What came in, by bucket and currency; the base of a bucket is what came in plus what is open in it now."""
    still = queries.open_by_bucket(filters.period.country, now, creditor_id=filters.creditor_id)
    came = {(currency, key): minor for (kind, key, currency), minor in found.minors.items() if kind == "recovered"}
    currencies = sorted({currency for currency, _ in [*still, *came]})
    made = Recovery(
        promised=queries.promised(_until(filters.period, now), creditor_id=filters.creditor_id),
        agreements=found.count("agreement"), optouts=found.count("optout"), disputes=found.count("dispute"),
    )  # fmt: skip
    for currency in currencies:
        most = max((came.get((currency, name), 0) for name in BUCKETS), default=0)
        for name in BUCKETS:
            got = came.get((currency, name), 0)
            base = got + still.get((currency, name), 0)
            if not base and not got:
                continue
            made.rows.append(
                Recovered(
                    name, str(words.BUCKETS[name]), currency, Money.from_minor(got, currency),
                    Money.from_minor(base, currency), got / base if base > 0 else None,
                    round(100 * got / most, 1) if most > 0 and got > 0 else 0.0,
                )
            )  # fmt: skip
        got = sum(came.get((currency, name), 0) for name in BUCKETS)
        base = got + sum(still.get((currency, name), 0) for name in BUCKETS)
        made.totals.append(
            (
                currency,
                Money.from_minor(got, currency),
                Money.from_minor(base, currency),
                got / base if base > 0 else None,
            )
        )
    return made


def _until(period: Period, now: datetime) -> Period:
    """A promise that is due tomorrow is not due yet."""
    today = last_days(1, period.country, now).last
    return Period(period.first, max(period.first, min(period.last, today)), period.country)


def lines(page: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Everything that is seen, as rows: panel, measure, key, currency, value, denominator."""
    rows: list[tuple[Any, ...]] = [("panel", "measure", "key", "currency", "value", "of")]
    period: Period = page["filters"].period
    rows.append(("filters", "period", f"{period.first}..{period.last}", "", period.days, ""))
    creditor = page["filters"].creditor
    rows.append(("filters", "creditor", creditor.external_id if creditor else "", "", "", ""))
    if page["simulated"]:
        rows.append(("filters", "simulated", "", "", 1, ""))
    rows += [("attention", tile.name, "", "", tile.count, "") for tile in page["tiles"]]
    rows += [("gate", "requests", part.name, "", part.count, page["gate"].total) for part in page["gate"].parts]
    rows.append(("gate", "sent", "", "", page["gate"].sent, page["gate"].total))
    quality = page["quality"]
    rows += [
        ("quality", "violations", "", "", quality.violations, quality.sent),
        ("quality", "reviewed", "", "", quality.reviewed, quality.raised),
        ("quality", "false_alarms", "", "", quality.false_alarms, quality.reviewed),
    ]
    rows += [("quality", "class", name, "", confirmed, raised) for name, raised, confirmed in quality.by_class]
    recovered: Recovery = page["recovery"]
    rows += [
        ("recovery", "recovered", row.bucket, row.currency, row.came.amount, row.base.amount) for row in recovered.rows
    ]
    rows.append(("recovery", "promises_kept", "", "", recovered.promised.kept, recovered.promised.due))
    rows.append(("recovery", "agreements", "", "", recovered.agreements, ""))
    rows += [("board", "open", desk.name, "", desk.open, "") for desk in page["desks"]]
    rows += [("board", "waiting", desk.name, "", desk.waiting, desk.open) for desk in page["desks"]]
    rows += [("board", "alerts", desk.name, "", desk.alerts, desk.sent) for desk in page["desks"]]
    return rows
