"""Status reports in every order that Meta can send them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from hypothesis import settings, strategies
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from compliance.models import Contact
from kernel.clock import machine_now
from kernel.errors import NoAnswer, Refused, Unreachable
from messaging.channels.base import Accepted
from messaging.channels.whatsapp import send as whatsapp
from messaging.channels.whatsapp.receive import Status, updates
from messaging.inbound import statuses
from messaging.models import Message, Outbound, ProviderMessage, SendRequest, StatusReport
from messaging.sending import dispatch
from tenants import jobs, work
from tenants.models import Event, Job, Tenant
from tests.messaging.cloud import Cloud, connect, person_with_window, reply, running_sandbox, states
from tests.messaging.inbound.hooks import body, post, status, take, wamid


@pytest.fixture
def sent(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> tuple[Cloud, SendRequest, str]:
    """A message that the provider has accepted, about which nothing has been reported."""
    debtor = person_with_window(cloud)
    provider_id = wamid()
    monkeypatch.setattr(whatsapp, "deliver", lambda line, parcels: [Accepted(provider_id) for _ in parcels])
    with cloud.scope():
        request = reply(debtor, "Gracias por escribirnos.", origin="s", now=cloud.now())
    work.drain(cloud.tenant.pk)
    monkeypatch.undo()
    with cloud.scope():
        assert states(request) == ("sent", "accepted", "accepted")
    return cloud, request, provider_id


FAILED = {"errors": [{"code": 131026, "title": "Message undeliverable"}]}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (["sent", "delivered", "read"], "read"),
        (["read", "delivered", "sent"], "read"),
        (["delivered", "sent", "delivered", "sent"], "delivered"),
        (["read"], "read"),
        (["failed", "delivered"], "delivered"),
        (["delivered", "failed"], "delivered"),
        (["failed", "sent"], "failed"),
        (["sent", "failed", "failed"], "failed"),
        (["failed", "read", "sent", "delivered"], "read"),
        (["played", "warning", "deleted", ""], "accepted"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_any_order(sent: tuple[Cloud, SendRequest, str], told: list[str], expected: str, together: bool) -> None:
    cloud, request, provider_id = sent
    at = int(cloud.now().timestamp())
    ones = [status(provider_id, state, at + n, **(FAILED if state == "failed" else {})) for n, state in enumerate(told)]
    if together:
        take(cloud, {"statuses": ones})
    else:
        for one in ones:
            take(cloud, {"statuses": [one]})
    with cloud.scope():
        assert states(request) == ("sent", "accepted", expected)
        known = {state for state in told if state in ("sent", "delivered", "read", "failed")}
        reports = list(StatusReport.objects.filter(message_id=request.message_id).values_list("state", flat=True))
        assert sorted(reports) == sorted(known)
        names = Event.objects.filter(name__in=[f"message.{state}" for state in known])
        assert names.filter(data__message=str(request.message_id)).count() == len(known)
        message = Message.objects.get(pk=request.message_id)
        assert (message.error_code == "131026") == (expected == "failed")
        assert (
            request.contact_point.__class__.objects.get(pk=request.contact_point_id).unreachable_at is not None
        ) == (expected == "failed")


def test_doubled_by_two_workers_at_once(sent: tuple[Cloud, SendRequest, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Both read the same report at the same moment: one row, one event, and its event names the row that exists."""
    cloud, request, provider_id = sent
    (report,) = updates(body(cloud, {"statuses": [status(provider_id, "delivered", int(cloud.now().timestamp()))]}))
    assert isinstance(report, Status)
    gate, found = threading.Barrier(2), []

    def run() -> None:
        gate.wait()
        try:
            with cloud.scope():
                found.append(statuses.apply([report], now=cloud.tenant.clock().now()))
                time.sleep(0.2)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    work.drain(cloud.tenant.pk)
    assert sorted(found) == [0, 1]
    with cloud.scope():
        row = StatusReport.objects.get(message_id=request.message_id)
        event = Event.objects.get(name="message.delivered", data__message=str(request.message_id))
        assert event.subject_id == row.pk


def test_a_report_that_is_faster_than_the_answer(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    debtor = person_with_window(cloud)
    provider_id = wamid()

    def told_meanwhile(line: Any, parcels: Any) -> Any:
        reference = str(parcels[0].reference)
        at = int(cloud.now().timestamp())
        ones = [status(provider_id, state, at, biz_opaque_callback_data=reference) for state in ("delivered", "sent")]
        assert post(cloud, body(cloud, {"statuses": ones})) == 200
        (job,) = [j for j in jobs.lease(now=machine_now(), tenant_id=cloud.tenant.pk) if j.task == "messaging.inbound"]
        assert jobs.perform(job)
        return [Accepted(provider_id)]

    monkeypatch.setattr(whatsapp, "deliver", told_meanwhile)
    with cloud.scope():
        request = reply(debtor, "Gracias por escribirnos.", origin="fast", now=cloud.now())
    work.drain(cloud.tenant.pk)
    with cloud.scope():
        assert states(request) == ("sent", "accepted", "delivered")
        assert ProviderMessage.objects.filter(message_id=request.message_id).count() == 1
        assert Contact.objects.get(origin_id=request.pk).state == "counted"
        assert Event.objects.filter(name="message.accepted", subject_id=request.message_id).count() == 1


@pytest.mark.parametrize("believed", ["queued", "refused", "uncertain", "sending"])
def test_a_report_disproves_what_we_believed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, believed: str) -> None:
    """A refusal that was none (or a doubt): the report names our row, so it has left, and does not leave again."""
    debtor = person_with_window(cloud)
    with cloud.scope():
        request = reply(debtor, "Gracias por escribirnos.", origin="wrong", now=cloud.now())
        outbound = Outbound.objects.get(request=request)
        Outbound.objects.filter(pk=outbound.pk).update(
            state=believed, leased_until=machine_now() + timedelta(minutes=1) if believed == "sending" else None
        )
        if believed in ("refused", "uncertain"):
            SendRequest.objects.filter(pk=request.pk).update(state=believed)
            Message.objects.filter(pk=request.message_id).update(state=believed)
    before = len(cloud.accepted())
    one = status(wamid(), "delivered", int(cloud.now().timestamp()), biz_opaque_callback_data=str(outbound.pk))
    assert post(cloud, body(cloud, {"statuses": [one]})) == 200
    for job in jobs.lease(now=machine_now(), tenant_id=cloud.tenant.pk):
        assert jobs.perform(job)
    work.drain(cloud.tenant.pk)
    with cloud.scope():
        assert states(request) == ("sent", "accepted", "delivered")
        assert Contact.objects.get(origin_id=request.pk).state == "counted"
    assert len(cloud.accepted()) == before


def test_unknown_messages_and_foreign_references_change_nothing(sent: tuple[Cloud, SendRequest, str]) -> None:
    cloud, request, provider_id = sent
    at = int(cloud.now().timestamp())
    strangers = [wamid() for _ in range(3)]
    nowhere = "00000000-0000-7000-8000-000000000000"
    references: list[dict[str, Any]] = [{}, {"biz_opaque_callback_data": "x"}, {"biz_opaque_callback_data": nowhere}]
    ones = [status(one, "read", at, **more) for one, more in zip(strangers, references, strict=True)]
    take(cloud, {"statuses": [*ones, status("", "read", at), status(provider_id, "delivered", at)]})
    with cloud.scope():
        assert states(request)[2] == "delivered"
        assert not ProviderMessage.objects.filter(provider_id__in=[*strangers, ""]).exists()
    assert not Job.objects.filter(tenant_id=cloud.tenant.pk).exists()


def test_one_poisonous_report_does_not_stop_the_others(sent: tuple[Cloud, SendRequest, str]) -> None:
    cloud, request, provider_id = sent
    with cloud.scope():
        outbound = Outbound.objects.get(request=request)
    at = int(cloud.now().timestamp())
    bad = status("w" * 300, "sent", at, biz_opaque_callback_data=str(outbound.pk))  # longer than an id may be
    take(cloud, {"statuses": [bad, status(provider_id, "delivered", at)]})
    with cloud.scope():
        assert states(request)[2] == "delivered"
    job = Job.objects.get(tenant_id=cloud.tenant.pk)
    assert job.error


def test_a_thousand_reports_in_one_body(sent: tuple[Cloud, SendRequest, str]) -> None:
    cloud, request, provider_id = sent
    with cloud.scope():
        first = Message.objects.get(pk=request.message_id)
        ids = {wamid(): None for _ in range(333)}
        copies = []
        for _ in ids:
            first.pk, first._state.adding = None, True
            copies.append(
                Message(**{f.attname: getattr(first, f.attname) for f in Message._meta.fields if f.name != "id"})
            )
        Message.objects.bulk_create(copies)
        ProviderMessage.objects.bulk_create(
            [ProviderMessage(provider_id=one, message=copy) for one, copy in zip(ids, copies, strict=True)]
        )
    at = int(cloud.now().timestamp())
    told = [status(one, state, at) for state in ("read", "sent", "delivered") for one in [*ids, provider_id]]
    assert len(told) > 1000
    raw = body(cloud, {"statuses": told})
    started = time.monotonic()
    assert post(cloud, raw) == 200
    assert time.monotonic() - started < 1.0
    work.drain(cloud.tenant.pk)
    with cloud.scope():
        known = ProviderMessage.objects.filter(provider_id__in=[*ids, provider_id]).values("message_id")
        assert StatusReport.objects.filter(message_id__in=known).count() == 1002
        assert set(Message.objects.filter(pk__in=known).values_list("state", flat=True)) == {"read"}


# -- any order at all --------------------------------------------------------------------------------------------------

RANK = {"waiting": 0, "sending": 1, "uncertain": 2, "refused": 2, "accepted": 3, "sent": 4, "failed": 5, "delivered": 6,
        "read": 7}  # fmt: skip
#: What the three rows of one send may say at the same time.
TOGETHER = {
    ("queued", "queued"): {"waiting"},
    ("queued", "sending"): {"sending"},
    ("uncertain", "uncertain"): {"uncertain"},
    ("refused", "refused"): {"refused"},
    ("sent", "accepted"): {"accepted", "sent", "failed", "delivered", "read"},
}


class Sends(RuleBasedStateMachine):
    """Sends, deaths, late answers, people's settlements and reports in any order; `stage` is set by the test."""

    cloud: Cloud
    debtor: Any
    serial = 0
    sends = Bundle("sends")

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[SendRequest] = []
        self.ids: dict[Any, str] = {}
        self.left: dict[Any, int] = {}
        self.best: dict[Any, int] = {}

    @initialize()
    def quiet(self) -> None:
        """Nothing of the example before is still on its way."""
        with self.cloud.scope():
            Outbound.objects.filter(state__in=["queued", "sending"]).update(state="withdrawn")

    @rule(target=sends)
    def ask(self) -> Any:
        Sends.serial += 1
        with self.cloud.scope():
            request = reply(self.debtor, "Gracias.", origin=f"m{Sends.serial}", now=self.cloud.now())
            assert request.state == "queued"
            outbound = Outbound.objects.get(request=request)
        self.requests.append(request)
        self.ids[request.pk], self.left[request.pk] = wamid(), 0
        return request.pk, outbound.pk

    @rule(outcome=strategies.sampled_from(["accepted", "refused", "retry", "unreachable", "doubt", "dies"]))
    def serve(self, outcome: str) -> None:
        """A slice of the dispatcher whose every send ends like this."""

        class Died(BaseException):
            pass

        def deliver(line: Any, parcels: Any) -> Any:
            with self.cloud.scope():
                owners = dict(
                    Outbound.objects.filter(pk__in=[p.reference for p in parcels]).values_list("pk", "request_id")
                )
            said = []
            for parcel in parcels:
                request = owners[parcel.reference]
                if outcome in ("accepted", "doubt", "dies"):
                    self.left[request] = self.left.get(request, 0) + 1
                said.append({
                    "accepted": Accepted(self.ids.get(request, wamid())), "doubt": NoAnswer("?"), "dies": None,
                    "unreachable": Unreachable("no"), "refused": Refused(131026, "no"),
                    "retry": Refused(131016, "busy", transient=True),
                }[outcome])  # fmt: skip
            if outcome == "dies":
                raise Died
            return said

        with self.cloud.scope():
            Outbound.objects.filter(state="queued").update(not_before=self.cloud.now())
        real, whatsapp.deliver = whatsapp.deliver, deliver
        try:
            tenant = Tenant.objects.get(pk=self.cloud.tenant.pk)
            with self.cloud.scope():
                line, parcels, _ = dispatch.claim(self.cloud.number_id, now=self.cloud.now())
            if line is None or not parcels:
                return
            try:
                answers = whatsapp.deliver(line, parcels)
            except Died:
                return
            said = dict(zip((p.reference for p in parcels), answers, strict=True))
            dispatch._keep(tenant, self.cloud.number_id, said, tenant.clock())
        finally:
            whatsapp.deliver = real

    @rule()
    def leases_end(self) -> None:
        with self.cloud.scope():
            Outbound.objects.filter(state="sending").update(leased_until=machine_now() - timedelta(seconds=1))
            dispatch.doubtful(self.cloud.number_id, now=self.cloud.now())

    @rule(one=sends, sent=strategies.booleans())
    def person_settles(self, one: Any, sent: bool) -> None:
        with self.cloud.scope():
            dispatch.settle_by_person(one[1], sent=sent, actor="user:test", now=self.cloud.now())

    @rule(
        one=sends, told=strategies.lists(strategies.sampled_from(["sent", "delivered", "read", "failed"]), max_size=4)
    )
    def reports(self, one: Any, told: list[str]) -> None:
        """Only what has left is reported on."""
        if not self.left[one[0]]:
            return
        at = int(self.cloud.now().timestamp())
        ones = [status(self.ids[one[0]], s, at, biz_opaque_callback_data=str(one[1])) for s in told]
        found = [u for u in updates(body(self.cloud, {"statuses": ones})) if isinstance(u, Status)]
        with self.cloud.scope():
            statuses.apply(found, now=self.cloud.now())

    @invariant()
    def consistent(self) -> None:
        with self.cloud.scope():
            ids = [request.pk for request in self.requests]
            asked_of = dict(SendRequest.objects.filter(pk__in=ids).values_list("pk", "state"))
            outbounds = dict(
                Outbound.objects.filter(request_id__in=ids).order_by("id").values_list("request_id", "state")
            )
            words = {request.message_id: request.pk for request in self.requests}
            messages = {
                words[pk]: state for pk, state in Message.objects.filter(pk__in=words).values_list("pk", "state")
            }
            contacts = list(Contact.objects.filter(origin_id__in=ids).values_list("origin_id", "state"))
            reports: dict[Any, set[str]] = defaultdict(set)
            for message_id, state in StatusReport.objects.filter(message_id__in=words).values_list(
                "message_id", "state"
            ):
                reports[words[message_id]].add(state)
        assert sorted(pk for pk, _ in contacts) == sorted(ids), "each is counted once"
        for pk, contact in contacts:
            asked, outbound, message, reported = asked_of[pk], outbounds[pk], messages[pk], reports[pk]
            assert message in TOGETHER[asked, outbound], (asked, outbound, message)
            rank = RANK[message]
            before = self.best.get(pk, 0)
            # Only before anything is known of it may it go back (not sent after all: queued again).
            assert rank >= before or before <= RANK["uncertain"], (message, before)
            self.best[pk] = rank
            assert contact == {"accepted": "counted", "refused": "released"}.get(outbound, "reserved")
            if reported:
                assert outbound == "accepted"
                assert rank >= max(RANK[s] for s in reported if s != "failed" or len(reported) == 1)
            assert self.left[pk] <= 1, "sent twice"


def test_any_order_of_everything() -> None:
    """A message never goes back, and its three rows never contradict each other."""
    with running_sandbox() as sandbox:
        Sends.cloud = connect(sandbox, "CO")
        Sends.debtor = person_with_window(Sends.cloud)
        run_state_machine_as_test(Sends, settings=settings(max_examples=20, stateful_step_count=15, deadline=None))
