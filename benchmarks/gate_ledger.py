"""The batch path of a campaign: decide, reserve the contact, write the ledger, fill the outbox; in its batches.

`gate-ledger` is the product's own way in (messaging.sending.request_send with an approved template): decision,
reservation, send request, message, outbound row and events, under the tenant wall. `gate-ledger-authorise` is the
gate's part of it: locks, facts, decision, reservation, event. As in production a worker process serves one
organisation's lane at a time: two processes work side by side, each for an organisation of its own, and share the
machine's cores with the database. Baselines: the very same rows, batch by batch and commit by commit, by COPY from as
many processes into unwalled twins of their tables with the same keys and indexes.
"""

from __future__ import annotations

import multiprocessing
import os
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection, connections
from psycopg import sql

from benchmarks.portfolio import NOON, batches, world
from collections_platform.memory import settle
from compliance.models import Decision
from compliance.services import Ask, authorise
from kernel.clock import machine_now
from kernel.ids import uuid7
from messaging.models import MessageTemplate, Number, SendRequest
from messaging.sending.request import BATCH, request_send
from messaging.sending.wishes import Wish
from portfolio.models import ContactPoint
from tenants.scope import tenant_scope

NAME = "gate-ledger"
PROCESSES = 2
#: Messages of one process that are sent, and those that are only decided.
SIZE, ALONE = 5_000, 3_000
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
#: (creditor, debtor, person, contact point)
Addressee = tuple[uuid.UUID, uuid.UUID, uuid.UUID, uuid.UUID]
Part = Sequence[Addressee]
Task = Callable[[], None]


@dataclass(frozen=True)
class Lane:
    """What one process works on: an organisation, its template and whom to write to."""

    tenant_id: uuid.UUID
    template_id: uuid.UUID
    sent: Part
    decided: Part
    #: Written to before the clock starts: rules composed, plans made, connections open, as in a running process.
    spare: Part

    def send(self, part: Part) -> None:
        request_send([_wish(one, self.template_id) for one in part], now=NOON)

    def decide(self, part: Part) -> None:
        authorise([_ask(one) for one in part], now=NOON)


def run() -> list[dict[str, Any]]:
    """Rows {name, value, unit, baseline, ratio, sizes}; messages a second."""
    lanes = [_lane() for _ in range(PROCESSES)]
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as link:
        link.execute("ANALYZE")  # as autovacuum has done where an organisation has worked for a while
    rows = [
        _measured(NAME, [Work(lane.tenant_id, lane.send, lane.spare[:BATCH], lane.sent) for lane in lanes], _ALL),
        _measured(
            f"{NAME}-authorise",
            [Work(lane.tenant_id, lane.decide, lane.spare[BATCH:], lane.decided) for lane in lanes],
            _LEDGER,
        ),
    ]
    for lane in lanes:
        with tenant_scope(lane.tenant_id):
            allowed = Decision.objects.filter(verdict=Decision.Verdict.ALLOW).count()
        wanted = len(lane.sent) + len(lane.decided) + len(lane.spare)
        if allowed != wanted:
            raise RuntimeError(f"{allowed} of {wanted} messages were allowed: this measures something else")
    return rows


@dataclass(frozen=True)
class Work:
    """What one process does, to `first` before the clock starts and to `part` while it runs."""

    tenant_id: uuid.UUID
    step: Callable[[Part], None]
    first: Part
    part: Part

    def prepare(self) -> None:
        self._do(self.first)

    def perform(self) -> None:
        self._do(self.part)

    def _do(self, addressees: Part) -> None:
        for part in batches(addressees, BATCH):
            with tenant_scope(self.tenant_id):
                self.step(part)


def _measured(name: str, works: Sequence[Work], tables: dict[str, str]) -> dict[str, Any]:
    messages = sum(len(work.part) for work in works)
    value = messages / _together([(work.prepare, work.perform) for work in works])
    copies = [[_rows(work.tenant_id, part, tables) for part in batches(work.part, BATCH)] for work in works]
    baseline = messages / _copy(copies, tables)
    size = sum(len(body) for batch in copies for copy in batch for body in copy.values()) / messages
    sizes = {
        "messages": messages, "batch": BATCH, "processes": len(works), "organisations": len(works),
        "tables": len(tables), "bytes_per_message": round(size),
    }  # fmt: skip
    return {
        "name": name, "value": value, "unit": "messages/s", "baseline": baseline, "ratio": value / baseline,
        "sizes": sizes,
    }  # fmt: skip


def _together(tasks: Sequence[tuple[Task, Task]]) -> float:
    """Seconds that tasks take side by side, a process each, from the first one's start to the last one's end.

    Each is (made ready, measured). Raises RuntimeError when one fails.
    """
    pooled: Any = connections["default"]
    pooled.close()
    pooled.close_pool()  # a connection is not shared by two processes
    fork = multiprocessing.get_context("fork")
    ready, spans = fork.Barrier(len(tasks)), fork.SimpleQueue()

    def one(prepare: Task, task: Task) -> None:
        prepare()
        settle()  # as every worker does (collections_platform/celery.py)
        ready.wait(120)
        begin = time.perf_counter()
        task()
        spans.put((begin, time.perf_counter()))

    children = [fork.Process(target=one, args=task) for task in tasks]
    for child in children:
        child.start()
    for child in children:
        child.join()
    if any(child.exitcode for child in children):
        raise RuntimeError("a process of the benchmark failed")
    begins, ends = zip(*(spans.get() for _ in children), strict=True)
    return float(max(ends) - min(begins))


def _rows(tenant_id: uuid.UUID, part: Part, tables: dict[str, str]) -> Batch:
    """What a batch left in each table, as COPY writes it."""
    with tenant_scope(tenant_id):
        persons = [person_id for _, _, person_id, _ in part]
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


def _copy(copies: Sequence[Sequence[Batch]], tables: dict[str, str]) -> float:
    """Seconds for the same rows by COPY into twins without a wall, a process for each list of batches."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as link:
        for table in tables:
            twin = sql.Identifier(f"bench_{table}")
            link.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(twin))
            create = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING INDEXES)")
            link.execute(create.format(twin, sql.Identifier(table)))
        seconds = _together([_copier(parts) for parts in copies])
        for table in tables:
            link.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(f"bench_{table}")))
    return seconds


def _copier(parts: Sequence[Batch]) -> tuple[Task, Task]:
    links: list[psycopg.Connection] = []

    def connect() -> None:
        links.append(psycopg.connect(os.environ["DATABASE_OWNER_URL"]))

    def copy() -> None:
        (link,) = links
        for batch in parts:
            for table, body in batch.items():
                into = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(f"bench_{table}"))
                with link.cursor().copy(into) as copying:
                    copying.write(body)
            link.commit()

    return connect, copy


def _lane() -> Lane:
    tenant, number, creditor, debtors = world(SIZE + ALONE + 2 * BATCH, base_url="http://127.0.0.1:9")
    with tenant_scope(tenant.pk):
        template = _template(number)
        points = dict(ContactPoint.objects.values_list("person_id", "id"))
    found = [(creditor.pk, debtor.pk, debtor.person_id, points[debtor.person_id]) for debtor in debtors]
    return Lane(tenant.pk, template.pk, found[:SIZE], found[SIZE : SIZE + ALONE], found[SIZE + ALONE :])


def _template(number: Number) -> MessageTemplate:
    now = machine_now()
    return MessageTemplate.objects.create(
        account_id=number.account_id, name="bench", language="es_CO", stage="first", message_class="collection",
        disclosure=3, body="Hola, {{nombre}}. Su factura de {{monto}} con Andina venció el 1 de noviembre.",
        variables=["nombre", "monto"], status=MessageTemplate.Status.APPROVED, created_at=now, updated_at=now,
    )  # fmt: skip


def _wish(one: Addressee, template_id: uuid.UUID) -> Wish:
    creditor_id, debtor_id, _, _ = one
    said = {"nombre": "Ana", "monto": "$ 120.000"}
    content = {"kind": "template", "template_id": str(template_id), "variables": said}
    return Wish(
        creditor_id=creditor_id, debtor_id=debtor_id, message_class="collection", content=content, origin_kind="step",
        origin_id=f"bench:{debtor_id}", actor="system:benchmarks", missing=(),
    )  # fmt: skip


def _ask(one: Addressee) -> Ask:
    creditor_id, debtor_id, person_id, point_id = one
    return Ask(
        request_id=uuid7(), origin="step", actor="system:benchmarks", message_class="collection", channel="whatsapp",
        creditor_id=creditor_id, debtor_id=debtor_id, person_id=person_id, contact_point_id=point_id,
        text_hash="0" * 64,
    )  # fmt: skip
