"""Tax and identity documents of Latin America: typed, checked, and shown only in part.

Check digits are python-stdnum's; the traps that it leaves open (collections-rules.md, part 4) are closed here: the
repeated-digit CPF, the generic documents that mean "nobody", the RFC without homoclave or with a wrong check digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from stdnum.ar import cuit
from stdnum.br import cnpj, cpf
from stdnum.cl import rut
from stdnum.co import nit
from stdnum.exceptions import ValidationError
from stdnum.mx import curp, rfc
from stdnum.pe import cui, ruc

from kernel.errors import DomainError, Words


@dataclass(frozen=True, slots=True)
class _Kind:
    country: str
    holder: str  # human, company, or either
    example: str
    validate: Callable[[str], str]


def _cpf(text: str) -> str:
    number: str = cpf.validate(text)
    if len(set(number)) == 1:
        raise DomainError("document_repeated", "a CPF of one repeated digit belongs to nobody; ask for the real one")
    return number


def _rfc(text: str) -> str:
    number: str = rfc.compact(text)
    if number in ("XAXX010101000", "XEXX010101000"):
        raise DomainError(
            "document_generic", "%(value)s is the generic RFC and names nobody; ask for the debtor's own", value=number
        )
    if len(number) == 10:
        raise DomainError(
            "document_incomplete", "this RFC lacks its homoclave: 13 characters for a person, 12 for a company"
        )
    checked: str = rfc.validate(number, validate_check_digits=True)
    return checked


def _curp(text: str) -> str:
    number: str = curp.compact(text)
    if (
        len(number) == 18 and number[10] == "X"
    ):  # neither man nor woman, on CURPs since 2021; the library knows H and M only
        curp.validate(f"{number[:10]}H{number[11:]}", validate_check_digits=False)
        if curp.calc_check_digit(number) != number[-1]:
            raise ValidationError
        return number
    checked: str = curp.validate(number)
    return checked


def _rut(text: str) -> str:
    number: str = rut.validate(text)
    if number in ("555555555", "666666666"):
        raise DomainError(
            "document_generic",
            "%(value)s is a generic RUT and names nobody; ask for the debtor's own",
            value=rut.format(number),
        )
    return number


def _nit(text: str) -> str:
    number = nit.compact(text)
    if len(number) not in (9, 10):
        raise DomainError("document_length", "a NIT has 9 digits and its check digit: write it like 860.034.313-7")
    checked: str = nit.validate(number)
    return checked


def _cc(text: str) -> str:
    number = re.sub(r"[\s.,\-]", "", text)
    if not re.fullmatch(r"[1-9]\d{4,7}|1\d{9}", number, re.ASCII) or len(set(number)) == 1:
        raise DomainError(
            "document_shape",
            "a cédula de ciudadanía has up to 8 digits, or 10 digits that start with 1; it has no check digit",
        )
    return number


def _dni_ar(text: str) -> str:
    number = re.sub(r"[\s.\-]", "", text)
    if not re.fullmatch(r"[1-9]\d{6,7}", number, re.ASCII) or len(set(number)) == 1:
        raise DomainError("document_shape", "an Argentine DNI has 7 or 8 digits: write it like 20.123.456")
    return number


def _dni_pe(text: str) -> str:
    number: str = cui.validate(text)[:8]  # a ninth character is the check digit, not part of the number
    if len(set(number)) == 1:
        raise DomainError("document_repeated", "a DNI of one repeated digit belongs to nobody; ask for the real one")
    return number


def _library(module_validate: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: module_validate(text)


_KINDS: dict[tuple[str, str], _Kind] = {
    ("CPF", "BR"): _Kind("BR", "human", "529.982.247-25", _cpf),
    ("CNPJ", "BR"): _Kind("BR", "company", "12.ABC.345/01DE-35", _library(cnpj.validate)),
    ("RFC", "MX"): _Kind("MX", "either", "GODE561231GR8", _rfc),
    ("CURP", "MX"): _Kind("MX", "human", "BOXW310820HNERXN09", _curp),
    ("CC", "CO"): _Kind("CO", "human", "1.018.425.731", _cc),
    ("NIT", "CO"): _Kind("CO", "either", "860.034.313-7", _nit),
    ("RUT", "CL"): _Kind("CL", "either", "12.531.909-2", _rut),
    ("DNI", "PE"): _Kind("PE", "human", "10117410", _dni_pe),
    ("RUC", "PE"): _Kind("PE", "either", "20512333797", _library(ruc.validate)),
    ("DNI", "AR"): _Kind("AR", "human", "20.123.456", _dni_ar),
    ("CUIT", "AR"): _Kind("AR", "either", "20-05536168-2", _library(cuit.validate)),
    ("CUIL", "AR"): _Kind("AR", "human", "20-05536168-2", _library(cuit.validate)),
}

KINDS = tuple(dict.fromkeys(kind for kind, _ in _KINDS))


def kinds_of(country: str) -> tuple[str, ...]:
    """The document kinds of a country (ISO 3166), the usual one for a person first; empty when none is known."""
    return tuple(kind for kind, where in _KINDS if where == country.upper())


def _find(kind: str, country: str) -> _Kind:
    name, where = kind.strip().upper(), country.strip().upper()
    if found := _KINDS.get((name, where)):
        return found
    homes = [home for known, home in _KINDS if known == name]
    if not homes:
        raise DomainError(
            "document_kind_unknown",
            "%(kind)s is not a document kind; use one of %(known)s",
            kind=kind,
            known=", ".join(KINDS),
        )
    if where:
        raise DomainError(
            "document_kind_country",
            "a %(kind)s is a document of %(home)s, not of %(country)s; its kinds are %(known)s",
            kind=name,
            home=", ".join(homes),
            country=where,
            known=", ".join(kinds_of(where)) or Words("none that we know"),
        )
    if len(homes) > 1:
        raise DomainError(
            "document_country_missing",
            "a %(kind)s exists in %(homes)s; say which country",
            kind=name,
            homes=", ".join(homes),
        )
    return _KINDS[name, homes[0]]


def check(kind: str, text: str, country: str = "") -> str:
    """The canonical form (no punctuation, capitals, check digits verified) of a document.

    `country` (ISO 3166) may be left out where the kind exists in one country only. Raises DomainError that says what
    to do when the kind is not of that country, or the document cannot be real.
    """
    found = _find(kind, country)
    if len(text) > 40:
        raise DomainError(
            "document_length",
            "a %(kind)s is not that long; write it like %(example)s",
            kind=kind,
            example=found.example,
        )
    try:
        return found.validate(text)
    except ValidationError as error:
        raise DomainError(
            "document_invalid",
            "%(value)s is not a valid %(kind)s: look for a mistyped digit; write it like %(example)s",
            value=text.strip(),
            kind=kind.strip().upper(),
            example=found.example,
        ) from error


def kind_for(text: str, country: str, holder: str = "") -> str:
    """The kind of a document that came without one, from its shape and `holder` (human or company).

    A person's documents are tried first unless the holder is a company. Raises DomainError when it is none of the
    country's kinds.
    """
    candidates = [(kind, found) for (kind, where), found in _KINDS.items() if where == country.upper()]
    order = ("company", "either", "human") if holder == "company" else ("human", "either", "company")
    for wanted in order:
        for kind, found in candidates:
            if found.holder == wanted:
                try:
                    found.validate(text)
                except (ValidationError, DomainError):
                    continue
                return kind
    raise DomainError(
        "document_invalid_country",
        "%(value)s is no valid document of %(country)s: look for a mistyped digit; known kinds are %(known)s",
        value=text.strip(),
        country=country.upper(),
        known=", ".join(kinds_of(country)) or Words("none"),
    )


def holder_of(kind: str, canonical: str, country: str = "") -> str | None:
    """Who such a document belongs to, human or company; None when the document does not say."""
    found = _find(kind, country)
    if found.holder != "either":
        return found.holder
    name = kind.strip().upper()
    if name == "RFC":
        return "company" if len(canonical) == 12 else "human"
    if name == "RUC":
        return "company" if canonical.startswith("20") else "human"
    if name == "CUIT":
        return "company" if canonical[0] in "35" else "human"
    return None


def _letters_and_digits(text: str) -> str:
    return "".join(character for character in text.upper() if character.isalnum())


def mask(kind: str, text: str) -> str:
    """The document for a screen or a log: its kind and its last two characters, the rest as dots of equal number."""
    plain = _letters_and_digits(text)
    shown = plain[-2:] if len(plain) > 4 else ""
    return f"{kind.strip().upper()} {'•' * (len(plain) - len(shown))}{shown}"


def last_digits(text: str, n: int) -> str:
    """The last `n` letters and digits without punctuation, in capitals: what the two-point check asks for.

    In RFC, CURP, RUT and the alphanumeric CNPJ these may be letters. Raises ValueError when n is below 1.
    """
    if n < 1:
        raise ValueError("ask for at least one digit")
    return _letters_and_digits(text)[-n:]
