"""Notions that stand together are found in any order and wording, and lawful neighbours excuse them."""

import itertools
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.language import OK, Context, scan
from compliance.language.concepts import ConceptError, Concepts
from compliance.language.lexicon import compiled
from compliance.management.commands.measure_language import LABELLED, examples, second_part

NOTIONS = {
    "will": "voy vamos",
    "tell": "contar* decir",
    "your": "su sus",
    "kin": "jefe mama",
    "theirs": "@your_@kin todo_el_mundo",
    "asked": "autoriz* como_me_pidio",
    "stop": "no_me_obligue",
    "idle": "mama_mia",
}
LINES = [
    ("tell will theirs -asked ~6", "tells"),
    ("stop {neg}", "stops"),
    ("kin will {wide} -question ~20", "both"),
]


def never(place: int) -> bool:
    return False


def found(text: str, *lines: str) -> set[str]:
    rules = [entry for entry in LINES if not lines or entry[1] in lines]
    return {h.payload for h in Concepts(NOTIONS, rules).hits(text.split(), never)}


def read(text: str) -> list[str]:
    """What each finding rests on; every "no" denies."""
    words = text.split()
    hits = Concepts(NOTIONS, LINES[:2]).hits(words, lambda place: words[place] == "no")
    return [" ".join(words[h.first : h.last + 1]) for h in hits]


@pytest.mark.parametrize("parts", list(itertools.permutations(["voy", "contarle", "su jefe"])), ids=" ".join)
def test_order_does_not_matter(parts: tuple[str, ...]) -> None:
    assert "tells" in found(" a ".join(parts))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("voy a contarselo a todo el mundo", True),
        ("voy a contarselo a todo , el mundo", True),  # a comma does not break a phrase
        ("voy a contarselo a todo mundo", False),
        ("voy a contarselo a mama", False),  # nobody's in particular
        ("voy . contarselo a su jefe", False),  # another sentence
        ("voy uno dos tres cuatro cinco seis contarselo su jefe", False),  # too far apart
        ("como me pidio voy a contarselo a su jefe", False),
        ("autorizado voy a contarselo a su jefe", False),
        ("voy a contarselo a su mama mia", False),  # silenced
        ("", False),
        (". ? ,", False),
    ],
)
def test_what_must_stand_together(text: str, holds: bool) -> None:
    assert ("tells" in found(text)) is holds


def test_neighbouring_sentences_and_questions() -> None:
    assert "both" in found("su jefe . voy")
    assert "both" not in found("su jefe . nada . voy")
    assert "both" not in found("su jefe voy ?")


def test_a_negation_excuses_unless_it_is_part_of_the_phrase() -> None:
    assert read("no voy a contarle a su jefe") == []
    assert read("no me obligue") == ["no me obligue"]
    # A second mention that nobody denies still counts.
    again = "voy a contarle a su mama"
    assert again in read(f"no voy a contarle a su jefe y uno dos tres cuatro cinco mejor {again}")


def test_the_words_that_it_rests_on() -> None:
    assert read("hola voy a contarle todo a su jefe hoy") == ["voy a contarle todo a su jefe"]


@pytest.mark.parametrize(
    ("notions", "line"),
    [
        ({"a": "x"}, "b"),
        ({"a": "x"}, "a -b"),
        ({"a": "x"}, "~3"),
        ({"a": "x @b_y"}, "a"),
        ({"a": "x y_@b"}, "a"),
        ({"a": "*"}, "a"),
    ],
)
def test_a_wrong_lexicon_is_refused(notions: dict[str, str], line: str) -> None:
    with pytest.raises(ConceptError):
        Concepts(notions, [(line, "rule")])


@given(st.lists(st.sampled_from([*"abcdefgh", ".", "?", ","]), max_size=40))
@settings(max_examples=300, deadline=None)
def test_against_a_plain_reading(words: list[str]) -> None:
    """Two notions, no phrases: the rule holds exactly where a word of each lies within the width in one sentence."""
    concepts = Concepts({"one": "a b", "two": "c", "not": "h"}, [("one two -not ~3", "rule")])
    expected = False
    sentence: list[tuple[int, str]] = []
    for place, word in [*enumerate(words), (len(words), ".")]:
        if word not in ".?":
            sentence.append((place, word))
            continue
        ones = [p for p, w in sentence if w in "ab"]
        twos = [p for p, w in sentence if w == "c"]
        if not any(w == "h" for _, w in sentence):
            expected |= any(abs(p - q) <= 3 for p in ones for q in twos)
        sentence = []
    assert bool(list(concepts.hits(words, never))) is expected


@pytest.mark.parametrize("lang", compiled().concepts)
def test_every_word_of_the_lexicon_is_read_in_bounded_time(lang: str) -> None:
    words = sorted(w.rstrip("*") for w in compiled().concepts[lang].vocabulary) * 3
    start = time.perf_counter()
    list(compiled().concepts[lang].hits(words, never))
    list(compiled().concepts[lang].hits([w for w in words for _ in range(2)], never))
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("A su cuñada ya le conté lo de las cuotas", "third_party_disclosure"),
        ("Mañana a tu suegra le voy a mostrar lo que debes", "threat"),
        ("Con la patrulla en la puerta de su casa ya va a querer pagar", "false_legal_claim"),
        ("O valor do seu débito eu já contei para a sua cunhada", "third_party_disclosure"),
        ("Deposita na poupança do meu tio que eu apago a dívida", "fraud_diversion"),
    ],
)
def test_unknown_constructions_are_found_and_block(text: str, cls: str) -> None:
    result = scan(text)
    assert cls in {f.cls for f in result.findings if f.severity > 1}
    assert result.flags


def test_a_weak_combination_alerts_without_a_flag() -> None:
    result = scan("Vamos a pasar por su casa por la deuda pendiente")
    assert [f.severity for f in result.findings] == [1]
    assert result.flags == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "Si usted me autoriza, le explico a su esposa lo de la cuota",
        "No le voy a contar a su jefe nada de la deuda",
        "Não vou contar para o seu chefe nada da dívida",
        "Lamento lo del hospital, la cuota la vemos después",
        "El técnico pasará por su casa mañana como pidió",
        "Nunca deposite en la cuenta personal de un asesor",
    ],
)
def test_permission_denial_empathy_and_services_are_lawful(text: str) -> None:
    assert scan(text).main_class == OK


def test_what_the_debtor_said_is_not_held_against_the_agent() -> None:
    text = "Le leo: usted es una persona ruin"
    assert scan(text).main_class == "abusive"
    assert scan(text, context=Context(debtor_quoted=("usted es una persona ruin",))).main_class == OK
    assert scan("Le voy a contar a su jefe", author="debtor").main_class == OK


def test_the_second_set_is_wide_enough_and_split_by_hash() -> None:
    counts: dict[tuple[str, str], int] = {}
    data = yaml.safe_load((LABELLED / "second.yaml").read_text(encoding="utf-8"))
    for heading, by_lang in data.items():
        for lang, entries in by_lang.items():
            counts[heading, lang] = len(entries)
    lawful = counts.pop(("ok", "es")) + counts.pop(("ok", "pt"))
    assert lawful >= 200
    assert min(counts.values()) >= 25
    tune, held = (list(examples(part)) for part in ("second-tune", "second-heldout"))
    assert len(tune) + len(held) == sum(counts.values()) + lawful
    assert 0.55 < len(tune) / (len(tune) + len(held)) < 0.65
    assert all(second_part(text) == "second-heldout" for text, *_ in held)
