"""Codes that people pay with: made whole, and a lost or changed character is found."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kernel.errors import DomainError
from kernel.money import Money
from portfolio.payables import accounts, clabe, pix
from portfolio.payables.cards import amount_text, card

# The two examples of the central bank's manual.
STATIC = (
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000"
    "5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D"
)
DYNAMIC = (
    "00020101021226700014br.gov.bcb.pix2548pix.example.com/8b3da2f39a4140d1a91abd93113bd441"
    "5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***630464E4"
)
RANDOM_KEY = "123e4567-e12b-12d1-a456-426655440000"
KEYS = ["52998224725", "16727230000197", "+5511987654321", "cobranca@example.com.br", RANDOM_KEY]


def brl(text: str) -> Money:
    return Money(Decimal(text), "BRL")


def test_the_crc_is_the_published_one():
    assert pix.crc16(b"123456789") == 0x29B1


def test_the_manuals_static_code_is_made_and_read():
    assert pix.static(key=RANDOM_KEY, name="Fulano de Tal", city="BRASILIA") == STATIC
    assert pix.parse(STATIC) == pix.PixCode(name="Fulano de Tal", city="BRASILIA", key=RANDOM_KEY)


def test_the_manuals_dynamic_code_is_made_and_read():
    url = "pix.example.com/8b3da2f39a4140d1a91abd93113bd441"
    assert pix.dynamic(url=url, name="Fulano de Tal", city="BRASILIA") == DYNAMIC
    assert pix.parse(DYNAMIC).dynamic and pix.parse(DYNAMIC).url == url


@given(
    key=st.sampled_from(KEYS),
    name=st.text(max_size=60),
    city=st.text(max_size=40),
    minor=st.none() | st.integers(1, 10**12 - 1),
    txid=st.text("abcXYZ0123456789", max_size=25),
    description=st.text(max_size=120),
)
def test_what_is_written_is_read_again(key, name, city, minor, txid, description):
    amount = None if minor is None else Money.from_minor(minor, "BRL")
    try:
        code = pix.static(key=key, name=name, city=city, amount=amount, txid=txid, description=description)
    except DomainError as error:
        assert error.code == "pix_label"  # nothing of name or city has a Latin letter or digit
        return
    read = pix.parse(code)
    assert code.isascii() and len(code) <= 512
    assert (read.key, read.amount, read.txid) == (key, amount, txid)
    assert len(read.name) <= 25 and len(read.city) <= 15


def test_names_are_brought_to_ascii_before_they_are_cut():
    read = pix.parse(pix.static(key=KEYS[0], name="São João Padarias & Cafés Irmãos", city="São José do Rio Preto"))
    assert read.name == "Sao Joao Padarias & Cafes"
    assert read.city == "Sao Jose do Rio"


@given(place=st.integers(0, len(STATIC) - 1), other=st.characters(min_codepoint=32, max_codepoint=126))
def test_one_changed_character_is_found(place, other):
    assume(STATIC[place].upper() != other.upper() or place < len(STATIC) - 4)
    assume(STATIC[place] != other)
    assert not pix.valid(STATIC[:place] + other + STATIC[place + 1 :])


@given(start=st.integers(0, len(DYNAMIC)), end=st.integers(0, len(DYNAMIC)))
def test_a_part_of_a_code_is_no_code(start, end):
    assume((start, end) != (0, len(DYNAMIC)))
    assert not pix.valid(DYNAMIC[start:end])


@given(text=st.text(max_size=200))
def test_no_text_breaks_the_parser(text):
    assert not pix.valid(text)
    body = f"000201{text.encode('ascii', 'ignore').decode()}6304"
    assert not pix.valid(f"{body}{pix.crc16(body.encode()):04X}")  # the right check digits alone make no code


def test_the_five_kinds_of_key():
    assert [pix.key_kind(key) for key in KEYS] == ["cpf", "cnpj", "phone", "email", "random"]


@pytest.mark.parametrize(
    "key",
    [
        "529.982.247-25",
        "11111111111",
        "11987654321",
        "+1 305 555 0100",
        "Cobranca@Example.com",
        "a" * 80,
        "",
        RANDOM_KEY.upper(),
        "x" * 70 + "@example.com",
    ],
)
def test_a_key_is_taken_as_it_is_registered_or_refused(key):
    with pytest.raises(DomainError) as caught:
        pix.static(key=key, name="A", city="B")
    assert caught.value.code == "pix_key"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"txid": "a" * 26}, "pix_txid"),
        ({"txid": "a-b"}, "pix_txid"),
        ({"txid": "***"}, "pix_txid"),
        ({"amount": Money(Decimal(1), "MXN")}, "pix_currency"),
        ({"amount": brl("0.00")}, "pix_amount"),
        ({"amount": brl("10000000000.00")}, "pix_amount"),
        ({"name": "日本"}, "pix_label"),
        ({"city": ""}, "pix_label"),
    ],
)
def test_what_cannot_be_written_is_refused(changes, code):
    with pytest.raises(DomainError) as caught:
        pix.static(**{"key": KEYS[0], "name": "Nome", "city": "Cidade", **changes})
    assert caught.value.code == code


@pytest.mark.parametrize(
    "url", ["https://pix.example.com/a", "pix.example.com", "pix.example.com/" + "a" * 70, "localhost/a", "a.br/ç"]
)
def test_a_dynamic_code_needs_a_bare_address(url):
    with pytest.raises(DomainError) as caught:
        pix.dynamic(url=url, name="Nome", city="Cidade")
    assert caught.value.code == "pix_url"


def test_a_check_field_inside_another_field_does_not_count():
    body = STATIC[: STATIC.index("6207")] + "62120508ab6304"
    assert not pix.valid(f"{body}{pix.crc16(body.encode()):04X}")


# --- CLABE

digits = st.text("0123456789", min_size=1)


def test_published_clabes_are_right():
    assert clabe.valid("032180000118359719")
    assert clabe.valid("002 010 07777777777 1")
    assert clabe.bank_name("002010077777777771") == "Banamex"
    assert clabe.make("32", "180", "11835971") == "032180000118359719"
    assert clabe.make("032", "180", "00011835971") == "032180000118359719"
    assert clabe.grouped("032180000118359719") == "032 180 00011835971 9"


@given(
    bank=st.integers(0, 999),
    plaza=st.integers(0, 999),
    account=st.integers(0, 10**11 - 1),
    place=st.integers(0, 17),
    step=st.integers(1, 9),
)
def test_a_made_clabe_is_valid_and_one_wrong_digit_is_not(bank, plaza, account, place, step):
    number = clabe.make(str(bank), str(plaza), str(account))
    assert len(number) == 18 and clabe.check(number) == number
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert not clabe.valid(wrong)


@pytest.mark.parametrize(
    "parts", [("1234", "1", "1"), ("1", "x", "1"), ("1", "1", "123456789012"), ("", "1", "1"), ("٣", "1", "1")]
)
def test_a_clabe_part_that_does_not_fit_is_refused(parts):
    with pytest.raises(DomainError):
        clabe.make(*parts)


@pytest.mark.parametrize("text", ["", "1" * 17, "1" * 19, "03218000011835971x", "٠" * 18])
def test_other_than_eighteen_digits_is_no_clabe(text):
    assert not clabe.valid(text)


# --- other accounts


@given(
    bank=st.integers(0, 999),
    branch=st.integers(0, 9999),
    account=st.integers(0, 10**13 - 1),
    place=st.integers(0, 21),
    step=st.integers(1, 9),
)
def test_a_made_cbu_is_valid_and_one_wrong_digit_is_not(bank, branch, account, place, step):
    number = accounts.make_cbu(str(bank), str(branch), str(account))
    assert accounts.check_cbu(number) == number
    assert accounts.is_cvu(number) == (bank == 0)
    with pytest.raises(DomainError):
        accounts.check_cbu(number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :])


def test_a_published_cbu_is_right():
    assert accounts.check_cbu("28505909 40090418135201") == "2850590940090418135201"


@pytest.mark.parametrize(
    ("written", "kind", "key"),
    [
        ("300 123 4567", "phone", "3001234567"),
        ("+57 300 1234567", "phone", "3001234567"),
        ("1.018.425.731", "document", "1018425731"),
        ("@tienda9", "alphanumeric", "@TIENDA9"),
        ("Pagos@Example.co", "email", "pagos@example.co"),
        ("0012345678", "merchant", "0012345678"),
    ],
)
def test_the_kinds_of_a_bre_b_key(written, kind, key):
    assert accounts.check_bre_b(written) == (kind, key)


@pytest.mark.parametrize("written", ["", "@ab", "@" + "a" * 21, "12", "a@b", "hola", "5551234568"])
def test_no_bre_b_key(written):
    with pytest.raises(DomainError, match="Bre-B"):
        accounts.check_bre_b(written)


def test_shapes_without_check_digits():
    assert accounts.check_cci("011-366-000100032542-21") == "01136600010003254221"
    assert accounts.check_alias(" Pago.Luz.Sol ") == "pago.luz.sol"
    for wrong, check in (
        ("123", accounts.check_cci),
        ("corto", accounts.check_alias),
        ("con espacio", accounts.check_alias),
    ):
        with pytest.raises(DomainError):
            check(wrong)


def test_a_card_puts_the_code_alone():
    made = card(
        "clabe",
        "002010077777777771",
        holder="Luz del Norte",
        amount=Money(Decimal("1234.5"), "MXN"),
        language="es",
        reference="A1B2",
        valid_until=date(2026, 12, 5),
    )
    assert made.code == "002010077777777771"
    assert made.heading == "Pague $1,234.50 a Luz del Norte\nBanco: Banamex\nCLABE:"
    assert made.footing == "Escriba esta referencia en el concepto: A1B2\nVálido hasta el 5 de diciembre de 2026"
    made = card("pix", STATIC, holder="Fulano", amount=brl("1234.50"), language="pt-BR", reference="x")
    assert (
        made.heading == "Pague R$ 1.234,50 a Fulano\nPix copia e cola:" and made.code == STATIC and made.footing == ""
    )
    assert amount_text(Money(Decimal(120000), "CLP"), "es") == "$120.000"


@pytest.mark.parametrize(
    ("rail", "value"), [("clabe", "002010077777777772"), ("pix", STATIC[:-1] + "E"), ("cbu", "1"), ("cheque", "1")]
)
def test_no_card_for_a_wrong_account(rail, value):
    with pytest.raises(DomainError):
        card(rail, value, holder="X", amount=brl("1.00"), language="en")
