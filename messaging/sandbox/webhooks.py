"""Webhooks out: what an update looks like on the wire, and the courier that delivers until it hears 200."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import httpx
import orjson

from messaging.sandbox.agenda import SECOND
from messaging.sandbox.debtors import chance
from messaging.sandbox.errors import status_error
from messaging.sandbox.world import Inbound, Message, World, wa_id_of

BYTES_MAX = 3_000_000
UPDATES_MAX = 1000
RETRY_LONGEST = 30.0
READ_IMPLIES_DELIVERED = 1  # the code of a read status that no delivered status came before
FAILING_MAX = 4  # batches that may be waiting for another try before new ones are held back


@dataclass(slots=True)
class Update:
    """One thing the business is told. `value` is a Message (status), an Inbound, or a ready webhook value."""

    no: int
    account_id: str
    phone_id: str
    field: str
    value: Message | Inbound | dict[str, Any]
    at_us: int
    status: str = ""
    code: int = 0


@dataclass(slots=True)
class Post:
    """A request that is owed to somebody: retried until it is answered 200."""

    url: str
    body: bytes
    headers: dict[str, str]
    nos: list[int]
    tries: int = 0


class Poster:
    """HTTP out: an aiohttp session, or the httpx client of a test."""

    def __init__(self, client: httpx.AsyncClient | None) -> None:
        self._client = client
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=32, keepalive_timeout=30)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(total=30), auto_decompress=True
            )
        return self._session

    async def request(
        self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """(status, body); status 0 when nobody answered."""
        try:
            if self._client is not None:
                answer = await self._client.request(method, url, content=body or None, headers=headers)
                return answer.status_code, answer.content
            async with self._open().request(
                method, url, data=body or None, headers=headers, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, httpx.HTTPError, TimeoutError, OSError, ValueError):
            return 0, b""

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()


def sign(secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def status_value(world: World, update: Update) -> dict[str, Any]:
    """One entry of `statuses`."""
    message = update.value
    assert isinstance(message, Message)
    value: dict[str, Any] = {"id": message.wamid, "status": update.status, "timestamp": str(update.at_us // SECOND)}
    if not world.hides_phone(message.e164):
        value["recipient_id"] = wa_id_of(message.e164)
    value["recipient_user_id"] = world.user_id(message.e164)
    if message.callback is not None:
        value["biz_opaque_callback_data"] = message.callback
    if update.status in ("sent", "delivered") or (update.status == "read" and update.code == READ_IMPLIES_DELIVERED):
        kind = "regular" if message.billable else "free_customer_service"
        value["pricing"] = {
            "billable": message.billable,
            "pricing_model": "PMP",
            "type": kind,
            "category": message.category.lower(),
        }
    if update.status == "failed":
        value["errors"] = [status_error(update.code)]
    return value


def contact_value(world: World, e164: str) -> dict[str, Any]:
    """One entry of `contacts`."""
    contact: dict[str, Any] = {"profile": {"name": world.name_of(e164)}, "user_id": world.user_id(e164)}
    if not world.hides_phone(e164):
        contact["wa_id"] = wa_id_of(e164)
    return contact


def payload_of(world: World, updates: list[Update]) -> dict[str, Any]:
    """The POST body of a batch: neighbours of one account, number and field share a change."""
    entries: list[dict[str, Any]] = []
    change: dict[str, Any] | None = None
    last: tuple[str, str, str] | None = None
    people: set[str] = set()
    for update in updates:
        if isinstance(update.value, dict):
            changes = [{"field": update.field, "value": update.value}]
            entries.append({"id": update.account_id, "time": update.at_us // SECOND, "changes": changes})
            last = None
            continue
        key = "statuses" if isinstance(update.value, Message) else "messages"
        if last != (update.account_id, update.phone_id, key) or change is None:
            if not entries or entries[-1]["id"] != update.account_id or last is None:
                entries.append({"id": update.account_id, "changes": []})
            number = world.numbers[update.phone_id]
            change = {
                "messaging_product": "whatsapp",
                "metadata": {"display_phone_number": number.digits, "phone_number_id": number.id},
                key: [],
            }
            entries[-1]["changes"].append({"value": change, "field": "messages"})
            last, people = (update.account_id, update.phone_id, key), set()
        change[key].append(status_value(world, update) if isinstance(update.value, Message) else update.value.message)
        e164, shown = update.value.e164, world.accounts[update.account_id].option("webhooks", "contacts", "mixed")
        system = isinstance(update.value, Inbound) and update.value.message["type"] == "system"
        if shown == "never" and key == "statuses":
            continue
        if (
            update.status == "failed"
            or system
            or e164 in people
            or (shown == "mixed" and key == "statuses" and update.no % 5 == 0)
        ):
            continue
        people.add(e164)
        change.setdefault("contacts", []).append(contact_value(world, e164))
    return {"object": "whatsapp_business_account", "entry": entries}


@dataclass(slots=True)
class Channel:
    """One callback URL and secret, with what waits for it."""

    url: str
    secret: str
    account_id: str
    waiting: deque[Update] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None
    failing: int = 0
    in_flight: int = 0


class Courier:
    """Delivers updates and payment notifications; `pending` is everything not yet answered 200."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.poster = Poster(world.config.client)
        self.channels: dict[tuple[str, str], Channel] = {}
        self.pending: dict[int, Update] = {}
        self.owed: dict[int, Post] = {}
        self.next_no = 1
        self.hurry = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    def tell(self, update: Update) -> None:
        """Queue an update (already journaled); accounts that are not subscribed hear nothing."""
        account = self.world.accounts.get(update.account_id)
        if account is None or not account.subscribed or not account.settings.get("callback_url"):
            self.world.count("webhooks_nobody_subscribed")
            return
        self.pending[update.no] = update
        key = (account.settings["callback_url"], account.settings["app_secret"])
        channel = self.channels.get(key)
        if channel is None:
            channel = self.channels[key] = Channel(*key, account_id=account.id)
        channel.waiting.append(update)
        self._wake(channel)

    def number_next(self) -> int:
        """The next update's number."""
        no, self.next_no = self.next_no, self.next_no + 1
        return no

    def owe(self, no: int, url: str, body: bytes, headers: dict[str, str]) -> None:
        """Post a payment notification until it is answered 200 (already journaled)."""
        post = self.owed[no] = Post(url, body, headers, [no])
        self._spawn(self._deliver_owed(post))

    def _wake(self, channel: Channel) -> None:
        if channel.task is None or channel.task.done():
            channel.task = self._spawn(self._work(channel))

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work(self, channel: Channel) -> None:
        """Take batches off the channel while anything waits."""
        while channel.waiting:
            account = self.world.accounts[channel.account_id]
            linger = account.option("webhooks", "linger_ms", 20) / 1000
            most = min(UPDATES_MAX, account.option("webhooks", "batch", UPDATES_MAX))
            if linger and not self.hurry and len(channel.waiting) < most:
                await asyncio.sleep(linger)
            parallel = account.option("webhooks", "parallel", 1 if self.world.clock.standing_us is not None else 4)
            if channel.in_flight >= parallel or channel.failing >= FAILING_MAX:
                await self._something_changed()
                continue
            batch = self._take(channel, most)
            self.world.journal.flush()
            for post in self._posts(channel, batch):
                channel.in_flight += 1
                self._spawn(self._deliver(channel, post))
            await asyncio.sleep(0)

    def _take(self, channel: Channel, most: int) -> list[Update]:
        account = self.world.accounts[channel.account_id]
        twice, shuffled = (
            account.option("webhooks", "duplicate_rate", 0.0),
            account.option("webhooks", "reorder_rate", 0.0),
        )
        batch = [channel.waiting.popleft() for _ in range(min(most, len(channel.waiting)))]
        if shuffled:
            for place in range(len(batch) - 1):
                if chance(self.world.seed, "reorder", batch[place].no) < shuffled:
                    batch[place], batch[place + 1] = batch[place + 1], batch[place]
        if twice:
            again = [u for u in batch if chance(self.world.seed, "twice", u.no) < twice]
            self.world.count("webhook_duplicates", len(again))
            batch += again[: max(0, UPDATES_MAX - len(batch))]
        return batch

    def _posts(self, channel: Channel, batch: list[Update]) -> list[Post]:
        body = orjson.dumps(payload_of(self.world, batch))
        if len(body) > BYTES_MAX and len(batch) > 1:
            half = len(batch) // 2
            return self._posts(channel, batch[:half]) + self._posts(channel, batch[half:])
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": sign(channel.secret, body),
            "User-Agent": "facebookexternalua",
        }
        return [Post(channel.url, body, headers, sorted({u.no for u in batch}))]

    async def _deliver(self, channel: Channel, post: Post) -> None:
        account = self.world.accounts[channel.account_id]
        first = account.option("webhooks", "retry_ms", 500) / 1000
        while True:
            status, _ = await self.poster.request("POST", post.url, post.body, post.headers)
            self.world.count("webhook_posts")
            if status == 200:
                break
            self.world.count("webhook_retries")
            if not post.tries:
                channel.failing += 1
            post.tries += 1
            channel.in_flight -= 1
            self._ring()
            await asyncio.sleep(min(RETRY_LONGEST, first * 2 ** min(post.tries - 1, 12)))
            channel.in_flight += 1
        if chance(self.world.seed, "repeat", post.nos[0]) < account.option("webhooks", "repeat_rate", 0.0):
            await self.poster.request("POST", post.url, post.body, post.headers)
            self.world.count("webhook_repeats")
        channel.in_flight -= 1
        channel.failing -= bool(post.tries)
        for no in post.nos:
            self.pending.pop(no, None)
        self.world.count("updates_delivered", len(post.nos))
        self.world.journal.add("a", ranges(post.nos))
        self._ring()

    async def _deliver_owed(self, post: Post) -> None:
        while (await self.poster.request("POST", post.url, post.body, post.headers))[0] != 200:
            self.world.count("payment_retries")
            post.tries += 1
            await asyncio.sleep(min(RETRY_LONGEST, 0.5 * 2 ** min(post.tries - 1, 12)))
        self.owed.pop(post.nos[0], None)
        self.world.journal.add("pa", post.nos[0])
        self._ring()

    def _ring(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _something_changed(self, timeout: float = 1.0) -> None:
        event = self._changed
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            return

    def idle(self) -> bool:
        """Whether everything was answered 200."""
        return not self.pending and not self.owed

    async def drain(self, timeout: float) -> bool:
        """Wait until idle; False when `timeout` seconds were not enough."""
        deadline = asyncio.get_running_loop().time() + timeout
        self.hurry += 1
        try:
            while not self.idle():
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0:
                    return False
                await self._something_changed(min(left, 0.5))
            return True
        finally:
            self.hurry -= 1

    async def close(self) -> None:
        """Stop delivering; what is pending stays in the journal."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.poster.close()


def ranges(numbers: list[int]) -> list[list[int]]:
    """[[first, last], ...] of ascending numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs
