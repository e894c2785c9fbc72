"""Every page, in every role, wide and narrow, light and dark: axe, the console, the policy, and no sideways scrolling."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver

from tests.browser.desk import sit_down
from tests.browser.stage import MEXICO, slack
from workbench import urls

pytestmark = pytest.mark.xdist_group("browser")

SLUG = "organisation"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SIZES = ((1440, 900), (390, 844))
THEMES = ("light", "dark")
#: Roles whose pages are looked at; the creditor's are the auditor's with less in them.
ROLES = ("agent", "supervisor", "admin", "auditor")
#: Not a page: a stream, files.
NO_PAGES = {"live", "debtor-document", "attachment", "import-rejected"}
#: More looks at the same address.
QUERIES = {
    "debtor": ("?tab=account", "?tab=contacts", "?tab=messages", "?tab=deals", "?tab=history"),
    "inbox": ("?view=all", "?q=zzzz"),
    "debtors": ("?q=zzzz",),
    "decisions": ("?part=denied&period=all",),
    "rules-calendar": ("?year=2026",),
}
FIXED = {
    "account": (
        "/account/profile/", "/accounts/password/change/", "/accounts/email/", "/accounts/2fa/", "/accounts/sessions/",
        "/accounts/logout/",
    ),
    "outside": ("/accounts/login/", "/accounts/password/reset/", "/no/such/page/"),
}  # fmt: skip
LOOK = """
async ([tags]) => {
  const still = new CSSStyleSheet();  // colours are judged where they end, not on their way there
  still.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important }");
  document.adoptedStyleSheets = [still];
  document.documentElement.getBoundingClientRect();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const found = await axe.run(document, {
    runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], iframes: false,
  });
  const said = (one, node) => one.id === "color-contrast" ? ` (${node.any[0]?.data?.contrastRatio})` : "";
  const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const beyond = (each) => each.getBoundingClientRect().right > innerWidth + 1;
  return {
    violations: found.violations.map((one) => [
      one.id, one.nodes.slice(0, 5).map((node) => node.target.join(" ") + said(one, node)), one.nodes.length,
    ]),
    over: Math.max(0, over),
    wide: over > 0 ? [...document.querySelectorAll("body *")].filter(beyond).slice(0, 3).map((each) => each.className) : [],
    refused: window.__refused || [],
  };
}
"""


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


class Eye:
    """Looks at pages and keeps what is wrong with them."""

    def __init__(self, person: Any, axe: str) -> None:
        self.person, self.axe, self.seen = person, axe, 0
        self.wrong: list[str] = []

    def look(self, path: str, *, sizes: Any = SIZES, themes: Any = THEMES) -> None:
        """Open it; at each size and in each theme let axe look."""
        person, page = self.person, self.person.page
        whole = person.whole(path) if path.startswith(("/", "http")) else person.at(path)
        asked = person.context.request.get(whole, max_redirects=0)
        kind = asked.headers.get("content-type", "")
        if asked.status in (301, 302, 403, 405) or "text/html" not in kind or "<html" not in asked.text():
            return
        if asked.status not in (200, 404):
            self.wrong.append(f"{path}: answered {asked.status}")
            return
        del person.troubles[:]
        page.set_viewport_size({"width": sizes[0][0], "height": sizes[0][1]})
        page.goto(whole, wait_until="load")
        page.wait_for_timeout(150 * slack())
        self.seen += 1
        page.evaluate(self.axe)
        for width, height in sizes:
            page.set_viewport_size({"width": width, "height": height})
            for theme in themes:
                page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
                page.emulate_media(color_scheme=theme)
                page.wait_for_timeout(60)
                found = page.evaluate(LOOK, [TAGS])
                for rule, where, count in found["violations"]:
                    self.wrong.append(f"{path} [{person.role} {width} {theme}] {rule} ({count}): {' | '.join(where)}")
                if found["over"]:
                    self.wrong.append(
                        f"{path} [{person.role} {width} {theme}] sideways {found['over']} px: {found['wide']}"
                    )
        self.wrong += [f"{path} [{person.role}] policy: {each}" for each in found["refused"]]
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


@pytest.mark.parametrize("role", ROLES)
def test_the_pages_of_a_role(role, demo, browser, axe, samples):
    password = "a long enough password 7"
    person = sit_down(
        browser,
        demo,
        MEXICO,
        role,
        email=demo.hand("visitor", slug=MEXICO, role=role, password=password),
        password=password,
    )
    eye = Eye(person, axe)
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


@pytest.mark.parametrize("number", range(1, 7))
def test_the_walks_frames(number, demo, browser, axe):
    role = {3: "supervisor", 5: "supervisor", 6: "supervisor"}.get(number, "agent")
    person = sit_down(browser, demo, MEXICO, role)
    eye = Eye(person, axe)
    eye.look(f"walk/{number}/")
    person.context.close()
    eye.judge(least=1)


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
    person.page.goto(person.at("inbox/"))
    eye = Eye(person, axe)
    fresh = demo.hand("debtor", slug=MEXICO)
    for path, key, opened in DIALOGS[role]:
        where = path.format(**samples | {"conversation_id": fresh["conversation"]})
        page = person.page
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(person.at(where))
        page.wait_for_timeout(300)
        page.keyboard.press(key)
        page.locator(opened).first.wait_for()
        page.evaluate(axe)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            found = page.evaluate(LOOK, [TAGS])
            eye.wrong += [
                f"{where} {key} [{role} {width}] {rule} ({count}): {' | '.join(nodes)}"
                for rule, nodes, count in found["violations"]
            ]
            if found["over"]:
                eye.wrong.append(f"{where} {key} [{role} {width}] sideways {found['over']} px: {found['wide']}")
        eye.seen += 1
    eye.wrong += person.troubles
    person.context.close()
    eye.judge(least=1)
