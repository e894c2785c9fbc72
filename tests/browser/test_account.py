"""Getting in, staying in, and how it looks: kept from one page to the next and from one day to the next."""

from __future__ import annotations

import re

import pytest

from tests.browser.stage import BRAZIL, MEXICO

PASSWORD = "a long enough password 7"


@pytest.fixture
def email(demo):
    return demo.hand("visitor", slug=MEXICO, role="agent", password=PASSWORD)


def log_in(person, email, password):
    page = person.page
    page.fill("[name=login]", email)
    page.fill("[name=password]", password)
    page.locator("form.stack button.btn-primary").click()
    return page


def test_login_leads_where_one_wanted_to_go(sit, demo, email):
    person = sit(MEXICO)
    person.page.goto(person.at("debtors/?q=rojas"))
    assert "/accounts/login/" in person.page.url
    page = log_in(person, email, PASSWORD)
    page.wait_for_url("**/debtors/?q=rojas")


def test_a_wrong_password_says_so_and_keeps_the_address(sit, demo, email):
    person = sit(MEXICO)
    person.page.goto(f"{demo.url}/accounts/login/")
    page = log_in(person, email, "not this one at all")
    page.locator("[role=alert], .error-summary, .error").first.wait_for()
    assert page.locator("[name=login]").input_value() == email
    assert page.locator("[name=password]").input_value() == ""
    assert "/accounts/login" in page.url


def test_language_and_theme_are_kept(sit, demo, email):
    person = sit(MEXICO, email=email, password=PASSWORD)
    page = person.go("debtors/")
    for code, lang in (("pt-br", "pt"), ("en", "en"), ("es", "es")):
        menu_of(page)
        page.locator(f"button[name=language][value='{code}']:visible").first.click()
        page.wait_for_function("code => document.documentElement.lang.toLowerCase().startsWith(code)", arg=lang)
    menu_of(page)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator("button[name=theme][value=dark]:visible").first.click()
    page.wait_for_function("() => document.documentElement.dataset.bsTheme === 'dark'")
    person.go("inbox/")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    page.locator("form[action*='logout'] button, a[href*='logout']").first.evaluate("element => element.click()")
    page.wait_for_load_state()
    again = sit(MEXICO, language="en")
    again.page.goto(f"{demo.url}/accounts/login/")
    log_in(again, email, PASSWORD).wait_for_url(re.compile(r"^(?!.*/accounts/login)"))
    again.go("debtors/")
    assert again.page.evaluate("document.documentElement.dataset.bsTheme") == "dark", "on another device too"
    assert again.page.evaluate("document.documentElement.lang").startswith("es")


def menu_of(page):
    """Open the person's menu, where language and theme are."""
    if page.locator("button[name=theme]:visible").count() == 0:
        page.locator("details.menu:has(button[name=theme]) > summary").first.click()
    page.locator("button[name=theme]:visible").first.wait_for()


@pytest.mark.parametrize(("language", "words"), [("es", "no"), ("pt-br", "não"), ("en", "not")])
def test_a_page_that_is_not_there_says_so_in_the_visitors_language(sit, demo, language, words):
    person = sit(MEXICO, "agent", language=language)
    answer = person.page.goto(person.at("inbox/00000000-0000-7000-8000-000000000000/"))
    assert answer.status == 404
    assert words in person.page.locator("main, body").first.inner_text().lower()
    assert person.page.locator("a[href]").count(), "and leads on"


def test_a_wrong_role_is_told_so(sit, demo):
    person = sit(MEXICO, "agent")
    answer = person.page.goto(person.at("setup/"))
    assert answer.status == 403
    assert person.page.locator("a[href]").count()


def test_a_stranger_finds_nothing(sit, demo, email):
    person = sit(MEXICO, email=email, password=PASSWORD)
    answer = person.page.goto(f"{demo.url}/o/{BRAZIL}/inbox/")
    assert answer.status == 404


def test_the_rail_is_walked_by_keys(sit, demo):
    person = sit(MEXICO, "supervisor")
    person.go("overview/")
    for letter, path in (("r", "/review/"), ("p", "/debtors/"), ("k", "/reports/"), ("o", "/overview/")):
        person.count()
        person.press("g", letter)
        person.page.wait_for_url(f"**{path}**")
        assert person.count() == 2
