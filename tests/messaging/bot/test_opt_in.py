"""Asking whether we may write: who is asked, what an answer proves, and what the gate makes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from compliance.models import Consent, Decision, Stop
from compliance.services import NewConsent, lift_stop, record_consent
from kernel.errors import DomainError
from messaging.bot import opt_in
from messaging.models import Conversation, Enrolment, Message, SendRequest
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from messaging.sequences.running import step_on
from messaging.sequences.services import refresh
from portfolio.models import ContactPoint, Debtor
from tests import factories
from tests.messaging.desk import Desk, buttons, open_desk


@pytest.fixture
def desk() -> Desk:
    return open_desk("CO")


def ask(desk: Desk, *debtors: Debtor) -> opt_in.Asked:
    with desk.scope():
        return opt_in.ask([debtor.pk for debtor in debtors], actor="user:x", origin="agent", now=desk.now)


def remind(desk: Desk, debtor: Debtor) -> SendRequest:
    """The next reminder of the sequence, asked for now."""
    with desk.scope():
        refresh([debtor.pk], now=desk.now)
        row = Enrolment.objects.select_related("version", "invoice").get(debtor=debtor)
        before = set(SendRequest.objects.values_list("pk", flat=True))
        row.state, row.paused_until, row.reason = Enrolment.State.ACTIVE, None, ""
        row.next_step = row.next_step or "first"
        step_on([row], now=desk.now)
        return SendRequest.objects.exclude(pk__in=before).get(message_class="collection")


def granted(debtor: Debtor, **fields: Any) -> None:
    values = {"channel": "whatsapp", "state": "granted", "source": "test", "evidence": {"x": "1"}} | fields
    record_consent(NewConsent(person_id=debtor.person_id, given_at=factories.NOON, **values), factories.NOON)


def test_who_wrote_first_is_asked_taps_and_the_next_reminder_cites_that_consent(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(consent=False)
    _, question = desk.hear(debtor, "hola")
    with desk.scope():
        assert (question.message_class, question.verdict) == ("consent_request", "allow")
        assert buttons(question) == ["consent:yes", "consent:no"]
        words = desk.text_of(question)
        assert desk.creditor.name in words and question.disclosure == 1, "who proved to be the debtor is told of whom"
        assert "1.000" not in words and "deuda" not in words
    (thanks,) = desk.hear(debtor, "Sí, autorizo", tap="consent:yes")
    with desk.scope():
        assert thanks.verdict == "allow"
        said = Consent.objects.get(person_id=debtor.person_id)
        assert (said.state, said.creditor_id, said.contact_point_id) == (
            "granted", desk.creditor.pk, desk.point(debtor).pk,
        )  # fmt: skip
        proof = said.evidence
        assert proof["who"] == debtor.person.name and proof["wa_number"] == desk.point(debtor).value
        assert proof["exact_wording"] == words and proof["wording_version"] == "bot-1-es"
        assert proof["purpose_includes_collection"] and proof["channel_whatsapp"]
        assert proof["creditor_named"] == desk.creditor.name and proof["collected_how"] == "button"
        assert proof["collector"] == "system:bot" and proof["answer"] == "Sí, autorizo"
        assert proof["message_id"].startswith("wamid.") and proof["asked_message"] == str(question.message_id)
        assert proof["collected_at_utc"] == desk.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    desk.now += timedelta(days=8)
    with desk.scope():
        Debtor.objects.filter(pk=debtor.pk).update(balance_as_of=desk.now)
    request = remind(desk, debtor)
    with desk.scope():
        decision = Decision.objects.get(pk=request.decision_id)
        assert decision.verdict == "allow", decision.rules
        assert [row[-1] for row in decision.facts["facts"]["consents"]] == [str(said.pk)]


def test_a_no_is_a_statement_too_and_is_not_asked_again(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(consent=False)
    desk.hear(debtor, "hola")
    (answer,) = desk.hear(debtor, "No, gracias", tap="consent:no")
    with desk.scope():
        assert answer.verdict == "allow", "what they write is still answered"
        said = Consent.objects.get(person_id=debtor.person_id)
        assert said.state == "refused" and said.evidence["answer"] == "No, gracias"
    assert ask(desk, debtor).left == {"answered_or_asked": 1}
    with desk.scope():
        point, conversation = desk.point(debtor), desk.conversation(debtor)
        wish = Wish(
            creditor_id=desk.creditor.pk, debtor_id=debtor.pk, message_class="consent_request", origin_kind="agent",
            content={"kind": "text", "text": "¿Podemos escribirle por aquí?"}, origin_id="x", actor="user:x",
            contact_point_id=point.pk, conversation_id=conversation.pk,
        )  # fmt: skip
        (request,) = request_send([wish], now=desk.now)
        assert request is not None
        assert Decision.objects.get(pk=request.decision_id).rules[:2] == ["X-CONSENT", "CO-CONSENT"], (
            "the gate holds it too"
        )
    assert len(desk.hear(debtor, "hola")) == 2, "the refused question above, and the answer without another one"


def test_a_later_no_ends_an_earlier_yes_and_takes_back_what_waits(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
        conversation = factories.make_conversation(
            desk.number, desk.point(debtor), debtor=debtor, last_inbound_at=desk.now, now=desk.now
        )
        question = factories.make_message(
            conversation, "¿Nos autoriza?", debtor=debtor, direction="out", message_class="consent_request",
            now=desk.now - timedelta(days=9),
        )  # fmt: skip
    desk.now += timedelta(days=5)  # a Sunday: what is asked for waits
    with desk.scope():
        Debtor.objects.filter(pk=debtor.pk).update(balance_as_of=desk.now)
    waiting = remind(desk, debtor)
    assert waiting.state == "waiting"
    with desk.scope():
        SendRequest.objects.create(
            creditor=desk.creditor, debtor=debtor, person_id=debtor.person_id, contact_point=desk.point(debtor),
            conversation=conversation, number=desk.number, message_id=question.pk, channel="whatsapp",
            message_class="consent_request", disclosure=0, payload={}, origin_kind="agent", origin_id="q", actor="user:x",
            state="sent", verdict="allow", decision_id=waiting.decision_id, expires_at=desk.now, requested_at=desk.now,
            updated_at=desk.now,
        )  # fmt: skip
    desk.hear(debtor, "No, gracias", tap="consent:no")
    with desk.scope():
        assert SendRequest.objects.get(pk=waiting.pk).state == "withdrawn"
        newest = Consent.objects.filter(person_id=debtor.person_id).order_by("given_at", "id").last()
        assert newest is not None and newest.state == "refused"


def test_asking_many_asks_those_whom_the_gate_lets_be_asked(desk: Desk) -> None:
    with desk.scope():
        spoke, silent, opted, has = (desk.debtor(consent=False) for _ in range(4))
        factories.make_conversation(
            desk.number, desk.point(spoke), debtor=spoke, last_inbound_at=desk.now - timedelta(hours=2)
        )
        granted(opted, purpose="service")
        granted(has)
    done = ask(desk, spoke, silent, opted, has)
    with desk.scope():
        assert {request.debtor_id for request in done.requests} == {spoke.pk, opted.pk}
        assert dict(done.left) == {"X-CONSENT": 1, "answered_or_asked": 1}
        plain = next(request for request in done.requests if request.debtor_id == spoke.pk)
        by_template = next(request for request in done.requests if request.debtor_id == opted.pk)
        assert plain.template_id is None and plain.payload["kind"] == "buttons"
        assert by_template.template is not None and by_template.template.stage == "consent"
        assert {request.verdict for request in done.requests} == {"allow"}
    assert not ask(desk, spoke, silent, opted, has).requests, "twice asks once"
    desk.now += timedelta(days=40)
    assert [request.debtor_id for request in ask(desk, opted).requests] == [opted.pk], (
        "who did not answer, a month later"
    )


def test_an_unverified_person_is_not_told_who_asks(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(consent=False, verified=False)
        factories.make_conversation(desk.number, desk.point(debtor), debtor=debtor, last_inbound_at=desk.now)
    (request,) = ask(desk, debtor).requests
    with desk.scope():
        assert request.disclosure == 0 and desk.creditor.name not in desk.text_of(request)
    desk.hear(debtor, "Sí, autorizo", tap="consent:yes")
    with desk.scope():
        assert Consent.objects.get(person_id=debtor.person_id).evidence["identity"] == "unknown"


@pytest.mark.parametrize("text", ["¿Podemos escribirle por su deuda?", "¿Podemos recordarle su factura vencida?"])
def test_a_question_that_speaks_of_a_debt_is_no_question_for_consent(desk: Desk, text: str) -> None:
    with desk.scope():
        debtor = desk.debtor(consent=False)
        conversation = factories.make_conversation(
            desk.number, desk.point(debtor), debtor=debtor, last_inbound_at=desk.now
        )
        wish = Wish(
            creditor_id=desk.creditor.pk, debtor_id=debtor.pk, message_class="consent_request", origin_kind="agent",
            content={"kind": "text", "text": text}, origin_id="x", actor="user:x", conversation_id=conversation.pk,
        )  # fmt: skip
        with pytest.raises(DomainError) as refused:
            request_send([wish], now=desk.now)
        assert refused.value.code == "consent_request_reveals"
        assert not Message.objects.filter(debtor_id=debtor.pk).exists()


def test_a_sequence_that_is_kept_back_for_want_of_a_consent_asks_for_it(desk: Desk) -> None:
    with desk.scope():
        debtor, other = desk.debtor(consent=False), desk.debtor(consent=False)
        for one in (debtor, other):
            conversation = factories.make_conversation(desk.number, desk.point(one), debtor=one)
            if one is debtor:
                Conversation.objects.filter(pk=conversation.pk).update(last_inbound_at=desk.now - timedelta(hours=3))
    assert remind(desk, debtor).verdict == "deny"
    assert remind(desk, other).verdict == "deny"
    with desk.scope():
        asked = SendRequest.objects.filter(message_class="consent_request")
        assert [row.debtor_id for row in asked] == [debtor.pk], "only where the question may go"


def test_while_an_agent_speaks_a_tap_is_a_statement_all_the_same(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(consent=False)
        factories.make_conversation(
            desk.number, desk.point(debtor), debtor=debtor, last_inbound_at=desk.now, speaker=Conversation.Speaker.AGENT
        )
    assert len(ask(desk, debtor).requests) == 1
    with desk.scope():
        desk.fresh(debtor)  # the question was seen
    (thanks,) = desk.hear(debtor, "Sí, autorizo", tap="consent:yes")
    with desk.scope():
        assert Consent.objects.get(person_id=debtor.person_id).state == "granted"
        assert "Registramos su autorización" in desk.text_of(thanks)
        assert desk.conversation(debtor).speaker == Conversation.Speaker.AGENT


def test_a_tap_without_a_question_proves_nothing(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor(consent=False)
    (asked,) = desk.hear(debtor, "Sí, autorizo", tap="consent:yes")
    with desk.scope():
        assert asked.message_class == "consent_request"
        assert not Consent.objects.filter(person_id=debtor.person_id).exists()


def test_an_opt_out_takes_the_permission_back_and_a_lifted_stop_does_not_bring_it_again(desk: Desk) -> None:
    with desk.scope():
        debtor = desk.debtor()
    (confirmation,) = desk.hear(debtor, "Mire, ya les dije que no me escriban más, gracias")
    with desk.scope():
        assert confirmation.message_class == "optout_confirmation"
        lift_stop(Stop.objects.get(person_id=debtor.person_id).pk, by="user:x", reason="a mistake", now=desk.now)
    request = remind(desk, debtor)
    with desk.scope():
        assert Decision.objects.get(pk=request.decision_id).rules == ["X-CONSENT", "CO-CONSENT"]
        assert ContactPoint.objects.filter(person_id=debtor.person_id).count() == 1
