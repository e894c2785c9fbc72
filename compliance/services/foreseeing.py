"""What the gate would say about many asks, each at its own instant; nothing is locked and nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from compliance import decide as gate
from compliance.decide import Decision, effective_class, shipped_calendar
from compliance.services import budget, facts, loading
from compliance.services.values import Ask
from kernel.errors import DomainError
from tenants.scope import all_creditors


def preview_many(asks: Sequence[tuple[Ask, datetime]]) -> list[Decision]:
    """What the gate would say about each ask at its own instant; locks nothing, writes nothing.

    The asks are taken in the order of their instants, and one that would be allowed counts for the later ones of the
    same person. Answers come in the order of the asks. Raises DomainError when ids do not belong together.
    """
    if not asks:
        return []
    order = sorted(range(len(asks)), key=lambda place: asks[place][1])
    first = asks[order[0]][1]
    answers: dict[int, Decision] = {}
    with all_creditors():
        persons = loading.read_persons({ask.person_id for ask, _ in asks})
        if any(ask.person_id not in persons for ask, _ in asks):
            raise DomainError("person_unknown", "there is no such person here", pointer="person_id")
        known = loading.load([ask for ask, _ in asks], persons, first)
        places = [facts.place_of(ask, known) for ask, _ in asks]
        rulesets = [known.book.ruleset(place) for place in places]
        days = max(ruleset.lookback_days for ruleset in rulesets)
        loading.load_contacts(known, first, days=days, own=[])
        calendar = shipped_calendar()
        for place in order:
            (ask, at), ruleset = asks[place], rulesets[place]
            seen = facts.facts_of(ask, known, places[place], ruleset, at)
            intent = facts.intent_of(ask, ruleset)
            answers[place] = decision = gate.decide(intent, seen, ruleset, at, calendar)
            if decision.allowed:
                counts_as = effective_class(intent, seen, ruleset, at)
                known.contacts.setdefault(ask.person_id, []).append(_contact(ask, counts_as, at))
    return [answers[place] for place in range(len(asks))]


def _contact(ask: Ask, counts_as: str, at: datetime) -> loading.ContactRow:
    """The reservation that an allowed ask would have made."""
    return loading.ContactRow(
        ask.person_id, ask.request_id, at, ask.channel, counts_as, "reserved", budget.creditor_hash(ask.creditor_id),
        [budget.invoice_hash(invoice) for invoice in ask.invoice_ids],
    )  # fmt: skip
