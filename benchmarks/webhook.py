"""Signed status posts: verified, on disk with their promise of work, answered. Over HTTP, against a real server.

Baseline: a bare Django view on the same server that inserts the body. Meta asks for a median within 250 ms
(whatsapp-cloud-api.md, 3.2).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import statistics
import time
from typing import Any

import aiohttp
import orjson
from django.db import connections

from benchmarks.portfolio import world
from benchmarks.processes import free_port, serving
from tenants.models import InboundRoute

NAME = "webhook"
POSTS = 2_000
CONNECTIONS = 16
STATUSES = 10


def _body(number: str, serial: int) -> bytes:
    statuses = [
        {"id": f"wamid.{serial}.{place}", "status": "delivered", "timestamp": "1763402400", "recipient_id": "573000000000",
         "biz_opaque_callback_data": f"00000000-0000-7000-8000-{serial:08d}{place:04d}",
         "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}}
        for place in range(STATUSES)
    ]  # fmt: skip
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}, "statuses": statuses}
    return orjson.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"value": value, "field": "messages"}]}],
        }
    )


def run() -> list[dict[str, Any]]:
    """Posts per second and latencies of both."""
    port = free_port()
    tenant, number, _, _ = world(1, base_url="http://127.0.0.1:9")
    route = InboundRoute.objects.get(tenant=tenant, kind="whatsapp")
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_bodies (id bigserial PRIMARY KEY, sha256 text NOT NULL, body bytea NOT NULL)"
        )
    server = [
        "uvicorn",
        "collections_platform.asgi:application",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    bodies = [_body(number.provider_id, serial) for serial in range(POSTS)]
    with serving(server, port, "/healthz", {"DJANGO_SETTINGS_MODULE": "benchmarks.bare_settings"}) as url:
        signed = [
            (body, {"X-Hub-Signature-256": "sha256=" + hmac.new(b"s", body, hashlib.sha256).hexdigest()})
            for body in bodies
        ]
        asyncio.run(_post(f"{url}/bare", [(body, {}) for body in bodies[:200]]))
        asyncio.run(_post(f"{url}/webhooks/whatsapp/{route.key}", signed[:200]))
        bare, _ = asyncio.run(_post(f"{url}/bare", [(body, {}) for body in bodies]))
        rate, latencies = asyncio.run(_post(f"{url}/webhooks/whatsapp/{route.key}", signed))
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP TABLE bench_bodies")
    latencies.sort()
    sizes = {"posts": POSTS, "statuses_per_post": STATUSES, "connections": CONNECTIONS, "bytes": len(bodies[0])}
    return [
        {"name": NAME, "value": rate, "unit": "posts/s", "baseline": bare, "ratio": rate / bare, "sizes": sizes},
        {"name": "webhook-median", "value": statistics.median(latencies) * 1000, "unit": "ms", "baseline": None,
         "ratio": None, "sizes": sizes},
        {"name": "webhook-p99", "value": latencies[len(latencies) * 99 // 100] * 1000, "unit": "ms", "baseline": None, "ratio": None,
         "sizes": sizes},
    ]  # fmt: skip


async def _post(url: str, posts: list[tuple[bytes, dict[str, str]]]) -> tuple[float, list[float]]:
    """Post all over a few connections; raises RuntimeError when one is not answered 200."""
    latencies: list[float] = []
    waiting = iter(posts)

    async def worker(session: aiohttp.ClientSession) -> None:
        for body, headers in waiting:
            begin = time.perf_counter()
            async with session.post(url, data=body, headers={"Content-Type": "application/json", **headers}) as answer:
                await answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"{url} answered {answer.status}")
            latencies.append(time.perf_counter() - begin)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:
        begin = time.perf_counter()
        await asyncio.gather(*(worker(session) for _ in range(CONNECTIONS)))
        seconds = time.perf_counter() - begin
    return len(posts) / seconds, latencies
