"""./run test [--checks] [-- ARGUMENTS]: everything that must hold before a commit, pytest's closing line last.

With ARGUMENTS only pytest runs, with them; --checks asks for the other checks too (or, alone, for nothing else).
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from collections_platform.runner import browser_files, chromium
from collections_platform.runner.children import run_in_group
from collections_platform.runner.surroundings import TOP, made_up_secrets, without_settings
from collections_platform.runner.testbed import open_testbed

PROCESSES = "2"  # the machines this is meant for have two cores
DEBUGGER = {"--pdb", "--trace"}
_PROGRAMS = Path(sys.executable).parent
Checks = dict[str, tuple[str, ...]]
Begun = dict[str, Future[tuple[subprocess.CompletedProcess[str], float]]]
#: Checks that only read the code, while the database is being made, and those that ask the database; the longest first.
READING: Checks = {
    "types": (str(_PROGRAMS / "mypy"),),
    "format": (str(_PROGRAMS / "ruff"), "format", "--check", "."),
    "lint": (str(_PROGRAMS / "ruff"), "check", "."),
    "import contracts": (str(_PROGRAMS / "lint-imports"),),
}
ASKING: Checks = {
    "migrations": (sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"),
    "deployment": (sys.executable, "manage.py", "check"),
}
#: The types of the models are read through the settings, which want an address; nobody calls there.
NOWHERE = "postgres://nobody@127.0.0.1:1/none"


def main(argv: list[str]) -> int:
    """Run the checks, then pytest; the exit code is pytest's, or 1 when a check failed."""
    own, passed_on = split(argv)
    parser = argparse.ArgumentParser(prog="./run test", description=__doc__)
    parser.add_argument("--checks", action="store_true", help="only lint, types, contracts and migrations")
    arguments = parser.parse_args(own)
    os.environ.update(made_up_secrets())
    browser_files.bring_up_to_date()
    checks, tests = arguments.checks or not passed_on, not arguments.checks or bool(passed_on)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(2))
        begun = begin(pool, READING, os.environ | {"DATABASE_URL": NOWHERE}) if checks else {}
        testbed = open_testbed(stack)
        # Handed on so that pytest's own processes use these servers and not others.
        os.environ |= {"DATABASE_ADMIN_URL": testbed.admin_url, "REDIS_URL": testbed.redis_url}
        if checks:
            # The look at the migrations' history needs a database; the template's is as the code has it.
            begun |= begin(pool, ASKING, os.environ | testbed.environ(testbed.template))
        if tests:
            bring_browser(passed_on)
        failed = tell(begun)
        code = run_pytest(passed_on) if tests else 0
    if failed:
        sys.stderr.write(f"Failed: {', '.join(failed)}\n")
    return code or int(bool(failed))


def split(argv: list[str]) -> tuple[list[str], list[str]]:
    """Our arguments, and those behind `--`."""
    if "--" not in argv:
        return argv, []
    at = argv.index("--")
    return argv[:at], argv[at + 1 :]


def bring_browser(passed_on: list[str]) -> None:
    """What the browser tests need, where they may run; without it they are skipped, or fail with CI=true."""
    if passed_on and not any("browser" in word for word in passed_on) and any("tests/" in word for word in passed_on):
        return
    try:
        chromium.bring()
        browser_files.bring_for_tests()
    except (chromium.NoBrowser, browser_files.NoBrowserFiles) as problem:
        sys.stderr.write(f"{problem}\n")


def begin(pool: Executor, checks: Checks, environ: dict[str, str]) -> Begun:
    """Start checks beside each other; see `tell`."""

    def run(command: tuple[str, ...]) -> tuple[subprocess.CompletedProcess[str], float]:
        started = time.monotonic()
        done = subprocess.run(command, cwd=TOP, env=environ, check=False, capture_output=True, text=True)
        return done, time.monotonic() - started

    return {name: pool.submit(run, command) for name, command in checks.items()}


def tell(begun: Begun) -> list[str]:
    """Print what each check took and what a failed one said; returns the names of the failed."""
    failed = []
    for name, check in begun.items():
        done, seconds = check.result()
        sys.stdout.write(f"{name:<17} {'failed' if done.returncode else 'ok'} ({seconds:.1f} s)\n")
        if done.returncode:
            failed.append(name)
            sys.stdout.write(done.stdout + done.stderr)
        sys.stdout.flush()
    return failed


def run_pytest(passed_on: list[str]) -> int:
    """All tests on two processes, or those that the arguments pick."""
    command = [sys.executable, "-m", "pytest"]
    if not DEBUGGER & set(passed_on) and not any(word.startswith(("-n", "--numprocesses")) for word in passed_on):
        command += ["-n", PROCESSES]  # which test goes where: tests/conftest.py
    if not passed_on:
        command.append("--quiet")
    environ = without_settings(os.environ)
    if DEBUGGER & set(passed_on):  # it needs the terminal for itself
        return subprocess.run([*command, *passed_on], cwd=TOP, env=environ, check=False).returncode
    return run_in_group([*command, *passed_on], environ)
