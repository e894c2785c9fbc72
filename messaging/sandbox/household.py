"""Carries out what simulated debtors decide: they see, tap, type, open links and pay."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson

from kernel.clock import machine_now
from messaging.sandbox import reactions
from messaging.sandbox.agenda import text_of
from messaging.sandbox.debtors import chance
from messaging.sandbox.files import keep_media
from messaging.sandbox.options import Option
from messaging.sandbox.pictures import receipt
from messaging.sandbox.reactions import Act, Seen
from messaging.sandbox.templates import render
from messaging.sandbox.webhooks import Courier
from messaging.sandbox.world import Chat, Inbound, Message, World

LINK = re.compile(r"https?://[^\s<>\"]+/p/([A-Za-z0-9_.~-]+)")
CLOSED = ("paid", "expired", "cancelled", "canceled", "void")
Plan = tuple[int, str, str, dict[str, Any]]
Say = Callable[[str, str, int, dict[str, Any], dict[str, Any]], Inbound]


def shown(world: World, message: Message) -> dict[str, Any]:
    """What the person sees of a message: {header, media, body, footer, options, links, reaction}."""
    body = orjson.loads(message.raw)
    content = body.get(message.kind) or {}
    view: dict[str, Any] = {"header": "", "media": None, "body": "", "footer": "", "options": [], "links": []}
    if message.kind == "template":
        account = world.numbers[message.phone_id].account_id
        template = world.templates.get(
            world.template_names.get((account, content["name"], content["language"]["code"]), "")
        )
        if template is not None:
            view |= render(template, content)
        else:
            view["body"] = f"[{content['name']}]"
    elif message.kind == "text":
        view["body"] = content["body"]
    elif message.kind == "interactive":
        view["body"] = content["body"]["text"]
        view["footer"] = (content.get("footer") or {}).get("text", "")
        view["header"] = (content.get("header") or {}).get("text", "")
        action = content["action"]
        if content["type"] == "button":
            view["options"] = [
                {"id": b["reply"]["id"], "title": b["reply"]["title"], "kind": "button"} for b in action["buttons"]
            ]
        elif content["type"] == "list":
            view["list_title"] = action["button"]
            rows = [row for section in action["sections"] for row in section["rows"]]
            view["options"] = [
                {"id": r["id"], "title": r["title"], "description": r.get("description", ""), "kind": "row"}
                for r in rows
            ]
        elif content["type"] == "cta_url":
            view["links"] = [{"title": action["parameters"]["display_text"], "url": action["parameters"]["url"]}]
    elif message.kind == "reaction":
        view["reaction"] = content
    else:
        view["media"] = {"type": message.kind, **content} if isinstance(content, dict) else {"type": message.kind}
        view["body"] = content.get("caption", "") if isinstance(content, dict) else ""
    known = {link["url"] for link in view["links"]}
    view["links"] += [{"title": "", "url": match[0]} for match in LINK.finditer(view["body"]) if match[0] not in known]
    return view


class Household:
    """All simulated people of a world."""

    def __init__(self, world: World, courier: Courier, say: Say) -> None:
        self.world = world
        self.courier = courier
        self.say = say

    # -- deciding -----------------------------------------------------------------------------------------------------

    def seen(self, message: Message, at_us: int) -> list[Plan]:
        """A person looks at a message: what they will do about it."""
        profile = self.world.people.get(message.e164)
        if profile is None:
            return []
        chat = self.world.chat(message.phone_id, message.e164)
        view = shown(self.world, message)
        seen = Seen(
            kind=message.kind,
            text=view["body"],
            options=tuple(Option(o["id"], o["title"], o["kind"]) for o in view["options"]),
            links=tuple(link["url"] for link in view["links"] if LINK.search(link["url"])),
        )
        acts, memory = reactions.react(self.world.seed, profile, chat.memory, seen, message.ordinal, at_us)
        self._remember(chat, memory)
        return [self._plan(chat, act, message.no, at_us) for act in acts]

    def _remember(self, chat: Chat, memory: dict[str, Any]) -> None:
        if memory != chat.memory:
            chat.memory = memory
            self.world.journal.add("dm", chat.phone_id, chat.e164, memory)

    def _plan(self, chat: Chat, act: Act, message_no: int, at_us: int) -> Plan:
        payload = {"phone_id": chat.phone_id, "e164": chat.e164, "about": message_no, "turn": act.turn, **act.data}
        return (max(at_us, act.due_us), chat.e164, act.kind, payload)

    # -- doing --------------------------------------------------------------------------------------------------------

    async def act(self, kind: str, payload: dict[str, Any], at_us: int) -> list[Plan]:
        """Do one planned thing, unless the person has changed their mind; returns what follows from it."""
        chat = self.world.chat(payload["phone_id"], payload["e164"])
        profile = self.world.people.get(payload["e164"])
        if profile is None:
            return []
        allowed, memory = reactions.still_wanted(profile, chat.memory, kind, payload, at_us)
        self._remember(chat, memory)
        if not allowed:
            return []
        if kind == "tap":
            self.tap(payload["phone_id"], payload["e164"], at_us, payload["about"], payload, payload["truth"])
        elif kind == "say":
            self.say(
                payload["phone_id"],
                payload["e164"],
                at_us,
                {"type": "text", "text": {"body": payload["text"]}},
                payload["truth"],
            )
        elif kind == "photo":
            self.photo(payload["phone_id"], payload["e164"], at_us, payload.get("caption", ""), payload["truth"], None)
        elif kind == "bank":
            self._pay_at_bank(chat, payload, at_us)
        elif kind == "open":
            return await self._open(chat, payload, at_us)
        elif kind == "pay":
            await self._pay_link(chat, payload, at_us)
        return []

    def tap(
        self, phone_id: str, e164: str, at_us: int, about: int, option: dict[str, Any], truth: dict[str, Any]
    ) -> Inbound:
        """A tap on a button, list row or template quick reply of message number `about`."""
        message = self.world.messages[about - 1]
        context = {"from": self.world.numbers[phone_id].digits, "id": message.wamid}
        if option["option_kind"] == "quick_reply":
            content: dict[str, Any] = {"type": "button", "button": {"payload": option["id"], "text": option["title"]}}
        else:
            name = "list_reply" if option["option_kind"] == "row" else "button_reply"
            content = {
                "type": "interactive",
                "interactive": {"type": name, name: {"id": option["id"], "title": option["title"]}},
            }
        return self.say(phone_id, e164, at_us, {"context": context, **content}, {**truth, "tapped": option["id"]})

    def photo(
        self,
        phone_id: str,
        e164: str,
        at_us: int,
        caption: str,
        truth: dict[str, Any],
        picture: tuple[str, bytes] | None,
    ) -> Inbound:
        """An image from the person: their own, or a built-in receipt."""
        mime_type, data = picture or ("image/png", receipt(e164, at_us))
        media = keep_media(self.world, phone_id, mime_type, "", data, at_us)
        image = {"mime_type": mime_type, "sha256": hashlib.sha256(data).hexdigest(), "id": media.id}
        if caption:
            image["caption"] = caption
        return self.say(phone_id, e164, at_us, {"type": "image", "image": image}, truth)

    def _pay_at_bank(self, chat: Chat, payload: dict[str, Any], at_us: int) -> None:
        payment = {
            "id": f"bank-{self.world.nonce}-{payload['no']}",
            "phone": chat.e164,
            "phone_number_id": chat.phone_id,
            "share_percent": payload["share_percent"],
            "paid_at": text_of(at_us),
            "reason": payload.get("reason", ""),
        }
        self.world.bank.append(payment)
        self.world.journal.add("b", payment)
        if payload["share_percent"] == 100:
            self._remember(chat, {**chat.memory, "paid_us": at_us})

    # -- paying by link -----------------------------------------------------------------------------------------------

    async def _settle(self) -> None:
        """In a standing clock's order of things the business hears what came before first."""
        if self.world.clock.standing_us is not None:
            await self.courier.drain(5)

    def link_of(self, phone_id: str, url: str) -> str:
        """The link as reachable from here: `product_url` of the set-up replaces scheme and host."""
        product: str | None = self.world.account_of(phone_id).settings.get("product_url")
        if not product:
            return url
        parts = urlsplit(url)
        base = urlsplit(product)
        return urlunsplit((base.scheme, base.netloc, parts.path, parts.query, ""))

    async def look_up(self, phone_id: str, url: str) -> dict[str, Any] | None:
        """What a payment link says: {reference, amount, currency, kind, code, status}; None when it does not open."""
        status, content = await self.courier.poster.request(
            "GET", self.link_of(phone_id, url), headers={"Accept": "application/json"}
        )
        self.world.count("links_opened")
        if status != 200:
            self.world.count("links_broken")
            return None
        try:
            bill = orjson.loads(content)
        except orjson.JSONDecodeError:
            return None
        return bill if isinstance(bill, dict) and bill.get("reference") and bill.get("amount") else None

    async def _open(self, chat: Chat, payload: dict[str, Any], at_us: int) -> list[Plan]:
        await self._settle()
        bill = await self.look_up(chat.phone_id, payload["link"])
        if bill is None or bill.get("status") in CLOSED:
            return []
        due = at_us + payload["delay_us"]
        more = {
            "phone_id": chat.phone_id,
            "e164": chat.e164,
            "about": payload["about"],
            "turn": payload["turn"],
            "link": payload["link"],
        }
        return [(due, chat.e164, "pay", more)]

    async def _pay_link(self, chat: Chat, payload: dict[str, Any], at_us: int) -> None:
        """Pay what the link asks for at this moment; nobody pays the same bill twice."""
        await self._settle()
        bill = await self.look_up(chat.phone_id, payload["link"])
        paid = chat.memory.get("bills", [])
        if bill is None or bill.get("status") in CLOSED or bill["reference"] in paid:
            return
        self.notify_paid(chat.phone_id, bill, at_us, payload["no"], chat.e164)
        self._remember(chat, {**chat.memory, "paid_us": at_us, "bills": [*paid[-20:], bill["reference"]]})

    def notify_paid(self, phone_id: str, bill: dict[str, Any], at_us: int, no: int, e164: str) -> dict[str, Any]:
        """The simulator PSP tells the business, until it is answered 200; now and then twice."""
        psp = self.world.account_of(phone_id).settings.get("psp") or {}
        event = {
            "id": f"pay_{self.world.nonce}_{no}",
            "type": "payment.completed",
            "reference": bill["reference"],
            "amount": str(bill["amount"]),
            "currency": bill.get("currency"),
            "paid_at": text_of(at_us),
        }
        self.world.payments.append({**event, "phone": e164, "phone_number_id": phone_id})
        self.world.journal.add("pp", self.world.payments[-1])
        if not psp.get("url"):
            self.world.count("payments_without_psp")
            return event
        raw = orjson.dumps(event)
        stamp = int(machine_now().timestamp())
        seal = hmac.new(str(psp["secret"]).encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Signature": f"t={stamp},v1={seal}"}
        twice = chance(
            self.world.seed, e164, "psp twice", len(self.world.chat(phone_id, e164).memory.get("bills", []))
        ) < float(psp.get("duplicate_rate", 0.03))
        for _ in range(2 if twice else 1):
            post_no = self.courier.number_next()
            self.world.journal.add("po", post_no, psp["url"], raw.decode(), headers)
            self.courier.owe(post_no, psp["url"], raw, headers)
        self.world.count("payments_notified")
        return event
