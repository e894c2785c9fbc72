"""Invariant 8: only kernel/clock.py reads time, and no row is dated by the database."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

TOP = Path(__file__).resolve().parents[2]
ROOMS = ("kernel", "tenants", "portfolio", "compliance", "messaging", "monitoring", "workbench", "collections_platform")
#: Who may read the machine's time besides kernel/clock.py, and what for.
MAY = {
    "kernel/clock.py": "the one place",
    "kernel/ids.py": "a UUIDv7 begins with the machine's milliseconds",
    "collections_platform/embedded/servers.py": "how old a left-over file is",
}
#: (module or class, function) pairs that read a calendar clock; monotonic ones only measure.
READS = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("timezone", "now"),
    ("timezone", "localtime"), ("timezone", "localdate"), ("time", "time"), ("time", "time_ns"),
}  # fmt: skip
#: These read it when they are not told an instant: so many arguments tell them.
CONVERTS = {("time", "localtime"): 1, ("time", "gmtime"): 1, ("time", "ctime"): 1, ("time", "strftime"): 2}
SQL_TIME = re.compile(
    r"\bnow\(\)|\bcurrent_(timestamp|date|time)\b|\blocaltime(stamp)?\b|\b(clock|statement|transaction)_timestamp\(",
    re.IGNORECASE,
)
SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|DEFAULT|WITH)\b")


def sources() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((TOP / room).rglob("*.py")):
            yield path.relative_to(TOP).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def docstrings(tree: ast.Module) -> set[int]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found


def offences(tree: ast.Module) -> Iterator[tuple[int, str]]:
    words = docstrings(tree)
    renamed = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    bare = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if ((node.module or "").split(".")[-1], alias.name) in READS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
            yield node.value.lineno, node.arg
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if (renamed.get(name, name).split(".")[-1], node.attr) in READS:
                yield node.lineno, f"{name}.{node.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in bare:
            yield node.lineno, f"{node.func.id}()"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = (getattr(node.func.value, "id", ""), node.func.attr)
            if len(node.args) < CONVERTS.get(called, 0):
                yield node.lineno, ".".join(called)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("django.db.models.functions"):
            for alias in node.names:
                if alias.name == "Now":
                    yield node.lineno, "Now"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words:
            if not SQL.search(node.value):
                continue
            if SQL_TIME.search(node.value):
                yield node.lineno, "the database's clock in SQL"


def test_only_the_clock_reads_time():
    found = {f"{name}:{line} {what}" for name, tree in sources() if name not in MAY for line, what in offences(tree)}
    assert found == set()


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nx = datetime.now()",
        "import datetime as d\nx = d.datetime.utcnow()",
        "from datetime import date as day\nx = day.today()",
        "from django.utils import timezone\nx = timezone.now()",
        "import time\nx = time.time()",
        "from time import time\nx = time()",
        "import time as t\nx = t.time_ns()",
        "import time\nx = time.strftime('%Y')",
        "x = models.DateTimeField(auto_now=True)",
        "from django.db.models.functions import Now",
        "cursor.execute('UPDATE x SET y = now()')",
        "cursor.execute('SELECT CURRENT_TIMESTAMP')",
    ],
)
def test_the_scan_finds_what_it_looks_for(source):
    assert list(offences(ast.parse(source)))


def test_the_scan_lets_measuring_pass():
    tree = ast.parse("import time\nfrom kernel.clock import machine_now\nx = time.monotonic()\ny = machine_now()")
    assert list(offences(tree)) == []


def test_no_field_dates_itself():
    for model in apps.get_models():
        if model._meta.app_label in ROOMS:
            for field in model._meta.local_fields:
                assert not getattr(field, "auto_now", False) and not getattr(field, "auto_now_add", False), field
                default = getattr(field.default, "__name__", "")
                assert default not in ("now", "machine_now", "today", "utcnow"), field


def test_no_column_is_dated_by_the_database():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT adrelid::regclass::text, pg_get_expr(adbin, adrelid) FROM pg_attrdef d "
            "JOIN pg_class c ON c.oid = d.adrelid WHERE c.relnamespace = 'public'::regnamespace"
        )
        assert [row for row in cursor.fetchall() if SQL_TIME.search(row[1])] == []
