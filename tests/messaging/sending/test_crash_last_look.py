"""Between the gate's yes and the first byte the world goes on: paid, opted out, hours over. The last look sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from compliance.models import Contact, Decision
from compliance.services import raise_stop
from kernel.money import Money
from messaging.models import Conversation, Number, Outbound, SendRequest
from messaging.sending import dispatch
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from portfolio.models import Creditor, Debtor, Invoice
from portfolio.services import record_payment
from tenants import work
from tenants.models import Tenant
from tests.messaging.cloud import Cloud, person_with_window, states


def serve(cloud: Cloud) -> Any:
    tenant = Tenant.objects.get(pk=cloud.tenant.pk)
    return dispatch.serve(tenant, str(cloud.number_id), tenant.clock())


def reminder(cloud: Cloud, debtor: Debtor) -> SendRequest:
    """A collection message in the open window, allowed and queued."""
    invoices = tuple(Invoice.objects.filter(debtor=debtor).values_list("pk", flat=True))
    wish = Wish(
        creditor_id=debtor.creditor_id, debtor_id=debtor.pk, message_class="collection", missing=(),
        content={"kind": "text", "text": "Tiene una factura pendiente de $ 1.000; puede pagarla en nuestra oficina."},
        origin_kind="step", origin_id=f"s:{debtor.pk}", actor="system:test", invoice_ids=invoices,
    )  # fmt: skip
    (request,) = request_send([wish], now=cloud.now())
    assert request is not None
    assert request.verdict == "allow", Decision.objects.get(pk=request.decision_id).rules
    return request


def pay(cloud: Cloud, debtor: Debtor) -> None:
    record_payment(
        creditor=Creditor.objects.get(pk=debtor.creditor_id), debtor=debtor, external_id="p1",
        money=Money.from_minor(Invoice.objects.get(debtor=debtor).open_minor, debtor.currency), paid_at=cloud.now(),
        source="test", method="transfer", now=cloud.now(),
    )  # fmt: skip


def opt_out(cloud: Cloud, debtor: Debtor) -> None:
    raise_stop(debtor.person_id, "opted_out", evidence={"said": "by phone"}, source="agent", now=cloud.now())


def night(cloud: Cloud, debtor: Debtor) -> None:
    Tenant.objects.filter(pk=cloud.tenant.pk).update(clock_frozen_at=cloud.now() + timedelta(hours=10))


def stop_creditor(cloud: Cloud, debtor: Debtor) -> None:
    Creditor.objects.filter(pk=debtor.creditor_id).update(sending_stopped_at=cloud.now())


def stop_number(cloud: Cloud, debtor: Debtor) -> None:
    Number.objects.filter(pk=cloud.number_id).update(stopped_at=cloud.now())


def freeze(cloud: Cloud, debtor: Debtor) -> None:
    Conversation.objects.filter(person_id=debtor.person_id).update(frozen_at=cloud.now())


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (pay, {"withdrawn", "waiting"}),
        (opt_out, {"withdrawn"}),
        (night, {"waiting"}),
        (stop_creditor, {"waiting"}),
        (stop_number, {"queued"}),
        (freeze, {"waiting"}),
    ],
)
def test_the_last_look(cloud: Cloud, happens: Any, expected: set[str]) -> None:
    debtor = person_with_window(cloud)
    before = {message["callback_data"] for message in cloud.accepted()}
    with cloud.scope():
        request = reminder(cloud, debtor)
        allowed = request.decision_id
        happens(cloud, debtor)
    serve(cloud)
    with cloud.scope():
        request_state, outbound_state, _ = states(request)
        assert request_state in expected
        assert outbound_state == request_state
        outbound = Outbound.objects.get(request=request)
        assert outbound.decision_id == allowed  # keeps the yes it was made with
        if request_state != "queued":
            fresh = SendRequest.objects.get(pk=request.pk)
            assert fresh.decision_id != allowed
            assert Decision.objects.get(pk=fresh.decision_id).verdict == fresh.verdict != "allow"
            assert Contact.objects.get(origin_id=request.pk).state == "released"
    assert {message["callback_data"] for message in cloud.accepted()} == before


def test_what_the_night_kept_back_goes_in_the_morning(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        request = reminder(cloud, debtor)
        night(cloud, debtor)
    serve(cloud)
    with cloud.scope():
        waiting = SendRequest.objects.get(pk=request.pk)
        assert waiting.state == "waiting"
        assert waiting.next_at is not None
        assert waiting.next_at > cloud.now()
    cloud.advance(waiting.next_at - cloud.now() + timedelta(minutes=1))
    work.drain(cloud.tenant.pk)
    with cloud.scope():
        request_state, outbound_state, _ = states(request)
        assert (request_state, outbound_state) == ("sent", "accepted")
        assert Decision.objects.get(pk=Outbound.objects.get(request=request).decision_id).verdict == "allow"
        assert Contact.objects.get(origin_id=request.pk).state == "counted"
    taken = [message["callback_data"] for message in cloud.accepted()]
    with cloud.scope():
        assert taken.count(str(Outbound.objects.get(request=request).pk)) == 1
