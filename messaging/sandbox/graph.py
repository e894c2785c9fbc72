"""The Cloud API's endpoints under `/v{N}/`: one handler finds out what an id is and what may be done with it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
from starlette.requests import Request
from starlette.responses import Response

from messaging.sandbox import template_admin
from messaging.sandbox.agenda import HOUR, MINUTE, SECOND
from messaging.sandbox.errors import GraphError, no_such_object
from messaging.sandbox.faults import take_fault
from messaging.sandbox.life import Life
from messaging.sandbox.limits import tier
from messaging.sandbox.sending import accept, answer_of, mark_read, number_for
from messaging.sandbox.store import media_record
from messaging.sandbox.world import Media, Message, Number, World

MEDIA_TYPES = {
    "image/jpeg": 5, "image/png": 5, "image/webp": 1, "video/mp4": 16, "video/3gp": 16, "audio/aac": 16, "audio/amr": 16,
    "audio/mpeg": 16, "audio/mp4": 16, "audio/ogg": 16, "text/plain": 100, "application/pdf": 100, "application/msword": 100,
    "application/vnd.ms-excel": 100, "application/vnd.ms-powerpoint": 100,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": 100,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": 100,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": 100,
}  # fmt: skip
PROFILE = {"about": 139, "address": 256, "description": 512, "email": 128, "vertical": 64}
VERTICALS = {"UNDEFINED", "OTHER", "AUTO", "BEAUTY", "APPAREL", "EDU", "ENTERTAIN", "EVENT_PLAN", "FINANCE", "GROCERY", "GOVT", "HOTEL",
             "HEALTH", "NONPROFIT", "PROF_SERVICES", "RETAIL", "TRAVEL", "RESTAURANT", "NOT_A_BIZ"}  # fmt: skip
DROP_CONNECTION = "sandbox.drop"


def reply(value: Any, status: int = 200) -> Response:
    """JSON as Graph sends it."""
    data = value if isinstance(value, bytes) else orjson.dumps(value)
    return Response(data, status_code=status, headers={"content-type": "application/json; charset=UTF-8", "facebook-api-version": "v26.0"})


def accounts_of(world: World, request: Request) -> set[str]:
    """The accounts that the request's token may act for; raises GraphError 0 or 190."""
    header = request.headers.get("authorization", "")
    token = header[7:] if header.startswith("Bearer ") else request.query_params.get("access_token", "")
    if not token:
        raise GraphError(0, "An access token is required to request this resource.")
    accounts = world.by_token.get(token)
    if token in world.revoked:
        raise GraphError(190, "The session has been invalidated", subcode=460, message="Error validating access token: The session is invalid.")
    if not accounts:
        world.count("bad_token")
        raise GraphError(190, "", message="Invalid OAuth access token - Cannot parse access token")
    return accounts


async def body_of(request: Request) -> tuple[bytes, Any]:
    """The raw body and its JSON (an encoded string is decoded once more); raises GraphError 100."""
    raw = await request.body()
    try:
        body = orjson.loads(raw) if raw else {}
        return raw, orjson.loads(body) if isinstance(body, str) else body
    except orjson.JSONDecodeError as error:
        raise GraphError(100, "The request body is not valid JSON") from error


def drop(request: Request) -> Response:
    """Close the socket without an answer, as far as the server can."""
    abort = request.scope.get("extensions", {}).get(DROP_CONNECTION)
    if abort is None:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    abort()
    return Response(status_code=500)


class Graph:
    """The Cloud API over one world."""

    def __init__(self, world: World, life: Life) -> None:
        self.world = world
        self.life = life
        self._number_routes: dict[tuple[str, str], Callable[[Request, Number], Awaitable[Response]]] = {
            ("POST", "media"): self._upload,
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
        override = ["failed", fault["code"]] if kind == "fail_status" else ["held", fault.get("seconds", 600), fault.get("drop", False)]
        message: Message | None = None
        if kind == "delay":
            await asyncio.sleep(fault["ms"] / 1000)
        if kind != "error" and fault["accept"]:
            message = accept(self.world, number, raw, body, override if kind in ("fail_status", "hold") else None, self.life.schedule_message)
        if kind == "error":
            raise GraphError(fault["code"], fault.get("details", ""), status=fault.get("status"))
        if kind == "http":
            html = f"<html><head><title>{fault['status']}</title></head><body><h1>Sorry, something went wrong.</h1></body></html>"
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
        object_id, edge, method = request.path_params["object_id"], request.path_params.get("edge", "").strip("/"), request.method
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
            return reply(template_admin.node(self.life, world.templates[object_id], method, edge, body, dict(request.query_params)))
        elif object_id in world.media and not edge:
            return self._media(request, accounts, world.media[object_id])
        elif object_id == "me" and method == "GET":
            return reply({"id": "1", "name": "Sandbox system user"})
        raise no_such_object(object_id, method.lower())

    async def _account(self, request: Request, account_id: str, edge: str) -> Response:
        world, method, account = self.world, request.method, self.world.accounts[account_id]
        if edge == "message_templates":
            _, body = await body_of(request) if method == "POST" else (b"", {})
            return reply(template_admin.edge(self.life, account, method, body, dict(request.query_params)))
        if edge == "phone_numbers" and method == "GET":
            numbers = [self.number_fields(n, request.query_params.get("fields")) for n in world.numbers.values() if n.account_id == account_id]
            return reply({"data": numbers, "paging": {"cursors": {"before": "MA", "after": "MA"}}})
        if edge == "subscribed_apps":
            if method == "GET":
                apps = [{"whatsapp_business_api_data": {"id": "1", "name": "Sandbox app", "link": "https://example.com/"}}]
                return reply({"data": apps if account.subscribed else []})
            account.subscribed = method == "POST"
            world.journal.add("w", {**account.settings, "subscribed": account.subscribed})
            world.journal.flush()
            return reply({"success": True})
        if not edge and method == "GET":
            return reply({
                "id": account_id, "name": account.settings.get("name", "Sandbox account"), "currency": "USD", "timezone_id": "1",
                "message_template_namespace": hashlib.blake2b(account_id.encode(), digest_size=8).hexdigest(), "account_review_status": "APPROVED",
                "business_verification_status": "verified", "country": "CO", "status": "ACTIVE",
                "health_status": {"can_send_message": "AVAILABLE", "entities": []},
            })  # fmt: skip
        raise no_such_object(account_id, method.lower())

    def number_fields(self, number: Number, fields: str | None) -> dict[str, Any]:
        """A phone number node with the asked fields."""
        portfolio = self.world.portfolios[self.world.accounts[number.account_id].portfolio_id]
        node = {
            "id": number.id, "display_phone_number": number.display, "verified_name": number.name, "status": number.status,
            "quality_rating": number.quality, "quality_score": {"score": number.quality}, "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API", "throughput": {"level": "HIGH" if number.throughput in (0, 1000) else "STANDARD"},
            "name_status": "APPROVED", "account_mode": "LIVE", "is_pin_enabled": number.pin is not None,
            "whatsapp_business_manager_messaging_limit": tier(portfolio.messaging_limit),
            "messaging_limit_tier": tier(portfolio.messaging_limit),
            "health_status": {"can_send_message": "AVAILABLE" if number.status == "CONNECTED" else "BLOCKED", "entities": []},
        }  # fmt: skip
        wanted = [f.split("{")[0] for f in fields.split(",")] if fields else "id display_phone_number verified_name quality_rating status platform_type".split()
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
        event = {"delivery_status": message.state.upper(), "timestamp": message.stage_us // SECOND or message.at_us // SECOND}
        return reply({"data": [{"id": str(message.no), "message_id": message.wamid, "events": {"data": [event]}}]})

    async def _upload(self, request: Request, number: Number) -> Response:
        async with request.form(max_files=1) as form:
            upload, product = form.get("file"), form.get("messaging_product")
            if product != "whatsapp":
                raise GraphError(100, "The parameter messaging_product is required.")
            if upload is None or isinstance(upload, str):
                raise GraphError(100, "The parameter file is required.")
            data = await upload.read()
            declared, filename = form.get("type"), upload.filename or "file"
            mime_type = str(declared if isinstance(declared, str) and declared else upload.content_type or "").split(";")[0]
        if mime_type not in MEDIA_TYPES:
            raise GraphError(100, f"Param file must be a file with one of the following types: {', '.join(MEDIA_TYPES)}. Received file of type '{mime_type}'.")
        if not data or len(data) > MEDIA_TYPES[mime_type] * 1024 * 1024:
            raise GraphError(131053, f"The file has {len(data)} bytes; {mime_type} takes up to {MEDIA_TYPES[mime_type]} MB")
        return reply({"id": keep_media(self.world, number.id, mime_type, filename, data).id})

    def _media(self, request: Request, accounts: set[str], media: Media) -> Response:
        number_for(self.world, accounts, media.phone_id)
        if request.method == "DELETE":
            del self.world.media[media.id]
            return reply({"success": True})
        if request.method != "GET":
            raise no_such_object(media.id, request.method.lower())
        issued = self.world.clock.now_us()
        url = f"{str(request.base_url).rstrip('/')}/_media/{media.id}?issued={issued}&hash={self._media_hash(media.id, issued)}"
        return reply({
            "messaging_product": "whatsapp", "url": url, "mime_type": media.mime_type, "sha256": hashlib.sha256(media.data).hexdigest(),
            "file_size": len(media.data), "id": media.id,
        })  # fmt: skip

    def _media_hash(self, media_id: str, issued: int) -> str:
        return hashlib.blake2b(f"{self.world.nonce}{media_id}{issued}".encode(), digest_size=12).hexdigest()

    async def download(self, request: Request) -> Response:
        """A media URL: the bearer token is needed, and it lives five minutes."""
        try:
            accounts = accounts_of(self.world, request)
            media = self.world.media.get(request.path_params["media_id"])
            issued = int(request.query_params.get("issued", "0"))
            good = media is not None and request.query_params.get("hash") == self._media_hash(media.id, issued)
            if media is None or not good or self.world.clock.now_us() - issued > 5 * MINUTE:
                return reply({"error": {"message": "The URL has expired", "code": 100, "type": "OAuthException"}}, 404)
            number_for(self.world, accounts, media.phone_id)
        except GraphError as error:
            return reply(error.json(), error.status)
        return Response(media.data, media_type=media.mime_type)


def keep_media(world: World, phone_id: str, mime_type: str, filename: str, data: bytes) -> Media:
    """Store a file and give it an id."""
    media = Media(world.new_id("media"), mime_type, filename, data, world.clock.now_us(), phone_id)
    world.media[media.id] = media
    world.journal.add("md", *media_record(media))
    world.journal.flush()
    return media


def _pin(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 6 or not value.isdigit():
        raise GraphError(100, "pin must be a string of six digits")
    return value
