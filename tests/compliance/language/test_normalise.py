"""The plain form: folds what disguises, keeps what means, and always leads back to the original."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.language import MAX_CHARS, normalise

TEXT = st.text(max_size=300) | st.text(alphabet="aeiounprs vidt4310@$*.,!?ñáÑ\u0303\u200b😡\n'\"", max_size=200)


def plain(text: str) -> str:
    return normalise(text).text.strip()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("VAS A IR PRESO", "vas a ir preso"),
        ("vás á ír présó", "vas a ir preso"),
        ("v4s a 1r pr3s0", "vas a ir preso"),
        ("v a s  a  i r  p r e s o", "vas a ir preso"),
        ("vas a ir p.r.e.s.o", "vas a ir preso"),
        ("vas a ir p-r-e-s-o", "vas a ir preso"),
        ("vas a ir p\nr\ne\ns\no", "vas a ir preso"),
        ("vas a ir pre\u200bso", "vas a ir preso"),
        ("vas a ir рrеsо", "vas a ir preso"),  # Cyrillic letters
        ("vas a ir preeeeso", "vas a ir preso"),
        ("ｖａｓ ａ ｉｒ ｐｒｅｓｏ", "vas a ir preso"),
        ("𝓿𝓪𝓼 𝓪 𝓲𝓻 𝓹𝓻𝓮𝓼𝓸", "vas a ir preso"),
        ("vas🔥a🔥ir🔥preso", "vas a ir preso"),
        ("vasairpreso a la carcel", "vasairpreso a la carcel"),  # too short to cut without guessing
        ("sabemosdondevives", "sabemos donde vives"),
        ("im be cil", "imbecil"),
        ("p*ta", "puta"),
    ],
)
def test_disguises_are_undone(written: str, read: str) -> None:
    assert plain(written) == read


def test_enye_is_a_letter_of_its_own() -> None:
    assert plain("año") == plain("an\u0303o") == plain("AÑO") == "año"
    assert plain("ano") == "ano"
    assert plain("não") == plain("na\u0303o") == "nao"


@pytest.mark.parametrize(
    "kept", ["$4,500.00", "f0012", "23:15", "12/03/2025", "4242", "dni", "1.200,50", "carro", "perro", "m2"]
)
def test_codes_amounts_and_names_are_left_alone(kept: str) -> None:
    assert plain(kept).replace(" ", "") in {kept, kept.replace(":", ","), kept.replace("/", "")}


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_every_token_points_into_the_original(text: str) -> None:
    normal = normalise(text)
    for token in normal.tokens:
        assert 0 <= token.start < token.end <= min(len(text), MAX_CHARS)
    assert [t.start for t in normal.tokens] == sorted(t.start for t in normal.tokens)
    assert normal.text == (" " + " ".join(t.text for t in normal.tokens) + " " if normal.tokens else " ")
    for begin, end in normal.quoted:
        assert 0 <= begin < end <= len(text)


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_reading_the_plain_form_again_settles(text: str) -> None:
    """A disguise inside a disguise may take a second reading, never an endless one."""
    forms = [plain(text)]
    for _ in range(6):
        forms.append(plain(forms[-1]))
    assert forms[-1] == forms[-2]


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F), max_size=60))
@settings(max_examples=200, deadline=None)
def test_case_and_composition_do_not_matter(text: str) -> None:
    assert plain(unicodedata.normalize("NFD", text)) == plain(unicodedata.normalize("NFC", text))


def test_only_the_first_part_of_an_endless_text_is_read() -> None:
    assert len(normalise("a b c " * 5000).original) == MAX_CHARS
