"""Prepared answers: who may see and change them, what is refused, and what agents are offered."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import QuickReply
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.factories import NOON, make_creditor, make_tenant, make_user
from tests.workbench.test_inbox import PART, make_desk


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant("MX", sandbox=True)


def person(tenant: Tenant, role: str = "supervisor", **more: Any) -> Client:
    client = Client()
    client.force_login(make_user(tenant, role=role, **more))
    return client


def at(tenant: Tenant, name: str = "quick-replies", **parts: Any) -> str:
    return reverse(name, kwargs={"organisation": tenant.slug, **parts})


def written(**fields: str) -> dict[str, str]:
    return {
        "shortcut": "horario", "title": "Horario", "language": "es", "creditor": "",
        "text": "Hola, {{name}}. Atendemos de 9 a 18.",
    } | fields  # fmt: skip


def rows(tenant: Tenant) -> list[QuickReply]:
    with tenant_scope(tenant.pk):
        return list(QuickReply.objects.order_by("shortcut", "id"))


def make_reply(tenant: Tenant, **fields: Any) -> QuickReply:
    with tenant_scope(tenant.pk):
        return QuickReply.objects.create(**{
            "language": "es", "shortcut": "horario", "title": "Horario", "text": "Atendemos de 9 a 18.",
            "created_at": NOON, **fields,
        })  # fmt: skip


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("supervisor", 200), ("auditor", 200), ("agent", 403)])
def test_who_leads_sees_the_answers(tenant, role, status):
    page = person(tenant, role).get(at(tenant))
    assert page.status_code == status
    if status == 200:
        assert "/saldo" in page.content.decode() and "/comprovante" in page.content.decode(), "what is shipped"
        assert ("csrfmiddlewaretoken" in page.content.decode().split("own-")[-1]) or role == "auditor"
    assert person(tenant, role).get(at(tenant, "quick-reply-new")).status_code == (403 if role == "auditor" else status)


def test_an_answer_is_written_changed_put_away_and_brought_back(tenant):
    client = person(tenant)
    answer = client.post(at(tenant, "quick-reply-new"), written(shortcut="/Horario"))
    assert answer.status_code == 302, answer.content.decode()
    (row,) = rows(tenant)
    assert (row.shortcut, row.language, row.creditor_id, row.title) == ("horario", "es", None, "Horario")
    page = client.get(at(tenant, "quick-reply", pk=row.pk))
    seen = page.context["form"]["seen"].value()
    assert "Atendemos de 9 a 18" in page.content.decode()
    changed = written(text="Atendemos de 9 a 19.", seen=seen)
    assert client.post(at(tenant, "quick-reply", pk=row.pk), changed).status_code == 302
    assert [each.text for each in rows(tenant)] == ["Atendemos de 9 a 19."]
    for _ in range(2):  # a doubled click puts it away once
        assert client.post(at(tenant, "quick-reply-archive", pk=row.pk)).status_code == 302
    assert "<code>/horario</code>" not in client.get(at(tenant)).content.decode()
    assert "<code>/horario</code>" in client.get(at(tenant) + "?state=archived").content.decode()
    for _ in range(2):
        client.post(at(tenant, "quick-reply-restore", pk=row.pk))
    assert rows(tenant)[0].archived_at is None
    with tenant_scope(tenant.pk):
        done = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert done == ["quick_reply.saved", "quick_reply.saved", "quick_reply.archived", "quick_reply.restored"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": "Debe {{importe}}"}, "text"), ({"text": "Hola {name}"}, "text"), ({"text": "Hola {{name}"}, "text"),
        ({"text": "Si no paga hoy voy a llamar a tu jefe"}, "text"), ({"text": "   "}, "text"), ({"text": "x" * 1001}, "text"),
        ({"language": "pt", "text": "Vou ligar para o seu chefe, {{name}}"}, "text"), ({"language": "fr"}, "language"),
        ({"shortcut": "dos palabras"}, "shortcut"), ({"shortcut": "/"}, "shortcut"), ({"shortcut": "x" * 21}, "shortcut"),
        ({"title": ""}, "title"), ({"creditor": "4c1f2f3e-0000-4000-8000-000000000000"}, "creditor"),
    ],
)  # fmt: skip
def test_what_may_not_be_kept_is_told_at_its_field(tenant, fields, field):
    answer = person(tenant).post(at(tenant, "quick-reply-new"), written(**fields))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert fields.get("title", "Horario") in answer.content.decode(), "what was typed is kept"
    assert rows(tenant) == []


def test_every_shipped_answer_passes_and_can_be_made_ones_own(tenant):
    client = person(tenant)
    for _ in range(2):
        assert client.post(at(tenant, "quick-reply-copy"), {"language": "pt"}).status_code == 302
    assert len(rows(tenant)) == 15 and {row.language for row in rows(tenant)} == {"pt"}
    page = client.get(at(tenant)).content.decode()
    assert "shipped-es" in page and "shipped-pt" not in page
    assert client.post(at(tenant, "quick-reply-copy"), {"language": "fr"}).status_code == 404


def test_a_shortcut_exists_once_for_a_language_and_creditor(tenant):
    with tenant_scope(tenant.pk):
        creditor = make_creditor()
    client = person(tenant)
    make_reply(tenant)
    answer = client.post(at(tenant, "quick-reply-new"), written())
    assert answer.status_code == 422 and list(answer.context["form"].errors) == ["shortcut"]
    for fields in ({"language": "pt", "text": "Olá"}, {"creditor": str(creditor.pk)}):
        assert client.post(at(tenant, "quick-reply-new"), written(**fields)).status_code == 302
    assert len(rows(tenant)) == 3


def test_two_tabs_do_not_write_over_each_other(tenant):
    client, row = person(tenant), make_reply(tenant)
    address = at(tenant, "quick-reply", pk=row.pk)
    seen = client.get(address).context["form"]["seen"].value()
    assert client.post(address, written(text="Primero", seen=seen)).status_code == 302
    late = client.post(address, written(text="Segundo", seen=seen))
    assert late.status_code == 422 and "Segundo" in late.content.decode()
    assert [each.text for each in rows(tenant)] == ["Primero"]


def test_who_sees_one_creditor_writes_that_creditors_answers_only(tenant):
    with tenant_scope(tenant.pk):
        ours, theirs = make_creditor(), make_creditor()
    everybodys, foreign = make_reply(tenant), make_reply(tenant, creditor_id=theirs.pk, shortcut="ajena")
    client = person(tenant, creditor_ids=[ours.pk])
    page = client.get(at(tenant)).content.decode()
    assert "/horario" in page and "/ajena" not in page
    assert client.get(at(tenant, "quick-reply", pk=foreign.pk)).status_code == 404
    for name in ("quick-reply", "quick-reply-archive", "quick-reply-restore"):
        assert client.post(at(tenant, name, pk=everybodys.pk), written()).status_code == 403, name
    assert client.post(at(tenant, "quick-reply-copy"), {"language": "es"}).status_code == 403
    assert client.post(at(tenant, "quick-reply-new"), written(creditor="")).status_code == 422
    assert client.post(at(tenant, "quick-reply-new"), written(creditor=str(ours.pk))).status_code == 302
    assert len(rows(tenant)) == 3


def test_agents_are_offered_the_shipped_ones_until_own_ones_exist():
    desk = make_desk()
    leader = person(desk.tenant)

    def offered(query: str = "") -> str:
        return desk.client.get(desk.url("replies"), {"q": query}, headers=PART).content.decode()

    assert "/hola" in offered("hola") and "/horario" not in offered("horario")
    leader.post(at(desk.tenant, "quick-reply-new"), written(language="pt", text="Olá, {{name}}"))
    assert "/hola" in offered("hola"), "an answer in another language takes nothing away"
    leader.post(at(desk.tenant, "quick-reply-new"), written())
    assert "/horario" in offered("horario") and "/hola" not in offered("hola")
    assert "{{" not in offered("horario")
    with tenant_scope(desk.tenant.pk):
        QuickReply.objects.filter(language="es").update(archived_at=NOON)
    assert "/hola" in offered("hola")
