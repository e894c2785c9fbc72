"""A kill loses nothing: the journal brings back messages, templates, clock, pending webhooks and what was planned."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from messaging.sandbox import Config, create_app
from messaging.sandbox.journal import NAME, Journal, JournalTooNew
from tests.messaging.sandbox.harness import ANA, START, Bench, Business, bench, reminder, text

pytestmark = pytest.mark.anyio


async def killed(it: Bench) -> None:
    """Stop the background work as a kill does: nothing more is flushed."""
    it.sandbox.world.journal.abandon()


async def reopen(directory, business):
    return bench(directory, business=business, set_up=False, seed=99)


async def test_messages_templates_windows_and_limits_survive(tmp_path):
    business = Business()
    async with bench(tmp_path, business=business, limits={"messaging_limit": 1}) as it:
        await it.template()
        await it.hear()
        await it.send(text("hola", biz_opaque_callback_data="a"))
        await it.send(reminder("B", "1"), to="+573001110009")
        before = await it.control("messages")
        await killed(it)
    async with await reopen(tmp_path, business) as it:
        after = await it.control("messages")
        assert after == before
        assert (await it.control("clock"))["now"] == "2026-11-23T15:00:00.000000Z"
        assert (await it.send(text("otra vez", biz_opaque_callback_data="a"))).status_code == 200
        assert (await it.control("stats"))["duplicates"] == 1
        assert (await it.send(reminder("B", "1"), to="+573001110010")).json()["error"]["code"] == 131048


async def test_a_receipt_that_was_not_yet_due_comes_after_the_kill(tmp_path):
    business = Business()
    async with bench(tmp_path, business=business) as it:
        await it.template()
        await it.send(reminder("Ana", "10"))
        await it.advance(START + timedelta(seconds=1))
        await killed(it)
    async with await reopen(tmp_path, business) as it:
        await it.advance(START + timedelta(seconds=30))
    assert [s["status"] for s in business.statuses()] == ["sent", "delivered", "read"]


async def test_an_unanswered_webhook_is_posted_again_after_the_kill(tmp_path):
    business = Business()
    business.refuse = 10_000
    async with bench(tmp_path, business=business, callback_url="http://business/hook") as it:
        await it.hear("sigo aquí")
        await it.client.post("/_sandbox/drain", json={"timeout_seconds": 0.1})
        await killed(it)
    assert business.messages() == []
    business.refuse = 0
    async with await reopen(tmp_path, business) as it:
        await it.control("drain", {})
        assert [m["text"]["body"] for m in business.messages()] == ["sigo aquí"]
        await killed(it)
    async with await reopen(tmp_path, business) as it:
        await it.control("drain", {})
    assert len(business.messages()) >= 1


async def test_an_answered_webhook_is_not_posted_again(tmp_path):
    business = Business()
    async with bench(tmp_path, business=business) as it:
        await it.hear()
        await it.control("drain", {})
        await killed(it)
    async with await reopen(tmp_path, business) as it:
        await it.control("drain", {})
    assert len(business.messages()) == 1


async def test_planned_reviews_and_faults_survive(tmp_path):
    business = Business()
    async with bench(tmp_path, business=business, review={"seconds": 600}) as it:
        await it.template()
        await it.control("faults", {"kind": "error", "code": 131016})
        await killed(it)
    async with await reopen(tmp_path, business) as it:
        assert (await it.control("faults"))["faults"][0]["code"] == 131016
        await it.advance(START + timedelta(minutes=10))
        assert (await it.send(reminder("Ana", "1"))).json()["error"]["code"] == 131016
        assert (await it.send(reminder("Ana", "1"))).status_code == 200


async def test_a_torn_last_line_is_ignored_and_a_foreign_format_refused(tmp_path):
    business = Business()
    async with bench(tmp_path, business=business) as it:
        await it.hear()
    with (tmp_path / NAME).open("ab") as journal:
        journal.write(b'["m",2,"wam')
    async with await reopen(tmp_path, business) as it:
        assert (await it.control("stats"))["inbound"] == 1
        await it.hear("dos")
    async with await reopen(tmp_path, business) as it:
        assert (await it.control("stats"))["inbound"] == 2
    (tmp_path / NAME).write_bytes(b'["journal",999]\n')
    with pytest.raises(JournalTooNew):
        create_app(Config(directory=tmp_path))


async def test_a_full_disk_refuses_the_message_and_keeps_the_journal_whole(tmp_path):
    business = Business()
    async with bench(tmp_path, business=business) as it:
        await it.hear()
        journal = it.sandbox.world.journal
        real = journal._file

        class Full:
            def write(self, data):
                raise OSError(28, "No space left on device")

            def truncate(self, size):
                return real.truncate(size)

            def close(self):
                real.close()

        await it.control("drain", {})
        journal.flush()
        journal._file = Full()
        refused = await it.send()
        assert (refused.status_code, refused.json()["error"]["code"]) == (500, 131000)
        journal._file = real
        assert (await it.send()).status_code == 200
        assert len((await it.control("messages"))["messages"]) == 1
    assert sum(1 for record in Journal(tmp_path).replay() if record[0] == "m") == 1


async def test_the_journal_is_on_disk_before_the_answer(tmp_path):
    async with bench(tmp_path) as it:
        await it.hear()
        answer: httpx.Response = await it.send(text("hola", biz_opaque_callback_data="now"))
        assert answer.status_code == 200
        assert b'"now"' in (tmp_path / NAME).read_bytes()


async def test_debtors_and_their_memory_survive(tmp_path):
    business = Business()
    async with bench(tmp_path, business=business) as it:
        await it.control(
            "debtors", {"debtors": [{"phone": ANA, "persona": "prompt", "answers": 1.0, "on_whatsapp": True}]}
        )
        await it.template()
        await it.send(reminder("Ana", "10"))
        await it.advance(START + timedelta(hours=60))
        known = await it.control("debtors")
        memory = dict(it.sandbox.world.chat("2000", ANA).memory)
        assert memory
        await killed(it)
    async with await reopen(tmp_path, business) as it:
        assert await it.control("debtors") == known
        assert it.sandbox.world.chat("2000", ANA).memory == memory
        assert it.sandbox.world.seed == 7
