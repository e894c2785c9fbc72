"""Accounts and keys of other countries, checked as far as their numbers allow.

CBU and CVU have check digits (python-stdnum's ar.cbu computes both blocks). For the Peruvian CCI, the Argentine alias
and Colombia's Bre-B key only the shape can be checked.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Literal

from stdnum.ar import cbu
from stdnum.exceptions import ValidationError

from kernel.errors import DomainError
from kernel.phones import to_e164
from portfolio import documents

BreBKind = Literal["document", "phone", "email", "alphanumeric", "merchant"]


def check_cbu(text: str) -> str:
    """The 22 digits of an Argentine CBU (bank) or CVU (wallet, begins with 000); raises DomainError."""
    try:
        digits: str = cbu.validate(text)
    except ValidationError as error:
        raise DomainError(
            "cbu_invalid",
            "%(value)s is no CBU or CVU: it has 22 digits, two of them check digits; look for a mistyped one",
            value=text,
        ) from error
    return digits


def is_cvu(cbu_or_cvu: str) -> bool:
    """Whether a checked number belongs to a wallet (CVU) rather than a bank (CBU)."""
    return cbu_or_cvu.startswith("000")


def make_cbu(bank: str, branch: str, account: str) -> str:
    """The CBU of an account; shorter parts are filled with zeros. Raises DomainError when a part does not fit."""
    parts = []
    for name, value, size in (("bank", bank, 3), ("branch", branch, 4), ("account", account, 13)):
        if not re.fullmatch(rf"\d{{1,{size}}}", value, re.ASCII):
            raise DomainError(
                "cbu_part",
                "the %(part)s of a CBU is up to %(size)s digits, not %(value)s",
                part=name,
                size=size,
                value=value,
            )
        parts.append(value.zfill(size))
    head, tail = parts[0] + parts[1], parts[2]
    return head + cbu.calc_check_digit(head) + tail + cbu.calc_check_digit(tail)


def check_alias(text: str) -> str:
    """An Argentine alias in lower case: 6 to 20 letters, digits, points and hyphens; raises DomainError."""
    alias = text.strip().lower()
    if not re.fullmatch(r"[a-z0-9.-]{6,20}", alias):
        raise DomainError(
            "alias_invalid", "an alias has 6 to 20 letters, digits, points and hyphens: write it like pago.luz.sol"
        )
    return alias


def check_cci(text: str) -> str:
    """The 20 digits of a Peruvian CCI: 3 of bank, 3 of office, 12 of account, 2 of control (not computed here)."""
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"\d{20}", digits, re.ASCII):
        raise DomainError("cci_invalid", "a CCI has 20 digits, not %(count)s characters", count=len(digits))
    return digits


def check_bre_b(text: str, kind: BreBKind | None = None) -> tuple[BreBKind, str]:
    """The kind and registered form of a Bre-B key (llave): (kind, key).

    Without `kind` the shape decides, a mobile number before a document: 3xx xxx xxxx is a phone. Raises DomainError
    when it is none, or not of the kind asked for.
    """
    key = text.strip()
    for candidate, form in _bre_b_forms(key):
        if kind is None or kind == candidate:
            return candidate, form
    raise DomainError(
        "bre_b_key",
        "%(key)s is not a Bre-B key: use a mobile number, a cédula or NIT, an e-mail, @ with 5 to 20 letters and "
        "digits, or the ten-digit merchant code that begins with 00",
        key=key,
    )


def _bre_b_forms(key: str) -> list[tuple[BreBKind, str]]:
    forms: list[tuple[BreBKind, str]] = []
    if re.fullmatch(r"@[A-Za-z0-9]{5,20}", key):
        forms.append(("alphanumeric", key.upper()))
    elif "@" in key:
        if re.fullmatch(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", key) and len(key) <= 92:
            forms.append(("email", key.lower()))
        return forms
    digits = re.sub(r"[\s().-]", "", key).removeprefix("+57")
    if re.fullmatch(r"00\d{8}", digits, re.ASCII):
        forms.append(("merchant", digits))
    if re.fullmatch(r"3\d{9}", digits, re.ASCII):
        with suppress(DomainError):
            forms.append(("phone", to_e164(f"+57{digits}").removeprefix("+57")))
    for document in ("CC", "NIT"):
        with suppress(DomainError):
            forms.append(("document", documents.check(document, key)))
    return forms
