"""Child processes of a command: each in a group of its own, ended in order, taken along when the command is killed."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from collections_platform.embedded.account import die_with_parent
from collections_platform.runner.surroundings import TOP

STOP_SECONDS_MAX = 20.0


@dataclass(slots=True)
class Child:
    """One process (with whatever it forks) that writes to a log file."""

    name: str
    command: Sequence[str]
    log: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it; its output is added to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.started_at = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=TOP,
                env=os.environ | dict(self.environ),
                start_new_session=True,
                preexec_fn=partial(die_with_parent, signal.SIGTERM),
            )

    def signal(self, number: signal.Signals) -> None:
        """Send to the process alone: it ends its own children."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9 the whole group, at once, and wait until the process is gone."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self) -> str:
        """The last line of the log."""
        try:
            lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        except FileNotFoundError:
            lines = []
        return lines[-1].strip() if lines else "it said nothing"


def end_all(children: Iterable[Child]) -> None:
    """Ask all to end, last started first; what has not ended in 20 seconds, or at a second Ctrl-C, is killed."""
    listed = list(children)[::-1]
    try:
        for child in listed:
            child.signal(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS_MAX
        while any(child.alive for child in listed) and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        for child in listed:
            child.kill()  # also what a dead one left in its group


def run_in_group(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command that has processes of its own, in the foreground; returns its exit code.

    However we end, nothing of its group is left: it gets Ctrl-C's signal from us and 20 seconds to tidy up.
    """
    process = subprocess.Popen(
        list(command),
        cwd=TOP,
        env=dict(environ),
        start_new_session=True,
        preexec_fn=partial(die_with_parent, signal.SIGTERM),
    )
    try:
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS_MAX)
        raise
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
