"""`/_sandbox/`: set-up, the clock, barriers, counters, and troubles on demand. Bodies and answers are JSON."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from messaging.sandbox.agenda import ClockGoesBack, parse_instant, text_of
from messaging.sandbox.debtors import PERSONAS, Profile
from messaging.sandbox.faults import make_fault
from messaging.sandbox.life import Life
from messaging.sandbox.store import profile_record, set_up
from messaging.sandbox.template_admin import set_status

CHALLENGE = "1158201444"
PAGE_MAX = 10_000


class Wrong(Exception):
    """A control request that cannot be served: `status` and what to mend."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(value), status_code=status, media_type="application/json")


def _need(body: dict[str, Any], *names: str) -> None:
    for name in names:
        if body.get(name) in (None, "", []):
            raise Wrong(f"{name} is missing")


class Control:
    """The control API of one sandbox."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.world = life.world

    def routes(self) -> list[Route]:
        """All routes under /_sandbox/ but the phones'."""
        table: list[tuple[str, str, Callable[[dict[str, Any], Request], Awaitable[Any]]]] = [
            ("POST", "setup", self.setup),
            ("GET", "clock", self.clock),
            ("POST", "clock", self.set_clock),
            ("POST", "advance", self.advance),
            ("GET", "next", self.next),
            ("POST", "drain", self.drain),
            ("GET", "stats", self.stats),
            ("GET", "messages", self.messages),
            ("GET", "truth", self.truth),
            ("GET", "bank", self.bank),
            ("GET", "payments", self.payments),
            ("POST", "faults", self.add_fault),
            ("GET", "faults", self.list_faults),
            ("DELETE", "faults", self.clear_faults),
            ("POST", "debtors", self.debtors),
            ("GET", "debtors", self.list_debtors),
            ("POST", "inbound", self.inbound),
            ("POST", "announce", self.announce),
            ("POST", "templates/{template_id}", self.template),
            ("POST", "numbers/{phone_id}", self.number),
            ("POST", "tokens/revoke", self.revoke),
        ]
        return [Route(f"/_sandbox/{path}", self._guarded(handler), methods=[method]) for method, path, handler in table]

    def _guarded(
        self, handler: Callable[[dict[str, Any], Request], Awaitable[Any]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                raw = await request.body()
                body = orjson.loads(raw) if raw else {}
                result = await handler(body, request)
                self.world.journal.flush()
                return answer(result)
            except Wrong as error:
                return answer({"error": str(error)}, error.status)
            except (orjson.JSONDecodeError, KeyError, ValueError, TypeError) as error:
                return answer({"error": f"{type(error).__name__}: {error}"}, 400)

        return endpoint

    # -- set-up -------------------------------------------------------------------------------------------------------

    async def setup(self, body: dict[str, Any], request: Request) -> Any:
        """An account with its portfolio, numbers, secrets, callback URL and limits; does the GET handshake."""
        _need(body, "waba_id", "token", "app_secret", "numbers")
        body = {"portfolio_id": f"portfolio-{body['waba_id']}", **body}
        for item in body["numbers"]:
            if not item.get("id") or not item.get("display_phone_number"):
                raise Wrong("every number needs id and display_phone_number")
            owner = self.world.numbers.get(item["id"])
            if owner is not None and owner.account_id != body["waba_id"]:
                raise Wrong(f"number {item['id']} belongs to account {owner.account_id}", 409)
        if body.get("callback_url") and body.get("verify_token") and body.get("handshake", True):
            query = urlencode(
                {"hub.mode": "subscribe", "hub.challenge": CHALLENGE, "hub.verify_token": body["verify_token"]}
            )
            joint = "&" if "?" in body["callback_url"] else "?"
            status, content = await self.life.courier.poster.request("GET", f"{body['callback_url']}{joint}{query}")
            if status != 200 or not hmac.compare_digest(content.strip(), CHALLENGE.encode()):
                raise Wrong(
                    f"the callback URL did not return the challenge (HTTP {status}): check URL and verify token",
                    422,
                )
        account = set_up(self.world, body)
        self.world.journal.add("w", body)
        return {
            "waba_id": account.id,
            "portfolio_id": account.portfolio_id,
            "numbers": [n["id"] for n in body["numbers"]],
        }

    async def debtors(self, body: dict[str, Any], request: Request) -> Any:
        """Register simulated people, a batch at a time."""
        known = {field.name for field in fields(Profile)}
        added = 0
        for item in body["debtors"]:
            e164 = self.world.find_person(str(item.get("phone") or ""))
            if item.get("persona") is not None and item["persona"] not in PERSONAS:
                raise Wrong(f"persona must be one of {', '.join(PERSONAS)}")
            chosen = {name: value for name, value in item.items() if name in known and value is not None}
            profile = Profile.made(self.world.seed, **{**chosen, "e164": e164})
            self.world.people[e164] = profile
            self.world.journal.add("d", profile_record(profile))
            added += 1
        return {"registered": added}

    async def list_debtors(self, body: dict[str, Any], request: Request) -> Any:
        """Everybody registered."""
        return {"debtors": [profile_record(profile) for profile in self.world.people.values()]}

    async def template(self, body: dict[str, Any], request: Request) -> Any:
        """Move a template: {"status": PAUSED, APPROVED, DISABLED or REJECTED} or {"category", "notice": bool}."""
        template = self.world.templates.get(request.path_params["template_id"])
        if template is None:
            raise Wrong("no such template", 404)
        if "category" in body:
            value: dict[str, Any] = {
                "message_template_id": int(template.id),
                "message_template_name": template.name,
                "message_template_language": template.language.replace("_", "-"),
            }
            if body.get("notice"):
                template.correct_category = body["category"]
                value |= {"new_category": template.category, "correct_category": body["category"]}
                value["category_update_timestamp"] = self.world.clock.now_us() // 1_000_000 + 86_400
            else:
                value |= {"previous_category": template.category, "new_category": body["category"]}
                template.previous_category, template.category, template.correct_category = (
                    template.category,
                    body["category"],
                    None,
                )
            account = self.world.accounts[template.account_id]
            self.life.announce(account, "template_category_update", value, self.world.clock.now_us())
        if "status" in body:
            template.rejected_reason = body.get("reason", "NONE")
            more = (
                {"other_info": {"title": "FIRST_PAUSE", "description": "Low quality"}}
                if body["status"] == "PAUSED"
                else {}
            )
            set_status(self.life, template, body["status"], event=body.get("event"), **more)
        return {"id": template.id, "status": template.status, "category": template.category}

    async def number(self, body: dict[str, Any], request: Request) -> Any:
        """Change a number: {"quality", "status", "throughput"}; a quality change is announced."""
        number = self.world.numbers.get(request.path_params["phone_id"])
        if number is None:
            raise Wrong("no such number", 404)
        for name in ("quality", "status", "throughput"):
            setattr(number, name, body.get(name, getattr(number, name)))
        self.world.journal.add("n", number.public())
        if "quality" in body or "event" in body:
            event = body.get("event", "FLAGGED" if number.quality == "RED" else "UNFLAGGED")
            value = {"display_phone_number": number.digits, "event": event, "current_limit": "TIER_UNLIMITED"}
            self.life.announce(
                self.world.accounts[number.account_id], "phone_number_quality_update", value, self.world.clock.now_us()
            )
        return number.public()

    async def announce(self, body: dict[str, Any], request: Request) -> Any:
        """Any account-level webhook: {"waba_id", "field", "value"}."""
        _need(body, "waba_id", "field", "value")
        self.life.announce(
            self.world.accounts[body["waba_id"]], body["field"], body["value"], self.world.clock.now_us()
        )
        return {"ok": True}

    async def revoke(self, body: dict[str, Any], request: Request) -> Any:
        """Kill a token: every call with it answers 190 until it is set up again."""
        _need(body, "token")
        self.world.revoked.add(body["token"])
        self.world.journal.add("tok", body["token"])
        return {"ok": True}

    async def inbound(self, body: dict[str, Any], request: Request) -> Any:
        """A person's message of any type: {"phone_number_id", "from", "message": {"type", ...}}."""
        _need(body, "phone_number_id", "from", "message")
        if body["phone_number_id"] not in self.world.numbers:
            raise Wrong("no such number", 404)
        e164 = self.world.find_person(body["from"])
        truth = body.get("truth") or {"intent": "scripted"}
        said = self.life.say(body["phone_number_id"], e164, self.world.clock.now_us(), body["message"], truth)
        return {"wamid": said.message["id"], "no": said.no}

    # -- time ---------------------------------------------------------------------------------------------------------

    async def clock(self, body: dict[str, Any], request: Request) -> Any:
        """The sandbox's present."""
        clock = self.world.clock
        return {
            "now": text_of(clock.now_us()),
            "standing": clock.standing_us is not None,
            "offset_seconds": clock.offset_us / 1e6,
        }

    async def set_clock(self, body: dict[str, Any], request: Request) -> Any:
        """{"now": rfc3339} stands still there; {"offset_seconds": n} runs with real time. Never back."""
        clock = self.world.clock
        try:
            if "now" in body:
                instant = parse_instant(body["now"])
                if instant < clock.now_us():
                    clock.stand_at(instant)
                clock.stand()
                await self.life.advance(instant)
                clock.stand_at(instant)
            else:
                _need(body, "offset_seconds") if body.get("offset_seconds") != 0 else None
                clock.run(timedelta(seconds=body["offset_seconds"]) // timedelta(microseconds=1))
                self.life.wake()
        except ClockGoesBack as error:
            raise Wrong(str(error), 409) from error
        self.world.journal.add("clk", clock.standing_us, clock.offset_us)
        return await self.clock(body, request)

    async def advance(self, body: dict[str, Any], request: Request) -> Any:
        """{"to": rfc3339, "timeout_seconds"?}: all that is due by then, in order, and its webhooks answered 200."""
        until = parse_instant(body["to"])
        if until < self.world.clock.now_us():
            raise Wrong(f"the clock is at {text_of(self.world.clock.now_us())} and does not go back", 409)
        deadline = asyncio.get_running_loop().time() + float(body.get("timeout_seconds", 300))
        fired = 0
        while True:
            fired += await self.life.advance(until)
            drained = await self.life.drain(deadline - asyncio.get_running_loop().time())
            due = self.world.agenda.next_us()
            if not drained or due is None or due > until:
                break
        self.world.journal.add("clk", self.world.clock.standing_us, self.world.clock.offset_us)
        return self._barrier(drained) | {"fired": fired, "now": text_of(self.world.clock.now_us())}

    def _barrier(self, drained: bool) -> dict[str, Any]:
        waiting = {"pending": len(self.life.courier.pending), "owed_payments": len(self.life.courier.owed)}
        if not drained:
            raise Wrong(f"not everything was answered 200 in time: {waiting}", 504)
        return {"drained": True, **waiting}

    async def next(self, body: dict[str, Any], request: Request) -> Any:
        """When the next thing happens, or null."""
        due = self.world.agenda.next_us()
        return {"next": text_of(due) if due is not None else None, "scheduled": len(self.world.agenda)}

    async def drain(self, body: dict[str, Any], request: Request) -> Any:
        """Wait until nothing is in flight; {"timeout_seconds": 300}."""
        return self._barrier(await self.life.drain(float(body.get("timeout_seconds", 300))))

    # -- looking ------------------------------------------------------------------------------------------------------

    async def stats(self, body: dict[str, Any], request: Request) -> Any:
        """Counters since the state began."""
        world = self.world
        numbers = {
            n.id: {
                "accepted": n.accepted,
                "duplicates": world.doubled.get(n.id, 0),
                "same_words_24h": world.same_words.get(n.id, 0),
            }
            for n in world.numbers.values()
        }
        return {
            **{name: world.counts.get(name, 0) for name in ("accepted", "statuses", "inbound", "refused")},
            "counts": dict(sorted(world.counts.items())),
            "duplicates": sum(world.doubled.values()),
            "same_words_24h": sum(world.same_words.values()),
            "numbers": numbers,
            "bank": len(world.bank),
            "payments": len(world.payments),
            "scheduled": len(world.agenda),
            "webhooks_pending": len(self.life.courier.pending),
            "payments_owed": len(self.life.courier.owed),
        }

    @staticmethod
    def _page(request: Request) -> tuple[int, int]:
        after, limit = int(request.query_params.get("after") or 0), int(request.query_params.get("limit") or 1000)
        if after < 0 or not 1 <= limit <= PAGE_MAX:
            raise Wrong(f"after is at least 0, limit is 1 to {PAGE_MAX}")
        return after, limit

    async def messages(self, body: dict[str, Any], request: Request) -> Any:
        """Everything accepted, oldest first, after a number."""
        after, limit = self._page(request)
        page = self.world.messages[after : after + limit]
        rows = [
            {
                "no": m.no,
                "wamid": m.wamid,
                "at": text_of(m.at_us),
                "phone_number_id": m.phone_id,
                "to": m.to,
                "e164": m.e164,
                "type": m.kind,
                "category": m.category,
                "callback_data": m.callback,
                "state": m.state,
                "error": m.error or None,
                "payload": orjson.Fragment(m.raw),
            }
            for m in page
        ]
        return {"messages": rows, "next": page[-1].no if len(page) == limit else None}

    async def truth(self, body: dict[str, Any], request: Request) -> Any:
        """Everything people said, with the true intent behind it."""
        after, limit = self._page(request)
        page = self.world.inbound[after : after + limit]
        rows = [
            {
                "no": i.no,
                "wamid": i.message["id"],
                "at": text_of(i.at_us),
                "phone_number_id": i.phone_id,
                "phone": i.e164,
                "message": i.message,
                **i.truth,
            }
            for i in page
        ]
        return {"truth": rows, "next": page[-1].no if len(page) == limit else None}

    async def bank(self, body: dict[str, Any], request: Request) -> Any:
        """Payments made outside the chat, for the ERP's side to post."""
        after, limit = self._page(request)
        page = self.world.bank[after : after + limit]
        return {"payments": page, "next": after + len(page) if page else None}

    async def payments(self, body: dict[str, Any], request: Request) -> Any:
        """Payments made through a link, as notified."""
        after, limit = self._page(request)
        return {"payments": self.world.payments[after : after + limit]}

    async def add_fault(self, body: dict[str, Any], request: Request) -> Any:
        """The next `count` sends meet a trouble; see faults.KINDS."""
        self.world.faults.append(make_fault(body))
        self.world.journal.add("fl", self.world.faults)
        return {"faults": self.world.faults}

    async def list_faults(self, body: dict[str, Any], request: Request) -> Any:
        """Troubles that still wait for a send."""
        return {"faults": self.world.faults}

    async def clear_faults(self, body: dict[str, Any], request: Request) -> Any:
        """No more trouble."""
        self.world.faults.clear()
        self.world.journal.add("fl", [])
        return {"faults": []}
