"""`./run` and what stands behind it, run as a person runs it. Folders, databases and ports are each test's own."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import benchmarks.__main__ as collected
from collections_platform.embedded import reset
from collections_platform.runner.test import split

TOP = Path(__file__).resolve().parents[2]
RUNNER = [sys.executable, "-P", "-m", "collections_platform.runner"]


def clean_environment(**more: str) -> dict[str, str]:
    """As on a machine where nobody has set anything. What Python has compiled need not be compiled again."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPYCACHEPREFIX") if name in os.environ}
    return kept | {"PYTHONPATH": str(TOP)} | more


def run(*words: str, timeout: float = 60, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(TOP / "run"), *words],
        env=clean_environment(**environ),
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder that does not exist yet, deleted with its database afterwards."""
    yield tmp_path / "data"
    for folder in tmp_path.iterdir():
        reset(folder)


def test_alone_it_says_what_there_is():
    done = run()
    assert done.returncode == 0
    for command in ("demo", "test", "bench", "chaos", "mutate", "manage", "lock"):
        assert re.search(rf"^  {command}\b", done.stdout, re.MULTILINE)


def test_an_unknown_command_is_told_apart_from_a_known_one():
    done = run("dmeo")
    assert done.returncode == 2
    assert "no command 'dmeo'" in done.stderr


def test_without_a_new_enough_python_one_line_says_so(tmp_path):
    old = tmp_path / "bin"
    old.mkdir()
    (old / "python3").write_text("#!/bin/sh\nexit 1\n")
    (old / "python3").chmod(0o755)
    for tool in ("bash", "dirname", "cmp", "mkdir", "cat", "rm"):
        (old / tool).symlink_to(
            next(Path(p) / tool for p in os.environ["PATH"].split(":") if (Path(p) / tool).exists())
        )
    done = run("manage", "check", PATH=str(old), TRATO_VENV=str(tmp_path / "venv"))
    assert done.returncode != 0
    assert done.stderr.startswith("Python 3.11 or newer is needed")
    assert done.stderr.count("\n") == 1


WHO = "from django.db import connection as c; q = c.cursor(); q.execute('SELECT current_user'); print(q.fetchone())"


def manage(data: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUNNER, "manage", "shell", "-c", code],
        env=clean_environment(TRATO_DATA=str(data)),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_manage_migrates_leaves_no_process_and_refuses_tables_of_a_newer_version_in_one_line(data):
    done = manage(data, WHO)
    assert done.returncode == 0, done.stderr
    assert "trato_app" in done.stdout
    assert processes_that_name(data) == []
    record = (
        "from django.db import connections; "
        "connections['owner'].cursor().execute(\"INSERT INTO django_migrations (app, name, applied) "
        "VALUES ('tenants', '9999_from_the_future', now())\")"
    )
    assert manage(data, record).returncode == 0
    done = manage(data, "pass")
    assert done.returncode == 1
    assert "tenants.9999_from_the_future" in done.stderr
    assert done.stderr.count("\n") == 1


def processes_that_name(text: Path) -> list[str]:
    """Command lines of running processes that contain this path, our own and pytest's aside."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(text) in words and int(folder.name) != os.getpid():
            found.append(words)
    return found


def wait_for(condition, seconds: float = 40) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_arguments_behind_two_dashes_go_to_pytest():
    assert split(["--checks", "--", "-k", "name"]) == (["--checks"], ["-k", "name"])
    assert split([]) == ([], [])


def test_an_unknown_benchmark_is_refused_before_anything_starts(capsys):
    with pytest.raises(SystemExit):
        collected.parse(["no-such-benchmark"])
    assert "no benchmark no-such-benchmark" in capsys.readouterr().err


def row(name: str) -> dict[str, object]:
    return {"name": name, "value": 2.0, "unit": "/s", "baseline": 4.0, "ratio": 0.5, "sizes": {"rows": 10_000}}


def test_rows_are_checked_and_written(tmp_path, monkeypatch, capsys):
    class Module:
        run = staticmethod(lambda: [row("gate-ledger"), row("gate-ledger, alone")])

    monkeypatch.setattr(collected, "names", lambda: {"gate-ledger": "benchmarks.gate_ledger"})
    monkeypatch.setattr(collected, "import_module", lambda name: Module)
    file = tmp_path / "figures.json"
    assert collected.measure(["gate-ledger"], file) == 0
    assert json.loads(file.read_text()) == [row("gate-ledger"), row("gate-ledger, alone")]
    printed = capsys.readouterr().out
    assert "rows 10,000" in printed
    assert "PostgreSQL" in printed


def test_a_benchmark_without_a_row_of_its_own_name_is_refused():
    with pytest.raises(ValueError, match="no row bears its name"):
        collected.checked("gate", lambda: [row("other")])
    with pytest.raises(ValueError, match="keys"):
        collected.checked("gate", lambda: [{"name": "gate"}])
