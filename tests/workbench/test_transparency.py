"""The debtor's own page: what it shows to whom, what it does, and what becomes of it at the gate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from compliance.evidence.texts import payment_method, texts_of
from compliance.models import Consent, Decision, RuleLayer, Stop
from compliance.queries import why
from kernel.money import Money
from messaging.bot import checks
from messaging.models import Attachment, Conversation, Enrolment, Message, MessageTemplate, SendRequest
from messaging.page import attachment
from messaging.sending.dispatch import claim
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from portfolio.models import Agreement, ContactPoint, Debtor, DebtorLink, Dispute, Invoice, Payable, Promise
from portfolio.services import record_payment
from portfolio.services.links import revoke_links, transparency_link
from portfolio.services.payables import token_for
from portfolio.synthetic.places import COUNTRIES
from tenants.models import AuditEntry
from tests import factories
from tests.factories import NOON
from tests.messaging.desk import Desk, open_desk
from workbench.debtors.forms import WAYS
from workbench.transparency import door, texts
from workbench.transparency.frame import readable

TOP = Path(__file__).resolve().parents[2]
JPEG = b"\xff\xd8\xff\xe0" + b"0" * 400


@dataclass
class Visit:
    """Somebody at a debtor's page."""

    desk: Desk
    debtor: Debtor
    path: str
    client: Client

    def get(self, rest: str = "", **query: str) -> Any:
        return self.client.get(self.path + rest, query)

    def text(self, **query: str) -> str:
        return self.get(**query).content.decode()

    def post(self, action: str, **form: Any) -> Any:
        return self.client.post(f"{self.path}/{action}", form)

    def after(self, action: str, **form: Any) -> str:
        """The page that an act leads to."""
        answer = self.post(action, **form)
        assert answer.status_code == 303, answer.content.decode()[:2000]
        return self.client.get(answer["Location"]).content.decode()

    def scope(self) -> Any:
        return self.desk.scope()

    def link(self) -> DebtorLink:
        return DebtorLink.objects.get(debtor=self.debtor)


def visit(country: str = "CO", *, verified: bool = True, desk: Desk | None = None, **fields: Any) -> Visit:
    """A debtor with one invoice at 1,000, ten days late, and the link that they got."""
    desk = desk or open_desk(country)
    with desk.scope():
        debtor = desk.debtor(verified=verified, **fields)
        url = transparency_link(debtor, now=desk.now, contact_point=factories.contact_of(debtor), source="test")
    return Visit(desk, debtor, "/d/" + url.rpartition("/")[2], Client())


def secrets_of(there: Visit) -> list[str]:
    """What nobody may read before the debtor has proven who they are."""
    with there.scope():
        number = Invoice.objects.filter(debtor=there.debtor).values_list("number", flat=True)[0]
    return ["1.000", "1,000", number, "Sofá", there.desk.creditor.address, "saldo", "Saldo", there.debtor.external_id]


# -- who may look -----------------------------------------------------------------------------------------------------


def test_a_verified_debtor_reads_what_for_whom_and_by_whom() -> None:
    there = visit()
    text = there.text()
    assert there.desk.creditor.legal_name.split(" S.A.S")[0] in text and there.desk.creditor.address in text
    assert there.desk.creditor.tax_id in text and readable(there.desk.creditor.contact) in text
    assert "$1.000,00" in text.replace("\xa0", " ").replace("$ ", "$") and "Sofá y entrega" in text
    assert "hace 10 días" in text and "lunes a viernes" in text


def test_nothing_of_a_debt_is_told_before_the_check() -> None:
    there = visit(verified=False)
    text = there.text()
    for secret in secrets_of(there):
        assert secret not in text, secret
    for rest in ("/letter", f"/receipt/{there.debtor.pk}"):
        told = there.get(rest).content.decode()
        assert "Pregunta 1 de 2" in told and not any(secret in told for secret in secrets_of(there))
    for action in ("pay", "plan", "promise", "paid", "dispute", "talk", "consent", "hours", "resume", "close"):
        answer = there.post(action, count="2", day="2026-11-20", reason="other", which="all", message="x", part="any")
        assert answer.status_code == 303 and answer["Location"] == there.path
    with there.scope():
        assert not Payable.objects.filter(debtor=there.debtor).exists()
        assert not Dispute.objects.filter(debtor=there.debtor).exists()
        assert there.link().revoked_at is None


def _right(there: Visit, answer: bool = True) -> dict[str, str]:
    with there.scope():
        person = there.debtor.person
        point = factories.contact_of(there.debtor)
        question = next(name for name in checks.questions(person) if name not in point.check_state.get("passed", []))
        options = checks.choices(person, question)
        chosen = next(one for one in options if checks.right(person, question, one) is answer)
    return {"answer": chosen, "round": f"{question}.{point.strikes}"}


def test_two_right_answers_open_the_page_and_verify_the_address() -> None:
    there = visit(verified=False)
    first = _right(there)
    assert "Pregunta 2 de 2" in there.after("answer", **first)
    assert "Pregunta 2 de 2" in there.after("answer", **first)  # a doubled click is no second answer
    assert "Sofá" in there.after("answer", **_right(there))
    with there.scope():
        point = factories.contact_of(there.debtor)
        assert (point.identity, point.strikes) == ("verified", 0)


def test_three_wrong_answers_close_the_page_and_the_address() -> None:
    there = visit(verified=False)
    wrong = _right(there, answer=False)
    assert "Le quedan dos intentos" in there.after("answer", **wrong)
    assert "Le quedan dos intentos" in there.after("answer", **wrong)  # the same click again
    assert "Le queda un intento" in there.after("answer", **_right(there, answer=False))
    text = there.after("answer", **_right(there, answer=False))
    assert "quedó cerrada" in text and not any(secret in text for secret in secrets_of(there))
    with there.scope():
        assert factories.contact_of(there.debtor).identity == "wrong_person"
    assert "quedó cerrada" in there.after("answer", **_right(there))


def test_strikes_of_chat_and_page_are_counted_together() -> None:
    there = visit(verified=False)
    with there.scope():
        ContactPoint.objects.filter(person_id=there.debtor.person_id).update(strikes=2, identity="claimed")
    assert "quedó cerrada" in there.after("answer", **_right(there, answer=False))


def test_an_answer_that_was_not_offered_is_no_strike() -> None:
    there = visit(verified=False)
    assert there.post("answer", answer="1234567", round=_right(there)["round"]).status_code == 422
    with there.scope():
        assert factories.contact_of(there.debtor).strikes == 0


def test_somebody_else_says_so_and_is_left_alone() -> None:
    there = visit(verified=False)
    text = there.after("not-me")
    assert "no es de la persona que buscamos" in text
    with there.scope():
        assert factories.contact_of(there.debtor).identity == "wrong_person"


def test_a_link_of_no_contact_point_keeps_its_own_check() -> None:
    desk = open_desk("CO")
    with desk.scope():
        debtor = desk.debtor(verified=True)
        url = transparency_link(debtor, now=desk.now, source="letter")
    there = Visit(desk, debtor, "/d/" + url.rpartition("/")[2], Client())
    assert "Pregunta 1 de 2" in there.text()
    with there.scope():
        person = debtor.person
        wrong = next(
            one for one in checks.choices(person, "document_last3") if not checks.right(person, "document_last3", one)
        )
    for strikes in range(3):
        there.post("answer", answer=wrong, round=f"document_last3.{strikes}")
    text = there.text()
    assert "quedó cerrada" in text
    with there.scope():
        assert factories.contact_of(debtor).identity == "verified"  # the number itself is not blamed


def test_a_verification_that_is_too_old_is_asked_for_again() -> None:
    there = visit()
    with there.scope():
        ContactPoint.objects.filter(person_id=there.debtor.person_id).update(identity_at=NOON - timedelta(days=181))
    assert "Pregunta 1 de 2" in there.text()


def test_a_reference_person_is_shown_nothing() -> None:
    there = visit()
    with there.scope():
        ContactPoint.objects.filter(person_id=there.debtor.person_id).update(role="reference")
    assert "Sofá" not in there.text()


# -- the address ------------------------------------------------------------------------------------------------------


def test_tokens_of_nobody_open_nothing() -> None:
    there = visit()
    token = there.path.removeprefix("/d/")
    other = visit()
    crossed = other.path.removeprefix("/d/")[:22] + token[22:]
    for wrong in (token[:-1], token + "A", token[::-1], crossed, token_for(there.desk.tenant.pk), "x"):
        answer = there.client.get(f"/d/{wrong}")
        assert answer.status_code in (301, 404) and "Sofá" not in answer.content.decode(), wrong
        assert there.client.post(f"/d/{wrong}/stop").status_code in (301, 404)


def test_a_payables_token_opens_no_page_and_the_other_way_round() -> None:
    there = visit()
    where = there.post("pay")["Location"]
    assert there.client.get(where).status_code == 200
    assert there.client.get(where.replace("/p/", "/d/")).status_code == 404
    assert there.client.get(there.path.replace("/d/", "/p/")).status_code == 404


def test_one_debtors_link_moves_nothing_of_another() -> None:
    mine = visit()
    other = visit(desk=mine.desk)
    with mine.scope():
        theirs = Invoice.objects.get(debtor=other.debtor)
        paid = record_payment(
            other.desk.creditor,
            other.debtor,
            "pay-1",
            Money.from_minor(1000, "COP"),
            paid_at=NOON,
            now=NOON,
            source="test",
        )
    answer = mine.post("dispute", which=str(theirs.pk), reason="other")
    assert answer.status_code == 422
    assert mine.get(f"/receipt/{paid.pk}").status_code == 404
    assert other.get(f"/receipt/{paid.pk}").status_code == 200
    assert theirs.number not in mine.text()


def test_expired_and_revoked_links_open_nothing() -> None:
    there = visit()
    with there.scope():
        DebtorLink.objects.filter(debtor=there.debtor).update(expires_at=NOON)
    assert there.get().status_code == 404 and there.post("stop").status_code == 404
    with there.scope():
        DebtorLink.objects.filter(debtor=there.debtor).update(expires_at=NOON + timedelta(days=9))
    assert there.get().status_code == 200
    with there.scope():
        assert revoke_links(there.debtor.pk, now=NOON, actor="user:x") == 1
        assert revoke_links(there.debtor.pk, now=NOON, actor="user:x") == 0
    assert there.get().status_code == 404


def test_the_debtor_closes_a_link_that_went_astray_and_gets_another() -> None:
    there = visit()
    there.post("close")
    assert there.get().status_code == 404
    with there.scope():
        fresh = transparency_link(there.debtor, now=NOON, contact_point=factories.contact_of(there.debtor))
        assert fresh.rpartition("/")[2] != there.path.rpartition("/")[2]
        assert transparency_link(there.debtor, now=NOON, contact_point=factories.contact_of(there.debtor)) == fresh


def test_the_table_alone_does_not_tell_a_token() -> None:
    there = visit()
    with there.scope():
        row = there.link()
        kept = " ".join(str(getattr(row, each.attname)) for each in row._meta.concrete_fields)
    assert there.path.removeprefix("/d/") not in kept and there.path[-20:] not in kept


def test_who_guesses_is_slowed_down() -> None:
    client = Client(REMOTE_ADDR="203.0.113.77")
    codes = [client.get("/d/nothing").status_code for _ in range(door.MISSES_MAX + 2)]
    assert codes[0] == 404 and codes[-1] == 429
    assert Client(REMOTE_ADDR="203.0.113.78").get("/d/nothing").status_code == 404


# -- how it is delivered ----------------------------------------------------------------------------------------------


def test_it_is_light_private_and_without_scripts() -> None:
    there = visit("BR", invoices=12)
    there.post("pay")
    answer = there.get()
    text = answer.content.decode()
    css = (TOP / "static/css/transparency.css").stat().st_size
    assert len(answer.content) + css < 100_000, (len(answer.content), css)
    assert "<svg" in text and "<script" not in text and "style=" not in text and "onclick" not in text
    assert answer["Referrer-Policy"] == "no-referrer" and "noindex" in answer["X-Robots-Tag"]
    assert "no-store" in answer["Cache-Control"] and not answer.cookies
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script" not in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("country", "language", "word"), [("CO", "es", "Su autorización"), ("BR", "pt-BR", "Sua autorização")]
)
def test_it_speaks_the_debtors_language_or_the_one_asked_for(country: str, language: str, word: str) -> None:
    there = visit(country)
    assert word in there.text() and f'<html lang="{language}">' in there.text()
    assert "Your permission" in there.text(l="en")
    assert word in there.text(l="xx")


@pytest.mark.parametrize("language", ["es", "pt", "en"])
def test_every_way_to_pay_that_we_know_has_a_word(language: str) -> None:
    written = {*sum((place.methods for place in COUNTRIES.values()), ()), *sum(WAYS.values(), ())}
    written |= {"pix", "clabe", "link", "credit_note", "negative_bill", "paid_before_import", "discount", "dispute"}
    assert written <= set(texts_of(language).methods), language
    assert payment_method("OXXO_Pay", language) == "OXXO Pay", "what a creditor's system calls it"


def test_the_books_say_the_same_things() -> None:
    keys = {name: set(book.TEXTS) for name, book in texts.BOOKS.items()}
    assert keys["es"] == keys["pt"] == keys["en"]
    for key in keys["es"]:
        own = set(texts.BOOKS["es"].words("CO"))  # a language may name the parts of a plan where another does not
        places = [set(re.findall(r"{(\w+)}", book.TEXTS[key])) - own for book in texts.BOOKS.values()]
        assert places[0] == places[1] == places[2], key
    for table in ("REASONS", "CHANNELS", "CLASSES", "STATES", "PARTS_OF_DAY"):
        assert len({tuple(getattr(book, table)) for book in texts.BOOKS.values()}) == 1
    files = [*(TOP / "templates/transparency").glob("*.html"), *(TOP / "workbench/transparency").glob("*.py")]
    used = "".join(each.read_text("utf-8") for each in files)
    for key in keys["es"] - {"missing_title", "missing_text", "busy_title", "busy_text"}:
        key = key.removesuffix("_MX")  # a country's own words for the same
        assert f'"{key}"' in used or (key.startswith("did_") and f'"{key[4:]}"' in used), key


# -- what is done -----------------------------------------------------------------------------------------------------


def test_pay_gives_one_living_code() -> None:
    there = visit("BR")
    first, second = there.post("pay"), there.post("pay")
    assert first.status_code == 303 and first["Location"] == second["Location"]
    assert "br.gov.bcb.pix" in there.client.get(first["Location"]).content.decode()
    assert "br.gov.bcb.pix" in there.text()


def test_a_plan_is_accepted_once_as_it_was_shown() -> None:
    there = visit("MX")
    shown = re.search(r'name="shown" value="([^"]+)"', there.text())
    assert shown is not None
    form = {"count": "2", "shown": shown[1]}
    assert there.post("plan", **{**form, "shown": "1.2020-01-01"}).status_code == 422
    assert there.post("plan", count="77", shown=shown[1]).status_code == 422
    text = there.after("plan", **form)
    assert "Su plan quedó registrado: 2 pagos" in text
    assert "Su plan quedó registrado" in there.after("plan", **form)
    with there.scope():
        agreement = Agreement.objects.get(debtor=there.debtor)
        assert (agreement.state, agreement.source) == ("active", "debtor:page")
        assert AuditEntry.objects.filter(action="debtor_page.plan", actor=f"debtor:{there.link().pk}").count() == 1


def test_a_date_is_promised_once() -> None:
    there = visit()
    day = re.search(r'<option value="(2026-\d\d-\d\d)">', there.text())
    assert day is not None
    assert "Hasta esa fecha no le enviaremos" in there.after("promise", day=day[1])
    there.post("promise", day=day[1])
    for wrong in ("2020-01-01", "2030-01-01", "tomorrow", ""):
        assert there.post("promise", day=wrong).status_code == 422
    with there.scope():
        assert Promise.objects.filter(debtor=there.debtor).count() == 1


def test_a_receipt_is_sealed_stands_in_the_inbox_and_is_sent_once() -> None:
    there = visit()
    form = {"once": "abc", "note": "Ayer en la sucursal"}
    first = there.after("paid", file=SimpleUploadedFile("recibo.jpg", JPEG), **form)
    assert "Una persona revisa su pago" in first
    there.post("paid", file=SimpleUploadedFile("recibo.jpg", JPEG), **form)
    with there.scope():
        message = Message.objects.get(debtor_id=there.debtor.pk, source="page")
        kept = Attachment.objects.get(message=message)
        assert message.kind == "image" and message.text == "Ayer en la sucursal"
        assert JPEG[:20].hex() not in kept.body and "0000" not in kept.body[:60]
        opened = attachment(kept.pk)
        assert opened is not None and opened.body == JPEG and opened.media_type == "image/jpeg"
        conversation = Conversation.objects.get(pk=message.conversation_id)
        assert conversation.needs_human_at == NOON and conversation.last_inbound_at is None


def test_a_file_is_opened_by_those_who_answer_and_by_nobody_else() -> None:
    there = visit()
    there.post("paid", file=SimpleUploadedFile("recibo.jpg", JPEG), note="", once="1")
    with there.scope():
        kept = Attachment.objects.get(message__debtor_id=there.debtor.pk)
    path = f"/o/{there.desk.tenant.slug}/attachments/{kept.pk}/"
    codes = {}
    for role in ("agent", "creditor"):
        client = Client()
        limited = [there.desk.creditor.pk] if role == "creditor" else None
        client.force_login(factories.make_user(there.desk.tenant, role=role, creditor_ids=limited))
        answer = client.get(path)
        codes[role] = answer.status_code
        if role == "agent":
            assert answer.content == JPEG and answer["Content-Type"] == "image/jpeg"
            assert "sandbox" in answer["Content-Security-Policy"] and answer["X-Content-Type-Options"] == "nosniff"
    other = open_desk("CO")
    stranger = Client()
    stranger.force_login(factories.make_user(other.tenant))
    assert codes == {"agent": 200, "creditor": 403}
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"/o/{other.tenant.slug}/attachments/{kept.pk}/").status_code == 404
    with there.scope():
        assert AuditEntry.objects.filter(action="attachment.open").count() == 1


@pytest.mark.parametrize(
    ("name", "body"), [("x.jpg", b"<script>alert(1)</script>"), ("x.pdf", b"MZ\x90"), ("x.svg", b"<svg/>")]
)
def test_other_files_are_refused(name: str, body: bytes) -> None:
    there = visit()
    answer = there.post("paid", file=SimpleUploadedFile(name, body, content_type="image/jpeg"))
    assert answer.status_code == 422 and "no es una foto" in answer.content.decode()


def test_a_file_that_is_too_large_is_refused() -> None:
    there = visit()
    answer = there.post("paid", file=SimpleUploadedFile("a.jpg", JPEG + b"0" * 5 * 1024 * 1024))
    assert answer.status_code == 422 and "5 MB" in answer.content.decode()


def test_a_dispute_gets_a_number_and_is_opened_once() -> None:
    there = visit()
    with there.scope():
        invoice = Invoice.objects.get(debtor=there.debtor)
    assert there.post("dispute", which=str(invoice.pk), reason="").status_code == 422
    form = {"which": str(invoice.pk), "reason": "wrong_amount", "detail": "Son 800 <b>pesos</b>"}
    text = there.after("dispute", **form)
    with there.scope():
        dispute = Dispute.objects.get(debtor=there.debtor)
    assert dispute.reference in text and "<b>pesos" not in text
    assert there.post("dispute", **form).status_code in (303, 422)
    with there.scope():
        assert Dispute.objects.filter(debtor=there.debtor).count() == 1
        assert Message.objects.filter(debtor_id=there.debtor.pk, source="page").count() == 1


def test_a_person_is_called_once() -> None:
    there = visit()
    for _ in range(2):
        assert "Recibimos su mensaje" in there.after("talk", message="¿Pueden llamarme?", once="n1")
    with there.scope():
        assert Message.objects.filter(debtor_id=there.debtor.pk, source="page").count() == 1
    assert there.post("talk", message="  ").status_code == 422
    there.after("talk", message="Mejor por la tarde", once="n1")  # back, and something else written
    with there.scope():
        assert Message.objects.filter(debtor_id=there.debtor.pk, source="page").count() == 2


def test_a_stop_in_their_own_words_is_a_stop() -> None:
    there = visit()
    assert "No le enviaremos más mensajes" in there.after("talk", message="no me escriban más", once="1")
    with there.scope():
        assert Stop.objects.filter(person_id=there.debtor.person_id, kind="opted_out", lifted_at=None).exists()


def test_the_name_of_the_tab_tells_nothing() -> None:
    there = visit()
    assert "<title>Página personal</title>" in there.text()


def test_what_was_not_done_is_not_told() -> None:
    there = visit()
    for did in ("promise", "plan", "paid", "dispute", "talk", "stop", "consent"):
        assert 'id="did"' not in there.text(did=did), did


# -- what becomes of it at the gate -----------------------------------------------------------------------------------


def _remind(there: Visit, at: datetime, origin: str = "r1") -> SendRequest:
    """A reminder is asked for at an instant; returns its request."""
    with there.scope():
        template = MessageTemplate.objects.get(stage="first", language="es_CO", account__tenant=there.desk.tenant)
        values = dict.fromkeys(template.variables, "x")
        Debtor.objects.filter(pk=there.debtor.pk).update(balance_as_of=at)
        request_send(
            [
                Wish(
                    creditor_id=there.desk.creditor.pk, debtor_id=there.debtor.pk, message_class="collection",
                    content={"kind": "template", "template_id": str(template.pk), "variables": values},
                    origin_kind="agent", origin_id=origin, actor="user:x",
                )
            ],
            now=at,
        )  # fmt: skip
        return SendRequest.objects.get(debtor=there.debtor, origin_id=origin)


def test_a_stop_takes_back_what_waits_and_blocks_the_next() -> None:
    there = visit()
    sunday = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    waiting = _remind(there, sunday)
    assert waiting.state == "waiting"
    assert "No le enviaremos más mensajes" in there.after("stop")
    with there.scope():
        assert SendRequest.objects.get(pk=waiting.pk).state == "withdrawn"
        assert Stop.objects.filter(person_id=there.debtor.person_id, kind="opted_out", lifted_at=None).count() == 1
    there.post("stop")
    assert _remind(there, NOON, "r2").verdict == "deny"
    there.post("resume")
    with there.scope():
        assert not Stop.objects.filter(person_id=there.debtor.person_id, lifted_at=None).exists()
        assert not Enrolment.objects.filter(debtor=there.debtor, state="active").exists()
    assert _remind(there, NOON, "r3").verdict == "allow"


def test_anybody_at_the_number_can_stop_it_without_being_told_why() -> None:
    there = visit(verified=False)
    text = there.after("stop")
    assert "No le enviaremos más mensajes a este número" in text
    assert not any(secret in text for secret in secrets_of(there))
    assert _remind(there, NOON).verdict == "deny"


def test_preferred_hours_only_narrow_and_defer_the_next_send() -> None:
    there = visit()
    assert "Guardamos sus horas" in there.after("hours", day0="on", day2="on", part="morning")
    there.post("hours", day0="on", day2="on", part="morning")
    with there.scope():
        layer = RuleLayer.objects.get(level="debtor", owner_id=there.debtor.person_id)
        assert layer.author == f"debtor:{there.link().pk}"
    request = _remind(there, NOON)  # a Tuesday, 13:00 in Bogotá
    assert request.verdict == "defer" and request.next_at is not None
    local = request.next_at - timedelta(hours=5)
    assert (local.weekday(), local.hour) == (2, 7) or (local.weekday(), local.hour) == (2, 8)
    assert "preferencia" in there.text() or "Ahora rige su preferencia" in there.text()
    for form in (
        {"day6": "on", "part": "any"},
        {"day5": "on", "part": "evening"},
        {"part": "any"},
        {"day0": "on", "part": "night"},
    ):
        assert there.post("hours", **form).status_code == 422, form
    every = {f"day{day}": "on" for day in range(7)}
    assert "Quitamos su preferencia" in there.after("hours", part="any", **every)
    assert _remind(there, NOON, "r2").verdict == "allow"


def test_the_reason_of_a_deferral_names_the_debtors_own_preference() -> None:
    there = visit()
    there.post("hours", day2="on", part="any")
    request = _remind(there, NOON)
    with there.scope():
        told = " ".join(why(Decision.objects.get(pk=request.decision_id), "es"))
    assert "preferencia de la propia persona" in told


def test_a_withdrawn_permission_blocks_reminders() -> None:
    there = visit()
    assert "Usted autorizó mensajes" in there.text()
    assert "Retiramos su autorización" in there.after("consent")
    there.post("consent")
    with there.scope():
        assert Consent.objects.filter(person_id=there.debtor.person_id, state="revoked").count() == 1
    assert _remind(there, NOON).verdict == "deny"


def test_a_permission_is_given_in_words_that_stand_on_the_page_and_taken_back() -> None:
    there = visit(consent=False)
    assert _remind(there, NOON).verdict == "deny"
    assert "esto es lo que autoriza" in there.text()
    once = {"once": "abc"}
    assert "Registramos su autorización" in there.after("allow", **once)
    there.post("allow", **once)
    with there.scope():
        (row,) = Consent.objects.filter(person_id=there.debtor.person_id)
        proof, point = row.evidence, factories.contact_of(there.debtor)
        assert (row.state, row.contact_point_id, row.creditor_id) == ("granted", point.pk, there.desk.creditor.pk)
        assert proof["who"] == there.debtor.person.name and proof["wa_number"] == point.value
        assert proof["collected_how"] == "page" and proof["wording_version"] == "page-1-es"
        assert there.desk.creditor.name in proof["exact_wording"] and "&" not in proof["exact_wording"]
        assert readable(point.value) in proof["exact_wording"]
    assert _remind(there, NOON, "r2").verdict == "allow"
    assert "Retiramos su autorización" in there.after("consent")
    assert _remind(there, NOON, "r3").verdict == "deny"
    assert "esto es lo que autoriza" in there.text(), "and they may give it again"


def test_a_permission_is_not_given_while_a_stop_stands() -> None:
    there = visit(consent=False)
    there.post("stop")
    assert there.post("allow", once="1").status_code == 422
    with there.scope():
        assert not Consent.objects.filter(person_id=there.debtor.person_id, state="granted").exists()


def test_a_preferred_channel_holds_before_the_next_send_also_for_what_waits() -> None:
    there = visit()
    sunday = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    waiting = _remind(there, sunday)
    assert waiting.state == "waiting"
    assert "Guardamos su preferencia: carta" in there.after("channel", channel="letter")
    there.post("channel", channel="letter")
    with there.scope():
        assert SendRequest.objects.get(pk=waiting.pk).state == "withdrawn"
        (layer,) = RuleLayer.objects.filter(level="debtor", owner_id=there.debtor.person_id)
        assert layer.author == f"debtor:{there.link().pk}"
    refused = _remind(there, NOON, "r2")
    assert (refused.verdict, refused.next_at) == ("defer", None)
    with there.scope():
        decision = Decision.objects.get(pk=refused.decision_id)
        assert decision.rules == ["DEBTOR-CHANNEL"]
        assert "prefiere que la contacten por otro canal" in " ".join(why(decision, "es"))
    assert "no podemos escribirle ningún recordatorio más" in there.text()
    assert there.post("channel", channel="pigeon").status_code == 422
    assert "Quitamos su preferencia" in there.after("channel", channel="")
    assert _remind(there, NOON, "r3").verdict == "allow"


def test_hours_and_channel_are_kept_side_by_side() -> None:
    there = visit()
    there.post("hours", day0="on", day2="on", part="morning")
    there.post("channel", channel="call")
    with there.scope():
        layer = RuleLayer.objects.get(level="debtor", owner_id=there.debtor.person_id, effective_to=None)
        assert set(layer.data) == {"windows", "windows_rule", "caps"}
    every = {f"day{day}": "on" for day in range(7)}
    there.post("hours", part="any", **every)
    with there.scope():
        layer = RuleLayer.objects.get(level="debtor", owner_id=there.debtor.person_id, effective_to=None)
        assert set(layer.data) == {"caps"}


def test_what_is_queued_already_waits_for_the_hours_that_were_chosen_meanwhile() -> None:
    there = visit()
    queued = _remind(there, NOON)  # a Tuesday
    assert queued.state == "queued"
    there.post("hours", day2="on", part="any")
    with there.scope():
        assert not claim(queued.number_id, now=NOON)[1]
        after = SendRequest.objects.get(pk=queued.pk)
        assert (after.state, after.verdict) == ("waiting", "defer")
        assert after.next_at is not None and after.next_at.astimezone(UTC).weekday() == 2


def test_how_often_they_may_still_be_written_to_is_said_and_shrinks_with_each_contact() -> None:
    there = visit()
    first = re.search(r"todavía (\d+) veces", there.text())
    assert first, "several"
    _remind(there, NOON)
    second = re.search(r"todavía (?:(\d+) veces|una vez)", there.text())
    assert second and int(second[1] or 1) < int(first[1])
    there.post("consent")
    assert "ningún recordatorio más" in there.text()


@pytest.mark.parametrize("hour", [8, 12, 18])
def test_no_more_is_said_to_be_possible_in_seven_days_than_the_limit_of_seven_days(hour: int) -> None:
    monday = datetime(2025, 5, 12, hour, 0, 30, tzinfo=ZoneInfo("America/Bogota")).astimezone(UTC)
    text = visit(desk=open_desk("CO", now=monday)).text()
    limit, said = re.search(r"en 7 días: 0; el máximo es (\d+)", text), re.search(r"todavía (\d+) veces", text)
    assert limit and said and said[1] == limit[1]


def test_every_change_is_written_down() -> None:
    there = visit()
    there.post("consent")
    there.post("stop")
    there.post("talk", message="Hola", once="1")
    with there.scope():
        found = AuditEntry.objects.filter(actor=f"debtor:{there.link().pk}").values_list("action", flat=True)
        assert {"debtor_page.stop", "debtor_page.consent", "debtor_page.talk"} <= set(found)


def test_contacts_are_listed_without_their_content() -> None:
    there = visit()
    assert "Todavía no le hemos contactado" in there.text()
    with there.scope():
        number = there.desk.number
        conversation = factories.make_conversation(number, factories.contact_of(there.debtor), debtor=there.debtor)
        factories.make_message(
            conversation, "Palabras que nadie repite", debtor=there.debtor, direction="out", message_class="collection",
            state="read", now=NOON - timedelta(days=1),
        )  # fmt: skip
    text = there.text()
    assert "Recordatorio" in text and "leído" in text and "Palabras que nadie repite" not in text


# -- at the end -------------------------------------------------------------------------------------------------------


def test_with_nothing_left_there_are_receipts_and_the_letter() -> None:
    there = visit("CO")
    assert "cuando el saldo es cero" in there.get("/letter").content.decode()
    with there.scope():
        payment = record_payment(
            there.desk.creditor, there.debtor, "pix-9", Money.from_minor(100000, "COP"), paid_at=NOON, now=NOON,
            source="test", method="transfer",
        )  # fmt: skip
    text = there.text()
    assert "No tiene pagos pendientes" in text and "Paz y salvo" in text
    letter = there.get("/letter").content.decode()
    assert "no tiene saldo pendiente" in letter and there.debtor.person.name in letter
    receipt = there.get(f"/receipt/{payment.pk}").content.decode()
    assert "pix-9" in receipt and there.desk.creditor.tax_id in receipt
    assert "<td>Transferencia</td>" in receipt and "transfer<" not in receipt
    assert there.post("pay").status_code == 422


def test_the_number_of_questions_to_the_database_does_not_grow_with_the_account() -> None:
    counts = []
    for there in (visit(invoices=1), visit(invoices=9)):
        there.get()
        with CaptureQueriesContext(connection) as asked:
            there.get()
        counts.append(len(asked))
    assert counts[1] <= counts[0] + 1 and counts[0] < 90, counts
