"""May we say this to this person now, and if not, when? Facts in, decision out.

Every rule is asked, not only until the first objection: the answer is the evidence. Semantics are the packs'
`conventions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .calendars import Calendar, shipped_calendar
from .days import day_table
from .offsets import ZoneTable, epoch_of, zone_tables
from .rules import RuleSet
from .standing import effective_class, last_inbound, standing_findings
from .timing import Past, budget_findings, channel_findings, counted, local_findings, search
from .values import COLLECTION, DAY, REPLY, Decision, Facts, Finding, Intent, instant

#: Changes whenever the same facts and rules could lead to another answer.
EVALUATOR_VERSION = "1.0"


def decide(intent: Intent, facts: Facts, ruleset: RuleSet, now: datetime, calendar: Calendar | None = None) -> Decision:
    """Ask every rule of the set whether the intent may go out at `now` (aware).

    allow: no rule objects. defer: only rules that time can satisfy object. deny: another one does. `next_allowed_at`
    is the first instant from `now` on at which every time rule passes if nothing else changes, to the second; None
    when a non-time rule blocks, when the channel is paused without an end, or when no allowed instant remains.
    Raises ValueError for a naive instant, an unknown zone or country.
    """
    return judge(intent, facts, ruleset, now, calendar or shipped_calendar(), zone_tables(facts.zones))


def judge(
    intent: Intent, facts: Facts, ruleset: RuleSet, now: datetime, calendar: Calendar, zones: Sequence[ZoneTable]
) -> Decision:
    """`decide` with the wall clocks given: replay hands in the offsets that were used then."""
    asked = epoch_of(now)
    name = effective_class(intent, facts, ruleset, now)
    plan = ruleset.plans[name]
    if plan.exempt:
        return Decision("allow", (), now, asked)
    today = (zones[0].local(asked) if zones else asked) // DAY
    found: list[Finding] = standing_findings(plan, intent, facts, ruleset, now, today, now)
    blocked = bool(found)
    if plan.channel and (facts.limit_until is not None or facts.paused or facts.paused_until is not None):
        channel_findings(facts, now, found)
    past: list[Past] = []
    if zones:
        table = day_table(ruleset, calendar, facts)
        if plan.closed or plan.windows:
            local_findings(plan, ruleset, table, zones, asked, found)
        if facts.contacts and (plan.caps or plan.spacings or plan.locks):
            past = counted(facts.contacts, zones[0])
        budget_findings(plan, past, intent, today, found)
    if not found:
        return Decision("allow", (), now, asked)
    if blocked or not zones:
        return Decision("deny" if blocked else "defer", tuple(found), None, asked)
    return _deferred(intent, facts, ruleset, now, calendar, zones, name, past, tuple(found))


def _deferred(
    intent: Intent,
    facts: Facts,
    ruleset: RuleSet,
    now: datetime,
    calendar: Calendar,
    zones: Sequence[ZoneTable],
    name: str,
    past: list[Past],
    found: tuple[Finding, ...],
) -> Decision:
    """Only time rules object: look for the instant that ends it."""
    table = day_table(ruleset, calendar, facts)
    plan = ruleset.plans[name]
    start = epoch_of(now)
    at, searched = search(plan, intent, facts, table, zones, past, start)
    if name == REPLY:
        last = last_inbound(facts, now)
        assert last is not None  # it would be collection otherwise
        deadline = last + ruleset.reply_window
        if at is None or instant(at) > deadline:
            # The exception has lapsed by then: from there on the message is collection.
            plan = ruleset.plans[COLLECTION]
            if facts.contacts and not past:
                past = counted(facts.contacts, zones[0])
            at, searched = search(plan, intent, facts, table, zones, past, epoch_of(deadline) + 1)
    if at is not None:
        then = instant(at)
        if standing_findings(plan, intent, facts, ruleset, then, zones[0].local(at) // DAY, now):
            at = None
        else:
            return Decision("defer", found, then, searched)
    return Decision("defer", found, None, searched)
