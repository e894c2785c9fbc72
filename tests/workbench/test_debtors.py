"""The debtors' pages and cards: who gets in, what each does and writes down, what is refused and how."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from compliance.decide import Finding
from compliance.decide.explain import owner_text, remedy
from compliance.models import Consent, Stop
from compliance.services import raise_stop
from compliance.services.preferences import prefer_channel
from compliance.services.stops import KINDS
from kernel.ids import uuid7
from messaging.message_templates.services import seed_defaults
from messaging.models import Conversation, Enrolment, Message, MessageTemplate, OptInLink, SendRequest
from messaging.sequences.seeds import seed_sequence
from messaging.sequences.services import refresh
from portfolio import search
from portfolio.models import Agreement, ContactPoint, Creditor, Debtor, Dispute, Payable, Payment, Promise
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.factories import (
    NOON,
    contact_of,
    make_conversation,
    make_creditor,
    make_debtor,
    make_message,
    make_number,
    make_phone,
    make_tenant,
    make_user,
)
from workbench.debtors.blockers import Blocker, _where
from workbench.debtors.queries import _general
from workbench.debtors.words import trouble_of

TODAY = NOON.date()
CARDS = ("promise", "plan", "payable", "payment", "dispute", "wrong-person", "stop", "consent", "contact")
HTMX = {"HX-Request": "true"}


class World:
    """A Mexican organisation with one debtor in conversation, and people of every role."""

    def __init__(self, **more: Any) -> None:
        self.tenant: Tenant = make_tenant("MX", frozen=True)
        with tenant_scope(self.tenant.pk):
            self.creditor: Creditor = make_creditor(policy={"max_instalments": 6, "max_grace_days": 15})
            self.number = make_number()
            seed_defaults(self.number.account, self.creditor, "MX", NOON)
            MessageTemplate.objects.all().update(status="approved")
            seed_sequence(country="MX", now=NOON)
            rows = [("300.00", TODAY - timedelta(days=5)), ("200.00", TODAY + timedelta(days=9))]
            self.debtor: Debtor = make_debtor(self.creditor, invoices=rows, **more)
            self.point = contact_of(self.debtor)
            self.conversation = make_conversation(
                self.number, self.point, debtor=self.debtor, last_inbound_at=NOON - timedelta(hours=1)
            )
            make_message(self.conversation, "hola", debtor=self.debtor, now=NOON - timedelta(hours=1))
            refresh([self.debtor.pk], now=NOON)

    def client(self, role: str = "agent", **more: Any) -> Client:
        """Somebody of this organisation, logged in."""
        client = Client()
        client.force_login(make_user(self.tenant, role=role, **more))
        return client

    def url(self, name: str, **parts: Any) -> str:
        """An address about the debtor."""
        if name not in ("debtors", "contactable", "contactable-ask", "search"):
            parts.setdefault("debtor_id", self.debtor.pk)
        return reverse(name, kwargs={"organisation": self.tenant.slug, **parts})

    def post(self, name: str, data: dict[str, Any], role: str = "agent", htmx: bool = True) -> Any:
        """What a card answers."""
        data = {"once": str(uuid7()), **data}
        return self.client(role).post(self.url(name), data, headers=HTMX if htmx else {})

    def read(self, question: Callable[[], Any]) -> Any:
        """Ask the tables."""
        with tenant_scope(self.tenant.pk):
            return question()

    def audited(self) -> list[str]:
        """What was written into the audit about the debtor."""
        return self.read(
            lambda: list(
                AuditEntry.objects.filter(subject_id=str(self.debtor.pk))
                .order_by("id")
                .values_list("action", flat=True)
            )
        )


@pytest.fixture
def world() -> World:
    return World()


# --- who gets in


@pytest.mark.parametrize("name", ["debtors", "contactable", "debtor", "debtor-panel", "search"])
def test_pages_are_for_members_only_and_hidden_from_strangers(world: World, name: str) -> None:
    address = world.url(name)
    assert Client().get(address).status_code == 302
    stranger = Client()
    stranger.force_login(make_user(make_tenant("MX")))
    assert stranger.get(address).status_code == 404
    for role in ("agent", "supervisor", "admin", "auditor"):
        assert world.client(role).get(address).status_code == 200, role


@pytest.mark.parametrize("card", CARDS)
def test_cards_are_for_those_who_work_and_another_creditors_debtor_is_not_there(world: World, card: str) -> None:
    address = world.url(f"debtor-{card}")
    for role in ("agent", "supervisor", "admin"):
        page = world.client(role).get(address)
        assert page.status_code == 200
        assert "<html" in page.content.decode()
        part = world.client(role).get(address, headers=HTMX).content.decode()
        assert "<html" not in part and "data-card" in part and 'name="csrfmiddlewaretoken"' in part
    assert world.client("auditor").get(address).status_code == 403
    other = world.read(lambda: make_creditor().pk)
    assert world.client(creditor_ids=[other]).get(address).status_code == 404
    assert world.client(creditor_ids=[other]).get(world.url("debtor")).status_code == 404


@pytest.mark.parametrize("card", CARDS)
def test_an_empty_card_is_refused_with_its_form(world: World, card: str) -> None:
    if card == "payable":
        return  # an empty amount asks for what is owed
    answer = world.post(f"debtor-{card}", {})
    assert answer.status_code == 422
    assert "data-card" in answer.content.decode() and "HX-Trigger" not in answer.headers
    assert world.audited() == []


# --- cards


def test_a_promise_is_typed_in_one_line(world: World) -> None:
    preview = world.client().get(world.url("debtor-promise") + "?preview=1&text=vie 200", headers=HTMX).content.decode()
    assert "$200.00" in preview and "<form" not in preview
    answer = world.post("debtor-promise", {"text": "vie 200"})
    assert answer.status_code == 200, answer.content.decode()
    trigger = json.loads(answer.headers["HX-Trigger"])
    assert trigger["debtor-changed"]["id"] == str(world.debtor.pk) and "inbox:done" in trigger
    promise = world.read(lambda: Promise.objects.get(debtor=world.debtor))
    assert (promise.minor, promise.due_on) == (20000, date(2026, 11, 20))
    assert world.read(lambda: Enrolment.objects.get(debtor=world.debtor).reason) == "promise"
    assert world.audited() == ["debtor.promise"]
    world.post("debtor-promise", {"text": "20/11 200"})
    assert world.audited() == ["debtor.promise"]  # the same promise again
    assert world.read(lambda: Promise.objects.filter(debtor=world.debtor).count()) == 1


@pytest.mark.parametrize("text", ["vie 0,001", "vie 0", "vie -200", "vie 200.505"])
def test_an_amount_that_is_none_is_told_how_to_write_it(world: World, text: str) -> None:
    preview = world.client().get(world.url("debtor-promise"), {"preview": "1", "text": text}, headers=HTMX)
    assert "1200.50" in preview.content.decode() and "success" not in preview.content.decode()
    answer = world.post("debtor-promise", {"text": text})
    assert answer.status_code == 422 and "1200.50" in answer.content.decode()
    assert world.read(lambda: Promise.objects.filter(debtor=world.debtor).exists()) is False


@pytest.mark.parametrize("amount", ["0,001", "0", "-200", "200.505", "1.200.50", "abc"])
def test_no_card_takes_an_amount_that_could_be_misread(world: World, amount: str) -> None:
    for card, more in (
        ("payable", {"how": "show"}),
        ("payment", {"paid_on": "2026-11-16", "method": "cash", "reference": "r-1"}),
    ):
        answer = world.post(f"debtor-{card}", {"amount": amount, **more})
        assert answer.status_code == 422 and "1200.50" in answer.content.decode(), card
    assert world.read(lambda: Payment.objects.filter(debtor=world.debtor).exists()) is False


@pytest.mark.parametrize("text", ["nada", "vie 900", "2030-01-01 10"])
def test_a_promise_that_cannot_be_is_refused_in_words(world: World, text: str) -> None:
    answer = world.post("debtor-promise", {"text": text})
    assert answer.status_code == 422, text
    assert world.read(lambda: Promise.objects.filter(debtor=world.debtor).exists()) is False


def test_a_plan_is_offered_with_buttons_once(world: World) -> None:
    page = world.client().get(world.url("debtor-plan"), headers=HTMX).content.decode()
    assert page.count('name="count"') == 3 and "$250.00" in page
    data = {"count": 2, "first_on": "2026-11-20", "every": "month", "how": "offer", "once": str(uuid7()),
            "conversation": str(world.conversation.pk)}  # fmt: skip
    for _ in range(2):
        answer = world.client().post(world.url("debtor-plan"), data, headers=HTMX)
        assert answer.status_code == 200, answer.content.decode()
    plan = world.read(lambda: Agreement.objects.get(debtor=world.debtor))
    assert plan.state == "proposed" and plan.total_minor == 50000
    sent = world.read(lambda: list(SendRequest.objects.filter(debtor=world.debtor, origin_kind="agent")))
    assert [request.verdict for request in sent] == ["allow"]
    message = world.read(lambda: Message.objects.get(pk=sent[0].message_id))
    assert [button["id"] for button in message.content["buttons"]] == ["accept", "reject", "human"]


def test_an_accepted_plan_needs_to_say_how(world: World) -> None:
    data = {"count": 3, "first_on": "2026-11-20", "every": "month", "how": "accepted"}
    assert world.post("debtor-plan", data).status_code == 422
    assert world.post("debtor-plan", {**data, "evidence": "llamada 10:20"}).status_code == 200
    plan = world.read(lambda: Agreement.objects.get(debtor=world.debtor))
    assert plan.state == "active"
    assert world.audited() == ["debtor.plan_accepted"]
    cancelled = world.post("debtor-plan-cancel", {"reason": "se equivocó"})
    assert cancelled.status_code == 200
    assert world.read(lambda: Agreement.objects.get(debtor=world.debtor).state) == "cancelled"


@pytest.mark.parametrize(
    "changed", [{"count": 40}, {"first_on": "2027-03-01"}, {"count": 0}, {"first_on": "x"}, {"total": "abc"}]
)
def test_a_plan_outside_of_the_policy_is_refused(world: World, changed: dict[str, Any]) -> None:
    answer = world.post(
        "debtor-plan", {"count": 2, "first_on": "2026-11-20", "every": "month", "how": "offer", **changed}
    )
    assert answer.status_code == 422
    assert world.read(lambda: Agreement.objects.count()) == 0
    assert world.read(lambda: SendRequest.objects.filter(origin_kind="agent").count()) == 0


def test_a_payment_code_is_sent_as_the_assistant_does(world: World) -> None:
    page = world.client().get(world.url("debtor-payable"), headers=HTMX).content.decode()
    assert "CLABE" in page and "$500.00" in page
    answer = world.post("debtor-payable", {"how": "send", "amount": ""})
    assert answer.status_code == 200, answer.content.decode()
    payable = world.read(lambda: Payable.objects.get(debtor=world.debtor))
    assert payable.kind == "clabe" and payable.minor == 50000
    texts = world.read(
        lambda: list(Message.objects.filter(debtor_id=world.debtor.pk, source="agent").values_list("text", flat=True))
    )
    assert payable.code in texts and len(texts) == 3
    assert world.audited() == ["debtor.payable"]


def test_a_payment_code_can_be_shown_only_and_is_refused_above_the_balance(world: World) -> None:
    answer = world.post("debtor-payable", {"how": "show", "amount": "120.50"})
    code = world.read(lambda: Payable.objects.get(debtor=world.debtor)).code
    assert answer.status_code == 200 and code in answer.content.decode()
    assert "data-stays" in answer.content.decode()
    assert world.read(lambda: SendRequest.objects.filter(origin_kind="agent").count()) == 0
    assert world.post("debtor-payable", {"how": "show", "amount": "9999"}).status_code == 422


def test_outside_the_window_a_code_is_not_sent_and_the_reason_is_told(world: World) -> None:
    world.read(lambda: type(world.conversation).objects.update(last_inbound_at=NOON - timedelta(days=3)))
    answer = world.post("debtor-payable", {"how": "send"})
    assert answer.status_code == 200
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["tone"] == "danger"
    assert world.read(lambda: Payable.objects.get(debtor=world.debtor)).code in answer.content.decode()


def test_a_payment_is_recorded_by_those_who_lead_once(world: World) -> None:
    data = {
        "amount": "300",
        "paid_on": "2026-11-16",
        "method": "transfer",
        "reference": "SPEI 889",
        "once": str(uuid7()),
    }
    client = world.client("supervisor")
    for _ in range(2):
        assert client.post(world.url("debtor-payment"), data, headers=HTMX).status_code == 200
    payment = world.read(lambda: Payment.objects.get(debtor=world.debtor))
    assert payment.minor == 30000
    assert world.read(lambda: Debtor.objects.get(pk=world.debtor.pk).open_minor) == 20000
    assert world.audited() == ["debtor.payment"]
    entry = world.read(lambda: AuditEntry.objects.get(action="debtor.payment"))
    assert entry.after["reference"] == "SPEI 889" and entry.actor.startswith("user:")


def test_an_agent_notes_a_payment_to_be_verified_and_nothing_is_booked(world: World) -> None:
    data = {"amount": "300", "paid_on": "2026-11-16", "method": "transfer", "reference": "foto"}
    assert world.post("debtor-payment", data).status_code == 200
    assert world.read(lambda: Payment.objects.count()) == 0
    assert world.read(lambda: Enrolment.objects.get(debtor=world.debtor).reason) == "to_verify"
    assert world.post("debtor-payment", {**data, "paid_on": "2026-12-01"}).status_code == 422


def test_a_dispute_gets_a_number_and_stops_what_is_asked(world: World) -> None:
    answer = world.post("debtor-dispute", {"reason": "wrong_amount", "invoice": "", "detail": "cobran de más"})
    dispute = world.read(lambda: Dispute.objects.get(debtor=world.debtor))
    assert dispute.reference in answer.content.decode() and "data-stays" in answer.content.decode()
    assert world.read(lambda: Enrolment.objects.get(debtor=world.debtor).reason) == "dispute"
    world.post("debtor-dispute", {"reason": "wrong_amount", "invoice": ""})
    assert world.audited() == ["debtor.dispute"]
    closing = {"dispute": str(dispute.pk), "accepted": "0", "reason": "revisado con el acreedor"}
    assert world.post("debtor-dispute-close", closing).status_code == 403
    assert world.post("debtor-dispute-close", closing, role="supervisor").status_code == 200
    assert world.read(lambda: Dispute.objects.get().state) == "resolved"
    assert world.audited() == ["debtor.dispute", "debtor.dispute_closed"]


def test_a_wrong_persons_contact_gets_nothing_more(world: World) -> None:
    assert world.post("debtor-wrong-person", {"contact": str(world.point.pk), "how": "call"}).status_code == 200
    assert world.read(lambda: ContactPoint.objects.get(pk=world.point.pk).identity) == "wrong_person"
    other = world.read(lambda: contact_of(make_debtor(world.creditor)).pk)
    assert world.post("debtor-wrong-person", {"contact": str(other), "how": "call"}).status_code == 422
    page = world.client().get(world.url("debtor")).content.decode()
    assert "debtor-contact" not in page and world.url("debtor-contact") in page


def test_a_stop_is_recorded_with_its_evidence_and_lifted_by_those_who_lead(world: World) -> None:
    data = {"kind": "represented_by_attorney", "how": "letter", "on": "2026-11-10", "reference": "carta 12/2026"}
    assert world.post("debtor-stop", data).status_code == 200
    stop = world.read(lambda: Stop.objects.get(person_id=world.debtor.person_id))
    assert stop.evidence["reference"] == "carta 12/2026" and stop.evidence["recorded_by"].startswith("user:")
    lifting = {"stop": str(stop.pk), "reason": "terminó el mandato"}
    assert world.post("debtor-stop-lift", lifting).status_code == 403
    assert world.post("debtor-stop-lift", {"stop": str(stop.pk), "reason": ""}, role="admin").status_code == 422
    assert world.post("debtor-stop-lift", lifting, role="admin").status_code == 200
    lifted = world.read(lambda: Stop.objects.get(pk=stop.pk))
    assert lifted.lifted_reason == "terminó el mandato" and lifted.lifted_by.startswith("user:")
    assert world.audited() == ["debtor.stop", "debtor.stop_lifted"]


def test_an_opt_out_ends_everything_and_hardship_gives_quiet(world: World) -> None:
    data = {"how": "call", "on": "2026-11-17", "reference": "llamada 55"}
    assert world.post("debtor-stop", {**data, "kind": "hardship"}).status_code == 200
    assert world.read(lambda: Enrolment.objects.get(debtor=world.debtor).reason) == "hardship"
    assert world.post("debtor-stop", {**data, "kind": "opted_out"}).status_code == 200
    assert world.read(lambda: Enrolment.objects.get(debtor=world.debtor).reason) == "opted_out"
    newest = world.read(lambda: Consent.objects.filter(person_id=world.debtor.person_id).order_by("-id").first())
    assert newest.state == "revoked"
    assert world.post("debtor-stop", {**data, "kind": "opted_out", "on": "2026-12-24"}).status_code == 422
    assert world.post("debtor-stop", {**data, "kind": "group_chat"}).status_code == 422


def test_consent_is_recorded_with_who_when_how_and_the_words() -> None:
    world = World(consent=False)
    data = {"state": "granted", "contact": str(world.point.pk), "how": "call", "on": "2026-11-17", "at": "09:30",
            "wording": "Autorizo que me escriban", "reference": "grabación 8871", "once": str(uuid7()),
            "who": "Ana, la titular", "answer": "Sí, claro"}  # fmt: skip
    client = world.client()
    for _ in range(2):
        assert client.post(world.url("debtor-consent"), data, headers=HTMX).status_code == 200
    row = world.read(lambda: Consent.objects.get(person_id=world.debtor.person_id))
    assert row.state == "granted" and row.evidence["exact_wording"] == "Autorizo que me escriban"
    assert row.evidence["who"] == "Ana, la titular" and row.evidence["answer"] == "Sí, claro"
    assert row.evidence["collected_how"] == "call" and row.evidence["collector"].startswith("user:")
    assert row.evidence["wa_number"] == world.point.value and row.evidence["document"] == "grabación 8871"
    assert row.evidence["wording_version"] == "typed"
    assert row.given_at.isoformat() == "2026-11-17T15:30:00+00:00"
    assert world.audited() == ["debtor.consent"]
    assert world.post("debtor-consent", {**data, "on": "2026-11-18"}).status_code == 422
    assert world.post("debtor-consent", {**data, "state": "revoked", "once": str(uuid7())}).status_code == 200
    assert world.post("debtor-consent", {**data, "state": "refused", "once": str(uuid7())}).status_code == 200
    states = world.read(lambda: list(Consent.objects.order_by("id").values_list("state", flat=True)))
    assert states == ["granted", "revoked", "refused"]


def test_the_words_that_are_read_out_stand_in_the_debtors_language_and_have_their_version() -> None:
    world = World(consent=False)
    client = world.client()
    page = client.get(world.url("debtor-consent"), headers=HTMX).content.decode()
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found
    wording = html.unescape(found[1]).strip()
    assert wording.startswith("Autorizo a ") and world.creditor.name in wording
    data = {"state": "granted", "contact": "", "how": "call", "on": "2026-11-17", "at": "09:30", "wording": wording,
            "reference": "", "who": "Ana", "answer": "sí"}  # fmt: skip
    assert world.post("debtor-consent", data).status_code == 200
    row = world.read(lambda: Consent.objects.get(person_id=world.debtor.person_id))
    assert row.evidence["wording_version"] == "read-1"


def test_an_agent_asks_whether_we_may_write_once() -> None:
    world = World(consent=False)
    for _ in range(2):
        answer = world.post("debtor-consent-ask", {})
    assert answer.status_code == 422
    (request,) = world.read(lambda: list(SendRequest.objects.filter(debtor=world.debtor)))
    assert (request.message_class, request.verdict, request.origin_kind) == ("consent_request", "allow", "agent")
    assert world.audited() == ["debtor.consent_asked"]


def test_outside_of_the_window_nobody_is_asked_and_the_reason_is_told() -> None:
    world = World(consent=False)
    world.read(lambda: Conversation.objects.update(last_inbound_at=NOON - timedelta(days=3)))
    answer = world.post("debtor-consent-ask", {})
    assert answer.status_code == 422 and "24" in json.loads(answer["HX-Trigger"])["toast"]["text"]
    assert not world.read(SendRequest.objects.exists)


def test_a_debtors_own_link_is_made_once_and_shown() -> None:
    world = World(consent=False)
    for _ in range(2):
        assert world.post("debtor-consent-link", {}).status_code == 200
    assert "https://wa.me/" in world.client().get(world.url("debtor-consent"), headers=HTMX).content.decode()
    assert world.read(OptInLink.objects.count) == 1


def test_all_who_may_be_asked_are_asked_with_one_click_and_the_others_are_counted() -> None:
    world = World(consent=False)
    with tenant_scope(world.tenant.pk):
        for _ in range(3):
            make_debtor(world.creditor, invoices=[("50", TODAY - timedelta(days=4))], consent=False)
    assert world.client("agent").post(world.url("contactable-ask")).status_code == 403
    client = world.client("supervisor")
    page = client.get(world.url("contactable")).content.decode()
    assert world.url("contactable-ask") in page
    answer = client.post(world.url("contactable-ask"), follow=True)
    requests = world.read(lambda: list(SendRequest.objects.values_list("debtor_id", "message_class")))
    assert requests == [(world.debtor.pk, "consent_request")]
    told = answer.content.decode()
    assert re.search(r"3 (not asked|no consultados|sin preguntar)", told), told[:3000]
    assert world.audited() == ["debtor.consent_asked"]


def test_reasons_are_filtered_also_in_the_csv() -> None:
    world = World(consent=False)
    with tenant_scope(world.tenant.pk):
        make_debtor(world.creditor, invoices=[("60", TODAY - timedelta(days=4))], contact=False)
    client = world.client("supervisor")
    address = world.url("contactable")
    whole = client.get(address).content.decode()
    assert whole.count('class="panel reason"') == 2
    found = re.search(r'<option value="(X-CONSENT [a-z_]+)"', whole)
    assert found, "in what way the consent is none is part of the reason"
    one = client.get(address, {"reason": found[1]}).content.decode()
    assert one.count('class="panel reason"') == 1 and "X-CONSENT" in one
    assert client.get(address + "?reason=nonsense").content.decode().count('class="panel reason"') == 2
    lines = client.get(address, {"reason": found[1], "format": "csv"}).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2 and "X-CONSENT" in lines[1]


def test_every_reason_has_an_owner_a_remedy_and_a_place_where_it_is_mended() -> None:
    conditions = [*KINDS, "number_not_supplied_by_debtor", "timezone_unknown", "debt_settled", "debt_time_barred"]
    subjects = [*conditions, "consent", "identity", "prohibited_content", "required_content", "freshness", "channel",
                "DEBTOR-CHANNEL", "something that a pack adds"]  # fmt: skip
    for subject in subjects:
        fix, page, label = _where(subject)
        assert (fix or page) and label, subject
        assert reverse(fix or page, kwargs={"organisation": "x", **({"debtor_id": uuid7()} if fix else {})})
    for language in ("es", "pt", "en"):
        for condition in conditions:
            finding = Finding("R", "stop", {"condition": condition})
            assert owner_text(finding, language) and remedy(finding, language), condition
    for code in ("no_address", "wrong_number", "no_number", "template_missing", "template_not_approved", "nothing_open",
                 "variable_missing", "identity_unknown", "anything else"):  # fmt: skip
        assert all(trouble_of(code)), code


def test_what_the_debtor_prefers_is_shown_with_where_it_comes_from(world: World) -> None:
    world.read(
        lambda: prefer_channel(world.creditor, world.debtor.person, channel="letter", author="debtor:x", now=NOON)
    )
    page = world.client().get(world.url("debtor") + "?tab=contacts").content.decode()
    assert re.search(r"(carta|letter)", page) and re.search(r"(el deudor|the debtor)", page)
    found = world.client("supervisor").get(world.url("contactable")).content.decode()
    assert "DEBTOR-CHANNEL" in found, "and the page of those who cannot be contacted names it"


def test_a_contact_is_added_with_its_provenance_and_verified(world: World) -> None:
    phone = make_phone("MX")
    data = {"kind": "phone", "value": phone[3:], "role": "owner", "source": "call", "supplied_by": "debtor",
            "supplied_on": "2026-11-17"}  # fmt: skip
    answer = world.post("debtor-contact", data)
    assert answer.status_code == 200, answer.content.decode()
    point = world.read(lambda: ContactPoint.objects.get(value=phone))
    assert point.provenance == {"source": "call", "supplied_by": "debtor", "on": "2026-11-17"}
    assert world.read(lambda: search.search(phone, 3)) == [world.debtor.person_id]
    assert world.post("debtor-contact", {**data, "value": "12"}).status_code == 422
    verified = world.post(
        "debtor-contact-verify", {"point": str(point.pk), "what": "verify", "method": "call:two_point"}
    )
    assert verified.status_code == 200
    assert world.read(lambda: ContactPoint.objects.get(pk=point.pk).identity) == "verified"
    other = world.read(lambda: contact_of(make_debtor(world.creditor)).pk)
    stolen = {"point": str(other), "what": "verify", "method": "document"}
    assert world.post("debtor-contact-verify", stolen).status_code == 422


def test_a_number_that_was_wrong_is_confirmed_by_those_who_lead(world: World) -> None:
    world.post("debtor-wrong-person", {"contact": str(world.point.pk), "how": "call"})
    data = {"point": str(world.point.pk), "what": "reconfirm", "method": "document"}
    assert world.post("debtor-contact-verify", data).status_code == 422
    assert world.post("debtor-contact-verify", data, role="supervisor").status_code == 200
    assert world.read(lambda: ContactPoint.objects.get(pk=world.point.pk).identity) == "unknown"


def test_a_sequence_is_paused_and_resumed_by_hand(world: World) -> None:
    assert world.post("debtor-pause", {"days": "7"}).status_code == 200
    row = world.read(lambda: Enrolment.objects.get(debtor=world.debtor))
    assert (row.state, row.reason, row.paused_until) == ("paused", "held", NOON + timedelta(days=7))
    assert world.post("debtor-pause", {"days": "900"}).status_code == 422
    assert world.post("debtor-resume", {}).status_code == 200
    assert world.read(lambda: Enrolment.objects.get(debtor=world.debtor).state) == "active"
    assert world.audited() == ["debtor.pause", "debtor.resume"]


def test_without_scripts_a_card_leads_back_to_the_debtor_and_to_nowhere_else(world: World) -> None:
    answer = world.post("debtor-promise", {"text": "vie 100", "next": "https://elsewhere.example/"}, htmx=False)
    assert answer.status_code == 302 and answer.headers["Location"] == world.url("debtor")
    refused = world.post("debtor-promise", {"text": "x"}, htmx=False)
    assert refused.status_code == 422 and "<html" in refused.content.decode()


def test_who_only_reads_changes_nothing(world: World) -> None:
    for card in CARDS:
        assert world.post(f"debtor-{card}", {"text": "vie 100"}, role="auditor").status_code == 403
    for name in ("debtor-pause", "debtor-resume", "debtor-stop-lift", "debtor-document"):
        assert world.post(name, {"days": 3}, role="auditor").status_code == 403
        assert world.client("agent").get(world.url(name)).status_code in (403, 405)


# --- pages


@pytest.mark.parametrize("tab", ["overview", "account", "deals", "messages", "contacts", "history", "nonsense"])
def test_every_tab_of_a_debtor_is_shown(world: World, tab: str) -> None:
    world.post("debtor-promise", {"text": "vie 100"})
    world.post("debtor-dispute", {"reason": "other", "invoice": ""})
    page = world.client("supervisor").get(world.url("debtor") + f"?tab={tab}")
    assert page.status_code == 200
    text = page.content.decode()
    assert world.debtor.person.name in text and 'aria-current="page"' in text
    if tab == "history":
        assert "recorded a promise" in text or "promesa" in text
    part = world.client().get(world.url("debtor") + f"?tab={tab}", headers=HTMX).content.decode()
    assert "<html" not in part


def test_the_overview_names_what_is_in_the_way(world: World) -> None:
    world.read(
        lambda: raise_stop(world.debtor.person_id, "cease_requested", evidence={"how": "letter"}, source="x", now=NOON)
    )
    text = world.client().get(world.url("debtor")).content.decode()
    assert world.url("debtor-stop") in text and 'class="blockers"' in text


def test_documents_are_masked_and_looking_at_them_is_noted(world: World) -> None:
    page = world.client("supervisor").get(world.url("debtor")).content.decode()
    masked = re.search(r"CURP •••(\w{3})", page)
    assert masked
    whole = world.post("debtor-document", {}, role="supervisor").content.decode()
    found = re.search(r"CURP (\w{18})", whole)
    assert found and found[1].endswith(masked[1]) and found[1] not in page
    assert world.audited() == ["debtor.document_revealed"]
    assert world.post("debtor-document", {}, role="agent").status_code == 403
    assert world.url("debtor-document") not in world.client("agent").get(world.url("debtor")).content.decode()


def test_the_list_filters_sorts_pages_and_sums_what_is_filtered() -> None:
    world = World()
    with tenant_scope(world.tenant.pk):
        for number in range(60):
            make_debtor(
                world.creditor, invoices=[(str(10 + number), TODAY - timedelta(days=number * 2))],
                labels=["vip"] if number % 2 else [], contact=False, consent=False,
            )  # fmt: skip
        other = make_creditor()
        make_debtor(other, invoices=[("5000", TODAY - timedelta(days=100))], contact=False, consent=False)
    client = world.client()
    page = client.get(world.url("debtors")).content.decode()
    assert "62" in page and page.count("data-row") - 1 == 50
    cursor = re.search(r'href="\?(cursor=[^"]+)"', page)
    assert cursor
    second = client.get(world.url("debtors") + "?" + cursor[1]).content.decode()
    assert second.count("data-row") - 1 == 12
    names = re.compile(r"/debtors/([0-9a-f-]{36})/\"")
    assert not set(names.findall(page)) & set(names.findall(second))
    labelled = client.get(world.url("debtors") + "?label=vip").content.decode()
    assert labelled.count("data-row") - 1 == 30
    old = client.get(world.url("debtors") + f"?creditor={other.pk}&bucket=90%2B&sort=oldest").content.decode()
    assert old.count("data-row") - 1 == 1 and "5,000.00" in old
    for state in ("promise", "agreement", "disputed", "stopped", "paid", "withdrawn"):
        assert client.get(world.url("debtors") + f"?state={state}").status_code == 200
    bad = "?cursor=x:y&creditor=nope&bucket=zzz&state=zzz&sort=zzz&q=" + "a" * 500
    assert client.get(world.url("debtors") + bad).status_code == 200
    csv = client.get(world.url("debtors") + "?label=vip&format=csv").content.decode("utf-8-sig").splitlines()
    assert len(csv) == 31 and csv[0].startswith("external_id,name,creditor,open")


def test_states_filter_the_list(world: World) -> None:
    world.post("debtor-promise", {"text": "vie 100"})
    client = world.client()
    assert client.get(world.url("debtors") + "?state=promise").content.decode().count("data-row") - 1 == 1
    assert client.get(world.url("debtors") + "?state=agreement").content.decode().count("data-row") == 0


def test_an_empty_portfolio_says_what_to_do() -> None:
    tenant = make_tenant("BR")
    client = Client()
    client.force_login(make_user(tenant, role="admin"))
    text = client.get(f"/o/{tenant.slug}/debtors/").content.decode()
    assert 'class="empty"' in text and "<table" not in text
    assert client.get(f"/o/{tenant.slug}/debtors/contactable/").status_code == 200


def test_a_creditors_own_people_see_their_debtors_only(world: World) -> None:
    with tenant_scope(world.tenant.pk):
        other = make_creditor()
        make_debtor(other, invoices=[("70", TODAY)], external_id="SOMEBODY-ELSES")
    client = world.client("creditor", creditor_ids=[world.creditor.pk])
    page = client.get(world.url("debtors")).content.decode()
    assert world.debtor.external_id in page and "SOMEBODY-ELSES" not in page
    assert client.get(world.url("debtor")).status_code == 200
    assert client.get(world.url("debtor-promise")).status_code == 403


def test_who_can_be_contacted_is_asked_of_the_gate_in_one_pass(world: World) -> None:
    with tenant_scope(world.tenant.pk):
        for _ in range(3):
            make_debtor(world.creditor, invoices=[("50", TODAY - timedelta(days=4))], consent=False)
        make_debtor(world.creditor, invoices=[("60", TODAY - timedelta(days=4))], contact=False)
    client = world.client("supervisor")
    text = client.get(world.url("contactable")).content.decode()
    assert re.search(r"1 (of|de) 5", text), text[:3000]
    assert text.count('class="panel reason"') >= 2
    with CaptureQueriesContext(connection) as few:
        client.get(world.url("contactable"))
    with tenant_scope(world.tenant.pk):
        for _ in range(20):
            make_debtor(world.creditor, invoices=[("50", TODAY - timedelta(days=4))], consent=False)
    with CaptureQueriesContext(connection) as many:
        client.get(world.url("contactable"))
    assert len(many) <= len(few) + 2
    csv = client.get(world.url("contactable") + "?format=csv").content.decode("utf-8-sig").splitlines()
    assert len(csv) >= 25
    assert re.search(r"1 (of|de) 25", client.get(world.url("debtors") + "?state=unreachable").content.decode())


def test_what_two_rules_ask_for_is_one_reason() -> None:
    def asks(rule: str, subject: str) -> Blocker:
        return Blocker(rule, f"why {rule}", "somebody", "does it", subject=subject)

    found = [asks("X-CONSENT", "consent"), asks("CO-CONSENT", "consent"), asks("LD-IDENTITY", "identity")]
    assert [key for key, _ in _general(found)] == ["CO-CONSENT", "LD-IDENTITY"], "the country's says it"


def test_queries_of_the_pages_do_not_grow(world: World) -> None:
    client = world.client()
    client.get(world.url("debtors"))
    with CaptureQueriesContext(connection) as few:
        client.get(world.url("debtors"))
    with tenant_scope(world.tenant.pk):
        for _ in range(30):
            make_debtor(world.creditor, invoices=[("50", TODAY)], contact=False, consent=False)
    with CaptureQueriesContext(connection) as many:
        client.get(world.url("debtors"))
    assert len(many) == len(few)
    for tab in ("overview", "account", "deals", "messages", "contacts", "history"):
        with CaptureQueriesContext(connection) as spent:
            client.get(world.url("debtor") + f"?tab={tab}")
        assert len(spent) < 75, tab


def test_the_search_finds_debtors_conversations_and_invoices(world: World) -> None:
    world.read(lambda: search.index([world.debtor.person_id]))
    client = world.client()
    name = world.debtor.person.name.split()[0]
    for text in (name, world.point.value[-6:], world.debtor.external_id):
        page = client.get(world.url("search"), {"q": text}, headers=HTMX).content.decode()
        assert world.url("debtor") in page, text
    assert "<html" not in page
    number = world.read(lambda: world.debtor.external_id and "F-")
    assert client.get(world.url("search"), {"q": number + "zzzz"}).status_code == 200
    assert client.get(world.url("search")).status_code == 200
    outside = world.client(creditor_ids=[world.read(lambda: make_creditor().pk)])
    assert world.url("debtor") not in outside.get(world.url("search"), {"q": name}).content.decode()
