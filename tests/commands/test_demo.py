"""`./run demo` as a person meets it: ready lines, pages, a phone, the ERP's key, Ctrl-C, a second start, kill -9."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from collections_platform import demo_world
from collections_platform.embedded import EmbeddedError, reset
from collections_platform.embedded.account import die_with_parent
from tests.commands.test_run import RUNNER, clean_environment, processes_that_name, wait_for

PORT = "8410"


class Demo:
    """One start of `./run demo`, up to its ready lines."""

    def __init__(self, data: Path) -> None:
        self.data, self.lines = data, ""
        self.process = subprocess.Popen(
            [*RUNNER, "demo", "--data", str(data), "--port", PORT],
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines += line
            if "Ctrl-C" in line:
                return
        pytest.fail(self.lines)

    def said(self, pattern: str) -> str:
        """What the ready lines say."""
        found = re.search(pattern, self.lines, re.MULTILINE)
        assert found, self.lines
        return found[1]

    @property
    def web(self) -> str:
        return self.said(r"REST API +(http\S+)/api/v1/$")

    @property
    def key(self) -> str:
        return self.said(r"key +(trato_\S+)")

    @property
    def first(self) -> str:
        return self.said(r"open first +(http\S+)")

    def call(self, url: str, body: dict[str, Any] | None = None, *, key: bool = False) -> Any:
        """GET, or POST of a body; the answer read as JSON where it is one."""
        headers = {"Content-Type": "application/json", "Accept": "*/*"}
        headers |= {"Authorization": f"Bearer {self.key}"} if key else {}
        with urlopen(Request(url, json.dumps(body).encode() if body else None, headers), timeout=20) as response:
            text = response.read().decode()
        return json.loads(text) if text.startswith(("{", "[")) else text

    def chat(self) -> list[dict[str, Any]]:
        """The messages on the phone that is shown first, oldest first."""
        return list(self.call(f"{self.first}/chats")["chats"][0]["items"])

    def interrupt(self) -> None:
        """Ctrl-C; everything must be gone."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(timeout=60) == 0
        assert processes_that_name(self.data) == []


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "shown"
    yield folder
    for pid in pids_that_name(folder):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not pids_that_name(folder))
    reset(folder)


def pids_that_name(folder: Path) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words and int(place.name) != os.getpid():
            found.append(int(place.name))
    return found


def test_the_demo_is_shown_stopped_killed_and_shown_again(data):
    demo = Demo(data)
    for path in ("/healthz", "/readyz", "/api/v1/schema/", "/api/v1/docs/"):
        assert demo.call(demo.web + path)
    for asset in re.findall(r'(?:src|href)="([^"]+)"', demo.call(f"{demo.web}/api/v1/docs/")):
        assert asset.startswith("/static/"), "the docs page takes something from elsewhere"
        if asset.endswith((".js", ".css")):
            assert demo.call(demo.web + asset)
    assert (data / "demo" / "BR.json").stat().st_mode & 0o777 == 0o600

    # the example line works as printed
    [debtor_url] = re.findall(r'"(http\S+/debtors/\S+)"', demo.lines)
    debtor = demo.call(debtor_url, key=True)
    assert float(debtor["open"]) > 0
    with pytest.raises(HTTPError) as refused:
        demo.call(debtor_url)
    assert refused.value.code == 401

    # a person answers on the phone, the bot answers them
    assert 'data-text="phones"' in demo.call(demo.said(r"phones +(http\S+)"))
    probe = demo.chat()[0]
    demo.call(f"{demo.first}/tap", {"message_id": probe["id"], "id": "probe:yes"})
    assert wait_for(lambda: len(demo.chat()) == 3), demo.chat()
    assert {option["id"].split(":")[0] for option in demo.chat()[2]["options"]} == {"check", "wrong_person"}

    # the ERP asks for a message: recorded decision, then it is on the phone
    wish = {"creditor": "main", "debtor": debtor["external_id"], "external_id": "hello", "message_class": "reply"}
    answer = demo.call(f"{demo.web}/api/v1/messages", wish | {"text": "Pode responder com calma."}, key=True)
    assert answer["decision"]["verdict"] == "allow"
    assert wait_for(lambda: demo.chat()[-1]["body"] == "Pode responder com calma."), demo.chat()
    before = demo.chat()
    demo.interrupt()

    again = Demo(data)
    assert (again.key, again.first) == (demo.key, demo.first)
    assert "Preparing the tables" not in again.lines
    assert again.chat() == before
    for pid in [again.process.pid, *pids_that_name(data)]:
        os.kill(pid, signal.SIGKILL)
    again.process.communicate()

    assert wait_for(lambda: not processes_that_name(data))
    after = Demo(data)
    assert after.chat() == before
    assert after.call(debtor_url, key=True)["open"] == debtor["open"]
    after.interrupt()


def test_a_file_of_another_version_is_refused_in_one_line(tmp_path):
    path = tmp_path / "BR.json"
    path.write_text('{"tenant": "x"}')
    with pytest.raises(EmbeddedError, match=r"BR\.json is of another version.*--reset"):
        demo_world.read_state(path)


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-11-21T21:00:00Z", "2026-11-23T16:00:00Z"),  # a Saturday: on Monday at ten in Mexico
        ("2026-11-24T03:00:00Z", "2026-11-24T16:00:00Z"),  # nine in the evening there
        ("2026-11-24T17:30:00Z", "2026-11-24T17:30:00Z"),  # office hours stay
        ("2026-12-24T23:00:00Z", "2026-12-28T16:00:00Z"),  # Christmas and a weekend
        ("2026-11-20T12:00:00Z", "2026-11-23T16:00:00Z"),  # a holiday in Brazil alone
    ],
)
def test_the_clock_shows_a_working_morning(now, shown):
    assert demo_world.morning(datetime.fromisoformat(now)) == datetime.fromisoformat(shown)


def test_on_every_day_there_is_somebody_to_play():
    first = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    for day in range(0, 400, 7):
        for country in demo_world.COUNTRIES:
            _, chosen = demo_world.portfolio(country, first + timedelta(days=day))
            assert len(chosen) == demo_world.PLAYERS
