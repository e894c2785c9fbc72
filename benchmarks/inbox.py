"""The inbox at 10,000 and at 200,000 conversations: what the server needs for the queue and for a conversation.

Baseline: the same organisation's shape with a twentieth of the conversations. Both answer out of their first page of an
index, so the ratio tells how far they depend on what is not shown.
"""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, connections
from django.db.models import Model
from django.test import Client

from benchmarks.portfolio import NOON, world
from messaging.models import Conversation, Message
from portfolio.models import ContactPoint, Debtor, Invoice, Person
from tenants.models import Membership, Tenant, User
from tenants.scope import tenant_scope

NAME = "inbox"
SMALL, LARGE = 10_000, 200_000
#: Of all conversations: every tenth waits for a person, every hundredth of those is the agent's own.
WAITING, OWN = 10, 1_000
ROUNDS, SWITCHES, WARM = 30, 200, 5
TABLES: tuple[type[Model], ...] = (Person, ContactPoint, Debtor, Invoice, Conversation, Message)


def run() -> list[dict[str, Any]]:
    """Milliseconds of queue and conversation at both sizes, asked for in turn so that both see the same machine."""
    desks = {size: _desk(size) for size in (SMALL, LARGE)}
    with connections["owner"].cursor() as cursor:
        for model in TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {model._meta.db_table}")  # loading is over before anything is measured
    for desk in desks.values():
        for _ in range(WARM):
            desk.queue()
            desk.talk(0)
    queue: dict[int, list[float]] = {SMALL: [], LARGE: []}
    talk: dict[int, list[float]] = {SMALL: [], LARGE: []}
    switch: dict[int, list[float]] = {SMALL: [], LARGE: []}
    for turn in range(SWITCHES):
        for size, desk in desks.items():
            switch[size].append(desk.talk(turn))
            if turn < ROUNDS:
                queue[size].append(desk.queue())
                talk[size].append(desk.talk(0))
    queues, talks = _both(queue, statistics.median), _both(talk, statistics.median)
    figures = {
        NAME: ({size: queues[size] + talks[size] for size in desks}, ROUNDS),
        "inbox-queue": (queues, ROUNDS),
        "inbox-conversation": (talks, ROUNDS),
        "inbox-switch-p95": (_both(switch, lambda taken: sorted(taken)[len(taken) * 95 // 100]), SWITCHES),
    }
    sizes = {"conversations": LARGE, "baseline_conversations": SMALL, "waiting": LARGE // WAITING}
    return [
        {
            "name": name, "value": found[LARGE], "unit": "ms", "baseline": found[SMALL],
            "ratio": found[LARGE] / found[SMALL], "sizes": sizes | {"rounds": rounds},
        }
        for name, (found, rounds) in figures.items()
    ]  # fmt: skip


def _both(taken: dict[int, list[float]], figure: Callable[[list[float]], float]) -> dict[int, float]:
    return {size: figure(values) for size, values in taken.items()}


@dataclass(frozen=True, slots=True)
class _Desk:
    """An agent's browser in an organisation of one size, and the conversations that wait there."""

    client: Client
    inbox: str
    ids: list[Any]

    def queue(self) -> float:
        """Milliseconds of the whole page."""
        return self._ask(self.inbox, {})

    def talk(self, place: int) -> float:
        """Milliseconds of one conversation, as a click on it asks for it."""
        return self._ask(f"{self.inbox}{self.ids[place]}/", {"HX-Request": "true"})

    def _ask(self, url: str, headers: dict[str, str]) -> float:
        begin = time.perf_counter()
        answer = self.client.get(url, headers=headers)
        taken = (time.perf_counter() - begin) * 1000
        if answer.status_code != 200:
            raise RuntimeError(f"{url} answered {answer.status_code}")
        return taken


def _desk(size: int) -> _Desk:
    tenant, user, ids = _organisation(size)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return _Desk(client, f"/o/{tenant.slug}/inbox/", ids)


def _organisation(size: int) -> tuple[Tenant, User, list[Any]]:
    """`size` conversations of as many debtors, copied from one in the database itself; ids of those that wait."""
    tenant, _, creditor, (debtor,) = world(1, base_url="http://127.0.0.1:9")
    user = User.objects.create_user(f"inbox-{tenant.pk.hex}@bench.example", "", name="Agente", joined_at=NOON)
    Membership.objects.create(tenant=tenant, user=user, role=Membership.Role.AGENT, created_at=NOON)
    with tenant_scope(tenant.pk):
        thread = Conversation.objects.get()
        invoice = Invoice.objects.create(
            creditor_id=creditor.pk, debtor=debtor, external_id="i0", number="F-0", due_on=(NOON - timedelta(days=9)).date(),
            currency=debtor.currency, amount_minor=100_000, open_minor=100_000, created_at=NOON, updated_at=NOON,
        )  # fmt: skip
        Debtor.objects.filter(pk=debtor.pk).update(open_minor=100_000, oldest_due_on=invoice.due_on)
        said = Message.objects.create(
            conversation=thread, direction="in", source="debtor", kind="text", state="received", text="Hola, ¿cuánto debo?",
            debtor_id=debtor.pk, at=NOON - timedelta(minutes=1), recorded_at=NOON,
        )  # fmt: skip
        waits = f"mod(n, {WAITING}) = 0"
        person, point, owner, talk = (f"md5('{name}' || n || '{tenant.pk}')::uuid" for name in "abcd")
        _copy(Person, debtor.person_id, size, {"id": person, "name": "'Deudor ' || n", "document_hash": "''"})
        _copy(ContactPoint, thread.contact_point_id, size, {
            "id": point, "person_id": person, "value": "'+57310' || lpad(n::text, 7, '0')",
        })  # fmt: skip
        _copy(
            Debtor,
            debtor.pk,
            size,
            {"id": owner, "person_id": person, "external_id": "'e' || n", "open_minor": "1000 + n"},
        )
        _copy(Invoice, invoice.pk, size, {
            "id": "gen_random_uuid()", "debtor_id": owner, "external_id": "'i' || n", "open_minor": "1000 + n",
        })  # fmt: skip
        _copy(Conversation, thread.pk, size, {
            "id": talk, "contact_point_id": point, "person_id": person, "debtor_id": owner,
            "address": "'+57310' || lpad(n::text, 7, '0')",
            "updated_at": f"updated_at - n * interval '{86_400 * 20 // size + 1} seconds'",
            "needs_human_at": f"CASE WHEN {waits} THEN last_inbound_at - mod(n, 5000) * interval '1 second' END",
            "unanswered_since": f"CASE WHEN {waits} THEN last_inbound_at END",
            "speaker": f"CASE WHEN {waits} THEN 'agent' ELSE 'bot' END",
            "assignee_id": f"CASE WHEN mod(n, {OWN}) = 0 THEN '{user.pk}'::uuid END",
        })  # fmt: skip
        for turn in range(2):
            _copy(Message, said.pk, size, {
                "id": "gen_random_uuid()", "conversation_id": talk, "debtor_id": owner, "text": "'Mensaje ' || n",
                "at": f"at - interval '{turn} hours'",
            })  # fmt: skip
    with tenant_scope(tenant.pk):
        waiting = Conversation.objects.exclude(needs_human_at=None).order_by("needs_human_at", "id")
        return tenant, user, list(waiting.values_list("pk", flat=True)[: max(SWITCHES, 1)])


def _copy(model: type[Model], pk: uuid.UUID | None, size: int, changes: dict[str, str]) -> None:
    """`size` copies of a row, with these columns computed of n = 1..size."""
    columns = [each.column for each in model._meta.local_concrete_fields if each.column and not each.generated]
    unknown = set(changes) - set(columns)
    if unknown:
        raise ValueError(f"{model._meta.label} has no {unknown}")
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"SELECT {', '.join(changes.get(each, f't.{each}') for each in columns)} "
            f"FROM {table} t, generate_series(1, %s) n WHERE t.id = %s",
            [size, pk],
        )
