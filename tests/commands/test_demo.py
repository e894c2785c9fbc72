"""`./run demo` as a person meets it: ready lines, pages, a phone, the ERP's key, Ctrl-C, a second start, kill -9."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.db import connection

from collections_platform.demo import founding, snapshot
from collections_platform.demo.rows import files
from collections_platform.demo.stories import PLAYERS, STORIES
from collections_platform.embedded import EmbeddedError, reset
from collections_platform.embedded.account import die_with_parent
from collections_platform.runner.stack import answers, listens
from compliance.decide.calendars import HolidayKey, shipped_calendar
from portfolio.imports.rows import DebtorRow
from tests.commands.test_run import RUNNER, clean_environment, processes_that_name, wait_for

PORT = "8410"


class Demo:
    """One start of `./run demo`, up to its ready lines."""

    def __init__(self, data: Path, *words: str, port: str = PORT) -> None:
        self.data, self.lines = data, ""
        self.process = subprocess.Popen(
            [*RUNNER, "demo", "--data", str(data), "--port", port, *words],
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
        return self.said(r"REST API +(http\S+)/api/v1/ ")

    @property
    def key(self) -> str:
        return self.said(r"key +(trato_\S+)")

    @property
    def first(self) -> str:
        return self.said(r"phones +(http\S+)")

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
    for pid in pids_of(str(folder)):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not pids_of(str(folder)))
    reset(folder)


def words_of(pid: int) -> str:
    """A process's command line; "" when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def pids_of(text: str) -> list[int]:
    """The processes that name this, ourselves aside."""
    pids = (int(place.name) for place in Path("/proc").glob("[0-9]*"))
    return [pid for pid in pids if pid != os.getpid() and text in words_of(pid)]


def test_the_demo_is_shown_killed_shown_again_and_stopped(data):
    """It begins small here, and with its written weeks in the browser's tests."""
    demo = Demo(data, "--small")
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
    assert 'data-text="phones"' in demo.call(demo.first.rpartition("/")[0])
    assert "Rede Escolar Aurora" in demo.call(demo.web + "/"), "the start page"
    probe = demo.chat()[0]
    demo.call(f"{demo.first}/tap", {"message_id": probe["id"], "id": "probe:yes"})
    assert wait_for(lambda: len(demo.chat()) == 3), demo.chat()
    assert {option["id"].split(":")[0] for option in demo.chat()[2]["options"]} == {"check", "wrong_person"}

    # the ERP asks for a message: recorded decision, then it is on the phone
    wish = {"creditor": "main", "debtor": debtor["external_id"], "external_id": "hello", "message_class": "reply"}
    answer = demo.call(f"{demo.web}/api/v1/messages", wish | {"text": "Pode responder com calma."}, key=True)
    assert answer["decision"]["verdict"] == "allow"
    assert wait_for(lambda: demo.chat()[-1]["body"] == "Pode responder com calma."), demo.chat()
    before = [(each["id"], each["body"]) for each in demo.chat()]
    sandbox_port = int(re.search(r":(\d+)/", demo.first)[1])  # type: ignore[index]
    demo.process.kill()
    demo.process.communicate()
    assert wait_for(lambda: not processes_that_name(data)), "a killed demo takes its processes along"
    assert wait_for(lambda: not listens(sandbox_port))

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        again = Demo(data, port=port)
    assert again.web.rpartition(":")[2] != port, "the next port when one is taken"
    assert (again.key, again.first) == (demo.key, demo.first)
    assert "Preparing the tables" not in again.lines
    assert [(each["id"], each["body"]) for each in again.chat()] == before
    assert again.call(again.web + debtor_url.removeprefix(demo.web), key=True)["open"] == debtor["open"]

    # what dies is started again
    [web] = [pid for pid in pids_of("uvicorn") if f"--port {again.web.rpartition(':')[2]} " in words_of(pid)]
    os.kill(web, signal.SIGKILL)
    assert wait_for(lambda: answers(f"{again.web}/readyz"))
    assert listens(sandbox_port)
    again.interrupt()


def test_a_file_of_another_version_is_refused_in_one_line(tmp_path):
    path = tmp_path / "BR.json"
    path.write_text('{"tenant": "x"}')
    with pytest.raises(EmbeddedError, match=r"BR\.json is of another version.*--reset"):
        founding.read_state(path)


@pytest.mark.parametrize("story", STORIES.values(), ids=lambda story: story.key)
def test_every_organisation_is_of_believable_size_and_has_somebody_to_play(story):
    come = files(story)
    debtors = {(file.creditor, row.debtor) for file in come for row in file.rows if isinstance(row, DebtorRow)}
    assert 450 <= len(debtors) <= 2000
    assert [file.at for file in come] == sorted(file.at for file in come) and come[-1].at == story.shown_at
    [playing] = [file.players for file in come if file.players]
    assert len(playing) == PLAYERS
    local = story.shown_at.astimezone(story.zone)
    assert local.weekday() < 5 and 8 <= local.hour < 12, "a weekday morning there, whatever the hour outside"
    calendar = shipped_calendar()
    assert not calendar.name(HolidayKey(story.country, "", "public"), local.date().toordinal())


def test_the_agencys_creditors_share_some_people():
    story = STORIES["CO"]
    owners: dict[str, set[str]] = {}
    for file in files(story):
        for row in file.rows:
            if isinstance(row, DebtorRow):
                owners.setdefault(row.document, set()).add(file.creditor)
    assert len(story.creditors) >= 3 and sum(len(found) > 1 for found in owners.values()) >= 20


@pytest.mark.parametrize("key", list(STORIES))
def test_the_written_weeks_carry_no_secret(key):
    """Nothing that opens anything: no sealed value, no password, no key, no address that only we should know."""
    with tarfile.open(snapshot.written(key), "r|xz") as world:
        for member in world:
            held = world.extractfile(member)
            assert held is not None
            data = held.read()
            assert member.name.removeprefix("tables/") not in snapshot.LEFT_OUT
            assert not re.search(rb"v1\.[0-9a-f]{8}\.[A-Za-z0-9+/]{16}", data), member.name
            assert not any(sign in data for sign in (b"pbkdf2_", b"argon2", b"trato_0")), member.name
            if member.name == "sandbox":
                for line in re.findall(rb'^\["w",.*$', data, re.MULTILINE):
                    settings = json.loads(line)[1]
                    assert {settings[name] for name in ("token", "app_secret", "verify_token")} == {"left out"}
                    assert settings["psp"]["secret"] == "left out"


@pytest.mark.parametrize("key", list(STORIES))
def test_the_written_weeks_fit_todays_tables(key):
    """Their columns exist, and what was added since can be left empty; else: ./run demo --write-worlds, and commit."""
    manifest = snapshot.manifest_of(snapshot.written(key))
    assert manifest["format"] == snapshot.FORMAT
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, is_nullable = 'YES' OR column_default IS NOT NULL OR is_identity = 'YES' "
            "OR is_generated <> 'NEVER' FROM information_schema.columns WHERE table_schema = 'public'"
        )
        now: dict[str, dict[str, bool]] = {}
        for table, column, can_wait in cursor.fetchall():
            now.setdefault(table, {})[column] = can_wait
    for table, columns in manifest["tables"].items():
        assert set(columns) <= set(now.get(table, {})), table
        needed = {column for column, can_wait in now[table].items() if not can_wait} - set(columns)
        assert not needed, f"{table}: {needed}"


def test_whatever_answers_that_is_no_web_server_is_not_there_yet():
    """It reads the question back, as a connection that met itself does."""

    def echo(listener: socket.socket) -> None:
        link, _ = listener.accept()
        with link:
            link.sendall(link.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = threading.Thread(target=echo, args=(listener,))
        answering.start()
        assert not answers(f"http://127.0.0.1:{listener.getsockname()[1]}/readyz")
        answering.join()
