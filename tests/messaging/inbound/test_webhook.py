"""The door: what is signed is kept and answered 200, what is not leaves no trace, what is broken stops nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from kernel.clock import machine_now
from messaging.channels.whatsapp.receive import Inbound, Malformed, Other, Status, updates
from messaging.inbound import arrivals
from messaging.models import Message
from tenants import jobs, work
from tenants.models import Event, Job, RawInbound
from tests.messaging.cloud import SECRET, Cloud, person_with_window
from tests.messaging.inbound.hooks import body, messages_of, post, route, sign, take, text


@pytest.mark.parametrize(
    "signature",
    ["", "sha256=", "sha256=" + "0" * 64, "sha1=abc", "clave-ñandú", "sha256=é" + "0" * 63, "\udcff", "a" * 10_000],
)
def test_a_wrong_signature_is_refused_and_nothing_is_stored(cloud: Cloud, signature: str) -> None:
    before = RawInbound.objects.count()
    raw = body(cloud, {"messages": [text(cloud, "573004000001")]})
    assert post(cloud, raw, signature=signature) == 403
    assert RawInbound.objects.count() == before


def test_no_signature_and_the_signature_of_another_body(cloud: Cloud) -> None:
    before = RawInbound.objects.count()
    raw = body(cloud, {"messages": [text(cloud, "573004000001")]})
    path = f"/webhooks/whatsapp/{route(cloud).key}"
    assert Client().generic("POST", path, raw, content_type="application/json").status_code == 403
    assert post(cloud, raw, signature=sign(raw + b" ")) == 403
    assert post(cloud, raw, signature=sign(raw, SECRET + "x")) == 403
    assert Client().generic("POST", f"{path}x", raw, content_type="application/json").status_code == 404
    assert RawInbound.objects.count() == before


@pytest.mark.parametrize(
    "raw",
    [b"", b"not json", b"[]", b"null", b'{"entry": 5}', b'{"entry"', b"\xff\xfe", b"[" * 5000, b'{"object": "x"}'],
)
def test_a_malformed_signed_body_is_kept_and_set_aside(cloud: Cloud, raw: bytes) -> None:
    assert post(cloud, raw) == 200
    good = text(cloud, "573004000001", "después")
    take(cloud, {"messages": [good]})
    stored = RawInbound.objects.filter(tenant_id=cloud.tenant.pk).order_by("id").first()
    assert stored is not None
    assert bytes(stored.body or b"") == raw
    job = Job.objects.get(tenant_id=cloud.tenant.pk)
    assert job.parked_at is not None
    assert job.error.startswith("quarantined: ")
    with cloud.scope():
        assert Event.objects.filter(name="inbound.quarantined", subject_id=stored.pk).count() == 1
    assert len(messages_of(cloud, good["id"])) == 1  # the queue went on


def test_one_bad_update_does_not_stop_the_good_ones(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    real = arrivals.arrive

    def sometimes(number: Any, updates: Sequence[Inbound], *, now: Any) -> Any:
        if any(update.text == "veneno" for update in updates):
            raise ZeroDivisionError("as a bug of ours would")
        return real(number, updates, now=now)

    monkeypatch.setattr(arrivals, "arrive", sometimes)
    ones = [text(cloud, f"5730040000{n:02d}", "veneno" if n == 2 else "bueno") for n in range(5)]
    take(cloud, {"messages": ones})
    assert [len(messages_of(cloud, one["id"])) for one in ones] == [1, 1, 0, 1, 1]
    job = Job.objects.get(tenant_id=cloud.tenant.pk)
    assert job.parked_at is None
    assert "ZeroDivisionError" in job.error
    monkeypatch.undo()  # the bug is mended: the same body again, and nothing doubles
    Job.objects.filter(pk=job.pk).update(due_at=machine_now() - timedelta(seconds=1))
    work.drain(cloud.tenant.pk)
    assert [len(messages_of(cloud, one["id"])) for one in ones] == [1, 1, 1, 1, 1]
    assert not Job.objects.filter(tenant_id=cloud.tenant.pk).exists()


def test_a_body_that_never_works_is_parked_after_its_tries(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "arrive", lambda *_, **__: 1 // 0)
    take(cloud, {"messages": [text(cloud, "573004000001")]})
    for _ in range(jobs.MAX_TRIES):
        Job.objects.filter(tenant_id=cloud.tenant.pk, parked_at=None).update(due_at=machine_now())
        work.drain(cloud.tenant.pk)
    job = Job.objects.get(tenant_id=cloud.tenant.pk)
    assert job.parked_at is not None
    assert job.tries == jobs.MAX_TRIES


def test_a_doubled_body_counts_once(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    assert debtor
    one = text(cloud, "573004000009", "una vez")
    raw = body(cloud, {"messages": [one, one]})
    for _ in range(3):
        assert post(cloud, raw) == 200
    work.drain(cloud.tenant.pk)
    assert len(messages_of(cloud, one["id"])) == 1
    with cloud.scope():
        assert Message.objects.filter(direction="in", text="una vez").count() == 1


STRANGE: list[dict[str, Any]] = [
    {
        "messages": [{"from": ["a"], "id": {"x": 1}, "type": ["text"], "text": "no object"}],
        "contacts": [{"wa_id": [1]}],
    },
    {"messages": "none", "statuses": {"a": 1}},
    {"messages": [None, 5, "x", []], "statuses": [None, 5, "x", []]},
    {"statuses": [{"id": 5, "status": None, "timestamp": {}, "errors": "x", "pricing": 3}]},
    {"messages": [{"from": "573004000001", "id": "wamid.a", "timestamp": 10**40, "type": "text", "text": {"body": 7}}]},
    {"messages": [{"from": "573004000001", "id": "wamid.b", "type": "interactive", "interactive": {"type": []}}]},
    {"metadata": "x", "messages": [{"type": "image", "image": {"id": 1, "caption": None}}]},
]


@pytest.mark.parametrize("value", STRANGE)
def test_strange_shapes_are_read_without_raising(value: dict[str, object]) -> None:
    raw = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}, None, {"changes": 4}]}).encode()
    assert all(isinstance(update, Inbound | Status | Other) for update in updates(raw))


def test_strange_shapes_do_not_stop_a_body(cloud: Cloud) -> None:
    good = text(cloud, "573004000021", "bueno")
    take(cloud, *STRANGE, {"messages": [good]})
    assert len(messages_of(cloud, good["id"])) == 1


def test_zero_characters_do_not_lose_a_message(cloud: Cloud) -> None:
    one = text(cloud, "573004000022", "ho\x00la")
    other = text(cloud, "573004000022", r"queda \u0000 tal cual")
    take(cloud, {"messages": [one, other], "statuses": [{"id": "wamid.\x00", "status": "sent", "timestamp": "1"}]})
    assert [message.text for message in messages_of(cloud, one["id"])] == ["hola"]
    assert [message.text for message in messages_of(cloud, other["id"])] == [r"queda \u0000 tal cual"]
    assert not Job.objects.filter(tenant_id=cloud.tenant.pk).exists()


def test_what_is_no_json_is_malformed() -> None:
    with pytest.raises(Malformed):
        list(updates(b"{"))


def test_the_handshake(cloud: Cloud) -> None:
    path = f"/webhooks/whatsapp/{route(cloud).key}"
    asked = {"hub.mode": "subscribe", "hub.challenge": "abc", "hub.verify_token": "verify-me"}
    answer = Client().get(path, asked)
    assert (answer.status_code, answer.content) == (200, b"abc")
    assert Client().get(path, asked | {"hub.verify_token": "otro ñ"}).status_code == 403
    assert Client().get(path).status_code == 403
    assert Client().put(path).status_code == 405
