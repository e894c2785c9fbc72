"""The README's pictures, taken anew with TRATO_SCREENSHOTS=1 (./run test -- tests/browser/test_screenshots.py)."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from tests.browser.desk import Phone, sit_down
from tests.browser.stage import MEXICO, until

pytestmark = [
    pytest.mark.skipif(not os.environ.get("TRATO_SCREENSHOTS"), reason="pictures are taken with TRATO_SCREENSHOTS=1"),
]
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
BYTES_MAX = 250_000


def answered(phone, before):
    return phone.count() >= before + 2


def take(page, name):
    """A picture small enough for a README: PNG, in 256 colours where that is needed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(1200)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide")
    assert path.stat().st_size <= BYTES_MAX, f"{name}: {path.stat().st_size} bytes"


@pytest.fixture(scope="module")
def samples(demo):
    return demo.hand("samples", slug=MEXICO)


def test_the_inbox_beside_the_phone(demo, browser):
    person = sit_down(browser, demo, MEXICO, "agent", width=1440, height=860)
    person.go("walk/1/")
    phone = Phone(person.page.frame_locator(".walk-phone iframe"))
    phone.last().wait_for()
    known = set(demo.player(MEXICO)["answers"].values())
    for _ in range(4):  # as far as the amount
        before = phone.count()
        choices = phone.choices()
        place = next((at for at, text in enumerate(choices) if text in known), 0 if before < 3 else None)
        if place is None:
            break
        phone.tap(place)
        until("the bot answered", partial(answered, phone, before))
        person.page.wait_for_timeout(600)
    take(person.page, "inbox-and-phone")
    person.context.close()


@pytest.mark.parametrize(
    ("name", "role", "path", "theme"),
    [
        ("overview", "supervisor", "overview/?period=30", "light"),
        ("review", "supervisor", "review/{alert_id}/", "light"),
        ("receipt", "supervisor", "decisions/{decision_id}/", "light"),
        ("inbox-dark", "agent", "inbox/{conversation_id}/", "dark"),
    ],
)
def test_a_page_of_the_desk(name, role, path, theme, demo, browser, samples):
    person = sit_down(browser, demo, MEXICO, role, width=1440, height=860, theme=theme)
    person.go(path.format(**samples))
    take(person.page, name)
    person.context.close()


def test_the_debtors_page_on_a_telephone(demo, browser):
    person = sit_down(browser, demo, MEXICO, width=390, height=844)
    made = demo.hand("debtor", slug=MEXICO)
    person.page.goto(demo.hand("link", slug=MEXICO, debtor=made["debtor"]))
    take(person.page, "debtor-page")
    person.context.close()
