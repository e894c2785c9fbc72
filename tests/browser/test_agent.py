"""An agent's day, with the keys that it takes: the targets are those of the anchors, or fewer."""

from __future__ import annotations

import re

import pytest

from tests.browser.desk import Phone, texts
from tests.browser.stage import MEXICO, until


@pytest.fixture
def agent(sit):
    return sit(MEXICO, "agent")


@pytest.fixture
def debtor(demo):
    """Somebody who has just written, verified, with an open invoice."""
    return demo.hand("debtor", slug=MEXICO)


def ours(demo, debtor):
    """What a person of ours wrote in the conversation."""
    return [
        each
        for each in demo.hand("said", slug=MEXICO, conversation=debtor["conversation"])
        if each["source"] == "agent"
    ]


def left(demo, debtor, text):
    """The message, once the provider has taken it."""
    found = [each for each in ours(demo, debtor) if each["text"] == text]
    return (
        found if found and all(each["state"] in ("accepted", "sent", "delivered", "read") for each in found) else None
    )


def test_the_next_conversation_is_one_key(agent):
    agent.go("inbox/")
    agent.count()
    agent.press("g")
    agent.page.locator("#text").wait_for()
    assert agent.count() == 1
    panel = agent.page.locator("#panel")
    assert re.search(r"\$|MXN", panel.inner_text()), "the debt stands beside the conversation, without a key"


def test_the_first_page_brings_little_script(agent):
    agent.go("inbox/")
    scripts = "performance.getEntriesByType('resource').filter((each) => /[.]js([?]|$)/.test(each.name))"
    weights = agent.page.evaluate(f"{scripts}.map((each) => each.encodedBodySize)")
    assert len(weights) > 3 and min(weights) > 0, "what came out of the browser's store has no weight"
    assert sum(weights) < 200_000, "bytes as they travel"


def test_a_free_answer_is_typed_text_and_enter(agent, demo, debtor):
    agent.open(debtor["conversation"])
    agent.count()
    agent.press("r")
    agent.type("Con gusto le ayudo, ¿qué duda tiene?")
    agent.press("Enter")
    assert agent.count() == 2
    until("it left", lambda: left(demo, debtor, "Con gusto le ayudo, ¿qué duda tiene?"))
    agent.page.locator("#recent", has_text="¿qué duda tiene?").wait_for()
    assert agent.page.locator("#text").input_value() == ""


def test_an_open_conversation_follows_what_happens_to_it(agent, demo, debtor):
    demo.hand("quiet", slug=MEXICO, conversation=debtor["conversation"])
    agent.go(f"inbox/{debtor['conversation']}/")
    page = agent.page
    page.locator("#composer[data-mode=template]").wait_for()
    demo.hand("writes", slug=MEXICO, number=debtor["number"], phone=debtor["phone"], text="¿Cuánto debo?")
    page.locator("#composer[data-mode=reply]").wait_for()
    assert page.locator("#truth [data-until]").count(), "the window is open again"
    owed = page.locator("#talk-head .talk-who strong").inner_text()
    assert owed in page.locator("#panel").inner_text()
    demo.hand("pays", slug=MEXICO, debtor=debtor["debtor"])
    page.locator("#talk-head .talk-who .state.green").wait_for()


def test_who_has_begun_a_note_is_not_moved_to_another_mode(agent, demo, debtor):
    demo.hand("quiet", slug=MEXICO, conversation=debtor["conversation"])
    agent.go(f"inbox/{debtor['conversation']}/")
    page = agent.page
    agent.press("n")
    agent.type("Llamar mañana")
    demo.hand("writes", slug=MEXICO, number=debtor["number"], phone=debtor["phone"], text="¿Hola?")
    page.locator("#recent", has_text="¿Hola?").wait_for()
    page.locator("#truth [data-until]").wait_for()
    assert page.locator("#composer").get_attribute("data-mode") == "note"
    assert page.locator("#text").input_value() == "Llamar mañana"


def test_a_prepared_answer_is_four_keys(agent, demo, debtor):
    agent.open(debtor["conversation"])
    agent.press("r")
    agent.count()
    agent.press("/")
    option = agent.page.locator("#replies [role=option]").first
    option.wait_for()
    words = option.get_attribute("data-text")
    shortcut = option.locator("kbd").inner_text().lstrip("/")
    agent.press(*shortcut[:2])
    agent.page.locator(f'#replies [role=option]:has(kbd:text-is("/{shortcut}"))').wait_for()
    agent.press("Enter")
    assert agent.count() <= 4
    assert agent.page.locator("#text").input_value() == words, "its places are filled in"
    assert "{" not in words
    agent.press("Enter")
    until("it left", lambda: left(demo, debtor, words.strip()))


THREAT = "voy a llamar a tu jefe"


def test_a_threat_is_refused_with_the_rule_and_a_softer_version_on_tab(agent, demo, debtor):
    page = agent.open(debtor["conversation"])
    agent.press("r")
    agent.type(THREAT)
    agent.count()
    agent.press("Enter")
    page.locator("#verdict .tone.block").wait_for()
    assert page.locator("#backdrop mark").first.inner_text(), "the span is marked"
    assert page.locator("#verdict a[href*='/rules/']").count(), "the rule is named and linked"
    softer = page.locator("#verdict .softer span").inner_text()
    agent.press("Tab")
    assert page.locator("#text").input_value() == softer
    assert THREAT not in softer
    assert agent.count() == 2
    blocked = [each for each in ours(demo, debtor) if THREAT in each["text"]]
    assert all(each["state"] == "withdrawn" for each in blocked), "it never left"
    agent.press("Enter")
    until("the softer words left", lambda: left(demo, debtor, softer.strip()))
    assert (
        page.locator("#recent .bubble.refused, #recent .bubble.blocked, #recent [class*=never], #recent mark").count()
        or blocked
    ), "the refused words stand in the thread for those inside"


def test_a_payable_is_two_keys(agent, demo, debtor):
    page = agent.open(debtor["conversation"])
    agent.count()
    agent.press("p")
    page.locator("#card [data-card]").wait_for()
    agent.press("Enter")
    assert agent.count() == 2
    page.locator("#card .done, #card .act-told.success").first.wait_for()
    codes = until("a payable", lambda: demo.hand("account", slug=MEXICO, debtor=debtor["debtor"])["payables"])
    assert re.fullmatch(r"\d{18}", codes[0]), "a CLABE"
    until(
        "it is in the chat",
        lambda: any(
            codes[0] in each["text"] for each in demo.hand("said", slug=MEXICO, conversation=debtor["conversation"])
        ),
    )


def test_a_promise_is_two_keys_and_its_words(agent, demo, debtor):
    page = agent.open(debtor["conversation"])
    agent.count()
    agent.press("m")
    page.locator("#card input[name=text]").wait_for()
    agent.type("mañana 500")
    page.locator("#promise-preview .act-told.success").wait_for()
    agent.press("Enter")
    assert agent.count() == 2
    page.locator("#card .act.done").wait_for()
    assert demo.hand("account", slug=MEXICO, debtor=debtor["debtor"])["promises"] == [["open", 50000]]


def test_a_promise_that_cannot_be_read_says_why_and_is_not_kept(agent, demo, debtor):
    page = agent.open(debtor["conversation"])
    agent.press("m")
    page.locator("#card input[name=text]").wait_for()
    agent.type("ayer 500")
    page.locator("#promise-preview .act-told.amber").wait_for()
    agent.press("Enter")
    page.locator("#card .error, #card .error-summary").first.wait_for()
    assert page.locator("#card input[name=text]").input_value() == "ayer 500"
    assert demo.hand("account", slug=MEXICO, debtor=debtor["debtor"])["promises"] == []


def test_close_and_next_is_two_keys(agent, demo, debtor):
    page = agent.open(debtor["conversation"])
    closer = page.locator("[data-dialog='#close'][data-follow]").first
    agent.count()
    agent.press(key_of(closer))
    choice = page.locator("#close .choice").first
    choice.wait_for()
    outcome = choice.get_attribute("value")
    agent.press(choice.get_attribute("data-key") or "")
    assert agent.count() == 2
    until(
        "closed",
        lambda: demo.hand("conversation", slug=MEXICO, conversation=debtor["conversation"])["state"] == "closed",
    )
    assert demo.hand("conversation", slug=MEXICO, conversation=debtor["conversation"])["outcome"] == outcome
    page.wait_for_function(
        "id => document.querySelector('.talk')?.dataset.conversation !== id", arg=debtor["conversation"]
    )


def key_of(element):
    """The key that an element names, as Playwright calls it."""
    return {"shift": "Shift", "mod": "Control"}.get(
        (parts := (element.get_attribute("data-key") or "").split("+"))[0], parts[0]
    ) + (f"+{parts[-1].upper() if parts[0] == 'shift' else parts[-1]}" if len(parts) > 1 else "")


def test_the_sheet_names_the_keys(agent, debtor):
    page = agent.open(debtor["conversation"])
    agent.press("?")
    sheet = page.locator("dialog#keys[open]")
    sheet.wait_for()
    shown = set(texts(sheet.locator("kbd")))
    assert {"R", "N", "P", "M", "L", "D", "W", "S", "A", "G"} <= shown
    agent.press("Escape")
    sheet.wait_for(state="hidden")


def test_a_snooze_and_a_note(agent, demo, debtor):
    page = agent.open(debtor["conversation"])
    agent.count()
    agent.press("n")
    agent.type("Pide factura por correo")
    agent.press("Enter")
    assert agent.count() == 2
    page.locator("#recent", has_text="Pide factura por correo").wait_for()
    known = demo.hand("conversation", slug=MEXICO, conversation=debtor["conversation"])
    assert known["notes"] == ["Pide factura por correo"]
    said = demo.hand("said", slug=MEXICO, conversation=debtor["conversation"])
    assert not any("Pide factura" in each["text"] for each in said), "no debtor reads a note"
    page.locator("#text").blur()
    agent.count()
    agent.press("s")
    page.locator("#snooze .choice").first.wait_for()
    agent.press("1")
    assert agent.count() == 2
    page.locator(".talk-state .state.amber").wait_for()


def test_a_card_is_closed_by_escape(agent, debtor):
    page = agent.open(debtor["conversation"])
    agent.press("l")
    page.locator("#card [data-card]").wait_for()
    agent.press("Escape")
    page.locator("#card [data-card]").wait_for(state="detached")


def test_a_conversation_is_found_by_name_phone_and_again_left(agent, demo):
    debtor = demo.hand("debtor", slug=MEXICO, person="Ximena Zárate Ñuño")
    for words in ("Zárate", debtor["phone"], debtor["phone"][-8:]):
        agent.go("inbox/")
        agent.press("/")
        agent.type(words)
        agent.page.locator("#queue-list .row-link", has_text="Ximena").first.wait_for()


# -- careless ----------------------------------------------------------------------------------------------------------


def test_a_double_click_sends_once(agent, demo, debtor):
    page = agent.open(debtor["conversation"])
    agent.write("Una sola vez, por favor")
    page.locator("#send").dblclick()
    page.keyboard.press("Enter")
    until("it left", lambda: left(demo, debtor, "Una sola vez, por favor"))
    page.reload()
    page.locator("#text").wait_for()
    assert [each["text"] for each in ours(demo, debtor)] == ["Una sola vez, por favor"]


def test_an_ended_session_keeps_what_was_typed(agent, demo, debtor):
    page = agent.open(debtor["conversation"])
    agent.write("Esto lo escribí antes de que")
    page.wait_for_timeout(1200)
    demo.hand("log_out", email=demo.hand("person", slug=MEXICO, role="agent")["email"])
    page.locator("#text").press("End")
    agent.type(" terminara la sesión")
    page.keyboard.press("Enter")
    page.locator("#notice [role=alert]").first.wait_for()
    assert page.locator("#text").input_value() == "Esto lo escribí antes de que terminara la sesión"
    assert not ours(demo, debtor)
    with agent.context.expect_page() as opened:
        page.locator("#notice a").first.click()
    login = opened.value
    login.fill("[name=login]", demo.hand("person", slug=MEXICO, role="agent")["email"])
    login.fill("[name=password]", "trato-demo-2026")
    login.locator("form.stack button.btn-primary").click()
    login.wait_for_url(re.compile(r"^(?!.*/accounts/login)"))
    login.close()
    page.locator("#text").focus()
    page.keyboard.press("Enter")
    until("it left", lambda: left(demo, debtor, "Esto lo escribí antes de que terminara la sesión"))


def test_a_draft_waits_on_the_server(agent, sit, demo, debtor):
    page = agent.open(debtor["conversation"])
    agent.write("Lo termino después")
    until("kept", lambda: demo.hand("conversation", slug=MEXICO, conversation=debtor["conversation"])["drafts"])
    page.goto("about:blank")
    again = sit(MEXICO, "agent")
    assert again.open(debtor["conversation"]).locator("#text").input_value() == "Lo termino después"


LONG = "Le escribo sobre su factura. " * 160
ODD = {
    "emoji": "Gracias 🙏🏽👨‍👩‍👧‍👦 🇲🇽 ✅",
    "right to left": "مرحبا، شكرا لكم على الدفع",
    "mixed": "Factura F-12 \u202eodidrev\u202c שלום (ok) <b>no</b> &amp; {{name}}",
    "unbroken": "x" * 600,
    "lines": "uno\ndos\n\n\ntres",
    "long": LONG[:4096].strip(),
}


@pytest.mark.parametrize("words", ODD.values(), ids=ODD.keys())
def test_odd_words_arrive_as_they_were_written_and_break_no_layout(words, agent, demo, debtor):
    page = agent.open(debtor["conversation"])
    agent.write(words)
    page.locator("#text").press("Enter")
    until("it left", lambda: left(demo, debtor, words))
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert agent.sideways() <= 0, width
    assert not page.locator("#recent .words b:text-is('no')").count(), "words are never markup"
    phone = agent.context.new_page()
    phone.goto(f"{demo.hand('phones', slug=MEXICO)}/{debtor['phone']}?lang=es")
    phone.locator("article.business").last.wait_for()
    shown = phone.locator("article.business .words").last.inner_text()
    assert shown.replace("\n", "").replace(" ", "")[:200] == words.replace("\n", "").replace(" ", "")[:200]


def test_more_than_whatsapp_takes_cannot_be_typed(agent, debtor):
    page = agent.open(debtor["conversation"])
    page.locator("#text").focus()
    page.keyboard.insert_text("y" * 5000)
    assert len(page.locator("#text").input_value()) == 4096
    assert "4096" in page.locator("#size").inner_text().replace(".", "").replace(",", "")


def test_two_tabs_of_two_organisations_do_not_mix(sit, demo):
    """One person in both: each tab stays in the organisation of its address."""
    email = demo.hand("both", slugs=[MEXICO, "aurora"], role="agent", password="a long enough password 7")
    one = sit(MEXICO, email=email, password="a long enough password 7")
    mexican, brazilian = demo.hand("debtor", slug=MEXICO), demo.hand("debtor", slug="aurora")
    one.open(mexican["conversation"])
    other = one.context.new_page()
    one.watch(other)
    other.goto(f"{demo.url}/o/aurora/inbox/{brazilian['conversation']}/")
    other.locator("#text").wait_for()
    one.write("Para México")
    other.locator("#text").fill("Para o Brasil")
    one.page.locator("#text").press("Enter")
    other.locator("#text").press("Enter")
    until(
        "both left",
        lambda: (
            one.page.locator("#recent", has_text="Para México").count()
            and other.locator("#recent", has_text="Para o Brasil").count()
        ),
    )
    assert [each["text"] for each in ours(demo, mexican)] == ["Para México"]
    assert [
        each["text"]
        for each in demo.hand("said", slug="aurora", conversation=brazilian["conversation"])
        if each["source"] == "agent"
    ] == ["Para o Brasil"]
    answer = one.page.goto(f"{demo.url}/o/aurora/inbox/{mexican['conversation']}/")
    assert answer.status == 404, "no conversation of one in the other"


def test_the_way_back_leads_back(agent, demo, debtor):
    agent.go("inbox/")
    agent.open(debtor["conversation"])
    agent.go(f"debtors/{debtor['debtor']}/")
    agent.page.go_back()
    agent.page.locator("#text").wait_for()
    assert debtor["conversation"] in agent.page.url
    agent.page.go_back()
    agent.page.locator("#queue-list").wait_for()


def test_what_the_debtor_writes_is_there_within_a_second(agent, demo, debtor):
    page = agent.open(debtor["conversation"])
    phone_page = agent.context.new_page()
    phone_page.goto(f"{demo.hand('phones', slug=MEXICO)}/{debtor['phone']}?lang=es")
    phone = Phone(phone_page)
    phone_page.locator("article").first.wait_for()
    phone.say("¿Me puede dar hasta el viernes?")
    page.locator("#recent", has_text="hasta el viernes").wait_for()
