"""Everything that the bot can say is lawful, is no new demand, and reveals no more than its step may."""

from __future__ import annotations

import itertools

import pytest

from compliance import language
from messaging.bot import texts
from messaging.bot.texts import es, pt

PLACES = {
    "name": "Ana", "creditor": "Horizonte", "reference": "la factura F-1042", "description": "sofá", "amount": "$ 1.250,00",
    "due_date": "3 de noviembre de 2026", "until": "28 de noviembre de 2026", "rail": "Pix", "lines": "1. 3 de diciembre: $ 400,00",
    "number": "F-1042", "count": 3, "each": "$ 400,00", "first": "jueves 3 dic", "day": "viernes 27 nov", "last": "28 de noviembre",
    "hours": "de 9:00 a 18:00", "document": "CPF", "plan": "3 cuotas", "balance": "$ 0,00", "paid_on": "20 de noviembre de 2026",
}  # fmt: skip
#: Said before anybody has proved who they are: not a word of a creditor or a debt.
BEFORE = {
    "ask_who", "ask_document_last3", "ask_birth_year", "ask_city", "ask_reference", "then_reference",
    "then_document_last3", "then_birth_year", "then_city", "again",
    "wrong_person", "opted_out", "ask_consent", "consent_yes", "consent_no", "human", "abuse", "page_who",
}  # fmt: skip
MENUS = [
    (), ("pay", "more_time", "doubts"), ("pay", "plan", "more_time"), ("paid", "plan", "human"), ("accept", "reject", "human"),
         ("amount", "dispute", "human"), ("pay", "dispute", "human"), ("confirm", "other_date", "human"),
    ("probe:yes", "probe:no"), ("consent:yes", "consent:no"),
]  # fmt: skip
CONTEXT = language.Context(creditor_names=("Horizonte",))


@pytest.mark.parametrize(("code", "country"), [("es", "MX"), ("es", "CO"), ("es", "CL"), ("pt", "BR")])
def test_no_text_with_any_menu_raises_a_flag(code: str, country: str) -> None:
    for name, menu in itertools.product(es.TEXTS, MENUS):
        words = "\n".join(
            [texts.say(code, country, name, **PLACES), *(texts.title(code, country, one) for one in menu)]
        )
        scan = language.scan(words, author="bot", context=CONTEXT)
        assert not scan.findings, (words, scan.findings)
        assert language.flags_for(scan, words, CONTEXT) == frozenset(), words


@pytest.mark.parametrize("code", ["es", "pt"])
@pytest.mark.parametrize("name", sorted(BEFORE))
def test_what_is_said_to_strangers_reveals_nothing(code: str, name: str) -> None:
    assert language.disclosure_of(texts.say(code, "CO", name, **PLACES), ("Horizonte",)) == 0


def test_both_books_say_the_same_things_and_titles_fit_a_button() -> None:
    assert es.TEXTS.keys() == pt.TEXTS.keys()
    assert es.TITLES.keys() == pt.TITLES.keys()
    for code, country in itertools.product(("es", "pt"), ("MX", "CO", "BR")):
        assert all(len(texts.title(code, country, name)) <= 20 for name in es.TITLES)
        assert all(len(texts.say(code, country, name, **PLACES)) <= 1024 for name in es.TEXTS)


def test_a_name_that_ends_with_a_full_stop_ends_a_sentence_once() -> None:
    words = texts.say("es", "CO", "nothing_open", name="Ana", creditor="Horizonte S.A.")
    assert words.endswith("Horizonte S.A.")
