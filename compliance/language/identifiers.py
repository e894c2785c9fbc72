"""Numbers and keys that must not travel in a message: cards, personal identifiers, accounts that nobody registered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["card", "identifier", "account"]

_DIGITS = re.compile(r"(?<![\w,.$-])\d(?:[ .\-]?\d){6,59}(?!\d)(?:-[kK]\b)?")
_CURP = re.compile(r"\b[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d\b", re.I)
_RFC = re.compile(r"\b[A-ZÑ]{4}\d{6}[A-Z0-9]{3}\b", re.I)
_RUT = re.compile(r"(?<![\w.])\d{1,2}\.?\d{3}\.?\d{3}-[\dkK]\b")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I)
_ALIAS = re.compile(r"\balias\W{1,3}(?:es\W{1,2}|cbu\W{1,2})?([\w-]{2,20}(?:\.[\w-]{2,20}){1,3})", re.I)
_PAY_NEAR = re.compile(
    r"\b(?:pix|chave|clabe|cbu|cvu|cci|cuenta|cta|conta|ag[eê]ncia|nequi|daviplata|yape\w*|plin\w*|transf\w*|deposit\w*|dep[oó]s\w*|"
    r"consign\w*|iban|spei|ted|pague|paga|pagar)\b",
    re.I,
)
_WALLET_NEAR = re.compile(r"\b(?:pix|chave|nequi|daviplata|yape\w*|plin\w*)\b", re.I)
_ID_NEAR = re.compile(r"\b(?:cpf|dni|c[eé]dula|c\.?c\.?|rut|cuil|cuit|ine|documento|identidade?|rg|nit)\b", re.I)
_SCHEMES = frozenset(["22", "23", "24", "25", "26", "27", "60", "62", "63", "65"])
_BARE = re.compile(r"[^0-9a-z]")


@dataclass(frozen=True, slots=True)
class Found:
    """An identifier, where it stands, and its bare form (lower case letters and digits)."""

    kind: Kind
    name: str
    start: int
    end: int
    bare: str


def bare(text: str) -> str:
    """Letters and digits only, lower case: how accounts are compared."""
    return _BARE.sub("", text.casefold())


def luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _card(digits: str) -> bool:
    shape = (
        (len(digits) == 16 and (digits[0] in "45" or digits[:2] in _SCHEMES))
        or (len(digits) == 15 and digits[:2] in ("34", "37"))
        or (len(digits) == 14 and digits[:2] in ("36", "38"))
    )
    return shape and len(set(digits)) > 1 and luhn(digits)


def _mod11(digits: str, first: int) -> str:
    total = sum(int(d) * w for d, w in zip(digits, range(first, first - len(digits), -1), strict=True))
    rest = total * 10 % 11
    return str(0 if rest == 10 else rest)


def _cpf(digits: str) -> bool:
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    return _mod11(digits[:9], 10) == digits[9] and _mod11(digits[:10], 11) == digits[10]


def _clabe(digits: str) -> bool:
    total = sum(int(d) * w % 10 for d, w in zip(digits[:17], (3, 7, 1) * 6, strict=False))
    return len(digits) == 18 and (10 - total % 10) % 10 == int(digits[17])


def _rut(text: str) -> bool:
    body, check = bare(text)[:-1], bare(text)[-1]
    if not body.isdigit() or int(body) >= 50_000_000:  # from fifty million on it is a company
        return False
    total = sum(int(d) * (2 + place % 6) for place, d in enumerate(reversed(body)))
    return check == "0123456789k0"[11 - total % 11]


def _cuil(digits: str) -> bool:
    if len(digits) != 11 or digits[:2] not in ("20", "23", "24", "27"):
        return False
    total = sum(int(d) * w for d, w in zip(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True))
    return total % 11 == 0


def identifiers(text: str) -> Iterator[Found]:
    """Every card number, personal identifier and payment account or key in a text, left to right by kind."""
    for match in _CURP.finditer(text):
        yield Found("identifier", "curp", match.start(), match.end(), bare(match.group()))
    for match in _RFC.finditer(text):
        yield Found("identifier", "rfc", match.start(), match.end(), bare(match.group()))
    for match in _RUT.finditer(text):
        if _rut(match.group()):
            yield Found("identifier", "rut", match.start(), match.end(), bare(match.group()))
    for match in _DIGITS.finditer(text):
        digits = bare(match.group()).rstrip("k")
        start, end = match.span()
        before = text[max(0, start - 60) : start]
        kind = _number(digits, match.group(), before)
        if kind:
            yield Found(kind[0], kind[1], start, end, digits)
    for pattern, name in ((_MAIL, "mail"), (_UUID, "uuid")):
        for match in pattern.finditer(text):
            if _WALLET_NEAR.search(text[max(0, match.start() - 60) : match.start()]):
                yield Found("account", name, match.start(), match.end(), bare(match.group()))
    for match in _ALIAS.finditer(text):
        yield Found("account", "alias", match.start(1), match.end(1), bare(match.group(1)))


def _number(digits: str, written: str, before: str) -> tuple[Kind, str] | None:
    pays = _PAY_NEAR.search(before)
    if _card(digits):
        return ("card", "card")
    if len(digits) == 18 and _clabe(digits) and "." not in written:
        return ("account", "clabe")
    if len(digits) in (20, 22) and pays:
        return ("account", "bank")
    if len(digits) in (11, 14) and _WALLET_NEAR.search(before):
        return ("account", "key")
    if 7 <= len(digits) <= 13 and _WALLET_NEAR.search(before[-30:]):
        return ("account", "wallet")
    formatted = re.fullmatch(r"\d{3}\.\d{3}\.\d{3}-\d{2}", written) is not None
    near_id = _ID_NEAR.search(before[-24:]) and (formatted or " " not in written)
    if _cpf(digits) and (formatted or near_id):
        return ("identifier", "cpf")
    if _cuil(digits) and ("-" in written or near_id):
        return ("identifier", "cuil")
    if near_id and 7 <= len(digits) <= 11 and not pays:
        return ("identifier", "document")
    if 8 <= len(digits) <= 21 and re.search(r"\b(?:cuenta|cta|conta|clabe|cbu|cvu|cci)\b\D{0,24}$", before, re.I):
        return ("account", "account")
    return None
