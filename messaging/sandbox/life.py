"""What happens in the sandbox as its clock moves: receipts, reviews, and what debtors do."""

from __future__ import annotations

import asyncio
from typing import Any

from messaging.sandbox import debtors
from messaging.sandbox.agenda import Entry
from messaging.sandbox.household import Household
from messaging.sandbox.store import remember_inbound, template_record
from messaging.sandbox.webhooks import READ_IMPLIES_DELIVERED, Courier, Update
from messaging.sandbox.world import Account, Inbound, Message, Template, World, wa_id_of

QUIET = 0.05


def decide_review(template: Template) -> None:
    """Give a pending template what its reviewer decided."""
    template.status = template.verdict["status"]
    template.category = template.verdict["category"]
    template.rejected_reason = template.verdict["reason"]


class Life:
    """Runs the agenda: one instant after another, in order."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.courier = Courier(world)
        self.household = Household(world, self.courier, self.say)
        self._runner: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self.inflight = 0

    # -- scheduling ---------------------------------------------------------------------------------------------------

    def schedule_message(self, message: Message) -> None:
        """Put the message's next receipt on the agenda."""
        steps = self.fate_of(message)
        if message.stage < len(steps):
            start = message.stage_us or message.at_us
            self.world.agenda.put(start + steps[message.stage][0], message.e164, "message", message)
            self._wake.set()

    def fate_of(self, message: Message) -> list[tuple[int, str]]:
        """[(delay in microseconds after the step before, what happens)], the same whenever it is asked."""
        if message.override:
            return debtors.overridden(message.override)
        profile = self.world.people.get(message.e164)
        return debtors.fate(self.world.seed, message.e164, message.ordinal, profile, message.kind)

    def plan(self, due_us: int, tie: str, what: str, payload: dict[str, Any]) -> None:
        """Schedule something that the journal must remember by itself."""
        no = self.courier.number_next()
        payload = {**payload, "no": no}
        self.world.journal.add("x", due_us, tie, what, payload)
        self.world.agenda.put(due_us, tie, what, payload)
        self._wake.set()

    # -- telling the business -----------------------------------------------------------------------------------------

    def tell_status(self, message: Message, status: str, at_us: int, code: int = 0) -> None:
        """A status webhook."""
        message.state = status
        message.error = code if status == "failed" else 0
        no = self.courier.number_next()
        account = self.world.account_of(message.phone_id)
        self.world.journal.add("s", no, message.no, status, at_us, code)
        self.world.count("statuses")
        self.world.count(f"status_{status}")
        self.courier.tell(Update(no, account.id, message.phone_id, "messages", message, at_us, status, code))

    def say(self, phone_id: str, e164: str, at_us: int, content: dict[str, Any], truth: dict[str, Any]) -> Inbound:
        """An inbound message of any type: journaled, then told to the business."""
        no = self.courier.number_next()
        place = len(self.world.inbound) + 1
        message: dict[str, Any] = {
            "id": self.world.wamid(phone_id, e164, place, "in"),
            "timestamp": str(at_us // 1_000_000),
        }
        if not self.world.hides_phone(e164):
            message["from"] = wa_id_of(e164)
        message["from_user_id"] = self.world.user_id(e164)
        inbound = Inbound(place, phone_id, e164, at_us, message | content, truth)
        self.world.journal.add("i", no, place, phone_id, e164, at_us, inbound.message, truth)
        remember_inbound(self.world, inbound)
        account = self.world.account_of(phone_id)
        self.courier.tell(Update(no, account.id, phone_id, "messages", inbound, at_us))
        return inbound

    def announce(self, account: Account, field: str, value: dict[str, Any], at_us: int) -> None:
        """An account-level webhook."""
        no = self.courier.number_next()
        self.world.journal.add("g", no, account.id, field, value, at_us)
        self.world.count("account_updates")
        self.courier.tell(Update(no, account.id, "", field, value, at_us))

    def announce_template(self, template: Template, at_us: int, event: str, **more: Any) -> None:
        """A message_template_status_update."""
        value = {
            "event": event,
            "message_template_id": int(template.id),
            "message_template_name": template.name,
            "message_template_language": template.language.replace("_", "-"),
            "reason": template.rejected_reason,
            "message_template_category": template.category,
            **more,
        }
        self.announce(self.world.accounts[template.account_id], "message_template_status_update", value, at_us)

    # -- time ---------------------------------------------------------------------------------------------------------

    async def fire(self, entry: Entry) -> None:
        """Let one thing happen."""
        due, _, _, what, payload = entry
        if what == "message":
            await self._receipt(payload, due)
            return
        self.world.journal.add("f", payload["no"])
        if what == "review":
            self._review(payload, due)
        else:
            for after, tie, kind, more in await self.household.act(what, payload, due):
                self.plan(after, tie, kind, more)

    async def _receipt(self, message: Message, due: int) -> None:
        steps = self.fate_of(message)
        step = steps[message.stage][1]
        message.stage, message.stage_us = message.stage + 1, due
        if step == "seen":
            self.world.journal.add("k", message.no, message.stage, due)
            for after, tie, kind, more in self.household.seen(message, due):
                self.plan(after, tie, kind, more)
        elif step == "read_implied":
            self.tell_status(message, "read", due, READ_IMPLIES_DELIVERED)
        elif step.startswith("failed:"):
            self.tell_status(message, "failed", due, int(step[7:]))
        else:
            self.tell_status(message, step, due)
        self.schedule_message(message)

    def _review(self, payload: dict[str, Any], due: int) -> None:
        template = self.world.templates.get(payload["template_id"])
        if template is None or template.status != "PENDING":
            return
        decide_review(template)
        self.world.journal.add("t", template_record(template))
        extra = {"rejection_info": template.verdict["rejection_info"]} if "rejection_info" in template.verdict else {}
        self.announce_template(template, due, template.status, **extra)

    async def advance(self, until_us: int) -> int:
        """Everything due up to `until_us`, in order; the clock ends there. Returns how much happened."""
        fired = 0
        async with self._turn:
            while (entry := self.world.agenda.pop_due(until_us)) is not None:
                self.inflight += 1
                try:
                    self.world.clock.reach(entry[0])
                    await self.fire(entry)
                finally:
                    self.inflight -= 1
                fired += 1
                if fired % 500 == 0:
                    self.world.journal.flush()
                    await asyncio.sleep(0)
            self.world.clock.reach(until_us)
            self.world.journal.flush()
        return fired

    def wake(self) -> None:
        """Look at the agenda again: the clock or the agenda changed."""
        self._wake.set()

    def start(self) -> None:
        """Run the agenda along with real time; does nothing when already running."""
        if self._runner is None or self._runner.done():
            self._runner = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            now_us = self.world.clock.now_us()
            due = self.world.agenda.next_us()
            running = self.world.clock.standing_us is None
            if due is not None and due <= now_us and running:
                await self.advance(now_us)
                await asyncio.sleep(QUIET)
                continue
            self.world.journal.flush()
            wait = min(1.0, (due - now_us) / 1e6) if due is not None and running else 1.0
            try:
                async with asyncio.timeout(max(0.005, wait)):
                    await self._wake.wait()
                await asyncio.sleep(0.005)
            except TimeoutError:
                continue

    async def drain(self, timeout: float) -> bool:
        """Wait until nothing is in flight; False after `timeout` seconds."""
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0 or not await self.courier.drain(left):
                return False
            if not self.inflight and self.courier.idle():
                return True
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        """Stop everything and close the journal."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        await self.courier.close()
        self.world.journal.close()
