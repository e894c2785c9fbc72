"""A business at the other end of the sandbox: takes webhooks, shows bills, hears of payments."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from messaging.sandbox import Config, create_app
from messaging.sandbox.agenda import to_us

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, ten in the morning in Bogotá
SECRET, TOKEN, VERIFY = "app-secret", "token-1", "verify-1"
WABA, NUMBER, DISPLAY = "1000", "2000", "+57 300 555 0100"
ANA = "+573001112233"


class Business:
    """Records what arrives; `refuse` posts are answered 503 first."""

    def __init__(self) -> None:
        self.posts: list[tuple[bytes, str]] = []
        self.refuse = 0
        self.refused = 0
        self.payments: list[tuple[bytes, str]] = []
        self.bills: dict[str, dict[str, Any]] = {}
        self.app = Starlette(
            routes=[
                Route("/hook", self.handshake, methods=["GET"]),
                Route("/hook", self.hook, methods=["POST"]),
                Route("/psp", self.psp, methods=["POST"]),
                Route("/p/{token}", self.bill),
            ]
        )

    async def handshake(self, request: Request) -> Response:
        if request.query_params.get("hub.verify_token") != VERIFY:
            return PlainTextResponse("no", 403)
        return PlainTextResponse(request.query_params["hub.challenge"])

    async def hook(self, request: Request) -> Response:
        body = await request.body()
        if self.refuse:
            self.refuse -= 1
            self.refused += 1
            return PlainTextResponse("later", 503)
        self.posts.append((body, request.headers["x-hub-signature-256"]))
        return PlainTextResponse("ok")

    async def psp(self, request: Request) -> Response:
        self.payments.append((await request.body(), request.headers["x-signature"]))
        return PlainTextResponse("ok")

    async def bill(self, request: Request) -> Response:
        bill = self.bills.get(request.path_params["token"])
        return JSONResponse(bill) if bill else PlainTextResponse("gone", 404)

    def values(self) -> Iterator[dict[str, Any]]:
        """Every change's value, in order of arrival."""
        for body, _ in self.posts:
            for entry in orjson.loads(body)["entry"]:
                for change in entry["changes"]:
                    yield change["value"]

    def statuses(self) -> list[dict[str, Any]]:
        return [status for value in self.values() for status in value.get("statuses", [])]

    def messages(self) -> list[dict[str, Any]]:
        return [message for value in self.values() for message in value.get("messages", [])]


class Bench:
    """A sandbox with one account, and a client to talk to it."""

    def __init__(self, app: Starlette, client: httpx.AsyncClient, business: Business) -> None:
        self.app, self.client, self.business = app, client, business
        self.sandbox = app.state.sandbox

    async def control(self, path: str, body: dict[str, Any] | None = None, *, status: int = 200) -> Any:
        """POST when there is a body, else GET; checks the status."""
        url = f"/_sandbox/{path}"
        answer = await (self.client.post(url, json=body) if body is not None else self.client.get(url))
        assert answer.status_code == status, answer.text
        return answer.json()

    async def setup(self, **changes: Any) -> Any:
        body = {
            "waba_id": WABA,
            "token": TOKEN,
            "app_secret": SECRET,
            "verify_token": VERIFY,
            "callback_url": "http://business/hook",
            "numbers": [{"id": NUMBER, "display_phone_number": DISPLAY, "verified_name": "Acme"}],
            "review": {"seconds": 0},
            "webhooks": {"linger_ms": 0, "retry_ms": 5},
            "psp": {"url": "http://business/psp", "secret": "psp-secret", "duplicate_rate": 0},
        }
        return await self.control("setup", {**body, **changes})

    async def send(
        self, content: dict[str, Any] | None = None, *, to: str = ANA, token: str = TOKEN, number: str = NUMBER
    ) -> httpx.Response:
        content = content if content is not None else text("hola")
        body = {"messaging_product": "whatsapp", "to": to, **content}
        return await self.client.post(
            f"/v26.0/{number}/messages", json=body, headers={"Authorization": f"Bearer {token}"}
        )

    async def hear(self, words: str = "hola", *, phone: str = ANA) -> str:
        """The person writes, which opens the service window; returns the wamid."""
        return str((await self.control(f"phone/{phone}/say", {"text": words, "phone_number_id": NUMBER}))["wamid"])

    async def advance(self, to: datetime) -> Any:
        return await self.control("advance", {"to": to.isoformat()})

    async def template(
        self, name: str = "recordatorio", body: str = "Hola {{1}}, debes {{2}} a Acme. Gracias.", **more: Any
    ) -> Any:
        count = body.count("{{")
        component: dict[str, Any] = {"type": "BODY", "text": body}
        if count:
            component["example"] = {"body_text": [["x"] * count]}
        definition = {"name": name, "language": "es", "category": "UTILITY", "components": [component], **more}
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return (await self.client.post(f"/v26.0/{WABA}/message_templates", json=definition, headers=headers)).json()


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": {"body": words}, **more}


def reminder(*values: str, name: str = "recordatorio", **more: Any) -> dict[str, Any]:
    parameters = [{"type": "text", "text": value} for value in values]
    components = [{"type": "body", "parameters": parameters}] if values else []
    return {
        "type": "template",
        "template": {"name": name, "language": {"code": "es"}, "components": components},
        **more,
    }


def code(answer: httpx.Response) -> int:
    return int(answer.json()["error"]["code"])


def seal(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@asynccontextmanager
async def bench(
    directory: Path | None = None,
    *,
    seed: int = 7,
    business: Business | None = None,
    set_up: bool = True,
    **changes: Any,
) -> AsyncIterator[Bench]:
    """A sandbox whose clock stands at START and whose webhooks reach `business` in-process."""
    business = business or Business()
    out = httpx.AsyncClient(transport=httpx.ASGITransport(app=business.app))
    app = create_app(Config(seed=seed, directory=directory, client=out, start_us=to_us(START)))
    async with out, httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox") as client:
        it = Bench(app, client, business)
        if set_up:
            await it.setup(**changes)
        try:
            yield it
        finally:
            await app.state.sandbox.close()
