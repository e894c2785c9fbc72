"""The product's processes on this machine: sandbox, web, worker, beat. The demo serves them, chaos runs kill them."""

import fcntl
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from collections_platform.embedded import EmbeddedError
from collections_platform.runner.children import Child, end_all

READY_SECONDS_MAX = 90.0
SHORT_LIFE_SECONDS = 5.0
PAUSE_SECONDS_MAX = 30.0
WORKER_PROCESSES = 2
#: Ports that this process has claimed, and the locks that say so.
_claimed: dict[int, int] = {}


class Stack:
    """Web on `port`, the sandbox on `sandbox_port`, one worker, one beat; logs and state under `data`.

    `sandboxes`: further ones by name, each on a port of its own with its own clock and people, in the same process.
    The environment (addresses, secrets) is the caller's own, plus what the processes must know of each other.
    """

    def __init__(self, data: Path, *, port: int, sandbox_port: int, sandboxes: Mapping[str, int] | None = None) -> None:
        self.port, self.sandbox_port = port, sandbox_port
        self.web_url = f"http://127.0.0.1:{port}"
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        self.sandbox_urls = {name: f"http://127.0.0.1:{each}" for name, each in (sandboxes or {}).items()}
        state, logs = data / "sandbox", data / "logs"
        state.mkdir(parents=True, exist_ok=True)
        python = [sys.executable, "-P", "-m"]
        celery = [*python, "celery", "-A", "collections_platform"]
        quiet = ["--loglevel", "WARNING"]
        sandbox = ["messaging.sandbox", "--port", str(sandbox_port), "--state", str(state)]
        for name, each in (sandboxes or {}).items():
            (state / name).mkdir(parents=True, exist_ok=True)
            sandbox += ["--also", f"{each}={state / name}"]
        server = ["uvicorn", "collections_platform.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
        worker = ["worker", "-Q", "work,send,retention", "--concurrency", str(WORKER_PROCESSES), "--without-gossip"]
        beat = ["beat", "--schedule", str(data / "run" / "beat"), "--pidfile="]
        commands = {
            "sandbox": [*python, *sandbox],
            "web": [*python, *server, "--no-access-log", "--timeout-graceful-shutdown", "5"],
            "worker": [*celery, *worker, "--without-mingle", *quiet],
            "beat": [*celery, *beat, *quiet],
        }
        environ = {
            "PUBLIC_URL": self.web_url,
            "GRAPH_BASE_URL": self.sandbox_url,
            "EMAIL_FILES": os.environ.get("EMAIL_FILES") or str(data / "emails"),
            "PYTHONUNBUFFERED": "1",
        }
        self.children = {
            name: Child(name, command, logs / f"{name}.log", environ) for name, command in commands.items()
        }
        self.short_lives = dict.fromkeys(commands, 0)
        self.resting_until = dict.fromkeys(commands, 0.0)

    def start(self) -> None:
        """Start all and wait until they serve. Raises EmbeddedError with the words of one that ended instead."""
        for child in self.children.values():
            child.start()
        self.wait_until(lambda: answers(f"{self.web_url}/readyz") and listens(self.sandbox_port))

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait for `ready()` while all children live."""
        until = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < until:
            for child in self.children.values():
                if not child.alive:
                    raise EmbeddedError(f"{child.name} ended at once: {child.last_words()} (more in {child.log})")
            if ready():
                return
            time.sleep(0.1)
        logs = self.children["web"].log.parent
        raise EmbeddedError(f"The product was not ready within {READY_SECONDS_MAX:.0f} seconds; see {logs}")

    def mend(self) -> None:
        """Start again what has ended; what keeps ending rests longer each time. Call it every second or so."""
        now = time.monotonic()
        for name, child in self.children.items():
            if child.alive or now < self.resting_until[name]:
                continue
            if self.resting_until[name] == 0.0:
                short = now - child.started_at < SHORT_LIFE_SECONDS
                self.short_lives[name] = self.short_lives[name] + 1 if short else 0
                rest = min(PAUSE_SECONDS_MAX, 2.0 ** self.short_lives[name] - 1)
                self.resting_until[name] = now + rest
                sys.stderr.write(f"{name} ended ({child.last_words()}); it starts again in {rest:.0f} s\n")
                continue
            child.kill()  # what it left in its group
            child.start()
            self.resting_until[name] = 0.0

    def stop(self) -> None:
        """End all in order; nothing of them is left when this returns."""
        end_all(self.children.values())


def answers(url: str) -> bool:
    """Whether a GET gets a 200.

    What answers may be no web server at all: where nobody listens yet on a port of the system's own choosing, a
    connection can even meet itself, and reads its own question.
    """
    try:
        with urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, OSError, HTTPException):
        return False


def listens(port: int) -> bool:
    """Whether something takes connections on this loopback port."""
    with socket.socket() as link:
        link.settimeout(1)
        return link.connect_ex(("127.0.0.1", port)) == 0


def next_free_port(first: int) -> int:
    """`first`, or the next port above it that is free on loopback, claimed against other commands of ours until this
    process ends: two that start at once do not choose the same one.
    """
    folder = Path(tempfile.gettempdir()) / f"trato-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for port in range(first, min(first + 200, 65536)):
        if port in _claimed:
            continue
        claim = os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(claim)
            continue
        _claimed[port] = claim
        return port
    raise EmbeddedError(f"No free port from {first} to {first + 199}; name another with --port.")
