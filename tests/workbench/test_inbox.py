"""The agent's inbox: who gets in, what stands in the queue, the thread, and what an agent does."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from compliance.models import Decision
from kernel.clock import machine_now
from kernel.ids import uuid7
from kernel.money import Money
from messaging.channels.whatsapp.receive import Inbound
from messaging.desk import queue, reading
from messaging.desk.people import be_present
from messaging.inbound.arrivals import arrive
from messaging.message_templates.services import seed_defaults
from messaging.models import (
    Conversation,
    Draft,
    Message,
    MessageTemplate,
    Note,
    Number,
    Outbound,
    QuickReply,
    ReadMark,
    SendRequest,
)
from portfolio.models import Debtor, Promise
from portfolio.search import index
from portfolio.services.payments import record_payment
from tenants.models import AuditEntry, Job, Membership, Tenant, User
from tenants.scope import tenant_scope
from tests.factories import (
    NOON,
    contact_of,
    make_account,
    make_conversation,
    make_creditor,
    make_debtor,
    make_message,
    make_number,
    make_tenant,
    make_user,
)

THREAT = "Si no paga hoy voy a llamar a tu jefe"
PART = {"HX-Request": "true"}


@dataclass
class Desk:
    """An organisation with one conversation that waits, and somebody logged in."""

    tenant: Tenant
    client: Client
    user: User
    debtor: Debtor
    conversation: Conversation

    def url(self, name: str = "") -> str:
        return f"/o/{self.tenant.slug}/inbox/{self.conversation.pk}/{name + '/' if name else ''}"

    @property
    def queue(self) -> str:
        return f"/o/{self.tenant.slug}/inbox/"

    def post(self, name: str, client: Client | None = None, /, **fields: Any) -> Any:
        return (client or self.client).post(self.url(name), fields, headers=PART)

    def send(self, text: str, client: Client | None = None, /, **fields: Any) -> Any:
        return self.post("send", client, text=text, **{"origin": str(uuid7()), **fields})

    def now(self) -> Conversation:
        with tenant_scope(self.tenant.pk):
            return Conversation.objects.get(pk=self.conversation.pk)

    def rows(self, model: Any) -> list[Any]:
        with tenant_scope(self.tenant.pk):
            return list(model.objects.order_by("id"))

    def colleague(self, role: str = "agent", **fields: Any) -> tuple[Client, User]:
        user = make_user(self.tenant, role=role, **fields)
        client = Client()
        client.force_login(user)
        return client, user


def make_desk(
    country: str = "MX", *, wrote: timedelta = timedelta(minutes=20), verified: bool = True, role: str = "agent"
) -> Desk:
    tenant = make_tenant(country, sandbox=True, frozen=True, now=NOON)
    with tenant_scope(tenant.pk):
        creditor = make_creditor()
        debtor = make_debtor(creditor, verified=verified, invoices=[("1500.00", (NOON - timedelta(days=34)).date())])
        account = make_account()
        conversation = make_conversation(
            make_number(account),
            contact_of(debtor),
            debtor=debtor,
            last_inbound_at=NOON - wrote,
            unanswered_since=NOON - wrote,
            needs_human_at=NOON - wrote,
            speaker="agent",
        )
        make_message(conversation, "Buenos días, ¿cuánto debo?", debtor=debtor, now=NOON - wrote)
        seed_defaults(account, creditor, country, NOON)
        MessageTemplate.objects.update(status="approved")
    user = make_user(tenant, role=role)
    client = Client()
    client.force_login(user)
    return Desk(tenant, client, user, debtor, conversation)


def writes(desk: Desk, text: str) -> None:
    """The debtor writes, now."""
    with tenant_scope(desk.tenant.pk):
        number = Number.objects.get(pk=desk.conversation.number_id)
        update = Inbound(
            phone_number_id=number.provider_id, provider_id=f"wamid.{uuid7()}", user_id="", profile_name="", at=NOON,
            wa_id=desk.conversation.address.lstrip("+"), kind="text", text=text, tapped="", context_id="",
        )  # fmt: skip
        assert len(arrive(number, [update], now=NOON)) == 1


@pytest.fixture
def desk() -> Desk:
    return make_desk()


# --- who gets in ---------------------------------------------------------------------------------------------------


def test_the_inbox_shows_who_waits(desk):
    page = desk.client.get(desk.queue)
    assert page.status_code == 200
    with tenant_scope(desk.tenant.pk):
        name = desk.debtor.person.name
    assert name in page.content.decode()
    assert "¿cuánto debo?" in page.content.decode()


def test_a_conversation_shows_words_composer_and_panel(desk):
    page = desk.client.get(desk.url()).content.decode()
    assert "¿cuánto debo?" in page
    assert 'id="composer"' in page
    assert 'id="debtor-panel"' in page
    part = desk.client.get(desk.url(), headers=PART).content.decode()
    assert "<html" not in part
    assert "¿cuánto debo?" in part


def test_nobody_else_gets_in(desk):
    assert Client().get(desk.url()).status_code == 302
    other = make_tenant("MX")
    client = Client()
    client.force_login(make_user(other))
    assert client.get(desk.url()).status_code == 404
    # The right slug with somebody else's conversation: it is not there.
    assert client.get(f"/o/{other.slug}/inbox/{desk.conversation.pk}/").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "send",
        "note",
        "draft",
        "seen",
        "presence",
        "assign",
        "transfer",
        "snooze",
        "wake",
        "close",
        "reopen",
        "hand-back",
        "check",
    ],
)
def test_strangers_and_readers_change_nothing(desk, name):
    stranger = Client()
    stranger.force_login(make_user(make_tenant("MX"), role="admin"))
    assert stranger.post(desk.url(name), {"text": "Hola", "origin": str(uuid7())}).status_code == 404
    auditor, _ = desk.colleague("auditor")
    assert auditor.post(desk.url(name), {"text": "Hola", "origin": str(uuid7())}).status_code == 403
    assert desk.client.get(desk.url(name)).status_code == 405
    assert not desk.rows(SendRequest)
    assert not desk.rows(Note)


def test_an_auditor_reads_and_finds_no_composer(desk):
    auditor, _ = desk.colleague("auditor")
    page = auditor.get(desk.url())
    assert page.status_code == 200
    assert 'id="composer"' not in page.content.decode()


def test_a_creditors_own_people_have_no_inbox(desk):
    client, _ = desk.colleague("creditor", creditor_ids=[desk.debtor.creditor_id])
    assert client.get(desk.queue).status_code == 403
    assert client.get(desk.url()).status_code == 403


def test_an_agent_of_another_creditor_sees_neither_row_nor_words(desk):
    with tenant_scope(desk.tenant.pk):
        other = make_creditor()
    client, _ = desk.colleague("agent", creditor_ids=[other.pk])
    assert "¿cuánto debo?" not in client.get(desk.queue).content.decode()
    assert client.get(desk.url()).status_code == 404
    assert client.post(desk.url("send"), {"text": "Hola", "origin": str(uuid7())}).status_code == 404


def test_an_agent_of_one_creditor_sees_that_creditors_words_only(desk):
    with tenant_scope(desk.tenant.pk):
        other = make_creditor()
        second = make_debtor(other, person=desk.debtor.person, invoices=[("90.00", NOON.date())])
        make_message(desk.conversation, "Sobre el otro acreedor", debtor=second, now=NOON - timedelta(minutes=5))
    client, _ = desk.colleague("agent", creditor_ids=[desk.debtor.creditor_id])
    page = client.get(desk.url()).content.decode()
    assert "¿cuánto debo?" in page
    assert "Sobre el otro acreedor" not in page
    assert other.name not in page


# --- the queue ----------------------------------------------------------------------------------------------------


def ids(page: queue.Page) -> list[uuid.UUID]:
    return [row.conversation.pk for row in page.rows]


def shown(desk: Desk, view: str) -> list[uuid.UUID]:
    with tenant_scope(desk.tenant.pk):
        return ids(queue.page(view, user_id=desk.user.pk, country="MX", now=NOON))


def test_each_view_holds_what_it_says(desk):
    key = desk.conversation.pk
    assert [name for name in queue.VIEWS if key in shown(desk, name)] == ["next", "unassigned", "us", "all"]
    with tenant_scope(desk.tenant.pk):
        Conversation.objects.filter(pk=key).update(assignee_id=desk.user.pk)
    assert [name for name in queue.VIEWS if key in shown(desk, name)] == ["next", "mine", "us", "all"]
    with tenant_scope(desk.tenant.pk):
        Conversation.objects.filter(pk=key).update(assignee_id=uuid.uuid4(), needs_human_at=None)
    assert [name for name in queue.VIEWS if key in shown(desk, name)] == ["them", "all"]
    with tenant_scope(desk.tenant.pk):
        Conversation.objects.filter(pk=key).update(snoozed_until=NOON + timedelta(hours=2), needs_human_at=NOON)
    assert [name for name in queue.VIEWS if key in shown(desk, name)] == ["snoozed", "all"]
    with tenant_scope(desk.tenant.pk):
        Conversation.objects.filter(pk=key).update(state="closed", snoozed_until=None)
    assert [name for name in queue.VIEWS if key in shown(desk, name)] == []


def test_promises_of_today_and_broken_ones_are_found(desk):
    fields = {
        "creditor": desk.debtor.creditor,
        "debtor": desk.debtor,
        "currency": "MXN",
        "minor": 100,
        "source": "test",
        "created_at": NOON,
    }
    with tenant_scope(desk.tenant.pk):
        promise = Promise.objects.create(due_on=NOON.date(), **fields)
    assert shown(desk, "promises") == [desk.conversation.pk]
    assert shown(desk, "broken") == []
    with tenant_scope(desk.tenant.pk):
        Promise.objects.filter(pk=promise.pk).update(state="broken", decided_at=NOON)
    assert shown(desk, "promises") == []
    assert shown(desk, "broken") == [desk.conversation.pk]


def test_counts_are_those_of_the_pages(desk):
    with tenant_scope(desk.tenant.pk):
        known = queue.counts(user_id=desk.user.pk, country="MX", now=NOON)
        for name in queue.VIEWS:
            assert known[name] == len(queue.page(name, user_id=desk.user.pk, country="MX", now=NOON).rows), name


def more_rows(desk: Desk, count: int) -> None:
    with tenant_scope(desk.tenant.pk):
        number = desk.conversation.number
        for n in range(count):
            debtor = make_debtor(desk.debtor.creditor, invoices=[(f"{n + 1}00.00", (NOON - timedelta(days=n)).date())])
            at = NOON - timedelta(minutes=n)
            row = make_conversation(
                number,
                contact_of(debtor),
                debtor=debtor,
                needs_human_at=at,
                last_inbound_at=at,
                speaker="agent",
                assignee_id=desk.user.pk if n % 2 else None,
            )
            make_message(row, f"Mensaje {n}", debtor=debtor, now=at)


def test_pages_go_on_where_the_last_one_ended(desk, monkeypatch):
    monkeypatch.setattr(queue, "PAGE", 4)
    more_rows(desk, 10)
    seen: list[uuid.UUID] = []
    cursor, pages = "", 0
    with tenant_scope(desk.tenant.pk):
        while pages == 0 or cursor:
            page = queue.page("us", user_id=desk.user.pk, country="MX", now=NOON, cursor=cursor)
            seen += ids(page)
            cursor, pages = page.next, pages + 1
    assert pages == 3
    assert len(seen) == len(set(seen)) == 11


def test_the_next_best_waits_long_and_owes_much(desk):
    more_rows(desk, 3)
    with tenant_scope(desk.tenant.pk):
        best = queue.next_best(user_id=desk.user.pk, country="MX", now=NOON)
        other = queue.next_best(user_id=desk.user.pk, country="MX", now=NOON, but=[best.pk] if best else [])
    assert best is not None and other is not None
    assert best.pk == desk.conversation.pk
    assert other.pk != best.pk
    answer = desk.client.get(f"{desk.queue}next/")
    assert answer["Location"] == desk.url()
    part = desk.client.get(f"{desk.queue}next/?current={desk.conversation.pk}", headers=PART)
    assert part["HX-Push-Url"].endswith(f"{other.pk}/")


def test_queries_are_constant(desk):
    def count(address: str, **headers: str) -> int:
        desk.client.get(address, headers=headers)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert desk.client.get(address, headers=headers).status_code == 200
        return len(caught)

    more_rows(desk, 3)
    with tenant_scope(desk.tenant.pk):
        for n in range(3):
            make_message(desk.conversation, f"Sí {n}", debtor=desk.debtor, now=NOON - timedelta(minutes=9 - n))
    few = count(f"{desk.queue}?view=us"), count(f"{desk.queue}?view=next"), count(desk.url(), **PART)
    more_rows(desk, 27)
    with tenant_scope(desk.tenant.pk):
        for n in range(27):
            make_message(desk.conversation, f"Sí {n}", debtor=desk.debtor, now=NOON - timedelta(minutes=8))
    many = count(f"{desk.queue}?view=us"), count(f"{desk.queue}?view=next"), count(desk.url(), **PART)
    assert many == few


@pytest.mark.parametrize(
    "query", ["view=nonsense", "q=%27%3B--", "q=" + "x" * 500, "current=nothing", "view=us&cursor="]
)
def test_strange_addresses_are_answered(desk, query):
    assert desk.client.get(f"{desk.queue}?{query}").status_code == 200


@pytest.mark.parametrize(
    "cursor", ["x", "2026-01-01~y", "2026-01-01T00:00:00~" + "3d4ec22a-a76a-4352-8077-4c8440f66d4e"]
)
def test_a_broken_cursor_is_told(desk, cursor):
    assert desk.client.get(desk.queue, {"view": "us", "cursor": cursor}).status_code == 422


def test_search_finds_by_name_and_phone(desk):
    with tenant_scope(desk.tenant.pk):
        index([desk.debtor.person_id])
        person, phone = desk.debtor.person, contact_of(desk.debtor).value
    for text in (person.name, phone, phone[-6:]):
        page = desk.client.get(desk.queue, {"q": text}, headers=PART).content.decode()
        assert str(desk.conversation.pk) in page, text
    assert str(desk.conversation.pk) not in desk.client.get(desk.queue, {"q": "Zzyzx"}, headers=PART).content.decode()


# --- the thread -----------------------------------------------------------------------------------------------------


def test_older_words_come_on_demand(desk):
    with tenant_scope(desk.tenant.pk):
        for n in range(70):
            make_message(
                desk.conversation, f"Palabra {n:02d}", debtor=desk.debtor, now=NOON - timedelta(hours=5, minutes=-n)
            )
    page = desk.client.get(desk.url(), headers=PART).content.decode()
    assert "Palabra 69" in page
    assert "Palabra 05" not in page
    before = page.split('data-older="')[1].split('"')[0]
    older = desk.client.get(desk.url("thread"), {"before": before}, headers=PART).content.decode()
    assert "Palabra 05" in older
    assert "Palabra 69" not in older


def test_a_thread_that_did_not_change_is_not_sent_again(desk):
    page = desk.client.get(desk.url("thread"), headers=PART).content.decode()
    version, first = page.split('data-version="')[1].split('"')[0], page.split('data-first="')[1].split('"')[0]
    known = {"v": version, "since": first}
    assert desk.client.get(desk.url("thread"), known, headers=PART).status_code == 204
    with tenant_scope(desk.tenant.pk):
        make_message(desk.conversation, "¿Hola?", debtor=desk.debtor, now=NOON)
    fresh = desk.client.get(desk.url("thread"), known, headers=PART)
    assert fresh.status_code == 200
    assert "¿Hola?" in fresh.content.decode()


def test_what_was_new_begins_below_a_line(desk):
    assert desk.post("seen").status_code == 204
    assert [mark.user_id for mark in desk.rows(ReadMark)] == [desk.user.pk]
    assert 'id="unread"' not in desk.client.get(desk.url(), headers=PART).content.decode()
    with tenant_scope(desk.tenant.pk):
        make_message(desk.conversation, "Otra pregunta", debtor=desk.debtor, now=NOON)
    page = desk.client.get(desk.url(), headers=PART).content.decode()
    assert page.index('id="unread"') < page.index("Otra pregunta")


def test_reading_is_told_to_whatsapp_once(desk):
    desk.post("seen")
    desk.post("seen")
    jobs = Job.objects.filter(tenant_id=desk.tenant.pk, task=reading.TELL)
    assert [job.subject for job in jobs] == [str(desk.conversation.pk)]


def test_automatic_lines_are_folded(desk):
    with tenant_scope(desk.tenant.pk):
        for n in range(4):
            make_message(
                desk.conversation,
                f"Recordatorio {n}",
                debtor=desk.debtor,
                direction="out",
                source="step",
                now=NOON - timedelta(days=9 - n),
            )
    page = desk.client.get(desk.url(), headers=PART).content.decode()
    assert page.count('class="fold"') == 1
    assert "Recordatorio 3" in page


def test_nothing_a_debtor_writes_becomes_markup(desk):
    with tenant_scope(desk.tenant.pk):
        make_message(desk.conversation, "<script>alert(1)</script> \u202eabc 😀", debtor=desk.debtor, now=NOON)
        Conversation.objects.filter(pk=desk.conversation.pk).update(profile_name="<b>x")
    page = desk.client.get(desk.url()).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


# --- answering ---------------------------------------------------------------------------------------------------


def test_an_answer_is_asked_for_once_and_the_agent_takes_over(desk):
    with tenant_scope(desk.tenant.pk):
        Conversation.objects.filter(pk=desk.conversation.pk).update(speaker="bot")
    origin = str(uuid7())
    first = desk.send("Con gusto le ayudo.", origin=origin)
    assert (first.status_code, first["X-Outcome"]) == (200, "sent")
    assert "Con gusto le ayudo." in first.content.decode()
    again = desk.send("Con gusto le ayudo.", origin=origin)
    assert (again.status_code, again["X-Outcome"]) == (200, "again")
    (request,) = desk.rows(SendRequest)
    assert (request.actor, request.message_class, request.verdict) == (f"user:{desk.user.pk}", "reply", "allow")
    assert len(desk.rows(Outbound)) == 1
    row = desk.now()
    assert (row.speaker, row.assignee_id, row.needs_human_at) == ("agent", desk.user.pk, None)


def test_a_debtor_who_owes_nothing_is_answered_as_a_service(desk):
    with tenant_scope(desk.tenant.pk):
        Debtor.objects.filter(pk=desk.debtor.pk).update(open_minor=0)
    desk.send("Gracias por su pago.")
    assert [request.message_class for request in desk.rows(SendRequest)] == ["service"]


def test_a_threat_never_leaves_and_stays_in_the_thread_with_the_rule(desk):
    answer = desk.send(THREAT)
    assert (answer.status_code, answer["X-Outcome"]) == (200, "refused")
    page = answer.content.decode()
    assert THREAT in page
    assert "kept-back" in page
    (request,) = desk.rows(SendRequest)
    assert (request.state, request.verdict) == ("withdrawn", "deny")
    assert not desk.rows(Outbound)
    (decision,) = desk.rows(Decision)
    assert decision.verdict == "deny"
    assert decision.rules
    # Who was refused has not answered: the conversation still waits, and is nobody's.
    row = desk.now()
    assert row.needs_human_at is not None
    assert row.assignee_id is None


def test_the_tone_check_marks_the_span_names_the_rule_and_offers_a_kinder_way(desk):
    before = len(desk.rows(Decision))
    page = desk.post("check", text=f"Buenos días 😀. {THREAT}.").content.decode()
    assert 'data-verdict="block"' in page
    assert '<mark class="block">' in page
    span = page.split('<mark class="block">')[1].split("</mark>")[0]
    assert "llamar a tu jefe" in span
    assert "Buenos" not in span
    assert "data-softer=" in page
    assert len(desk.rows(Decision)) == before == 0
    softer = page.split('data-softer="')[1].split('"')[0]
    assert 'data-verdict="ok"' in desk.post("check", text=softer).content.decode()


def test_kind_words_pass_the_check(desk):
    assert (
        'data-verdict="ok"' in desk.post("check", text="Con gusto le ayudo, ¿qué fecha le queda bien?").content.decode()
    )
    assert 'data-verdict="ok"' in desk.post("check", text="   ").content.decode()


def test_a_debt_is_not_told_to_somebody_unverified():
    desk = make_desk(verified=False)
    page = desk.post("check", text="Su deuda es de $1,500.00 MXN").content.decode()
    assert 'data-verdict="block"' in page
    assert desk.send("Su deuda es de $1,500.00 MXN")["X-Outcome"] == "refused"


def test_a_closed_window_refuses_free_words_and_opens_with_templates():
    desk = make_desk(wrote=timedelta(hours=30))
    page = desk.client.get(desk.url(), headers=PART).content.decode()
    assert 'id="composer"' in page
    assert 'data-mode="template"' in page
    answer = desk.send("Hola, ¿sigue ahí?")
    assert answer["X-Outcome"] == "refused"
    assert not desk.rows(Outbound)


def test_a_template_is_sent_by_its_id_and_no_other():
    desk = make_desk(wrote=timedelta(hours=30))
    page = desk.client.get(desk.url(), headers=PART).content.decode()
    template = page.split('name="template" value="')[1].split('"')[0]
    answer = desk.post("send", template=template, origin=str(uuid7()))
    assert answer["X-Outcome"] in ("sent", "waits", "refused")
    (request,) = desk.rows(SendRequest)
    assert str(request.template_id) == template
    assert desk.post("send", template=str(uuid7()), origin=str(uuid7()))["X-Outcome"] == "invalid"
    assert desk.post("send", template="x", origin=str(uuid7()))["X-Outcome"] == "invalid"
    assert len(desk.rows(SendRequest)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"text": ""},
        {"text": "   "},
        {"text": "x" * 4097},
        {"text": "Hola", "origin": ""},
        {"text": "Hola", "origin": "1"},
    ],
)
def test_what_cannot_be_a_message_is_told(desk, fields):
    fields = {"origin": str(uuid7()), **fields}
    answer = desk.post("send", **fields)
    assert (answer.status_code, answer["X-Outcome"]) == (200, "invalid")
    assert not desk.rows(SendRequest)


def test_long_words_emoji_and_right_to_left_pass(desk):
    text = ("سلام 😀 " * 600)[:4096].strip()
    assert desk.send(text).status_code == 200
    assert desk.rows(Message)[-1].text == text


def test_two_agents_do_not_answer_twice(desk):
    seen = str(desk.rows(Message)[-1].pk)
    other, ana = desk.colleague()
    assert desk.send("Con gusto le ayudo.", other, seen=seen)["X-Outcome"] == "sent"
    answer = desk.send("Le atiendo enseguida.", seen=seen)
    assert (answer.status_code, answer["X-Outcome"]) == (200, "collision")
    assert ana.name in answer.content.decode()
    assert "Con gusto le ayudo." in answer.content.decode()
    assert len(desk.rows(SendRequest)) == 1
    theirs = answer.content.decode().split('data-anyway="')[1].split('"')[0]
    assert desk.send("Le atiendo enseguida.", seen=seen, anyway=theirs)["X-Outcome"] == "sent"
    assert len(desk.rows(SendRequest)) == 2


def test_the_same_words_from_a_second_tab_are_asked_about_first(desk):
    assert desk.send("Con gusto le ayudo.")["X-Outcome"] == "sent"
    again = desk.send("Con gusto le ayudo.")
    assert again["X-Outcome"] == "collision" and "Con gusto le ayudo." in again.content.decode()
    assert len(desk.rows(SendRequest)) == 1
    message = desk.rows(SendRequest)[0].message_id
    assert desk.send("Con gusto le ayudo.", anyway=str(message))["X-Outcome"] == "sent"
    assert desk.send("¿Qué día le queda bien?")["X-Outcome"] == "sent", "other words are no repetition"
    writes(desk, "Gracias, ¿y el lunes?")
    assert desk.send("¿Qué día le queda bien?")["X-Outcome"] == "sent", "after their reply neither"


def test_without_scripts_the_form_leads_back(desk):
    answer = desk.client.post(desk.url("send"), {"text": "Con gusto le ayudo.", "origin": str(uuid7())})
    assert answer["Location"] == desk.url()
    refused = desk.client.post(desk.url("send"), {"text": THREAT, "origin": str(uuid7())})
    assert refused.status_code == 422
    assert "<html" in refused.content.decode()


def test_a_frozen_conversation_sends_nothing(desk):
    with tenant_scope(desk.tenant.pk):
        Conversation.objects.filter(pk=desk.conversation.pk).update(frozen_at=NOON)
    assert desk.send("Con gusto le ayudo.")["X-Outcome"] == "waits"
    assert not desk.rows(Outbound)


def test_who_is_joined_to_nobody_gets_notes_only(desk):
    with tenant_scope(desk.tenant.pk):
        Conversation.objects.filter(pk=desk.conversation.pk).update(
            debtor_id=None, person_id=None, contact_point_id=None
        )
    page = desk.client.get(desk.url())
    assert page.status_code == 200
    assert desk.send("Hola")["X-Outcome"] == "invalid"
    assert desk.post("note", text="¿Quién es?", origin=str(uuid7()))["X-Outcome"] == "noted"


# --- notes, drafts, presence ---------------------------------------------------------------------------------------


def test_a_note_is_written_once_and_audited(desk):
    origin = str(uuid7())
    first = desk.post("note", text="Llamar a su contadora", origin=origin)
    desk.post("note", text="Llamar a su contadora", origin=origin)
    assert first["X-Outcome"] == "noted"
    (note,) = desk.rows(Note)
    assert (note.text, note.author, note.debtor_id) == ("Llamar a su contadora", f"user:{desk.user.pk}", desk.debtor.pk)
    assert not desk.rows(SendRequest)
    entry = next(row for row in desk.rows(AuditEntry) if row.action == "conversation.note")
    assert "contadora" not in json.dumps(entry.after)
    assert desk.post("note", text=" ", origin=str(uuid7()))["X-Outcome"] == "invalid"


def test_a_draft_is_ones_own_and_goes_with_the_answer(desk):
    assert desk.post("draft", text="Le propongo", mode="reply").status_code == 204
    assert desk.post("draft", text="Le propongo dos", mode="reply").status_code == 204
    assert [row.text for row in desk.rows(Draft)] == ["Le propongo dos"]
    assert "Le propongo dos" in desk.client.get(desk.url()).content.decode()
    other, _ = desk.colleague()
    assert "Le propongo dos" not in other.get(desk.url()).content.decode()
    desk.send("Con gusto le ayudo.")
    assert not desk.rows(Draft)
    desk.post("draft", text="x")
    desk.post("draft", text="  ")
    assert not desk.rows(Draft)


def test_a_draft_outlives_the_session(desk):
    desk.post("draft", text="A medio escribir")
    desk.client.logout()
    lost = desk.send("Con gusto le ayudo.")
    assert (lost.status_code, lost["HX-Retarget"]) == (401, "#notice")
    assert not desk.rows(SendRequest)
    desk.client.force_login(desk.user)
    assert "A medio escribir" in desk.client.get(desk.url()).content.decode()


def test_colleagues_see_each_other(desk):
    other, ana = desk.colleague()
    assert desk.post("presence", other, writing="1").status_code == 200
    page = desk.post("presence").content.decode()
    assert ana.name in page
    assert "writing" in page
    desk.post("presence", other, gone="1")
    assert ana.name not in desk.post("presence").content.decode()


def test_who_left_is_forgotten_after_a_while(desk):
    _, ana = desk.colleague()
    with tenant_scope(desk.tenant.pk):
        be_present(desk.conversation, ana.pk, writing=True, machine_now=machine_now() - timedelta(minutes=2))
    assert ana.name not in desk.post("presence").content.decode()


# --- what is done with a conversation --------------------------------------------------------------------------------


def actions(desk: Desk) -> list[str]:
    return [row.action for row in desk.rows(AuditEntry)]


def test_take_and_hand_back(desk):
    assert desk.post("assign", to="me").status_code == 200
    assert desk.now().assignee_id == desk.user.pk
    assert desk.post("hand-back").status_code == 200
    row = desk.now()
    assert (row.speaker, row.assignee_id, row.needs_human_at) == ("bot", None, None)
    assert actions(desk) == ["conversation.assign", "conversation.hand_back"]


def test_transfer_to_a_colleague_with_a_word(desk):
    _, ana = desk.colleague()
    assert desk.post("transfer", to=str(ana.pk), reason="Habla portugués").status_code == 200
    assert desk.now().assignee_id == ana.pk
    assert [note.text for note in desk.rows(Note)] == ["Habla portugués"]
    assert desk.post("transfer", to="queue").status_code == 200
    row = desk.now()
    assert row.assignee_id is None
    assert row.needs_human_at is not None


def test_nobody_is_given_a_conversation_who_cannot_answer(desk):
    stranger, (_, auditor) = make_user(make_tenant("MX")), desk.colleague("auditor")
    for to in (str(stranger.pk), str(auditor.pk), "x", "", str(uuid.uuid4())):
        assert desk.post("transfer", to=to).status_code == 422
    assert desk.now().assignee_id is None


def test_snooze_until_a_moment_in_words(desk):
    answer = desk.post("snooze", when="mañana 10")
    assert answer.status_code == 200
    assert desk.now().snoozed_until.isoformat() == "2026-11-18T16:00:00+00:00"  # ten in Mexico City
    assert desk.post("wake").status_code == 200
    assert desk.now().snoozed_until is None
    for text in ("", "algún día", "2020-01-01T00:00:00+00:00", "2036-01-01T00:00:00+00:00"):
        assert desk.post("snooze", when=text).status_code == 422, text
    assert desk.now().snoozed_until is None


def test_close_with_an_outcome_and_take_the_next(desk):
    more_rows(desk, 1)
    assert desk.post("close", outcome="").status_code == 422
    assert desk.post("close", outcome="eaten").status_code == 422
    answer = desk.post("close", outcome="promised", next="1")
    assert answer.status_code == 200
    assert answer["HX-Retarget"] == "#work"
    assert "Mensaje 0" in answer.content.decode()
    row = desk.now()
    assert (row.state, row.outcome, row.closed_by, row.speaker) == ("closed", "promised", desk.user.pk, "bot")
    assert desk.post("reopen").status_code == 200
    row = desk.now()
    assert (row.state, row.outcome) == ("open", "")
    assert actions(desk)[-2:] == ["conversation.close", "conversation.reopen"]


def test_prepared_answers_are_filled_in(desk):
    page = desk.client.get(desk.url("replies"), {"q": "sal"}, headers=PART).content.decode()
    assert "1,500.00" in page
    assert "{{" not in page
    with tenant_scope(desk.tenant.pk):
        QuickReply.objects.create(
            language="es", shortcut="saldo", title="Nuestro", text="Don {{name}}", created_at=NOON
        )
    own = desk.client.get(desk.url("replies"), {"q": "saldo"}, headers=PART).content.decode()
    assert "Nuestro" in own
    assert "1,500.00" not in own


def test_the_line_of_truth_says_window_budget_hour_and_identity(desk):
    page = desk.client.get(desk.url("standing"), headers=PART).content.decode()
    assert "23:39" in page or "23:3" in page
    assert "12:00" in page
    assert 'class="identity green"' in page
    assert 'data-verdict="allow"' in page


def test_on_sunday_the_composer_shows_the_law_the_citation_and_when():
    desk = make_desk("CO", wrote=timedelta(hours=30))
    Tenant.objects.filter(pk=desk.tenant.pk).update(clock_frozen_at=NOON + timedelta(days=5))  # Sunday, one o'clock
    with tenant_scope(desk.tenant.pk):
        Debtor.objects.update(balance_as_of=NOON + timedelta(days=5))
    page = desk.client.get(desk.url("standing"), headers=PART).content.decode()
    assert 'data-template-verdict="defer"' in page
    assert "lunes 23 de noviembre, 08:00, hora de Bogotá" in page
    assert "Ley 2300" in page
    template = (
        desk.client.get(desk.url(), headers=PART).content.decode().split('name="template" value="')[1].split('"')[0]
    )
    assert desk.post("send", template=template, origin=str(uuid7()))["X-Outcome"] == "waits"
    (request,) = desk.rows(SendRequest)
    assert request.next_at.isoformat() == "2026-11-23T13:00:00+00:00"
    assert not desk.rows(Outbound)


def test_an_inactive_member_is_out(desk):
    Membership.objects.filter(user=desk.user).update(active=False)
    assert desk.client.get(desk.url()).status_code == 404


def test_a_debtors_word_wakes_what_was_put_away(desk):
    with tenant_scope(desk.tenant.pk):
        Conversation.objects.filter(pk=desk.conversation.pk).update(
            snoozed_until=NOON + timedelta(days=3), state="closed", outcome="no_answer"
        )
    writes(desk, "Sigo aquí")
    row = desk.now()
    assert (row.state, row.snoozed_until) == ("open", None)


# --- what changes while the page is open ---------------------------------------------------------------------------


def test_the_composer_opens_for_words_when_the_debtor_writes_again():
    desk = make_desk(wrote=timedelta(hours=30))
    before = desk.client.get(desk.url("standing"), headers=PART).content.decode()
    assert 'data-mode="template"' in before and "data-writes" in before and "data-templates" in before
    writes(desk, "Ya pagué, ¿cómo envío el comprobante?")
    after = desk.client.get(desk.url("standing"), headers=PART).content.decode()
    assert 'data-mode="reply"' in after and 'data-reply-verdict="allow"' in after and "data-until=" in after
    assert 'data-suggestion="Si ya pagó' in after, "the prepared answer comes with what they wrote"
    assert 'name="template"' in after, "and the templates as they fit now"


def test_the_head_tells_what_is_owed_after_a_payment(desk):
    assert "1,500.00" in head_of(desk)
    with tenant_scope(desk.tenant.pk):
        creditor = desk.debtor.creditor
        record_payment(
            creditor, desk.debtor, "p-1", Money.from_minor(50000, "MXN"), paid_at=NOON, now=NOON, source="api"
        )
    assert "1,000.00" in head_of(desk)
    with tenant_scope(desk.tenant.pk):
        record_payment(
            creditor, desk.debtor, "p-2", Money.from_minor(100000, "MXN"), paid_at=NOON, now=NOON, source="api"
        )
    assert '"state green"' in head_of(desk) and "1,000.00" not in head_of(desk)


def test_who_reads_along_gets_the_head_and_no_composer(desk):
    client, _ = desk.colleague("auditor")
    part = client.get(desk.url("standing"), headers=PART)
    assert part.status_code == 200
    assert 'id="talk-head"' in part.content.decode() and "data-composing" not in part.content.decode()


def head_of(desk: Desk) -> str:
    page = desk.client.get(desk.url("standing"), headers=PART).content.decode()
    return page.split('class="talk-who"')[1].split('class="talk-state"')[0]
