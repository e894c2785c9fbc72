"""What is left of a person's contact budget: the caps that a collection message answers to, and what they count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .gate import decide
from .offsets import epoch_of, zone_tables
from .rules import RuleSet
from .timing import counted, used
from .values import COLLECTION, DAY, Contact, Facts, Intent


@dataclass(frozen=True, slots=True)
class Budget:
    """One cap: `used` of `limit` contacts in `days` local days, today among them."""

    rule: str
    used: int
    limit: int
    days: int
    scope: str
    citation: str

    @property
    def left(self) -> int:
        """Contacts that may still be made."""
        return max(0, self.limit - self.used)


def remaining(intent: Intent, facts: Facts, ruleset: RuleSet, now: datetime) -> tuple[Budget, ...]:
    """The caps on this intent's channel as they stand at `now`, the one with the least left first."""
    zones = zone_tables(facts.zones)
    if not zones:
        return ()
    today = zones[0].local(epoch_of(now)) // DAY
    past = counted(facts.contacts, zones[0])
    caps, _, _ = ruleset.plans[COLLECTION].by_channel(intent.channel)
    found = [
        Budget(cap.rule, used(cap, past, intent, today), cap.limit, cap.days, cap.scope, cap.citation) for cap in caps
    ]
    return tuple(sorted(found, key=lambda budget: (budget.left, -budget.days, budget.rule)))


#: Nobody may be written to more often than this in a week anywhere; the search ends here.
_MOST = 60


def still_possible(intent: Intent, facts: Facts, ruleset: RuleSet, now: datetime, until: datetime) -> int:
    """How many such messages could still go out up to `until`, each at the first instant that the rules leave.

    Hours, closed days, caps and spacing are all counted. 0 where something else stands in the way. The age of the
    balance is left out: it is the creditor's matter, and renewed by its next report.
    """
    facts = replace(facts, balance_as_of=None)
    at, count = now, 0
    while count < _MOST:
        answer = decide(intent, facts, ruleset, at)
        following = answer.next_allowed_at
        if following is None or following > until:
            return count
        sent = Contact(following, intent.channel, intent.message_class, "accepted", intent.creditor, intent.invoices)
        facts = replace(facts, contacts=(*facts.contacts, sent))
        at, count = following + timedelta(seconds=1), count + 1
    return count
