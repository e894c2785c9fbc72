"""The PDF: what a judge must find in it, in each language and country, and nothing that would mislead one."""

from __future__ import annotations

import hashlib
import io
import string
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import Destination

from compliance.evidence.packs import files_of
from compliance.evidence.pdf import render
from compliance.evidence.texts import Texts, texts_of
from compliance.evidence.typeset import Block, Entry, Marks, Text, printable, safe, typeset
from compliance.models import Decision
from tests.compliance.evidence.case import QUESTION, WORDING, Case, make_case, reread
from tests.compliance.evidence.reading import pages_of, text_of

MARK = "ab" * 32


@pytest.fixture(scope="module")
def case() -> Case:
    """Told and exported by every test, changed by none."""
    return make_case()


def told(case: Case, **asked: Any) -> str:
    return text_of(render(case.export(**asked), MARK))


def test_a_colombian_case_says_everything_in_spanish(case: Case) -> None:
    document = case.export()
    text = text_of(render(document, MARK))
    sent = next(one for one in document["messages"] if one["read_at"])
    for needed in (
        "Expediente de evidencia", case.debtor.person.name, case.debtor.external_id, case.desk.creditor.name,
        QUESTION["CO"], "Luisa Prueba (gestor)", sent["provider_ids"][0].replace(" ", ""), "Leído", "UTC−05:00",
        WORDING["CO"], "Marta Testigo", "no me escriban más", "Levantado", "SIC", case.dispute.reference, "ya está pagada",
        "Promesa de pago", "P-1", "America/Bogota", "paquete co, edición 1", "Fuente:", "SIMULACIÓN",
    ):  # fmt: skip
        assert needed in text, needed
    # Amounts as Colombia writes them, instants in UTC beside the local ones.
    assert "$ 400,00" in text.replace("\xa0", " ") or "$400,00" in text
    for at in (sent["sent_at"], sent["delivered_at"], sent["read_at"]):
        assert f"{at[:10]} {at[11:19]}Z" in text
    for event in document["events"]:
        if event["leaf"]["subject"] in ("compliance.decision", "compliance.consent"):
            assert f"evento {event['leaf']['sequence']}, sello {event['seal']}" in text
    with case.desk.scope():
        denied = Decision.objects.filter(debtor_id=case.debtor.pk, verdict="deny").first()
    assert denied is not None and all(rule in text for rule in denied.rules) and "Negado" in text
    assert all(finding["law"] in text for finding in document["findings"] if finding["law"])


def test_a_brazilian_case_is_told_in_portuguese() -> None:
    text = told(make_case("BR"))
    for needed in (
        "Dossiê de evidências da cobrança", "Pessoa devedora", QUESTION["BR"], WORDING["BR"], "Entregue", "Lida", "R$ 400,00",
        "UTC−03:00", "Negado", "Promessa de pagamento", "pacote br, edição 1", "SIMULAÇÃO", "evidence.json",
    ):  # fmt: skip
        assert needed in text.replace("\xa0", " "), needed
    assert "Expediente" not in text and "Mensaje" not in text


def test_auditors_read_english(case: Case) -> None:
    text = told(case, language="en")
    assert "Evidence of how a debt was collected" in text and QUESTION["CO"] in text and "UTC−05:00" in text
    assert "Denied" in text and "Exact wording" in text


def test_every_page_has_the_case_its_number_and_the_files_hash(case: Case) -> None:
    files = files_of(case.export())
    digest = hashlib.sha256(files["evidence.json"]).hexdigest()
    pages = pages_of(files["evidence.pdf"])
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert digest in page and f"Página {number} de {len(pages)}" in page
        assert f"{case.debtor.person.name} · {case.debtor.external_id}" in page
    reader = PdfReader(io.BytesIO(files["evidence.pdf"]))
    assert reader.metadata is not None and reader.metadata.subject == f"sha256:{digest}"
    titles = [item.title for item in reader.outline if isinstance(item, Destination)]
    assert titles[1:3] == ["Cronología", "Prueba de envío, entrega y lectura"]
    # Whoever opens it sees the same letters: they come along.
    assert files["evidence.pdf"].count(b"/FontFile2") >= 2


def test_paper_is_what_the_countrys_courts_use(case: Case) -> None:
    def size(body: bytes) -> tuple[int, int]:
        box = PdfReader(io.BytesIO(body)).pages[0].mediabox
        return round(box.width), round(box.height)

    document = case.export()
    assert size(render(document, MARK)) == (612, 792)
    document["case"]["creditors"][0]["country"] = "AR"
    assert size(render(document, MARK)) == (595, 842)


def test_the_same_document_gives_the_same_bytes(case: Case) -> None:
    document = case.export()
    assert files_of(document) == files_of(reread(document))


def test_words_are_words_and_never_markup(case: Case) -> None:
    text = told(case)
    assert "revise <b>por favor</b> & gracias [grinning face]" in text


HARD = [
    "<para>", "</b></font>", "&amp; &#60; &", "x" * 9000, "\n" * 300 + "end", "Ω≈ç√∫ 漢字 العربية 🏳️‍🌈", "\u202egnp.exe",
    "\x00\x07", "a\u0301", "\t tab", "%d {page} {0}", "\ufdfa", "\U0001f1e8\U0001f1f4",
]  # fmt: skip


@pytest.mark.parametrize("words", HARD, ids=range(len(HARD)))
def test_no_message_is_too_odd_or_too_long(case: Case, words: str) -> None:
    document = case.export()
    document["messages"][0]["text"] = words * (7 if len(words) > 1000 else 1)
    assert len(pages_of(render(document, MARK))) >= 4


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_set_and_only_known_signs_are(words: str) -> None:
    marks = Marks("case", "house", "foot", "{page}/{pages}")
    blocks: list[Block] = [Text(safe(words)), Entry(safe(words), [("said", safe(words)), ("note", safe(words))])]
    assert typeset(blocks, marks=marks, title=words, subject="", language="es", country="CO").startswith(b"%PDF")
    assert printable(printable(words)) == printable(words)


def test_what_is_not_latin_is_named() -> None:
    assert printable("Hola ñ ç ã € – “x” 😀 \u0007") == "Hola ñ ç ã € – “x” [grinning face] [U+0007]"


def test_a_period_and_a_conversation_are_told_too(case: Case) -> None:
    with case.desk.scope():
        talk = case.conversation.pk
    document = case.export(debtor_id=None, conversation_id=talk)
    assert "Una conversación" in text_of(render(document, MARK))
    since = case.desk.now.replace(hour=0)
    document = case.export(debtor_id=None, period=(since, since.replace(day=since.day + 1)))
    text = text_of(render(document, MARK))
    assert "Un período" in text and QUESTION["CO"] in text


def test_a_complaint_heads_its_case(case: Case) -> None:
    document = case.export(debtor_id=None, complaint_id=case.dispute.pk)
    pages = pages_of(render(document, MARK))
    assert f"SIC {case.dispute.reference} · {case.debtor.person.name}" in pages[0] and "Ya pagué en marzo" in pages[0]


def test_nothing_at_all_is_told_as_nothing(case: Case) -> None:
    with case.desk.scope():
        quiet = case.desk.debtor(consent=False)
    text = told(case, debtor_id=quiet.pk)
    assert text.count("No consta ninguno.") >= 5


@pytest.mark.parametrize("language", ["es", "pt"])
def test_the_languages_have_the_same_words_and_places(language: str) -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, other = texts_of("en"), texts_of(language)
    for one in fields(Texts):
        a, b = getattr(english, one.name), getattr(other, one.name)
        if isinstance(a, str):
            assert places(a) == places(b), one.name
        else:
            assert a.keys() == b.keys(), one.name
            assert all(places(a[key]) == places(b[key]) for key in a), one.name
