"""A debtor taps and types, and the bot answers: who they are first, then money, dates, plans and people."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from compliance.models import Stop
from messaging.bot import checks
from messaging.models import Conversation, Enrolment, Message, SendRequest
from messaging.sequences.services import refresh
from portfolio import knowledge
from portfolio.models import Agreement, DebtorLink, Dispute, Payable, Promise
from tests.messaging.desk import Desk, buttons, open_desk


@pytest.fixture
def desk() -> Desk:
    return open_desk("CO")


def correct(debtor, question: str) -> str:
    return next(one for one in checks.choices(debtor.person, question) if checks.right(debtor.person, question, one))


def wrong(debtor, question: str) -> str:
    return next(
        one for one in checks.choices(debtor.person, question) if not checks.right(debtor.person, question, one)
    )


def queued(requests: list[SendRequest]) -> list[SendRequest]:
    assert [row.state for row in requests] == ["queued"] * len(requests), [(r.state, r.flags) for r in requests]
    return requests


def test_yes_to_the_probe_claims_then_two_points_verify_then_the_detail_follows_at_once(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(verified=False)
    (ask,) = queued(desk.hear(debtor, "Sí, soy yo", tap="probe:yes"))
    with desk.scope():
        assert desk.point(debtor).identity == "claimed"
        assert ask.disclosure <= 1
        assert len(ask.payload["rows"]) == 10
        first = correct(debtor, knowledge.DOCUMENT_LAST3)
        assert f"check:document_last3:{first}" in buttons(ask)
        assert {"title": first, "id": f"check:document_last3:{first}"} in ask.payload["rows"], (
            "the title shows the value"
        )
    (ask,) = queued(desk.hear(debtor, first, tap=f"check:document_last3:{first}"))
    with desk.scope():
        assert desk.point(debtor).identity == "claimed"
        year = correct(debtor, knowledge.BIRTH_YEAR)
    (detail,) = queued(desk.hear(debtor, f"nací en {year}"))
    with desk.scope():
        assert (desk.point(debtor).identity, desk.point(debtor).identity_method) == ("verified", "two_point")
        assert detail.disclosure == 3
        assert buttons(detail) == ["pay", "more_time", "doubts"]
        text = desk.text_of(detail)
        assert desk.creditor.name in text
        assert "1.000,00" in text


def test_three_wrong_answers_make_it_somebody_elses_number_and_reveal_nothing(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(verified=False)
        bad = wrong(debtor, "document_last3")
    desk.hear(debtor, tap="probe:yes")
    for _ in range(2):
        (again,) = desk.hear(debtor, tap=f"check:document_last3:{bad}")
        assert buttons(again)[0].startswith("check:document_last3:")
    (sorry,) = queued(desk.hear(debtor, tap=f"check:document_last3:{bad}"))
    with desk.scope():
        assert desk.point(debtor).identity == "wrong_person"
        assert sorry.message_class == "optout_confirmation"
        said = "\n".join(Message.objects.filter(direction="out", debtor_id=debtor.pk).values_list("text", flat=True))
        assert desk.creditor.name not in said
        assert "1.000" not in said
    assert desk.hear(debtor, "hola?") == [], "nothing more is said to them"


@pytest.mark.parametrize("how", [{"tap": "probe:no"}, {"tap": "wrong_person"}, {"text": "número equivocado"}])
def test_not_me_stops_with_one_apology_without_a_word_of_debt(desk: Desk, how: dict[str, str]) -> None:
    with desk.scope():
        debtor = desk.debtor(verified=False)
    (sorry,) = queued(desk.hear(debtor, **how))
    with desk.scope():
        assert desk.point(debtor).reported_wrong_at == desk.now
        assert (sorry.message_class, sorry.disclosure) == ("optout_confirmation", 0)


def test_nobody_unverified_hears_about_money_whatever_they_tap(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(verified=False)
    for tap in ("pay", "plan", "plan:3", "more_time", "date:2026-11-20", "accept", "amount", "dispute", "paid"):
        for request in desk.hear(debtor, tap=tap):
            assert request.disclosure == 0, tap
    with desk.scope():
        assert not Payable.objects.filter(debtor=debtor).exists()
        assert not Dispute.objects.filter(debtor=debtor).exists()
        assert not Promise.objects.filter(debtor=debtor).exists()


def test_pay_sends_amount_and_link_then_what_comes_after(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    link, after = queued(desk.hear(debtor, "Pagar ahora", tap="pay"))
    with desk.scope():
        payable = Payable.objects.get(debtor=debtor)
        assert link.payload["url"].endswith(f"/p/{payable.token}")
        assert "1.000,00" in link.payload["text"]
        assert desk.creditor.name in link.payload["text"]
        assert buttons(after) == ["paid", "plan", "human"]


@pytest.mark.parametrize(("country", "rail"), [("BR", "pix"), ("MX", "clabe")])
def test_a_code_stands_alone_in_its_own_bubble_and_is_known_as_ours(country: str, rail: str) -> None:
    desk = open_desk(country)
    with desk.scope():
        debtor = desk.debtor()
    _, code, _ = queued(desk.hear(debtor, tap="pay"))
    with desk.scope():
        payable = Payable.objects.get(debtor=debtor)
        assert payable.kind == rail
        assert code.payload["text"] == payable.code
        assert "payment_to_collector_account" not in code.flags


def test_a_plan_is_chosen_shown_accepted_and_confirmed_once(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(days_late=40)
    (plans,) = queued(desk.hear(debtor, tap="plan"))
    assert buttons(plans) == ["plan:2", "plan:4", "plan:6"]
    (proposal,) = queued(desk.hear(debtor, tap="plan:4"))
    assert buttons(proposal) == ["accept", "reject", "human"]
    assert desk_text(desk, proposal).count("$250,00") == 4
    (confirmed,) = queued(desk.hear(debtor, tap="accept"))
    with desk.scope():
        agreement = Agreement.objects.get(debtor=debtor)
        assert agreement.state == "active"
        assert (confirmed.origin_kind, confirmed.origin_id) == ("system", f"agreement:{agreement.pk}")
        assert confirmed.message_class == "service"
    (told,) = desk.hear(debtor, tap="plan")
    assert buttons(told) == ["pay", "human"], "a second plan is not offered"


def desk_text(desk: Desk, request: SendRequest) -> str:
    with desk.scope():
        return desk.text_of(request)


def test_more_time_offers_days_that_the_policy_allows_and_one_tap_promises(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    (dates,) = queued(desk.hear(debtor, tap="more_time"))
    days = [date.fromisoformat(one.removeprefix("date:")) for one in buttons(dates)]
    today = desk.now.date()
    assert all(today < day <= today + timedelta(days=15) and day.weekday() != 6 for day in days)
    assert all(len(row["title"]) <= 24 for row in dates.payload["rows"])
    queued(desk.hear(debtor, tap=f"date:{days[2].isoformat()}"))
    with desk.scope():
        promise = Promise.objects.get(debtor=debtor)
        assert (promise.due_on, promise.minor, promise.source) == (days[2], 100000, "debtor:bot")


def test_a_day_beyond_the_policy_is_not_promised(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    (dates,) = desk.hear(debtor, tap=f"date:{(desk.now + timedelta(days=90)).date()}")
    assert buttons(dates)[0].startswith("date:")
    with desk.scope():
        assert not Promise.objects.filter(debtor=debtor).exists()


def test_a_typed_promise_is_repeated_back_and_kept_with_its_amount(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    (confirm,) = queued(desk.hear(debtor, "el viernes les pago 400 pesos"))
    assert buttons(confirm) == ["date:2026-11-20", "more_time", "human"]
    with desk.scope():
        assert not Promise.objects.filter(debtor=debtor).exists()
    desk.hear(debtor, tap="date:2026-11-20")
    with desk.scope():
        assert Promise.objects.get(debtor=debtor).minor == 40000


def test_i_have_paid_pauses_and_a_picture_is_for_a_person_to_verify(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
        refresh([debtor.pk], now=desk.now)
    queued(desk.hear(debtor, "ya pagué"))
    with desk.scope():
        enrolment = Enrolment.objects.get(debtor=debtor)
        assert (enrolment.state, enrolment.reason) == ("paused", "to_verify")
    queued(desk.hear(debtor, kind="image"))
    with desk.scope():
        talk = desk.conversation(debtor)
        assert (talk.speaker, talk.needs_human_at) == (Conversation.Speaker.AGENT, desk.now)


def test_a_dispute_opens_gives_a_reference_and_goes_to_a_person(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(invoices=1)
    (answer,) = queued(desk.hear(debtor, "esa factura no es mía, yo no reconozco esa deuda"))
    with desk.scope():
        dispute = Dispute.objects.get(debtor=debtor)
        assert dispute.reference in desk.text_of(answer)
        assert dispute.invoice_id is not None
        assert dispute.reason == "not_mine"
        assert desk.conversation(debtor).speaker == Conversation.Speaker.AGENT


def test_hardship_pauses_for_a_month_and_a_person_takes_over(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
        refresh([debtor.pk], now=desk.now)
    queued(desk.hear(debtor, "me quedé sin trabajo y no tengo con qué pagar"))
    with desk.scope():
        enrolment = Enrolment.objects.get(debtor=debtor)
        assert (enrolment.state, enrolment.reason) == ("paused", "hardship")
        assert enrolment.paused_until == desk.now + timedelta(days=30)
        assert desk.conversation(debtor).speaker == Conversation.Speaker.AGENT


@pytest.mark.parametrize("said", ["quiero hablar con una persona", "son unos ladrones, váyanse a la mierda"])
def test_a_person_is_one_word_away(desk: Desk, said: str) -> None:
    with desk.scope():
        debtor = desk.debtor()
    queued(desk.hear(debtor, said))
    with desk.scope():
        assert desk.conversation(debtor).speaker == Conversation.Speaker.AGENT
    assert desk.hear(debtor, "sigo aquí") == [], "the bot is silent while a person speaks"


def test_after_two_answers_that_did_not_understand_a_person_takes_over(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    for words in ("asdf qwer", "zxcv poiu"):
        (menu,) = queued(desk.hear(debtor, words))
        assert buttons(menu) == ["pay", "more_time", "doubts"]
    desk.hear(debtor, "lkjh mnbv")
    with desk.scope():
        assert desk.conversation(debtor).speaker == Conversation.Speaker.AGENT


def test_thanks_are_not_answered(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    for words in (
        "gracias",
        "muchas gracias",
        "ok gracias",
        "perfecto, gracias 🙏",
        "vale, gracias por avisar",
        "listo, mil gracias",
    ):
        assert desk.hear(debtor, words) == [], words


def test_an_opt_out_is_confirmed_once_and_then_there_is_silence(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    (confirmed,) = queued(desk.hear(debtor, "no me escriban más"))
    assert (confirmed.message_class, confirmed.disclosure) == ("optout_confirmation", 0)
    desk.hear(debtor, "BAJA")
    with desk.scope():
        alive = SendRequest.objects.filter(debtor=debtor, state="queued").values_list("message_class", flat=True)
        assert list(alive) == ["optout_confirmation"]
    assert desk.hear(debtor, "Pagar ahora", tap="pay") == []
    with desk.scope():
        assert Stop.objects.filter(person_id=debtor.person_id, kind="opted_out").count() == 1


def test_the_same_message_twice_is_answered_once(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    assert len(desk.hear(debtor, tap="pay", again="wamid.same")) == 2
    assert desk.hear(debtor, tap="pay", again="wamid.same") == []


def test_with_everything_paid_the_answer_says_so(desk: Desk) -> None:
    with desk.scope():
        debtor = factories_paid(desk)
    (answer,) = queued(desk.hear(debtor, "hola, ¿cuánto debo?"))
    assert "no tiene pagos pendientes" in desk_text(desk, answer)


def factories_paid(desk: Desk):
    from kernel.money import Money
    from portfolio.services import record_payment

    debtor = desk.debtor()
    record_payment(
        desk.creditor,
        debtor,
        "p1",
        Money.from_minor(100000, "COP"),
        paid_at=desk.now,
        now=desk.now,
        source="test",
        method="cash",
    )
    debtor.refresh_from_db()
    assert debtor.open_minor == 0
    return debtor


def test_doubts_are_answered_with_the_debtors_own_page(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    page, choices = queued(desk.hear(debtor, tap="doubts"))
    assert "/d/" in page.payload["url"] and buttons(choices) == ["amount", "dispute", "human"]
    with desk.scope():
        link = DebtorLink.objects.get(debtor=debtor)
        assert link.contact_point_id == desk.point(debtor).pk
    again, _ = queued(desk.hear(debtor, tap="doubts"))
    assert again.payload["url"] == page.payload["url"]


@pytest.mark.parametrize(
    ("text", "waits"),
    [("¡Muchas gracias!", False), ("Gracias por su ayuda 🙏", False), ("Obrigada", False), ("ok", True),
     ("De acuerdo, gracias", True), ("Gracias, ¿y cuánto debo?", True)],
)  # fmt: skip
def test_while_an_agent_speaks_only_what_needs_an_answer_waits(desk: Desk, text: str, waits: bool) -> None:
    with desk.scope():
        debtor = desk.debtor()
    desk.hear(debtor, "Hola")
    with desk.scope():
        Conversation.objects.update(speaker="agent", needs_human_at=None, unanswered_since=None)
    assert desk.hear(debtor, text) == [], "the bot is silent"
    with desk.scope():
        talk = desk.conversation(debtor)
        assert (talk.needs_human_at is not None, talk.unanswered_since is not None) == (waits, waits)


def test_thanks_do_not_shorten_the_wait_of_an_earlier_question(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    desk.hear(debtor, "Hola")
    with desk.scope():
        Conversation.objects.update(speaker="agent", needs_human_at=None, unanswered_since=None)
    desk.hear(debtor, "¿Cuánto debo?")
    with desk.scope():
        since = desk.conversation(debtor).needs_human_at
    desk.hear(debtor, "Gracias")
    with desk.scope():
        talk = desk.conversation(debtor)
        assert since is not None and (talk.needs_human_at, talk.unanswered_since) == (since, since)
