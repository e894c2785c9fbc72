"""How the sandbox's state is written down and read back: the records of the journal, and what each one changes."""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import orjson

from messaging.sandbox import debtors, limits
from messaging.sandbox.agenda import DAY
from messaging.sandbox.webhooks import Courier, Post, Update
from messaging.sandbox.world import Account, Inbound, Media, Message, Number, Portfolio, Template, World


def record_of(message: Message) -> list[Any]:
    """What the journal keeps of an accepted message; `message_of` reads it."""
    m = message
    return [
        m.no,
        m.wamid,
        m.phone_id,
        m.e164,
        m.to,
        m.at_us,
        m.raw.decode(),
        m.callback,
        m.kind,
        m.category,
        m.ordinal,
        m.override,
        m.stage,
        m.stage_us,
        m.state,
        m.error,
        m.billable,
    ]


def message_of(record: list[Any]) -> Message:
    """The message of a journal record."""
    for place in (2, 3, 8, 9, 14):  # phone id, person, kind, category, state repeat thousands of times
        record[place] = sys.intern(record[place])
    record[4] = record[3] if record[4] == record[3] else record[4]
    record[6] = record[6].encode()
    return Message(*record)


def remember(world: World, message: Message, is_open: bool) -> None:
    """Put an accepted message into the state: lists, chat, counters, limits."""
    world.messages.append(message)
    world.by_wamid[message.wamid] = message
    chat = world.chat(message.phone_id, message.e164)
    chat.ordinal = message.ordinal
    chat.items.append(message)
    number = world.numbers[message.phone_id]
    number.accepted += 1
    if not is_open:
        limits.count_reached(
            world.portfolios[world.accounts[number.account_id].portfolio_id], message.e164, message.at_us
        )
    world.count("accepted")
    world.count(f"accepted_{message.kind}")
    if message.callback is not None:
        before = world.callbacks.get(message.callback, 0)
        world.callbacks[message.callback] = before + 1
        if before:
            world.doubled[message.phone_id] = world.doubled.get(message.phone_id, 0) + 1
    words = words_key(message)
    if message.at_us >= world.words_day_us + DAY:  # older words than yesterday's need not be kept
        world.words_day_us = message.at_us
        world.older_words, world.recent_words = world.recent_words, {}
    before_us = world.recent_words.get(words, world.older_words.get(words, -DAY))
    if message.at_us - before_us < DAY:
        world.same_words[message.phone_id] = world.same_words.get(message.phone_id, 0) + 1
    world.recent_words[words] = message.at_us


def words_key(message: Message) -> bytes:
    """The same words from the same number to the same person have the same key, whatever the callback data."""
    body = orjson.loads(message.raw)
    content = orjson.dumps(body.get(message.kind), option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content + message.phone_id.encode() + message.e164.encode(), digest_size=12).digest()


def remember_inbound(world: World, inbound: Inbound) -> None:
    """Put a person's message into the state; it opens the service window."""
    world.inbound.append(inbound)
    world.inbound_by_wamid[inbound.message["id"]] = inbound
    chat = world.chat(inbound.phone_id, inbound.e164)
    chat.items.append(inbound)
    if inbound.message["type"] not in ("system", "reaction"):
        chat.last_inbound_us = max(chat.last_inbound_us, inbound.at_us)
    world.count("inbound")


def set_up(world: World, settings: dict[str, Any]) -> Account:
    """Make or change an account with its portfolio and numbers from a checked set-up body."""
    old = world.accounts.get(settings["waba_id"])
    if old is not None:
        for token in old.tokens:
            world.by_token.get(token, set()).discard(old.id)
    portfolio = world.portfolios.setdefault(settings["portfolio_id"], Portfolio(settings["portfolio_id"]))
    if "messaging_limit" in (settings.get("limits") or {}):
        portfolio.messaging_limit = settings["limits"]["messaging_limit"]
    account = world.accounts[settings["waba_id"]] = Account(
        settings["waba_id"], portfolio.id, settings, settings.get("subscribed", True)
    )
    for token in account.tokens:
        world.by_token.setdefault(token, set()).add(account.id)
        world.revoked.discard(token)
    throughput = (settings.get("limits") or {}).get("throughput", 80)
    for item in settings["numbers"]:
        number = world.numbers.get(item["id"])
        if number is None:
            number = world.numbers[item["id"]] = Number(
                item["id"], account.id, item["display_phone_number"], item.get("verified_name", "Business")
            )
        number.account_id, number.display = account.id, item["display_phone_number"]
        number.throughput = item.get("throughput", throughput)
        number.status = item.get("status", number.status)
        number.allowed = item.get("allowed_recipients", number.allowed)
    return account


def template_record(template: Template) -> dict[str, Any]:
    """A template as the journal keeps it."""
    return asdict(template)


def put_template(world: World, record: dict[str, Any]) -> None:
    """Add or replace a template."""
    template = Template(**record)
    world.templates[template.id] = template
    world.template_names[(template.account_id, template.name, template.language)] = template.id


def drop_template(world: World, template_id: str) -> None:
    """Forget a template."""
    template = world.templates.pop(template_id, None)
    if template is not None:
        world.template_names.pop((template.account_id, template.name, template.language), None)


def media_record(media: Media) -> list[Any]:
    """A file as the journal keeps it."""
    return [
        media.id,
        media.mime_type,
        media.filename,
        base64.b64encode(media.data).decode(),
        media.at_us,
        media.phone_id,
    ]


def profile_record(profile: debtors.Profile) -> dict[str, Any]:
    """A debtor as the journal keeps it."""
    return asdict(profile)


def snapshot(world: World, courier: Courier) -> Iterator[list[Any]]:
    """The whole state as records: what a compacted journal begins with."""
    yield ["h", world.seed, world.nonce, world.serials, courier.next_no]
    yield ["clk", world.clock.standing_us, world.clock.offset_us]
    yield ["c", {k: v for k, v in world.counts.items() if not k.startswith(("accepted", "inbound"))}]
    for account in world.accounts.values():
        yield ["w", {**account.settings, "subscribed": account.subscribed}]
    yield from (["n", number.public()] for number in world.numbers.values())
    yield from (["t", template_record(template)] for template in world.templates.values())
    yield from (["d", profile_record(profile)] for profile in world.people.values())
    yield from (["md", *media_record(media)] for media in world.media.values())
    history: list[Message | Inbound] = sorted([*world.messages, *world.inbound], key=lambda item: (item.at_us, item.no))
    for item in history:
        if isinstance(item, Message):
            yield ["m", *record_of(item)]
        else:
            yield ["i", 0, item.no, item.phone_id, item.e164, item.at_us, item.message, item.truth]
    yield from (["dm", chat.phone_id, chat.e164, chat.memory] for chat in world.chats.values() if chat.memory)
    yield from (["b", payment] for payment in world.bank)
    yield from (["pp", payment] for payment in world.payments)
    yield ["fl", world.faults]
    for due, tie, _, what, payload in sorted(world.agenda.entries(), key=lambda entry: entry[:3]):
        if what != "message":
            yield ["x", due, tie, what, payload]
    for update in courier.pending.values():
        yield ["u", *update_record(update)]
    for no, post in courier.owed.items():
        yield ["po", no, post.url, post.body.decode(), post.headers]


def update_record(update: Update) -> list[Any]:
    """A webhook update that waits, as the journal keeps it."""
    value = update.value
    kind, content = (
        ("s", value.no)
        if isinstance(value, Message)
        else ("i", value.no)
        if isinstance(value, Inbound)
        else ("g", value)
    )
    return [
        update.no,
        update.account_id,
        update.phone_id,
        update.field,
        kind,
        content,
        update.at_us,
        update.status,
        update.code,
    ]


class Restorer:
    """Replays records into an empty world."""

    def __init__(self, world: World, courier: Courier) -> None:
        self.world = world
        self.courier = courier
        self.updates: dict[int, Update] = {}
        self.planned: dict[int, tuple[int, str, str, dict[str, Any]]] = {}
        self.owed: dict[int, Post] = {}
        self._is_open: dict[int, bool] = {}

    def run(self) -> None:
        """Read everything; what waits afterwards is queued by `settle`."""
        for record in self.world.journal.replay():
            getattr(self, f"_on_{record[0]}")(*record[1:])

    def settle(self) -> None:
        """Queue what was planned, undelivered or owed when the process ended (needs a running event loop)."""
        for due, tie, what, payload in self.planned.values():
            self.world.agenda.put(due, tie, what, payload)
        for no in sorted(self.updates):
            self.courier.tell(self.updates[no])
        for no, post in self.owed.items():
            self.courier.owe(no, post.url, post.body, post.headers)

    def _seen_no(self, no: int) -> None:
        self.courier.next_no = max(self.courier.next_no, no + 1)

    def _on_h(self, seed: int, nonce: str, serials: dict[str, int], next_no: int) -> None:
        self.world.seed, self.world.nonce, self.world.serials = seed, nonce, serials
        self._seen_no(next_no - 1)

    def _on_clk(self, standing_us: int | None, offset_us: int) -> None:
        self.world.clock.standing_us, self.world.clock.offset_us = standing_us, offset_us

    def _on_c(self, counts: dict[str, int]) -> None:
        self.world.counts.update(counts)

    def _on_w(self, settings: dict[str, Any]) -> None:
        set_up(self.world, settings)

    def _on_n(self, fields: dict[str, Any]) -> None:
        self.world.numbers[fields["id"]] = Number(**fields)

    def _on_tok(self, token: str) -> None:
        self.world.revoked.add(token)

    def _on_t(self, record: dict[str, Any]) -> None:
        put_template(self.world, record)

    def _on_tx(self, template_id: str) -> None:
        drop_template(self.world, template_id)

    def _on_id(self, kind: str, serial: int) -> None:
        self.world.serials[kind] = max(serial, self.world.serials.get(kind, 0))

    def _on_d(self, record: dict[str, Any]) -> None:
        self.world.people[record["e164"]] = debtors.Profile(**record)

    def _on_md(self, media_id: str, mime_type: str, filename: str, data: str, at_us: int, phone_id: str) -> None:
        self.world.media[media_id] = Media(media_id, mime_type, filename, base64.b64decode(data), at_us, phone_id)

    def _on_mx(self, media_id: str) -> None:
        self.world.media.pop(media_id, None)

    def _on_m(self, *record: Any) -> None:
        message = message_of(list(record))
        chat = self.world.chat(message.phone_id, message.e164)
        remember(self.world, message, limits.window_open(chat, message.at_us))

    def _on_i(
        self, no: int, place: int, phone_id: str, e164: str, at_us: int, message: dict[str, Any], truth: dict[str, Any]
    ) -> None:
        inbound = Inbound(place, phone_id, e164, at_us, message, truth)
        remember_inbound(self.world, inbound)
        if no:
            self._seen_no(no)
            self.updates[no] = Update(no, self.world.numbers[phone_id].account_id, phone_id, "messages", inbound, at_us)

    def _on_s(self, no: int, message_no: int, status: str, at_us: int, code: int) -> None:
        message = self.world.messages[message_no - 1]
        message.stage, message.stage_us, message.state = message.stage + 1, at_us, status
        message.error = code if status == "failed" else 0
        self.world.count("statuses")
        self.world.count(f"status_{status}")
        self._seen_no(no)
        account_id = self.world.numbers[message.phone_id].account_id
        self.updates[no] = Update(no, account_id, message.phone_id, "messages", message, at_us, status, code)

    def _on_k(self, message_no: int, stage: int, at_us: int) -> None:
        message = self.world.messages[message_no - 1]
        message.stage, message.stage_us = stage, at_us

    def _on_g(self, no: int, account_id: str, field: str, value: dict[str, Any], at_us: int) -> None:
        self.world.count("account_updates")
        self._seen_no(no)
        self.updates[no] = Update(no, account_id, "", field, value, at_us)

    def _on_u(
        self,
        no: int,
        account_id: str,
        phone_id: str,
        field: str,
        kind: str,
        content: Any,
        at_us: int,
        status: str,
        code: int,
    ) -> None:
        value = (
            self.world.messages[content - 1]
            if kind == "s"
            else self.world.inbound[content - 1]
            if kind == "i"
            else content
        )
        self.updates[no] = Update(no, account_id, phone_id, field, value, at_us, status, code)

    def _on_a(self, runs: list[list[int]]) -> None:
        for first, last in runs:
            for no in range(first, last + 1):
                if self.updates.pop(no, None) is not None:
                    self.world.count("updates_delivered")

    def _on_x(self, due: int, tie: str, what: str, payload: dict[str, Any]) -> None:
        self._seen_no(payload["no"])
        self.planned[payload["no"]] = (due, tie, what, payload)

    def _on_f(self, no: int) -> None:
        self.planned.pop(no, None)

    def _on_dm(self, phone_id: str, e164: str, memory: dict[str, Any]) -> None:
        self.world.chat(phone_id, e164).memory = memory

    def _on_b(self, payment: dict[str, Any]) -> None:
        self.world.bank.append(payment)

    def _on_pp(self, payment: dict[str, Any]) -> None:
        self.world.payments.append(payment)

    def _on_fl(self, faults: list[dict[str, Any]]) -> None:
        self.world.faults = faults

    def _on_po(self, no: int, url: str, body: str, headers: dict[str, str]) -> None:
        self._seen_no(no)
        self.owed[no] = Post(url, body.encode(), headers, [no])

    def _on_pa(self, no: int) -> None:
        self.owed.pop(no, None)
