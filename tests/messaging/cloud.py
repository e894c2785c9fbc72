"""A sandbox Cloud API on loopback per test, whose webhooks reach Django as they would in production."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from aiohttp import web
from django.db import connections
from django.test import Client

from compliance.rulesets import load_rule_packs
from kernel.canonical import instant_text
from messaging.channels.whatsapp import send
from messaging.models import Conversation, Message, Number, Outbound, SendRequest
from messaging.sandbox.app import create_app
from messaging.sandbox.config import Config
from messaging.sandbox.serve import handler_for
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from messaging.services import connect_whatsapp
from portfolio.models import Debtor
from tenants import work
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.factories import NOON

SECRET = "app-secret-of-the-test"
TOKEN = "token-of-the-test"


class _Django(httpx.AsyncBaseTransport):
    """Hands the sandbox's requests to Django's handler, in a thread of its own database connection."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        return await asyncio.to_thread(self._serve, request, body)

    @staticmethod
    def _serve(request: httpx.Request, body: bytes) -> httpx.Response:
        headers: dict[str, Any] = {
            f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()
        }
        path = request.url.raw_path.decode()
        try:
            answer = Client().generic(request.method, path, body, content_type="application/json", **headers)
            return httpx.Response(answer.status_code, content=answer.content)
        finally:
            connections.close_all()


@dataclass(slots=True)
class Cloud:
    """The sandbox, and an organisation that is connected to it."""

    url: str
    http: httpx.Client
    tenant: Any = None  # a Tenant once `connect` has run
    number_id: Any = None

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **params: Any) -> Any:
        answer = self.http.request(method, f"/_sandbox{path}", json=body, params=params)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def advance(self, by: timedelta) -> datetime:
        """Move both clocks and let everything happen until then."""
        assert self.tenant is not None
        to = self.now() + by
        Tenant.objects.filter(pk=self.tenant.pk).update(clock_frozen_at=to)
        self.call("POST", "/advance", {"to": instant_text(to)})
        work.drain(self.tenant.pk)
        return to

    def now(self) -> datetime:
        assert self.tenant is not None
        return Tenant.objects.get(pk=self.tenant.pk).clock().now()

    def accepted(self) -> list[dict[str, Any]]:
        """Everything that the sandbox took."""
        return self.call("GET", "/messages", limit=10_000)["messages"]

    def say(self, phone: str, text: str) -> None:
        """A debtor writes."""
        with self.scope():
            number = Number.objects.get(pk=self.number_id)
        self.call("POST", "/inbound", {
            "phone_number_id": number.provider_id, "from": phone, "message": {"type": "text", "text": {"body": text}},
        })  # fmt: skip
        self.advance(timedelta(seconds=1))

    def scope(self) -> Any:
        assert self.tenant is not None
        return tenant_scope(self.tenant.pk)


@contextmanager
def running_sandbox() -> Iterator[Cloud]:
    """A sandbox Cloud API of this test's own."""
    app = create_app(
        Config(seed=1, client=httpx.AsyncClient(transport=_Django()), start_us=int(NOON.timestamp() * 1e6))
    )
    loop, ready = asyncio.new_event_loop(), threading.Event()
    where: dict[str, Any] = {}

    async def start() -> None:
        server = web.Server(handler_for(app), access_log=None)
        listener = await loop.create_server(server, "127.0.0.1", 0)
        where["port"] = listener.sockets[0].getsockname()[1]
        app.state.sandbox.start()
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        where["task"] = loop.create_task(start())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    url = f"http://127.0.0.1:{where['port']}"
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        yield Cloud(url, http)
    send.reset_runtime()
    asyncio.run_coroutine_threadsafe(app.state.sandbox.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


def connect(sandbox: Cloud, country: str, **limits: Any) -> Cloud:
    """Connect a new organisation of this country."""
    load_rule_packs(now=NOON, author="tests")
    tenant = factories.make_tenant(country)
    Tenant.objects.filter(pk=tenant.pk).update(sandbox=True, clock_frozen_at=NOON)
    tenant.refresh_from_db()
    sandbox.call("POST", "/clock", {"now": instant_text(NOON)})
    with tenant_scope(tenant.pk):
        account, number, route = connect_whatsapp(
            waba_id=f"9{tenant.pk.int % 10**12}", phone_number_id=f"1{tenant.pk.int % 10**12}",
            display_number=factories.make_phone(country), token=TOKEN, app_secret=SECRET, verify_token="verify-me",
            base_url=sandbox.url, messaging_limit=None, per_second=0, actor="test", now=NOON,
        )  # fmt: skip
    sandbox.call("POST", "/setup", {
        "waba_id": account.waba_id, "token": TOKEN, "app_secret": SECRET, "verify_token": "verify-me",
        "callback_url": f"http://testserver/webhooks/whatsapp/{route.key}",
        "numbers": [{"id": number.provider_id, "display_phone_number": number.address, "throughput": 0}], **limits,
    })  # fmt: skip
    sandbox.tenant, sandbox.number_id = tenant, number.pk
    return sandbox


def person_with_window(cloud: Cloud, **fields: Any) -> Debtor:
    """A debtor who wrote to us a minute ago: free text may go."""
    with cloud.scope():
        creditor = factories.make_creditor()
        debtor = factories.make_debtor(creditor, invoices=[("1000", (NOON - timedelta(days=10)).date())], **fields)
        point = factories.contact_of(debtor)
        number = Number.objects.get(pk=cloud.number_id)
        factories.make_conversation(number, point, debtor=debtor, speaker="agent")  # so that the bot keeps quiet
    cloud.call("POST", "/debtors", {"debtors": [{"phone": point.value, "persona": "manual"}]})
    cloud.call("POST", "/inbound", {
        "phone_number_id": number.provider_id, "from": point.value,
        "message": {"type": "text", "text": {"body": "hola"}},
    })  # fmt: skip
    cloud.advance(timedelta(minutes=1))
    return debtor


def reply(debtor: Debtor, text: str, *, origin: str, now: datetime, **fields: Any) -> SendRequest:
    """An agent's answer."""
    wish = Wish(
        creditor_id=debtor.creditor_id, debtor_id=debtor.pk, message_class="reply",
        content={"kind": "text", "text": text}, origin_kind="agent", origin_id=origin, actor="user:test", **fields,
    )  # fmt: skip
    (request,) = request_send([wish], now=now)
    assert request is not None
    return request


def states(request: SendRequest) -> tuple[str, str, str]:
    """(request, outbound, message) as they stand."""
    fresh = SendRequest.objects.get(pk=request.pk)
    outbound = Outbound.objects.filter(request=request).order_by("-id").first()
    return fresh.state, outbound.state if outbound else "", Message.objects.get(pk=fresh.message_id).state


def conversation_of(debtor: Debtor) -> Conversation:
    """The debtor's conversation."""
    return Conversation.objects.get(person_id=debtor.person_id)
