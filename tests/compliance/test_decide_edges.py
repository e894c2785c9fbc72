"""Where clocks and calendars jump, and what composing must never do: properties beside test_decide_properties.py."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.decide import (
    ConsentRecord,
    Contact,
    Facts,
    Intent,
    compose,
    compose_exactly,
    decide,
    facts_to_json,
    replay,
    ruleset_from_content,
)
from compliance.decide.offsets import zone_table
from compliance.decide.values import instant
from tests.compliance.test_decide_properties import PACKS, PLACES, SETS, WEEK, judged, layers, questions

QUARTER = timedelta(minutes=15)
#: Zones whose clocks change, and whose neighbours' change on other days.
CHANGING = (
    ("America/Santiago",),
    ("Pacific/Easter",),
    ("America/Santiago", "America/Punta_Arenas", "America/Coyhaique"),
    ("America/New_York", "America/Chicago", "America/Los_Angeles"),
    ("America/Tijuana", "America/Mexico_City", "America/Cancun"),
    ("America/Ciudad_Juarez", "America/Chihuahua"),
    ("Europe/Madrid", "Atlantic/Canary"),
    ("America/Sao_Paulo", "America/Noronha", "America/Rio_Branco"),
)
FROM, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)


def changes(zones: tuple[str, ...]) -> list[datetime]:
    """When the clocks of some zones are set in 2026 to 2028."""
    found = {instant(at) for zone in zones for at in zone_table(zone).starts}
    return sorted(at for at in found if FROM <= at < UNTIL)


@st.composite
def edges(draw, zones: tuple[str, ...]) -> datetime:
    """An instant around a set clock, a leap day or a year's end, as those zones' first wall clock shows them."""
    local = ZoneInfo(zones[0])
    turns = [datetime(2028, 2, 29, tzinfo=local), datetime(2028, 3, 1, tzinfo=local)]
    turns += [datetime(year, 1, 1, tzinfo=local) for year in (2027, 2028, 2029)]
    centre = draw(st.sampled_from([*changes(zones), *turns]))
    return centre.astimezone(UTC) + timedelta(seconds=draw(st.integers(-40 * 3600, 40 * 3600)))


def test_the_clocks_of_these_years_are_among_the_edges():
    assert datetime(2027, 9, 5, 4, tzinfo=UTC) in changes(("America/Santiago",))
    assert datetime(2026, 11, 1, 9, tzinfo=UTC) in changes(("America/Tijuana",))
    assert changes(("America/Sao_Paulo", "America/Noronha")) == []


quarters = st.integers(0, 95)
nights = st.tuples(quarters, st.integers(1, 40)).map(
    lambda pair: [f"{at // 4:02d}:{at % 4 * 15:02d}" for at in (pair[0], min(96, sum(pair)))]
)
#: Hours at any time of day, also in the hour that is missing or doubled.
own_hours = st.fixed_dictionaries(dict.fromkeys(WEEK, nights))


@st.composite
def turning(draw):
    """A question around an edge, under hours that may lie in the night of the change."""
    zones = draw(st.sampled_from(CHANGING))
    now = draw(edges(zones))
    per = {"value": draw(st.integers(1, 3)), "unit": "local_days", "kind": "rolling"}
    cap = {"channels": "all", "count": 1, "per": per, "spacing": draw(st.sampled_from([None, {"clear_days": 1}]))}
    ruleset = compose_exactly(PACKS, [], tenant={"windows": draw(own_hours), "caps": [cap]})
    past = draw(st.lists(st.integers(-3 * 24 * 60, 0), max_size=2))
    contacts = tuple(Contact(now + timedelta(minutes=minutes)) for minutes in past)
    consents = (ConsentRecord("granted"),)
    return Intent(), Facts(zones=zones, consents=consents, identity="verified", contacts=contacts), ruleset, now


@settings(max_examples=100, deadline=None)
@given(turning())
def test_across_set_clocks_leap_days_and_year_ends_no_earlier_minute_is_allowed(question):
    intent, facts, ruleset, now = question
    decision = decide(intent, facts, ruleset, now)
    following = decision.next_allowed_at
    assert (following == now) is decision.allowed
    if decision.allowed:
        return
    if following is not None:
        assert decide(intent, facts, ruleset, following).allowed
        assert not decide(intent, facts, ruleset, following - timedelta(seconds=1)).allowed
    # Offsets and hours are whole quarters: what opens at all opens on one.
    at = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0) + QUARTER
    while at < (following or now + timedelta(days=20)):
        assert not slowly(ruleset, facts, at)
        at += QUARTER
    assert following is None or slowly(ruleset, facts, following)


def slowly(ruleset, facts, at: datetime) -> bool:
    """Whether hours, cap and spacing of `turning` allow an instant, read off wall clocks without the gate."""
    own = ruleset.content["layers"][-1]["data"]
    (cap,) = own["caps"]
    today = at.astimezone(ZoneInfo(facts.zones[0])).date()
    days = [(today - contact.at.astimezone(ZoneInfo(facts.zones[0])).date()).days for contact in facts.contacts]
    if any(0 <= ago < cap["per"]["value"] or (cap["spacing"] and ago <= 1) for ago in days):
        return False
    walls = [at.astimezone(ZoneInfo(zone)) for zone in facts.zones]
    return all(
        start <= f"{wall:%H:%M}" < end for wall in walls for start, end in [own["windows"][WEEK[wall.weekday()]]]
    )


@settings(max_examples=60, deadline=None)
@given(turning())
def test_decisions_around_set_clocks_replay(question):
    intent, facts, ruleset, now = question
    decision = decide(intent, facts, ruleset, now)
    stored = json.loads(json.dumps(facts_to_json(intent, facts, now, ruleset, decision=decision)))
    assert replay(stored, ruleset_from_content(json.loads(json.dumps(ruleset.content)))) == decision


@st.composite
def placed_edges(draw):
    place = draw(st.sampled_from([place for place in PLACES if not {"co", "cl"} <= set(place[0])]))
    return place, draw(edges(place[2]))


@settings(max_examples=80, deadline=None)
@given(placed_edges())
def test_the_independent_judge_agrees_on_the_edges_too(question):
    (codes, overlays, zones, states), at = question
    country = "UY" if codes == ("latam-default",) else PACKS[codes[0]].iso2
    facts = Facts(zones=zones, consents=(ConsentRecord("granted"),), identity="verified", country=country, ufs=states)
    found = decide(Intent(), facts, SETS[(codes, overlays)], at).rules
    assert list(found) == judged(codes, overlays, zones, states, country, at)


@settings(max_examples=80, deadline=None)
@given(questions())
def test_a_promised_instant_holds_and_without_one_nothing_is_allowed_later(question):
    """For any facts, also those that a person must mend (test_decide_properties scans the calm ones by minutes)."""
    intent, facts, ruleset, now = question
    decision = decide(intent, facts, ruleset, now)
    following = decision.next_allowed_at
    if following is not None:
        assert decide(intent, facts, ruleset, following).allowed
    horizon = following or now + timedelta(days=15)
    hours = int((horizon - now) / timedelta(hours=1))
    for hour in range(hours if following else hours + 1):
        if not decision.allowed:
            assert not decide(intent, facts, ruleset, now + timedelta(hours=hour)).allowed


@settings(max_examples=80, deadline=None)
@given(questions(), st.sampled_from(["CO", "CL", "BR", "MX", "PE", "AR", "EC"]))
def test_the_default_on_top_of_a_country_never_allows_more(question, country):
    intent, facts, _, now = question
    facts = replace(facts, country=country, ufs=())
    law = decide(intent, facts, compose(PACKS, country, default=False), now)
    both = decide(intent, facts, compose(PACKS, country), now)
    _never_more(law, both)


@settings(max_examples=80, deadline=None)
@given(questions(), layers, st.sampled_from(["tenant", "creditor", "debtor"]), st.sampled_from(["CL", "BR", "US"]))
def test_an_own_layer_of_any_level_never_allows_more(question, layer, level, country):
    intent, facts, _, now = question
    facts = replace(facts, country=None, ufs=())
    loose = decide(intent, facts, compose(PACKS, country, default=False), now)
    tight = decide(intent, facts, compose(PACKS, country, default=False, **{level: layer}), now)
    _never_more(loose, tight)


def _never_more(loose, tight) -> None:
    # Windows are silent on a closed day, so a rule that closes it may take their place.
    assert {one.rule for one in loose.findings if one.kind != "window"} <= set(tight.rules)
    assert loose.allowed or not tight.allowed
    if tight.next_allowed_at is not None:
        assert loose.next_allowed_at is not None
        assert loose.next_allowed_at <= tight.next_allowed_at


@settings(max_examples=60, deadline=None)
@given(questions(), st.permutations(["br-sp", "br-rj", "br-unknown"]), st.permutations([0, 1, 2]), layers, layers)
def test_neither_the_order_of_states_nor_the_level_of_own_layers_matters(question, states, levels, one, two):
    intent, facts, _, now = question
    facts = replace(facts, ufs=("SP", "RJ"), country="BR")

    def answer(overlays, own):
        found = decide(intent, facts, compose(PACKS, "BR", overlays, **own), now)
        laws = {rule for rule in found.rules if not rule.startswith(("TENANT-", "CREDITOR-", "DEBTOR-"))}
        return found.verdict, found.next_allowed_at, laws

    names = ("tenant", "creditor", "debtor")
    held: tuple[dict[str, Any], ...] = (one, two, {})
    assert answer(("br-sp", "br-rj", "br-unknown"), dict(zip(names, held, strict=True))) == answer(
        states, {names[level]: held[place] for place, level in enumerate(levels)}
    )


@pytest.mark.parametrize("zones", CHANGING)
def test_every_candidate_zone_must_agree_and_the_first_counts_days(zones):
    """Three zones decide like the three of them one by one, save that contacts are counted by the first."""
    week = {day: ["08:00", "20:00"] for day in WEEK}
    ruleset = compose_exactly(PACKS, [], tenant={"windows": week})
    facts = Facts(zones=zones, consents=(ConsentRecord("granted"),), identity="verified")
    for centre in changes(zones) or [datetime(2028, 2, 29, 12, tzinfo=UTC)]:
        for hour in range(-30, 30):
            at = centre + timedelta(hours=hour)
            alone = [decide(Intent(), replace(facts, zones=(zone,)), ruleset, at).allowed for zone in zones]
            assert decide(Intent(), facts, ruleset, at).allowed is all(alone)
