"""One demo for all browser tests, which run in one process (tests/conftest.py), in their order.

Without a Chromium they are skipped, saying why; with CI=true that is a failure.
"""

from __future__ import annotations

import faulthandler
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from collections_platform.runner import chromium
from collections_platform.runner.browser_files import NoBrowserFiles, bring_for_tests

#: A demo that starts and thirty days that are played take longer than any other test may.
PATIENCE_SECONDS = 600


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """Before the demo starts."""
    faulthandler.dump_traceback_later(PATIENCE_SECONDS, exit=True)


@pytest.fixture(autouse=True)
def patience_again() -> None:
    """The limit of every other test is no limit for these."""
    faulthandler.dump_traceback_later(PATIENCE_SECONDS, exit=True)


@pytest.fixture(scope="session")
def program() -> str:
    """A Chromium."""
    try:
        return chromium.find()
    except chromium.NoBrowser as problem:
        if chromium.required():
            pytest.fail(str(problem))
        pytest.skip(str(problem))


@pytest.fixture(scope="session")
def demo(program: str, patience: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The demo, up."""
    with import_module("tests.browser.stage").shown(tmp_path_factory.mktemp("demo") / "data") as found:
        yield found


@pytest.fixture(scope="module")
def browser(program: str) -> Iterator[Browser]:
    """Ended with its module: while Playwright runs, no other test of this process could use the database."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def sit(demo: Any, browser: Browser) -> Iterator[Callable[..., Any]]:
    """sit(slug, role): somebody in front of a browser. Afterwards nothing may have gone wrong behind their back."""
    desk = import_module("tests.browser.desk")
    people: list[Any] = []

    def one(slug: str, role: str = "", **more: Any) -> Any:
        people.append(desk.sit_down(browser, demo, slug, role, **more))
        return people[-1]

    yield one
    troubles = [trouble for person in people for trouble in person.troubles]
    for person in people:
        person.context.close()
    assert not troubles, troubles


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    try:
        return (bring_for_tests() / "axe.min.js").read_text()
    except NoBrowserFiles as problem:
        if chromium.required():
            pytest.fail(str(problem))
        pytest.skip(str(problem))
