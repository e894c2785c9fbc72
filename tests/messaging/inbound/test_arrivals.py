"""Messages from people: joined to the right person whatever form the address has, kept once, answered once."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connections

from compliance.models import Stop
from kernel.clock import machine_now
from messaging import bot
from messaging.inbound import arrivals
from messaging.models import Conversation, Message
from tenants import jobs, work
from tests import factories
from tests.messaging.cloud import Cloud, conversation_of, person_with_window
from tests.messaging.inbound.hooks import body, messages_of, number_id, post, take, text, wamid
from tests.tenants.threads import workers


def debtor_at(cloud: Cloud, phone: str, country: str = "CO") -> Any:
    with cloud.scope():
        creditor = factories.make_creditor(country=country)
        person = factories.make_person(country=country)
        return factories.make_debtor(creditor, person=person, phone=phone)


@pytest.mark.parametrize(
    ("country", "stored", "wire"),
    [
        ("CO", "+573104445566", "573104445566"),
        ("MX", "+525541234567", "5215541234567"),
        ("MX", "+525541234568", "525541234568"),
        ("BR", "+5511987654321", "551187654321"),
        ("BR", "+5511987654322", "5511987654322"),
    ],
)
def test_every_form_of_a_number_finds_its_person(cloud: Cloud, country: str, stored: str, wire: str) -> None:
    debtor = debtor_at(cloud, stored, country)
    one = text(cloud, wire)
    take(cloud, {"messages": [one], "contacts": [{"wa_id": wire, "profile": {"name": "Ana"}}]})
    (message,) = messages_of(cloud, one["id"])
    with cloud.scope():
        conversation = Conversation.objects.get(pk=message.conversation_id)
        assert (conversation.person_id, conversation.address, conversation.wire_address) == (
            debtor.person_id,
            stored,
            wire,
        )
        assert conversation.profile_name == "Ana"
        assert message.debtor_id == debtor.pk
        assert conversation.last_inbound_at == message.at


def test_somebody_without_a_number(cloud: Cloud) -> None:
    """Only a business-scoped id: a conversation of its own, joined to whoever has that id."""
    user_id = f"CO.{wamid()}"
    with cloud.scope():
        creditor = factories.make_creditor()
        debtor = factories.make_debtor(creditor)
        person = debtor.person
        factories.make_contact_point(person, kind="bsuid", value=user_id)
    one = text(cloud, "")
    del one["from"]
    one["from_user_id"] = user_id
    contact = {"user_id": user_id, "profile": {"name": "Sin número"}}
    take(cloud, {"messages": [one], "contacts": [contact]})
    (message,) = messages_of(cloud, one["id"])
    with cloud.scope():
        conversation = Conversation.objects.get(pk=message.conversation_id)
        assert (conversation.address_kind, conversation.address) == ("bsuid", user_id)
        assert conversation.person_id == person.pk
    stranger = text(cloud, "")
    stranger |= {"from": None, "from_user_id": f"CO.{wamid()}"}
    take(cloud, {"messages": [stranger]})
    (message,) = messages_of(cloud, stranger["id"])
    with cloud.scope():
        assert Conversation.objects.get(pk=message.conversation_id).person_id is None
        assert message.debtor_id is None


def test_the_contact_of_each_message_is_its_own(cloud: Cloud) -> None:
    first, second = text(cloud, "573104447701"), text(cloud, "573104447702")
    contacts = [
        {"wa_id": "573104447702", "profile": {"name": "Dos"}},
        {"wa_id": "573104447701", "profile": {"name": "Uno"}},
    ]
    take(cloud, {"messages": [first, second], "contacts": contacts})
    with cloud.scope():
        names = {c.address: c.profile_name for c in Conversation.objects.filter(address__startswith="+5731044477")}
    assert names == {"+573104447701": "Uno", "+573104447702": "Dos"}


def test_groups_are_none_of_ours(cloud: Cloud) -> None:
    one = text(cloud, "573104447703", group_id="12036302@g.us")
    take(cloud, {"messages": [one]})
    assert messages_of(cloud, one["id"]) == []
    with cloud.scope():
        assert not Conversation.objects.filter(address="+573104447703").exists()


def test_edited_and_deleted_messages_stay_as_they_were(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        sender = conversation_of(debtor).wire_address
    one = text(cloud, sender, "voy a pagar el viernes")
    take(cloud, {"messages": [one]})
    stamp = int(cloud.now().timestamp()) + 60
    edit = {"from": sender, "id": wamid(), "timestamp": str(stamp), "type": "edit",
            "edit": {"original_message_id": one["id"], "message": {"type": "text", "text": {"body": "nunca"}}}}  # fmt: skip
    revoke = {"from": sender, "id": wamid(), "timestamp": str(stamp), "type": "revoke",
              "revoke": {"original_message_id": one["id"]}}  # fmt: skip
    take(cloud, {"messages": [edit, revoke, revoke]})
    (message,) = messages_of(cloud, one["id"])
    assert message.text == "voy a pagar el viernes"
    assert message.deleted_by_them_at is not None
    assert int(message.deleted_by_them_at.timestamp()) == stamp
    take(cloud, {"messages": [{**revoke, "id": wamid(), "revoke": {"original_message_id": "wamid.unknown"}}]})


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages that the bot was shown."""
    seen: list[str] = []
    monkeypatch.setattr(bot, "react", lambda heard, now: seen.extend(message.text for _, message in heard))
    return seen


def test_a_doubled_message_is_shown_to_the_bot_once(cloud: Cloud, answers: list[str]) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        sender = conversation_of(debtor).wire_address
    answers.clear()
    one = text(cloud, sender, "¿cuánto debo?")
    raw = body(cloud, {"messages": [one]}, {"messages": [one]})
    for _ in range(3):
        assert post(cloud, raw) == 200
    work.drain(cloud.tenant.pk)
    assert answers == ["¿cuánto debo?"]


def test_two_workers_take_the_same_message_in(cloud: Cloud, answers: list[str]) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        sender = conversation_of(debtor).wire_address
    answers.clear()
    one = text(cloud, sender, "a la vez")
    for _ in range(2):
        assert post(cloud, body(cloud, {"messages": [one]})) == 200
    held = [job for job in jobs.lease(now=machine_now(), tenant_id=cloud.tenant.pk) if job.task == "messaging.inbound"]
    assert len(held) == 2
    gate, done = threading.Barrier(2), []

    def run(job: jobs.Leased) -> None:
        gate.wait()
        try:
            done.append(jobs.perform(job))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in held]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert done == [True, True]
    assert len(messages_of(cloud, one["id"])) == 1
    work.drain(cloud.tenant.pk)
    assert answers == ["a la vez"]


def test_what_one_person_writes_is_answered_in_that_order_whoever_answers(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        sender = conversation_of(debtor).wire_address
    said = [f"frase {place}" for place in range(6)]
    for words in said:
        assert post(cloud, body(cloud, {"messages": [text(cloud, sender, words)]})) == 200
    work.drain(cloud.tenant.pk, only={"messaging.inbound"})
    heard: list[str] = []

    def slowly(said: list[tuple[Conversation, Message]], now: Any) -> None:
        time.sleep(0.01)
        heard.extend(message.text for _, message in said)

    def one_by_one() -> None:
        while not work.idle(cloud.tenant.pk, only={arrivals.REACT}):
            for job in jobs.lease(now=machine_now(), tenant_id=cloud.tenant.pk, tasks=[arrivals.REACT], limit=1):
                jobs.perform(job)

    monkeypatch.setattr(bot, "react", slowly)
    workers(4, one_by_one)
    assert heard == said


def test_an_older_message_that_comes_late_does_not_move_the_window_back(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        before = conversation_of(debtor)
    late = text(cloud, before.wire_address, "de antes")
    assert before.last_inbound_at is not None
    late["timestamp"] = str(int(before.last_inbound_at.timestamp()) - 3600)
    take(cloud, {"messages": [late]})
    with cloud.scope():
        assert conversation_of(debtor).last_inbound_at == before.last_inbound_at
    assert len(messages_of(cloud, late["id"])) == 1


@pytest.mark.parametrize(
    "kind", ["image", "audio", "sticker", "contacts", "order", "unsupported", "something_new_of_2027"]
)
def test_every_kind_is_kept(cloud: Cloud, kind: str) -> None:
    one = text(cloud, "573104447704") | {"type": kind, kind: {"id": "77", "mime_type": "x/y", "caption": "recibo"}}
    take(cloud, {"messages": [one]})
    (message,) = messages_of(cloud, one["id"])
    assert message.kind == kind[:16]
    assert message.content["raw"] == kind if not message.text else message.text == "recibo"


def test_an_opt_out_stops_and_an_unknown_number_is_no_error(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        sender = conversation_of(debtor).wire_address
    one, other = text(cloud, sender, "no me escriban más"), text(cloud, sender, "hola")
    raw = body(cloud, {"messages": [one]}).replace(
        b'"entry": [', b'"entry": [{"id": "9", "changes": [{"field": "messages", "value": {"metadata": '
        b'{"phone_number_id": "404"}, "messages": [{"from": "573104447705", "id": "wamid.404", "timestamp": "1", '
        b'"type": "text", "text": {"body": "x"}}]}}]}, '
    )  # fmt: skip
    assert number_id(cloud) != "404"
    assert post(cloud, raw) == 200
    take(cloud, {"messages": [other]})
    with cloud.scope():
        assert Stop.objects.filter(person_id=debtor.person_id, kind="opted_out").count() == 1
        assert Message.objects.filter(direction="in", conversation__person_id=debtor.person_id).count() == 3
