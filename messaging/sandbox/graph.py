"""The Cloud API's endpoints under `/v{N}/`: one handler finds out what an id is and what may be done with it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from messaging.sandbox import files, template_admin
from messaging.sandbox.agenda import HOUR, SECOND
from messaging.sandbox.doors import accounts_of, body_of, drop, reply
from messaging.sandbox.errors import GraphError, no_such_object
from messaging.sandbox.faults import take_fault
from messaging.sandbox.life import Life
from messaging.sandbox.limits import tier
from messaging.sandbox.sending import accept, answer_of, mark_read, number_for
from messaging.sandbox.world import Message, Number, World

PROFILE = {"about": 139, "address": 256, "description": 512, "email": 128, "vertical": 64}
VERTICALS = {
    "UNDEFINED",
    "OTHER",
    "AUTO",
    "BEAUTY",
    "APPAREL",
    "EDU",
    "ENTERTAIN",
    "EVENT_PLAN",
    "FINANCE",
    "GROCERY",
    "GOVT",
    "HOTEL",
    "HEALTH",
    "NONPROFIT",
    "PROF_SERVICES",
    "RETAIL",
    "TRAVEL",
    "RESTAURANT",
    "NOT_A_BIZ",
}


class Graph:
    """The Cloud API over one world."""

    def __init__(self, world: World, life: Life) -> None:
        self.world = world
        self.life = life
        self._number_routes: dict[tuple[str, str], Callable[[Request, Number], Awaitable[Response]]] = {
            ("POST", "media"): self._upload_file,
            ("POST", "register"): self._register,
            ("POST", "deregister"): self._deregister,
            ("GET", "whatsapp_business_profile"): self._profile,
            ("POST", "whatsapp_business_profile"): self._change_profile,
            ("GET", "message_history"): self._history,
        }

    async def send(self, request: Request) -> Response:
        """`POST /{phone}/messages`."""
        world = self.world
        try:
            accounts = accounts_of(world, request)
            number = number_for(world, accounts, request.path_params["object_id"])
            raw, body = await body_of(request)
            if isinstance(body, dict) and "status" in body:
                return reply(mark_read(world, number, body))
            fault = take_fault(world, number, body) if world.faults else None
            if fault is not None:
                return await self._faulty(request, number, raw, body, fault)
            message = accept(world, number, raw, body, None, self.life.schedule_message)
            return reply(answer_of(world, message))
        except GraphError as error:
            world.count("refused")
            world.count(f"refused_{error.code}")
            return reply(error.json(), error.status)

    async def _faulty(self, request: Request, number: Number, raw: bytes, body: Any, fault: dict[str, Any]) -> Response:
        """One injected trouble; `accept` says whether the message goes out all the same."""
        kind = fault["kind"]
        override = (
            ["failed", fault["code"]]
            if kind == "fail_status"
            else ["held", fault.get("seconds", 600), fault.get("drop", False)]
        )
        message: Message | None = None
        if kind == "delay":
            await asyncio.sleep(fault["ms"] / 1000)
        if kind != "error" and fault["accept"]:
            message = accept(
                self.world,
                number,
                raw,
                body,
                override if kind in ("fail_status", "hold") else None,
                self.life.schedule_message,
            )
        if kind == "error":
            raise GraphError(fault["code"], fault.get("details", ""), status=fault.get("status"))
        if kind == "http":
            html = f"<html><title>{fault['status']}</title><body><h1>Sorry, something went wrong.</h1></body></html>"
            return Response(html, status_code=fault["status"], media_type="text/html")
        if kind == "garbage":
            return Response(b"<!doctype html>OK", status_code=200, media_type="text/html")
        if kind in ("hang", "close"):
            if kind == "hang":
                await asyncio.sleep(fault["ms"] / 1000)
            return drop(request)
        assert message is not None
        answer = orjson.loads(answer_of(self.world, message, held=kind == "hold"))
        if kind == "no_contacts":
            del answer["contacts"]
        return reply(answer)

    async def object(self, request: Request) -> Response:
        """Everything else: `/{id}` and `/{id}/{edge}`."""
        try:
            return await self._object(request)
        except GraphError as error:
            return reply(error.json(), error.status)

    async def _object(self, request: Request) -> Response:
        accounts = accounts_of(self.world, request)
        object_id, edge, method = (
            request.path_params["object_id"],
            request.path_params.get("edge", "").strip("/"),
            request.method,
        )
        world = self.world
        if object_id in world.numbers:
            number = number_for(world, accounts, object_id)
            if not edge:
                return await self._number(request, number)
            handler = self._number_routes.get((method, edge))
            if handler is not None:
                return await handler(request, number)
        elif object_id in accounts:
            return await self._account(request, object_id, edge)
        elif object_id in world.accounts:
            world.count("foreign_token")
        elif object_id in world.templates and world.templates[object_id].account_id in accounts:
            _, body = await body_of(request)
            return reply(
                template_admin.node(
                    self.life, world.templates[object_id], method, edge, body, dict(request.query_params)
                )
            )
        elif object_id in world.media and not edge:
            return files.node(world, request, accounts, world.media[object_id])
        elif object_id == "me" and method == "GET":
            return reply({"id": "1", "name": "Sandbox system user"})
        raise no_such_object(object_id, method.lower())

    async def _account(self, request: Request, account_id: str, edge: str) -> Response:
        world, method, account = self.world, request.method, self.world.accounts[account_id]
        if edge == "message_templates":
            _, body = await body_of(request) if method == "POST" else (b"", {})
            return reply(template_admin.edge(self.life, account, method, body, dict(request.query_params)))
        if edge == "phone_numbers" and method == "GET":
            numbers = [
                self.number_fields(n, request.query_params.get("fields"))
                for n in world.numbers.values()
                if n.account_id == account_id
            ]
            return reply({"data": numbers, "paging": {"cursors": {"before": "MA", "after": "MA"}}})
        if edge == "subscribed_apps":
            if method == "GET":
                apps = [
                    {"whatsapp_business_api_data": {"id": "1", "name": "Sandbox app", "link": "https://example.com/"}}
                ]
                return reply({"data": apps if account.subscribed else []})
            account.subscribed = method == "POST"
            world.journal.add("w", {**account.settings, "subscribed": account.subscribed})
            world.journal.flush()
            return reply({"success": True})
        if not edge and method == "GET":
            return reply(
                {
                    "id": account_id,
                    "name": account.settings.get("name", "Sandbox account"),
                    "currency": "USD",
                    "timezone_id": "1",
                    "message_template_namespace": hashlib.blake2b(account_id.encode(), digest_size=8).hexdigest(),
                    "account_review_status": "APPROVED",
                    "business_verification_status": "verified",
                    "country": "CO",
                    "status": "ACTIVE",
                    "health_status": {"can_send_message": "AVAILABLE", "entities": []},
                }
            )
        raise no_such_object(account_id, method.lower())

    def number_fields(self, number: Number, fields: str | None) -> dict[str, Any]:
        """A phone number node with the asked fields."""
        portfolio = self.world.portfolios[self.world.accounts[number.account_id].portfolio_id]
        node = {
            "id": number.id,
            "display_phone_number": number.display,
            "verified_name": number.name,
            "status": number.status,
            "quality_rating": number.quality,
            "quality_score": {"score": number.quality},
            "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "HIGH" if number.throughput in (0, 1000) else "STANDARD"},
            "name_status": "APPROVED",
            "account_mode": "LIVE",
            "is_pin_enabled": number.pin is not None,
            "whatsapp_business_manager_messaging_limit": tier(portfolio.messaging_limit),
            "messaging_limit_tier": tier(portfolio.messaging_limit),
            "health_status": {
                "can_send_message": "AVAILABLE" if number.status == "CONNECTED" else "BLOCKED",
                "entities": [],
            },
        }
        wanted = (
            [f.split("{")[0] for f in fields.split(",")]
            if fields
            else ["id", "display_phone_number", "verified_name", "quality_rating", "status", "platform_type"]
        )
        return {name: node[name] for name in dict.fromkeys(["id", *wanted]) if name in node}

    async def _number(self, request: Request, number: Number) -> Response:
        if request.method == "GET":
            return reply(self.number_fields(number, request.query_params.get("fields")))
        if request.method == "POST":
            _, body = await body_of(request)
            if "pin" in body:
                number.pin = _pin(body["pin"])
                self._keep(number)
            return reply({"success": True})
        raise no_such_object(number.id, request.method.lower())

    def _keep(self, number: Number) -> None:
        self.world.journal.add("n", number.public())
        self.world.journal.flush()

    async def _upload_file(self, request: Request, number: Number) -> Response:
        return await files.upload(self.world, request, number)

    async def download(self, request: Request) -> Response:
        """`GET /_media/{id}`, the URL that a media node gives."""
        return files.download(self.world, request)

    async def _register(self, request: Request, number: Number) -> Response:
        _, body = await body_of(request)
        pin = _pin(body.get("pin"))
        self._count_registration(number)
        if number.pin is not None and number.pin != pin:
            raise GraphError(133005, "The PIN does not match the two-step verification PIN")
        number.pin, number.status = pin, "CONNECTED"
        self._keep(number)
        return reply({"success": True})

    async def _deregister(self, request: Request, number: Number) -> Response:
        self._count_registration(number)
        number.status = "DISCONNECTED"
        self._keep(number)
        return reply({"success": True})

    def _count_registration(self, number: Number) -> None:
        now_us = self.world.clock.now_us()
        number.registrations = [at for at in number.registrations if at > now_us - 72 * HOUR]
        if len(number.registrations) >= 10:
            raise GraphError(133016, "More than 10 register or deregister calls in 72 hours")
        number.registrations.append(now_us)

    async def _profile(self, request: Request, number: Number) -> Response:
        return reply({"data": [{"messaging_product": "whatsapp", "vertical": "UNDEFINED", **number.profile}]})

    async def _change_profile(self, request: Request, number: Number) -> Response:
        _, body = await body_of(request)
        if body.get("messaging_product") != "whatsapp":
            raise GraphError(100, "The parameter messaging_product is required.")
        for name, longest in PROFILE.items():
            if len(str(body.get(name, ""))) > longest:
                raise GraphError(100, f"{name} must be at most {longest} characters")
        if body.get("vertical") and body["vertical"] not in VERTICALS:
            raise GraphError(100, f"vertical must be one of {', '.join(sorted(VERTICALS))}")
        websites = body.get("websites") or []
        if len(websites) > 2 or any(len(str(site)) > 256 for site in websites):
            raise GraphError(100, "websites: at most 2, each at most 256 characters")
        number.profile |= {name: body[name] for name in [*PROFILE, "websites"] if name in body}
        self._keep(number)
        return reply({"success": True})

    async def _history(self, request: Request, number: Number) -> Response:
        message = self.world.by_wamid.get(request.query_params.get("message_id", ""))
        if message is None or message.phone_id != number.id:
            return reply({"data": []})
        event = {
            "delivery_status": message.state.upper(),
            "timestamp": message.stage_us // SECOND or message.at_us // SECOND,
        }
        return reply({"data": [{"id": str(message.no), "message_id": message.wamid, "events": {"data": [event]}}]})


def _pin(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 6 or not value.isdigit():
        raise GraphError(100, "pin must be a string of six digits")
    return value
