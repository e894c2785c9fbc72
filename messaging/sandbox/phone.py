"""The debtor's phone: pages a person can hold, and the same doors for tests."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import phonenumbers
from phonenumbers.timezone import time_zones_for_number
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from messaging.sandbox.agenda import text_of
from messaging.sandbox.control import Wrong, answer
from messaging.sandbox.household import CLOSED, LINK, shown
from messaging.sandbox.life import Life
from messaging.sandbox.world import Chat, Inbound, Message

PAGES = Path(__file__).parent / "pages"
PICTURE_MAX = 5 * 1024 * 1024
PHONES_MAX = 500
KINDS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
SECURITY = {"x-content-type-options": "nosniff"}
POLICY = "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'self'"
#: Pernambuco's numbers are put on its island, where few of their owners live.
MAINLAND = {"America/Noronha": "America/Recife"}
BY_HAND = {"intent": "by_hand"}


class Phone:
    """Pages and doors of every person's phone."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.world = life.world

    def routes(self) -> list[Route]:
        """All routes under /_sandbox/phone."""
        return [
            Route("/", self._home),
            Route("/_sandbox/phone", self._page("phone.html")),
            Route("/_sandbox/phones.json", self._json(self.phones)),
            Route("/_sandbox/pages/{name}", self._asset),
            Route("/_sandbox/phone/{e164}", self._page("phone.html")),
            Route("/_sandbox/phone/{e164}/chats", self._json(self.chats)),
            Route("/_sandbox/phone/{e164}/media/{media_id}", self._media),
            Route("/_sandbox/phone/{e164}/say", self._json(self.say), methods=["POST"]),
            Route("/_sandbox/phone/{e164}/tap", self._json(self.tap), methods=["POST"]),
            Route("/_sandbox/phone/{e164}/photo", self._json(self.photo), methods=["POST"]),
            Route("/_sandbox/phone/{e164}/bill", self._json(self.bill)),
            Route("/_sandbox/phone/{e164}/pay", self._json(self.pay), methods=["POST"]),
        ]

    def _page(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        async def page(request: Request) -> Response:
            return Response((PAGES / name).read_bytes(), media_type="text/html", headers=self._headers())

        return page

    def _headers(self) -> dict[str, str]:
        """Who may frame a phone: we ourselves, and the product that set an account up (`product_url`), under either
        name of this machine."""
        origins = {str(account.settings.get("product_url") or "") for account in self.world.accounts.values()} - {""}
        origins |= {origin.replace("//127.0.0.1", "//localhost") for origin in origins}
        return {**SECURITY, "content-security-policy": " ".join([POLICY, *sorted(origins)])}

    async def _home(self, request: Request) -> Response:
        return Response(status_code=302, headers={"location": "/_sandbox/phone"})

    async def _asset(self, request: Request) -> Response:
        path = PAGES / Path(request.path_params["name"]).name
        if path.suffix not in KINDS or not path.exists():
            return Response("not found", status_code=404)
        return Response(path.read_bytes(), media_type=KINDS[path.suffix], headers=self._headers())

    def _json(
        self, handler: Callable[[Request, dict[str, Any]], Awaitable[Any]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                raw = await request.body()
                body = orjson.loads(raw) if raw else {}
                if not isinstance(body, dict):
                    raise Wrong("the body is a JSON object")
                return answer(await handler(request, body))
            except Wrong as error:
                return answer({"error": str(error)}, error.status)
            except (orjson.JSONDecodeError, KeyError, ValueError, TypeError) as error:
                return answer({"error": f"{type(error).__name__}: {error}"}, 400)

        return endpoint

    # -- looking ------------------------------------------------------------------------------------------------------

    async def phones(self, request: Request, body: dict[str, Any]) -> Any:
        """Everybody who has a chat, the latest first, then those who are registered."""
        latest: dict[str, tuple[int, str]] = {}
        for chat in self.world.chats.values():
            if chat.items:
                latest[chat.e164] = max(latest.get(chat.e164, (0, "")), (chat.items[-1].at_us, chat.phone_id))
        ordered = sorted(latest, key=lambda e164: latest[e164], reverse=True)
        ordered += [e164 for e164 in self.world.people if e164 not in latest]
        rows = []
        for e164 in ordered[:PHONES_MAX]:
            at_us, phone_id = latest.get(e164, (0, ""))
            last = self.world.chat(phone_id, e164).items[-1] if at_us else None
            profile = self.world.people.get(e164)
            text = _line(self._item(last)) if last is not None else ""
            rows.append(
                {
                    "phone": e164,
                    **_place(e164),
                    "name": self.world.name_of(e164),
                    "persona": profile.persona if profile else "",
                    "business": self.world.numbers[phone_id].name if phone_id else "",
                    "mine": isinstance(last, Inbound),
                    "type": self._item(last)["type"] if last is not None else "",
                    "last": text[:90],
                    "at": text_of(at_us) if at_us else None,
                }
            )
        return {"phones": rows, "total": len(ordered), "now": text_of(self.world.clock.now_us())}

    def _person(self, request: Request) -> str:
        return self.world.find_person(request.path_params["e164"])

    def _chats_of(self, e164: str) -> list[Chat]:
        mine = [self.world.chats.get((number_id, e164)) for number_id in self.world.numbers]
        return [chat for chat in mine if chat is not None]

    async def chats(self, request: Request, body: dict[str, Any]) -> Any:
        """The person's chats with all messages; `?limit=` newest of each (200)."""
        e164 = self._person(request)
        limit = min(1000, int(request.query_params.get("limit") or 200))
        chats = []
        told = self.life.courier.pending.values()
        waiting = {update.value.message["id"] for update in told if isinstance(update.value, Inbound)}
        for chat in self._chats_of(e164):
            number = self.world.numbers[chat.phone_id]
            items = [self._item(item) for item in chat.items[-limit:]]
            for item in items:
                if item["from"] == "person":
                    item["delivered"] = item["id"] not in waiting
            display = _place(number.display)["display"]
            chats.append({"phone_number_id": number.id, "name": number.name, "display": display, "items": items})
        if not chats:
            chats = [
                {"phone_number_id": n.id, "name": n.name, "display": n.display, "items": []}
                for n in list(self.world.numbers.values())[:20]
            ]
        profile = self.world.people.get(e164)
        return {
            "phone": e164,
            **_place(e164),
            "name": self.world.name_of(e164),
            "persona": profile.persona if profile else "",
            "chats": chats,
            "now": text_of(self.world.clock.now_us()),
        }

    def _item(self, item: Message | Inbound) -> dict[str, Any]:
        if isinstance(item, Message):
            return {
                "id": item.wamid,
                "from": "business",
                "at": text_of(item.at_us),
                "type": item.kind,
                **shown(self.world, item),
            }
        kind = item.message["type"]
        content = item.message.get(kind) or {}
        text = ""
        if kind == "text":
            text = content["body"]
        elif kind == "button":
            text = content["text"]
        elif kind == "interactive":
            text = (content.get("button_reply") or content.get("list_reply") or {}).get("title", "")
        elif isinstance(content, dict):
            text = content.get("caption", "")
        media = content.get("id") if kind in ("image", "document", "audio", "video") else None
        return {
            "id": item.message["id"],
            "from": "person",
            "at": text_of(item.at_us),
            "type": kind,
            "body": text,
            "picture": media,
        }

    async def _media(self, request: Request) -> Response:
        media = self.world.media.get(request.path_params["media_id"])
        if media is None:
            return Response("not found", status_code=404)
        headers = {**SECURITY, "content-security-policy": "default-src 'none'"}
        return Response(media.data, media_type=media.mime_type, headers=headers)

    # -- doing --------------------------------------------------------------------------------------------------------

    def _number(self, e164: str, body: dict[str, Any]) -> str:
        """The business number a person writes to: the one named, or that of their latest chat."""
        chosen = body.get("phone_number_id")
        if chosen is None:
            chats = [chat for chat in self._chats_of(e164) if chat.items]
            if chats:
                chosen = max(chats, key=lambda chat: chat.items[-1].at_us).phone_id
            elif len(self.world.numbers) == 1:
                chosen = next(iter(self.world.numbers))
        if chosen not in self.world.numbers:
            raise Wrong("say which business to write to: phone_number_id", 404)
        return str(chosen)

    def _truth(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"intent": body["intent"]} if body.get("intent") else BY_HAND

    async def say(self, request: Request, body: dict[str, Any]) -> Any:
        """{"text", "phone_number_id"?, "intent"?}"""
        e164 = self._person(request)
        text = body["text"]
        if not isinstance(text, str) or not 1 <= len(text) <= 4096:
            raise Wrong("text has 1 to 4,096 characters")
        said = self.life.say(
            self._number(e164, body),
            e164,
            self.world.clock.now_us(),
            {"type": "text", "text": {"body": text}},
            self._truth(body),
        )
        return {"wamid": said.message["id"]}

    async def tap(self, request: Request, body: dict[str, Any]) -> Any:
        """{"message_id": wamid, "id": option id}"""
        e164 = self._person(request)
        message = self.world.by_wamid.get(body["message_id"])
        if message is None or message.e164 != e164:
            raise Wrong("this phone has no such message", 404)
        option = next((o for o in shown(self.world, message)["options"] if o["id"] == body["id"]), None)
        if option is None:
            raise Wrong("the message has no such option", 404)
        choice = {"id": option["id"], "title": option["title"], "option_kind": option["kind"]}
        said = self.life.household.tap(
            message.phone_id, e164, self.world.clock.now_us(), message.no, choice, self._truth(body)
        )
        return {"wamid": said.message["id"]}

    async def photo(self, request: Request, body: dict[str, Any]) -> Any:
        """{"caption"?, "mime_type"?, "data"? (base64)}; without data a built-in receipt."""
        e164 = self._person(request)
        picture = None
        if body.get("data"):
            if body.get("mime_type") not in ("image/png", "image/jpeg"):
                raise Wrong("mime_type is image/png or image/jpeg")
            try:
                data = base64.b64decode(body["data"], validate=True)
            except binascii.Error as error:
                raise Wrong("data is base64") from error
            if not 0 < len(data) <= PICTURE_MAX:
                raise Wrong("the picture has up to 5 MB", 413)
            picture = (body["mime_type"], data)
        caption = str(body.get("caption") or "")[:1024]
        said = self.life.household.photo(
            self._number(e164, body), e164, self.world.clock.now_us(), caption, self._truth(body), picture
        )
        return {"wamid": said.message["id"], "media_id": said.message["image"]["id"]}

    async def pay(self, request: Request, body: dict[str, Any]) -> Any:
        """{"token"}: opens the latest link .../p/<token> of this phone and pays it."""
        e164 = self._person(request)
        phone_id, bill = await self._bill(e164, str(body["token"]))
        if bill.get("status") in CLOSED:
            raise Wrong(f"this payment is {bill['status']}", 409)
        no = self.life.courier.number_next()
        event = self.life.household.notify_paid(phone_id, bill, self.world.clock.now_us(), no, e164)
        self.world.journal.flush()
        return {"paid": event, "bill": bill}

    async def bill(self, request: Request, body: dict[str, Any]) -> Any:
        """What the link .../p/<token> of this phone asks for (`?token=`)."""
        return (await self._bill(self._person(request), request.query_params["token"]))[1]

    async def _bill(self, e164: str, token: str) -> tuple[str, dict[str, Any]]:
        link = self._find_link(e164, token)
        if link is None:
            raise Wrong("this phone was sent no such link", 404)
        bill = await self.life.household.look_up(*link)
        if bill is None:
            raise Wrong("the link does not open", 502)
        return link[0], bill

    def _find_link(self, e164: str, token: str) -> tuple[str, str] | None:
        for chat in self._chats_of(e164):
            for item in reversed(chat.items):
                if isinstance(item, Message):
                    for link in shown(self.world, item)["links"]:
                        match = LINK.search(link["url"])
                        if match and match[1] == token:
                            return chat.phone_id, link["url"]
        return None


def _line(item: dict[str, Any]) -> str:
    return str(item.get("body") or item.get("header") or "")


def _place(phone: str) -> dict[str, str]:
    """How the number is written, and the zone by which its owner reads the clock."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return {"display": phone, "zone": "UTC"}
    zones = [MAINLAND.get(zone, zone) for zone in time_zones_for_number(number) if zone != "Etc/Unknown"]
    shown_as = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return {"display": shown_as, "zone": zones[0] if zones else "UTC"}
