"""The gate as others call it: whole person, whole batch, decision and reservation together, on a real database."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.models import Contact, Decision
from compliance.services import (
    ChannelFacts,
    authorise,
    lift_stop,
    note_inbound,
    preview,
    raise_stop,
    record_contact,
    revoke_consent,
    settle,
)
from kernel.errors import DomainError
from kernel.ids import uuid7
from portfolio.models import Creditor, Debtor, Dispute, Invoice
from tenants.models import StagedEvent
from tests.compliance.world import MONDAY, World, make_world

DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    return make_world()


def test_an_allow_reserves_the_contact_and_leaves_a_decision_with_an_event(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        ask = ana.ask()
        (ruling,) = authorise([ask], now=MONDAY)
    assert ruling is not None and ruling.verdict == "allow" and ruling.findings == ()
    with world.scope():
        row = Decision.objects.get(request_id=ruling.ask.request_id)
        assert (row.verdict, row.moment, row.request_id) == ("allow", "request", ask.request_id)
        contact = Contact.objects.get(origin_id=ask.request_id)
        assert (contact.state, contact.message_class) == ("reserved", "collection")
        staged = StagedEvent.objects.get(subject_id=row.id)
        assert staged.name == "decision.recorded" and len(staged.digest) == 64


def test_the_second_message_of_the_day_waits_for_the_first_legal_minute_of_the_next(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        authorise([ana.ask()], now=MONDAY)
    with world.scope():
        (ruling,) = authorise([ana.ask()], now=MONDAY)
    assert ruling is not None
    assert (ruling.verdict, ruling.rules) == ("defer", ("BR-CAP-DAY", "LD-CAP-DAY"))
    assert ruling.next_allowed_at == MONDAY.replace(day=24, hour=11)


def test_an_allow_earlier_in_the_batch_counts_for_the_later_ones(world: World) -> None:
    with world.scope():
        ana, bruno = world.somebody(), world.somebody()
        rulings = authorise([ana.ask(), bruno.ask(), ana.ask()], now=MONDAY)
    assert [ruling and ruling.verdict for ruling in rulings] == ["allow", "allow", "defer"]


def test_a_retry_that_is_allowed_renews_its_own_reservation(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        ask = ana.ask()
        authorise([ask], now=MONDAY.replace(hour=3))  # 00:00 in São Paulo
        (ruling,) = authorise([ask], now=MONDAY, moment="retry")
        assert ruling is not None and ruling.allowed
        assert Contact.objects.get(origin_id=ask.request_id).at == MONDAY
        (again,) = authorise([ask], now=MONDAY, moment="retry")
        assert again is not None and again.allowed


def test_the_last_look_lets_its_own_reservation_pass_and_writes_nothing(world: World) -> None:
    with world.scope():
        ask = world.somebody().ask()
        authorise([ask], now=MONDAY)
        before = Decision.objects.count()
        (ruling,) = authorise([ask], now=MONDAY + timedelta(minutes=5), moment="last_look")
        assert ruling is not None and ruling.allowed and ruling.decision_id is None
        assert Decision.objects.count() == before


def test_an_opt_out_after_queueing_still_counts_and_gives_the_reservation_back(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        ask = ana.ask()
        authorise([ask], now=MONDAY)
        raise_stop(ana.person.id, "opted_out", evidence={"message": str(uuid7())}, source="debtor", now=MONDAY)
    with world.scope():
        (ruling,) = authorise([ask], now=MONDAY, moment="last_look")
        assert ruling is not None and ruling.verdict == "deny" and ruling.rules == ("X-OPTOUT",)
        assert Decision.objects.filter(request_id=ask.request_id).count() == 2
        assert Contact.objects.get(origin_id=ask.request_id).state == "released"


def test_a_last_look_on_a_later_day_moves_the_contact_to_that_day(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        ask = ana.ask()
        authorise([ask], now=MONDAY)
        (ruling,) = authorise([ask], now=MONDAY + DAY, moment="last_look")
        assert ruling is not None and ruling.allowed
        (other,) = authorise([ana.ask()], now=MONDAY + DAY)
        assert other is not None and "BR-CAP-DAY" in other.rules


def test_a_last_look_after_the_reservation_was_given_back_reserves_again(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        ask = ana.ask()
        authorise([ask], now=MONDAY)
        settle({ask.request_id: "released"}, MONDAY)
        (ruling,) = authorise([ask], now=MONDAY, moment="last_look")
        assert ruling is not None and ruling.allowed
        assert Contact.objects.get(origin_id=ask.request_id).state == "reserved"


def test_what_surely_did_not_leave_frees_the_day_and_what_nobody_knows_does_not(world: World) -> None:
    with world.scope():
        ana, bruno = world.somebody(), world.somebody()
        first, second = ana.ask(), bruno.ask()
        authorise([first, second], now=MONDAY)
        assert settle({first.request_id: "released", second.request_id: "counted"}, MONDAY) == 2
        assert settle({first.request_id: "released", second.request_id: "counted"}, MONDAY) == 0
        verdicts = [ruling and ruling.verdict for ruling in authorise([ana.ask(), bruno.ask()], now=MONDAY)]
    assert verdicts == ["allow", "defer"]


def test_an_outcome_that_does_not_exist_is_refused(world: World) -> None:
    with world.scope(), pytest.raises(DomainError, match="counted or released"):
        settle({uuid7(): "sent"}, MONDAY)


def test_calls_and_visits_count_too(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        record_contact(ana.person.id, "call", MONDAY - timedelta(hours=1), origin_id=uuid7())
        (ruling,) = authorise([ana.ask()], now=MONDAY)
    assert ruling is not None and "BR-CAP-DAY" in ruling.rules


def test_whoever_asks_the_whole_person_is_seen_and_nobody_is_named(world: World) -> None:
    with world.scope():
        other = world.creditor()
        ana = world.somebody()
        there = world.somebody(other, person=ana.person)
        authorise([there.ask()], now=MONDAY)
    mine = ana.debtor.creditor_id
    with world.scope(creditor_ids=[mine]):
        (ruling,) = authorise([ana.ask()], now=MONDAY)
        assert ruling is not None and ruling.rules == ("BR-CAP-DAY", "LD-CAP-DAY")
        assert Creditor.objects.count() == 1, "the scope is as narrow as before"
        stored = orjson.dumps(Decision.objects.get(request_id=ruling.ask.request_id).facts).decode()
    for secret in (other.id, there.debtor.id, there.invoices[0].id, ana.person.id, ana.point.value, ana.person.name):
        assert str(secret) not in stored


def test_a_decision_about_a_creditor_outside_the_scope_cannot_be_written(world: World) -> None:
    with world.scope():
        other = world.creditor()
        ana = world.somebody(other)
    with pytest.raises(Exception, match="row-level security"), world.scope(creditor_ids=[world.creditors[0].id]):
        authorise([ana.ask()], now=MONDAY)


def test_ids_that_do_not_belong_together_are_refused(world: World) -> None:
    with world.scope():
        ana, bruno = world.somebody(), world.somebody()
        for wrong, code in (
            ({"contact_point_id": bruno.point.id}, "contact_point_unknown"),
            ({"debtor_id": bruno.debtor.id}, "debtor_unknown"),
            ({"creditor_id": uuid7()}, "creditor_unknown"),
            ({"person_id": uuid7()}, "person_unknown"),
            ({"invoice_ids": (bruno.invoices[0].id,)}, "invoice_unknown"),
        ):
            with pytest.raises(DomainError) as refused:
                authorise([ana.ask(**wrong)], now=MONDAY)
            assert refused.value.code == code


def test_another_organisations_person_does_not_exist(world: World) -> None:
    with world.scope():
        ana = world.somebody()
    stranger = make_world()
    with stranger.scope(), pytest.raises(DomainError, match="no such person"):
        authorise([ana.ask()], now=MONDAY)


def test_a_preview_says_the_same_and_writes_nothing(world: World) -> None:
    with world.scope():
        ana = world.somebody(identity="unknown")
        staged = StagedEvent.objects.count()
        decision = preview(ana.ask(), MONDAY)
        assert decision.rules == ("X-IDENTITY",)
        assert not Decision.objects.exists() and not Contact.objects.exists()
        assert StagedEvent.objects.count() == staged


def test_numbers_that_the_debtor_did_not_supply_and_third_parties_are_not_written_to(world: World) -> None:
    with world.scope():
        cases: list[tuple[dict[str, Any], str]] = [
            ({"provenance": {}}, "X-NUMBER-PROVENANCE"),
            ({"provenance": {"source": "bureau", "supplied_by": "third_party"}}, "X-NUMBER-PROVENANCE"),
            ({"role": "reference"}, "X-THIRD-PARTY"),
            ({"role": "work"}, "X-THIRD-PARTY"),
            ({"reported_wrong_at": MONDAY}, "X-WRONG-NUMBER"),
            ({"identity": "wrong_person"}, "X-WRONG-NUMBER"),
        ]
        for point, rule in cases:
            decision = preview(world.somebody(point=point).ask(), MONDAY)
            assert rule in decision.rules and decision.verdict == "deny", rule


def test_a_number_without_a_zone_is_not_written_to_and_a_declared_zone_helps(world: World) -> None:
    with world.scope():
        nowhere = {"kind": "bsuid", "value": "BR.123", "zones": []}
        stranger = world.somebody(point=nowhere, country="ZZ", subdivision="")
        assert preview(stranger.ask(), MONDAY).rules[0] == "X-TZ-UNKNOWN"
        known = world.somebody(
            point=nowhere | {"value": "BR.124"}, country="ZZ", subdivision="", declared_zone="America/Bogota"
        )
        assert preview(known.ask(), MONDAY).allowed


def test_a_verification_grows_old(world: World) -> None:
    with world.scope():
        fresh = world.somebody(point={"identity_at": MONDAY - timedelta(days=179)})
        old = world.somebody(point={"identity_at": MONDAY - timedelta(days=181)})
        assert preview(fresh.ask(), MONDAY).allowed
        assert preview(old.ask(), MONDAY).rules == ("X-IDENTITY",)


def test_stops_follow_the_invoices_that_the_message_is_about(world: World) -> None:
    with world.scope():
        ana = world.somebody(amounts=(100, 200))
        one, two = ana.invoices
        both = ana.ask(invoice_ids=(one.id, two.id))
        Invoice.objects.filter(pk=one.id).update(settled_at=MONDAY, open_minor=0)
        assert preview(both, MONDAY).allowed, "something is still open"
        assert preview(ana.ask(invoice_ids=(one.id,)), MONDAY).rules == ("X-PAID",)
        Invoice.objects.filter(pk=two.id).update(disputed_at=MONDAY)
        assert preview(both, MONDAY).rules == ("X-DISPUTE",)
        Invoice.objects.filter(pk=two.id).update(disputed_at=None, legal_state="time_barred")
        assert preview(both, MONDAY).rules == ("BR-TIME-BARRED",)
        Invoice.objects.filter(pk=two.id).update(withdrawn_at=MONDAY)
        assert preview(both, MONDAY).rules == ("X-PAID",)
        assert preview(ana.ask(), MONDAY).rules == ("X-PAID",), "nothing is open any more"


def test_a_dispute_on_one_invoice_stops_the_others_only_by_the_creditors_policy(world: World) -> None:
    with world.scope():
        ana = world.somebody(amounts=(100, 200))
        one, two = ana.invoices
        Dispute.objects.create(
            creditor_id=ana.debtor.creditor_id,
            debtor=ana.debtor,
            invoice=one,
            reference="D-1",
            reason="unknown",
            opened_at=MONDAY,
        )
        assert preview(ana.ask(), MONDAY).allowed, "the message speaks of the other one"
        assert preview(ana.ask(invoice_ids=(one.id,)), MONDAY).rules == ("X-DISPUTE",)
        Creditor.objects.filter(pk=ana.debtor.creditor_id).update(dispute_stops_all=True)
        assert preview(ana.ask(invoice_ids=(two.id,)), MONDAY).rules == ("X-DISPUTE",)
        assert preview(ana.ask(message_class="service", disclosure=1), MONDAY).rules == ("X-DISPUTE",)


def test_a_withdrawn_debtor_owes_nothing(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        Debtor.objects.filter(pk=ana.debtor.id).update(withdrawn_at=MONDAY)
        assert preview(ana.ask(), MONDAY).rules == ("X-PAID",)


def test_a_balance_may_be_too_old_to_be_demanded(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        Creditor.objects.filter(pk=ana.debtor.creditor_id).update(balance_max_age_hours=24)
        Debtor.objects.filter(pk=ana.debtor.id).update(balance_as_of=MONDAY - timedelta(hours=25))
        assert preview(ana.ask(), MONDAY).rules == ("X-BALANCE-STALE",)
        Debtor.objects.filter(pk=ana.debtor.id).update(balance_as_of=MONDAY - timedelta(hours=23))
        assert preview(ana.ask(), MONDAY).allowed


def test_required_fields_object_only_where_the_debtors_rules_ask_for_them(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        assert preview(ana.ask(missing=("mini_miranda_initial_or_subsequent",)), MONDAY).allowed
        assert preview(ana.ask(missing=("creditor_address",)), MONDAY).rules == ("BR-C-42A",)
        assert preview(ana.ask(missing=("opt_out_line",)), MONDAY).rules == ("X-CONTENT-REQUIRED",)


def test_sending_stopped_holds_every_creditor_of_the_organisation_back(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        Creditor.objects.filter(pk=ana.debtor.creditor_id).update(sending_stopped_at=MONDAY)
        decision = preview(ana.ask(), MONDAY)
        assert (decision.verdict, decision.rules, decision.next_allowed_at) == ("defer", ("X-CHANNEL-PAUSED",), None)


def test_a_stop_of_one_creditor_or_number_leaves_the_others_alone_until_it_is_lifted(world: World) -> None:
    with world.scope():
        other = world.creditor()
        ana = world.somebody()
        there = world.somebody(other, person=ana.person)
        stop = raise_stop(
            ana.person.id,
            "cease_requested",
            creditor_id=ana.debtor.creditor_id,
            evidence={},
            source="agent",
            now=MONDAY,
        )
        assert preview(ana.ask(), MONDAY).rules == ("X-CEASE",)
        assert preview(there.ask(), MONDAY).allowed
        lift_stop(stop.id, by="user:1", reason="asked in writing", now=MONDAY)
        assert preview(ana.ask(), MONDAY).allowed


def test_a_registry_listing_binds_from_the_end_of_its_grace(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        raise_stop(
            ana.person.id,
            "listed_in_state_do_not_contact_registry",
            evidence={"listed_on": "2026-10-25"},
            source="registry:SP",
            now=MONDAY,
        )
        assert preview(ana.ask(), MONDAY).allowed
        assert "BR-REGISTRY" in preview(ana.ask(), MONDAY + DAY).rules


def test_a_reply_answers_within_a_day_of_the_debtors_word_on_any_of_our_numbers(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        authorise([ana.ask()], now=MONDAY)  # the day's contact is used up
        reply = ana.ask(message_class="reply", origin="bot")
        assert "BR-CAP-DAY" in preview(reply, MONDAY).rules
        note_inbound([(ana.person.id, ana.point.id, MONDAY)], channel="whatsapp")
        note_inbound([(ana.person.id, None, MONDAY - DAY)], channel="whatsapp")  # comes late
        assert preview(reply, MONDAY + timedelta(hours=3)).allowed
        typed = ana.ask(message_class="reply", origin="agent", channel_facts=ChannelFacts(free_text=True))
        assert preview(typed, MONDAY).rules == ("X-WINDOW-CLOSED",), "they wrote to another number of ours"
        here = ChannelFacts(free_text=True, last_inbound_at=MONDAY)
        assert preview(ana.ask(message_class="reply", channel_facts=here), MONDAY).allowed


def test_a_reply_does_not_use_the_day_up(world: World) -> None:
    with world.scope():
        ana = world.somebody()
        heard = ChannelFacts(last_inbound_at=MONDAY, window_open_until=MONDAY + DAY)
        reply = ana.ask(message_class="reply", channel_facts=heard)
        (ruling,) = authorise([reply], now=MONDAY)
        assert ruling is not None and ruling.allowed
        assert Contact.objects.get(origin_id=reply.request_id).message_class == "reply"
        assert preview(ana.ask(), MONDAY).allowed


def test_without_consent_nothing_goes_and_a_revocation_ends_it(world: World) -> None:
    with world.scope():
        assert preview(world.somebody(consent=None).ask(), MONDAY).rules == ("X-CONSENT",)
        ana = world.somebody()
        assert preview(ana.ask(), MONDAY).allowed
        revoke_consent(ana.person.id, now=MONDAY, source="debtor", evidence={"message": str(uuid7())})
        assert preview(ana.ask(), MONDAY).rules == ("X-CONSENT",)


def test_a_person_whom_somebody_is_busy_with_is_skipped_and_the_others_are_not(world: World) -> None:
    with world.scope():
        ana, bruno = world.somebody(), world.somebody()
        authorise([world.somebody().ask()], now=MONDAY)  # the rule set is kept already
    started, done = Barrier(2), Barrier(2)

    def hold() -> None:
        try:
            with world.scope():
                authorise([ana.ask()], now=MONDAY)
                started.wait(10)
                done.wait(10)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        started.wait(10)
        with world.scope():
            rulings = authorise([ana.ask(), bruno.ask()], now=MONDAY, skip_locked=True)
        done.wait(10)
        held.result(10)
    assert rulings[0] is None
    assert rulings[1] is not None and rulings[1].allowed


def test_many_senders_at_once_get_exactly_one_message_through(world: World) -> None:
    with world.scope():
        ana = world.somebody()
    senders = 12
    start = Barrier(senders)

    def send(_: int) -> str:
        try:
            start.wait(20)
            with world.scope():
                (ruling,) = authorise([ana.ask()], now=MONDAY)
                assert ruling is not None
                return ruling.verdict
        finally:
            connection.close()

    with ThreadPoolExecutor(senders) as pool:
        verdicts = list(pool.map(send, range(senders)))
    assert sorted(verdicts) == ["allow"] + ["defer"] * (senders - 1)
    with world.scope():
        assert Contact.objects.filter(person=ana.person, state="reserved").count() == 1
        assert Decision.objects.filter(person_id=ana.person.id).count() == senders


def test_batches_over_the_same_persons_in_any_order_never_wait_for_one_another_for_ever(world: World) -> None:
    with world.scope():
        people = [world.somebody() for _ in range(6)]
    start = Barrier(4)

    def send(turn: int) -> int:
        try:
            start.wait(20)
            with world.scope():
                order = people[turn:] + people[:turn]
                rulings = authorise([person.ask() for person in (order if turn % 2 else order[::-1])], now=MONDAY)
                return sum(ruling is not None and ruling.allowed for ruling in rulings)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        allowed = list(pool.map(send, range(4)))
    assert sum(allowed) == len(people)


def test_a_batch_costs_as_many_queries_as_one(world: World) -> None:
    with world.scope():
        people = [world.somebody() for _ in range(41)]
        authorise([people[0].ask()], now=MONDAY)  # rules are composed and kept
        with CaptureQueriesContext(connection) as one:
            authorise([people[0].ask()], now=MONDAY)
        with CaptureQueriesContext(connection) as many:
            authorise([person.ask() for person in people[1:]], now=MONDAY)
    assert len(many) <= len(one) + 1  # the reservations: the single one was deferred
    assert len(many) <= 16


def test_stored_facts_stay_small(world: World) -> None:
    with world.scope():
        ana = world.somebody(amounts=tuple(range(100, 700, 100)))
        for days in range(1, 15):
            record_contact(
                ana.person.id, "whatsapp", MONDAY - days * DAY, origin_id=uuid7(), creditor_id=ana.debtor.creditor_id
            )
        (ruling,) = authorise([ana.ask()], now=MONDAY - timedelta(hours=6))
        assert ruling is not None
        row = Decision.objects.get(request_id=ruling.ask.request_id)
        assert row.verdict == "defer"
        assert len(orjson.dumps(row.facts)) < 1500


@settings(max_examples=12)
@given(hours=st.lists(st.integers(0, 14 * 24), min_size=2, max_size=10), lost=st.sets(st.integers(0, 9)))
def test_no_order_of_asking_gets_two_messages_into_one_local_day(hours: list[int], lost: set[int]) -> None:
    world = _shared()
    zone = ZoneInfo("America/Sao_Paulo")
    with world.scope():
        ana = world.somebody()
        taken: dict[object, int] = {}
        for place, hour in enumerate(sorted(hours)):
            now = MONDAY + timedelta(hours=hour)
            local = now.astimezone(zone)
            ask = ana.ask()
            (ruling,) = authorise([ask], now=now)
            assert ruling is not None
            if ruling.allowed:
                assert taken.get(local.date(), 0) == 0
                assert 8 <= local.hour < 20 and local.weekday() < 5
                if place in lost:
                    settle({ask.request_id: "released"}, now)
                else:
                    taken[local.date()] = 1
            elif 8 <= local.hour < 20 and local.weekday() < 5:
                assert taken.get(local.date()) == 1


_worlds: list[World] = []


def _shared() -> World:
    if not _worlds:
        _worlds.append(make_world())
    return _worlds[0]


def test_an_unknown_request_id_is_nobodys(world: World) -> None:
    with world.scope():
        assert settle({uuid.uuid4(): "counted"}, MONDAY) == 0
        assert authorise([], now=MONDAY) == []
