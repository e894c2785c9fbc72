"""One message's life, with the real gate, the real database and the sandbox over HTTP."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from compliance.models import Contact, Decision
from messaging.models import Message, Outbound, ProviderMessage, SendRequest, StatusReport
from tenants import work
from tests.messaging.cloud import Cloud, person_with_window, reply, states


def test_a_reply_goes_out_and_its_receipts_come_back(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        request = reply(debtor, "Gracias por escribirnos, ya lo reviso.", origin="one", now=cloud.now())
        assert (request.state, request.verdict) == ("queued", "allow")
    work.drain(cloud.tenant.pk)
    assert [message["payload"]["text"]["body"] for message in cloud.accepted()] == [
        "Gracias por escribirnos, ya lo reviso."
    ]
    cloud.advance(timedelta(hours=1))
    with cloud.scope():
        assert states(request)[:2] == ("sent", "accepted")
        message = Message.objects.get(pk=request.message_id)
        assert message.state in ("delivered", "read")
        assert message.sent_at and message.delivered_at
        assert set(StatusReport.objects.filter(message=message).values_list("state", flat=True)) >= {
            "sent",
            "delivered",
        }
        assert ProviderMessage.objects.filter(message=message).count() == 1
        outbound = Outbound.objects.get(request=request)
        assert Decision.objects.get(pk=outbound.decision_id).verdict == "allow"


def test_one_reason_is_one_message(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        first = reply(debtor, "Hola, buenas tardes.", origin="same", now=cloud.now())
        again = reply(debtor, "Hola, buenas tardes.", origin="same", now=cloud.now())
        assert again.pk == first.pk
    work.drain(cloud.tenant.pk)
    with cloud.scope():
        assert reply(debtor, "Hola, buenas tardes.", origin="same", now=cloud.now()).pk == first.pk
    assert len(cloud.accepted()) == 1


def test_a_threat_is_kept_back_and_stays_in_the_thread(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        request = reply(debtor, "Si no paga voy a llamar a su jefe.", origin="threat", now=cloud.now())
        assert (request.state, request.verdict) == ("withdrawn", "deny")
        decision = Decision.objects.get(pk=request.decision_id)
        assert {"X-C-THREAT"} <= set(decision.rules)
        assert Message.objects.get(pk=request.message_id).state == "withdrawn"
        assert not Outbound.objects.filter(request=request).exists()
    work.drain(cloud.tenant.pk)
    assert cloud.accepted() == []


def test_an_opt_out_after_queueing_still_counts(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        request = reply(debtor, "Le cuento las opciones que tenemos.", origin="late", now=cloud.now())
        phone = SendRequest.objects.select_related("contact_point").get(pk=request.pk).contact_point.value
    cloud.say(phone, "por favor ya no me escriban más")
    with cloud.scope():
        assert states(request)[0] == "withdrawn"
    bodies = [message["payload"].get("text", {}).get("body", "") for message in cloud.accepted()]
    assert "Le cuento las opciones que tenemos." not in bodies


def test_the_database_refuses_an_outbound_without_an_allow_decision(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        denied = reply(debtor, "Si no paga voy a llamar a su jefe.", origin="deny", now=cloud.now())
    try:
        with cloud.scope(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO messaging_outbound (id, tenant_id, creditor_id, request_id, number_id, decision_id, "
                'verdict, "to", state, priority, tries, not_before, error_code, error_detail, created_at) '
                "SELECT gen_random_uuid(), tenant_id, creditor_id, id, number_id, decision_id, 'allow', "
                "'+573001112233', 'queued', 5, 0, requested_at, '', '', requested_at FROM messaging_sendrequest WHERE id = %s",
                [denied.pk],
            )
        raise AssertionError("the database took an Outbound row without an allow decision")
    except Exception as error:
        assert "messaging_outbound_verdict" in str(error)


def test_a_withdrawn_reply_gives_its_budget_back(cloud: Cloud) -> None:
    debtor = person_with_window(cloud)
    with cloud.scope():
        request = reply(debtor, "Con gusto le ayudo.", origin="budget", now=cloud.now())
        assert Contact.objects.get(origin_id=request.pk).state == "reserved"
    work.drain(cloud.tenant.pk)
    with cloud.scope():
        assert Contact.objects.get(origin_id=request.pk).state == "counted"
