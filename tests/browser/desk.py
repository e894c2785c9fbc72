"""A person at a browser: pages, keys that are counted, and whatever went wrong behind their back."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FrameLocator,
    Locator,
    Page,
    Response,
    TimeoutError,
)

from tests.browser.stage import Demo, slack

PASSWORD = "trato-demo-2026"
#: A refused word, a form with a mistake, a session that ended: answers that tests provoke, told by the browser too.
PROVOKED = re.compile(r"Failed to load resource: the server responded with a status of (401|403|404|409|422)")
CSP = """
window.__refused = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__refused.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""


@dataclass
class Person:
    """Somebody with a browser of their own, in a role of an organisation."""

    demo: Demo
    slug: str
    role: str
    context: BrowserContext
    page: Page
    troubles: list[str] = field(default_factory=list)
    presses: int = 0

    def watch(self, page: Page) -> None:
        """Note errors of the console, scripts that broke, answers of 500 and more."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not PROVOKED.search(message.text):
            self.troubles.append(f"console at {urlsplit(self.page.url).path}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"{response.status} {response.request.method} {urlsplit(response.url).path}")

    # -- going -----------------------------------------------------------------------------------------------------

    def at(self, path: str) -> str:
        """An address of the organisation: at("inbox/")."""
        return f"{self.demo.url}/o/{self.slug}/{path}"

    def go(self, path: str) -> Page:
        """Open a page of the organisation."""
        answer = self.page.goto(
            self.at(path) if not path.startswith(("/", "http")) else self.whole(path), wait_until="load"
        )
        assert answer is not None and answer.status < 400, f"{path}: {answer and answer.status}"
        return self.page

    def whole(self, path: str) -> str:
        return path if path.startswith("http") else f"{self.demo.url}{path}"

    # -- keys ------------------------------------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Press keys where the focus is; each counts one, a chord too.

        The keyboard's own `press` has no limit of time, and a key that leads away from a page may never be answered.
        """
        for key in keys:
            with suppress(TimeoutError):  # what the key should have done is waited for by who pressed it
                self.page.locator("html, :focus").last.press(key, no_wait_after=True)
            self.presses += 1

    def type(self, text: str) -> None:
        """Typed text counts nothing: it is what they have to say."""
        self.page.keyboard.type(text)

    def count(self) -> int:
        """Keys pressed since the last count."""
        pressed, self.presses = self.presses, 0
        return pressed

    # -- the inbox -------------------------------------------------------------------------------------------------

    def open(self, conversation: str) -> Page:
        """Open a conversation, with the composer ready."""
        self.go(f"inbox/{conversation}/")
        self.page.locator("#text").wait_for()
        return self.page

    def write(self, text: str) -> None:
        """Put the words into the composer."""
        self.page.locator("#text").fill(text)

    def bubbles(self) -> Locator:
        return self.page.locator("#recent .words, #recent .bubble")

    # -- looking ---------------------------------------------------------------------------------------------------

    def refused_by_policy(self, page: Page | None = None) -> list[str]:
        return list((page or self.page).evaluate("window.__refused || []"))

    def sideways(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def token(self) -> str:
        return next((each["value"] for each in self.context.cookies() if each["name"] == "csrftoken"), "")

    def prefer(self, **choices: str) -> None:
        """Language and theme, as the menu sets them."""
        self.post("/account/preferences/", **choices)

    def post(self, path: str, **form: str) -> None:
        """Send a form as one of the pages would, without opening one; what it leads to is not fetched."""
        answer = self.context.request.post(
            self.whole(path),
            form=dict(form),
            headers={"X-CSRFToken": self.token(), "Accept": "application/json", "Referer": self.demo.url},
            max_redirects=0,
        )
        assert answer.status < 400, f"{path}: {answer.status}"


def sit_down(
    browser: Browser, demo: Demo, slug: str, role: str = "", *, email: str = "", password: str = PASSWORD, language: str = "es",
    width: int = 1440, height: int = 900, theme: str = "light", scripts: bool = True,
) -> Person:  # fmt: skip
    """A browser of one's own, entered as `role` (through the demo's door) or logged in as `email`."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale={"pt-br": "pt-BR", "es": "es-MX"}.get(language, language),
        color_scheme="dark" if theme == "dark" else "light",
        java_script_enabled=scripts,
        accept_downloads=True,
    )
    context.set_default_timeout(15_000 * slack())
    context.set_default_navigation_timeout(30_000 * slack())
    if scripts:
        context.add_init_script(CSP)
    page = context.new_page()
    person = Person(demo, slug, role, context, page)
    person.watch(page)
    if role and not email:
        # Without a page: the buttons of this door are pressed in test_walk. Any form brings the token that forms need.
        assert context.request.get(f"{demo.url}/accounts/login/").ok
        person.post("/enter/", organisation=slug, role=role)
    elif email:
        page.goto(f"{demo.url}/accounts/login/")
        page.fill("[name=login]", email)
        page.fill("[name=password]", password)
        page.locator("form.stack button.btn-primary").click()
        page.wait_for_url(re.compile(r"^(?!.*/accounts/login)"))
    if (role or email) and scripts:
        person.prefer(language=language, theme=theme)
    return person


class Phone:
    """A debtor's phone of the sandbox, in a page or in a frame."""

    def __init__(self, place: Page | FrameLocator) -> None:
        self.place = place

    def last(self) -> Locator:
        """What the business said last."""
        return self.place.locator("article.business").last

    def count(self) -> int:
        return int(self.place.locator("article").count())

    def say(self, text: str) -> None:
        self.place.locator("#text").fill(text)
        self.place.locator("#composer .send").click()

    def choices(self) -> list[str]:
        """What may be tapped under the last message, from the list where there is one."""
        options = self.last().locator(".options button")
        listed = self.last().locator(".options button.list")
        if listed.count():
            listed.first.click()
            rows = self.place.locator("#list .rows button")
            rows.first.wait_for()
            found = [rows.nth(each).inner_text().split("\n")[0].strip() for each in range(rows.count())]
            self.place.locator("#list > form > button").click()
            return found
        return [options.nth(each).inner_text().strip() for each in range(options.count())]

    def tap(self, place: int) -> None:
        """Tap the choice at this place."""
        listed = self.last().locator(".options button.list")
        if listed.count():
            listed.first.click()
            self.place.locator("#list .rows button").nth(place).click()
        else:
            self.last().locator(".options button").nth(place).click()


def texts(where: Any) -> list[str]:
    """The texts of all elements of a locator."""
    return [str(each).strip() for each in where.all_inner_texts()]
