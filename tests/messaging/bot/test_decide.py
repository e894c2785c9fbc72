"""The pure part: whatever is heard in whatever order, strangers hear of no money and nobody is kept in a loop."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.bot.decide import (
    FALLBACKS_MAX,
    STRIKES_MAX,
    TURNS_AN_HOUR,
    Heard,
    Known,
    answer_in,
    decide,
    reason_of,
    topic_of,
)
from messaging.bot.offers import first_on, plan_counts, promise_days

NOW = datetime(2026, 11, 17, 18, tzinfo=UTC)
TODAY = date(2026, 11, 17)
TAPS = [
    "", "pay", "plan", "plan:3", "more_time", "date:2026-11-20", "date:2027-11-20", "doubts", "paid", "human", "wrong_person",
    "accept", "reject", "amount", "dispute", "probe:yes", "probe:no", "check:document_last3:123", "consent:yes", "nonsense",
]  # fmt: skip
INTENTS = ["pay_now", "promise", "plan", "more_time", "paid_already", "dispute", "wrong_person", "hardship", "human", "abuse",
           "question", "greeting", "other"]  # fmt: skip
KINDS = ["text", "interactive", "button", "image", "document", "audio", "sticker", "location", "unsupported"]
#: Acts that strangers may see.
NEUTRAL = {"claim", "ask", "ask_who", "passed", "strike", "wrong_person", "hand_over", "say", "consent", "page"}
NEUTRAL_WORDS = {"human", "abuse", "give_up", "consent_yes"}

heards = st.builds(
    Heard, kind=st.sampled_from(KINDS),
    text=st.sampled_from(["", "hola", "sí", "soy yo", "123", "asdf", "gracias"]),
    tapped=st.sampled_from(TAPS), intent=st.sampled_from(INTENTS),
    day=st.sampled_from([None, TODAY, date(2026, 11, 20), date(2028, 1, 1)]),
    minor=st.sampled_from([None, 1, 10**6]), question=st.sampled_from(["", "document_last3", "birth_year"]),
    right=st.sampled_from([None, True, False]), opted_in=st.booleans(),
)  # fmt: skip
knowns = st.builds(
    Known, identity=st.sampled_from(["unknown", "contacted", "claimed", "verified", "wrong_person"]), today=st.just(TODAY),
    last_day=st.just(TODAY + timedelta(days=15)), questions=st.sampled_from([(), ("document_last3",), ("document_last3", "birth_year")]),
    passed=st.sampled_from([(), ("document_last3",)]), strikes=st.integers(0, 3), open=st.booleans(), disputed=st.booleans(),
    agreement=st.booleans(), proposal=st.booleans(), may_ask=st.booleans(),
)  # fmt: skip


@given(heards, knowns)
def test_strangers_hear_nothing_of_the_account(heard: Heard, known: Known) -> None:
    turn = decide(heard, known, {}, NOW)
    verified_now = any(act.name == "verify" for act in turn.acts)
    if known.identity == "verified" or verified_now:
        return
    for act in turn.acts:
        assert act.name in NEUTRAL
        if act.name == "say":
            assert act.what["text"] in NEUTRAL_WORDS
        if act.name == "page":
            assert act.what["text"] == "page_who"


@given(heards, knowns)
def test_only_the_last_right_answer_verifies(heard: Heard, known: Known) -> None:
    if any(act.name == "verify" for act in decide(heard, known, {}, NOW).acts):
        assert heard.right is True
        assert heard.question in known.questions
        assert set(known.questions) <= {*known.passed, heard.question}
        assert known.identity != "wrong_person"


@given(st.lists(st.tuples(heards, st.integers(0, 600)), max_size=60), knowns)
def test_the_bot_never_talks_for_ever(said: list[tuple[Heard, int]], known: Known) -> None:
    state: dict[str, Any] = {}
    at, spoken, lost = NOW, [], 0
    for heard, seconds in said:
        at += timedelta(seconds=seconds)
        turn = decide(heard, known, state, at)
        state = turn.state
        if any(act.what.get("reason") != "loop" for act in turn.acts):  # handing a loop over is no talk
            spoken.append(at)
        assert sum(1 for one in spoken if one > at - timedelta(hours=1)) <= TURNS_AN_HOUR
        lost = int(state.get("fallbacks", 0))
        assert lost <= FALLBACKS_MAX


def known(**fields: Any) -> Known:
    values = {
        "identity": "verified",
        "today": TODAY,
        "last_day": TODAY + timedelta(days=15),
        "questions": ("document_last3", "birth_year"),
    }
    return Known(**{**values, **fields})


def names(heard: Heard, **fields: Any) -> list[str]:
    return [act.name for act in decide(heard, known(**fields), {}, NOW).acts]


@pytest.mark.parametrize("tap", TAPS[1:-1])
def test_every_button_that_we_show_is_understood(tap: str) -> None:
    topic, _ = topic_of(Heard(kind="interactive", tapped=tap))
    assert topic not in ("other", "question")


def test_who_wonders_who_writes_gets_the_page_that_shows_it_once() -> None:
    asked = Heard(kind="text", text="¿Quién es? ¿De qué empresa?", intent="question")
    first = decide(asked, known(identity="contacted"), {}, NOW)
    assert [act.name for act in first.acts] == ["page", "ask_who"]
    assert [act.name for act in decide(asked, known(identity="contacted"), first.state, NOW).acts] == ["ask_who"]
    assert names(Heard(kind="text", text="¿Cuánto debo?", intent="question"), identity="contacted") == ["ask_who"]
    assert names(Heard(kind="interactive", tapped="doubts")) == ["page", "say"]


def test_who_came_by_themselves_is_asked_once_whether_we_may_write_and_only_when_they_are_known() -> None:
    hello = Heard(kind="text", text="hola", intent="greeting")
    first = decide(hello, known(may_ask=True), {}, NOW)
    assert [act.name for act in first.acts] == ["detail", "ask_consent"]
    assert [act.name for act in decide(hello, known(may_ask=True), first.state, NOW).acts] == ["detail"]
    assert names(hello, may_ask=False) == ["detail"]
    for identity in ("unknown", "contacted", "claimed"):
        assert "ask_consent" not in names(hello, may_ask=True, identity=identity)


def test_a_links_words_are_confirmed_before_anything_else() -> None:
    said = Heard(kind="text", text="Hola. Autorizo …", opted_in=True)
    assert names(said) == ["say", "detail"]
    assert names(said, identity="unknown") == ["say", "ask_who"]
    assert names(said, identity="claimed") == ["say", "ask"]


def test_a_person_can_be_asked_for_at_any_step() -> None:
    for identity in ("unknown", "contacted", "claimed", "verified"):
        assert names(Heard(kind="text", intent="human"), identity=identity) == ["say", "hand_over"]
        assert names(Heard(kind="interactive", tapped="human"), identity=identity) == ["say", "hand_over"]


def test_the_third_wrong_answer_is_the_last() -> None:
    wrong = Heard(kind="interactive", tapped="check:document_last3:000", question="document_last3", right=False)
    assert names(wrong, identity="claimed", strikes=STRIKES_MAX - 2) == ["strike", "ask"]
    assert names(wrong, identity="claimed", strikes=STRIKES_MAX - 1) == ["strike", "wrong_person"]


def test_one_point_is_enough_only_when_nothing_else_is_known() -> None:
    right = Heard(kind="text", text="123", question="document_last3", right=True)
    assert names(right, identity="claimed") == ["passed", "ask"]
    assert names(right, identity="claimed", questions=("document_last3",)) == ["verify", "detail"]


def test_without_anything_to_ask_a_person_sees_to_it() -> None:
    assert names(Heard(kind="button", tapped="probe:yes"), identity="contacted", questions=()) == [
        "claim",
        "say",
        "hand_over",
    ]


@pytest.mark.parametrize(
    "text", ["sí soy yo", "si, qué pasó", "soy yo, dígame", "sim, sou eu", "isso, sou eu", "eu mesma", "así es", "Sí"]
)
def test_people_say_yes_in_many_ways(text: str) -> None:
    assert names(Heard(kind="text", text=text), identity="contacted") == ["claim", "ask"]


@pytest.mark.parametrize("text", ["no", "no sé", "quién es", "não", "depende"])
def test_what_is_no_yes_claims_nothing(text: str) -> None:
    assert names(Heard(kind="text", text=text), identity="contacted")[-1] == "ask_who"
    assert "claim" not in names(Heard(kind="text", text=text), identity="contacted")


def test_an_agreement_keeps_plans_and_dates_away() -> None:
    for tap in ("plan", "plan:3", "more_time", "date:2026-11-20"):
        assert names(Heard(kind="interactive", tapped=tap), agreement=True) == ["has_agreement"]


def test_paid_and_settled_is_said_not_asked() -> None:
    assert names(Heard(kind="text", intent="paid_already"), open=False) == ["nothing_open"]
    assert names(Heard(kind="text", intent="paid_already"), open=False, disputed=True) == ["pause", "say"]


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("document_last3", "123", "123"), ("document_last3", "son 1 2 3", ""), ("document_last3", "termina en 45k", "45K"),
        ("document_last3", "1.020.345.678", "678"), ("document_last3", "no sé", ""), ("birth_year", "nací en 1987", "1987"),
        ("birth_year", "12/05/1990", "1990"), ("birth_year", "87", ""), ("city", "Cali", ""),
    ],
)  # fmt: skip
def test_typed_answers(question: str, text: str, answer: str) -> None:
    assert answer_in(question, text) == answer


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("ya lo pagué la semana pasada", "already_paid"), ("me están cobrando de más", "wrong_amount"),
        ("esa factura no es mía", "not_mine"),
        ("cancelei o serviço em março", "cancelled"), ("o produto veio com defeito", "not_delivered"), ("", "other"),
    ],
)  # fmt: skip
def test_why_they_deny_it(words: str, reason: str) -> None:
    assert reason_of(words) == reason


@given(st.integers(1, 10**10), st.integers(1, 60), st.integers(0, 10**8))
def test_plans_stay_within_the_policy(total: int, most: int, least: int) -> None:
    counts = plan_counts(total, most=most, least_minor=least)
    assert len(counts) <= 3
    assert counts == sorted(set(counts))
    assert all(2 <= count <= most and total // count >= max(1, least) for count in counts)


@given(st.dates(date(2026, 1, 1), date(2030, 1, 1)), st.integers(0, 180))
def test_days_to_choose_from_lie_ahead_within_patience_and_off_sundays(today: date, patience: int) -> None:
    last = today + timedelta(days=patience)
    days = promise_days(today, last)
    assert len(days) <= 6
    assert days == sorted(set(days))
    assert all(today < day <= last and day.weekday() != 6 for day in days)


@given(st.dates(date(2026, 1, 1), date(2030, 1, 1)), st.integers(0, 180))
def test_a_plan_begins_within_the_creditors_patience(today: date, patience: int) -> None:
    assert today <= first_on(today, patience) <= today + timedelta(days=patience)
