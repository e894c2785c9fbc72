"""What the ledger keeps of a decision: small, complete, and stronger than newer data."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from compliance.decide import (
    EVALUATOR_VERSION,
    FACTS_SCHEMA,
    ConsentRecord,
    Contact,
    Facts,
    HolidayCalendar,
    Intent,
    compose,
    decide,
    decision_from_json,
    decision_to_json,
    facts_to_json,
    load_packs,
    readings,
    replay,
)
from kernel.errors import DomainError

PACKS = load_packs()
CHILE = compose(PACKS, "CL")
NOW = datetime(2027, 4, 3, 23, 30, tzinfo=UTC)  # Saturday 20:30, the night on which Chile sets its clocks back
FACTS = Facts(
    zones=("America/Santiago", "America/Punta_Arenas", "America/Coyhaique"),
    consents=(ConsentRecord("granted"),),
    identity="verified",
    contacts=(Contact(NOW - timedelta(days=9), "call"), Contact(NOW - timedelta(days=2), "whatsapp", creditor="9f2c")),
    last_inbound={"whatsapp": NOW - timedelta(days=3)},
    balance_as_of=NOW - timedelta(hours=1, microseconds=5),
    balance_max_age=timedelta(hours=24),
    country="CL",
    ufs=("RM",),
)
INTENT = Intent(creditor="1b3d", invoices=("a1", "b2", "c3"), origin="step")


def test_the_stored_facts_are_small_and_say_what_was_used():
    decision = decide(INTENT, FACTS, CHILE, NOW)
    stored = facts_to_json(INTENT, FACTS, NOW, CHILE, decision=decision)
    text = json.dumps(stored, ensure_ascii=False, separators=(",", ":"))
    assert len(text.encode()) + len(json.dumps(decision_to_json(decision)).encode()) < 1_500
    assert (stored["schema"], stored["evaluator"], stored["rules"]) == (FACTS_SCHEMA, EVALUATOR_VERSION, CHILE.hash)
    assert stored["offsets"][0] == ["America/Santiago", -10800, [1806807600, -14400]]
    assert stored["closed"] == {"CL-RM:public": {}}


def test_a_holiday_decreed_later_does_not_change_a_replay():
    decision = decide(INTENT, FACTS, CHILE, NOW)
    stored = json.loads(json.dumps(facts_to_json(INTENT, FACTS, NOW, CHILE)))
    decreed = HolidayCalendar(extra={"CL": [{"date": "2027-04-05", "name": "Decreed"}]})
    assert decide(INTENT, FACTS, CHILE, NOW, decreed) != decision
    assert replay(stored, CHILE) == decision


def test_changed_offsets_in_the_evidence_change_the_replay():
    stored = facts_to_json(INTENT, FACTS, NOW, CHILE)
    stored["offsets"] = [[name, -7200] for name, *_ in stored["offsets"]]
    assert replay(stored, CHILE) != decide(INTENT, FACTS, CHILE, NOW)


def test_replay_refuses_other_rules_and_other_schemas():
    stored = facts_to_json(INTENT, FACTS, NOW, CHILE)
    with pytest.raises(DomainError, match="rule set"):
        replay(stored, compose(PACKS, "CO"))
    with pytest.raises(DomainError, match="schema"):
        replay({**stored, "schema": 99}, CHILE)


def test_a_replay_never_reads_dates_that_the_evidence_does_not_cover():
    stored = facts_to_json(INTENT, FACTS, NOW, CHILE)
    stored["days"] = [stored["days"][0], stored["days"][0]]
    with pytest.raises(LookupError, match="does not cover"):
        replay(stored, CHILE)


def test_a_decision_survives_its_json():
    decision = decide(INTENT, FACTS, CHILE, NOW)
    assert decision_from_json(json.loads(json.dumps(decision_to_json(decision)))) == decision


def test_a_two_week_closure_is_crossed_within_a_millisecond():
    start = datetime(2026, 11, 20, 15, tzinfo=UTC)
    days = [(start + timedelta(days=n)).date().isoformat() for n in range(16)]
    calendar = HolidayCalendar(extra={"PE": [{"date": day, "name": "Closure"} for day in days]})
    facts = Facts(zones=("America/Lima",), consents=(ConsentRecord("granted"),), identity="verified")
    ruleset = compose(PACKS, "PE")
    decision = decide(Intent(), facts, ruleset, start, calendar)
    assert decision.next_allowed_at == datetime(2026, 12, 7, 13, tzinfo=UTC)
    best = 1.0
    for _ in range(20):
        begin = time.perf_counter()
        decide(Intent(), facts, ruleset, start, calendar)
        best = min(best, time.perf_counter() - begin)
    assert best < 0.001


def test_a_disclosure_of_zero_is_kept_and_old_facts_without_it_have_two_readings() -> None:
    rules = compose(load_packs(), "BR", ("br-sp",))
    now = datetime(2026, 11, 23, 13, tzinfo=UTC)
    facts = Facts(
        zones=("America/Sao_Paulo",), consents=(ConsentRecord("granted"),), identity="claimed", country="BR", ufs=("SP",),
        last_inbound={"whatsapp": now},
    )  # fmt: skip
    intent = Intent("reply", disclosure=0, free_text=True)
    decision = decide(intent, facts, rules, now)
    stored = facts_to_json(intent, facts, now, rules)
    assert decision.allowed and replay(stored, rules) == decision
    del stored["intent"]["disclosure"]  # as it was written once
    assert [replay(one, rules).verdict for one in readings(stored)] == ["deny", "allow"]
