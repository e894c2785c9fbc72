"""How commands use the servers: join or start them, hold them, pause one, start afresh."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collections_platform.embedded.errors import EmbeddedError
from collections_platform.embedded.folder import Folder, open_folder, read_json, write_json
from collections_platform.embedded.roles import ADMIN, APP, DATABASE, OWNER, Login
from collections_platform.embedded.servers import PLACE_PREFIX, PLACES, last_line

WAIT_SECONDS_MAX = 120.0
LOOK_SECONDS = 0.03
BOTH = ("postgres", "redis")


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses and secrets of one data folder's running servers. An address is empty when its server is not ours."""

    folder: Folder
    database_url: str
    database_owner_url: str
    database_admin_url: str
    redis_url: str
    product_secrets: dict[str, str]

    def environ(self) -> dict[str, str]:
        """The environment that the product reads; only the variables that we provide."""
        names = {
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.database_owner_url,
            "DATABASE_ADMIN_URL": self.database_admin_url,
            "REDIS_URL": self.redis_url,
        }
        return self.product_secrets | {name: value for name, value in names.items() if value}

    def pid(self, server: str) -> int:
        """The process of 'postgres' or 'redis', for runs that kill it."""
        return int(read_json(self.folder.state)["running"][server]["pid"])


@contextmanager
def running(data: Path, *, servers: tuple[str, ...] = BOTH) -> Iterator[Servers]:
    """Servers of this data folder while the block runs: joined when another command has them, started otherwise.

    The last one out returns when they have stopped. Raises EmbeddedError with one line when they cannot run.
    """
    folder = open_folder(data)
    try:
        with ExitStack() as stack:
            with folder.lock("start"):
                # Waits here while a keeper is on its way out: it holds this lock to its end.
                stack.enter_context(folder.lock("users", shared=True))
                for server in servers:
                    folder.want(server).touch()
                    folder.pause(server).unlink(missing_ok=True)
                state = await_servers(folder, servers)
            yield describe(folder, state)
    finally:
        if not folder.hold.exists():
            settle(folder)


@contextmanager
def ephemeral(*, servers: tuple[str, ...] = BOTH, durable: bool = False) -> Iterator[Servers]:
    """Servers on a folder that is deleted with them.

    Unless `durable` they do not wait for the disk: right for tests, wrong for measuring and for pulling plugs.
    """
    root = Path(tempfile.mkdtemp(prefix=PLACE_PREFIX, dir=PLACES))
    write_json(root / "throwaway.json", {"durable": durable})
    try:
        with running(root, servers=servers) as found:
            yield found
    finally:
        # The keeper has deleted it, unless it never came to life.
        shutil.rmtree(root, ignore_errors=True)


def hold(data: Path) -> Servers:
    """Start the servers and leave them running until `stop`."""
    with running(data) as servers:
        servers.folder.hold.touch()
        return servers


def stop(data: Path) -> bool:
    """Let go of held servers. True when they have stopped, False while another command still uses them."""
    folder = Folder(data.resolve())
    folder.hold.unlink(missing_ok=True)
    return settle(folder)


def reset(data: Path) -> None:
    """Delete the data folder and its database. Raises EmbeddedError while a command uses it."""
    folder = Folder(data.resolve())
    if not folder.root.exists():
        return
    if not folder.run.exists() and any(folder.root.iterdir()):
        raise EmbeddedError(f"{folder.root} is not a data folder of this product; nothing was deleted.")
    if not stop(data):
        raise EmbeddedError(f"{folder.root} is in use by another command; end that one first.")
    place = read_json(folder.root / "place.json").get("place")
    if place and Path(place).parent == PLACES and Path(place).name.startswith(PLACE_PREFIX):
        shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(folder.root)


def pause(servers: Servers, server: str) -> None:
    """Stop one of our servers in order and keep it down until `resume`; returns when it is down."""
    servers.folder.pause(server).touch()
    await_change(servers.folder, server, up=False)


def resume(servers: Servers, server: str) -> None:
    """Start a paused (or killed) server again on the same port; returns when it answers."""
    servers.folder.pause(server).unlink(missing_ok=True)
    await_change(servers.folder, server, up=True)


def users_present(folder: Folder) -> bool:
    """Whether a command uses the servers: users share their lock, a keeper on its way out has it for itself."""
    with folder.try_lock("users") as unused:
        if unused:
            return False
    with folder.try_lock("users", shared=True) as shareable:
        return shareable


def await_servers(folder: Folder, servers: tuple[str, ...]) -> dict[str, Any]:
    """Have a keeper at work and wait until it reports all of `servers`; returns its state."""
    with folder.try_lock("keeper") as gone:
        pass
    keeper = None
    if gone:
        folder.state.unlink(missing_ok=True)
        keeper = start_keeper(folder)
    until = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < until:
        state = read_json(folder.state)
        if state.get("error"):
            raise EmbeddedError(state["error"])
        if all(server in state.get("running", {}) for server in servers):
            return state
        if keeper is not None and keeper.poll() is not None:
            raise EmbeddedError(f"The servers ended at once: {last_line(folder.keeper_log)} (see {folder.keeper_log})")
        time.sleep(LOOK_SECONDS)
    raise EmbeddedError(f"The servers did not answer within {WAIT_SECONDS_MAX:.0f} seconds (see {folder.logs})")


def start_keeper(folder: Folder) -> subprocess.Popen[bytes]:
    """The keeper, in a session of its own so that Ctrl-C reaches the command and not the database under it."""
    with open(folder.keeper_log, "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "collections_platform.embedded", "keep", "--data", str(folder.root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=Path(__file__).resolve().parents[2],
            start_new_session=True,
        )


def await_change(folder: Folder, server: str, *, up: bool) -> None:
    """Wait until the keeper reports `server` up or down."""
    until = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < until:
        found = read_json(folder.state).get("running", {}).get(server)
        if (found is not None) == up:
            return
        time.sleep(LOOK_SECONDS)
    raise EmbeddedError(f"{server} did not {'start' if up else 'stop'} within {WAIT_SECONDS_MAX:.0f} seconds.")


def settle(folder: Folder) -> bool:
    """Wait until the servers have stopped (True) or somebody else is seen to use them (False)."""
    until = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < until:
        try:
            with folder.try_lock("keeper") as gone:
                if gone:
                    return True
            if users_present(folder):
                return False
        except FileNotFoundError:  # the keeper has deleted its throwaway folder, or there never was one
            return True
        time.sleep(LOOK_SECONDS)
    return False


def describe(folder: Folder, state: dict[str, Any]) -> Servers:
    """Addresses out of the keeper's state and the folder's secrets."""
    secrets = folder.secrets()
    ports = {name: found["port"] for name, found in state["running"].items()}

    def database(role: str, password: str) -> str:
        return Login(role, secrets[password]).address(ports["postgres"], DATABASE) if "postgres" in ports else ""

    cache = f"redis://:{secrets['redis_password']}@127.0.0.1:{ports['redis']}/0" if "redis" in ports else ""
    return Servers(
        folder=folder,
        database_url=database(APP, "app_password"),
        database_owner_url=database(OWNER, "owner_password"),
        database_admin_url=database(ADMIN, "admin_password"),
        redis_url=cache,
        product_secrets={name: value for name, value in secrets.items() if name.isupper()},
    )
