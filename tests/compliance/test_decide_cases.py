"""Worked cases: the reference examples where they lie beside the checkout, and the product's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compliance.casebook import CASES
from compliance.decide import RuleSet, facts_to_json, load_packs, replay, ruleset_from_content
from compliance.decide.cases import Case, read_cases
from compliance.decide.documents import CaseError

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[2] / "shared" / "reference" / "rule-cases-examples.yaml"
PACKS = load_packs()
AT = "at_utc: '2026-11-24T15:00:00Z'"
GOOD = "[{id: A, packs: [co], zones: [America/Bogota], at_utc: '2026-11-24T15:00:00Z'%s}]"


def cases_of(path: Path) -> list[Case]:
    return read_cases(path.read_text(encoding="utf-8"), path.name, PACKS) if path.exists() else []


OWN = [case for path in sorted(CASES.glob("*.yaml")) for case in cases_of(path)]


@pytest.mark.parametrize("case", OWN, ids=lambda case: f"{case.id} {case.title}")
def test_own_case(case):
    assert case.differences(case.decide()) == []


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the reference examples are not beside this checkout")
def test_every_reference_example_is_decided_as_expected():
    cases = cases_of(EXAMPLES)
    assert len(cases) == 24
    assert {case.id: found for case in cases if (found := case.differences(case.decide()))} == {}


def test_every_own_case_replays_from_its_evidence():
    stored_sets: dict[str, RuleSet] = {}
    for case in OWN:
        decision = case.decide()
        stored = json.loads(json.dumps(facts_to_json(case.intent, case.facts, case.at, case.ruleset)))
        rules = stored_sets.get(case.ruleset.hash)
        if rules is None:
            rules = stored_sets[case.ruleset.hash] = ruleset_from_content(json.loads(json.dumps(case.ruleset.content)))
        assert rules.hash == case.ruleset.hash
        assert replay(stored, rules) == decision, case.id


def test_a_wrong_expectation_is_a_difference():
    expect = ", expect: {decision: deny, rules: [CO-HOURS], next_allowed_utc: null}"
    (case,) = read_cases(GOOD % expect, "x.yaml", PACKS)
    assert len(case.differences(case.decide())) == 3


def test_a_number_that_gives_other_zones_is_a_difference():
    text = GOOD % ", phone: '+5491123456789', zones_from_number: true"
    (case,) = read_cases(text, "x.yaml", PACKS)
    assert case.facts.zones == ("America/Argentina/Buenos_Aires",)
    assert "the number gives" in case.differences(case.decide())[0]


def test_json_lines_and_a_single_json_document_are_read():
    row = {"id": "A", "packs": ["pe"], "zones": ["America/Lima"], "at_utc": "2026-11-24T15:00:00Z"}
    lines = "\n".join(json.dumps({**row, "id": name}) for name in "AB")
    assert [case.id for case in read_cases(lines, "x.jsonl", PACKS)] == ["A", "B"]
    assert [case.id for case in read_cases(lines, "standard input", PACKS)] == ["A", "B"]
    assert [case.id for case in read_cases(json.dumps({"cases": [row]}), "x.json", PACKS)] == ["A"]


def test_defaults_of_the_file_stand_for_omitted_keys():
    text = """
defaults: {consent: {state: revoked, channel: whatsapp, purpose: collection}}
cases: [{id: A, packs: [pe], zones: [America/Lima], at_utc: "2026-11-24T15:00:00Z"}]
"""
    (case,) = read_cases(text, "x.yaml", PACKS)
    assert case.decide().rules == ("X-CONSENT",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "x.yaml: empty"),
        ("cases: [", "not YAML: did not find"),
        ("rows: []", "expected a list of cases, or a mapping with the key `cases`"),
        ("- 3", "x.yaml:1: case 1: expected a mapping"),
        ("- {packs: [co]}", "id is missing"),
        ("- {id: A, at_utc: '2026-11-24T15:00:00Z'}", "packs is missing; expected a list like [co]"),
        (
            "- id: A\n  packs: [xx]\n  at_utc: '2026-11-24T15:00:00Z'",
            "x.yaml:2: case A, packs: no rule pack xx; known: ar",
        ),
        (
            "- id: A\n  packs: [co]\n  at_utc: soon",
            "x.yaml:3: case A, at_utc: expected an instant like 2026-11-28T00:00:00Z",
        ),
        (GOOD % ", subdivision: br-xx", "case A, subdivision: no subdivision br-xx; known: ar-a"),
        (GOOD % ", message: {class: chat}", "case A, message.class: expected one of collection"),
        (GOOD % ", message: {channel: fax}", "message.channel: expected one of whatsapp"),
        (GOOD % ", message: {disclosure: 4}", "message.disclosure: expected 0, 1, 2 or 3"),
        (GOOD % ", consent: {state: yes_please}", "consent.state: expected one of granted"),
        (GOOD % ", histori: []", "histori: unknown key; did you mean history?"),
        (GOOD % ", history: [{at: '2026-11-24'}]", "history.0.at: expected an instant"),
        (GOOD % ", flags: {opted_out: soon}", "flags.opted_out: expected true or a date like 2026-10-01"),
        (GOOD % ", identity_verified: maybe", "identity_verified: expected true or false"),
        (GOOD % ", zones_from_number: true", "zones_from_number: needs phone"),
        (GOOD % ", holiday_country: ZZ", "holiday_country: no holidays are known for country 'ZZ'"),
        (
            "[{id: A, packs: [br], zones: [America/Lima], at_utc: '2026-11-24T15:00:00Z', holiday_subdivision: XX}]",
            "holiday_subdivision: expected one of AC, AL",
        ),
        (
            "[{id: A, packs: [co], zones: [America/Bogotá], at_utc: '2026-11-24T15:00:00Z'}]",
            "zones: expected time zones like America/Bogota",
        ),
        (GOOD % ", expect: {decision: allow}", "expect: rules is missing"),
    ],
)
def test_bad_input_is_one_line_that_says_where_and_what_is_expected(text, says):
    with pytest.raises(CaseError) as caught:
        read_cases(text, "x.yaml", PACKS)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_broken_json_line_is_named():
    with pytest.raises(CaseError, match=r"x\.jsonl:2: not JSON"):
        read_cases('{"id": "A"}\n{oops}\n', "x.jsonl", PACKS)


def test_an_unknown_stop_condition_is_a_warning():
    (case,) = read_cases(GOOD % ", flags: {opted_oat: true}", "x.yaml", PACKS)
    assert "opted_oat" in case.warnings[0]


def test_own_layers_stand_over_the_packs_and_a_refused_one_names_its_place():
    own = ", tenant: {windows: {tue: ['08:00', '10:00']}}"
    (case,) = read_cases(GOOD % own, "x.yaml", PACKS)
    assert case.decide().rules == ("TENANT-HOURS",)
    for layer, says in (
        ("tenant: {relax: {CO-HOURS: {'off': true}}}", "case A, tenant: rule CO-HOURS may not be relaxed"),
        ("debtor: {request: {days: [saturday]}}", "case A, debtor: a debtor's request needs"),
    ):
        with pytest.raises(CaseError, match=says):
            read_cases(GOOD % f", {layer}", "x.yaml", PACKS)


def test_what_a_tenant_may_relax_is_compared_both_ways():
    expect = ", expect: {decision: allow, rules: [], next_allowed_utc: '2026-11-24T15:00:00Z', %s}"
    for more, says in (
        ("relaxable: [CO-CAP-WEEK]", []),
        ("relaxable: []", ["relaxable: expected [], got ['CO-CAP-WEEK']"]),
        ("refused: [{relax: {CO-CAP-DAY: {'off': true}}}]", []),
        ("refused: [{relax: {CO-CAP-WEEK: {'off': true}}}]", ["refused: the tenant's layer 1 was taken"]),
    ):
        (case,) = read_cases(GOOD % (expect % more), "x.yaml", PACKS)
        assert case.differences(case.decide()) == says


def test_what_a_text_does_not_say_is_missing():
    says = ", message: {says: [sender_legal_name, creditor_name, amount]}, expect: {%s, fields: [%s]}"
    expected = "decision: deny, rules: [X-CONTENT-REQUIRED], next_allowed_utc: null"
    rest = "debt_origin, due_date, how_to_pay_creditor_channel, contact_for_questions, opt_out_line"
    (case,) = read_cases(GOOD % (says % (expected, rest)), "x.yaml", PACKS)
    assert case.differences(case.decide()) == []
    (case,) = read_cases(GOOD % (says % (expected, "amount")), "x.yaml", PACKS)
    assert case.differences(case.decide())[0].startswith("fields: expected ['amount'], got ['contact_for")
