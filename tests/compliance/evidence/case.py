"""A debtor with everything that a pack can hold: words both ways, reports, a refusal, consents, a stop, the account."""

from __future__ import annotations

import copy
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from compliance.evidence.exports import export
from compliance.services import NewConsent, lift_stop, raise_stop, record_consent
from kernel.money import Money
from messaging.channels.base import Accepted
from messaging.channels.whatsapp.receive import Status
from messaging.inbound import statuses
from messaging.models import Conversation, Message, Outbound, SendRequest
from messaging.sending.outcomes import accepted
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from portfolio.models import Debtor, Dispute
from portfolio.services.disputes import open_dispute
from portfolio.services.payments import record_payment
from portfolio.services.promises import create_promise
from tests import factories
from tests.compliance.world import number_events
from tests.messaging.desk import Desk, open_desk

WORDING = {
    "CO": "Acepto mensajes de WhatsApp sobre mi deuda.",
    "BR": "Aceito mensagens de WhatsApp sobre minha dívida.",
}
ANSWER = {
    "CO": "Ya pagué, revise <b>por favor</b> & gracias 😀",
    "BR": "Já paguei, confira <b>por favor</b> & obrigado 😀",
}
QUESTION = {"CO": "Buenas tardes, con gusto reviso su pago.", "BR": "Boa tarde, vou conferir o seu pagamento."}


@dataclass
class Case:
    """A desk, a debtor and their dispute."""

    desk: Desk
    debtor: Debtor
    dispute: Dispute
    request: SendRequest

    @property
    def conversation(self) -> Conversation:
        return self.desk.conversation(self.debtor)

    def export(self, **asked: Any) -> dict[str, Any]:
        values: dict[str, Any] = {"debtor_id": self.debtor.pk, "actor": "user:1"}
        with self.desk.scope():
            return export(**(values | asked))


def say(desk: Desk, debtor: Debtor, text: str, actor: str = "system:test") -> SendRequest:
    """An agent's answer, asked for at the desk's now."""
    wish = Wish(
        creditor_id=debtor.creditor_id, debtor_id=debtor.pk, message_class="reply", origin_kind="agent",
        content={"kind": "text", "text": text}, origin_id=uuid.uuid4().hex, actor=actor,
        conversation_id=desk.conversation(debtor).pk,
    )  # fmt: skip
    [request] = request_send([wish], now=desk.now)
    assert request is not None
    return request


def carry(desk: Desk, request: SendRequest, wamid: str, *states: str) -> None:
    """The provider takes it and reports these states, ten seconds apart."""
    row = Outbound.objects.select_related("request").get(request=request)
    accepted([(row, Accepted(provider_id=wamid, wire_address=""))], now=desk.now)
    statuses.apply([
        Status(phone_number_id=desk.number.provider_id, provider_id=wamid, state=state, reference="", wa_id="",
               at=desk.now + timedelta(seconds=10 * place))
        for place, state in enumerate(states, 1)
    ], now=desk.now)  # fmt: skip


def make_case(country: str = "CO") -> Case:
    """One of everything."""
    desk = open_desk(country)
    with desk.scope():
        debtor = desk.debtor(amount="1234", days_late=10)
        point = desk.point(debtor)
        agent = factories.make_user(desk.tenant, role="agent")
        agent.name = "Luisa Prueba"
        agent.save(update_fields=["name"])
        record_consent(NewConsent(
            person_id=debtor.person_id, contact_point_id=point.pk, creditor_id=debtor.creditor_id, channel="whatsapp",
            state="granted", source="test", given_at=desk.now - timedelta(days=60), external_id="c-1",
            evidence={"exact_wording": WORDING[country], "collected_how": "contract", "collected_by": "Marta Testigo"},
        ), desk.now)  # fmt: skip
        factories.make_contact_point(debtor.person, verified=False, now=desk.now, role="reference")
    desk.hear(debtor, ANSWER[country])
    with desk.scope():
        request = say(desk, debtor, QUESTION[country], actor=f"user:{agent.pk}")
        carry(desk, request, f"wamid.{uuid.uuid4().hex}", "sent", "delivered", "read")
        say(
            desk,
            debtor,
            "Si no paga hoy voy a llamar a su jefe."
            if country == "CO"
            else "Se não pagar hoje vou ligar para o seu chefe.",
        )
        record_payment(
            desk.creditor, debtor, "P-1", Money.from_minor(40_000, debtor.currency), paid_at=desk.now, now=desk.now,
            source="test", method="transfer",
        )  # fmt: skip
        create_promise(
            debtor, Money.from_minor(80_000, debtor.currency), (desk.now + timedelta(days=5)).date(), now=desk.now,
            source="debtor:bot",
        )  # fmt: skip
        dispute = open_dispute(
            debtor, None, "already_paid", now=desk.now, source="test", detail="Ya pagué en marzo", authority="SIC"
        )
        stop = raise_stop(
            debtor.person_id, "opted_out", evidence={"words": "no me escriban más"}, source="debtor", now=desk.now
        )
        lift_stop(stop.pk, by="user:1", reason="new opt-in", now=desk.now + timedelta(hours=1))
    number_events()
    return Case(desk, debtor, dispute, request)


def messages_of(document: dict[str, Any]) -> list[str]:
    """The words in a document, in order."""
    return [message["text"] for message in document["messages"]]


def reread(document: dict[str, Any]) -> dict[str, Any]:
    """A copy that may be spoilt, as a reader of the file gets it."""
    return copy.deepcopy(json.loads(json.dumps(document)))


__all__ = ["ANSWER", "QUESTION", "WORDING", "Case", "Message", "make_case", "messages_of", "reread", "say"]
