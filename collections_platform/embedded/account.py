"""Who the servers run as. PostgreSQL refuses root, so root lends itself an ordinary system account."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collections_platform.embedded.errors import EmbeddedError

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)  # loaded here, because a forked child should load nothing


@dataclass(frozen=True, slots=True)
class Account:
    """The account of a child process; uid None is our own."""

    uid: int | None
    gid: int | None

    def options(self) -> dict[str, Any]:
        """Keyword arguments for subprocess that make the child run as this account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give one path to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def may_run(self, program: Path) -> bool:
        """Whether this account can reach, read and execute `program`."""
        return self.finds('test -r "$1" && test -x "$1"', program)

    def may_enter(self, folder: Path) -> bool:
        """Whether this account can reach what lies in `folder`."""
        return self.finds('test -x "$1"', folder)

    def finds(self, condition: str, path: Path) -> bool:
        """Whether the shell's `condition` holds for `path`, asked as this account."""
        probe = ["/bin/sh", "-c", condition, "probe", str(path)]
        try:
            return subprocess.run(probe, check=False, cwd="/", **self.options()).returncode == 0
        except PermissionError as problem:
            raise EmbeddedError(
                "This runs as root but may not become another user, and PostgreSQL does not run as root. "
                "Run it as an ordinary user, or set DATABASE_URL and REDIS_URL."
            ) from problem


def server_account() -> Account:
    """Our own account, or for root the first ordinary one that the system has."""
    if os.geteuid() != 0:
        return Account(None, None)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "This runs as root and there is neither a 'postgres' nor a 'nobody' account to run PostgreSQL as. "
        "Run it as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )


def readable_copy(packages: Path, parts: tuple[str, ...], program: str, account: Account, place: Path) -> Path:
    """The folder under which the account may run `program`: `packages` itself, or a copy under `place`.

    `parts` are the folders in `packages` that the program needs beside it (it finds its libraries relative to itself).
    """
    if account.may_run(packages / program):
        return packages
    target = place / "programs"
    if not (target / program).exists():
        half = target.with_name("programs.half")
        shutil.rmtree(half, ignore_errors=True)
        for part in parts:
            shutil.copytree(packages / part, half / part, symlinks=True)
        shutil.rmtree(target, ignore_errors=True)
        half.rename(target)
    return target


def die_with_parent(number: int = signal.SIGINT) -> None:
    """In a child, before it becomes its program: ask Linux to signal it when the process that started it is gone."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, number)
