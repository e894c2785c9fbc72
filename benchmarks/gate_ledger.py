"""The batch path of a campaign: decide, reserve the contact, write the ledger, fill the outbox; 200 at a time.

`gate-ledger` is the product's own way in (messaging.sending.request_send with an approved template): decision,
reservation, send request, message, outbound row and events, under the tenant wall. `gate-ledger-authorise` is the
gate's part of it: locks, facts, decision, reservation, event. Baselines: the very same rows, batch by batch and commit
by commit, by COPY into unwalled twins of their tables with the same keys and indexes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from benchmarks.portfolio import NOON, batches, world
from compliance.models import Decision
from compliance.services import Ask, authorise
from kernel.clock import machine_now
from kernel.ids import uuid7
from messaging.models import MessageTemplate, Number, SendRequest
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from portfolio.models import ContactPoint, Creditor, Debtor
from tenants.models import Tenant
from tenants.scope import tenant_scope

NAME = "gate-ledger"
SIZE = 6_000
BATCH = 200
#: Table -> how the rows of some send requests are found in it.
_LEDGER = {
    "compliance_decision": "request_id = ANY(%(requests)s)",
    "compliance_contact": "origin_id = ANY(%(requests)s)",
    "tenants_stagedevent": "subject_id = ANY(%(decisions)s)",
}
_ALL = {
    **_LEDGER,
    "tenants_stagedevent": "subject_id = ANY(%(decisions)s) OR subject_id = ANY(%(messages)s)",
    "messaging_message": "id = ANY(%(messages)s)",
    "messaging_sendrequest": "id = ANY(%(requests)s)",
    "messaging_outbound": "request_id = ANY(%(requests)s)",
}
Batch = dict[str, bytes]


def run() -> list[dict[str, Any]]:
    """Rows {name, value, unit, baseline, ratio, sizes}; messages a second."""
    tenant, number, creditor, debtors = world(2 * SIZE, base_url="http://127.0.0.1:9")
    with tenant_scope(tenant.pk):
        template = _template(number)
        points = dict(ContactPoint.objects.values_list("person_id", "id"))
    asked, alone = debtors[:SIZE], debtors[SIZE:]

    def send(part: Sequence[Debtor]) -> None:
        request_send([_wish(creditor, debtor, template) for debtor in part], now=NOON)

    def decide(part: Sequence[Debtor]) -> None:
        authorise([_ask(creditor, debtor, points) for debtor in part], now=NOON)

    with tenant_scope(tenant.pk):  # rules composed, plans made: what a running process has
        decide(alone[:BATCH])
    rows = [
        _measured(NAME, tenant, asked, send, _ALL),
        _measured(f"{NAME}-authorise", tenant, alone[BATCH:], decide, _LEDGER),
    ]
    with tenant_scope(tenant.pk):
        allowed = Decision.objects.filter(verdict=Decision.Verdict.ALLOW).count()
    if allowed != 2 * SIZE:
        raise RuntimeError(f"{allowed} of {2 * SIZE} messages were allowed: this measures something else")
    return rows


def _measured(
    name: str,
    tenant: Tenant,
    debtors: Sequence[Debtor],
    work: Callable[[Sequence[Debtor]], None],
    tables: dict[str, str],
) -> dict[str, Any]:
    parts = batches(debtors, BATCH)
    begin = time.perf_counter()
    for part in parts:
        with tenant_scope(tenant.pk):
            work(part)
    value = len(debtors) / (time.perf_counter() - begin)
    copies = [_rows(tenant, part, tables) for part in parts]
    baseline = len(debtors) / _copy(copies, tables)
    size = sum(len(body) for copy in copies for body in copy.values()) / len(debtors)
    sizes = {"messages": len(debtors), "batch": BATCH, "tables": len(tables), "bytes_per_message": round(size)}
    return {
        "name": name, "value": value, "unit": "messages/s", "baseline": baseline, "ratio": value / baseline,
        "sizes": sizes,
    }  # fmt: skip


def _rows(tenant: Tenant, part: Sequence[Debtor], tables: dict[str, str]) -> Batch:
    """What a batch left in each table, as COPY writes it."""
    with tenant_scope(tenant.pk):
        persons = [debtor.person_id for debtor in part]
        decisions = list(Decision.objects.filter(person_id__in=persons).values_list("id", "request_id"))
        requests = [request for _, request in decisions]
        values = {
            "decisions": [decision for decision, _ in decisions],
            "requests": requests,
            "messages": list(SendRequest.objects.filter(id__in=requests).values_list("message_id", flat=True)),
        }
        found = {}
        with connection.cursor() as cursor:
            for table, condition in tables.items():
                query = cursor.mogrify(f"COPY (SELECT * FROM {table} WHERE {condition}) TO STDOUT", values)
                with cursor.copy(query) as copy:
                    found[table] = b"".join(bytes(block) for block in copy)
    return found


def _copy(copies: Sequence[Batch], tables: dict[str, str]) -> float:
    """Seconds for the same rows by COPY into twins without a wall; the twins live as long as the connection."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as link:
        for table in tables:
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
        for table in tables:
            link.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(f"bench_{table}")))
    return seconds


def _template(number: Number) -> MessageTemplate:
    now = machine_now()
    return MessageTemplate.objects.create(
        account_id=number.account_id, name="bench", language="es_CO", stage="first", message_class="collection",
        disclosure=3, body="Hola, {{nombre}}. Su factura de {{monto}} con Andina venció el 1 de noviembre.",
        variables=["nombre", "monto"], status=MessageTemplate.Status.APPROVED, created_at=now, updated_at=now,
    )  # fmt: skip


def _wish(creditor: Creditor, debtor: Debtor, template: MessageTemplate) -> Wish:
    said = {"nombre": "Ana", "monto": "$ 120.000"}
    content = {"kind": "template", "template_id": str(template.pk), "variables": said}
    return Wish(
        creditor_id=creditor.pk, debtor_id=debtor.pk, message_class="collection", content=content, origin_kind="step",
        origin_id=f"bench:{debtor.pk}", actor="system:benchmarks", missing=(),
    )  # fmt: skip


def _ask(creditor: Creditor, debtor: Debtor, points: dict[Any, Any]) -> Ask:
    return Ask(
        request_id=uuid7(), origin="step", actor="system:benchmarks", message_class="collection", channel="whatsapp",
        creditor_id=creditor.pk, debtor_id=debtor.pk, person_id=debtor.person_id,
        contact_point_id=points[debtor.person_id], text_hash="0" * 64,
    )  # fmt: skip
