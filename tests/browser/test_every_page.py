"""Every page, in every role, wide and narrow, light and dark: axe, the console, the policy, and no sideways scrolling."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver
from playwright.sync_api import ViewportSize

from tests.browser.desk import sit_down
from tests.browser.stage import MEXICO
from workbench import urls

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SIZES: dict[str, ViewportSize] = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 390, "height": 844}}
#: Roles whose pages are looked at, those who see most first; the auditor's and the creditor's have less in them.
ROLES = ("admin", "agent", "supervisor")
#: Not a page: a stream, files.
NO_PAGES = {"live", "debtor-document", "attachment", "import-rejected"}
#: More looks at the same address.
QUERIES = {
    "debtor": ("?tab=account", "?tab=contacts", "?tab=messages", "?tab=deals", "?tab=history"),
    "inbox": ("?view=all", "?q=zzzz"),
    "debtors": ("?q=zzzz",),
    "decisions": ("?part=consent&period=all",),
    "rules-calendar": ("?year=2026",),
}
FIXED = {
    "account": (
        "/account/profile/", "/accounts/password/change/", "/accounts/email/", "/accounts/2fa/", "/accounts/sessions/",
        "/accounts/logout/",
    ),
    "outside": ("/accounts/login/", "/accounts/password/reset/", "/no/such/page/"),
}  # fmt: skip
#: The page is still: what it asks for by itself has come, letters have their shapes.
SETTLED = """
async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const end = performance.now() + 3000;
  await document.fonts.ready;
  for (let quiet = 0; quiet < 3 && performance.now() < end; ) {
    await frame();
    quiet = document.querySelector(".htmx-request") ? 0 : quiet + 1;
  }
  const still = new CSSStyleSheet();  // colours are judged where they end, not on their way there
  still.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important }");
  document.adoptedStyleSheets = [still];
}
"""
SIDEWAYS = """
() => {
  const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const beyond = (each) => each.getBoundingClientRect().right > innerWidth + 1;
  const told = (each) => `${each.localName}.${each.className}`;
  return over <= 0 ? "" : `sideways ${over} px: ${[...document.querySelectorAll("body *")].filter(beyond).slice(0, 3).map(told)}`;
}
"""
LOOK = """
async ([theme, tags, inside]) => {
  document.documentElement.dataset.theme = document.documentElement.dataset.bsTheme = theme;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const found = await axe.run(inside, {
    runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], iframes: false, preload: false,
  });
  const said = (one, node) => one.id === "color-contrast" ? ` (${node.any[0]?.data?.contrastRatio})` : "";
  return found.violations.map((one) => `${one.id} (${one.nodes.length}): `
    + one.nodes.slice(0, 5).map((node) => node.target.join(" ") + said(one, node)).join(" | "));
}
"""
Looks = tuple[tuple[str, str], ...]
#: (size, theme): every page at both sizes; by all rules in the first, and in the second if something new is on it.
LOOKS: Looks = (("wide", "light"), ("narrow", "dark"))


def addresses() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """(name, parts, pattern) of everything under /o/<slug>/."""

    def walk(
        patterns: list[URLPattern | URLResolver], parts: tuple[str, ...], route: str
    ) -> Iterator[tuple[str, tuple[str, ...], str]]:
        for each in patterns:
            here, path = (*parts, *each.pattern.converters), route + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, here, path)
            else:
                yield str(each.name), here, path

    yield from walk(urls.urlpatterns, (), "")


def filled(name: str, parts: tuple[str, ...], route: str, samples: dict[str, Any]) -> str:
    """The address with what is there; '' when there is nothing to look at."""
    for part in parts:
        key = next((one for one in (f"{name} {part}", f"{name.partition('-')[0]} {part}") if one in samples), part)
        value = samples.get(key, "")
        if not value:
            return ""
        begin = next(at for at in range(len(route)) if route[at] == "<" and route[at:].split(">")[0].endswith(part))
        route = route[:begin] + str(value) + route[route.index(">", begin) + 1 :]
    return route


def pages_of(samples: dict[str, Any]) -> list[str]:
    """Everything that may be a page, whoever may see it."""
    found = []
    for name, parts, route in addresses():
        if name in NO_PAGES:
            continue
        path = filled(name, parts, route, samples)
        if path or not parts:
            found.append(path)
            found += [path + query for query in QUERIES.get(name, ())]
    return found


class Forms(HTMLParser):
    """What a page is made of, words and values aside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed("".join(set(re.findall(r"<[a-z][^>]*>", text))))  # most stand there a hundred times

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(" ".join([tag, *sorted(f"class={value}" if name == "class" else name for name, value in attrs)]))


class Seen:
    """What was looked at already, by whichever role: a page is not judged again unless something new is on it."""

    def __init__(self) -> None:
        self.forms: set[str] = set()
        self.pages: set[str] = set()
        self.no_pages: set[str] = set()

    def is_new(self, page: str) -> bool:
        """Whether nobody saw this page; from now on somebody did."""
        new = page not in self.pages
        self.pages.add(page)
        return new

    def has_new(self, text: str) -> bool:
        """Whether some form of element was on no page before; from now on all of these were."""
        forms = Forms(text).found
        new = not self.forms.issuperset(forms)
        self.forms.update(forms)
        return new


class Eye:
    """Looks at pages and keeps what is wrong with them."""

    def __init__(self, person: Any, axe: str, before: Seen | None = None) -> None:
        self.person, self.axe, self.seen = person, axe, 0
        self.before = before or Seen()
        self.wrong: list[str] = []

    def look(self, path: str) -> None:
        """Ask for it; if it is a page that has something new on it, open it and look."""
        person = self.person
        whole = person.whole(path) if path.startswith(("/", "http")) else person.at(path)
        if path in self.before.no_pages:
            return
        asked = person.context.request.get(whole, max_redirects=0)
        if asked.status >= 500:
            self.wrong.append(f"{path} [{person.role}]: answered {asked.status}")
        if asked.status == 405:  # it takes forms only, from whomever
            self.before.no_pages.add(path)
        if asked.status not in (200, 403, 404):
            return
        if "<html" not in (text := asked.text()):
            self.before.no_pages.add(path)
            return
        self.seen += asked.status == 200
        page = self.before.is_new(path if asked.status == 200 else str(asked.status))
        forms = self.before.has_new(text)
        if page or forms:
            del person.troubles[:]
            person.page.goto(whole, wait_until="load")
            self.study(path, LOOKS if forms else LOOKS[:1])

    def study(self, path: str, looks: Looks = LOOKS, inside: str = "html") -> None:
        """What stands there now, at both sizes, with the rules of `looks` for what is inside of an element."""
        person, page = self.person, self.person.page
        page.evaluate(SETTLED)
        page.evaluate(self.axe)
        here = page.viewport_size
        for size, theme in sorted(LOOKS, key=lambda look: SIZES[look[0]] != here):  # from what it is to the other
            page.set_viewport_size(SIZES[size])
            if over := page.evaluate(SIDEWAYS):
                self.wrong.append(f"{path} [{person.role} {size}] {over}")
            if (size, theme) in looks:
                found = page.evaluate(LOOK, [theme, TAGS, inside])
                self.wrong += [f"{path} [{person.role} {size} {theme}] {each}" for each in found]
        self.wrong += [f"{path} [{person.role}] policy: {each}" for each in person.refused_by_policy()]
        self.wrong += [f"{path} [{person.role}] {each}" for each in person.troubles]
        del person.troubles[:]

    def judge(self, least: int) -> None:
        if report := os.environ.get("TRATO_AXE_REPORT"):
            with Path(report).open("a", encoding="utf-8") as file:
                file.writelines(f"- {each}\n" for each in self.wrong)
        assert self.seen >= least, f"only {self.seen} pages were seen"
        assert not self.wrong, f"{len(self.wrong)} things:\n" + "\n".join(self.wrong)


@pytest.fixture(scope="module")
def samples(demo):
    return demo.hand("samples", slug=MEXICO)


@pytest.fixture(scope="module")
def before() -> Seen:
    """What the roles before have seen."""
    return Seen()


@pytest.mark.parametrize("role", ROLES)
def test_the_pages_of_a_role(role, demo, browser, axe, samples, before):
    password = "a long enough password 7"
    person = sit_down(
        browser,
        demo,
        MEXICO,
        role,
        email=demo.hand("visitor", slug=MEXICO, role=role, password=password),
        password=password,
    )
    eye = Eye(person, axe, before)
    for path in pages_of(samples):
        eye.look(path)
    if role == "agent":
        for path in FIXED["account"]:
            eye.look(path)
    person.context.close()
    eye.judge(least=10)


def test_the_pages_outside(demo, browser, axe, samples):
    person = sit_down(browser, demo, MEXICO)
    eye = Eye(person, axe)
    player = demo.player(MEXICO)
    for path in ("/", f"/erp/{MEXICO}/", f"/tour/{MEXICO}/", *FIXED["outside"]):
        eye.look(path)
    made = demo.hand("debtor", slug=MEXICO)
    link = demo.hand("link", slug=MEXICO, debtor=made["debtor"])
    eye.look(link)
    person.page.locator("#pay button.main").click()
    eye.look(person.page.url)
    phones = demo.hand("phones", slug=MEXICO)
    eye.look(phones)
    eye.look(f"{phones}/{player['phone']}?lang=es")
    unknown = demo.hand("stranger", slug=MEXICO)
    eye.look(unknown)
    person.context.close()
    eye.judge(least=9)


@pytest.mark.parametrize(("role", "steps"), [("agent", (1, 2, 4)), ("supervisor", (3, 5, 6))])
def test_the_walks_frames(role, steps, demo, browser, axe):
    person = sit_down(browser, demo, MEXICO, role)
    eye = Eye(person, axe)
    for number in steps:
        eye.look(f"walk/{number}/")
    person.context.close()
    eye.judge(least=len(steps))


DIALOGS = {
    "agent": (("inbox/{conversation_id}/", "s", "#snooze"), ("inbox/{conversation_id}/", "x", "#transfer"),
              ("inbox/{conversation_id}/", "?", "#keys"), ("inbox/{conversation_id}/", "p", "#card [data-card]"),
              ("inbox/{conversation_id}/", "m", "#card [data-card]"), ("inbox/{conversation_id}/", "l", "#card [data-card]"),
              ("inbox/{conversation_id}/", "d", "#card [data-card]"), ("inbox/{conversation_id}/", "w", "#card [data-card]")),
    "supervisor": (("review/{alert_id}/", "w", "#whisper"), ("review/{alert_id}/", "?", "#keys")),
}  # fmt: skip


@pytest.mark.parametrize("role", DIALOGS)
def test_what_opens_on_a_page(role, demo, browser, axe, samples):
    """Dialogs and cards, opened by their keys."""
    person = sit_down(browser, demo, MEXICO, role)
    page, eye = person.page, Eye(person, axe)
    fresh = demo.hand("debtor", slug=MEXICO)
    for path, key, opened in DIALOGS[role]:
        where = path.format(**samples | {"conversation_id": fresh["conversation"]})
        page.set_viewport_size(SIZES["wide"])
        page.goto(person.at(where))
        page.wait_for_timeout(300)
        page.keyboard.press(key)
        page.locator(opened).first.wait_for()
        eye.study(f"{where} {key}", inside=opened)
        eye.seen += 1
    person.context.close()
    eye.judge(least=1)
