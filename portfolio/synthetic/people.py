"""Made-up people and companies: the same for a seed, no two with one document or one phone.

Uniqueness comes from arithmetic, not from memory: person number i gets the i-th element of a permutation of all
documents and of all subscriber numbers, so a million can be made one by one, in any order, in any process.
"""

from __future__ import annotations

import math
import unicodedata
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from stdnum.ar import cuit
from stdnum.br import cnpj
from stdnum.cl import rut
from stdnum.co import nit
from stdnum.mx import rfc
from stdnum.pe import ruc

from kernel.errors import DomainError
from portfolio.imports.rows import ContactRow, DebtorRow, Evidence
from portfolio.synthetic.places import COUNTRIES, Country, Place

#: How many people of one country and seed stay distinct, each with up to two numbers.
MAX_PEOPLE = 1_000_000
COMPANY_PERCENT = 12

_FIRST_BIRTH, _BIRTH_DAYS = date(1950, 1, 1), 19_900  # to mid 2004: all of age
_HOMOCLAVE = "123456789ABCDEFGHIJKLMNPQRSTUV", "123456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
_CPF_REGION = {
    "DF": 1, "GO": 1, "MS": 1, "MT": 1, "TO": 1, "AC": 2, "AM": 2, "AP": 2, "PA": 2, "RO": 2, "RR": 2, "CE": 3,
    "MA": 3, "PI": 3, "AL": 4, "PB": 4, "PE": 4, "RN": 4, "BA": 5, "SE": 5, "MG": 6, "ES": 7, "RJ": 7, "SP": 8,
    "PR": 9, "SC": 9, "RS": 0,
}  # fmt: skip
#: Letters that no RFC begins with: the last of the four becomes an X.
_INCONVENIENT = (
    "BUEI BUEY CACA CACO CAGA CAGO CAKA CAKO COGE COJA COJE COJI COJO CULO FETO GUEY JOTO KACA KACO KAGA KAGO KAKA "
    "KOGE KOJO KULO MAME MAMO MEAR MEAS MEON MION MOCO MULA PEDA PEDO PENE PUTA PUTO QULO RATA RUIN"
)
_POSITIONS = {
    "es": ("Cuentas por pagar", "Administración", "Tesorería"),
    "pt": ("Contas a pagar", "Administração", "Financeiro"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A made-up debtor: a person, or a company with the person who answers for it."""

    kind: str  # human or company
    name: str
    document_kind: str
    document: str
    country: str
    language: str
    subdivision: str
    city: str
    birth_year: int | None
    phone: str
    second_phone: str
    email: str
    contact_name: str
    contact_position: str


def country_of(code: str) -> Country:
    """What the generator knows of a country; raises DomainError when it knows nothing."""
    found = COUNTRIES.get(code.upper())
    if found is None:
        raise DomainError(
            "synthetic_country",
            "no debtors can be made for %(country)s; choose one of %(known)s",
            country=code,
            known=", ".join(COUNTRIES),
        )
    return found


def random_for(*parts: object) -> Random:
    """A generator of random numbers that depends on nothing but its arguments."""
    return Random("/".join(map(str, parts)))


@lru_cache(maxsize=256)
def _affine(size: int, salt: str) -> tuple[int, int]:
    random = random_for("permutation", size, salt)
    factor = random.randrange(size // 3, size) | 1
    while math.gcd(factor, size) != 1:
        factor += 2
    return factor, random.randrange(size)


def permuted(index: int, size: int, salt: str) -> int:
    """The place of `index` in a permutation of range(size) that belongs to `salt`: different indexes never meet."""
    if not 0 <= index < size:
        raise ValueError(f"{index} is outside 0..{size - 1}")
    factor, shift = _affine(size, salt)
    return (factor * index + shift) % size


def identity(country: str, seed: int, index: int, *, holder: str = "") -> Identity:
    """Made-up debtor number `index` of a country; `holder` human or company, by lot when empty.

    Raises DomainError on an unknown country, ValueError on an index of MAX_PEOPLE or more.
    """
    land = country_of(country)
    if not 0 <= index < MAX_PEOPLE:
        raise ValueError(f"{index} is outside 0..{MAX_PEOPLE - 1}")
    random = random_for("identity", seed, land.code, index)
    is_company = random.randrange(100) < COMPANY_PERCENT
    if holder:
        is_company = holder == "company"
    place = random.choices(land.places, [place.weight for place in land.places])[0]
    person, given, first_surname, second_surname = _name(land, random)
    salt = f"{seed}/{land.code}"
    birth_year = None
    if is_company:
        trade, word = random.choice(land.company_trades), random.choice(land.company_words)
        name = f"{trade} {word} {random.choice(land.surnames)} {random.choice(land.company_endings)}"
        document_kind, document = _COMPANY_DOCUMENTS[land.code](index, f"{salt}/company", name)
    else:
        name = person
        serial = permuted(index, _BIRTH_DAYS * _PER_DAY, f"{salt}/born")
        born = _FIRST_BIRTH + timedelta(days=serial % _BIRTH_DAYS)
        birth_year = born.year
        letters = _rfc_letters(given, first_surname, second_surname)
        document_kind, document = _human_document(land.code, index, salt, place, born, serial // _BIRTH_DAYS, letters)
    mailbox = _latin(f"{given}.{first_surname}").lower().replace(" ", ".")
    return Identity(
        kind="company" if is_company else "human",
        name=name,
        document_kind=document_kind,
        document=document,
        country=land.code,
        language=land.language,
        subdivision=place.subdivision,
        city=place.city,
        birth_year=birth_year,
        phone=_phone(land, place, 2 * index, salt, random),
        second_phone=_phone(land, place, 2 * index + 1, salt, random),
        email=f"{mailbox}.{index}@example.com",
        contact_name=person if is_company else "",
        contact_position=random.choice(_POSITIONS[land.language]) if is_company else "",
    )


def _name(land: Country, random: Random) -> tuple[str, str, str, str]:
    given = random.choice(land.women if random.random() < 0.5 else land.men)
    first, second = random.choice(land.surnames), random.choice(land.surnames)
    return f"{given} {first} {second}", given, first, second


def _phone(land: Country, place: Place, index: int, salt: str, random: Random) -> str:
    """A mobile number whose last seven digits no other number of this country and seed has."""
    tail = f"{land.tail_first + permuted(index, land.tail_count, f'{salt}/phone'):07d}"
    if land.code == "BR":
        return f"+{land.dial}{place.prefix}{random.choice('6789')}{tail}"
    if land.code in ("MX", "AR") and len(place.prefix) == 2:
        return f"+{land.dial}{place.prefix}{random.choice('23456')}{tail}"
    return f"+{land.dial}{place.prefix}{tail}"


# --- documents

_PER_DAY = len(_HOMOCLAVE[0]) * len(_HOMOCLAVE[1])


def _latin(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _rfc_letters(given: str, first_surname: str, second_surname: str) -> str:
    first, second = (_latin(surname.upper().replace("Ñ", "X")) for surname in (first_surname, second_surname))
    vowel = next((letter for letter in first[1:] if letter in "AEIOU"), "X")
    letters = first[0] + vowel + second[0] + _latin(given.upper())[0]
    return f"{letters[:3]}X" if letters in _INCONVENIENT else letters


def _rfc(letters: str, day: date, serial: int) -> str:
    first, second = divmod(serial, len(_HOMOCLAVE[1]))
    body = f"{letters}{day:%y%m%d}{_HOMOCLAVE[0][first]}{_HOMOCLAVE[1][second]}"
    digit: str = rfc.calc_check_digit(body)
    return body + digit


def _human_document(
    code: str, index: int, salt: str, place: Place, born: date, serial: int, letters: str
) -> tuple[str, str]:
    if code == "MX":
        return "RFC", _rfc(letters, born, serial)
    if code == "BR":
        base = f"{permuted(index, 89_999_999, f'{salt}/cpf') + 10_000_000:08d}{_CPF_REGION[place.subdivision]}"
        if (
            len(set(base)) == 1
        ):  # a repeated digit is refused; the numbers below ten million are never dealt, so they are free
            base = f"0000000{base[0]}{base[-1]}"
        return "CPF", _with_cpf_digits(base)
    if code == "CO":
        return "CC", str(1_000_000_001 + permuted(index, 190_000_000, f"{salt}/cc"))
    if code == "CL":
        number = str(5_000_000 + permuted(index, 19_000_000, f"{salt}/rut"))
        return "RUT", number + rut.calc_check_digit(number)
    number = str(10_000_000 + permuted(index, 35_000_000, f"{salt}/dni"))
    if len(set(number)) == 1:
        number = f"4{5_000_000 + int(number[0]):07d}"  # from the free numbers above 45 million
    return "DNI", number


def _with_cpf_digits(base: str) -> str:
    """The nine digits of a CPF with their two check digits (weights 10 to 2, then 11 to 2, modulo 11)."""
    for weight in (10, 11):
        total = sum((weight - place) * int(digit) for place, digit in enumerate(base))
        base += str(-total % 11 % 10)
    return base


def _cnpj(index: int, salt: str, name: str) -> tuple[str, str]:
    root = f"{permuted(index, 89_000_000, salt) + 10_000_000:08d}"
    if index % 8 == 0:  # since July 2026 new ones have letters
        root = "".join(chr(ord("A") + int(digit)) for digit in root[:2]) + root[2:]
    body = f"{root}0001"
    return "CNPJ", body + cnpj.calc_check_digits(body)


def _company_rfc(index: int, salt: str, name: str) -> tuple[str, str]:
    serial, day = divmod(permuted(index, _BIRTH_DAYS * _PER_DAY, salt), _BIRTH_DAYS)
    letters = "".join(word[0] for word in _latin(name).upper().split()[:3])
    return "RFC", _rfc(letters, _FIRST_BIRTH + timedelta(days=day), serial)


def _nit(index: int, salt: str, name: str) -> tuple[str, str]:
    number = str(800_000_000 + permuted(index, 199_000_000, salt))
    return "NIT", number + nit.calc_check_digit(number)


def _company_rut(index: int, salt: str, name: str) -> tuple[str, str]:
    number = str(76_000_000 + permuted(index, 2_900_000, salt))
    return "RUT", number + rut.calc_check_digit(number)


def _ruc(index: int, salt: str, name: str) -> tuple[str, str]:
    number = f"20{10_000_000 + permuted(index, 59_999_999, salt)}"
    return "RUC", number + ruc.calc_check_digit(number)


def _cuit(index: int, salt: str, name: str) -> tuple[str, str]:
    base = f"{50_000_000 + permuted(index, 21_900_000, salt):08d}"
    number = f"30{base}"
    if sum(weight * int(digit) for weight, digit in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), number, strict=True)) % 11 == 1:
        number = f"33{base}"  # a remainder of one has no check digit under 30: the office gives 33
    return "CUIT", number + cuit.calc_check_digit(number)


_COMPANY_DOCUMENTS: dict[str, Callable[[int, str, str], tuple[str, str]]] = {
    "BR": _cnpj,
    "MX": _company_rfc,
    "CO": _nit,
    "CL": _company_rut,
    "PE": _ruc,
    "AR": _cuit,
}


# --- the rows that introduce a debtor

#: Percent of debtors by consent state: mostly granted, some gaps that a real portfolio has.
_CONSENT = (
    ("granted", 88),
    ("unknown", 4),
    ("imported_without_evidence", 4),
    ("other_purpose_only", 1),
    ("revoked", 2),
    ("expired", 1),
)
_IDENTITY = (("verified", 62), ("claimed", 4), ("contacted", 6), ("unknown", 28))
_STOPS = (("", 975), ("opted_out", 10), ("minor_or_deceased_or_incapacitated", 6), ("cease_requested", 9))
_CLIENT_TYPES = {"human": ("individual", "frequent", "new"), "company": ("corporate", "frequent", "new")}
_HOW = ("contract", "web_form", "branch")


def introduce(debtor: str, line: int, made: Identity, *, seed: int, today: date) -> list[DebtorRow | ContactRow]:
    """The rows that say who a made-up debtor is; everything about them is marked synthetic.

    Consent is mostly granted with evidence and sometimes not, identity is verified for about two thirds, a few have
    stops: enough of each to see every rule at work.
    """
    land = country_of(made.country)
    random = random_for("introduction", seed, made.country, debtor)
    supplied_on = today - timedelta(days=random.randint(200, 900))
    consent = _by_lot(random, _CONSENT)
    identity_state = _by_lot(random, _IDENTITY)
    identity_on = today - timedelta(days=random.randint(3, 150)) if identity_state != "unknown" else None
    stop = _by_lot(random, _STOPS)
    supplied_by = "third_party" if random.randrange(100) < 2 else "debtor"
    how = random.choice(_HOW)
    role = "owner" if made.kind == "human" else random.choice(("representative", "accounts_payable"))
    rows: list[DebtorRow | ContactRow] = [
        DebtorRow(
            line=line,
            debtor=debtor,
            name=made.name,
            kind="company" if made.kind == "company" else "human",
            document_kind=made.document_kind,
            document=made.document,
            country=made.country,
            language=made.language,
            subdivision=made.subdivision,
            city=made.city,
            birth_year=made.birth_year,
            labels=(random.choice(_CLIENT_TYPES[made.kind]),),
            stops=(stop,) if stop else (),
            attributes={"preferred_payment": random.choice(land.methods), "synthetic": "yes"},
        ),
        ContactRow(
            line=line,
            debtor=debtor,
            kind="phone",
            value=made.phone,
            role=role,
            contact_name=made.contact_name,
            contact_position=made.contact_position,
            source="synthetic",
            supplied_by=supplied_by,
            supplied_on=supplied_on,
            identity=identity_state,
            identity_on=identity_on,
            identity_evidence={"synthetic": True, "method": "two_point_check"} if identity_state == "verified" else {},
            consent_state=consent,
            consent_evidence=_evidence(made, land, consent, supplied_on, how),
        ),
    ]
    if random.randrange(100) < 12:
        rows.append(
            ContactRow(
                line=line,
                debtor=debtor,
                kind="phone",
                value=made.second_phone,
                role="reference" if made.kind == "human" else "work",
                source="synthetic",
                supplied_by=random.choice(("debtor", "third_party", "unknown")),
                supplied_on=supplied_on,
            )
        )
    if random.randrange(100) < 55:
        rows.append(
            ContactRow(
                line=line,
                debtor=debtor,
                kind="email",
                value=made.email,
                role=role,
                contact_name=made.contact_name,
                source="synthetic",
                supplied_by="debtor",
                supplied_on=supplied_on,
            )
        )
    return rows


def _evidence(made: Identity, land: Country, state: str, on: date, how: str) -> Evidence:
    """What proves a consent, with the keys of the rule packs; nothing where the state says that nothing proves it."""
    if state in ("unknown", "imported_without_evidence"):
        return {}
    evidence = {
        "synthetic": True,
        "who": made.contact_name or made.name,
        "wa_number": made.phone,
        "exact_wording": land.wording,
        "wording_version": "1",
        "purpose_includes_collection": state != "other_purpose_only",
        "channel_whatsapp": True,
        "creditor_named": True,
        "collected_on": on.isoformat(),
        "collected_how": how,
        "collector": "synthetic",
        "source_document_hash": f"{zlib.crc32(made.phone.encode()):08x}",
    }
    if state == "revoked":
        evidence["revoked_on"] = (on + timedelta(days=90)).isoformat()
    return evidence


def _by_lot(random: Random, shares: tuple[tuple[str, int], ...]) -> str:
    return random.choices([state for state, _ in shares], [share for _, share in shares])[0]
