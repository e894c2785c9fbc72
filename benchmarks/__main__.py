"""Collects benchmarks/<name>.py, runs them, prints machine, versions and a table; --json FILE keeps the rows.

A benchmark module has NAME and `run()`, which returns rows: name, value, unit (of the value and the baseline), baseline
(None when there is nothing to compare with), ratio (value over baseline, None likewise) and sizes (what was measured
on, by name). One row bears the benchmark's own name.
"""

import argparse
import gc
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psycopg
import redis

KEYS = {"name", "value", "unit", "baseline", "ratio", "sizes"}
PACKAGES = ("Django", "psycopg", "celery", "pywa", "uvicorn", "httpx", "aiohttp")

Row = dict[str, Any]


def names() -> dict[str, str]:
    """Benchmark names and the modules they are in: gate_ledger.py is gate-ledger."""
    here = Path(__file__).parent
    found = {
        path.stem.replace("_", "-"): f"benchmarks.{path.stem}"
        for path in sorted(here.glob("[a-z]*.py"))
        if "def run(" in path.read_text()
    }
    return dict(sorted(found.items()))


def parse(argv: list[str]) -> argparse.Namespace:
    """Names (all when none is given) and the JSON file."""
    known = names()
    parser = argparse.ArgumentParser(prog="./run bench", description="Benchmarks: " + ", ".join(known))
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here too")
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.names if name not in known]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}")
    if arguments.json and not arguments.json.resolve().parent.is_dir():
        parser.error(f"--json: the folder of {arguments.json} does not exist")
    arguments.names = arguments.names or list(known)
    return arguments


def measure(wanted: list[str], json_file: Path | None) -> int:
    """Run the benchmarks and print their rows; returns the exit code. Needs Django set up and its servers running."""
    sys.stdout.write("".join(f"{line}\n" for line in surroundings()) + "\n")
    known = names()
    rows: list[Row] = []
    for name in wanted:
        module = import_module(known[name])
        started = time.monotonic()
        gc.collect()
        fresh = checked(name, module.run)
        sys.stdout.write("".join(f"{line}\n" for line in table(fresh)))
        sys.stdout.write(f"({name}: {time.monotonic() - started:.0f} s)\n\n")
        sys.stdout.flush()
        rows += fresh
        if json_file:  # after each, so that what was measured stays when a later one fails
            json_file.write_text(json.dumps(rows, indent=1, default=str) + "\n")
    return 0


def checked(name: str, run: Callable[[], list[Row]]) -> list[Row]:
    """The rows of one benchmark, refused when they lack a key or none bears the benchmark's name."""
    rows = run()
    for row in rows:
        if row.keys() != KEYS:
            raise ValueError(f"benchmark {name}: a row has the keys {sorted(row)}, not {sorted(KEYS)}")
    if not any(row["name"] == name for row in rows):
        raise ValueError(f"benchmark {name}: no row bears its name")
    return rows


def surroundings() -> list[str]:
    """Machine and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lines = [
        f"{processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, " + ", ".join(f"{name} {version_of(name)}" for name in PACKAGES),
    ]
    if url := os.environ.get("DATABASE_URL"):
        with psycopg.connect(url) as link:
            asked = "SELECT name, setting || coalesce(' x ' || unit, '') FROM pg_settings WHERE name = ANY(%s)"
            shown = [f"{name} {value}" for name, value in link.execute(asked, [list(SHOWN)])]
        lines.append("PostgreSQL " + ", ".join(shown))
    if url := os.environ.get("REDIS_URL"):
        with redis.Redis.from_url(url) as cache:
            lines.append(f"Redis {cache.info('server')['redis_version']}")
    return lines


SHOWN = ("server_version", "shared_buffers", "fsync", "synchronous_commit")


def processor() -> str:
    """The processor's name as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def table(rows: list[Row]) -> list[str]:
    """Aligned columns: name, value, baseline, ratio, unit, sizes."""
    cells = [("benchmark", "value", "baseline", "ratio", "unit", "sizes")]
    for row in rows:
        sizes = ", ".join(f"{key} {figure(value)}" for key, value in dict(row["sizes"]).items())
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.2f}"
        cells.append((row["name"], figure(row["value"]), figure(row["baseline"]), ratio, row["unit"], sizes))
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    lines = []
    for cell in cells:
        left = cell[0].ljust(widths[0])
        numbers = "  ".join(cell[column].rjust(widths[column]) for column in (1, 2, 3))
        lines.append(f"{left}  {numbers}  {cell[4].ljust(widths[4])}  {cell[5]}".rstrip())
    return lines


def figure(value: object) -> str:
    """A number short enough to compare by eye."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collections_platform.settings")
    django.setup()
    chosen = parse(sys.argv[1:])
    sys.exit(measure(chosen.names, chosen.json))
