"""The visitor's five minutes: the six steps, one after the other, in one organisation."""

from __future__ import annotations

import json
import re
import time
import zipfile
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.browser.desk import Phone, sit_down
from tests.browser.stage import COLOMBIA, slack, until

THREAT = "voy a llamar a tu jefe"
SUNDAY = 6


@pytest.fixture(scope="module")
def visitor(demo, browser):
    """Somebody who walks all six steps in one browser, changing roles by the button."""
    person = sit_down(browser, demo, COLOMBIA, "agent")
    yield person
    person.context.close()
    assert not person.troubles, person.troubles


def step(person: Any, number: int, role: str) -> Any:
    """A step of the tour, as its role."""
    page = person.page
    page.goto(f"{person.demo.url}/")
    page.locator(f"form:has(input[value='{COLOMBIA}']) button[value='{role}']").first.click()
    page.wait_for_url(f"**/o/{COLOMBIA}/**")
    page.goto(person.at(f"walk/{number}/"))
    return page


def finished(person: Any, number: int) -> None:
    """The step has its tick."""
    person.page.goto(person.at(f"walk/{number}/"))
    person.page.locator("#walk-tick .state.green").wait_for()


def test_the_start_page_lets_one_in_as_anybody(visitor):
    page = visitor.page
    page.goto(f"{visitor.demo.url}/")
    for role in ("agent", "supervisor", "admin"):
        assert page.locator(f"form:has(input[value='{COLOMBIA}']) button[value='{role}']").count()
    assert page.locator(f"a[href*='/erp/{COLOMBIA}']").count() and page.locator("a[href*='/_sandbox/phone/']").count()
    page.locator("a[href*='/tour/']").first.click()
    page.wait_for_url("**/tour/**")
    steps = page.locator("a[href*='/walk/'], input[name=next][value*='/walk/']")
    assert steps.count() >= 6, "every step is one click away"


def test_one_the_debtor_answers_pays_and_both_see_it(visitor, demo):
    page = step(visitor, 1, "agent")
    phone, work = Phone(page.frame_locator(".walk-phone iframe")), page.frame_locator(".walk-work iframe")
    known = set(demo.player(COLOMBIA)["answers"].values())
    phone.last().wait_for()

    def answered(act: Any) -> None:
        before = phone.count()
        act()
        until("the bot answered", lambda: phone.count() >= before + 2)
        page.wait_for_timeout(700)

    answered(lambda: phone.tap(0))
    for _ in range(3):  # the two-point check
        fitting = [place for place, text in enumerate(phone.choices()) if text in known]
        if not fitting:
            break
        answered(lambda place=fitting[0]: phone.tap(place))
    assert re.search(r"\$\s?[\d.]+", phone.last().inner_text()), "the amount, once it is known who asks"
    said = phone.last().inner_text().split("\n")[0][:30]
    work.locator("#recent", has_text=said).wait_for()
    pay = next(place for place, text in enumerate(phone.choices()) if "agar" in text)
    answered(lambda: phone.tap(pay))
    link = phone.place.locator(
        "article.business .options button:has(svg use[href='#i-link']), article.business .words a[href*='/p/']"
    ).last
    link.wait_for()
    link.click()
    phone.place.locator("#bill .primary").click()
    before = phone.count()
    until("the receipt", lambda: phone.count() > before)
    work.locator("#recent, .fold", has_text=re.compile("pag", re.IGNORECASE)).first.wait_for()
    finished(visitor, 1)


def test_two_a_threat_is_refused_and_softened(visitor):
    page = step(visitor, 2, "agent")
    work = page.frame_locator(".walk-work iframe")
    text = work.locator("#text")
    text.fill(THREAT)
    text.press("Enter")
    work.locator("#verdict .tone.block").wait_for()
    assert work.locator("#backdrop mark").count() and work.locator("#verdict a[href*='/rules/']").count()
    softer = work.locator("#verdict .softer span").inner_text()
    text.press("Tab")
    assert text.input_value() == softer
    finished(visitor, 2)


def of_the_threat(demo: Any) -> str:
    """The newest alert about it; "" until it is there."""
    alerts = demo.hand("alerts", slug=COLOMBIA)
    return next((str(each["id"]) for each in alerts if THREAT in each["text"]), "")


def test_three_the_supervisor_sees_it_and_reviews_it_with_two_keys(visitor):
    page = step(visitor, 3, "supervisor")
    page.goto(visitor.at(f"review/{until('the alert', lambda: of_the_threat(visitor.demo))}/"))
    assert THREAT in page.locator("#here").inner_text()
    visitor.count()
    visitor.press("c")
    page.locator("#claim .note-box").wait_for()
    visitor.press("v")
    page.locator(".rv-undo").wait_for()
    assert visitor.count() == 2
    finished(visitor, 3)


def move(person: Any, by: str, *, seconds: float, stop_at: int = 100) -> None:
    """Move the clock and wait until it has come there, or press stop at so many per cent of the way."""
    page = person.page
    page.locator(".clock-menu > summary").click()
    page.locator(f".clock-menu button[value='{by}']").click()
    until(
        "it began",
        lambda: page.locator("#clock.clock-play").count() or page.locator("#clock .note-box").count(),
        seconds=10,
    )
    end = time.monotonic() + seconds * slack()
    while page.locator("#clock.clock-play").count():
        assert time.monotonic() < end, f"{by}: not there after {seconds:.0f} s"
        way = page.locator("#clock progress")
        if stop_at < 100 and way.count() and int(way.get_attribute("value", timeout=2000) or 0) >= stop_at:
            page.locator("#clock.clock-play button").click()
            page.locator("#clock.clock-play").wait_for(state="detached")
        page.wait_for_timeout(500)


def test_four_on_sunday_the_composer_shows_the_law(visitor, demo):
    page = step(visitor, 4, "agent")
    inner = page.locator(".walk-work iframe").get_attribute("src")
    page.goto(demo.url + inner)
    move(visitor, "sunday", seconds=240)
    there = datetime.fromisoformat(demo.hand("now", slug=COLOMBIA)).astimezone(ZoneInfo("America/Bogota"))
    assert there.weekday() == SUNDAY
    page.goto(demo.url + inner)
    law = page.locator(".truth .law:visible").first
    law.wait_for()
    assert re.search(r"lunes .*08:00", law.inner_text()), law.inner_text()
    assert law.locator("a[href*='/rules/']").count(), "with its citation"
    assert law.locator(".can").inner_text(), "and what may be done now"
    finished(visitor, 4)


def test_five_the_first_days_are_played_and_the_gate_adds_up(visitor, demo):
    """The first of the thirty days: they are played to their end in tests/workbench/test_clock.py, on fewer debtors."""
    page = step(visitor, 5, "supervisor")
    page.goto(visitor.at("overview/?period=90"))
    before = demo.hand("gate", slug=COLOMBIA)
    move(visitor, "month", seconds=300, stop_at=7)
    page.goto(visitor.at("overview/?period=90"))
    number = lambda locator: int(re.sub(r"\D", "", locator.inner_text()) or 0)  # noqa: E731
    parts = page.locator(".gate-parts li:not(.gate-total) b")
    total = number(page.locator("#part-all b"))
    assert total > 0 and sum(number(parts.nth(each)) for each in range(parts.count())) == total
    known = demo.hand("gate", slug=COLOMBIA)
    assert known["requests"] == known["decided"] > before["decided"], "decisions flowed"
    assert page.locator(".sup-recovery .simulated").count(), "what came in is called simulated"
    assert page.locator(".sup-recovery tbody tr").count() >= 2, "by bucket"


def test_six_the_receipt_and_the_altered_line(visitor, tmp_path):
    page = step(visitor, 6, "supervisor")
    inner = page.locator(".walk-work iframe").get_attribute("src")
    page.goto(visitor.demo.url + inner)
    assert page.locator(".rc-objection").count() and page.locator(".rc-packs details").count()
    visitor.press("v")
    page.locator("#verified .rc-steps").wait_for()
    page.locator("[data-dialog='#take']").click()
    with page.expect_download() as saved:
        page.locator("#take .btn-primary").click()
    whole, altered = tmp_path / "whole.zip", tmp_path / "altered.json"
    whole.write_bytes(saved.value.path().read_bytes())
    with zipfile.ZipFile(whole) as pack:
        names = {name.rpartition("/")[2]: name for name in pack.namelist()}
        text = pack.read(names["evidence.json"]).decode()
        assert {"evidence.pdf", "verify.py"} <= set(names)
    lines = text.split("\n")
    place = next(n for n, line in enumerate(lines) if '"deny"' in line or '"allow"' in line)
    lines[place] = (
        lines[place].replace('"deny"', '"allow"', 1)
        if '"deny"' in lines[place]
        else lines[place].replace('"allow"', '"deny"', 1)
    )
    altered.write_text("\n".join(lines), encoding="utf-8")
    assert json.loads(altered.read_text(encoding="utf-8"))
    page.goto(visitor.at("evidence/verify/"))
    page.set_input_files("#file", whole)
    page.locator("main .btn-primary").click()
    page.locator(".vf-whole").wait_for()
    page.set_input_files("#file", altered)
    page.locator("main .btn-primary").click()
    told = page.locator("main [role=status] .error-summary")
    told.wait_for()
    assert re.search(rf"(line|línea|linha) {place + 1}\b", told.inner_text()), told.inner_text()
    finished(visitor, 6)
