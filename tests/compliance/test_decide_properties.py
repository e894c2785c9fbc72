"""What must hold for any question: exact next instants, monotone tightening, order, replay; and an independent judge.

The judge below reads the packs' YAML with zoneinfo and the holiday library only, and shares no code with the gate.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from compliance.decide import (
    ConsentRecord,
    Contact,
    Facts,
    HolidayCalendar,
    Intent,
    compose,
    compose_exactly,
    decide,
    effective_class,
    facts_to_json,
    load_packs,
    replay,
    ruleset_from_content,
)
from compliance.decide.values import CHANNELS, CONSENT_STATES, MESSAGE_CLASSES

PACKS = load_packs()
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKEND = {"saturday": 5, "sunday": 6}
PLACES = (
    (("co",), (), ("America/Bogota",), ()),
    (("co", "latam-default"), (), ("America/Bogota",), ()),
    (("mx",), (), ("America/Tijuana",), ()),
    (("mx", "latam-default"), (), ("America/Mexico_City",), ()),
    (("pe",), (), ("America/Lima",), ()),
    (("cl",), (), ("America/Santiago",), ("RM",)),
    (("cl", "latam-default"), (), ("America/Santiago", "America/Punta_Arenas", "America/Coyhaique"), ("MA",)),
    (("cl",), (), ("Pacific/Easter",), ("VS",)),
    (("ar",), (), ("America/Argentina/Buenos_Aires",), ("C",)),
    (("br",), ("br-sp",), ("America/Sao_Paulo",), ("SP",)),
    (("br", "latam-default"), ("br-am",), ("America/Manaus", "America/Eirunepe"), ("AM",)),
    (("br",), ("br-unknown",), ("America/Sao_Paulo", "America/Noronha", "America/Rio_Branco"), ()),
    (("ec",), (), ("America/Guayaquil", "Pacific/Galapagos"), ()),
    (("us",), (), ("America/New_York", "America/Los_Angeles"), ()),
    (("es",), (), ("Europe/Madrid", "Atlantic/Canary"), ("MD",)),
    (("latam-default",), (), ("America/Montevideo",), ()),
    (("co", "cl"), (), ("America/Bogota", "America/Santiago"), ("RM",)),
)
SETS = {(codes, overlays): compose_exactly(PACKS, codes, overlays) for codes, overlays, _, _ in PLACES}

instants = st.integers(0, 2 * 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
flags = st.frozensets(
    st.sampled_from(["threat_or_coercion", "new_demand", "any_reference_to_judicial_document_or_action"])
)
stops = st.dictionaries(
    st.sampled_from(["opted_out", "dispute_open", "debt_settled", "listed_in_state_do_not_contact_registry"]),
    st.one_of(st.just(True), st.dates(date(2025, 12, 1), date(2027, 12, 31)).map(date.isoformat)),
    max_size=1,
)


@st.composite
def questions(draw, calm: bool = False):
    """A place, an intent, facts and an instant. `calm` leaves out what a person must mend."""
    codes, overlays, zones, states = draw(st.sampled_from(PLACES))
    now = draw(instants)
    intent = Intent(
        draw(st.sampled_from(MESSAGE_CLASSES)),
        draw(st.sampled_from(CHANNELS)),
        flags=frozenset() if calm else draw(flags),
        missing=frozenset() if calm else draw(st.frozensets(st.sampled_from(["amount", "interest", "creditor_name"]))),
        invoices=draw(st.sampled_from([(), ("i1",), ("i1", "i2")])),
        free_text=False if calm else draw(st.booleans()),
    )
    contacts = draw(
        st.lists(
            st.builds(
                Contact,
                st.integers(-14 * 24 * 60, 0).map(lambda minutes: now + timedelta(minutes=minutes)),
                st.sampled_from(CHANNELS),
                st.sampled_from(MESSAGE_CLASSES),
                st.sampled_from(["accepted", "uncertain", "refused"]),
                st.none(),
                st.sampled_from([(), ("i1",), ("i2",)]),
            ),
            max_size=6,
        )
    )
    inbound = draw(st.dictionaries(st.sampled_from(CHANNELS), st.integers(-30 * 60, 0), max_size=2))
    until = draw(st.one_of(st.none(), st.integers(1, 3 * 24 * 60 * 60)))
    granted = (ConsentRecord("granted", intent.channel),)
    records = st.builds(
        ConsentRecord,
        st.sampled_from(CONSENT_STATES),
        st.sampled_from(CHANNELS),
        st.sampled_from(["collection", "marketing"]),
        st.one_of(st.none(), st.integers(-5, 20).map(lambda days: now + timedelta(days=days))),
    )
    facts = Facts(
        zones=zones,
        consents=granted if calm or draw(st.booleans()) else tuple(draw(st.lists(records, max_size=3))),
        identity="verified" if calm else draw(st.sampled_from(["unknown", "contacted", "claimed", "verified"])),
        stops={} if calm else draw(stops),
        contacts=tuple(contacts),
        last_inbound={channel: now + timedelta(minutes=minutes) for channel, minutes in inbound.items()},
        limit_until=None if until is None else now + timedelta(seconds=until),
        paused=False if calm else draw(st.sampled_from([False, False, False, True])),
        country="UY" if codes == ("latam-default",) else None,
        ufs=states,
    )
    return intent, facts, SETS[(codes, overlays)], now


@settings(max_examples=60)
@given(questions(calm=True))
def test_the_next_instant_is_allowed_and_no_earlier_one_is(question):
    intent, facts, ruleset, now = question
    decision = decide(intent, facts, ruleset, now)
    following = decision.next_allowed_at
    if decision.allowed:
        assert following == now
        return
    if following is None:  # a second opt-out confirmation and the like: blocked, or nothing within a year
        return
    assert following > now
    assert decide(intent, facts, ruleset, following).allowed
    assert not decide(intent, facts, ruleset, following - timedelta(seconds=1)).allowed
    minutes = int((following - now).total_seconds() // 60)
    step = 1 if minutes <= 900 else 15
    for minute in range(0, minutes, step):
        earlier = max(now, (now + timedelta(minutes=minute)).replace(second=0))
        assert not decide(intent, facts, ruleset, earlier).allowed


@settings(max_examples=100)
@given(questions())
def test_verdicts_follow_from_the_findings(question):
    intent, facts, ruleset, now = question
    decision = decide(intent, facts, ruleset, now)
    time_only = all(
        finding.kind in ("closed_day", "window", "cap", "spacing", "channel_lock")
        or finding.rule in ("X-LIMIT", "X-CHANNEL-PAUSED")
        for finding in decision.findings
    )
    assert decision.verdict == ("allow" if not decision.findings else "defer" if time_only else "deny")
    assert decision.verdict != "deny" or decision.next_allowed_at is None
    assert len(set(decision.rules)) == len(decision.rules)


@settings(max_examples=100)
@given(questions())
def test_every_verdict_replays_from_its_json_whatever_newer_data_says(question):
    intent, facts, ruleset, now = question
    decision = decide(intent, facts, ruleset, now)
    stored = json.loads(json.dumps(facts_to_json(intent, facts, now, ruleset, decision=decision)))
    rules = ruleset_from_content(json.loads(json.dumps(ruleset.content)))
    assert replay(stored, rules) == decision
    assert stored == json.loads(json.dumps(facts_to_json(intent, facts, now, ruleset)))


@settings(max_examples=80)
@given(questions(), st.lists(st.dates(date(2026, 1, 1), date(2028, 1, 31)), max_size=30, unique=True))
def test_decisions_under_other_holidays_replay_too(question, closed):
    intent, facts, ruleset, now = question
    extra = [{"date": day.isoformat(), "name": "Decree"} for day in closed]
    calendar = HolidayCalendar(extra=dict.fromkeys(("CO", "CL", "BR", "PE", "UY"), extra))
    decision = decide(intent, facts, ruleset, now, calendar)
    stored = json.loads(json.dumps(facts_to_json(intent, facts, now, ruleset, calendar)))
    assert replay(stored, ruleset) == decision


@settings(max_examples=80)
@given(questions(), st.lists(st.integers(0, 14 * 24), min_size=1, max_size=3), st.sampled_from(CHANNELS))
def test_adding_contacts_never_allows_more(question, hours, channel):
    intent, facts, ruleset, now = question
    more = tuple(Contact(now - timedelta(hours=hour), channel) for hour in hours)
    before = decide(intent, facts, ruleset, now)
    after = decide(intent, replace(facts, contacts=facts.contacts + more), ruleset, now)
    assert set(before.rules) <= set(after.rules)
    if before.next_allowed_at is not None and after.next_allowed_at is not None:
        assert after.next_allowed_at >= before.next_allowed_at
    assert before.next_allowed_at is not None or after.next_allowed_at is None


hours = st.tuples(st.integers(0, 20), st.integers(1, 10)).map(
    lambda pair: [f"{pair[0]:02d}:00", f"{min(24, sum(pair)):02d}:00"]
)
layers = st.fixed_dictionaries(
    {},
    optional={
        "windows": st.fixed_dictionaries({}, optional=dict.fromkeys(WEEK, hours)),
        "closed_days": st.lists(
            st.sampled_from([{"day": "monday"}, {"day": "saturday"}, {"day": "friday"}]), max_size=2
        ),
        "caps": st.lists(
            st.builds(
                lambda count, days: {
                    "scope": "debtor",
                    "channels": "all",
                    "count": count,
                    "per": {"value": days, "unit": "local_days", "kind": "rolling"},
                },
                st.integers(1, 3),
                st.integers(1, 10),
            ),
            max_size=2,
        ),
        "stop_rules": st.just([{"when": "dispute_open"}]),
        "content_prohibited": st.just([{"flag": "new_demand"}]),
    },
)


@settings(max_examples=100)
@given(questions(), layers, st.sampled_from(["CO", "CL", "BR", "MX", "PE"]))
def test_tightening_never_allows_more(question, layer, country):
    intent, facts, _, now = question
    facts = replace(facts, ufs=(), zones=facts.zones)
    loose = decide(intent, facts, compose(PACKS, country), now)
    tight = decide(intent, facts, compose(PACKS, country, tenant=layer), now)
    assert loose.allowed or not tight.allowed
    if tight.next_allowed_at is not None:
        assert loose.next_allowed_at is not None
        assert loose.next_allowed_at <= tight.next_allowed_at


@settings(max_examples=80)
@given(questions(), st.permutations(["co", "cl", "latam-default", "ec"]))
def test_the_order_of_packs_changes_neither_verdict_nor_instant_nor_rules(question, order):
    intent, facts, _, now = question
    facts = replace(facts, ufs=(), country="CO")
    one = decide(intent, facts, compose_exactly(PACKS, ["co", "cl", "latam-default", "ec"]), now)
    other = decide(intent, facts, compose_exactly(PACKS, order), now)
    assert (one.verdict, one.next_allowed_at, set(one.rules)) == (
        other.verdict,
        other.next_allowed_at,
        set(other.rules),
    )


def judged(codes, overlays, zones, states, country, at) -> list[str]:
    """Closed days and windows that object to collection at `at`, found the slow way."""
    rows = [PACKS[code].data for code in codes]
    rows += [PACKS[code.split("-")[0]].overlays[code] for code in overlays]
    local = [at.astimezone(ZoneInfo(zone)) for zone in zones]
    closed = [
        rule["id"]
        for row in rows
        for rule in row.get("closed_days") or ()
        if rule.get("enabled", True) and any(shut(rule, wall.date(), states, country) for wall in local)
    ]
    if closed:
        return closed
    found = []
    for row in rows:
        if "windows_rule" not in row:
            continue
        for wall in local:
            pair = row["windows"].get(WEEK[wall.weekday()])
            if pair is None or not time.fromisoformat(pair[0]) <= wall.time() < time.fromisoformat(pair[1]):
                found.append(row["windows_rule"]["id"])
                break
    return found


@cache
def holidays_of(country, state, year, categories) -> dict[date, str]:
    """The library's holidays of a year; it forgets them, and works them out for a fifth of a second."""
    language = "pt_BR" if country == "BR" else "es"
    return dict(
        holidays.country_holidays(country, subdiv=state, years=year, categories=categories, language=language).items()
    )


def shut(rule, day, states, country) -> bool:
    if rule["day"] in WEEKEND:
        return day.weekday() == WEEKEND[rule["day"]]
    calendar = rule["calendar"]
    if calendar == "country_of_debtor":
        calendar = {"country": country, "subdivision": True}
    supported = holidays.list_supported_countries().get(calendar["country"], [])
    wanted = [state for state in states if state in supported] if calendar.get("subdivision") else []
    for state in wanted or [None]:
        table = holidays_of(calendar["country"], state, day.year, tuple(calendar.get("categories", ["public"])))
        if day in table and (not calendar.get("names") or table[day] in calendar["names"]):
            return True
    return False


@settings(max_examples=120)
@given(st.sampled_from(PLACES), instants)
def test_an_independent_judge_finds_the_same_closed_days_and_windows(place, at):
    codes, overlays, zones, states = place
    assume("co" not in codes or "cl" not in codes)
    country = "UY" if codes == ("latam-default",) else PACKS[codes[0]].iso2
    facts = Facts(zones=zones, consents=(ConsentRecord("granted"),), identity="verified", country=country, ufs=states)
    assert list(decide(Intent(), facts, SETS[(codes, overlays)], at).rules) == judged(
        codes, overlays, zones, states, country, at
    )


@given(questions())
def test_the_effective_class_of_anything_but_replies_and_confirmations_is_its_own(question):
    intent, facts, ruleset, now = question
    assume(intent.message_class not in ("reply", "optout_confirmation"))
    assert effective_class(intent, facts, ruleset, now) == intent.message_class
