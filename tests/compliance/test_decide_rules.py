"""Composition, layers, packs as data, and what the conventions say about single rules."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from compliance.decide import (
    KINDS,
    ConsentRecord,
    Contact,
    Facts,
    HolidayCalendar,
    Intent,
    compose,
    compose_exactly,
    decide,
    effective_class,
    load_packs,
    overlays_for,
    standing_identity,
)
from compliance.decide.compose import relaxable
from compliance.decide.packs import read_pack
from compliance.mutation.mutants import changed
from kernel.errors import DomainError

PACKS = load_packs()
GRANTED = (ConsentRecord("granted"),)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # Tuesday noon in Bogota


def facts(zone: str = "America/Bogota", **more) -> Facts:
    return Facts(zones=(zone,), consents=GRANTED, identity="verified", **more)


def rules(ruleset, at, intent=None, **more) -> tuple[str, ...]:
    return decide(intent or Intent(), facts(**more), ruleset, at).rules


def test_every_pack_of_the_reference_is_shipped():
    assert set(PACKS) == {"common", "latam-default", "br", "mx", "co", "pe", "cl", "ar", "ec", "us", "es", "pt"}
    assert set(PACKS["br"].overlays) == {"br-sp", "br-rj", "br-es", "br-am", "br-al", "br-unknown"}


def test_every_rule_carries_where_it_comes_from():
    for pack in PACKS.values():
        for data in (pack.data, *pack.overlays.values()):
            for key in ("stop_rules", "closed_days", "caps"):
                assert all({"id", "status"} <= set(row) for row in data.get(key) or ()), (pack.code, key)


def test_the_product_composes_common_country_default_subdivision_and_own_layers_in_this_order():
    own = {
        "caps": [
            {
                "scope": "debtor",
                "channels": "all",
                "count": 1,
                "per": {"value": 3, "unit": "local_days", "kind": "rolling"},
            }
        ]
    }
    ruleset = compose(PACKS, "BR", ("br-rj",), tenant=own, creditor=own, debtor=own)
    assert ruleset.codes == ("common", "br", "latam-default", "br-rj", "tenant", "creditor", "debtor")
    at = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)  # 08:30 in Rio
    past = (Contact(at - timedelta(days=1)),)
    found = rules(ruleset, at, zone="America/Sao_Paulo", contacts=past)
    assert found == ("BR-RJ-HOURS", "TENANT-CAP-1", "CREDITOR-CAP-1", "DEBTOR-CAP-1")


def test_the_default_can_be_opted_out_of_but_not_where_it_is_all_there_is():
    assert compose(PACKS, "CO", default=False).codes == ("common", "co")
    assert compose(PACKS, "UY", default=False).codes == ("common", "latam-default")
    assert compose(PACKS, None).codes == ("common", "latam-default")


def test_overlays_follow_the_states_and_their_absence():
    assert overlays_for(PACKS, "BR", ("SP", "RJ")) == ("br-sp", "br-rj")
    assert overlays_for(PACKS, "BR", ("MG",)) == ()
    assert overlays_for(PACKS, "BR", ()) == ("br-unknown",)
    assert overlays_for(PACKS, "AR", ("C",)) == ("ar-c",)
    assert overlays_for(PACKS, "CO", ()) == ()
    assert overlays_for(PACKS, "UY", ()) == ()


def test_equal_content_has_an_equal_hash():
    assert compose(PACKS, "CO").hash == compose(load_packs(), "co").hash
    assert compose(PACKS, "CO").hash != compose(PACKS, "CO", default=False).hash


def test_the_history_is_as_long_as_the_longest_rule():
    assert compose(PACKS, "PE").lookback_days == 1
    assert compose(PACKS, "CL").lookback_days == 7


def test_a_tenant_may_relax_only_where_the_rule_says_so_and_no_further_than_its_floor():
    wide = {day: ["07:00", "22:00"] for day in WEEK[:5]}
    ruleset = compose(PACKS, "MX", default=False, tenant={"relax": {"MX-HOURS": {"windows": wide}}})
    assert rules(ruleset, datetime(2026, 11, 24, 13, 30, tzinfo=UTC), zone="America/Mexico_City") == ()
    for change in ({"mon": ["06:00", "22:00"]}, {"sat": ["09:00", "12:00"]}):
        with pytest.raises(DomainError, match="MX-HOURS"):
            compose(PACKS, "MX", tenant={"relax": {"MX-HOURS": {"windows": change}}})
    for rule in ("MX-CLOSED-SUN", "CO-HOURS", "X-OPTOUT"):
        with pytest.raises(DomainError):
            compose(PACKS, "CO" if rule != "MX-CLOSED-SUN" else "MX", tenant={"relax": {rule: {"off": True}}})
    with pytest.raises(DomainError, match="no rule NOPE"):
        compose(PACKS, "CO", tenant={"relax": {"NOPE": {"off": True}}})
    with pytest.raises(DomainError, match="may only tighten"):
        compose(PACKS, "CO", creditor={"relax": {"CO-CAP-WEEK": {"off": True}}})


def test_relaxing_a_cap_and_switching_an_optional_rule_on():
    more = compose(PACKS, "CL", default=False, tenant={"relax": {"CL-CAP-TOTAL": {"count": 3}}})
    at = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    past = (Contact(at - timedelta(days=4), "call"), Contact(at - timedelta(days=3)))
    assert rules(more, at, zone="America/Santiago", contacts=past) == ()
    strict = compose(PACKS, "MX", default=False, tenant={"relax": {"MX-CLOSED-BANKDAY": {"on": True}}})
    assert rules(strict, datetime(2026, 11, 2, 18, tzinfo=UTC), zone="America/Mexico_City") == ("MX-CLOSED-BANKDAY",)


def test_a_debtors_documented_request_widens_what_the_pack_lets_it():
    saturday = datetime(2026, 11, 28, 14, 0, tzinfo=UTC)  # 09:00 in Bogota
    request = {
        "evidence": "letter-7",
        "days": ["saturday", "sunday"],
        "windows": {"sat": ["09:00", "12:00"], "tue": ["06:00", "21:00"]},
    }
    wider = compose(PACKS, "CO", debtor={"request": request})
    assert rules(compose(PACKS, "CO"), saturday) == ("LD-CLOSED-SAT",)
    assert rules(wider, saturday) == ()
    assert rules(wider, saturday + timedelta(days=1)) == ("CO-CLOSED-SUN", "LD-CLOSED-SUN")
    early = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)  # 06:30
    assert rules(wider, early) == ("LD-HOURS",)
    alone = compose(PACKS, "CO", default=False, debtor={"request": request})
    assert rules(alone, early) == ()
    with pytest.raises(DomainError, match="evidence"):
        compose(PACKS, "CO", debtor={"request": {"days": ["saturday"]}})


def test_a_debtors_preference_tightens():
    evenings = compose(PACKS, "CO", debtor={"windows": {day: ["17:00", "19:00"] for day in WEEK[:5]}})
    decision = decide(Intent(), facts(), evenings, NOON)
    assert decision.rules == ("DEBTOR-HOURS",)
    assert decision.next_allowed_at == datetime(2026, 11, 24, 22, 0, tzinfo=UTC)


def test_a_null_day_objects_with_the_windows_id_where_no_closed_day_speaks():
    no_tuesday = compose(PACKS, "CO", tenant={"windows": {day: ["08:00", "18:00"] for day in WEEK if day != "tue"}})
    assert rules(no_tuesday, NOON) == ("TENANT-HOURS",)
    sunday = datetime(2026, 11, 29, 17, 0, tzinfo=UTC)
    assert rules(no_tuesday, sunday) == ("CO-CLOSED-SUN", "LD-CLOSED-SUN")


def test_split_hours_and_listed_dates():
    own = {
        "windows": {day: [["08:00", "12:00"], ["14:00", "18:00"]] for day in WEEK},
        "closed_days": [{"day": "extra_dates", "dates": ["2026-11-25"]}],
    }
    ruleset = compose(PACKS, "CO", tenant=own)
    decision = decide(Intent(), facts(), ruleset, NOON)  # 12:00 is outside
    assert (decision.rules, decision.next_allowed_at) == (("TENANT-HOURS",), NOON + timedelta(hours=2))
    decision = decide(Intent(), facts(), ruleset, NOON + timedelta(hours=9))
    assert decision.next_allowed_at == datetime(2026, 11, 26, 13, 0, tzinfo=UTC)


def test_a_tenant_that_closes_everything_has_no_next_instant():
    shut = compose(PACKS, "CO", tenant={"windows": {}})
    decision = decide(Intent(), facts(), shut, NOON)
    assert (decision.verdict, decision.rules, decision.next_allowed_at) == ("defer", ("TENANT-HOURS",), None)
    none = {
        "scope": "debtor",
        "channels": "all",
        "count": 0,
        "per": {"value": 1, "unit": "local_days", "kind": "calendar"},
    }
    decision = decide(Intent(), facts(), compose(PACKS, "CO", tenant={"caps": [none]}), NOON)
    assert (decision.rules, decision.next_allowed_at) == (("TENANT-CAP-1",), None)


def test_creditor_scope_counts_the_creditors_own_contacts():
    cap = {
        "scope": "creditor",
        "channels": "all",
        "count": 1,
        "per": {"value": 7, "unit": "local_days", "kind": "rolling"},
    }
    ruleset = compose(PACKS, "PE", default=False, creditor={"caps": [cap]})
    past = (Contact(NOON - timedelta(days=2), creditor="A"),)
    assert rules(ruleset, NOON, Intent(creditor="A"), contacts=past) == ("CREDITOR-CAP-1",)
    assert rules(ruleset, NOON, Intent(creditor="B"), contacts=past) == ()


def test_debt_scope_asks_every_invoice_of_the_message():
    ruleset = compose(PACKS, "US", default=False)
    consent = (ConsentRecord("granted", "call"),)
    past = tuple(Contact(NOON - timedelta(days=n % 6 + 1), "call", invoices=("i2",)) for n in range(7))
    base = Facts(zones=("America/New_York",), consents=consent, identity="verified", contacts=past)
    assert decide(Intent(channel="call", invoices=("i1",)), base, ruleset, NOON).rules == ()
    assert decide(Intent(channel="call", invoices=("i1", "i2")), base, ruleset, NOON).rules == ("US-CAP-CALL7",)


def test_unknown_own_keys_and_broken_packs_are_refused_in_words():
    with pytest.raises(DomainError, match="unknown key window;"):
        compose(PACKS, "CO", tenant={"window": {}})
    with pytest.raises(DomainError, match="hours are written"):
        compose(PACKS, "CO", tenant={"windows": {"mon": ["8", "20:00"]}})
    broken = copy.deepcopy(dict(PACKS["pe"].data))
    broken["caps"][0]["per"]["kind"] = "weekly"
    with pytest.raises(DomainError, match="rule pack pe"):
        compose_exactly(load_packs([PACKS["common"].data, broken]), ["pe"])
    with pytest.raises(DomainError, match="common"):
        load_packs([PACKS["pe"].data])


def test_a_new_demand_or_an_old_inbound_makes_a_reply_collection():
    ruleset = compose(PACKS, "PE")
    asked = facts(last_inbound={"whatsapp": NOON})
    reply = Intent("reply")
    assert effective_class(reply, asked, ruleset, NOON + timedelta(hours=24)) == "reply"
    assert effective_class(reply, asked, ruleset, NOON + timedelta(hours=24, microseconds=1)) == "collection"
    assert effective_class(reply, asked, ruleset, NOON - timedelta(seconds=1)) == "collection"
    assert effective_class(replace(reply, flags=frozenset({"new_demand"})), asked, ruleset, NOON) == "collection"


def test_a_wrong_person_and_an_unknown_zone_are_stops_whoever_forgot_to_set_the_flag():
    ruleset = compose(PACKS, "PE")
    wrong = replace(facts(), identity="wrong_person")
    assert decide(Intent(disclosure=0), wrong, ruleset, NOON).rules == ("X-WRONG-NUMBER",)
    assert decide(Intent(), replace(facts(), zones=()), ruleset, NOON).rules == ("X-TZ-UNKNOWN",)


def test_a_consent_that_expires_before_monday_leaves_no_instant():
    saturday = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)
    until = (ConsentRecord("granted", expires_at=saturday + timedelta(days=1)),)
    decision = decide(Intent(), replace(facts(), consents=until), compose(PACKS, "PE"), saturday)
    assert (decision.verdict, decision.next_allowed_at) == ("defer", None)
    later = decide(Intent(), replace(facts(), consents=until), compose(PACKS, "PE"), saturday + timedelta(days=2))
    assert later.rules == ("X-CONSENT",)


def test_free_text_goes_out_while_the_providers_window_is_open():
    free, ruleset = Intent("reply", free_text=True), compose(PACKS, "PE")
    open_ = facts(last_inbound={"whatsapp": NOON - timedelta(hours=1)})
    assert decide(free, open_, ruleset, NOON).allowed
    shut = replace(open_, window_open_until=NOON)
    assert decide(free, shut, ruleset, NOON).rules == ("X-WINDOW-CLOSED",)
    assert decide(replace(free, free_text=False), shut, ruleset, NOON).allowed


def test_limits_and_pauses_are_time_rules_and_end_to_the_microsecond_up():
    until = NOON + timedelta(minutes=5, microseconds=1)
    decision = decide(
        Intent(), facts(limit_until=until, paused_until=NOON + timedelta(minutes=1)), compose(PACKS, "PE"), NOON
    )
    assert (decision.verdict, decision.rules) == ("defer", ("X-LIMIT", "X-CHANNEL-PAUSED"))
    assert decision.next_allowed_at == NOON + timedelta(minutes=5, seconds=1)


def test_findings_come_in_evaluation_order():
    intent = Intent(flags=frozenset({"threat_or_coercion"}), missing=frozenset({"amount"}))
    everything = Facts(
        zones=("America/Mexico_City",),
        stops={"opted_out": True},
        contacts=(Contact(datetime(2026, 11, 28, 15, tzinfo=UTC)),),
        limit_until=datetime(2027, 1, 1, tzinfo=UTC),
        balance_as_of=datetime(2026, 1, 1, tzinfo=UTC),
        balance_max_age=timedelta(days=1),
    )
    found = decide(intent, everything, compose(PACKS, "MX"), datetime(2026, 11, 28, 18, tzinfo=UTC)).findings
    kinds = [finding.kind for finding in found]
    assert kinds == sorted(kinds, key=KINDS.index)
    assert len(set(kinds)) == 9


def test_a_naive_instant_and_an_unknown_zone_are_our_mistake():
    ruleset = compose(PACKS, "PE")
    with pytest.raises(ValueError, match="naive"):
        decide(Intent(), facts(), ruleset, NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="not a time zone"):
        decide(Intent(), facts("America/Atlantis"), ruleset, NOON)


def test_extra_and_moved_holidays_are_data():
    calendar = HolidayCalendar(
        extra={"PE": [{"date": "2026-11-24", "name": "Día decretado"}]},
        moved={"PE": [{"from": "2026-12-08", "to": "2026-12-10"}]},
    )
    ruleset = compose(PACKS, "PE", default=False)
    decision = decide(Intent(), facts("America/Lima"), ruleset, NOON, calendar)
    assert decision.rules == ("PE-CLOSED-HOL",)
    assert decision.findings[0].values["holiday"] == "Día decretado"
    assert decide(Intent(), facts("America/Lima"), ruleset, datetime(2026, 12, 8, 17, tzinfo=UTC), calendar).allowed
    assert not decide(
        Intent(), facts("America/Lima"), ruleset, datetime(2026, 12, 10, 17, tzinfo=UTC), calendar
    ).allowed


def test_both_states_of_a_debtor_close_the_day():
    ruleset = compose(PACKS, "BR", default=False)
    ninth_of_july = datetime(2027, 7, 9, 15, tzinfo=UTC)
    assert rules(ruleset, ninth_of_july, zone="America/Sao_Paulo", ufs=("RJ",)) == ()
    assert rules(ruleset, ninth_of_july, zone="America/Sao_Paulo", ufs=("RJ", "SP")) == ("BR-CLOSED-HOL",)


def edited(code: str, path: tuple[str | int, ...], new: object):
    return {**PACKS, code: read_pack(changed(PACKS[code].data, path, new))}


@pytest.mark.parametrize(
    ("code", "path", "new"),
    [
        ("common", ("stop_rules", 0, "effect"), "warn"),
        ("common", ("consent", "states_that_pass"), ["granted", "unknown"]),
        ("common", ("reply_exception", "void_if_message_flag"), "urgent"),
        ("common", ("reply_exception", "counts_towards_caps"), True),
        ("common", ("consent", "channel_specific"), False),
        ("common", ("timezone_policy", "unknown"), "allow"),
        ("pe", ("timezone_policy", "conflict"), "union"),
    ],
)
def test_what_the_gate_cannot_do_is_refused_and_not_passed_over(code, path, new):
    with pytest.raises(DomainError) as caught:
        compose_exactly(edited(code, path, new), ["pe"])
    assert caught.value.code == "pack_invalid"


def test_a_pack_that_does_not_require_consent_or_identity_states_no_such_rule():
    stranger = Facts(zones=("America/Bogota",))
    for path, gone in (
        (("consent", "required"), "X-CONSENT"),
        (("identity_verification", "required_before_debt_mention"), "X-IDENTITY"),
    ):
        before = decide(Intent(), stranger, compose_exactly(PACKS, ["co"]), NOON).rules
        after = decide(Intent(), stranger, compose_exactly(edited("common", path, False), ["co"]), NOON).rules
        assert before == ("X-CONSENT", "CO-CONSENT", "X-IDENTITY")
        assert after == tuple(rule for rule in before if rule != gone)


def test_a_verified_identity_grows_old_at_the_strictest_packs_age():
    ruleset = compose(PACKS, "PE")
    assert ruleset.identity_days == 180
    since = NOON - timedelta(days=180)
    assert standing_identity("verified", since, ruleset, NOON) == "verified"
    assert standing_identity("verified", since, ruleset, NOON + timedelta(microseconds=1)) == "contacted"
    assert standing_identity("verified", None, ruleset, NOON) == "verified"
    assert standing_identity("claimed", since - timedelta(days=1), ruleset, NOON) == "claimed"
    sooner = edited("pe", ("identity_verification", "expires_after_days"), 30)
    assert compose(sooner, "PE").identity_days == 30


def test_the_fields_of_all_packs_add_up():
    assert "payment_options" in compose(PACKS, "PE").required_fields
    assert "payment_options" not in compose(PACKS, "PE", default=False).required_fields
    assert {"interest", "creditor_cpf_or_cnpj", "due_date"} <= compose(PACKS, "BR").required_fields


def test_relaxable_is_what_compose_takes():
    for codes, overlays in ((("br",), ("br-sp",)), (("mx", "latam-default"), ()), (("cl",), ())):
        named = relaxable(PACKS, codes, overlays)
        layers = [PACKS[code].data for code in ("common", *codes)] + [PACKS["br"].overlays[code] for code in overlays]
        caps = [row["id"] for data in layers for row in (*data.get("caps", ()), *data.get("stop_rules", ()))]
        for rule in caps:
            try:
                compose_exactly(PACKS, codes, overlays, tenant={"relax": {rule: {"off": True}}})
            except DomainError:
                assert rule not in named
            else:
                assert rule in named
