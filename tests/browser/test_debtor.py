"""The debtor's own page, with scripts switched off: who asks, how much, pay, doubt, stop."""

from __future__ import annotations

import re

import pytest

from tests.browser.stage import MEXICO

BYTES_MAX = 100_000


@pytest.fixture
def debtor(demo):
    return demo.hand("debtor", slug=MEXICO)


@pytest.fixture
def page(sit, demo, debtor):
    """Their page on a telephone without scripts."""
    person = sit(MEXICO, "", width=390, height=844, scripts=False)
    person.page.goto(demo.hand("link", slug=MEXICO, debtor=debtor["debtor"]))
    return person.page


def reveal(page, part):
    """Open a part: a <details>, which needs no script."""
    page.locator(f"details#{part} > summary").click()


def account(demo, debtor):
    return demo.hand("account", slug=MEXICO, debtor=debtor["debtor"])


def test_it_says_who_for_whom_and_how_much_in_under_a_hundred_kilobytes(sit, demo, debtor):
    person = sit(MEXICO, "", width=390, height=844, scripts=False)
    sizes = []
    person.page.on("response", lambda response: sizes.append(len(response.body()) if response.ok else 0))
    person.page.goto(demo.hand("link", slug=MEXICO, debtor=debtor["debtor"]), wait_until="networkidle")
    assert "1,250.00" in person.page.locator(".balance").inner_text()
    assert sum(sizes) < BYTES_MAX, sizes
    assert not person.context.cookies(), "it keeps nothing"
    assert person.page.locator("script").count() == 0


def test_paying_is_two_taps_to_a_valid_code(page, demo, debtor):
    page.locator("#pay button.main").click()
    code = page.locator("code.code").first.inner_text().replace(" ", "")
    assert re.fullmatch(r"\d{18}", code)
    weights = [3, 7, 1] * 6
    assert (10 - sum(int(d) * w % 10 for d, w in zip(code[:17], weights, strict=False)) % 10) % 10 == int(code[17]), (
        "its check digit"
    )
    assert code in account(demo, debtor)["payables"]


def test_a_doubt_is_three_taps_and_gives_a_reference(page, demo, debtor):
    reveal(page, "dispute")
    page.select_option("#reason", "wrong_amount")
    page.locator("details#dispute form button").click()
    assert account(demo, debtor)["disputes"] == ["open"]
    assert re.search(r"D-?\w+", page.locator(".states").inner_text())


def test_a_doubt_without_a_reason_says_what_is_missing(page, demo, debtor):
    reveal(page, "dispute")
    page.locator("#detail").fill("No es mío")
    page.locator("details#dispute form button").click()
    assert account(demo, debtor)["disputes"] == []


def test_stop_means_stop(page, demo, debtor):
    reveal(page, "stop")
    page.locator("details#stop form button.danger").click()
    assert account(demo, debtor)["stops"], "nobody writes to them any more"
    reveal(page, "stop")
    assert page.locator("details#stop form[action$='/resume']").count(), "and it may be taken back"


def test_consent_is_taken_back(page, demo, debtor):
    reveal(page, "consent")
    page.locator("details#consent form button").click()
    assert account(demo, debtor)["consents"][-1] == "revoked"


def test_a_date_of_their_own_is_two_taps(page, demo, debtor):
    reveal(page, "date")
    page.locator("details#date form button").click()
    assert account(demo, debtor)["promises"] == [["open", 125000]]


def test_a_plan_is_three_taps(page, demo, debtor):
    reveal(page, "plan")
    page.locator("#plan input[name=count]").first.check()
    page.locator("details#plan > form > button").click()
    assert page.locator(".states li").count()


def test_three_languages(page):
    for code, word in (("pt", "Olá"), ("en", "Hello"), ("es", "Hola")):
        page.goto(page.url.split("?")[0] + f"?l={code}")
        assert page.locator("h1").inner_text().startswith(word)
        assert page.locator("html").get_attribute("lang").startswith(code)


def test_an_address_that_opens_nothing_says_so(sit, demo):
    person = sit(MEXICO, "", scripts=False)
    answer = person.page.goto(f"{demo.url}/d/{'x' * 43}")
    assert answer.status == 404
    assert person.page.locator("h1, h2").first.inner_text()
