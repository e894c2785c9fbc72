"""A payment card in words: what the debtor reads, with the code alone so that it can be copied whole.

Product rules behind it (product.md, section 8): amount and creditor first, the code in its own bubble, then until when
it stands and whom the reference names. Only accounts that the creditor registered may be passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from babel.dates import format_date
from babel.numbers import format_currency

from kernel.errors import DomainError
from kernel.money import Money
from portfolio.payables import accounts, clabe, pix

Rail = Literal["pix", "clabe", "cbu", "alias", "cci", "bre_b"]

_LOCALES = {"es": "es_419", "pt": "pt_BR", "en": "en"}
_COUNTRY_LOCALES = {"BRL": "pt_BR", "MXN": "es_MX", "COP": "es_CO", "CLP": "es_CL", "PEN": "es_PE", "ARS": "es_AR"}

_RAIL_NAMES: dict[str, dict[Rail, str]] = {
    "es": {"pix": "Pix", "clabe": "CLABE", "cbu": "CBU/CVU", "alias": "Alias", "cci": "CCI", "bre_b": "Llave Bre-B"},
    "pt": {
        "pix": "Pix copia e cola",
        "clabe": "CLABE",
        "cbu": "CBU/CVU",
        "alias": "Alias",
        "cci": "CCI",
        "bre_b": "Chave Bre-B",
    },
    "en": {"pix": "Pix code", "clabe": "CLABE", "cbu": "CBU/CVU", "alias": "Alias", "cci": "CCI", "bre_b": "Bre-B key"},
}
_WORDS = {
    "es": {
        "pay": "Pague {amount} a {holder}",
        "bank": "Banco: {bank}",
        "reference": "Escriba esta referencia en el concepto: {reference}",
        "until": "Válido hasta el {day}",
    },
    "pt": {
        "pay": "Pague {amount} a {holder}",
        "bank": "Banco: {bank}",
        "reference": "Escreva esta referência na descrição: {reference}",
        "until": "Válido até {day}",
    },
    "en": {
        "pay": "Pay {amount} to {holder}",
        "bank": "Bank: {bank}",
        "reference": "Write this reference in the description: {reference}",
        "until": "Valid until {day}",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is sent: `heading` and `footing` around `code`, which stands alone."""

    heading: str
    code: str
    footing: str


def card(
    rail: Rail,
    value: str,
    *,
    holder: str,
    amount: Money,
    language: str,
    bank: str = "",
    reference: str = "",
    valid_until: date | None = None,
) -> Card:
    """The card for paying `amount` over a rail; `language` is es, pt or en.

    The value is checked first: a wrong digit would send the debtor's money elsewhere. Raises DomainError on a bad
    value or an unknown rail.
    """
    code = _checked(rail, value)
    tongue = language[:2].lower() if language[:2].lower() in _WORDS else "en"
    words = _WORDS[tongue]
    heading = [words["pay"].format(amount=amount_text(amount, tongue), holder=holder)]
    bank = bank or (clabe.bank_name(code) or "" if rail == "clabe" else "")
    if bank:
        heading.append(words["bank"].format(bank=bank))
    heading.append(f"{_RAIL_NAMES[tongue][rail]}:")
    footing = []
    if reference and rail != "pix":  # a Pix code carries its reference inside
        footing.append(words["reference"].format(reference=reference))
    if valid_until is not None:
        footing.append(words["until"].format(day=format_date(valid_until, "long", locale=_LOCALES[tongue])))
    return Card(heading="\n".join(heading), code=code, footing="\n".join(footing))


def amount_text(amount: Money, language: str) -> str:
    """An amount as people of the currency's country write it: R$ 1.234,56 in Brazil, $1,234.56 in Mexico."""
    locale = _COUNTRY_LOCALES.get(amount.currency) or _LOCALES.get(language[:2].lower(), "en")
    text: str = format_currency(amount.amount, amount.currency, locale=locale)
    return text.replace("\u00a0", " ").replace("\u202f", " ")  # a plain space is what people copy


def _checked(rail: str, value: str) -> str:
    if rail == "pix":
        pix.parse(value)
        return value.strip()
    if rail == "clabe":
        return clabe.check(value)
    if rail == "cbu":
        return accounts.check_cbu(value)
    if rail == "alias":
        return accounts.check_alias(value)
    if rail == "cci":
        return accounts.check_cci(value)
    if rail == "bre_b":
        return accounts.check_bre_b(value)[1]
    raise DomainError("rail_unknown", "%(rail)s is no way to pay that we know", rail=rail)
