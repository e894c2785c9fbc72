"""Documents: real ones pass in canonical form, a mistyped digit and nobody's documents do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import DomainError
from portfolio import documents
from portfolio.synthetic import identity

REAL = [
    ("CPF", "BR", "529.982.247-25", "52998224725", "human"),
    ("CNPJ", "BR", "16.727.230/0001-97", "16727230000197", "company"),
    ("CNPJ", "BR", "12.abc.345/01de-35", "12ABC34501DE35", "company"),
    ("RFC", "MX", "gode 561231 gr8", "GODE561231GR8", "human"),
    ("RFC", "MX", "MAB-930714-8T4", "MAB9307148T4", "company"),
    ("CURP", "MX", "BOXW310820HNERXN09", "BOXW310820HNERXN09", "human"),
    ("CC", "CO", "1.018.425.731", "1018425731", "human"),
    ("CC", "CO", "79 452 118", "79452118", "human"),
    ("NIT", "CO", "860.034.313-7", "8600343137", None),
    ("RUT", "CL", "12.531.909-2", "125319092", None),
    ("DNI", "PE", "10117410", "10117410", "human"),
    ("DNI", "PE", "10117410-2", "10117410", "human"),
    ("RUC", "PE", "20512333797", "20512333797", "company"),
    ("DNI", "AR", "20.123.456", "20123456", "human"),
    ("CUIT", "AR", "20-26756539-3", "20267565393", "human"),
    ("CUIL", "AR", "20-26756539-3", "20267565393", "human"),
]


@pytest.mark.parametrize(("kind", "country", "written", "canonical", "holder"), REAL)
def test_a_real_document_is_taken_in_its_canonical_form(kind, country, written, canonical, holder):
    assert documents.check(kind, written, country) == canonical
    assert documents.check(kind.lower(), canonical, country.lower()) == canonical
    assert documents.holder_of(kind, canonical, country) == holder
    assert kind in documents.kinds_of(country)


@pytest.mark.parametrize(
    ("kind", "country", "text", "code"),
    [
        ("CPF", "BR", "111.111.111-11", "document_repeated"),
        ("CPF", "BR", "529.982.247-26", "document_invalid"),
        ("CPF", "BR", "", "document_invalid"),
        ("CPF", "BR", "٥٢٩٩٨٢٢٤٧٢٥", "document_invalid"),
        ("CNPJ", "BR", "00.000.000/0000-00", "document_invalid"),
        ("RFC", "MX", "XAXX010101000", "document_generic"),
        ("RFC", "MX", "XEXX-010101-000", "document_generic"),
        ("RFC", "MX", "GODE561231", "document_incomplete"),
        ("RFC", "MX", "VACE460910SX6", "document_invalid"),  # the library's own example of a wrong check digit
        ("CURP", "MX", "BOXW310820HNERXN08", "document_invalid"),
        ("CC", "CO", "123456789", "document_shape"),  # nine digits were never dealt
        ("CC", "CO", "2018425731", "document_shape"),
        ("CC", "CO", "22222222", "document_shape"),
        ("NIT", "CO", "860.034.313-8", "document_invalid"),
        ("NIT", "CO", "222222222222", "document_length"),
        ("RUT", "CL", "66.666.666-6", "document_generic"),
        ("RUT", "CL", "12.531.909-3", "document_invalid"),
        ("DNI", "PE", "10117410-3", "document_invalid"),
        ("DNI", "PE", "00000000", "document_repeated"),
        ("DNI", "AR", "1234", "document_shape"),
        ("RUC", "PE", "20512333798", "document_invalid"),
        ("CUIT", "AR", "20267565392", "document_invalid"),
        ("DNI", "", "20123456", "document_country_missing"),
        ("CPF", "MX", "52998224725", "document_kind_country"),
        ("SSN", "", "123", "document_kind_unknown"),
        ("CPF", "BR", "5" * 41, "document_length"),
    ],
)
def test_a_document_that_cannot_be_says_why(kind, country, text, code):
    with pytest.raises(DomainError) as caught:
        documents.check(kind, text, country)
    assert caught.value.code == code
    assert len(str(caught.value)) > 20


def test_the_third_sex_of_a_curp_is_no_mistake():
    body = "BOXW310820XNERXN0"
    digit = str(
        (10 - sum("0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ".index(c) * (18 - i) for i, c in enumerate(body)) % 10) % 10
    )
    assert documents.check("CURP", body + digit) == body + digit
    with pytest.raises(DomainError):
        documents.check("CURP", body + str((int(digit) + 1) % 10))


@given(
    country=st.sampled_from(["BR", "MX", "CO", "CL", "PE", "AR"]),
    index=st.integers(0, 999_999),
    place=st.integers(0, 30),
    step=st.integers(1, 9),
)
def test_one_wrong_digit_is_found_wherever_there_is_a_check_digit(country, index, place, step):
    made = identity(country, 1, index)
    if made.document_kind in ("CC", "DNI"):
        return
    digits = [i for i, character in enumerate(made.document) if character.isdigit()]
    where = digits[place % len(digits)]
    wrong = (int(made.document[where]) + step) % 10
    mistyped = made.document[:where] + str(wrong) + made.document[where + 1 :]
    if made.document_kind in ("CPF", "CNPJ", "RUT", "NIT", "RUC", "CUIT", "RFC"):
        # modulo 11 finds every single slip, except where a remainder of ten shares a digit with another
        try:
            documents.check(made.document_kind, mistyped, country)
        except DomainError:
            return
        assert made.document_kind in ("CPF", "CNPJ", "NIT", "RUC", "CUIT")


def test_nearly_every_wrong_digit_of_a_cpf_is_found():
    passed = 0
    for index in range(300):
        number = identity("BR", 3, index, holder="human").document
        wrong = number[:4] + str((int(number[4]) + 1 + index % 9) % 10) + number[5:]
        try:
            documents.check("CPF", wrong)
            passed += 1
        except DomainError:
            pass
    assert passed <= 6


@pytest.mark.parametrize(
    ("text", "country", "holder", "kind"),
    [
        ("529.982.247-25", "BR", "", "CPF"),
        ("16.727.230/0001-97", "BR", "", "CNPJ"),
        ("GODE561231GR8", "MX", "", "RFC"),
        ("BOXW310820HNERXN09", "MX", "", "CURP"),
        ("8600343137", "CO", "company", "NIT"),
        ("1018425731", "CO", "human", "CC"),
        ("20512333797", "PE", "", "RUC"),
        ("20267565393", "AR", "", "CUIL"),
        ("30500010912", "AR", "company", "CUIT"),
    ],
)
def test_the_shape_tells_the_kind(text, country, holder, kind):
    assert documents.kind_for(text, country, holder) == kind


def test_no_shape_no_kind():
    with pytest.raises(DomainError, match="known kinds are RFC, CURP"):
        documents.kind_for("123", "MX")


def test_a_mask_shows_two_characters_and_never_more_than_a_short_number_can_bear():
    assert documents.mask("CPF", "529.982.247-25") == "CPF •••••••••25"
    assert documents.mask("CC", "1234") == "CC ••••"
    assert documents.last_digits("529.982.247-25", 3) == "725"
    assert documents.last_digits("12.531.909-k", 3) == "09K"
    with pytest.raises(ValueError, match="at least one"):
        documents.last_digits("123", 0)


@given(text=st.text(max_size=30))
def test_no_text_breaks_the_check(text):
    for kind, country in (("CPF", "BR"), ("CNPJ", "BR"), ("RFC", "MX"), ("CURP", "MX"), ("CC", "CO"), ("NIT", "CO"),
                          ("RUT", "CL"), ("DNI", "PE"), ("RUC", "PE"), ("DNI", "AR"), ("CUIT", "AR")):  # fmt: skip
        try:
            canonical = documents.check(kind, text, country)
        except DomainError:
            continue
        assert documents.check(kind, canonical, country) == canonical
