"""Editions, own layers, and the cache that must never outlive them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from compliance.editions import approve, propose
from compliance.models import RuleSetSnapshot
from compliance.rulesets import differences, load_rule_packs, open_book, ruleset_for, save_layer
from compliance.services import authorise, preview
from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants.models import AuditEntry, StagedEvent
from tests.compliance.rulebook import file_of, operator, pack, standing
from tests.compliance.world import MONDAY, World, make_world

TIGHT = {"windows": {day: ["09:00", "09:30"] for day in ("mon", "tue", "wed", "thu", "fri")}}


@pytest.fixture
def world() -> World:
    return make_world()


def test_packs_load_themselves_once(world: World) -> None:
    with world.scope():
        first = open_book([], MONDAY).editions
    assert {"common", "latam-default", "br", "mx", "co"} <= dict(first).keys()
    assert load_rule_packs(now=machine_now(), author="test") == []
    with world.scope():
        assert open_book([], MONDAY).editions == first


def test_a_new_edition_is_in_force_from_its_date_and_old_decisions_keep_theirs(world: World) -> None:
    standing(pack("uy"))
    early = MONDAY + timedelta(hours=1, minutes=30)  # 09:30 in Bogotá
    with world.scope():
        ana = world.somebody(country="UY", subdivision="", declared_zone="America/Bogota")
        assert preview(ana.ask(), early).allowed
    now, begin = machine_now(), max(machine_now(), early + timedelta(hours=9))
    changed = file_of(pack("uy", hours=("10:00", "18:00")))
    (row,) = propose([changed], by=operator(), now=now, effective_from=begin)
    approve("uy", row.edition, by=operator(), now=now)
    weeks = timedelta(days=7 * ((begin - early) // timedelta(days=7) + 1))
    with world.scope():
        bruno = world.somebody(country="UY", subdivision="", declared_zone="America/Bogota")
        (then,) = authorise([ana.ask()], now=early)
        (later,) = authorise([bruno.ask()], now=early + weeks)
        assert then is not None and then.allowed
        assert later is not None and later.rules == ("UY-HOURS",)
        assert RuleSetSnapshot.objects.count() == 2


def test_differences_match_rules_by_their_ids() -> None:
    before = {"caps": [{"id": "A", "count": 1}, {"id": "B", "count": 2}]}
    after = {"caps": [{"id": "B", "count": 3}, {"id": "A", "count": 1}], "name": "x"}
    assert differences(before, after) == [("caps/B/count", 2, 3), ("name", None, "x")]


def test_a_pack_that_nobody_knows_is_said(world: World) -> None:
    with pytest.raises(CommandError, match="no such edition"):
        call_command("rule_packs", "diff", "atlantis")


def test_a_layer_is_in_force_with_the_next_decision(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        assert preview(ana.ask(), MONDAY).allowed
        save_layer("creditor", ana.debtor.creditor_id, TIGHT, author="user:1", reason="quiet", now=MONDAY)
        assert preview(ana.ask(), MONDAY).rules == ("CREDITOR-HOURS",)
        assert preview(ana.ask(), MONDAY - timedelta(minutes=1)).allowed, "not before it was laid"
        assert AuditEntry.objects.filter(action="rules.save").count() == 1
        assert StagedEvent.objects.filter(name="rules.changed").count() == 1
        save_layer("creditor", ana.debtor.creditor_id, {}, author="user:1", reason="as before", now=MONDAY)
        assert preview(ana.ask(), MONDAY).allowed


def test_one_debtors_own_hours_are_nobody_elses(world: World) -> None:
    with world.scope():
        ana, bruno = world.somebody(), world.somebody()
        save_layer("debtor", ana.person.id, TIGHT, author="user:1", reason="asked for it", now=MONDAY)
        assert preview(ana.ask(), MONDAY).rules == ("DEBTOR-HOURS",)
        assert preview(bruno.ask(), MONDAY).allowed


def test_what_may_not_be_relaxed_is_refused_and_nothing_is_saved(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        with pytest.raises(DomainError, match="may not be relaxed"):
            save_layer(
                "tenant",
                world.tenant.id,
                {"relax": {"BR-CAP-DAY": {"off": True}}},
                author="user:1",
                reason="-",
                now=MONDAY,
            )
        with pytest.raises(DomainError, match="only a tenant may relax"):
            save_layer(
                "creditor",
                ana.debtor.creditor_id,
                {"relax": {"LD-HOURS": {"off": True}}},
                author="user:1",
                reason="-",
                now=MONDAY,
            )
        assert preview(ana.ask(), MONDAY).allowed


def test_an_organisation_that_waived_the_regions_practice_answers_to_the_law_alone() -> None:
    strict, waived = make_world(), make_world(default_rules=False)
    for world, codes in ((strict, ("common", "br", "latam-default", "br-sp")), (waived, ("common", "br", "br-sp"))):
        with world.scope():
            ana = world.somebody()
            ruleset = ruleset_for(world.tenant, ana.debtor.creditor_id, ana.person, MONDAY, e164=ana.point.value)
            assert ruleset.codes == codes


def test_another_organisations_rules_are_not_given_out(world: World) -> None:
    stranger = make_world()
    with world.scope():
        ana = world.somebody()
        with pytest.raises(ValueError, match="another organisation"):
            ruleset_for(stranger.tenant, ana.debtor.creditor_id, ana.person, MONDAY)
