"""`python -m tests.chaos.hand`: a process that does what people and imports do, beside the product's own.

One JSON command a line on standard input, one JSON answer a line on standard output. It uses the product's services
and the product's settings; it never sends, receives or mends anything itself.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import django

django.setup()

from django.db import connections  # noqa: E402

from compliance.rulesets import load_rule_packs  # noqa: E402
from kernel.clock import machine_now  # noqa: E402
from messaging.models import Conversation  # noqa: E402
from messaging.sending.outcomes import resume_account  # noqa: E402
from messaging.sending.request import request_send  # noqa: E402
from messaging.sending.wishes import Wish  # noqa: E402
from messaging.services import connect_whatsapp  # noqa: E402
from portfolio.models import Creditor, Debtor  # noqa: E402
from tenants.models import Tenant  # noqa: E402
from tenants.scope import tenant_scope  # noqa: E402
from tests import factories  # noqa: E402


def legal_noon(now: datetime) -> datetime:
    """The next 13:00 in Bogotá of a Tuesday, Wednesday or Thursday that is no fixed holiday."""
    fixed = {(1, 1), (5, 1), (7, 20), (8, 7), (12, 8), (12, 24), (12, 25), (12, 31)}
    day = now.date() + timedelta(days=1)
    while day.weekday() not in (1, 2, 3) or (day.month, day.day) in fixed:
        day += timedelta(days=1)
    return datetime(day.year, day.month, day.day, 18, tzinfo=now.tzinfo)


def world(sandbox_url: str, token: str, secret: str, verify: str) -> dict[str, Any]:
    """An organisation in Colombia with one number, whose clock shows a working day's noon and runs."""
    now = machine_now()
    offset = legal_noon(now) - now
    load_rule_packs(now=now, author="tests")
    tenant = factories.make_tenant("CO", now=now)
    Tenant.objects.filter(pk=tenant.pk).update(sandbox=True, clock_offset=offset)
    with tenant_scope(tenant.pk):
        account, number, route = connect_whatsapp(
            waba_id="700700", phone_number_id="800800", display_number=factories.make_phone("CO"), token=token,
            app_secret=secret, verify_token=verify, base_url=sandbox_url, messaging_limit=None, per_second=0,
            actor="test", now=now + offset,
        )  # fmt: skip
        creditor = factories.make_creditor(now=now + offset)
    return {
        "tenant": str(tenant.pk), "account": str(account.pk), "number": str(number.pk), "creditor": str(creditor.pk),
        "address": number.address, "route": route.key, "offset": offset.total_seconds(),
    }  # fmt: skip


def make(tenant: str, count: int) -> list[list[str]]:
    """Debtors whose identity is verified: [[debtor, phone], ...]."""
    now = Tenant.objects.get(pk=tenant).clock().now()
    made = []
    with tenant_scope(uuid.UUID(tenant)):
        creditor = Creditor.objects.get()
        for _ in range(count):
            due: date = (now - timedelta(days=10)).date()
            debtor = factories.make_debtor(creditor, invoices=[("1000", due)], now=now)
            made.append([str(debtor.pk), factories.contact_of(debtor).value])
    return made


def windows(tenant: str, phones: list[str]) -> int:
    """How many of these people have written to us."""
    with tenant_scope(uuid.UUID(tenant)):
        return Conversation.objects.filter(address__in=phones).exclude(last_inbound_at=None).count()


def queue(tenant: str, debtors: list[str], reason: str) -> list[str]:
    """An agent answers each of them; returns the requests."""
    now = Tenant.objects.get(pk=tenant).clock().now()
    with tenant_scope(uuid.UUID(tenant)):
        rows = Debtor.objects.filter(pk__in=debtors).order_by("pk")
        wishes = [
            Wish(
                creditor_id=debtor.creditor_id,
                debtor_id=debtor.pk,
                message_class="reply",
                content={"kind": "text", "text": f"Gracias por escribirnos, ya lo reviso ({reason})."},
                origin_kind="agent",
                origin_id=f"{reason}:{debtor.pk}",
                actor="user:test",
            )
            for debtor in rows
        ]
        requests = [request for request in request_send(wishes, now=now) if request is not None]
        refused = {r.origin_id: r.verdict for r in requests if r.verdict != "allow"}
        if refused or len(requests) != len(debtors):
            raise RuntimeError(f"the gate kept back what this test must send: {refused}")
        return [str(request.pk) for request in requests]


def resume(tenant: str, account: str) -> bool:
    """Somebody lifts the account's pause."""
    now = Tenant.objects.get(pk=tenant).clock().now()
    with tenant_scope(uuid.UUID(tenant)):
        resume_account(uuid.UUID(account), actor="user:test", now=now)
    return True


COMMANDS: dict[str, Callable[..., Any]] = {
    "world": world, "make": make, "windows": windows, "queue": queue, "resume": resume,
}  # fmt: skip


def main() -> None:
    """Serve commands until standard input ends."""
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer: dict[str, Any] = {"ok": COMMANDS[name](**arguments)}
        except Exception as error:  # the test says what it makes of it
            answer = {"error": f"{type(error).__name__}: {error}"}
        finally:
            connections.close_all()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
