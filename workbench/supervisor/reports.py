"""Reports over time: recovery by bucket and currency, promises kept, right party reached, opt-outs and complaints."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kernel.money import Money
from monitoring import queries
from monitoring.models import Alert
from monitoring.periods import Period
from portfolio.ageing import BUCKETS
from workbench.access import PageRequest, page
from workbench.supervisor import filters as filters_of
from workbench.supervisor import panels, words
from workbench.supervisor.tables import csv_answer
from workbench.supervisor.views import LEADERS

#: More days than these are shown by week.
DAILY_MAX = 31
_HEIGHT, _WIDTH = 160.0, 1000.0


@dataclass(slots=True)
class Bar:
    """One day or week of one currency, split by bucket."""

    first: date
    last: date
    by_bucket: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BUCKETS, 0))
    total: Money | None = None
    amounts: list[Money] = field(default_factory=list)
    x: float = 0.0
    width: float = 0.0
    pieces: list[tuple[str, float, float]] = field(default_factory=list)  # (bucket, y, height)


@dataclass(frozen=True, slots=True)
class Chart:
    """Recovery of one currency over time."""

    currency: str
    bars: tuple[Bar, ...]
    total: Money
    top: Money
    sums: tuple[tuple[str, str, Money], ...]  # (bucket, label, sum)


@page(roles=LEADERS)
@require_safe
def reports(request: PageRequest) -> HttpResponse:
    """/o/<slug>/reports/?period=&creditor=; `?format=csv` is the recovery by day, bucket and currency."""
    filters = filters_of.read(request, default="30")
    period, creditor_id = filters.period, filters.creditor_id
    rows = queries.figures_by_day(period, ("recovered", "optout", "sent", "dispute"), creditor_id=creditor_id)
    if request.GET.get("format") == "csv":
        return csv_answer(_lines(rows, request.organisation.sandbox), f"recovery-{period.first}-{period.last}")
    found = queries.figures(period, creditor_id=creditor_id)
    sent = found.count("sent")
    written, reached = queries.right_party(period, creditor_id=creditor_id)
    complaints = Alert.objects.filter(conduct="complaint", raised_at__gte=period.start, raised_at__lt=period.end)
    if creditor_id is not None:
        complaints = complaints.filter(creditor_id=creditor_id)
    told = complaints.count()
    return render(request, "workbench/reports/reports.html", {
        "filters": filters, "charts": charts(rows, period), "recovery": panels.recovery(filters, found, request.now),
        "sent": sent, "written": written, "reached": reached, "reached_share": reached / written if written else None,
        "optouts": found.count("optout"), "optout_rate": found.count("optout") / sent * 1000 if sent else None,
        "complaints": told, "complaint_rate": told / sent * 1000 if sent else None,
        "behind": queries.freshness().behind, "simulated": request.organisation.sandbox, "buckets": words.BUCKETS,
        "width": _WIDTH, "height": _HEIGHT, "weekly": period.days > DAILY_MAX,
    })  # fmt: skip


def charts(rows: list[tuple[date, str, str, str, int, int]], period: Period) -> list[Chart]:
    """One chart per currency; what was taken back in a stretch lowers it to zero at the least."""
    step = 7 if period.days > DAILY_MAX else 1
    by_currency: dict[str, dict[date, Bar]] = defaultdict(dict)
    for day, kind, bucket, currency, _, minor in rows:
        if kind != "recovered":
            continue
        first = period.first + timedelta(days=(day - period.first).days // step * step)
        bar = by_currency[currency].setdefault(first, Bar(first, min(first + timedelta(days=step - 1), period.last)))
        bar.by_bucket[bucket] = bar.by_bucket.get(bucket, 0) + minor
    return [_chart(currency, bars, period, step) for currency, bars in sorted(by_currency.items())]


def _chart(currency: str, found: dict[date, Bar], period: Period, step: int) -> Chart:
    firsts = [period.first + timedelta(days=at) for at in range(0, period.days, step)]
    bars = [found.get(first, Bar(first, min(first + timedelta(days=step - 1), period.last))) for first in firsts]
    top = max((sum(max(0, minor) for minor in bar.by_bucket.values()) for bar in bars), default=0) or 1
    width = _WIDTH / len(bars)
    for place, bar in enumerate(bars):
        bar.x, bar.width = round(place * width + width * 0.12, 2), round(width * 0.76, 2)
        y = _HEIGHT
        for name in BUCKETS:
            height = max(0, bar.by_bucket[name]) / top * (_HEIGHT - 4)
            if height:
                y -= height
                bar.pieces.append((name, round(y, 2), round(height, 2)))
        bar.amounts = [Money.from_minor(bar.by_bucket[name], currency) for name in BUCKETS]
        bar.total = Money.from_minor(sum(bar.by_bucket.values()), currency)
    sums = {name: sum(bar.by_bucket[name] for bar in bars) for name in BUCKETS}
    return Chart(
        currency, tuple(bars), Money.from_minor(sum(sums.values()), currency), Money.from_minor(top, currency),
        tuple((name, str(words.BUCKETS[name]), Money.from_minor(minor, currency)) for name, minor in sums.items()),
    )  # fmt: skip


def _lines(rows: list[tuple[date, str, str, str, int, int]], simulated: bool) -> list[tuple[Any, ...]]:
    lines: list[tuple[Any, ...]] = [("day", "measure", "key", "currency", "value", "simulated")]
    for day, kind, key, currency, count, minor in rows:
        value: Any = Money.from_minor(minor, currency).amount if currency else count
        lines.append((day, kind, key, currency, value, int(simulated)))
    return lines
