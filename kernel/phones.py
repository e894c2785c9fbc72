"""Phone numbers: what a person types, what we dial (E.164), and what WhatsApp calls the same number.

WhatsApp keeps Mexico's old 1 after 52, drops Brazil's ninth digit in many areas and Argentina's 9; one person must not
become two because of it (collections-rules.md part 4; rule-packs.yaml, number_plans.wa_id).
"""

from __future__ import annotations

import re

import phonenumbers

from kernel.errors import DomainError

_MX_OLD = re.compile(r"^521(\d{10})$")
_BR_EIGHT = re.compile(r"^55(\d{2})([6-9]\d{7})$")
_AR_BARE = re.compile(r"^54([^9]\d{9})$")


def to_e164(text: str, region: str | None = None) -> str:
    """The E.164 form of a number as people write it; `region` (ISO 3166) is for numbers without a country code.

    Raises DomainError `phone_invalid` when it is no possible number.
    """
    cleaned = text.strip()
    digits = re.sub(r"\D", "", cleaned)
    if cleaned.startswith("+") or (region is None and digits):
        fixed = wa_id_to_e164(digits)
        cleaned = fixed
    elif region == "BR" and len(digits) == 10 and digits[2] in "6789":
        cleaned = f"+55{digits[:2]}9{digits[2:]}"
    try:
        number = phonenumbers.parse(cleaned, region)
    except phonenumbers.NumberParseException as error:
        raise DomainError(
            "phone_invalid", "%(phone)s is not a phone number; write it like +5511987654321", phone=text
        ) from error
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        raise DomainError(
            "phone_invalid", "%(phone)s is not a valid phone number; write it like +5511987654321", phone=text
        )
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return wa_id_to_e164(e164[1:])


def wa_id_to_e164(wa_id: str) -> str:
    """The dialable E.164 form of the digits that WhatsApp reports as an id."""
    digits = wa_id.lstrip("+")
    if match := _MX_OLD.match(digits):
        return f"+52{match[1]}"
    if match := _BR_EIGHT.match(digits):
        return f"+55{match[1]}9{match[2]}"
    if match := _AR_BARE.match(digits):
        return f"+549{match[1]}"
    return f"+{digits}"


def wa_forms(e164: str) -> tuple[str, ...]:
    """Every id under which WhatsApp may report this number, the plain digits first."""
    digits = e164.lstrip("+")
    forms = [digits]
    if digits.startswith("52") and len(digits) == 12:
        forms.append(f"521{digits[2:]}")
    elif digits.startswith("55") and len(digits) == 13 and digits[4] == "9":
        forms.append(digits[:4] + digits[5:])
    elif digits.startswith("549") and len(digits) == 13:
        forms.append(f"54{digits[3:]}")
    return tuple(forms)


def region_of(e164: str) -> str | None:
    """The ISO 3166 country of an E.164 number, or None when it belongs to none or to several."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(e164, None))
    except phonenumbers.NumberParseException:
        return None


def spoken(e164: str) -> str:
    """An E.164 number as people read it (+52 55 1234 5678); anything else as it is."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
