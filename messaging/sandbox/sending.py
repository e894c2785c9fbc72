"""`POST /{phone}/messages`: from a request to an accepted message, or to the refusal Meta would give."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import orjson

from kernel.clock import machine_now
from messaging.sandbox import limits
from messaging.sandbox.agenda import from_us
from messaging.sandbox.errors import GraphError, no_such_object
from messaging.sandbox.messages import MEDIA, check_body, missing, text_of
from messaging.sandbox.store import record_of, remember
from messaging.sandbox.templates import render
from messaging.sandbox.world import Chat, Message, Number, Template, World, wa_id_of

LIMIT_CODE = 131048


def number_for(world: World, token_accounts: set[str], phone_id: str) -> Number:
    """The number, when the token may act for it; raises GraphError 100/33 or 33."""
    number = world.numbers.get(phone_id)
    if number is None:
        raise no_such_object(phone_id)
    if number.account_id not in token_accounts:
        world.count("foreign_token")
        raise no_such_object(phone_id)
    if number.status == "DELETED":
        raise GraphError(33, "This phone number was deleted")
    return number


def mark_read(world: World, number: Number, body: dict[str, Any]) -> bytes:
    """`status: read`, with or without a typing indicator; raises GraphError."""
    if body.get("status") != "read":
        raise GraphError(131009, "status must be read")
    wamid = text_of(body.get("message_id"), "message_id", 512)
    indicator = body.get("typing_indicator")
    if indicator is not None and (not isinstance(indicator, dict) or indicator.get("type") != "text"):
        raise GraphError(131009, "typing_indicator.type must be text")
    inbound = world.inbound_by_wamid.get(wamid)
    if inbound is None or inbound.phone_id != number.id:
        raise GraphError(131009, f"Message {wamid} does not exist or was not received by this number")
    world.count("typing" if indicator else "marked_read")
    return b'{"success":true}'


def check_ready(world: World, number: Number) -> None:
    """Raises 131045, 133010, 131031 or 131057 when the number may not send."""
    if number.status in ("PENDING", "DISCONNECTED"):
        raise GraphError(133010, "The phone number is not registered")
    if number.status in ("BANNED", "RESTRICTED"):
        raise GraphError(131031, "The account has been locked")
    if number.status == "MAINTENANCE":
        raise GraphError(131057, "The number is in maintenance")


def find_template(world: World, number: Number, content: dict[str, Any]) -> Template:
    """The approved template of that name and language; raises GraphError 132001, 132015 or 132016."""
    name, code = content["name"], content["language"]["code"]
    template = world.templates.get(world.template_names.get((number.account_id, name, code), ""))
    if template is None:
        raise GraphError(132001, f"template name ({name}) does not exist in {code}")
    if template.status == "PAUSED":
        raise GraphError(132015, f"template name ({name}) is paused due to low quality")
    if template.status == "DISABLED":
        raise GraphError(132016, f"template name ({name}) was paused too many times and is disabled")
    if template.status != "APPROVED":
        raise GraphError(132001, f"template name ({name}) is {template.status} in {code} and has not been approved")
    return template


def accept(
    world: World, number: Number, raw: bytes, body: Any, override: list[Any] | None, schedule: Callable[[Message], None]
) -> Message:
    """Check everything and accept: journaled on disk when this returns. Raises GraphError; a full disk is 131000."""
    kind = check_body(body)
    check_ready(world, number)
    recipient = body.get("to") or body["recipient"]
    try:
        e164 = world.find_person(recipient)
    except ValueError as error:
        raise GraphError(100, f"{recipient!r} is not a phone number or a known user id") from error
    if e164.lstrip("+") == number.digits or wa_id_of(e164) == number.digits:
        raise GraphError(131021, "The recipient's phone number is the sender's")
    if number.allowed is not None and e164 not in number.allowed:
        raise GraphError(131030, "The recipient phone number is not in the list of allowed numbers")
    limits.check_throughput(number, machine_now().timestamp())
    account = world.accounts[number.account_id]
    now_us = world.clock.now_us()
    chat = world.chats.get((number.id, e164)) or Chat(number.id, e164)
    is_open = limits.window_open(chat, now_us)
    portfolio = world.portfolios[account.portfolio_id]
    code = account.option("limits", "messaging_limit_code", LIMIT_CODE)
    category = "SERVICE"
    if kind == "template":
        template = find_template(world, number, body["template"])
        render(template, body["template"])
        category = template.category
        if category == "MARKETING" and chat.memory.get("no_marketing"):
            raise GraphError(131050, "The user has chosen to stop receiving marketing messages from this business")
    elif not is_open:
        if account.option("limits", "window_errors", "sync") == "status":
            override = ["failed", 131047]
        else:
            raise GraphError(
                131047,
                "Message failed to send because more than 24 hours have passed since the customer last replied "
                "to this number.",
            )
    check_targets(world, number, e164, kind, body)
    if not is_open:
        limits.check_messaging_limit(portfolio, e164, now_us, code)
    if account.option("limits", "pair", True):
        limits.check_pair(chat, now_us)
    if chat.memory.get("blocked"):
        override = ["failed", 131026]
    no = len(world.messages) + 1
    message = Message(
        no=no,
        wamid=world.wamid(number.id, e164, no, "out"),
        phone_id=number.id,
        e164=chat.e164,
        to=chat.e164 if recipient == e164 else recipient,
        at_us=now_us,
        raw=raw,
        callback=body.get("biz_opaque_callback_data"),
        kind=sys.intern(kind),
        category=category,
        ordinal=chat.ordinal + 1,
        override=override,
    )
    if category == "SERVICE":
        message.billable = not _free_service(number, now_us)
    _write(world, message)
    remember(world, message, is_open)
    schedule(message)
    return message


def _write(world: World, message: Message) -> None:
    try:
        world.journal.commit("m", *record_of(message))
    except OSError as error:
        raise GraphError(131000, f"Message was not accepted: {error}") from error


def _free_service(number: Number, now_us: int) -> bool:
    month = from_us(now_us).strftime("%Y-%m")
    if number.free_month != month:
        number.free_month, number.free_used = month, 0
    number.free_used += 1
    return number.free_used <= limits.SERVICE_FREE


def check_targets(world: World, number: Number, e164: str, kind: str, body: dict[str, Any]) -> None:
    """A reaction's target, a reply's context and a media id must exist in this chat; raises 131009 or 100."""
    wanted = []
    if kind == "reaction":
        wanted.append(body["reaction"]["message_id"])
    elif "context" in body:
        wanted.append(body["context"]["message_id"])
    for wamid in wanted:
        target = world.inbound_by_wamid.get(wamid) or world.by_wamid.get(wamid)
        if target is None or target.phone_id != number.id or target.e164 != e164:
            raise GraphError(131009, f"Message {wamid} was not found in this conversation")
    if kind in MEDIA:
        media_id = body[kind].get("id")
        if media_id and media_id not in world.media:
            raise GraphError(131009, f"Media {media_id} does not exist or has expired")
        if not media_id and not body[kind].get("link"):
            raise missing(f"{kind}.id")


def answer_of(world: World, message: Message, *, held: bool = False) -> bytes:
    """The 200 that Meta gives to an accepted message."""
    contact = {"input": message.to}
    if message.to in world.bsuids:
        contact["user_id"] = message.to
    else:
        contact["wa_id"] = wa_id_of(message.e164)
    entry = {"id": message.wamid}
    if message.kind == "template":
        entry["message_status"] = "held_for_quality_assessment" if held else "accepted"
    return orjson.dumps({"messaging_product": "whatsapp", "contacts": [contact], "messages": [entry]})
