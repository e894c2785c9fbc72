"""Sending through the Cloud API with pywa, many at a time, doubt as the default.

One event loop thread and one set of clients per process, made on first use, that is, after a Celery worker forked:
a client that outlives its loop files every later send as uncertain. There is no idempotency key (2.8), so anything
but a clear answer becomes NoAnswer.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import OrderedDict
from typing import Any

import aiohttp
import httpx
from django.conf import settings
from httpx_aiohttp import AiohttpTransport
from pywa.errors import WhatsAppError
from pywa_async import WhatsApp
from pywa_async.api import GraphAPIAsync

from kernel.errors import NoAnswer, Refused, Unreachable
from messaging.channels.base import Accepted, Line, Outcome, Parcel
from messaging.channels.whatsapp.wire import wire

_CLIENTS_MAX = 200


class _Runtime:
    """The loop thread, the shared transport and the clients of this process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.transport: httpx.AsyncBaseTransport | None = None
        self.clients: OrderedDict[tuple[str, str, str], GraphAPIAsync] = OrderedDict()
        self.thread = threading.Thread(target=self.loop.run_forever, name="whatsapp-send", daemon=True)
        self.thread.start()

    def api(self, line: Line) -> GraphAPIAsync:
        """The client of this token, kept among the last used; runs on the loop."""
        key = (line.base_url, line.api_version, line.token)
        if key in self.clients:
            self.clients.move_to_end(key)
            return self.clients[key]
        if self.transport is None:
            self.transport = transport_factory()
        # Connecting gets half of the time, so that a connection never made is told from an answer that never came.
        timeout = httpx.Timeout(settings.SEND_TIMEOUT_SECONDS, connect=settings.SEND_TIMEOUT_SECONDS / 2)
        session = httpx.AsyncClient(transport=self.transport, timeout=timeout, trust_env=False)
        client = WhatsApp(token=line.token, session=session, api_version=float(line.api_version))
        api: GraphAPIAsync = client.api
        # pywa sets its own address in the constructor (reference 1.3).
        api._session.base_url = httpx.URL(f"{line.base_url.rstrip('/')}/v{line.api_version}")
        self.clients[key] = api
        if len(self.clients) > _CLIENTS_MAX:
            self.clients.popitem(last=False)
        return api


def _aiohttp_transport() -> httpx.AsyncBaseTransport:
    limits = httpx.Limits(
        max_connections=settings.SEND_CONCURRENCY * 2, max_keepalive_connections=settings.SEND_CONCURRENCY
    )
    return AiohttpTransport(limits=limits, trust_env=False)


#: Tests put an ASGI transport here.
transport_factory: Any = _aiohttp_transport
_lock = threading.Lock()
_runtime: _Runtime | None = None


def _current() -> _Runtime:
    global _runtime
    with _lock:
        if _runtime is None or _runtime.pid != os.getpid():
            _runtime = _Runtime()
        return _runtime


def reset_runtime() -> None:
    """Close this process's clients and end its loop; the next send makes new ones."""
    global _runtime
    with _lock:
        if _runtime is not None and _runtime.pid == os.getpid():
            asyncio.run_coroutine_threadsafe(_close(_runtime), _runtime.loop).result(timeout=10)
            _runtime.loop.call_soon_threadsafe(_runtime.loop.stop)
        _runtime = None


async def _close(runtime: _Runtime) -> None:
    if runtime.transport is not None:
        await runtime.transport.aclose()


def deliver(line: Line, parcels: list[Parcel]) -> list[Outcome]:
    """Send all parcels of one number side by side; one outcome each, in order. Never raises."""
    runtime = _current()
    future = asyncio.run_coroutine_threadsafe(_deliver(runtime, line, parcels), runtime.loop)
    try:
        return future.result(timeout=settings.SEND_TIMEOUT_SECONDS * (2 + len(parcels) / settings.SEND_CONCURRENCY))
    except Exception as error:
        future.cancel()
        doubt = NoAnswer(f"{type(error).__name__}: {error}")
        return [doubt for _ in parcels]


async def _deliver(runtime: _Runtime, line: Line, parcels: list[Parcel]) -> list[Outcome]:
    api, gate = runtime.api(line), asyncio.Semaphore(settings.SEND_CONCURRENCY)

    async def one(parcel: Parcel) -> Outcome:
        async with gate:
            return await _post(api, line, parcel)

    return list(await asyncio.gather(*(one(parcel) for parcel in parcels)))


async def _post(api: GraphAPIAsync, line: Line, parcel: Parcel) -> Outcome:
    """One request; what the provider said, as one of four outcomes."""
    try:
        kind, body = wire(parcel.content)
        phone = parcel.to.startswith("+")
        answer = await asyncio.wait_for(
            api.send_message(
                sender=line.provider_id,
                # Strict E.164 or a business-scoped id: anything else would be taken for a group (reference 1.8).
                to=parcel.to if phone else None,
                recipient=None if phone else parcel.to,
                recipient_type="individual",
                typ=kind,
                msg=body,
                reply_to_message_id=parcel.reply_to or None,
                biz_opaque_callback_data=str(parcel.reference),
            ),
            settings.SEND_TIMEOUT_SECONDS,
        )
        message = answer["messages"][0]
        contacts = answer.get("contacts") or [{}]
        wire_address = contacts[0].get("wa_id") or contacts[0].get("user_id") or ""
        return Accepted(message["id"], wire_address, message.get("message_status") == "held_for_quality_assessment")
    except WhatsAppError as error:
        return _refused(error)
    except httpx.ConnectError:
        return Unreachable("the connection was refused")
    except httpx.HTTPError as error:
        # The transport calls several things a connect timeout; only a connection never made is surely unsent.
        if isinstance(error.__cause__, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            return Unreachable(str(error) or "the connection was never made")
        return NoAnswer(f"{type(error).__name__}: {error}")
    except Exception as error:
        return NoAnswer(f"{type(error).__name__}: {error}")


def _refused(error: WhatsAppError) -> Outcome:
    """A JSON error is a clear no; a gateway's page or a server error without a code is not."""
    status = error.status_code or 0
    if error.code == status and status >= 500:
        return NoAnswer(f"HTTP {status} without an error code")
    detail = str(error.details or error.message or "")[:300]
    if error.code in (1, 131000) and status >= 500 and not error.is_transient:
        return NoAnswer(f"{error.code}: {detail}")
    return Refused(int(error.code), detail, transient=bool(error.is_transient))
