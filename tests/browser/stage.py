"""The demo as its visitor meets it: `./run demo` in a folder of its own, and a hand that reads and makes rows in it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from collections_platform.embedded import reset
from collections_platform.embedded.account import die_with_parent

TOP = Path(__file__).resolve().parents[2]
#: An address and a data folder of a demo that is up already: `TRATO_DEMO_AT="http://127.0.0.1:8000 .trato"`.
RUNNING = "TRATO_DEMO_AT"
#: No machine is so busy that more would help.
SLACK_MAX = 4.0
#: The longest that the hand may need for one deed.
HAND_SECONDS = 240
#: The demo's organisations; the clock of the last one is moved by the walk.
BRAZIL, MEXICO, COLOMBIA = "aurora", "cumbre", "andina"


def slack() -> float:
    """How much longer everything may take: a machine with twice the work of its processors answers half as fast."""
    return min(SLACK_MAX, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


def until(what: str, true: Callable[[], Any], *, seconds: float = 30.0, every: float = 0.1) -> Any:
    """Wait until it is true and return it; fails naming what never came."""
    end = time.monotonic() + seconds * slack()
    while True:
        if value := true():
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s (and slack): {what}")
        time.sleep(every)


class Demo:
    """A demo that is up."""

    def __init__(self, url: str, data: Path) -> None:
        self.url, self.data = url, data
        self.lock = threading.Lock()
        environ = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TRATO_VENV")}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.browser.hand", str(data), url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=TOP,
            env=environ | {"PYTHONPATH": str(TOP), "DATABASE_POOL": "false"},
        )

    def hand(self, name: str, **arguments: Any) -> Any:
        """Let the hand do something; see tests/browser/hand.py."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with self.lock, kill_after(self.process, HAND_SECONDS):
            self.process.stdin.write(json.dumps([name, arguments]) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "the hand has died"}
        if "error" in answer:
            raise AssertionError(f"{name}: {answer['error']}")
        return answer["ok"]

    def player(self, slug: str) -> dict[str, Any]:
        """The debtor whom the visitor plays: {debtor, name, phone, answers}."""
        for path in (self.data / "demo").glob("*.json"):
            kept = json.loads(path.read_text())
            if kept["slug"] == slug:
                return dict(kept["players"][0])
        raise AssertionError(f"the demo has no organisation {slug}")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def kill_after(process: subprocess.Popen[str], seconds: float) -> Iterator[None]:
    """A process that does not answer within the block's time is ended, so that whoever reads from it reads its end."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def shown(data: Path) -> Iterator[Demo]:
    """A demo until the block ends; nothing of it is left. One that TRATO_DEMO_AT names is used instead, and left."""
    given = os.environ.get(RUNNING, "").split()
    if given:
        demo = Demo(given[0].rstrip("/"), Path(given[1]).resolve())
        try:
            yield demo
        finally:
            demo.end()
        return
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    data.mkdir()
    (data / "throwaway.json").write_text('{"durable": false}')  # nothing here is worth waiting for a disk
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "collections_platform.runner", "demo", "--data", str(data), "--port", "8500"],
        env=kept | {"PYTHONPATH": str(TOP), "STATIC_ROOT": str(data.parent / "static")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=partial(die_with_parent, signal.SIGTERM),
    )
    said = ""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        found = re.search(r"start here +(http\S+?)/", said.replace("://", ":\0")) and re.search(
            r"start here +(\S+)", said
        )
        if not found:
            pytest.fail(f"the demo did not start:\n{said[-3000:]}")
        threading.Thread(target=process.stdout.read, daemon=True).start()  # its later words fill no pipe
        demo = Demo(found[1].rstrip("/"), data)
        try:
            yield demo
        finally:
            demo.end()
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
        reset(data)
