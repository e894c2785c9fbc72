"""CLABE: Mexico's 18-digit account number. 3 digits of bank, 3 of plaza, 11 of account, 1 check digit."""

from __future__ import annotations

import re

from kernel.errors import DomainError

_WEIGHTS = (3, 7, 1)

#: Participants of SPEI by their three digits. An unknown code is no error: the list grows.
BANKS = {
    "001": "Banco de México",
    "002": "Banamex",
    "006": "Bancomext",
    "009": "Banobras",
    "012": "BBVA México",
    "014": "Santander",
    "019": "Banjército",
    "021": "HSBC",
    "030": "BanBajío",
    "036": "Inbursa",
    "042": "Mifel",
    "044": "Scotiabank",
    "058": "Banregio",
    "059": "Invex",
    "060": "Bansí",
    "062": "Afirme",
    "072": "Banorte",
    "106": "Bank of America",
    "108": "MUFG",
    "110": "J.P. Morgan",
    "112": "Monex",
    "113": "Ve por Más",
    "127": "Azteca",
    "129": "Barclays",
    "130": "Compartamos",
    "132": "Multiva",
    "133": "Actinver",
    "135": "Nafin",
    "136": "Intercam",
    "137": "BanCoppel",
    "138": "Ualá",
    "140": "Consubanco",
    "141": "Volkswagen Bank",
    "143": "CIBanco",
    "145": "Bbase",
    "147": "Bankaool",
    "148": "PagaTodo",
    "150": "Inmobiliario Mexicano",
    "151": "Fundación Dondé",
    "152": "Bancrea",
    "155": "ICBC",
    "156": "Sabadell",
    "158": "Mizuho",
    "159": "Bank of China",
    "166": "Banco del Bienestar",
    "638": "Nu México",
    "646": "STP",
    "661": "Klar",
    "722": "Mercado Pago",
    "723": "Cuenca",
    "728": "Spin by OXXO",
}


def check_digit(first17: str) -> str:
    """The 18th digit: weights 3-7-1 repeated, each product modulo 10, the sum completed to a ten."""
    if not re.fullmatch(r"\d{17}", first17, re.ASCII):
        raise ValueError("a CLABE has 17 digits before its check digit")
    total = sum(int(digit) * _WEIGHTS[place % 3] % 10 for place, digit in enumerate(first17))
    return str(-total % 10)


def make(bank: str, plaza: str, account: str) -> str:
    """The CLABE of an account; shorter parts are filled with zeros on the left.

    Raises DomainError when a part is not digits or too long.
    """
    parts = []
    for name, value, size in (("bank", bank, 3), ("plaza", plaza, 3), ("account", account, 11)):
        if not re.fullmatch(rf"\d{{1,{size}}}", value, re.ASCII):
            raise DomainError(
                "clabe_part",
                "the %(part)s of a CLABE is up to %(size)s digits, not %(value)s",
                part=name,
                size=size,
                value=value,
            )
        parts.append(value.zfill(size))
    first17 = "".join(parts)
    return first17 + check_digit(first17)


def check(text: str) -> str:
    """The 18 digits of a CLABE as people write it; raises DomainError `clabe_invalid` that says what is wrong."""
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"\d{18}", digits, re.ASCII):
        raise DomainError(
            "clabe_invalid", "a CLABE has 18 digits; this one has %(count)s characters", count=len(digits)
        )
    if check_digit(digits[:17]) != digits[17]:
        raise DomainError(
            "clabe_invalid", "the last digit of this CLABE does not agree with the others: look for a mistyped digit"
        )
    return digits


def valid(text: str) -> bool:
    """Whether this is a CLABE with the right check digit."""
    try:
        check(text)
    except DomainError:
        return False
    return True


def bank_name(clabe: str) -> str | None:
    """The bank of a CLABE, or None when its code is not in our list."""
    return BANKS.get(clabe[:3])


def grouped(clabe: str) -> str:
    """The CLABE in its parts, easier to compare by eye: `032 180 00011835971 9`."""
    return f"{clabe[:3]} {clabe[3:6]} {clabe[6:17]} {clabe[17:]}"
