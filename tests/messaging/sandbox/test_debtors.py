"""Simulated debtors: the same seed gives the same people, they choose what they are shown, and they stop."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.sandbox.agenda import DAY, HOUR, to_us
from messaging.sandbox.debtors import NOT_ON_WHATSAPP, PERSONAS, Profile, fate
from messaging.sandbox.options import Option, meaning
from messaging.sandbox.phrases import ES, PT, phrase, when_words
from messaging.sandbox.reactions import A_DAY, Seen, react, still_wanted
from tests.messaging.sandbox.harness import ANA, START, bench, reminder, text

NOW = to_us(START)
MENU = tuple(Option(i, i, "row") for i in ("pay", "plan", "more_time", "doubts", "paid", "human", "opt_out"))
PHONES = [f"+57300111{n:04d}" for n in range(400)]


def someone(phone: str = ANA, persona: str = "prompt", **chosen) -> Profile:
    return Profile.made(1, phone, persona=persona, **{"answers": 1.0, "on_whatsapp": True, **chosen})


def decided(profile: Profile, *options: Option, kind: str = "interactive", step: int = 1, memory=None, links=()):
    return react(1, profile, memory or {}, Seen(kind, "", options, links), step, NOW)


def taps(profile: Profile, *options: Option, **more) -> list[str]:
    acts, _ = decided(profile, *options, **more)
    return [act.data["id"] for act in acts if act.kind == "tap"]


@given(st.integers(0, 2**32), st.sampled_from(PHONES), st.sampled_from(sorted(PERSONAS)), st.integers(1, 40))
def test_a_decision_depends_on_its_arguments_alone(seed, phone, persona, step):
    who = Profile.made(seed, phone, persona=persona)
    seen = Seen("template", "Hola", MENU)
    once, memory = react(seed, who, {}, seen, step, NOW)
    react(seed, someone("+573009999999"), {}, seen, step, NOW)
    again, same = react(seed, who, {}, seen, step, NOW)
    assert (once, memory) == (again, same)
    assert fate(seed, phone, step, who, "template") == fate(seed, phone, step, who, "template")


def test_another_seed_makes_other_people():
    one = [Profile.made(1, phone).persona for phone in PHONES]
    two = [Profile.made(2, phone).persona for phone in PHONES]
    assert one != two


def test_personas_come_in_their_proportions():
    people = [Profile.made(3, f"+57310{n:07d}") for n in range(6000)]
    counted = Counter(person.persona for person in people)
    for name, persona in PERSONAS.items():
        assert abs(counted[name] / 6000 - persona.share) < 0.02, name
    assert abs(sum(not p.on_whatsapp for p in people) / 6000 - NOT_ON_WHATSAPP) < 0.01
    assert 0.15 < sum(not p.read_receipts for p in people) / 6000 < 0.25


def test_a_person_off_whatsapp_fails_with_131026():
    (step,) = fate(1, ANA, 1, someone(on_whatsapp=False), "template")
    assert step[1] == "failed:131026"


def test_the_right_person_claims_and_picks_the_row_with_their_own_data():
    who = someone(document_last3="417", birth_year="1984")
    probe = (Option("probe:yes", "Sí, soy yo", "quick_reply"), Option("probe:no", "No", "quick_reply"))
    chosen = Counter(t for n in range(200) for t in taps(who, *probe, step=n))
    assert chosen["probe:yes"] > 100
    assert chosen["probe:no"] == 0
    rows = [Option(f"check:document:{n}", value, "row") for n, value in enumerate(("123", "417", "999"))]
    right = Counter(t for n in range(200) for t in taps(who, *rows, step=n))
    assert right["check:document:1"] > 150
    years = [Option(f"check:birth:{n}", value, "row") for n, value in enumerate(("1984", "1990"))]
    assert Counter(t for n in range(200) for t in taps(who, *years, step=n))["check:birth:0"] > 150


@given(
    st.sampled_from(["prompt", "wrong_person"]), st.integers(1, 400),
    st.lists(st.tuples(st.permutations(["417", "100", "200"]), st.permutations(["417", "300", "400"])), min_size=1, max_size=4),
)  # fmt: skip
def test_whether_an_answer_is_right_hangs_on_no_draw_of_wrong_ones(persona, step, draws):
    """The product draws other wrong answers in every installation; a run's counts must not change with them."""
    who = someone(persona=persona, document_last3="417")

    def right(titles) -> list[bool]:
        rows = [Option(f"check:document:{title}", title, "row") for title in titles]
        acts, _ = decided(who, *rows, step=step)
        return [act.data["truth"]["right"] for act in acts if act.kind == "tap"]

    for one, other in draws:
        assert right(one) == right(other)


def test_a_wrong_person_says_no_or_guesses():
    who = someone(persona="wrong_person")
    probe = (Option("probe:yes", "Sí, soy yo", "quick_reply"), Option("probe:no", "No soy", "quick_reply"))
    chosen = Counter(t for n in range(300) for t in taps(who, *probe, step=n))
    assert chosen["probe:no"] > 3 * chosen["probe:yes"] > 0
    rows = [Option(f"check:document:{n}", f"{n:03d}", "row") for n in range(4)]
    assert len(Counter(t for n in range(200) for t in taps(who, *rows, step=n))) == 4


@pytest.mark.parametrize(
    ("option", "means"),
    [
        (Option("pay", "x", "button"), "pay"),
        (Option("pay:018f", "x", "button"), "pay"),
        (Option("plan:3", "x", "row"), "plan_of"),
        (Option("plan", "x", "row"), "plan"),
        (Option("date:2026-12-01", "x", "row"), "date"),
        (Option("probe:no", "x", "button"), "probe_no"),
        (Option("Ya pagué", "Ya pagué", "quick_reply"), "paid"),
        (Option("Pagar", "Pagar ahora", "quick_reply"), "pay"),
        (Option("Sim, sou eu", "Sim, sou eu", "quick_reply"), "probe_yes"),
        (Option("No soy yo", "No soy yo", "quick_reply"), "wrong_person"),
        (Option("b1", "Falar com atendente", "button"), "human"),
        (Option("b2", "Não receber mais", "button"), "opt_out"),
        (Option("b3", "Otra cosa", "button"), ""),
    ],
)
def test_an_option_is_understood_by_its_id_and_else_by_its_title(option, means):
    assert meaning(option) == means


def test_personas_choose_differently():
    def most(persona: str) -> str:
        return Counter(t for phone in PHONES for t in taps(someone(phone, persona), *MENU)).most_common(1)[0][0]

    assert [most(p) for p in ("prompt", "tight", "negotiator", "hostile", "vulnerable")] == [
        "pay",
        "plan",
        "plan",
        "opt_out",
        "human",
    ]


def test_a_plan_is_haggled_over_once_accepted_and_then_paid_in_instalments():
    plans = [Option(f"plan:{n}", f"{n} cuotas", "row") for n in (2, 3, 6)]
    acts, memory = decided(someone(persona="negotiator"), *plans)
    assert (acts[0].kind, acts[0].data["truth"]["intent"]) == ("say", "haggle")
    acts, memory = react(1, someone(persona="negotiator"), memory, Seen("interactive", "", tuple(plans)), 2, NOW)
    assert acts[0].kind == "tap"
    assert memory["plan"] in (2, 3, 6)
    yes, no = Option("accept", "Acepto", "button"), Option("reject", "No", "button")
    acts, _ = decided(someone(persona="tight", keeps=1.0), yes, no, memory={"plan": 6}, step=3)
    assert [act.kind for act in acts] == ["tap", "bank", "bank", "bank"]
    assert [act.data["share_percent"] for act in acts[1:]] == [16, 20, 25]


def test_a_promised_date_is_paid_by_those_who_keep_their_word():
    dates = [Option(f"date:2026-11-{day}", f"{day} nov", "row") for day in (25, 27, 30)]
    acts, _ = decided(someone(keeps=1.0), *dates)
    assert acts[0].data["truth"] == {"intent": "promise", "persona": "prompt", "language": "es", "date": "2026-11-25"}
    assert acts[1].kind == "bank"
    assert NOW + 2 * DAY <= acts[1].due_us < NOW + 3 * DAY
    assert [act.kind for act in decided(someone(keeps=0.0), *dates)[0]] == ["tap"]


def test_a_link_that_was_asked_for_is_opened():
    (act,), _ = decided(someone(pays=1.0), links=("http://x/p/abc",))
    assert (act.kind, act.data["link"]) == ("open", "http://x/p/abc")
    assert decided(someone(pays=0.0), links=("http://x/p/abc",))[0] == []


def test_nobody_acts_more_than_six_times_a_day_nor_loops_on_a_menu():
    who = someone()
    memory: dict[str, Any] = {}
    for _ in range(20):
        allowed, memory = still_wanted(who, memory, "tap", {"turn": 1, "truth": {"intent": "pay"}}, NOW)
    assert (allowed, memory["done"]) == (False, A_DAY)
    assert still_wanted(who, memory, "tap", {"turn": 1, "truth": {"intent": "pay"}}, NOW + DAY)[0] is True
    memory, answered = {}, 0
    for step in range(30):
        acts, memory = react(1, who, memory, Seen("interactive", "", MENU), step, NOW)
        answered += any(act.kind in ("tap", "say") for act in acts)
    assert 1 <= answered <= 2


def test_an_answer_not_yet_given_is_replaced_by_a_later_one():
    assert still_wanted(someone(), {"latest": 3}, "tap", {"turn": 2, "truth": {"intent": "pay"}}, NOW)[0] is False
    assert still_wanted(someone(), {"latest": 3}, "tap", {"turn": 3, "truth": {"intent": "pay"}}, NOW)[0] is True


def test_who_opted_out_complains_once_about_more_and_then_blocks():
    memory = {"opted_out": True}
    assert react(1, someone(), memory, Seen("text", "Listo, no le escribimos más"), 1, NOW)[0] == []
    acts, memory = react(1, someone(), memory, Seen("template", "Pague", MENU), 2, NOW)
    assert [act.data["truth"]["intent"] for act in acts] == ["opt_out"]
    acts, memory = react(1, someone(), memory, Seen("template", "Pague", MENU), 3, NOW)
    assert (acts, memory["blocked"]) == ([], True)


def test_a_ghost_never_answers():
    assert all(not taps(Profile.made(1, phone, persona="ghost"), *MENU, kind="template") for phone in PHONES)


def test_answers_come_within_minutes_to_forty_hours_and_hardly_at_night():
    acts = []
    for phone in PHONES:
        who = someone(phone, "forgetful")
        acts += [(who, act) for act in decided(who, *MENU, kind="template")[0] if act.kind in ("tap", "say")]
    delays = [act.due_us - NOW for _, act in acts]
    assert min(delays) < HOUR
    assert HOUR < sorted(delays)[len(delays) // 2] < 15 * HOUR
    assert max(delays) <= 50 * HOUR
    assert sum(who.local_hour(act.due_us) < 6 for who, act in acts) / len(acts) < 0.05


def test_every_intent_is_said_in_many_ways_in_both_languages():
    assert set(ES) == set(PT)
    assert all(len(wordings) >= 3 for book in (ES, PT) for wordings in book.values())
    for language in ("es", "pt"):
        said = {phrase(language, "opt_out", lambda q, n=n: (hash((n, q)) % 997) / 997, {}) for n in range(300)}
        assert len(said) > 40


def test_days_are_named_as_people_say_them():
    assert when_words("es", 1, 0, 24, 0.5) == "mañana"
    assert when_words("es", 4, 4, 27, 0.5) == "el viernes"
    assert when_words("pt", 9, 2, 2, 0.5) == "dia 2"
    said = phrase("es", "promise", lambda q: 0.5, {"date": "2026-11-27", "days": 4})
    assert "viernes" in said


async def _a_run(seed: int, order: int) -> list:
    people = [f"+57300111{n:04d}" for n in range(30)][::order]
    async with bench(seed=seed, limits={"throughput": 0}) as it:
        await it.control("debtors", {"debtors": [{"phone": phone} for phone in people]})
        buttons = [{"type": "QUICK_REPLY", "text": t} for t in ("Pagar", "Más tiempo", "Tengo dudas")]
        body = {
            "type": "BODY",
            "text": "Hola {{1}}, debes {{2}} a Acme. Gracias.",
            "example": {"body_text": [["x", "y"]]},
        }
        await it.template(components=[body, {"type": "BUTTONS", "buttons": buttons}])
        for day in range(5):
            for phone in people:
                await it.send(reminder("Ana", "10"), to=phone)
            await it.advance(START + timedelta(days=day + 1))
        truth = (await it.control("truth"))["truth"]
        bank = (await it.control("bank"))["payments"]
        return sorted((t["phone"], t["at"], t["intent"], str(t["message"].get("text"))) for t in truth) + sorted(
            (p["phone"], p["paid_at"], p["share_percent"]) for p in bank
        )


@pytest.mark.anyio
async def test_a_run_repeats_for_a_seed_whatever_the_order_of_sending():
    one, same, other = await _a_run(5, 1), await _a_run(5, -1), await _a_run(6, 1)
    assert len(one) > 15
    assert one == same
    assert one != other


@pytest.mark.anyio
async def test_what_a_debtor_types_is_told_with_its_true_intent():
    async with bench() as it:
        await it.control(
            "debtors", {"debtors": [{"phone": ANA, "persona": "vulnerable", "answers": 1.0, "on_whatsapp": True}]}
        )
        await it.template()
        for day in range(1, 20):
            await it.send(reminder("Ana", "10"))
            await it.advance(START + timedelta(days=day))
        truth = [t for t in (await it.control("truth"))["truth"] if t["message"]["type"] == "text"]
        assert truth
        assert {t["intent"] for t in truth} <= set(ES)
        assert all(t["persona"] == "vulnerable" for t in truth)


@pytest.mark.anyio
async def test_an_unregistered_person_never_reacts_by_themselves():
    async with bench() as it:
        await it.hear()
        await it.send(text("¿Paga hoy?"))
        await it.advance(START + timedelta(days=5))
        assert (await it.control("stats"))["inbound"] == 1
