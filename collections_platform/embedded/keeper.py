"""The keeper: parent of both servers, awake as long as somebody uses them.

It starts what the `want-*` files name, stops what the `pause-*` files name (chaos runs), starts again what died, and
writes `state.json` whenever something changed. Its commands arrive as files so that it needs no port of its own.
"""

import fcntl
import os
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

from collections_platform.embedded.account import server_account
from collections_platform.embedded.errors import EmbeddedError
from collections_platform.embedded.folder import Folder, write_json
from collections_platform.embedded.servers import PLACES, Postgres, Redis, Server, place_of, sweep_places

LOOK_SECONDS = 0.1
AGAIN_SECONDS = 2.0


class Ended(BaseException):
    """The keeper was asked to stop."""


def keep(folder: Folder) -> int:
    """Run until the last user has gone; returns the exit code. The caller holds the keeper's lock."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    servers: list[Server] = []
    try:
        sweep_places()
        account = server_account()
        servers += [Redis(folder, account), Postgres(folder, account)]
        watch(folder, servers)
    except EmbeddedError as problem:
        report(folder, servers, error=str(problem))
        return 1
    except Ended:
        pass
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for server in servers:
            server.stop()
        clear(folder)
    return 0


def end(number: int, frame: FrameType | None) -> None:
    raise Ended


def watch(folder: Folder, servers: list[Server]) -> None:
    """Bring the servers to what is wanted, again and again, until nobody uses them."""
    before: list[int | None] = []
    started: set[str] = set()
    while not unused(folder):
        for server in servers:
            wanted = folder.want(server.name).exists() and not folder.pause(server.name).exists()
            if wanted and not server.alive:
                try:
                    server.start()
                except EmbeddedError as problem:
                    if server.name not in started:
                        raise
                    # It served before, so what ails it may pass (a full disk): it is tried again on the next round.
                    sys.stderr.write(f"{problem}\n")
                    sys.stderr.flush()
                    time.sleep(AGAIN_SECONDS)
                started.add(server.name)
            elif server.process is not None and not wanted:
                server.stop()
        now = [server.process.pid if server.process else None for server in servers]
        if now != before:
            report(folder, servers)
            before = now
        time.sleep(LOOK_SECONDS)


def unused(folder: Folder) -> bool:
    """Whether no command holds the users' lock and nobody asked the servers to stay.

    When it is so the lock is taken and kept until the keeper's end, so that a newcomer waits for the next keeper.
    """
    if not folder.run.exists():
        return True
    if folder.hold.exists():
        return False
    handle = os.open(folder.run / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    return True


def report(folder: Folder, servers: list[Server], error: str = "") -> None:
    """Tell the waiting commands what runs, or why nothing does."""
    running = {
        server.name: {"port": server.port, "pid": server.process.pid}
        for server in servers
        if server.process is not None
    }
    write_json(folder.state, {"keeper": os.getpid(), "error": error, "running": running}, mode=0o600)


def clear(folder: Folder) -> None:
    """Leave no trace of this run; of a throwaway folder, nothing at all."""
    if folder.throwaway.exists():
        place = place_of(folder, server_account())
        if place.parent == PLACES and place != folder.root:
            shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(folder.root, ignore_errors=True)
        return
    for path in (*folder.run.glob("want-*"), *folder.run.glob("pause-*")):
        path.unlink(missing_ok=True)


def main(root: str) -> NoReturn:
    """Entry of the keeper's process.

    Nobody else keeps this folder (starting is locked); somebody may be looking whether anybody does. The lock ends with
    the process: whoever waits for it finds no process left.
    """
    folder, code = Folder(Path(root)), 1
    with folder.lock("keeper"):
        try:
            code = keep(folder)
        except Exception:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
