"""A browser for the browser tests: one that is there, else Playwright's own, else the distribution's package.

Chromium only: what is tested is our pages, not browsers. TRATO_CHROMIUM names a program of one's own.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge")
DOWNLOAD_SECONDS = PACKAGE_SECONDS = 600


class NoBrowser(RuntimeError):
    """There is no Chromium here, and none could be had; the text says what to do."""


def find() -> str:
    """The program of a Chromium. Raises NoBrowser."""
    named = os.environ.get("TRATO_CHROMIUM", "")
    if named:
        if not os.access(named, os.X_OK):
            raise NoBrowser(f"TRATO_CHROMIUM names {named}, which is no program.")
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    if found := _downloaded():
        return found
    raise NoBrowser("There is no Chromium: install one, name one (TRATO_CHROMIUM=/path), or run ./run test.")


def bring() -> str:
    """A Chromium, installed if there was none. Raises NoBrowser with what each way of getting one said."""
    try:
        return find()
    except NoBrowser as none:
        if os.environ.get("TRATO_CHROMIUM"):
            raise
        sys.stderr.write("Fetching a Chromium for the browser tests\n")
        said = [str(none)]
    for way in (_download, _install_package):
        said.append(way())
        try:
            return find()
        except NoBrowser:
            continue
    raise NoBrowser("\n".join(filter(None, said)))


def required() -> bool:
    """Whether a missing browser is a failure and no skip."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def _downloaded() -> str:
    """Playwright's own browser, where it was downloaded and can be run."""
    if importlib.util.find_spec("playwright") is None:
        return ""
    program = [sys.executable, "-c", _WHERE]
    done = subprocess.run(program, check=False, capture_output=True, text=True, timeout=60)
    found = done.stdout.strip()
    return found if done.returncode == 0 and Path(found).is_file() and _runs(found) else ""


_WHERE = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def _runs(program: str) -> bool:
    """A download may lack libraries of the system."""
    try:
        done = subprocess.run([program, "--version"], check=False, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _download() -> str:
    return _try([sys.executable, "-m", "playwright", "install", "chromium"], DOWNLOAD_SECONDS)


def _install_package() -> str:
    """The distribution's package, where we may: root on a Debian."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return "Not root on a Debian: the distribution's package was not tried."
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    told = _try([apt, "update"], PACKAGE_SECONDS, environ)
    return _try([apt, "install", "--yes", "--no-install-recommends", "chromium"], PACKAGE_SECONDS, environ) or told


def _try(command: list[str], seconds: float, environ: dict[str, str] | None = None) -> str:
    """What went wrong, '' when nothing did."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds, env=environ)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"{Path(command[0]).name}: {problem}"
    return "" if done.returncode == 0 else f"{' '.join(command[:4])}: {(done.stderr or done.stdout).strip()[-500:]}"
