"""A company answers through its people, and proves who it is with what only it holds: no birthday, no secret word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from compliance.services import Ask, ChannelFacts, preview
from kernel.ids import uuid7
from messaging.bot import checks
from messaging.sending.drafts import best_contact
from portfolio import knowledge
from portfolio.models import ContactPoint, Debtor, Invoice
from tests import factories
from tests.messaging.desk import Desk, buttons, open_desk


@pytest.fixture(params=["BR", "MX", "CO"])
def desk(request: pytest.FixtureRequest) -> Desk:
    return open_desk(request.param)


def company(desk: Desk, role: str = "accounts_payable") -> Debtor:
    with desk.scope():
        debtor = desk.debtor(company=True, verified=False)
        ContactPoint.objects.filter(person_id=debtor.person_id).update(role=role, contact_name="Marta Ruiz")
        return debtor


def right(debtor: Debtor, question: str) -> str:
    return next(one for one in checks.choices(debtor.person, question) if checks.right(debtor.person, question, one))


def test_whoever_pays_its_bills_proves_it_with_the_companys_own_data(desk: Desk) -> None:
    debtor = company(desk)
    with desk.scope():
        asked = checks.questions(debtor.person)
        assert asked == (knowledge.DOCUMENT_LAST3, checks.REFERENCE)
    (first,) = desk.hear(debtor, "Sí, soy yo", tap="probe:yes")
    with desk.scope():
        digits = right(debtor, knowledge.DOCUMENT_LAST3)
        assert f"check:document_last3:{digits}" in buttons(first)
    (second,) = desk.hear(debtor, digits, tap=f"check:document_last3:{digits}")
    with desk.scope():
        assert second.disclosure <= 1 and second.state == "queued", "a paper is asked for, no debt is named"
        number = Invoice.objects.get(debtor=debtor).number
        assert f"check:reference:{number}" in buttons(second) and len(buttons(second)) == checks.OPTIONS + 1
    (detail, *_) = desk.hear(debtor, number, tap=f"check:reference:{number}")
    with desk.scope():
        point = desk.point(debtor)
        assert (point.identity, point.identity_method) == ("verified", "two_point") and detail.disclosure == 3


def test_wrong_numbers_are_strikes_and_three_close_the_number(desk: Desk) -> None:
    debtor = company(desk)
    desk.hear(debtor, "Sí, soy yo", tap="probe:yes")
    with desk.scope():
        wrong = next(
            one
            for one in checks.choices(debtor.person, checks.REFERENCE)
            if not checks.right(debtor.person, checks.REFERENCE, one)
        )
        digits = right(debtor, knowledge.DOCUMENT_LAST3)
    desk.hear(debtor, digits, tap=f"check:document_last3:{digits}")
    for _ in range(3):
        desk.hear(debtor, wrong, tap=f"check:reference:{wrong}")
    with desk.scope():
        assert desk.point(debtor).identity == "wrong_person"


def test_words_that_are_no_number_of_theirs_are_no_strike(desk: Desk) -> None:
    debtor = company(desk)
    desk.hear(debtor, "Sí, soy yo", tap="probe:yes")
    with desk.scope():
        digits = right(debtor, knowledge.DOCUMENT_LAST3)
        number = Invoice.objects.get(debtor=debtor).number
    desk.hear(debtor, digits, tap=f"check:document_last3:{digits}")
    desk.hear(debtor, "un momento, lo busco")
    with desk.scope():
        assert desk.point(debtor).strikes == 0
    desk.hear(debtor, number)
    with desk.scope():
        assert desk.point(debtor).identity == "verified"


def test_a_company_is_never_asked_for_a_birthday_and_a_human_never_for_a_paper(desk: Desk) -> None:
    with desk.scope():
        human = desk.debtor()
        assert checks.REFERENCE not in checks.questions(human.person)
        number = Invoice.objects.get(debtor=human).number
        assert not checks.right(human.person, checks.REFERENCE, number)
        firm = desk.debtor(company=True)
        knowledge.keep(firm.person, birth_year=1980)
        assert knowledge.BIRTH_YEAR not in checks.questions(firm.person)


@pytest.mark.parametrize(
    ("role", "firm", "stopped"),
    [
        ("owner", True, False), ("representative", True, False), ("accounts_payable", True, False),
        ("work", True, True), ("reference", True, True),
        ("owner", False, False), ("representative", False, True), ("accounts_payable", False, True),
        ("work", False, True), ("reference", False, True),
    ],
)  # fmt: skip
def test_a_companys_people_are_the_debtor_and_nobody_stands_for_a_human(role: str, firm: bool, stopped: bool) -> None:
    desk = open_desk("CO")
    with desk.scope():
        debtor = desk.debtor(company=firm)
        ContactPoint.objects.filter(person_id=debtor.person_id).update(role=role)
        ask = Ask(
            request_id=uuid7(), origin="step", actor="x", message_class="collection", channel="whatsapp",
            creditor_id=desk.creditor.pk, person_id=debtor.person_id, contact_point_id=desk.point(debtor).pk,
            debtor_id=debtor.pk, channel_facts=ChannelFacts(),
        )  # fmt: skip
        assert ("X-THIRD-PARTY" in preview(ask, desk.now).rules) is stopped


def test_a_verification_counts_for_180_days(desk: Desk) -> None:
    debtor = company(desk)
    with desk.scope():
        point = desk.point(debtor)
        since = desk.now - timedelta(days=180)
        ContactPoint.objects.filter(pk=point.pk).update(identity="verified", identity_at=since)
        ask = Ask(
            request_id=uuid7(), origin="step", actor="x", message_class="collection", channel="whatsapp",
            creditor_id=desk.creditor.pk, person_id=debtor.person_id, contact_point_id=point.pk, debtor_id=debtor.pk,
            channel_facts=ChannelFacts(),
        )  # fmt: skip
        assert "X-IDENTITY" not in preview(ask, desk.now).rules
        ContactPoint.objects.filter(pk=point.pk).update(identity_at=since - timedelta(seconds=1))
        assert "X-IDENTITY" in preview(ask, desk.now).rules


def test_the_verified_one_of_several_contact_persons_is_written_to(desk: Desk) -> None:
    debtor = company(desk, "owner")
    with desk.scope():
        payable = factories.make_contact_point(debtor.person, role="accounts_payable", contact_name="Luis")
        found = best_contact(ContactPoint.objects.filter(person_id=debtor.person_id))
        assert found is not None and found.pk == payable.pk
