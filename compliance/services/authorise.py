"""The only door: lock the persons, load the facts, ask every rule, write decision and reservation, stage the event.

One transaction of the caller's holds the decision, the reservation and the Outbound row together, or none of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from compliance import decide as gate
from compliance.decide import Decision, Facts, Intent, RuleSet, effective_class, facts_to_json, shipped_calendar
from compliance.decide.evidence import finding_to_json
from compliance.decide.remaining import Budget, remaining, still_possible
from compliance.ledger.decisions import NewDecision, write_decisions, write_rulesets
from compliance.rulesets import Place
from compliance.services import budget, facts, loading
from compliance.services.values import Ask, Moment, Ruling
from kernel.clock import machine_now
from kernel.errors import DomainError
from kernel.ids import uuid7
from tenants.scope import all_creditors


@dataclass(slots=True)
class _Judged:
    """One ask with all that its decision was made of."""

    ask: Ask
    intent: Intent
    facts: Facts
    ruleset: RuleSet
    decision: Decision
    counts_as: str
    known_reservation: loading.ContactRow | None


def authorise(
    asks: Sequence[Ask], *, now: datetime, moment: Moment = "request", skip_locked: bool = False
) -> list[Ruling | None]:
    """Ask the gate about messages of the current organisation, in order; the answers are evidence.

    `now` is the business clock's. An allow earlier in the batch counts for the later ones of the same person.

    request, retry: a Decision row for every ask, and a contact reserved for every allow.
    last_look: the own reservation does not stand in the way; a Decision row only where the answer is not allow, and the
    reservation is given back then. An allow renews a reservation that was given back or stands on an earlier day.

    With `skip_locked`, None for a person whom somebody else is busy with. Raises DomainError when ids do not belong
    together.
    """
    if not asks:
        return []
    with all_creditors():
        persons = loading.lock_persons((ask.person_id for ask in asks), skip_locked=skip_locked)
        taken = [ask for ask in asks if ask.person_id in persons]
        if len(taken) < len(asks) and not skip_locked:
            raise DomainError("person_unknown", "there is no such person here", pointer="person_id")
        judged = _judge(taken, persons, now)
    reserve: list[budget.Reservation] = []
    release: list[uuid.UUID] = []
    records: list[NewDecision] = []
    rulings: list[Ruling] = []
    recorded_at = machine_now()
    for one in judged:
        decision_id = None
        if moment != "last_look" or not one.decision.allowed:
            decision_id = uuid7()
            records.append(_record(one, decision_id, moment, now, recorded_at))
        if one.decision.allowed:
            if moment != "last_look" or _stale(one, now):
                reserve.append(_reservation(one, now))
        elif moment != "request":
            release.append(one.ask.request_id)
        decision = one.decision
        rulings.append(Ruling(one.ask, decision.verdict, decision_id, decision.findings, decision.next_allowed_at))
    budget.reserve(reserve)
    budget.release(release)
    if records:
        write_rulesets({one.ruleset.hash: one.ruleset.content for one in judged}, at=recorded_at)
        write_decisions(records)
    answers = iter(rulings)
    return [next(answers) if ask.person_id in persons else None for ask in asks]


def preview(ask: Ask, now: datetime) -> Decision:
    """What the gate would say at `now`; locks nothing, writes nothing."""
    return previews([ask], now)[0].decision


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the gate would say to one ask at `asked_at`, told in `zone` (the debtor's own; UTC when none is known)."""

    decision: Decision
    zone: str
    asked_at: datetime
    _judged: _Judged

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """What the person's contact budget still holds on this channel, the tightest first."""
        one = self._judged
        return remaining(one.intent, one.facts, one.ruleset, self.asked_at)

    def still_possible(self, until: datetime) -> int:
        """How many such messages could still go out up to an instant."""
        one = self._judged
        return still_possible(one.intent, one.facts, one.ruleset, self.asked_at, until)

    def at(self, then: datetime) -> Decision:
        """What the gate would say at a later instant if no fact changed until then."""
        one = self._judged
        return gate.decide(one.intent, one.facts, one.ruleset, then, shipped_calendar())


def previews(asks: Sequence[Ask], now: datetime) -> list[Outlook]:
    """What the gate would say at `now` to each of these alone, in a constant number of queries; writes nothing."""
    if not asks:
        return []
    with all_creditors():
        persons = loading.read_persons(ask.person_id for ask in asks)
        if any(ask.person_id not in persons for ask in asks):
            raise DomainError("person_unknown", "there is no such person here", pointer="person_id")
        judged = _judge(asks, persons, now, apart=True)
    return [
        Outlook(
            one.decision,
            one.facts.zones[0] if one.facts.zones else "UTC",
            now,
            one,
        )
        for one in judged
    ]


def _judge(
    asks: Sequence[Ask], persons: dict[uuid.UUID, loading.PersonRow], now: datetime, *, apart: bool = False
) -> list[_Judged]:
    """Decide in order; `apart`: an allow takes nothing from those behind it."""
    if not asks:
        return []
    known = loading.load(asks, persons, now)
    places: list[Place] = [facts.place_of(ask, known) for ask in asks]
    rulesets = [known.book.ruleset(place) for place in places]
    days = max(ruleset.lookback_days for ruleset in rulesets)
    loading.load_contacts(known, now, days=days, own=[ask.request_id for ask in asks])
    calendar = shipped_calendar()
    judged = []
    for ask, place, ruleset in zip(asks, places, rulesets, strict=True):
        history = known.contacts.setdefault(ask.person_id, [])
        own = next((row for row in history if row.origin_id == ask.request_id), None)
        seen = facts.facts_of(ask, known, place, ruleset, now)
        intent = facts.intent_of(ask, ruleset)
        decision = gate.decide(intent, seen, ruleset, now, calendar)
        counts_as = effective_class(intent, seen, ruleset, now)
        judged.append(_Judged(ask, intent, seen, ruleset, decision, counts_as, own))
        if own is not None:
            history.remove(own)
        if decision.allowed and not apart:
            history.append(_row(ask, counts_as, now))
    return judged


def _row(ask: Ask, counts_as: str, now: datetime) -> loading.ContactRow:
    """The reservation of this ask, as the next ask of the batch sees it."""
    return loading.ContactRow(
        ask.person_id,
        ask.request_id,
        now,
        ask.channel,
        counts_as,
        "reserved",
        budget.creditor_hash(ask.creditor_id),
        [budget.invoice_hash(invoice) for invoice in ask.invoice_ids],
    )


def _reservation(one: _Judged, now: datetime) -> budget.Reservation:
    ask = one.ask
    return budget.Reservation(
        person_id=ask.person_id,
        origin_id=ask.request_id,
        channel=ask.channel,
        message_class=one.counts_as,
        at=now,
        creditor_id=ask.creditor_id,
        invoice_ids=ask.invoice_ids,
    )


def _stale(one: _Judged, now: datetime) -> bool:
    """Whether the reservation has to be written anew: given back meanwhile, of an earlier local day, or re-classed."""
    row, zones = one.known_reservation, one.facts.zones
    if row is None or row.message_class != one.counts_as:
        return True
    return facts.local_day(row.at, zones) != facts.local_day(now, zones)


def _record(one: _Judged, decision_id: uuid.UUID, moment: Moment, now: datetime, recorded_at: datetime) -> NewDecision:
    ask, decision = one.ask, one.decision
    return NewDecision(
        id=decision_id,
        creditor_id=ask.creditor_id,
        person_id=ask.person_id,
        debtor_id=ask.debtor_id,
        request_id=ask.request_id,
        verdict=decision.verdict,
        message_class=ask.message_class,
        channel=ask.channel,
        origin=ask.origin,
        actor=ask.actor,
        rules=list(decision.rules),
        findings=[finding_to_json(finding) for finding in decision.findings],
        facts=facts_to_json(one.intent, one.facts, now, one.ruleset, shipped_calendar(), decision),
        text_hash=ask.text_hash,
        ruleset_digest=one.ruleset.hash,
        evaluator=gate.EVALUATOR_VERSION,
        moment=moment,
        decided_at=now,
        next_allowed_at=decision.next_allowed_at,
        recorded_at=recorded_at,
    )
