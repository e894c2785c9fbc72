"""The stream that keeps open pages fresh: /o/<slug>/live, server-sent events with names and ids, never a text.

A page that hears of something fetches it through an ordinary request. The stream ends when the session or the role
does; the browser asks again by itself.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import redis.asyncio as redis_asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from redis.exceptions import RedisError

from kernel.clock import machine_now
from tenants.live import channel
from tenants.models import Membership, User
from workbench.access import live_page

HEARTBEAT_SECONDS = 15.0
#: How often the door is looked at again: whoever lost their role hears no more within a minute.
CHECK_SECONDS = 30.0
#: The browser comes back by itself; a stream that ends now and then keeps no process from ending.
LIFE_SECONDS = 3600.0
STREAMS_MAX = 8
_open: Counter[uuid.UUID] = Counter()


@live_page
async def stream(request: HttpRequest) -> HttpResponseBase:
    """GET /o/<slug>/live: a stream of `data: {"name", "subject", "id"}` with the event's number as `id`."""
    ours: Any = request
    user_id: uuid.UUID = ours.user.pk
    if _open[user_id] >= STREAMS_MAX:
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    response = StreamingHttpResponse(
        events(ours.membership, user_id, request.session.session_key or ""), content_type="text/event-stream"
    )
    response["Cache-Control"], response["X-Accel-Buffering"] = "no-store", "no"
    return response


async def events(membership: Membership, user_id: uuid.UUID, session_key: str) -> AsyncIterator[bytes]:
    """The bytes of one stream, until the right to hear them ends."""
    _open[user_id] += 1
    link = redis_asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2)
    allowed = None if membership.creditor_ids is None else {str(each) for each in membership.creditor_ids}
    try:
        yield b"retry: 3000\n: hello\n\n"
        async with link.pubsub(ignore_subscribe_messages=True) as news:
            await news.subscribe(channel(membership.tenant_id))
            began = checked = heard = time.monotonic()
            while time.monotonic() - began < LIFE_SECONDS:
                message = await news.get_message(timeout=1.0)
                now = time.monotonic()
                if now - checked >= CHECK_SECONDS:
                    checked = now
                    if not await sync_to_async(still_allowed)(membership, user_id, session_key):
                        return
                lines = b"" if message is None else written(json.loads(message["data"]), allowed)
                if lines:
                    heard = now
                    yield lines
                elif now - heard >= HEARTBEAT_SECONDS:
                    heard = now
                    yield b": still here\n\n"
    except RedisError:
        await asyncio.sleep(2)  # the browser asks again; nobody hurries while Redis is away
    finally:
        _open[user_id] -= 1
        if _open[user_id] <= 0:
            del _open[user_id]
        await link.aclose()


def written(news: list[dict[str, Any]], allowed: set[str] | None) -> bytes:
    """What of it this listener may hear, as server-sent events."""
    parts = []
    for each in news:
        if allowed is not None and each["creditor"] is not None and each["creditor"] not in allowed:
            continue
        told = json.dumps({"name": each["name"], "subject": each["subject"], "id": each["id"]})
        parts.append(f"id: {each['n']}\ndata: {told}\n\n")
    return "".join(parts).encode()


def still_allowed(membership: Membership, user_id: uuid.UUID, session_key: str) -> bool:
    """Whether person, session and membership are what they were when the stream began."""
    try:
        if not Session.objects.filter(pk=session_key, expire_date__gt=machine_now()).exists():
            return False
        if not User.objects.filter(pk=user_id, is_active=True).exists():
            return False
        now = Membership.objects.filter(pk=membership.pk, active=True).values_list("role", "creditor_ids").first()
        return now == (membership.role, membership.creditor_ids)
    finally:
        connection.close()
