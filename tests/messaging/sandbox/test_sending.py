"""What the Cloud API accepts and refuses, and in which words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.messaging.sandbox.harness import ANA, DISPLAY, NUMBER, START, TOKEN, WABA, bench, code, reminder, text

pytestmark = pytest.mark.anyio


async def test_a_text_in_the_window_is_accepted_with_the_documented_shape():
    async with bench() as it:
        await it.hear()
        answer = await it.send(text("hola", biz_opaque_callback_data="row:1"))
        assert answer.status_code == 200
        body = answer.json()
        assert body["messaging_product"] == "whatsapp"
        assert body["contacts"] == [{"input": ANA, "wa_id": "573001112233"}]
        assert body["messages"][0]["id"].startswith("wamid.")


async def test_free_text_outside_the_window_is_131047_and_nothing_is_accepted():
    async with bench() as it:
        assert code(await it.send()) == 131047
        await it.hear()
        await it.advance(START + timedelta(hours=23, minutes=59))
        assert (await it.send()).status_code == 200
        await it.advance(START + timedelta(hours=24))
        refused = await it.send()
        assert (refused.status_code, code(refused)) == (400, 131047)
        assert (await it.control("stats"))["accepted"] == 1


async def test_the_window_refusal_may_come_as_a_failed_status():
    async with bench(limits={"window_errors": "status"}) as it:
        assert (await it.send()).status_code == 200
        await it.advance(START + timedelta(minutes=1))
        (status,) = it.business.statuses()
        assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)


async def test_tokens_are_checked_and_a_foreign_token_sees_nothing():
    async with bench() as it:
        await it.setup(
            waba_id="1001", token="token-2", numbers=[{"id": "2001", "display_phone_number": "+57 300 555 0101"}]
        )
        nobody = await it.send(token="stolen")
        assert (nobody.status_code, code(nobody)) == (401, 190)
        none = await it.client.post(f"/v26.0/{NUMBER}/messages", json={})
        assert (none.status_code, code(none)) == (401, 0)
        foreign = await it.send(token="token-2")
        assert (code(foreign), foreign.json()["error"]["error_subcode"]) == (100, 33)
        assert (await it.control("stats"))["counts"]["foreign_token"] == 1
        await it.control("tokens/revoke", {"token": TOKEN})
        assert code(await it.send()) == 190


async def test_an_unknown_number_is_100_33_and_a_deleted_one_33():
    async with bench() as it:
        unknown = await it.send(number="999")
        assert (unknown.status_code, code(unknown), unknown.json()["error"]["error_subcode"]) == (400, 100, 33)
        await it.control(f"numbers/{NUMBER}", {"status": "DELETED"})
        assert code(await it.send()) == 33


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"type": "text"}, 131008),
        ({"type": "text", "text": {"body": ""}}, 131008),
        ({"type": "text", "text": {"body": "x" * 4097}}, 131009),
        ({"type": "telepathy"}, 131051),
        ({"type": "text", "text": {"body": "x"}, "colour": "red"}, 100),
        ({"type": "text", "text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513}, 131009),
        ({"type": "text", "text": {"body": "x"}, "recipient_type": "group"}, 131051),
        ({"type": "text", "text": {"body": "x"}, "context": {"message_id": "wamid.none"}}, 131009),
        ({"type": "reaction", "reaction": {"message_id": "wamid.none", "emoji": "x"}}, 131009),
        ({"type": "image", "image": {}}, 131008),
        ({"type": "image", "image": {"id": "404"}}, 131009),
        ({"type": "text", "text": {"body": "x"}, "to": "no phone"}, 100),
        ({"type": "text", "text": {"body": "x"}, "to": DISPLAY}, 131021),
        ({"type": "text", "text": {"body": "x"}, "messaging_product": "sms"}, 100),
    ],
)
async def test_a_bad_body_is_refused_with_its_code(content, expected):
    async with bench() as it:
        await it.hear()
        assert code(await it.send(content)) == expected
        assert (await it.control("stats"))["accepted"] == 0


def buttons(*pairs):
    replies = [{"type": "reply", "reply": {"id": i, "title": t}} for i, t in pairs]
    return {
        "type": "interactive",
        "interactive": {"type": "button", "body": {"text": "?"}, "action": {"buttons": replies}},
    }


def rows(count, title="Fila", sections=1):
    made = [
        {"title": f"S{s}", "rows": [{"id": f"{s}-{n}", "title": f"{title}{n}"} for n in range(count)]}
        for s in range(sections)
    ]
    return {
        "type": "interactive",
        "interactive": {"type": "list", "body": {"text": "?"}, "action": {"button": "Ver", "sections": made}},
    }


@pytest.mark.parametrize(
    ("content", "good"),
    [
        (buttons(("a", "A"), ("b", "B"), ("c", "C")), True),
        (buttons(("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")), False),
        (buttons(("a", "x" * 20)), True),
        (buttons(("a", "x" * 21)), False),
        (buttons(("x" * 257, "A")), False),
        (buttons(("a", "A"), ("a", "B")), False),
        (buttons(("a", "A"), ("b", "A")), False),
        (rows(10), True),
        (rows(11), False),
        (rows(6, sections=2), False),
        (rows(1, title="x" * 24), False),
    ],
)
async def test_buttons_and_lists_keep_their_limits(content, good):
    async with bench() as it:
        await it.hear()
        answer = await it.send(content)
        assert (answer.status_code == 200) is good
        if not good:
            assert code(answer) == 131009


@pytest.mark.parametrize(
    ("to", "wa_id"),
    [
        ("+525512345678", "5215512345678"),
        ("+5215512345678", "5215512345678"),
        ("+5511987654321", "5511987654321"),
        ("+5531987654321", "553187654321"),
        ("+5491123456789", "541123456789"),
        ("+573001112233", "573001112233"),
    ],
)
async def test_whatsapp_names_some_numbers_differently(to, wa_id):
    async with bench() as it:
        await it.template()
        contact = (await it.send(reminder("Ana", "10"), to=to)).json()["contacts"][0]
        assert contact == {"input": to, "wa_id": wa_id}


async def test_both_forms_of_a_number_are_one_person():
    async with bench() as it:
        await it.hear(phone="+5531987654321")
        assert (await it.send(to="+553187654321")).status_code == 200
        assert len((await it.control("phones.json"))["phones"]) == 1


async def test_throughput_is_limited_per_number():
    async with bench(limits={"throughput": 5}) as it:
        await it.template()
        answers = [await it.send(reminder("Ana", "10"), to=f"+5730011100{n:02d}") for n in range(12)]
        codes = [code(a) for a in answers if a.status_code != 200]
        assert 5 <= 12 - len(codes) <= 7
        assert set(codes) == {130429}
        assert answers[-1].json()["error"]["is_transient"] is True


async def test_the_pair_rate_lets_a_burst_of_45_through_and_then_makes_it_wait():
    async with bench(limits={"throughput": 0}) as it:
        await it.hear()
        assert all([(await it.send()).status_code == 200 for _ in range(45)])
        assert code(await it.send()) == 131056
        await it.advance(START + timedelta(seconds=45 * 6 - 1))
        assert code(await it.send()) == 131056
        await it.advance(START + timedelta(seconds=45 * 6))
        assert (await it.send()).status_code == 200
        await it.advance(START + timedelta(seconds=45 * 6 + 7))
        assert (await it.send()).status_code == 200


async def test_the_messaging_limit_counts_people_outside_the_window_across_numbers():
    numbers = [
        {"id": NUMBER, "display_phone_number": DISPLAY},
        {"id": "2002", "display_phone_number": "+57 300 555 0102"},
    ]
    async with bench(limits={"messaging_limit": 2}, numbers=numbers) as it:
        await it.template()
        assert (await it.send(reminder("A", "1"), to="+573001110001")).status_code == 200
        assert (await it.send(reminder("A", "1"), to="+573001110002", number="2002")).status_code == 200
        assert (await it.send(reminder("A", "1"), to="+573001110001", number="2002")).status_code == 200
        assert code(await it.send(reminder("A", "1"), to="+573001110003")) == 131048
        await it.hear(phone="+573001110003")
        assert (await it.send(to="+573001110003")).status_code == 200
        await it.advance(START + timedelta(hours=24))
        assert (await it.send(reminder("A", "1"), to="+573001110004")).status_code == 200


async def test_a_test_number_writes_to_its_list_only():
    numbers = [{"id": NUMBER, "display_phone_number": DISPLAY, "allowed_recipients": [ANA]}]
    async with bench(numbers=numbers) as it:
        await it.template()
        assert (await it.send(reminder("A", "1"))).status_code == 200
        assert code(await it.send(reminder("A", "1"), to="+573009999999")) == 131030


async def test_read_receipts_need_a_message_of_that_chat():
    async with bench() as it:
        wamid = await it.hear()
        read = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": wamid,
            "typing_indicator": {"type": "text"},
        }
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert (await it.client.post(f"/v26.0/{NUMBER}/messages", json=read, headers=headers)).json() == {
            "success": True
        }
        wrong = await it.client.post(
            f"/v26.0/{NUMBER}/messages", json={**read, "message_id": "wamid.x"}, headers=headers
        )
        assert code(wrong) == 131009


async def test_a_template_must_exist_be_approved_and_be_filled_in():
    async with bench() as it:
        missing = await it.send(reminder("Ana", "10"))
        assert (missing.status_code, code(missing)) == (404, 132001)
        template_id = (await it.template())["id"]
        assert (await it.send(reminder("Ana", "10"))).status_code == 200
        assert code(await it.send(reminder("Ana"))) == 132000
        assert code(await it.send(reminder("Ana", "1\n0"))) == 132018
        named = reminder("Ana", "10")
        named["template"]["components"][0]["parameters"][0]["parameter_name"] = "nombre"
        assert code(await it.send(named)) == 132012
        for status, expected in (("PAUSED", 132015), ("DISABLED", 132016), ("REJECTED", 132001)):
            await it.control(f"templates/{template_id}", {"status": status})
            assert code(await it.send(reminder("Ana", "10"))) == expected
        other = reminder("Ana", "10")
        other["template"]["language"]["code"] = "pt_BR"
        assert code(await it.send(other)) == 132001


async def test_a_template_waits_for_its_review_by_the_clock():
    async with bench(review={"seconds": 3600}) as it:
        created = await it.template()
        assert created["status"] == "PENDING"
        assert code(await it.send(reminder("Ana", "10"))) == 132001
        assert (await it.control("next"))["next"] == "2026-11-23T16:00:00.000000Z"
        await it.advance(START + timedelta(hours=1))
        assert (await it.send(reminder("Ana", "10"))).status_code == 200
        (event,) = [v for v in it.business.values() if "event" in v]
        assert (event["event"], event["message_template_id"]) == ("APPROVED", int(created["id"]))


async def test_review_recategorises_promotions_and_rejects_threats():
    async with bench() as it:
        promo = await it.template("promo", "Hola {{1}}, hoy tienes 20% de descuento en tu saldo. Gracias.")
        assert (promo["status"], promo["category"]) == ("APPROVED", "MARKETING")
        threat = await it.template("amenaza", "Hola {{1}}, si no paga irá a la cárcel por esta deuda.")
        assert threat["status"] == "REJECTED"
        for body, expected in (
            ("{{1}} debes pagar hoy", 2388299),
            ("Hola {{1}} y {{2}} {{3}} ok.", 2388293),
            ("Hola {{2}} gracias.", 2388072),
        ):
            assert (await it.template("malo", body))["error"]["code"] == expected
        assert (await it.template("promo"))["error"]["code"] == 2388024


async def test_the_faults_that_are_asked_for_happen_and_no_others():
    async with bench() as it:
        await it.hear()
        await it.control("faults", {"kind": "error", "code": 131016, "count": 2})
        await it.control("faults", {"kind": "http", "status": 502})
        await it.control("faults", {"kind": "no_contacts"})
        first, second, third, fourth, fifth = [await it.send() for _ in range(5)]
        assert [code(first), code(second)] == [131016, 131016]
        assert first.status_code == 500
        assert (third.status_code, third.headers["content-type"].split(";")[0]) == (502, "text/html")
        assert fourth.status_code == 200
        assert "contacts" not in fourth.json()
        assert "contacts" in fifth.json()
        assert (await it.control("stats"))["accepted"] == 2


async def test_a_closed_socket_leaves_the_message_accepted():
    async with bench() as it:
        await it.hear()
        await it.control("faults", {"kind": "close"})
        with pytest.raises(httpx.RemoteProtocolError):
            await it.send(text("hola", biz_opaque_callback_data="row:9"))
        page = await it.control("messages")
        assert [m["callback_data"] for m in page["messages"]] == ["row:9"]


async def test_duplicates_are_counted_by_callback_data():
    async with bench() as it:
        await it.hear()
        for data in ("a", "b", "a"):
            await it.send(text(f"hola {data}", biz_opaque_callback_data=data))
        stats = await it.control("stats")
        assert (stats["accepted"], stats["duplicates"], stats["numbers"][NUMBER]["duplicates"]) == (3, 1, 1)
        first = await it.control("messages?limit=2")
        assert [m["no"] for m in first["messages"]] == [1, 2]
        rest = await it.control(f"messages?after={first['next']}&limit=2")
        assert rest["messages"][0]["payload"]["biz_opaque_callback_data"] == "a"
        assert rest["next"] is None


async def test_media_goes_up_and_comes_down_with_the_token_only():
    async with bench() as it:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        files: dict[str, Any] = {
            "file": ("r.pdf", b"%PDF-1", "application/pdf"),
            "messaging_product": (None, "whatsapp"),
            "type": (None, "application/pdf"),
        }
        media_id = (await it.client.post(f"/v26.0/{NUMBER}/media", files=files, headers=headers)).json()["id"]
        node = (await it.client.get(f"/v26.0/{media_id}", headers=headers)).json()
        assert node["file_size"] == 6
        assert (await it.client.get(node["url"])).status_code == 401
        assert (await it.client.get(node["url"], headers=headers)).content == b"%PDF-1"
        await it.control("clock", {"now": (START + timedelta(minutes=6)).isoformat()})
        assert (await it.client.get(node["url"], headers=headers)).status_code == 404
        await it.hear()
        assert (
            await it.send({"type": "document", "document": {"id": media_id, "filename": "r.pdf"}})
        ).status_code == 200
        assert (await it.client.delete(f"/v26.0/{media_id}", headers=headers)).json() == {"success": True}
        assert code(await it.client.get(f"/v26.0/{media_id}", headers=headers)) == 100


async def test_numbers_register_and_profiles_are_kept():
    async with bench() as it:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        register = {"messaging_product": "whatsapp", "pin": "123456"}
        assert (await it.client.post(f"/v26.0/{NUMBER}/register", json=register, headers=headers)).json() == {
            "success": True
        }
        mismatch = await it.client.post(
            f"/v26.0/{NUMBER}/register", json={**register, "pin": "000000"}, headers=headers
        )
        assert code(mismatch) == 133005
        await it.client.post(f"/v26.0/{NUMBER}/deregister", headers=headers)
        assert code(await it.send()) == 133010
        profile = {"messaging_product": "whatsapp", "about": "Avisos de pago", "vertical": "FINANCE"}
        await it.client.post(f"/v26.0/{NUMBER}/whatsapp_business_profile", json=profile, headers=headers)
        read = (await it.client.get(f"/v26.0/{NUMBER}/whatsapp_business_profile", headers=headers)).json()
        assert read["data"][0]["vertical"] == "FINANCE"
        fields = "display_phone_number,status,whatsapp_business_manager_messaging_limit"
        node = (await it.client.get(f"/v26.0/{NUMBER}?fields={fields}", headers=headers)).json()
        assert node["whatsapp_business_manager_messaging_limit"] == "TIER_UNLIMITED"
        assert (await it.client.get(f"/v26.0/{WABA}/phone_numbers", headers=headers)).json()["data"][0]["id"] == NUMBER
