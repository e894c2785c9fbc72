"""pywa 4.5, as the product uses it, against the sandbox."""

from __future__ import annotations

import httpx
import pytest
from pywa_async import WhatsApp
from pywa_async.errors import WhatsAppError
from pywa_async.types import Button, Section, SectionList, SectionRow, URLButton
from pywa_async.types.templates import (
    BodyText,
    Buttons,
    ParamFormat,
    QuickReplyButton,
    Template,
    TemplateCategory,
    TemplateLanguage,
)

from tests.messaging.sandbox.harness import ANA, NUMBER, TOKEN, WABA, bench

pytestmark = pytest.mark.anyio


def pywa(it) -> WhatsApp:
    session = httpx.AsyncClient(transport=httpx.ASGITransport(app=it.app))
    client = WhatsApp(phone_id=NUMBER, token=TOKEN, waba_id=WABA, session=session)
    client.api._session.base_url = "http://sandbox/v26.0"
    return client


def a_template(name="aviso") -> Template:
    return Template(
        name=name,
        language=TemplateLanguage.SPANISH,
        category=TemplateCategory.UTILITY,
        parameter_format=ParamFormat.NAMED,
        components=[
            BodyText("Hola {{name}}, tu saldo con Acme es {{amount}}. Gracias.", name="Ana", amount="$ 10"),
            Buttons(buttons=[QuickReplyButton(text="Pagar"), QuickReplyButton(text="Ya pagué")]),
        ],
    )


async def test_messages_of_the_window():
    async with bench() as it:
        client = pywa(it)
        wamid = await it.hear()
        sent = await client.send_message(ANA, "hola", tracker="row:1", reply_to_message_id=wamid)
        assert sent.id.startswith("wamid.")
        await client.send_message(ANA, "¿Qué hacemos?", buttons=[Button("Pagar", "pay"), Button("Plan", "plan")])
        rows = [SectionRow("Tres cuotas", "plan:3"), SectionRow("Seis cuotas", "plan:6")]
        await client.send_message(ANA, "Planes", buttons=SectionList("Ver", sections=[Section("Planes", rows)]))
        await client.send_message(ANA, "Link", buttons=URLButton("Pagar", "http://business/p/abc"))
        await client.mark_message_as_read(wamid)
        await client.indicate_typing(wamid)
        page = await it.control("messages")
        assert [m["type"] for m in page["messages"]] == ["text", "interactive", "interactive", "interactive"]
        assert page["messages"][0]["callback_data"] == "row:1"


async def test_templates_are_created_listed_and_sent():
    async with bench() as it:
        client = pywa(it)
        created = await client.create_template(a_template())
        assert created.status.value == "APPROVED"
        listed = await client.get_templates()
        assert [(t.name, t.category) for t in listed] == [("aviso", TemplateCategory.UTILITY)]
        assert (await client.get_template(created.id)).name == "aviso"
        quick = [QuickReplyButton.params(callback_data="pay:1", index=0)]
        sent = await client.send_template(
            ANA,
            name="aviso",
            language=TemplateLanguage.SPANISH,
            params=[BodyText.params(name="Ana", amount="$ 10"), *quick],
            tracker="row:2",
        )
        assert sent.id.startswith("wamid.")
        with pytest.raises(WhatsAppError) as refused:
            await client.send_template(
                ANA, name="aviso", language=TemplateLanguage.SPANISH, params=[BodyText.params(name="Ana")]
            )
        assert refused.value.code == 132000
        await client.delete_template("aviso")
        assert len(list(await client.get_templates())) == 0


async def test_refusals_reach_the_caller_with_their_code():
    async with bench() as it:
        client = pywa(it)
        with pytest.raises(WhatsAppError) as refused:
            await client.send_message(ANA, "hola")
        assert refused.value.code == 131047
        await it.hear()
        await it.control("faults", {"kind": "http", "status": 500})
        with pytest.raises(WhatsAppError) as broken:
            await client.send_message(ANA, "hola")
        assert broken.value.code == 500


async def test_numbers_profiles_and_media():
    async with bench() as it:
        client = pywa(it)
        assert (await client.get_business_phone_number()).id == NUMBER
        assert [n.id for n in await client.get_business_phone_numbers()] == [NUMBER]
        assert (await client.get_business_profile()).industry
        media = await client.upload_media(b"%PDF-1", mime_type="application/pdf", filename="a.pdf")
        url = await client.get_media_url(media.id)
        assert url.file_size == 6
        await it.hear()
        assert (await client.send_document(ANA, media.id, filename="a.pdf")).id
        assert (await client.register_phone_number("123456")).success
