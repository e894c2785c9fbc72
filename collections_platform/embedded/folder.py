"""The data folder: where its parts lie, its format number, the secrets and ports it remembers."""

import base64
import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collections_platform.embedded.errors import EmbeddedError

FORMAT = 1
FREE_BYTES_MIN = 400 * 1024 * 1024

# From format n to n + 1, each in place. The tables inside are Django's migrations' business, not this list's.
UPGRADES: dict[int, Callable[[Path], None]] = {}


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths inside one data folder."""

    root: Path

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def state(self) -> Path:
        return self.run / "state.json"

    @property
    def keeper_log(self) -> Path:
        return self.logs / "embedded.log"

    @property
    def hold(self) -> Path:
        """While it exists the keeper stays, even with no command at work."""
        return self.run / "hold"

    @property
    def throwaway(self) -> Path:
        """Marks a folder that is deleted when its servers stop; says whether it must survive a power cut till then."""
        return self.root / "throwaway.json"

    @property
    def hasty(self) -> bool:
        """Whether the servers need not wait for the disk."""
        return self.throwaway.exists() and not read_json(self.throwaway).get("durable")

    def want(self, server: str) -> Path:
        return self.run / f"want-{server}"

    def pause(self, server: str) -> Path:
        return self.run / f"pause-{server}"

    @contextmanager
    def lock(self, name: str, *, shared: bool = False) -> Iterator[None]:
        """Hold the named lock, waiting for it; released by the kernel whatever becomes of this process."""
        with open(self.run / f"{name}.lock", "a") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            yield

    @contextmanager
    def try_lock(self, name: str, *, shared: bool = False) -> Iterator[bool]:
        """Hold the named lock if that needs no waiting; yields whether we do."""
        with open(self.run / f"{name}.lock", "a") as handle:
            try:
                fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def secrets(self) -> dict[str, str]:
        """The generated secrets of this folder; made once, readable by its owner only.

        Upper-case names are settings of the product, the others belong to the two servers.
        """
        path = self.root / "secrets.json"
        known: dict[str, str] = read_json(path)
        fresh = {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "MASTER_KEYS": f"first:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "LOOKUP_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "admin_password": secrets.token_urlsafe(24),
            "owner_password": secrets.token_urlsafe(24),
            "app_password": secrets.token_urlsafe(24),
            "redis_password": secrets.token_urlsafe(24),
        }
        if fresh.keys() - known.keys():
            known = fresh | known
            write_json(path, known, mode=0o600)
        return known


def open_folder(path: Path) -> Folder:
    """Make or check the data folder at `path`. Raises EmbeddedError when it cannot serve: newer format, no space."""
    folder = Folder(path.resolve())
    try:
        folder.root.mkdir(parents=True, exist_ok=True)
        # As root the servers run as another user, who must be able to pass through; the secrets are 0600 themselves.
        folder.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for part in (folder.run, folder.logs):
            part.mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        raise EmbeddedError(f"The data folder {folder.root} cannot be made: {problem.strerror}.") from problem
    check_space(folder.root)
    with folder.lock("format"):
        bring_to_format(folder)
        folder.secrets()
    return folder


def bring_to_format(folder: Folder) -> None:
    """Stamp a new folder, upgrade an older one, refuse a newer one."""
    path = folder.root / "format.json"
    found = read_json(path).get("format")
    if found is None:
        if (folder.root / "postgres").exists():
            raise EmbeddedError(f"{folder.root} holds a database of an unknown format; start afresh with --reset.")
        found = FORMAT
    if found > FORMAT:
        raise EmbeddedError(
            f"{folder.root} was written by a newer version (format {found}, this one knows {FORMAT}); "
            "use that version, or start afresh with --reset."
        )
    for number in range(found, FORMAT):
        if number not in UPGRADES:
            raise EmbeddedError(f"{folder.root} has format {number}, too old to upgrade; start afresh with --reset.")
        UPGRADES[number](folder.root)
        write_json(path, {"format": number + 1})
    if not path.exists():
        write_json(path, {"format": FORMAT})


def check_space(path: Path) -> None:
    """Raise EmbeddedError when the disk is too full for a database to start on."""
    free = shutil.disk_usage(path).free
    if free < FREE_BYTES_MIN:
        raise EmbeddedError(
            f"The disk that holds {path} has {free // 2**20} MB free; "
            f"the database needs {FREE_BYTES_MIN // 2**20} MB. Free some, or set DATABASE_URL."
        )


def read_json(path: Path) -> dict[str, Any]:
    """The object in `path`; empty when there is none."""
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as problem:
        raise EmbeddedError(f"{path} is damaged; start afresh with --reset.") from problem
    return found if isinstance(found, dict) else {}


def write_json(path: Path, value: dict[str, Any], *, mode: int = 0o644) -> None:
    """Replace `path` at once: a reader sees the old or the new text, never half of one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(value, file, indent=1)
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
