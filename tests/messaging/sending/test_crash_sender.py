"""The sender dies between the commit of 'sending' and the answer; two senders; answers that come too late."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import override_settings

from compliance.models import Contact
from kernel.clock import machine_now
from kernel.errors import Refused, Unreachable
from messaging.channels.base import Accepted
from messaging.channels.whatsapp import send as whatsapp
from messaging.models import Message, Number, Outbound, ProviderMessage, SendRequest
from messaging.sending import dispatch, outcomes
from tenants import jobs, lanes, work
from tenants.models import Event, Tenant
from tests.messaging.cloud import Cloud, person_with_window, reply, states


class Killed(BaseException):
    """As kill -9: nothing behind it runs, but for what the interpreter does itself."""


def serve(cloud: Cloud) -> datetime | None:
    """One slice of the dispatcher, as the work room calls it."""
    tenant = Tenant.objects.get(pk=cloud.tenant.pk)
    return dispatch.serve(tenant, str(cloud.number_id), tenant.clock())


def lease_is_over(cloud: Cloud) -> None:
    with cloud.scope():
        Outbound.objects.filter(state="sending").update(leased_until=machine_now() - timedelta(seconds=1))


def die_before(line: Any, parcels: Any) -> Any:
    raise Killed


def die_after(line: Any, parcels: Any) -> Any:
    deliver(line, parcels)
    raise Killed


deliver = whatsapp.deliver


def test_a_sender_that_dies_after_the_send_is_settled_by_the_receipt(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    debtor = person_with_window(cloud)
    before = len(cloud.accepted())
    with cloud.scope():
        request = reply(debtor, "Gracias por escribirnos.", origin="after", now=cloud.now())
    monkeypatch.setattr(whatsapp, "deliver", die_after)
    with pytest.raises(Killed):
        serve(cloud)
    monkeypatch.undo()
    with cloud.scope():
        assert states(request) == ("queued", "sending", "sending")
    assert len(cloud.accepted()) == before + 1
    serve(cloud)  # the lease still holds: nothing is touched
    with cloud.scope():
        assert states(request) == ("queued", "sending", "sending")
    lease_is_over(cloud)
    serve(cloud)
    with cloud.scope():
        assert states(request) == ("uncertain", "uncertain", "uncertain")
        assert Contact.objects.get(origin_id=request.pk).state != "released"
    cloud.advance(timedelta(hours=1))  # receipts, with our callback data
    with cloud.scope():
        assert states(request) == ("sent", "accepted", "read")
        assert ProviderMessage.objects.filter(message_id=request.message_id).count() == 1
        assert Contact.objects.get(origin_id=request.pk).state == "counted"
    assert len(cloud.accepted()) == before + 1


def test_a_sender_that_dies_before_the_send_is_never_sent_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    debtor = person_with_window(cloud)
    before = len(cloud.accepted())
    with cloud.scope():
        request = reply(debtor, "Gracias por escribirnos.", origin="before", now=cloud.now())
    monkeypatch.setattr(whatsapp, "deliver", die_before)
    with pytest.raises(Killed):
        serve(cloud)
    monkeypatch.undo()
    lease_is_over(cloud)
    serve(cloud)
    cloud.advance(timedelta(hours=2))
    with cloud.scope():
        assert states(request) == ("uncertain", "uncertain", "uncertain")
        outbound = Outbound.objects.get(request=request)
        assert dispatch.settle_by_person(outbound.pk, sent=False, actor="user:test", now=cloud.now())
        assert states(request) == ("refused", "refused", "refused")
        assert Contact.objects.get(origin_id=request.pk).state == "released"
        assert not dispatch.settle_by_person(outbound.pk, sent=True, actor="user:test", now=cloud.now())
    assert len(cloud.accepted()) == before


def test_the_lane_comes_back_for_the_doubtful_also_while_the_account_is_paused(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        request = reply(debtor, "Gracias por escribirnos.", origin="paused", now=cloud.now())
    monkeypatch.setattr(whatsapp, "deliver", die_before)
    with pytest.raises(Killed):
        serve(cloud)
    monkeypatch.undo()
    with cloud.scope():
        outcomes.pause_account(cloud.number_id, "190", "token", now=cloud.now())
    again = serve(cloud)
    assert again is not None
    assert again - cloud.now() < timedelta(minutes=2)
    lease_is_over(cloud)
    assert serve(cloud) is None
    with cloud.scope():
        assert states(request)[0] == "uncertain"


@pytest.mark.parametrize("answer", ["accepted", "refused", "unreachable"])
def test_an_answer_that_comes_after_the_lease(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Another worker has called it uncertain: what the provider said clearly still counts, silence does not."""
    debtor = person_with_window(cloud)
    with cloud.scope():
        request = reply(debtor, "Gracias por escribirnos.", origin="slow", now=cloud.now())
    said = {
        "accepted": Accepted("wamid.late"),
        "refused": Refused(131026, "undeliverable"),
        "unreachable": Unreachable("gone"),
    }[answer]

    def slow(line: Any, parcels: Any) -> Any:
        lease_is_over(cloud)
        with cloud.scope():
            dispatch.doubtful(cloud.number_id, now=cloud.now())
        return [said for _ in parcels]

    monkeypatch.setattr(whatsapp, "deliver", slow)
    serve(cloud)
    expected = {
        "accepted": ("sent", "accepted", "accepted"),
        "refused": ("refused", "refused", "refused"),
        "unreachable": ("uncertain", "uncertain", "uncertain"),
    }[answer]
    with cloud.scope():
        assert states(request) == expected


def test_two_dispatchers_on_one_number_send_each_message_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    debtors = [person_with_window(cloud) for _ in range(12)]
    before = len(cloud.accepted())
    with cloud.scope():
        requests = [reply(d, f"Gracias, {n}.", origin=f"two-{n}", now=cloud.now()) for n, d in enumerate(debtors)]
    gate = threading.Barrier(2)
    taken: list[int] = []

    def together(line: Any, parcels: Any) -> Any:
        taken.append(len(parcels))
        return deliver(line, parcels)

    monkeypatch.setattr(whatsapp, "deliver", together)
    claim = dispatch.claim
    monkeypatch.setattr(dispatch, "claim", lambda number_id, *, now: claim(number_id, now=now, limit=3))

    def run() -> None:
        gate.wait()
        try:
            serve(cloud)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    monkeypatch.undo()
    work.drain(cloud.tenant.pk)
    with cloud.scope():
        assert [states(request)[0] for request in requests] == ["sent"] * len(requests)
    sent = [message["callback_data"] for message in cloud.accepted()[before:]]
    assert len(sent) == len(set(sent)) >= len(requests)
    assert len(taken) >= 4


def test_the_answers_are_kept_when_the_database_fails_in_that_moment(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        request = reply(debtor, "Gracias por escribirnos.", origin="db", now=cloud.now())

    def cut(line: Any, parcels: Any) -> Any:
        answers = deliver(line, parcels)
        # The server ends our session, as a restart does; Django finds out with the next statement.
        connection.ensure_connection()
        connection.connection.close()
        return answers

    monkeypatch.setattr(whatsapp, "deliver", cut)
    serve(cloud)
    with cloud.scope():
        assert states(request)[:2] == ("sent", "accepted")


def test_what_is_too_old_leaves_no_more(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    before = len(cloud.accepted())
    with cloud.scope():
        request = reply(
            debtor, "Gracias.", origin="old", now=cloud.now(), expires_at=cloud.now() + timedelta(minutes=30)
        )
        outcomes.pause_account(cloud.number_id, "190", "token", now=cloud.now())
        account_id = Number.objects.get(pk=cloud.number_id).account_id
    cloud.advance(timedelta(hours=1))
    with cloud.scope():
        outcomes.resume_account(account_id, actor="user:test", now=cloud.now())
    work.drain(cloud.tenant.pk)
    with cloud.scope():
        assert states(request) == ("expired", "withdrawn", "withdrawn")
        assert Contact.objects.get(origin_id=request.pk).state == "released"
    assert len(cloud.accepted()) == before


def test_a_pulse_gives_back_what_it_has_no_time_for(cloud: Cloud) -> None:
    with cloud.scope():
        lanes.wake("dispatch", str(cloud.number_id), at=cloud.now())
        jobs.enqueue("messaging.inbound", cloud.number_id, tenant_id=cloud.tenant.pk)
    (job,) = jobs.lease(now=machine_now(), tenant_id=cloud.tenant.pk)
    jobs.postpone(job, until=job.due_at)
    (again,) = jobs.lease(now=machine_now(), tenant_id=cloud.tenant.pk)
    assert again.tries == job.tries
    jobs.postpone(again, until=machine_now() + timedelta(days=1))


def test_the_account_is_paused_once_and_resumes(cloud: Cloud) -> None:
    debtors = [person_with_window(cloud) for _ in range(4)]
    before = len(cloud.accepted())
    with cloud.scope():
        requests = [reply(d, "Gracias.", origin=f"dead-{n}", now=cloud.now()) for n, d in enumerate(debtors)]
    cloud.call("POST", "/faults", {"kind": "error", "code": 190, "count": 4})
    work.drain(cloud.tenant.pk)
    with cloud.scope():
        assert {states(request) for request in requests} == {("queued", "queued", "waiting")}
        events = Event.objects.filter(name="account.paused")
        assert events.count() == 1
        account = Number.objects.select_related("account").get(pk=cloud.number_id).account
        assert account.pause_code == "190"
    cloud.call("DELETE", "/faults")
    work.drain(cloud.tenant.pk)
    assert len(cloud.accepted()) == before
    with cloud.scope():
        outcomes.resume_account(account.pk, actor="user:test", now=cloud.now())
    work.drain(cloud.tenant.pk)
    with cloud.scope():
        assert {states(request)[0] for request in requests} == {"sent"}
    assert len(cloud.accepted()) == before + 4


@override_settings(SEND_TIMEOUT_SECONDS=0.5)
@pytest.mark.parametrize(
    ("fault", "at_once", "in_the_end"),
    [
        ({"kind": "close"}, "uncertain", "sent"),
        ({"kind": "close", "accept": False}, "uncertain", "uncertain"),
        ({"kind": "hang", "ms": 1500}, "uncertain", "sent"),
        ({"kind": "http", "status": 502}, "uncertain", "uncertain"),
        ({"kind": "garbage"}, "uncertain", "sent"),
        ({"kind": "no_contacts"}, "sent", "sent"),
        ({"kind": "error", "code": 131056}, "queued", "sent"),
        ({"kind": "error", "code": 130429}, "queued", "sent"),
        ({"kind": "error", "code": 131047}, "refused", "refused"),
        ({"kind": "error", "code": 131026}, "refused", "refused"),
        ({"kind": "error", "code": 132015}, "refused", "refused"),
        ({"kind": "error", "code": 131049}, "waiting", "expired"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_troubles_of_the_provider(cloud: Cloud, fault: dict[str, Any], at_once: str, in_the_end: str) -> None:
    debtor = person_with_window(cloud)
    before = {message["callback_data"] for message in cloud.accepted()}
    with cloud.scope():
        request = reply(debtor, "Gracias por escribirnos.", origin="trouble", now=cloud.now())
        outbound = Outbound.objects.get(request=request)
    cloud.call("POST", "/faults", fault)
    serve(cloud)
    with cloud.scope():
        assert states(request)[0] == at_once
    for step in (timedelta(minutes=5), timedelta(hours=26)):
        cloud.advance(step)
    with cloud.scope():
        assert states(request)[0] == in_the_end
        contact = Contact.objects.get(origin_id=request.pk)
        assert contact.state == {"sent": "counted", "uncertain": "reserved"}.get(in_the_end, "released")
        if fault.get("code") == 131026:
            assert request.contact_point.__class__.objects.get(pk=request.contact_point_id).unreachable_at is not None
    taken = [message["callback_data"] for message in cloud.accepted() if message["callback_data"] not in before]
    assert taken.count(str(outbound.pk)) == (1 if in_the_end == "sent" else 0)


def test_an_hour_without_network_does_not_use_up_the_tries(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        request = reply(debtor, "Gracias por escribirnos.", origin="net", now=cloud.now())
    said: Any = Unreachable("no route")
    monkeypatch.setattr(whatsapp, "deliver", lambda line, parcels: [said for _ in parcels])
    for _ in range(outcomes.TRIES_MAX + 3):
        with cloud.scope():
            Outbound.objects.filter(request=request).update(not_before=cloud.now())
        serve(cloud)
    said = Refused(130429, "too fast", transient=True)
    with cloud.scope():
        Outbound.objects.filter(request=request).update(not_before=cloud.now())
    serve(cloud)
    with cloud.scope():
        assert states(request) == ("queued", "queued", "waiting")
    for _ in range(outcomes.TRIES_MAX):
        with cloud.scope():
            Outbound.objects.filter(request=request).update(not_before=cloud.now())
        serve(cloud)
    with cloud.scope():
        assert states(request) == ("refused", "refused", "refused")
        assert Message.objects.get(pk=request.message_id).error_code == "130429"
        assert SendRequest.objects.get(pk=request.pk).settled_at is not None
