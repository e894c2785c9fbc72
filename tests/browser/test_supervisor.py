"""A supervisor sees a risk at once, acts on it with a key or two, and can take it back."""

from __future__ import annotations

import re
import time
from functools import partial

import pytest

from tests.browser.stage import MEXICO, slack, until

THREAT = "le voy a embargar la casa y a contarle a su familia"
SOON_SECONDS = 5.0


@pytest.fixture
def supervisor(sit):
    return sit(MEXICO, "supervisor")


def number(locator) -> int:
    return int(re.sub(r"\D", "", locator.inner_text()) or 0)


def threaten(sit, demo, words=THREAT):
    """An agent types a threat and is refused; the debtor about whom."""
    debtor = demo.hand("debtor", slug=MEXICO)
    agent = sit(MEXICO, "agent")
    page = agent.open(debtor["conversation"])
    agent.write(words)
    page.locator("#text").press("Enter")
    page.locator("#verdict .tone.block").wait_for()
    return debtor


def newest_alert(demo, debtor):
    return next(
        (each for each in demo.hand("alerts", slug=MEXICO) if each["conversation"] == debtor["conversation"]), None
    )


def test_an_alert_lights_the_overview_within_five_seconds(supervisor, sit, demo):
    page = supervisor.go("overview/")
    before = number(page.locator("#tile-severe .tile-count"))
    debtor = demo.hand("debtor", slug=MEXICO)
    agent = sit(MEXICO, "agent")
    agent.open(debtor["conversation"])
    agent.write(THREAT)
    agent.page.locator("#text").press("Enter")
    began = time.monotonic()
    page.wait_for_function(
        "n => Number(document.querySelector('#tile-severe .tile-count').textContent.replace(/\\D/g, '')) > n",
        arg=before,
    )
    assert time.monotonic() - began < SOON_SECONDS * slack()


def test_two_keys_review_an_alert(supervisor, sit, demo):
    debtor = threaten(sit, demo)
    alert = until("the alert", lambda: newest_alert(demo, debtor))
    page = supervisor.go(f"review/{alert['id']}/")
    assert THREAT in page.locator("#here").inner_text(), "that very message, in its place"
    assert page.locator("#here mark").count(), "the words are marked"
    assert page.locator(".rv-rule a[href*='/rules/']").count(), "and the rule named"
    supervisor.count()
    supervisor.press("c")
    page.locator("#claim .note-box").wait_for()
    supervisor.press("v")
    page.locator(".rv-undo").wait_for()
    assert supervisor.count() == 2
    assert newest_alert(demo, debtor)["state"] == "violation"
    supervisor.press("u")
    until("taken back", lambda: newest_alert(demo, debtor)["state"] not in ("violation", "false_alarm"))


def test_a_false_alarm_and_on_to_the_next(supervisor, sit, demo):
    debtors = [threaten(sit, demo), threaten(sit, demo)]
    alerts = [until("the alert", partial(newest_alert, demo, debtor)) for debtor in debtors]
    page = supervisor.go(f"review/{alerts[0]['id']}/")
    supervisor.press("f")
    until("decided", lambda: newest_alert(demo, debtors[0])["state"] == "false_alarm")
    page.wait_for_function("id => !document.querySelector('.rv-row.current')?.id.endsWith(id)", arg=alerts[0]["id"])


def test_freeze_holds_what_an_agent_writes(supervisor, sit, demo):
    debtor = threaten(sit, demo)
    alert = until("the alert", lambda: newest_alert(demo, debtor))
    page = supervisor.go(f"review/{alert['id']}/")
    supervisor.count()
    supervisor.press("p")
    page.locator(".rv-frozen").wait_for()
    assert supervisor.count() == 1
    agent = sit(MEXICO, "agent")
    agent.open(debtor["conversation"])
    agent.page.locator(".talk-state .state.red").wait_for()
    agent.write("Buenas tardes")
    agent.page.locator("#text").press("Enter")
    agent.page.wait_for_timeout(1500)
    said = [
        each
        for each in demo.hand("said", slug=MEXICO, conversation=debtor["conversation"])
        if each["text"] == "Buenas tardes"
    ]
    assert all(each["state"] not in ("accepted", "sent", "delivered", "read") for each in said)
    supervisor.press("p")
    page.locator(".rv-frozen").wait_for(state="detached")


def test_a_whisper_is_read_by_the_agent_and_by_no_debtor(supervisor, sit, demo):
    debtor = threaten(sit, demo)
    alert = until("the alert", lambda: newest_alert(demo, debtor))
    page = supervisor.go(f"review/{alert['id']}/")
    supervisor.press("w")
    page.locator("#whisper-text").fill("Ofrézcale un plan, con calma")
    supervisor.press("Control+Enter")
    until(
        "kept",
        lambda: (
            "Ofrézcale un plan, con calma"
            in demo.hand("conversation", slug=MEXICO, conversation=debtor["conversation"])["notes"]
        ),
    )
    agent = sit(MEXICO, "agent")
    agent.open(debtor["conversation"])
    agent.page.locator("#recent", has_text="Ofrézcale un plan").wait_for()
    assert not [
        each
        for each in demo.hand("said", slug=MEXICO, conversation=debtor["conversation"])
        if "Ofrézcale" in each["text"]
    ]


def test_takeover_is_one_key(supervisor, sit, demo):
    debtor = threaten(sit, demo)
    alert = until("the alert", lambda: newest_alert(demo, debtor))
    supervisor.go(f"review/{alert['id']}/")
    supervisor.count()
    supervisor.press("t")
    mine = demo.hand("person", slug=MEXICO, role="supervisor")["id"]
    until(
        "taken", lambda: demo.hand("conversation", slug=MEXICO, conversation=debtor["conversation"])["assignee"] == mine
    )
    assert supervisor.count() == 1


def test_the_gates_parts_add_up_and_every_send_has_a_decision(supervisor, demo):
    page = supervisor.go("overview/?period=all")
    parts = page.locator(".gate-parts li:not(.gate-total) b")
    total = number(page.locator("#part-all b"))
    assert total > 0
    assert sum(number(parts.nth(each)) for each in range(parts.count())) == total
    known = demo.hand("gate", slug=MEXICO)
    assert known["requests"] == known["decided"]
