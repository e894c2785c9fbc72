"""A portfolio coming in: rows of a file to persons, debtors, contact points, invoices, payments, entries and events.

`import` is the product's own apply_import, a thousand rows to a transaction, under the tenant wall, consents kept;
generated debtors of Brazil. `import-again` takes the same file a second time, when every row is compared and none
changes. Baseline: the very same rows that the first import left in each table, transaction by transaction, by COPY into
unwalled twins of the tables with the same keys and indexes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from kernel.ids import uuid7
from portfolio.imports.apply import COMMIT_ROWS, apply_import
from portfolio.imports.rows import Row
from portfolio.models import Creditor
from portfolio.places import today_in
from portfolio.services import save_creditor
from portfolio.synthetic import generate
from tenants.scope import tenant_scope
from tenants.services import create_tenant

NAME = "import"
DEBTORS = 3_000
#: A Tuesday, 15:00 in Brasília.
NOW = datetime(2026, 11, 17, 18, 0, tzinfo=UTC)
#: Tables that an import fills, in the order of their rows.
_TABLES = (
    "portfolio_person", "portfolio_debtor", "portfolio_contactpoint", "portfolio_invoice", "portfolio_payment",
    "portfolio_entry", "compliance_consent", "tenants_stagedevent",
)  # fmt: skip
Copies = list[dict[str, bytes]]


def run() -> list[dict[str, Any]]:
    """Rows {name, value, unit, baseline, ratio, sizes}; rows of the file a second."""
    creditor = _creditor()
    rows: list[Row] = list(generate(DEBTORS, "BR", 1, today_in("BR", NOW)))
    first = _import(creditor, rows)
    copies = _left(creditor)
    baseline = len(rows) / _copy(copies)
    again = _import(creditor, rows)
    written = sum(body.count(b"\n") for copy in copies for body in copy.values())
    sizes = {
        "rows": len(rows), "debtors": DEBTORS, "table_rows": written, "commit_rows": COMMIT_ROWS,
        "bytes_per_row": round(sum(len(body) for copy in copies for body in copy.values()) / len(rows)),
    }  # fmt: skip
    return [
        _row(NAME, len(rows) / first, baseline, sizes),
        _row(f"{NAME}-again", len(rows) / again, baseline, sizes),
    ]


def _row(name: str, value: float, baseline: float, sizes: dict[str, int]) -> dict[str, Any]:
    return {
        "name": name, "value": value, "unit": "rows/s", "baseline": baseline, "ratio": value / baseline, "sizes": sizes
    }  # fmt: skip


def _creditor() -> Creditor:
    tenant = create_tenant(
        name=f"Bench {uuid7().hex[:12]}", country="BR", sandbox=True, frozen_at=NOW, actor="system:benchmarks"
    )
    with tenant_scope(tenant.pk):
        creditor, _ = save_creditor("main", name="Loja", country="BR", currency="BRL", language="pt", now=NOW)
    return creditor


def _import(creditor: Creditor, rows: Sequence[Row]) -> float:
    begin = time.perf_counter()
    done = apply_import(creditor, rows, now=NOW, file_name="bench")
    seconds = time.perf_counter() - begin
    if done.counts["rejected"]:
        raise RuntimeError(f"{done.counts['rejected']} lines were refused: this measures something else")
    return seconds


def _left(creditor: Creditor) -> Copies:
    """What the import left in each table, as COPY writes it, cut into as many parts as it had transactions."""
    with tenant_scope(_tenant(creditor)), connection.cursor() as cursor:
        found = {}
        for table in _TABLES:
            with cursor.copy(f"COPY (SELECT * FROM {table} ORDER BY id) TO STDOUT") as copy:
                found[table] = b"".join(bytes(block) for block in copy).splitlines(keepends=True)
        cursor.execute("SELECT sum((counts->>'rows')::int) FROM portfolio_import")
        parts = -(-int(cursor.fetchone()[0]) // COMMIT_ROWS)
    return [
        {
            table: b"".join(lines[len(lines) * part // parts : len(lines) * (part + 1) // parts])
            for table, lines in found.items()
        }
        for part in range(parts)
    ]


def _tenant(creditor: Creditor) -> Any:
    return creditor.tenant_id


def _copy(copies: Copies) -> float:
    """Seconds for the same rows by COPY into twins without a wall."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as link:
        for table in _TABLES:
            twin = sql.Identifier(f"bench_{table}")
            link.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(twin))
            create = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING INDEXES)")
            link.execute(create.format(twin, sql.Identifier(table)))
        link.commit()
        begin = time.perf_counter()
        for batch in copies:
            for table, body in batch.items():
                with link.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(f"bench_{table}"))) as copy:
                    copy.write(body)
            link.commit()
        seconds = time.perf_counter() - begin
        for table in _TABLES:
            link.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(f"bench_{table}")))
    return seconds
