"""Webhooks out: signature, shapes, batches, duplicates, retries, and the clock that drives them."""

from __future__ import annotations

from datetime import timedelta

import anyio
import orjson
import pytest

from tests.messaging.sandbox.harness import (
    ANA,
    DISPLAY,
    NUMBER,
    SECRET,
    START,
    TOKEN,
    WABA,
    Business,
    bench,
    reminder,
    seal,
    text,
)

pytestmark = pytest.mark.anyio


async def test_every_post_is_signed_over_its_raw_bytes():
    async with bench() as it:
        await it.hear("¿Cuánto debo? ñ")
        await it.control("drain", {})
        (body, signature) = it.business.posts[0]
        assert signature == seal(body)
        assert signature != seal(body + b" ")
        assert signature != seal(body, SECRET + "x")


async def test_setup_refuses_a_callback_that_does_not_know_the_verify_token():
    async with bench() as it:
        answer = await it.client.post(
            "/_sandbox/setup",
            json={
                "waba_id": "1001",
                "token": "t",
                "app_secret": "s",
                "verify_token": "wrong",
                "callback_url": "http://business/hook",
                "numbers": [{"id": "2001", "display_phone_number": "+573005550101"}],
            },
        )
        assert answer.status_code == 422
        assert code_of_unknown(await it.send(number="2001")) == 100


def code_of_unknown(answer):
    return answer.json()["error"]["code"]


async def test_a_message_is_sent_delivered_and_read_by_the_sandboxs_clock():
    async with bench() as it:
        await it.template()
        wamid = (await it.send(reminder("Ana", "10", biz_opaque_callback_data="row:1"))).json()["messages"][0]["id"]
        assert it.business.statuses() == []
        await it.advance(START + timedelta(seconds=1))
        assert [s["status"] for s in it.business.statuses()] == ["sent"]
        await it.advance(START + timedelta(seconds=10))
        statuses = it.business.statuses()
        assert [s["status"] for s in statuses] == ["sent", "delivered", "read"]
        seconds = int(START.timestamp())
        assert [s["timestamp"] for s in statuses] == [str(seconds + 1), str(seconds + 2), str(seconds + 5)]
        assert {(s["id"], s["recipient_id"], s["biz_opaque_callback_data"]) for s in statuses} == {
            (wamid, "573001112233", "row:1")
        }
        assert statuses[0]["pricing"] == {
            "billable": True,
            "pricing_model": "PMP",
            "type": "regular",
            "category": "utility",
        }
        assert "pricing" not in statuses[2]


async def test_what_is_due_at_the_same_instant_is_told_in_an_order_that_does_not_depend_on_arrival():
    people, orders = [f"+57300111000{n}" for n in range(6)], []
    for order in (1, -1):
        async with bench() as it:
            await it.template()
            for phone in people[::order]:
                await it.send(reminder("Ana", "10"), to=phone)
            await it.advance(START + timedelta(minutes=1))
            orders.append([(s["recipient_id"], s["status"]) for s in it.business.statuses()])
    assert len(orders[0]) == 18
    assert orders[0] == orders[1]


async def test_a_failed_status_has_errors_and_no_contacts():
    async with bench() as it:
        await it.template()
        await it.control("faults", {"kind": "fail_status", "code": 131049})
        assert (await it.send(reminder("Ana", "10"))).status_code == 200
        await it.advance(START + timedelta(minutes=1))
        (value,) = [v for v in it.business.values() if v.get("statuses")]
        assert value["statuses"][0]["errors"][0]["code"] == 131049
        assert "contacts" not in value


async def test_held_messages_go_out_later_or_are_dropped():
    async with bench() as it:
        await it.template()
        await it.control("faults", {"kind": "hold", "seconds": 60})
        await it.control("faults", {"kind": "hold", "seconds": 60, "drop": True})
        answers = [(await it.send(reminder("Ana", str(n)))).json() for n in range(2)]
        assert {a["messages"][0]["message_status"] for a in answers} == {"held_for_quality_assessment"}
        await it.advance(START + timedelta(seconds=59))
        assert it.business.statuses() == []
        await it.advance(START + timedelta(minutes=5))
        ends = {s["id"]: s for s in it.business.statuses()}
        assert ends[answers[0]["messages"][0]["id"]]["status"] == "read"
        assert ends[answers[1]["messages"][0]["id"]]["errors"][0]["code"] == 132015


async def test_contacts_can_be_always_or_never_there():
    for setting, present in (("always", True), ("never", False)):
        async with bench(webhooks={"linger_ms": 0, "contacts": setting}) as it:
            await it.template()
            await it.send(reminder("Ana", "10"))
            await it.advance(START + timedelta(seconds=10))
            assert all(("contacts" in v) is present for v in it.business.values() if v.get("statuses"))


async def test_a_person_who_hides_the_phone_is_known_by_user_id_only():
    async with bench() as it:
        await it.control(
            "debtors", {"debtors": [{"phone": ANA, "persona": "manual", "hides_phone": True, "name": "Ana"}]}
        )
        await it.hear()
        await it.control("drain", {})
        (value,) = [v for v in it.business.values() if v.get("messages")]
        assert "from" not in value["messages"][0]
        assert "wa_id" not in value["contacts"][0]
        bsuid = value["messages"][0]["from_user_id"]
        assert value["contacts"][0]["user_id"] == bsuid
        body = {"messaging_product": "whatsapp", "recipient": bsuid, **text("hola")}
        answer = await it.client.post(
            f"/v26.0/{NUMBER}/messages", json=body, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert answer.json()["contacts"] == [{"input": bsuid, "user_id": bsuid}]


@pytest.mark.parametrize(
    "message",
    [
        {"type": "location", "location": {"latitude": 4.6, "longitude": -74.1}},
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "B"}, "phones": [{"phone": "+57 300"}]}]},
        {"type": "audio", "audio": {"id": "1", "mime_type": "audio/ogg; codecs=opus", "voice": True}},
        {"type": "unsupported", "errors": [{"code": 131051, "title": "Message type unknown"}]},
        {"type": "system", "system": {"type": "user_changed_number", "wa_id": "573009998877", "body": "changed"}},
        {"type": "from_the_future", "from_the_future": {}},
    ],
)
async def test_inbound_messages_of_every_type_can_be_sent(message):
    async with bench() as it:
        await it.control("inbound", {"phone_number_id": NUMBER, "from": ANA, "message": message})
        await it.control("drain", {})
        (value,) = it.business.values()
        assert value["messages"][0] == {**value["messages"][0], **message, "from": "573001112233"}
        assert value["metadata"] == {"display_phone_number": "573005550100", "phone_number_id": NUMBER}
        assert ("contacts" in value) is (message["type"] != "system")


async def test_updates_are_batched_up_to_the_limit_and_never_beyond():
    async with bench(webhooks={"linger_ms": 0, "batch": 100}, limits={"throughput": 0}) as it:
        await it.template()
        for n in range(150):
            await it.send(reminder("Ana", "1"), to=f"+57300111{n:04d}")
        await it.control("drain", {})
        before = len(it.business.posts)
        await it.advance(START + timedelta(minutes=1))
        sizes = []
        for body, _ in it.business.posts[before:]:
            entries = orjson.loads(body)["entry"]
            sizes.append(sum(len(c["value"]["statuses"]) for e in entries for c in e["changes"]))
        assert sum(sizes) == 450
        assert max(sizes) == 100
        assert len(sizes) < 12


async def test_one_app_for_two_accounts_puts_both_into_one_post():
    async with bench(webhooks={"linger_ms": 50}) as it:
        await it.setup(
            waba_id="1001", token="token-2", numbers=[{"id": "2001", "display_phone_number": "+573005550101"}]
        )
        it.business.posts.clear()
        await it.client.post("/_sandbox/phone/+573001110001/say", json={"text": "a", "phone_number_id": NUMBER})
        await it.client.post("/_sandbox/phone/+573001110002/say", json={"text": "b", "phone_number_id": "2001"})
        await it.control("drain", {})
        assert len(it.business.posts) == 1
        ids = [e["id"] for body, _ in it.business.posts for e in orjson.loads(body)["entry"]]
        assert ids == [WABA, "1001"]


async def test_duplicates_and_disorder_come_at_the_asked_rate_and_lose_nothing():
    webhooks = {"linger_ms": 0, "duplicate_rate": 0.2, "reorder_rate": 0.3, "repeat_rate": 0.5}
    async with bench(webhooks=webhooks, limits={"throughput": 0}) as it:
        await it.template()
        for n in range(100):
            await it.send(reminder("Ana", "1"), to=f"+57300111{n:04d}")
        await it.advance(START + timedelta(minutes=1))
        seen = [(s["id"], s["status"]) for s in it.business.statuses()]
        assert len(set(seen)) == 300
        assert 330 < len(seen) < 800
        times = [int(s["timestamp"]) for s in it.business.statuses()]
        assert times != sorted(times)


async def test_advance_waits_until_every_webhook_was_answered_200():
    business = Business()
    async with bench(business=business) as it:
        await it.template()
        await it.send(reminder("Ana", "10"))
        business.refuse = 3
        answer = await it.advance(START + timedelta(seconds=10))
        assert answer["drained"] is True
        assert business.refused == 3
        assert [s["status"] for s in business.statuses()] == ["sent", "delivered", "read"]
        business.refuse = 10_000
        await it.hear()
        stuck = await it.client.post("/_sandbox/drain", json={"timeout_seconds": 0.2})
        assert stuck.status_code == 504
        assert "pending" in stuck.json()["error"]


async def test_the_clock_stands_moves_on_and_never_goes_back():
    async with bench() as it:
        assert (await it.control("clock"))["now"] == "2026-11-23T15:00:00.000000Z"
        await it.control("clock", {"now": (START + timedelta(days=1)).isoformat()})
        await it.control("clock", {"now": START.isoformat()}, status=409)
        await it.control("advance", {"to": START.isoformat()}, status=409)
        assert (await it.control("clock"))["now"] == "2026-11-24T15:00:00.000000Z"
        # Set running at what is past by then, it goes on from where it is: whoever asks again need not fail again.
        running = await it.control("clock", {"offset_seconds": 0})
        assert not running["standing"] and running["now"] >= "2026-11-24T15:00:00.000000Z"
        again = await it.control("clock", {"offset_seconds": running["offset_seconds"] - 0.000019})
        assert again["offset_seconds"] == running["offset_seconds"]


async def test_a_running_clock_fires_by_itself():
    business = Business()
    async with bench(business=business) as it:
        away = 10 * 365 * 86_400
        assert (await it.control("clock", {"offset_seconds": away}))["standing"] is False
        await it.hear()
        await it.send()
        with anyio.fail_after(8):
            while not business.statuses():
                await anyio.sleep(0.05)
        assert business.statuses()[0]["status"] == "sent"


async def test_account_level_events_are_told():
    async with bench() as it:
        template_id = (await it.template())["id"]
        await it.control("drain", {})
        it.business.posts.clear()
        await it.control(f"numbers/{NUMBER}", {"quality": "RED"})
        await it.control(f"templates/{template_id}", {"category": "MARKETING"})
        value = {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "MISLEADING"}}
        await it.control("announce", {"waba_id": WABA, "field": "account_update", "value": value})
        await it.control("drain", {})
        changes = [
            (e["time"], c["field"])
            for b, _ in it.business.posts
            for e in orjson.loads(b)["entry"]
            for c in e["changes"]
        ]
        now = int(START.timestamp())
        assert changes == [
            (now, "phone_number_quality_update"),
            (now, "template_category_update"),
            (now, "account_update"),
        ]
        assert DISPLAY.replace("+", "").replace(" ", "") == next(it.business.values())["display_phone_number"]
