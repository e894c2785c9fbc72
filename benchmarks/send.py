"""From the outbox to an echo endpoint: claim, last look, commit, send, record; one dispatcher, one number.

Baseline: a bare pywa_async loop that sends the same texts to the same endpoint and keeps nothing.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import httpx
from django.conf import settings
from pywa_async import WhatsApp

from benchmarks.portfolio import NOON, batches, world
from benchmarks.processes import free_port, serving
from messaging.channels.whatsapp.send import _aiohttp_transport, reset_runtime
from messaging.models import Outbound
from messaging.sending import dispatch
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from tenants.models import Tenant
from tenants.scope import tenant_scope

NAME = "send"
SIZE = 4_000
TEXT = "Gracias por escribirnos, con gusto le ayudamos. ¿Qué fecha le queda mejor?"


def run() -> list[dict[str, Any]]:
    """Messages per second of both, on two cores shared with the database and the endpoint."""
    port = free_port()
    with serving(["benchmarks.echo", str(port)], port) as url:
        tenant, number, creditor, debtors = world(SIZE, base_url=url)
        queued_at = time.perf_counter()
        for part in batches(debtors):
            with tenant_scope(tenant.pk):
                request_send(
                    [
                        Wish(creditor_id=creditor.pk, debtor_id=debtor.pk, message_class="reply", content={"kind": "text", "text": TEXT},
                             origin_kind="bot", origin_id=f"bench:{debtor.pk}", actor="system:benchmarks")
                        for debtor in part
                    ],
                    now=NOON,
                )  # fmt: skip
        asked = SIZE / (time.perf_counter() - queued_at)
        tenant = Tenant.objects.get(pk=tenant.pk)
        begin = time.perf_counter()
        while _left(tenant):
            dispatch.serve(tenant, str(number.pk), tenant.clock())
        sent = SIZE / (time.perf_counter() - begin)
        with tenant_scope(tenant.pk):
            done = Outbound.objects.filter(state=Outbound.State.ACCEPTED).count()
        if done != SIZE:
            raise RuntimeError(f"{done} of {SIZE} messages were accepted")
        reset_runtime()
        bare = asyncio.run(_bare(url, number.provider_id))
    sizes = {"messages": SIZE, "batch": dispatch.BATCH, "concurrency": settings.SEND_CONCURRENCY}
    return [
        {"name": NAME, "value": sent, "unit": "messages/s", "baseline": bare, "ratio": sent / bare, "sizes": sizes},
        {"name": "send-request", "value": asked, "unit": "requests/s", "baseline": None, "ratio": None,
         "sizes": {"requests": SIZE, "batch": 200}},
    ]  # fmt: skip


def _left(tenant: Tenant) -> bool:
    with tenant_scope(tenant.pk):
        return Outbound.objects.filter(state=Outbound.State.QUEUED).exists()


async def _bare(url: str, number: str) -> float:
    session = httpx.AsyncClient(transport=_aiohttp_transport(), timeout=10, trust_env=False)
    client = WhatsApp(phone_id=number, token="t", session=session)
    client.api._session.base_url = httpx.URL(f"{url}/v{settings.GRAPH_API_VERSION}")
    gate = asyncio.Semaphore(settings.SEND_CONCURRENCY)

    async def one(serial: int) -> None:
        async with gate:
            await client.send_message(to=f"+5730{serial:08d}", text=TEXT, tracker=str(uuid.uuid4()))

    begin = time.perf_counter()
    await asyncio.gather(*(one(serial) for serial in range(SIZE)))
    rate = SIZE / (time.perf_counter() - begin)
    await session.aclose()
    return rate
