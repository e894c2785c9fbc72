"""The rules that a later instant can satisfy, and the search for the first instant that satisfies them all.

Wall times are integers: seconds since 1970 as the debtor's clock shows them. The search never scans minutes. Every
rule that objects names a bound before which it cannot pass; the search jumps to the largest and asks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from .days import DayTable, objecting_window, window_finding
from .offsets import ZoneTable, epoch_of
from .rules import Cap, Lock, Plan, RuleSet
from .values import DAY, EPOCH_ORDINAL, Contact, Facts, Finding, Intent, instant

X_LIMIT = "X-LIMIT"
X_CHANNEL_PAUSED = "X-CHANNEL-PAUSED"
HORIZON = 400 * DAY


class Past(NamedTuple):
    """One contact that counts, on the local date (days since 1970) of the primary zone."""

    day: int
    channel: str
    creditor: str | None
    invoices: tuple[str, ...]


def counted(contacts: Sequence[Contact], primary: ZoneTable) -> list[Past]:
    """The contacts that count, with their local dates."""
    return [
        Past(primary.local(epoch_of(contact.at)) // DAY, contact.channel, contact.creditor, contact.invoices)
        for contact in contacts
        if contact.counts
    ]


def used(cap: Cap, past: Sequence[Past], intent: Intent, today: int) -> int:
    """How many contacts a cap counts for a message on the local date `today`."""
    first = today - cap.days + 1
    inside = [
        one for one in past if first <= one.day <= today and (cap.channels is None or one.channel in cap.channels)
    ]
    if cap.scope == "creditor":
        return sum(1 for one in inside if one.creditor is None or one.creditor == intent.creditor)
    if cap.scope == "debt" and intent.invoices:
        return max(sum(1 for one in inside if not one.invoices or key in one.invoices) for key in intent.invoices)
    return len(inside)


def last_day(cap: Cap, past: Sequence[Past]) -> int | None:
    """The local date of the last contact that a spacing rule counts."""
    return max((one.day for one in past if cap.channels is None or one.channel in cap.channels), default=None)


def other_channels(lock: Lock, past: Sequence[Past], channel: str, today: int) -> list[str]:
    """Other channels used in the lock's window before a message on the local date `today`."""
    first = today - lock.days + 1
    return sorted({one.channel for one in past if first <= one.day <= today and one.channel != channel})


def budget_passes(plan: Plan, past: Sequence[Past], intent: Intent, today: int) -> bool:
    """Whether caps, spacing and channel lock all pass on a local date."""
    caps, spacings, locks = plan.by_channel(intent.channel)
    for cap in caps:
        if used(cap, past, intent, today) >= cap.limit:
            return False
    for cap in spacings:
        last = last_day(cap, past)
        if last is not None and today <= last + (cap.clear_days or 0):
            return False
    return not any(other_channels(lock, past, intent.channel, today) for lock in locks)


def _text(day: int) -> str:
    return date.fromordinal(day + EPOCH_ORDINAL).isoformat()


def budget_findings(plan: Plan, past: Sequence[Past], intent: Intent, today: int, found: list[Finding]) -> None:
    """Append the caps, spacings and channel locks that object on a local date; each rule id once."""
    caps, spacings, locks = plan.by_channel(intent.channel)
    named: set[str] = set()
    for cap in caps:
        count = used(cap, past, intent, today)
        if count >= cap.limit:
            named.add(cap.rule)
            free = today + 1
            while cap.limit and used(cap, past, intent, free) >= cap.limit:
                free += 1
            values: dict[str, Any] = {"count": count, "limit": cap.limit, "days": cap.days}
            if cap.limit:
                values["free_on"] = _text(free)
            found.append(Finding(cap.rule, "cap", values, cap.pack, cap.citation, cap.basis))
    for cap in spacings:
        last = last_day(cap, past)
        if last is not None and cap.clear_days is not None and today <= last + cap.clear_days and cap.rule not in named:
            spaced = {"last": _text(last), "clear_days": cap.clear_days, "free_on": _text(last + cap.clear_days + 1)}
            found.append(Finding(cap.rule, "spacing", spaced, cap.pack, cap.citation, cap.basis))
    for lock in locks:
        others = other_channels(lock, past, intent.channel, today)
        if others:
            free = today + 1
            while other_channels(lock, past, intent.channel, free):
                free += 1
            locked = {"channels": others, "days": lock.days, "free_on": _text(free)}
            found.append(Finding(lock.rule, "channel_lock", locked, lock.pack, lock.citation, lock.basis))


def channel_findings(facts: Facts, at: datetime, found: list[Finding]) -> None:
    """Append X-LIMIT and X-CHANNEL-PAUSED where they object at `at`."""
    if facts.limit_until is not None and facts.limit_until > at:
        found.append(Finding(X_LIMIT, "channel", {"until": _utc(facts.limit_until)}, "product", "", "platform_policy"))
    if _paused(facts, at):
        values = {"until": _utc(facts.paused_until)} if facts.paused_until is not None else {}
        found.append(Finding(X_CHANNEL_PAUSED, "channel", values, "product", "", "platform"))


def _paused(facts: Facts, at: datetime) -> bool:
    if facts.paused_until is not None:
        return facts.paused_until > at
    return facts.paused


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def local_findings(
    plan: Plan, ruleset: RuleSet, table: DayTable, zones: Sequence[ZoneTable], at: int, found: list[Finding]
) -> None:
    """Append closed days and, only when no day is closed, windows, that object in any candidate zone."""
    walls = [(divmod(zone.local(at), DAY), zone.name) for zone in zones]
    if plan.closed:
        closed = {place: finding for (number, _), _ in walls for place, finding in table.day(number).closed}
        if closed:
            found += [closed[place] for place in sorted(closed)]
            return
    if not plan.windows:
        return
    for window in ruleset.windows:
        for (number, second), name in walls:
            weekday = (number + 3) % 7  # 1 January 1970 was a Thursday
            if objecting_window(window, weekday, second):
                local = instant(number * DAY + second).isoformat()[:19]
                found.append(window_finding(window, weekday, local, name))
                break


def search(
    plan: Plan,
    intent: Intent,
    facts: Facts,
    table: DayTable,
    zones: Sequence[ZoneTable],
    past: Sequence[Past],
    start: int,
) -> tuple[int | None, int]:
    """The first second from `start` on at which every time rule passes (None: never within 400 days), and the last
    second that was looked at."""
    at = start
    if plan.channel:
        if facts.paused and facts.paused_until is None:
            return None, at
        for until in (facts.limit_until, facts.paused_until):
            if until is not None:
                at = max(at, -((-(epoch_of(until) * 1_000_000 + until.microsecond)) // 1_000_000))
    end = at + HORIZON
    budgets = (bool(past) and (bool(plan.caps) or bool(plan.spacings) or bool(plan.locks))) or any(
        cap.limit == 0 for cap in plan.by_channel(intent.channel)[0]
    )
    while at < end:
        bound = at
        for zone in zones:
            bound = max(bound, _opening(plan, table, zone, at))
        if budgets and zones:
            today = zones[0].local(at) // DAY
            if not budget_passes(plan, past, intent, today):
                free = today + 1
                while not budget_passes(plan, past, intent, free) and (free - today) * DAY < HORIZON:
                    free += 1
                bound = max(bound, zones[0].first(at, free * DAY))
        if bound == at:
            return at, at
        at = bound
    return None, end


def _opening(plan: Plan, table: DayTable, zone: ZoneTable, at: int) -> int:
    """The instant before which the closed days and windows of one zone cannot pass; `at` itself when they pass."""
    number, second = divmod(zone.local(at), DAY)
    day = table.day(number)
    for _ in range(HORIZON // DAY):
        if not (plan.closed and day.closed):
            if not plan.windows:
                return at if second >= 0 else zone.first(at, number * DAY)
            for start, end in day.open:
                if second < end:
                    return at if second >= start else zone.first(at, number * DAY + start)
        number, second = number + 1, -1
        day = table.day(number)
    return zone.first(at, number * DAY)
