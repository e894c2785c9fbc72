"""An organisation's own rules in the shape that people edit: hours, closed dates and limits. They only tighten.

What the organisation relaxes stands in the same layer (`relax`); it is kept as it is here, and changed by two people
(compliance/services/relaxing.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from compliance.decide import RuleSet
from compliance.decide.compiling import interval
from compliance.decide.days import hhmm
from compliance.decide.rules import WEEK, Intervals
from compliance.models import RuleLayer
from compliance.rulesets import Book, OwnLayers, compose_place, open_book, save_layer
from kernel.errors import DomainError, Words
from tenants.models import Tenant
from tenants.scope import current_tenant_id

#: Periods in local days for which an organisation may set a limit of its own.
PERIODS = (7, 30)
BLACKOUT = "blackout"
CLOSED_MAX = 120
_WHOLE = ["00:00", "24:00"]
_DAYS = {
    "mon": Words("Monday"), "tue": Words("Tuesday"), "wed": Words("Wednesday"), "thu": Words("Thursday"),
    "fri": Words("Friday"), "sat": Words("Saturday"), "sun": Words("Sunday"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRules:
    """What an organisation adds. A day that is absent from `hours` has no limit of its own, None closes it."""

    hours: Mapping[str, tuple[str, str] | None] = field(default_factory=dict)
    closed: tuple[tuple[date, str], ...] = ()  # (day, why), in order
    caps: Mapping[int, int] = field(default_factory=dict)  # local days -> contacts


@dataclass(frozen=True, slots=True)
class Standing:
    """The own rules that hold, the layer that holds them, and what they are laid over."""

    rules: OwnRules
    layer: RuleLayer | None
    base: RuleSet  # without the own rules
    other: Mapping[str, Any]  # of the layer, not edited here


def own_rules(now: datetime) -> Standing:
    """The current organisation's own rules at `now`, and the rules of its country that they tighten."""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    layer = (
        RuleLayer.objects.filter(level=RuleLayer.Level.TENANT, owner_id=tenant.pk, effective_from__lte=now)
        .exclude(effective_to__lte=now)
        .order_by("-effective_from", "-id")
        .first()
    )
    data = dict(layer.data) if layer else {}
    other = {key: value for key, value in data.items() if key not in ("windows", "closed_days", "caps")}
    kept_days = [row for row in data.get("closed_days") or () if row.get("day") != BLACKOUT]
    kept_caps = [row for row in data.get("caps") or () if not _ours(row)]
    other |= ({"closed_days": kept_days} if kept_days else {}) | ({"caps": kept_caps} if kept_caps else {})
    base = _base(open_book([], now), tenant, as_layer(OwnRules(), other))
    return Standing(_read(data), layer, base, other)


def effective(standing: Standing, rules: OwnRules, now: datetime) -> RuleSet:
    """The organisation's rule set with these own rules. Raises DomainError when they cannot be."""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    return _base(open_book([], now), tenant, as_layer(rules, standing.other))


def check(standing: Standing, rules: OwnRules, *, today: date) -> None:
    """Raise DomainError, with a pointer, for what would not tighten: wider hours, larger limits, more than fits."""
    base = {day: _common(standing.base, place) for place, day in enumerate(WEEK)}
    for day, pair in rules.hours.items():
        if pair is None:
            continue
        start, end = interval(pair, day)
        whole = base[day]
        if not whole:
            raise DomainError(
                "own_hours_closed", "%(day)s is closed by the rules already: leave its hours empty",
                pointer=f"/hours/{day}", day=_DAYS[day],
            )  # fmt: skip
        if start < whole[0][0] or end > whole[-1][1]:
            raise DomainError(
                "own_hours_wider", "%(day)s: the rules allow %(from)s to %(to)s, and your own hours may only be shorter",
                pointer=f"/hours/{day}", day=_DAYS[day], **{"from": hhmm(whole[0][0]), "to": hhmm(whole[-1][1])},
            )  # fmt: skip
    closed_before = {day for day, _ in standing.rules.closed}
    for closed, _ in rules.closed:
        if closed < today and closed not in closed_before:
            raise DomainError(
                "own_day_past", "%(day)s is over: a closed day lies ahead", pointer="/closed", day=str(closed)
            )
        if (closed - today).days > 800:
            raise DomainError(
                "own_day_far", "%(day)s is too far ahead: two years at most", pointer="/closed", day=str(closed)
            )
    if len(rules.closed) > CLOSED_MAX:
        raise DomainError("own_days_many", "at most %(n)s closed days fit", pointer="/closed", n=CLOSED_MAX)
    for days, count in rules.caps.items():
        if days not in PERIODS or count < 1:
            raise DomainError("own_cap_range", "a limit is one contact or more", pointer=f"/caps/{days}")
        most = most_contacts(standing.base, days)
        if most is not None and count >= most:
            raise DomainError(
                "own_cap_wider", "the rules allow %(most)s contacts in %(days)s days: your own limit must be lower",
                pointer=f"/caps/{days}", most=most, days=days,
            )  # fmt: skip


def tighten(
    rules: OwnRules, *, known: uuid.UUID | None, author: str, reason: str, now: datetime, today: date
) -> RuleLayer:
    """Make these the organisation's own rules from now on; every process follows with its next decision.

    `known` is the layer that was shown to whoever decided this. Raises DomainError when it has been replaced since,
    when nothing changes, without a reason, or when something would not tighten.
    """
    Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    standing = own_rules(now)
    if (standing.layer.pk if standing.layer else None) != known:
        raise DomainError(
            "rules_changed",
            "somebody changed your organisation's rules meanwhile: look at them again, then change them",
        )
    if not reason.strip():
        raise DomainError("reason_missing", "say why: it is kept with the change", pointer="/reason")
    if rules == standing.rules:
        raise DomainError("nothing_changed", "nothing is different from what holds now")
    check(standing, rules, today=today)
    return save_layer(
        RuleLayer.Level.TENANT, current_tenant_id(), as_layer(rules, standing.other), author=author, reason=reason.strip(),
        now=now,
    )  # fmt: skip


def as_layer(rules: OwnRules, other: Mapping[str, Any]) -> dict[str, Any]:
    """The layer's data: what is edited here, and what stands beside it."""
    data = dict(other)
    if not rules.hours:
        data.pop("windows_rule", None)  # the name of hours that there are none of
    if rules.hours:
        data["windows"] = {
            day: (list(rules.hours[day]) if rules.hours[day] else None) if day in rules.hours else list(_WHOLE)  # type: ignore[arg-type]
            for day in WEEK
        }
    days = [{"day": BLACKOUT, "dates": [day.isoformat()], "note": why} for day, why in sorted(rules.closed)]
    if days:
        data["closed_days"] = [*days, *data.get("closed_days", ())]
    caps = [
        {
            "id": f"TENANT-CAP-{days}D", "scope": "debtor", "channels": "all", "count": count,
            "per": {"value": days, "unit": "local_days", "kind": "rolling"}, "spacing": None,
        }
        for days, count in sorted(rules.caps.items())
    ]  # fmt: skip
    if caps:
        data["caps"] = [*caps, *data.get("caps", ())]
    return data


def most_contacts(ruleset: RuleSet, days: int) -> int | None:
    """How many WhatsApp contacts a rule set allows within so many local days at most; None without any limit."""
    caps, _, _ = ruleset.plans["collection"].by_channel("whatsapp")
    found = [cap.limit * -(-days // cap.days) for cap in caps]
    return min(found, default=None)


def _base(book: Book, tenant: Tenant, own: Mapping[str, Any]) -> RuleSet:
    return compose_place(
        book.packs(), tenant.country, (), default=tenant.default_rules, own=OwnLayers(tenant=own or None)
    )


def _common(ruleset: RuleSet, weekday: int) -> Intervals:
    """The hours that all windows leave open on a weekday that no rule closes."""
    if any(weekday in rule.weekdays for rule in ruleset.closed):
        return ()
    hours: Sequence[tuple[int, int]] = ((0, 86_400),)
    for window in ruleset.windows:
        hours = [(max(a, c), min(b, d)) for a, b in hours for c, d in window.week[weekday] if max(a, c) < min(b, d)]
    return tuple(hours)


def week_of_ruleset(ruleset: RuleSet) -> tuple[Intervals, ...]:
    """The hours of each weekday (Monday first) that a rule set leaves open when no holiday closes the day."""
    return tuple(_common(ruleset, weekday) for weekday in range(7))


def _ours(row: Mapping[str, Any]) -> bool:
    return str(row.get("id", "")) in {f"TENANT-CAP-{days}D" for days in PERIODS}


def _read(data: Mapping[str, Any]) -> OwnRules:
    hours: dict[str, tuple[str, str] | None] = {}
    for day in WEEK if data.get("windows") else ():
        pair = data["windows"].get(day)
        if pair is None:
            hours[day] = None
        elif list(pair) != _WHOLE:
            first, last = (pair[0], pair[1]) if isinstance(pair[0], str) else (pair[0][0], pair[-1][1])
            hours[day] = (first, last)
    closed = sorted(
        (date.fromisoformat(str(day)), str(row.get("note", "")))
        for row in data.get("closed_days") or ()
        if row.get("day") == BLACKOUT
        for day in row.get("dates", ())
    )
    caps = {int(row["per"]["value"]): int(row["count"]) for row in data.get("caps") or () if _ours(row)}
    return OwnRules(hours=hours, closed=tuple(closed), caps=caps)
