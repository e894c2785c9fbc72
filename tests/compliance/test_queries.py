"""What pages and the API read: reasons in words, what stands about a person, how far the ledger is sealed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from compliance.ledger.seals import seal_now
from compliance.queries import active_stops, decisions_about, decisions_of, ledger_state, standing_of, why, zone_of
from compliance.services import authorise, raise_stop, record_contact, revoke_consent
from kernel.ids import uuid7
from tests.compliance.world import MONDAY, World, make_world, number_events


@pytest.fixture
def world() -> World:
    return make_world()


def test_a_refusal_is_told_in_three_languages_in_the_debtors_own_time(world: World) -> None:
    with world.scope():
        ana = world.somebody(point={"value": "+5592987654321", "zones": ["America/Manaus"]}, subdivision="AM")
        ask = ana.ask()
        authorise([ask], now=MONDAY.replace(hour=3))  # Sunday, 23:00 in Manaus
        (row,) = decisions_of(ask.request_id)
        assert (row.verdict, zone_of(row)) == ("defer", "America/Manaus")
        told = {language: why(row, language) for language in ("es", "pt", "en")}
    assert len({len(sentences) for sentences in told.values()}) == 1
    assert len({sentences[0] for sentences in told.values()}) == 3
    assert "08:00" in told["pt"][-1], "when it may be sent, by the clock of Manaus"


def test_what_stands_about_a_person_is_counted_over_all_creditors_and_told_for_one(world: World) -> None:
    with world.scope():
        other = world.creditor()
        ana = world.somebody()
        there = world.somebody(other, person=ana.person)
        authorise([there.ask()], now=MONDAY)
        record_contact(ana.person.id, "call", MONDAY - timedelta(days=8), origin_id=uuid7())
        raise_stop(ana.person.id, "cease_requested", creditor_id=other.id, evidence={}, source="agent", now=MONDAY)
        revoke_consent(ana.person.id, now=MONDAY, source="debtor", evidence={"message": "1"})
    mine = [ana.debtor.creditor_id]
    with world.scope(creditor_ids=mine):
        found = standing_of(ana.person.id, MONDAY, creditor_ids=mine)
        assert found.stops == ()
        assert [row.state for row in found.consents] == ["revoked"]
        assert (found.contacts_last_week, found.last_contact_at) == (1, MONDAY)
    with world.scope():
        assert len(standing_of(ana.person.id, MONDAY).stops) == active_stops([ana.person.id]).count() == 1


def test_decisions_about_a_debtor_come_newest_first(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        for days in range(3):
            authorise([ana.ask()], now=MONDAY + timedelta(days=days))
        found = [row.decided_at for row in decisions_about(ana.debtor.id)]
    assert found == sorted(found, reverse=True) and len(found) == 3


def test_the_ledger_says_how_far_it_is_sealed(world: World) -> None:
    with world.scope():
        authorise([world.somebody().ask()], now=MONDAY)
        assert ledger_state().seal is None
    number_events()
    with world.scope():
        assert (ledger_state().last_event, ledger_state().sealed_to) == (2, 0)
        seal_now()
        assert ledger_state().sealed_to == 2
