"""Enrolments follow the account; due touches become wishes, once, to whoever may read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel.clock import Clock
from kernel.money import Money
from messaging.models import Enrolment, Message, MessageTemplate, SendRequest
from messaging.sequences import running
from messaging.sequences.services import pause_for, refresh, release, unblock
from portfolio.models import Invoice
from portfolio.places import start_of
from portfolio.services import (
    accept_agreement,
    close_dispute,
    create_promise,
    judge_promises,
    open_dispute,
    propose_agreement,
    record_payment,
)
from tenants import events, work
from tests import factories
from tests.messaging.desk import Desk, open_desk


@pytest.fixture
def desk() -> Desk:
    return open_desk("CO")


def follow(desk: Desk) -> None:
    """Read the log to its end."""
    while events.sequence():
        pass
    while running.follow(desk.tenant, "", Clock(frozen_at=desk.now)) is not None:
        pass


def serve(desk: Desk) -> None:
    running.serve(desk.tenant, "", Clock(frozen_at=desk.now))


def enrolment(debtor) -> Enrolment:
    return Enrolment.objects.get(debtor=debtor)


def due_now(desk: Desk, debtor) -> None:
    """Move the desk's clock to the debtor's next touch."""
    with desk.scope():
        at = enrolment(debtor).next_at
        assert at is not None
        desk.now = max(desk.now, at)


def started(desk: Desk, **fields):
    with desk.scope():
        debtor = desk.debtor(**fields)
        refresh([debtor.pk], now=desk.now)
    due_now(desk, debtor)
    return debtor


def sent(desk: Desk, debtor) -> list[SendRequest]:
    serve(desk)
    with desk.scope():
        return desk.fresh(debtor)


def test_a_verified_debtor_gets_the_stages_text_with_every_place_filled(desk: Desk) -> None:
    debtor = started(desk, days_late=12, invoices=2)
    (request,) = sent(desk, debtor)
    with desk.scope():
        text = desk.text_of(request)
        assert request.message_class == "collection"
        assert request.template is not None
        assert request.template.stage == "middle"
        assert "{{" not in text
        assert "$2.000,00" in text
        assert "2 facturas" in text
        assert "12 días" in text
        assert len(request.invoice_ids) == 2
        assert request.verdict == "allow", desk.fresh(debtor)
        row = enrolment(debtor)
        assert request.origin_id == f"{row.pk}:{row.invoice_id}:middle"
        assert (row.last_step, row.next_step) == ("middle", "middle2")


def test_an_unverified_one_gets_the_neutral_probe(desk: Desk) -> None:
    debtor = started(desk, days_late=4, verified=False)
    (request,) = sent(desk, debtor)
    with desk.scope():
        assert (request.message_class, request.disclosure) == ("identity_probe", 0)
        text = desk.text_of(request)
        assert debtor.person.name in text
        assert desk.creditor.name not in text
        assert request.verdict == "allow"


def test_a_verification_that_is_too_old_is_asked_for_again(desk: Desk) -> None:
    debtor = started(desk, days_late=4)
    with desk.scope():
        point = desk.point(debtor)
        point.identity_at = desk.now - timedelta(days=181)
        point.save()
    (request,) = sent(desk, debtor)
    assert request.message_class == "identity_probe"


def test_serving_twice_asks_once(desk: Desk) -> None:
    debtor = started(desk, days_late=4)
    assert len(sent(desk, debtor)) == 1
    assert sent(desk, debtor) == []


def test_a_denied_touch_stays_due_and_asks_anew_when_the_fact_changes(desk: Desk) -> None:
    debtor = started(desk, days_late=4, consent=False)
    (denied,) = sent(desk, debtor)
    with desk.scope():
        row = enrolment(debtor)
        assert denied.state == "withdrawn"
        assert (row.reason, row.next_step, row.last_step) == ("blocked:denied", "first", "")
        factories.make_consent(debtor.person, creditor=desk.creditor, now=desk.now)
        assert unblock(debtor.person_id, now=desk.now) == 1
    (asked,) = sent(desk, debtor)
    assert asked.origin_id == denied.origin_id
    assert asked.verdict == "allow"


def test_without_an_approved_text_or_an_address_the_batch_goes_on_for_the_others(desk: Desk) -> None:
    with desk.scope():
        lost = desk.debtor(days_late=4, contact=False)
        other = desk.debtor(days_late=4)
        refresh([lost.pk, other.pk], now=desk.now)
    due_now(desk, lost)
    due_now(desk, other)
    assert len(sent(desk, other)) == 1
    with desk.scope():
        assert enrolment(lost).reason == "blocked:no_address"
        MessageTemplate.objects.update(status="paused")
        third = desk.debtor(days_late=4)
        refresh([third.pk], now=desk.now)
    due_now(desk, third)
    assert sent(desk, third) == []
    with desk.scope():
        assert enrolment(third).reason == "blocked:template_missing"


def test_a_wrong_number_is_not_written_to(desk: Desk) -> None:
    debtor = started(desk, days_late=4)
    with desk.scope():
        point = desk.point(debtor)
        point.identity, point.reported_wrong_at = "wrong_person", desk.now
        point.save()
    assert sent(desk, debtor) == []
    with desk.scope():
        assert enrolment(debtor).reason == "blocked:wrong_number"


def test_news_of_the_account_start_pause_and_end_enrolments(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(days_late=4)
        other = desk.debtor(days_late=4)
        create_promise(
            debtor, Money.from_minor(50000, "COP"), (desk.now + timedelta(days=3)).date(), now=desk.now, source="test"
        )
        agreement = propose_agreement(
            other, count=3, first_on=(desk.now + timedelta(days=3)).date(), now=desk.now, source="test"
        )
        accept_agreement(agreement, now=desk.now, source="test")
    follow(desk)
    with desk.scope():
        assert (enrolment(debtor).state, enrolment(debtor).reason) == ("paused", "promise")
        assert (enrolment(other).state, enrolment(other).reason) == ("paused", "agreement")
        record_payment(
            desk.creditor,
            debtor,
            "pay-1",
            Money.from_minor(100000, "COP"),
            paid_at=desk.now,
            now=desk.now,
            source="test",
            method="cash",
        )
    follow(desk)
    with desk.scope():
        assert (enrolment(debtor).state, enrolment(debtor).reason) == ("ended", "paid")


def test_a_broken_promise_resumes_and_the_lane_comes_to_rest(desk: Desk) -> None:
    debtor = started(desk, days_late=4)
    with desk.scope():
        day = (desk.now + timedelta(days=2)).date()
        create_promise(debtor, Money.from_minor(50000, "COP"), day, now=desk.now, source="test")
    follow(desk)
    desk.now = start_of(day + timedelta(days=1), "CO") + timedelta(hours=12)
    # The promise is not judged yet: the sequence waits without asking for itself at once.
    at = running.serve(desk.tenant, "", Clock(frozen_at=desk.now))
    assert at is None or at > desk.now
    with desk.scope():
        judge_promises(desk.now)
    follow(desk)
    with desk.scope():
        assert enrolment(debtor).state == "active"


def test_a_dispute_on_one_invoice_leaves_the_other_unless_the_creditor_stops_all(desk: Desk) -> None:
    debtor = started(desk, days_late=12, invoices=2)
    with desk.scope():
        oldest, newer = Invoice.objects.filter(debtor=debtor).order_by("due_on")
        dispute = open_dispute(debtor, oldest, "not_mine", now=desk.now, source="test")
    follow(desk)
    with desk.scope():
        assert enrolment(debtor).state == "active"
        assert enrolment(debtor).invoice_id == newer.pk
        close_dispute(dispute, accepted=False, now=desk.now, source="test")
        desk.creditor.dispute_stops_all = True
        desk.creditor.save()
        open_dispute(debtor, newer, "not_mine", now=desk.now, source="test")
    follow(desk)
    with desk.scope():
        assert (enrolment(debtor).state, enrolment(debtor).reason) == ("paused", "dispute")


def test_a_payment_takes_back_what_named_the_old_amount(desk: Desk) -> None:
    debtor = started(desk, days_late=12)
    (request,) = sent(desk, debtor)
    desk.now += timedelta(minutes=5)
    with desk.scope():
        record_payment(
            desk.creditor,
            debtor,
            "part",
            Money.from_minor(40000, "COP"),
            paid_at=desk.now,
            now=desk.now,
            source="test",
            method="cash",
        )
    follow(desk)
    with desk.scope():
        request.refresh_from_db()
        assert request.state == "withdrawn"
        assert Message.objects.get(pk=request.message_id).state == "withdrawn"


def test_pauses_do_not_shorten_each_other_and_a_person_can_end_them(desk: Desk) -> None:
    debtor = started(desk, days_late=12)
    with desk.scope():
        pause_for(debtor.person_id, reason="hardship", now=desk.now)
        pause_for(debtor.person_id, reason="replied", now=desk.now)
        row = enrolment(debtor)
        assert (row.reason, row.paused_until) == ("hardship", desk.now + timedelta(days=30))
        assert refresh([debtor.pk], now=desk.now) == 0
        assert release(debtor.pk, now=desk.now) == 1
        assert enrolment(debtor).state == "active"
        pause_for(debtor.person_id, reason="opted_out", now=desk.now)
        refresh([debtor.pk], now=desk.now)
        assert (enrolment(debtor).state, enrolment(debtor).reason) == ("ended", "opted_out")


def test_a_batch_is_asked_for_in_a_constant_number_of_queries(desk: Desk) -> None:
    def queries(count: int) -> int:
        with desk.scope():
            made = [desk.debtor(days_late=4) for _ in range(count)]
            refresh([one.pk for one in made], now=desk.now)
            planned = Enrolment.objects.filter(state="active").values_list("next_at", flat=True)
            desk.now = max(desk.now, *[at for at in planned if at is not None])
        with CaptureQueriesContext(connection) as captured:
            serve(desk)
        with desk.scope():
            assert SendRequest.objects.filter(debtor__in=made).count() == count
        return len(captured)

    few, many = queries(2), queries(12)
    assert many <= few + 3, (few, many)


def test_the_lanes_are_served() -> None:
    assert {"sequence", "enrol", "confirm", "reminders"} <= work._servers.keys()


def test_a_step_that_waited_for_its_template_goes_on_when_it_is_approved(desk: Desk) -> None:
    with desk.scope():
        MessageTemplate.objects.update(status=MessageTemplate.Status.PENDING)
    debtor = started(desk)
    serve(desk)
    with desk.scope():
        assert enrolment(debtor).reason == "blocked:template_missing"
        template = MessageTemplate.objects.all()[0]
        MessageTemplate.objects.update(status=MessageTemplate.Status.APPROVED)
        changed = {"status": "approved", "category": "UTILITY"}
        events.emit(events.Emit("template.changed", "messaging.messagetemplate", template.pk, desk.now, data=changed))
    follow(desk)
    assert len(sent(desk, debtor)) == 1
