"""200 open pages and a message that comes in: how long until everybody who may see it has heard, and who may not has not.

Web, worker and beat are the product's own. The webhook is posted as a provider posts it; time runs from its first byte
until the news is on the last page, and until a page has fetched the words.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from django.test import Client

from benchmarks.portfolio import NOON, world
from benchmarks.processes import free_port
from collections_platform.runner.stack import Stack
from messaging.models import Conversation
from tenants.models import InboundRoute, Membership, User
from tenants.scope import tenant_scope

NAME = "live"
PAGES, OUTSIDERS, MESSAGES = 200, 20, 10
LONGEST_SECONDS = 30.0


def run() -> list[dict[str, Any]]:
    """Milliseconds until a message was heard on the last page (median and worst of some messages), and until it was read."""
    with tempfile.TemporaryDirectory(prefix="trato-bench-live-") as folder:
        (Path(folder) / "run").mkdir()
        stack = Stack(Path(folder), port=free_port(), sandbox_port=free_port())
        tenant, number, _, debtors = world(1, base_url=stack.sandbox_url)
        route = InboundRoute.objects.get(tenant=tenant, kind="whatsapp")
        with tenant_scope(tenant.pk):
            thread = Conversation.objects.get()
        pages = [_cookie(tenant.pk, _person(tenant.pk, number, None)) for number in range(PAGES)]
        # Of this organisation too, but for another creditor's debtors.
        others = [_cookie(tenant.pk, _person(tenant.pk, PAGES + n, [tenant.pk])) for n in range(OUTSIDERS)]
        try:
            stack.start()
            heard, read = asyncio.run(
                _listen(
                    f"{stack.web_url}/o/{tenant.slug}/live", f"{stack.web_url}/o/{tenant.slug}/inbox/{thread.pk}/thread/",
                    f"{stack.web_url}/webhooks/whatsapp/{route.key}", pages, others, number.provider_id,
                    thread.address.lstrip("+"),
                )
            )  # fmt: skip
        finally:
            stack.stop()
    del debtors
    sizes = {"pages": PAGES, "who_may_not": OUTSIDERS, "messages": MESSAGES}
    rows = [(NAME, statistics.median(heard)), ("live-worst", max(heard)), ("live-read", statistics.median(read))]
    return [
        {"name": name, "value": value * 1000, "unit": "ms", "baseline": None, "ratio": None, "sizes": sizes}
        for name, value in rows
    ]


def _person(tenant_id: Any, serial: int, creditors: list[Any] | None) -> User:
    user = User.objects.create_user(
        f"live-{serial}-{tenant_id.hex}@bench.example", "", name=f"P{serial}", joined_at=NOON
    )
    Membership.objects.create(tenant_id=tenant_id, user=user, role="agent", creditor_ids=creditors, created_at=NOON)
    return user


def _cookie(tenant_id: Any, user: User) -> str:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


async def _listen(
    live: str, thread: str, webhook: str, pages: list[str], others: list[str], number: str, phone: str
) -> tuple[list[float], list[float]]:
    """Post messages one after the other; seconds until the last page heard of each, and until one page had its words."""
    begun, count = 0.0, 0
    everybody, done = asyncio.Event(), asyncio.Event()
    last = read_at = 0.0
    opened = 0

    async def page(session: aiohttp.ClientSession, cookie: str, may: bool) -> None:
        nonlocal count, last, opened
        async with session.get(live, headers={"Cookie": cookie}) as answer:
            if answer.status != 200:
                raise RuntimeError(f"{live} answered {answer.status}")
            opened += 1
            async for line in answer.content:
                if b'"message.received"' not in line:
                    continue
                if not may:
                    raise RuntimeError("a page heard of a message that it may not see")
                count += 1
                last = time.perf_counter()
                if count == len(pages):
                    everybody.set()

    async def reader(session: aiohttp.ClientSession, words: str) -> None:
        nonlocal read_at
        while not done.is_set():
            async with session.get(thread, headers={"Cookie": pages[0], "HX-Request": "true"}) as answer:
                if words in await answer.text():
                    read_at = time.perf_counter()
                    return
            await asyncio.sleep(0.02)

    heard: list[float] = []
    read: list[float] = []
    endless = aiohttp.ClientTimeout(total=None, sock_connect=30)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=endless) as session:
        listeners = [asyncio.create_task(page(session, each, True)) for each in pages]
        listeners += [asyncio.create_task(page(session, each, False)) for each in others]
        while opened < len(listeners):
            await asyncio.sleep(0.1)
            _raise(listeners)
        await asyncio.sleep(1)
        for serial in range(-1, MESSAGES):  # the first one warms up
            words = f"mensaje {serial} de {phone}"
            body = _body(number, phone, serial, words)
            signature = "sha256=" + hmac.new(b"s", body, hashlib.sha256).hexdigest()
            count, begun = 0, time.perf_counter()
            everybody.clear()
            headers = {"X-Hub-Signature-256": signature, "Content-Type": "application/json"}
            looking = asyncio.create_task(reader(session, words))
            async with session.post(webhook, data=body, headers=headers) as answer:
                if answer.status != 200:
                    raise RuntimeError(f"{webhook} answered {answer.status}")
            try:
                await asyncio.wait_for(everybody.wait(), LONGEST_SECONDS)
                await asyncio.wait_for(looking, LONGEST_SECONDS)
            except TimeoutError:
                _raise(listeners)
                raise RuntimeError(f"after {LONGEST_SECONDS:.0f} s {count} of {len(pages)} pages have heard") from None
            if serial >= 0:
                heard.append(last - begun)
                read.append(read_at - begun)
            await asyncio.sleep(0.5)
        done.set()
        _raise(listeners)
        for each in listeners:
            each.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
    return heard, read


def _raise(tasks: list[asyncio.Task[None]]) -> None:
    for each in tasks:
        if each.done() and not each.cancelled() and (problem := each.exception()):
            raise problem


def _body(number: str, phone: str, serial: int, words: str) -> bytes:
    stamp = str(int(NOON.timestamp()) + serial + 2)
    message = {
        "from": phone,
        "id": f"wamid.LIVE{phone}{serial}",
        "timestamp": stamp,
        "type": "text",
        "text": {"body": words},
    }
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}, "messages": [message]}
    return orjson.dumps({
        "object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"value": value, "field": "messages"}]}],
    })  # fmt: skip
