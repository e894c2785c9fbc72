"""The debtor's phone and the simulator PSP."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

import orjson
import pytest

from kernel.clock import machine_now
from messaging.sandbox.agenda import text_of, to_us
from tests.messaging.sandbox.harness import ANA, NUMBER, START, TOKEN, Business, bench, reminder, text

pytestmark = pytest.mark.anyio

BILL = {
    "reference": "ref-1",
    "amount": "123.45",
    "currency": "COP",
    "kind": "balance",
    "code": "000201",
    "status": "open",
}


async def test_the_phone_shows_what_the_person_sees():
    async with bench() as it:
        await it.template(
            components=[
                {"type": "HEADER", "format": "TEXT", "text": "Acme"},
                {"type": "BODY", "text": "Hola {{1}}, debes {{2}}. Gracias.", "example": {"body_text": [["x", "y"]]}},
                {"type": "FOOTER", "text": "Responde BAJA para no recibir más"},
                {
                    "type": "BUTTONS",
                    "buttons": [
                        {"type": "QUICK_REPLY", "text": "Ya pagué"},
                        {"type": "URL", "text": "Pagar", "url": "http://business/p/{{1}}"},
                    ],
                },
            ]
        )
        content = reminder("Ana", "$ 10")
        content["template"]["components"] += [
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": "0",
                "parameters": [{"type": "payload", "payload": "paid:7"}],
            },
            {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "tok-1"}]},
        ]
        wamid = (await it.send(content)).json()["messages"][0]["id"]
        (chat,) = (await it.control(f"phone/{ANA}/chats"))["chats"]
        (item,) = chat["items"]
        assert (item["header"], item["body"], item["footer"]) == (
            "Acme",
            "Hola Ana, debes $ 10. Gracias.",
            "Responde BAJA para no recibir más",
        )
        assert item["options"] == [{"id": "paid:7", "title": "Ya pagué", "kind": "quick_reply"}]
        assert item["links"] == [{"title": "Pagar", "url": "http://business/p/tok-1"}]
        await it.control(f"phone/{ANA}/tap", {"message_id": wamid, "id": "paid:7"})
        await it.control("drain", {})
        (message,) = it.business.messages()
        assert message["button"] == {"payload": "paid:7", "text": "Ya pagué"}
        assert message["context"] == {"from": "573005550100", "id": wamid}
        await it.control(f"phone/{ANA}/tap", {"message_id": wamid, "id": "nothing"}, status=404)


async def test_buttons_and_rows_come_back_as_interactive_replies():
    async with bench() as it:
        await it.hear()
        reply = {"type": "reply", "reply": {"id": "plan", "title": "Plan"}}
        button = {
            "type": "interactive",
            "interactive": {"type": "button", "body": {"text": "?"}, "action": {"buttons": [reply]}},
        }
        sections = [{"rows": [{"id": "plan:3", "title": "3 cuotas"}]}]
        menu = {
            "type": "interactive",
            "interactive": {"type": "list", "body": {"text": "?"}, "action": {"button": "Ver", "sections": sections}},
        }
        for content, option, name in ((button, "plan", "button_reply"), (menu, "plan:3", "list_reply")):
            wamid = (await it.send(content)).json()["messages"][0]["id"]
            await it.control(f"phone/{ANA}/tap", {"message_id": wamid, "id": option})
            await it.control("drain", {})
            interactive = it.business.messages()[-1]["interactive"]
            assert interactive["type"] == name
            assert interactive[name]["id"] == option


async def test_a_photo_is_told_as_an_image_that_can_be_fetched():
    async with bench() as it:
        media_id = (await it.control(f"phone/{ANA}/photo", {"caption": "ya pagué", "phone_number_id": NUMBER}))[
            "media_id"
        ]
        own = base64.b64encode(b"\xff\xd8jpeg").decode()
        await it.control(f"phone/{ANA}/photo", {"data": own, "mime_type": "image/jpeg"})
        await it.control(f"phone/{ANA}/photo", {"data": "%%%", "mime_type": "image/jpeg"}, status=400)
        await it.control("drain", {})
        sample, mine = it.business.messages()
        assert sample["image"]["id"] == media_id
        assert sample["image"]["caption"] == "ya pagué"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        node = (await it.client.get(f"/v26.0/{media_id}", headers=headers)).json()
        picture = (await it.client.get(node["url"], headers=headers)).content
        assert picture.startswith(b"\x89PNG")
        assert hashlib.sha256(picture).hexdigest() == sample["image"]["sha256"] == node["sha256"]
        assert mine["image"]["mime_type"] == "image/jpeg"


async def test_a_payable_is_opened_paid_and_notified_with_a_good_signature():
    business = Business()
    business.bills["tok-1"] = BILL
    async with bench(business=business) as it:
        await it.hear()
        await it.send(text("Paga aquí: http://business/p/tok-1 ¡Gracias!"))
        assert (await it.control(f"phone/{ANA}/pay", {"token": "other"}, status=404))["error"]
        assert await it.control(f"phone/{ANA}/bill?token=tok-1") == BILL
        paid = await it.control(f"phone/{ANA}/pay", {"token": "tok-1"})
        await it.control("drain", {})
        ((raw, header),) = business.payments
        stamp, seal = (part.split("=")[1] for part in header.split(","))
        assert seal == hmac.new(b"psp-secret", f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
        event = orjson.loads(raw)
        assert event == paid["paid"]
        expected = ("payment.completed", "ref-1", "123.45", "COP", "2026-11-23T15:00:00.000000Z")
        assert tuple(event[k] for k in ("type", "reference", "amount", "currency", "paid_at")) == expected
        business.bills["tok-1"] = {**BILL, "status": "paid"}
        await it.control(f"phone/{ANA}/pay", {"token": "tok-1"}, status=409)


async def test_the_product_may_live_behind_another_address():
    business = Business()
    business.bills["tok-1"] = BILL
    async with bench(business=business, product_url="http://business") as it:
        await it.hear()
        await it.send(text("https://cobros.example/p/tok-1"))
        assert (await it.control(f"phone/{ANA}/pay", {"token": "tok-1"}))["bill"] == BILL


async def test_a_simulated_debtor_opens_the_link_and_pays_once():
    business = Business()
    business.bills["tok-1"] = BILL
    async with bench(business=business) as it:
        person = {"phone": ANA, "persona": "prompt", "answers": 1.0, "pays": 1.0, "on_whatsapp": True}
        await it.control("debtors", {"debtors": [person]})
        await it.hear()
        for n in range(3):
            await it.send(text(f"Paga aquí: http://business/p/tok-1 ({n})"))
        await it.advance(START + timedelta(days=12))
        assert len(business.payments) >= 1
        assert {orjson.loads(raw)["reference"] for raw, _ in business.payments} == {"ref-1"}
        assert (
            (await it.control("stats"))["payments"]
            == len({orjson.loads(raw)["id"] for raw, _ in business.payments})
            == 1
        )


async def test_a_payment_may_be_notified_twice():
    business = Business()
    business.bills["tok-1"] = BILL
    async with bench(business=business, psp={"url": "http://business/psp", "secret": "s", "duplicate_rate": 1.0}) as it:
        await it.hear()
        await it.send(text("http://business/p/tok-1"))
        await it.control(f"phone/{ANA}/pay", {"token": "tok-1"})
        await it.control("drain", {})
        assert len(business.payments) == 2
        assert business.payments[0][0] == business.payments[1][0]


async def test_pages_are_served_and_hold_no_foreign_script():
    async with bench() as it:
        await it.hear("<img src=x onerror=alert(1)>")
        for path in (
            "/_sandbox/phone",
            f"/_sandbox/phone/{ANA}",
            "/_sandbox/pages/phone.js",
            "/_sandbox/pages/phone.css",
        ):
            answer = await it.client.get(path)
            assert answer.status_code == 200
            assert b"http://" not in answer.content
            assert b"innerHTML" not in answer.content
        assert (
            (await it.client.get(f"/_sandbox/phone/{ANA}"))
            .headers["content-security-policy"]
            .startswith("default-src 'self'")
        )
        assert (await it.client.get("/_sandbox/pages/..%2fconfig.py")).status_code == 404


async def test_the_product_that_set_an_account_up_may_frame_a_phone_and_nobody_else():
    async with bench(product_url="http://127.0.0.1:8000") as it:
        policy = (await it.client.get(f"/_sandbox/phone/{ANA}?docked=1")).headers["content-security-policy"]
        assert policy.split("frame-ancestors ")[1] == "'self' http://127.0.0.1:8000 http://localhost:8000"
    async with bench() as it:
        policy = (await it.client.get(f"/_sandbox/phone/{ANA}")).headers["content-security-policy"]
        assert policy.endswith("frame-ancestors 'self'")


async def test_a_running_clock_is_stopped_ahead_and_runs_on_from_there():
    async with bench() as it:
        began = to_us(START)
        await it.control("clock", {"offset_seconds": (began + 3_600_000_000) / 1e6 - machine_now().timestamp()})
        for minutes in (61, 62, 63):
            at = text_of(began + minutes * 60_000_000)
            assert (await it.control("clock", {"now": at}))["standing"] is True
            ahead = (began + minutes * 60_000_000) / 1e6 - machine_now().timestamp() + 1
            assert (await it.control("clock", {"offset_seconds": ahead}))["standing"] is False
