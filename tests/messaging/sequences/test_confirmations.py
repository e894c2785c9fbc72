"""Receipts, confirmations and kind reminders: once each, to verified addresses only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kernel.clock import Clock
from kernel.money import Money
from messaging import confirmations
from messaging.models import Enrolment, MessageTemplate, SendRequest
from messaging.sequences.services import pause_for, refresh
from portfolio.models import Instalment
from portfolio.services import accept_agreement, create_promise, propose_agreement, record_payment, reverse_payment
from tenants import events
from tenants.models import EventCursor
from tests.messaging.desk import Desk, open_desk


@pytest.fixture
def desk() -> Desk:
    return open_desk("CO", balance_max_age_hours=None)


def follow(desk: Desk) -> None:
    while events.sequence():
        pass
    while confirmations.confirm(desk.tenant, "", Clock(frozen_at=desk.now)) is not None:
        pass


def paid(desk: Desk, debtor, minor: int, name: str = "p1", **fields):
    money = Money.from_minor(minor, "COP")
    values: dict[str, Any] = {"paid_at": desk.now, "now": desk.now, "source": "test", "method": "cash"} | fields
    return record_payment(desk.creditor, debtor, name, money, **values)


def told(desk: Desk, debtor) -> list[SendRequest]:
    follow(desk)
    with desk.scope():
        return desk.fresh(debtor)


def test_a_payment_gets_one_receipt_by_template_also_when_it_settles_everything(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
        payment = paid(desk, debtor, 100000)
    (receipt,) = told(desk, debtor)
    assert (receipt.origin_kind, receipt.origin_id) == ("system", f"receipt:{payment.pk}")
    assert (receipt.message_class, receipt.state) == ("service", "queued")
    with desk.scope():
        text = desk.text_of(receipt)
        assert "$1.000,00" in text
        assert "$0,00" in text
        EventCursor.objects.filter(reader=confirmations.READER).update(sequence=0)
    assert told(desk, debtor) == [], "reading the log again tells nothing twice"


def test_inside_the_window_it_is_plain_words_and_needs_no_template(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    desk.hear(debtor, "gracias")
    with desk.scope():
        MessageTemplate.objects.update(status="paused")
        paid(desk, debtor, 40000)
    (receipt,) = told(desk, debtor)
    assert receipt.payload["kind"] == "text"
    assert "$600,00" in receipt.payload["text"]
    assert receipt.state == "queued"


def test_no_receipt_for_strangers_old_news_imports_and_what_was_reversed(desk: Desk) -> None:
    with desk.scope():
        stranger, old, undone = desk.debtor(verified=False), desk.debtor(), desk.debtor()
        paid(desk, stranger, 100, "a")
        paid(desk, old, 100, "b", paid_at=desk.now - timedelta(days=4))
        reverse_payment(paid(desk, undone, 100, "c"), now=desk.now, source="test")
    follow(desk)
    with desk.scope():
        assert not SendRequest.objects.exists()


def test_an_agreement_is_confirmed_once_whoever_accepted_it(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(days_late=40)
        agreement = propose_agreement(
            debtor, count=4, first_on=(desk.now + timedelta(days=5)).date(), now=desk.now, source="agent:x"
        )
        accept_agreement(agreement, now=desk.now, source="agent:x")
    (confirmed,) = told(desk, debtor)
    assert confirmed.origin_id == f"agreement:{agreement.pk}"
    with desk.scope():
        assert "4 cuotas, $1.000,00 en total" in desk.text_of(confirmed)


def test_the_bots_own_confirmation_is_not_repeated(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(days_late=40)
    desk.hear(debtor, tap="plan:2")
    desk.hear(debtor, tap="accept")
    assert told(desk, debtor) == []


def test_an_instalment_is_remembered_two_days_before_with_its_own_amount(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(days_late=40)
        agreement = propose_agreement(
            debtor, count=4, first_on=(desk.now + timedelta(days=5)).date(), now=desk.now, source="t"
        )
        accept_agreement(agreement, now=desk.now, source="t")
        part = Instalment.objects.get(agreement=agreement, number=1)
    told(desk, debtor)
    served = []
    for _ in range(6):
        desk.now += timedelta(days=1)
        again = confirmations.remind(desk.tenant, "", Clock(frozen_at=desk.now))
        assert again is not None
        assert again > desk.now
        with desk.scope():
            served.append(desk.fresh(debtor))
    assert [len(found) for found in served] == [0, 0, 1, 0, 0, 0]
    (reminder,) = served[2]
    assert (reminder.message_class, reminder.origin_id) == ("collection", f"instalment:{part.pk}")
    assert reminder.missing == [] or not set(reminder.missing) & {"amount", "due_date", "creditor_name"}
    with desk.scope():
        text = desk.text_of(reminder)
        assert "1 de 4" in text
        assert "$250,00" in text


def test_a_promise_is_remembered_on_its_day_unless_it_was_made_yesterday(desk: Desk) -> None:
    with desk.scope():
        debtor, quick = desk.debtor(), desk.debtor()
        for one, days in ((debtor, 3), (quick, 1)):
            create_promise(
                one, Money.from_minor(70000, "COP"), (desk.now + timedelta(days=days)).date(), now=desk.now, source="t"
            )
    for day in range(1, 5):
        desk.now += timedelta(days=1)
        confirmations.remind(desk.tenant, "", Clock(frozen_at=desk.now))
        with desk.scope():
            assert len(desk.fresh(debtor)) == (1 if day == 3 else 0)
            assert desk.fresh(quick) == []


def test_who_was_promised_quiet_is_not_reminded(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
        refresh([debtor.pk], now=desk.now)
        create_promise(
            debtor, Money.from_minor(70000, "COP"), (desk.now + timedelta(days=3)).date(), now=desk.now, source="t"
        )
        pause_for(debtor.person_id, reason="hardship", now=desk.now)
        refresh([debtor.pk], now=desk.now)
        assert Enrolment.objects.get(debtor=debtor).reason == "hardship"
    desk.now += timedelta(days=3)
    confirmations.remind(desk.tenant, "", Clock(frozen_at=desk.now))
    with desk.scope():
        assert desk.fresh(debtor) == []


def test_with_nothing_ahead_the_reminders_lane_rests(desk: Desk) -> None:
    assert confirmations.remind(desk.tenant, "", Clock(frozen_at=desk.now)) is None
