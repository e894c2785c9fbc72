"""Pix "copia e cola": the BR Code of Brazil's central bank, written and read.

EMV tag-length-value text (Manual do BR Code): 00 format, 01 point of initiation, 26 Pix with key or address, 52 to 60
merchant data, 54 amount, 62-05 reference, 63 CRC16-CCITT over all before it and its own tag. A key that does not fit
is refused, never cut; name and city may be cut, after they are brought to ASCII, because nobody is paid by them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from kernel.errors import DomainError, Words
from kernel.money import Money
from portfolio import documents

KeyKind = Literal["cpf", "cnpj", "phone", "email", "random"]

GUI = "br.gov.bcb.pix"
NO_TXID = "***"
MAX_NAME, MAX_CITY, MAX_TXID, MAX_KEY, MAX_URL, MAX_TEMPLATE = 25, 15, 25, 77, 77, 99

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+")
_PHONE = re.compile(r"\+55[1-9]\d{9,10}", re.ASCII)
_URL = re.compile(r"[A-Za-z0-9.-]+\.[A-Za-z]{2,}(:\d{1,5})?/[A-Za-z0-9._~!$&'()*+,;=:@%/-]+", re.ASCII)
_TXID = re.compile(r"[A-Za-z0-9]{1,25}", re.ASCII)
_AMOUNT = re.compile(r"\d{1,10}(\.\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PixCode:
    """What a BR Code says. A static code has a key, a dynamic one the address of its charge."""

    name: str
    city: str
    key: str = ""
    url: str = ""
    amount: Money | None = None
    txid: str = ""  # empty where the code carries none (`***`)
    description: str = ""

    @property
    def dynamic(self) -> bool:
        """Whether amount and state live at the provider, behind the address."""
        return bool(self.url)


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, nothing reflected."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def key_kind(key: str) -> KeyKind:
    """What kind of Pix key this is, in its registered form; raises DomainError `pix_key` when it is none."""
    if _UUID.fullmatch(key):
        return "random"
    if _PHONE.fullmatch(key):
        return "phone"
    if "@" in key and _EMAIL.fullmatch(key):
        return "email"
    for kind in ("cpf", "cnpj"):
        try:
            if documents.check(kind, key) == key:
                return "cpf" if kind == "cpf" else "cnpj"
        except DomainError:
            continue
    raise DomainError(
        "pix_key",
        "%(key)s is not a Pix key: use a CPF or CNPJ without punctuation, +55 with area code and number, an e-mail in "
        "lower case, or the random key with its hyphens",
        key=key,
    )


def static(
    *, key: str, name: str, city: str, amount: Money | None = None, txid: str = "", description: str = ""
) -> str:
    """A code that pays `amount` (any amount when None) to a key; `txid` comes back with the payment.

    Raises DomainError when key, amount or txid cannot be written as they are; name, city and description are brought
    to ASCII and cut to what fits.
    """
    key_kind(key)
    if len(key) > MAX_KEY:
        raise DomainError(
            "pix_key", "a Pix key has at most %(max)s characters; this one cannot be shortened", max=MAX_KEY
        )
    if txid and not _TXID.fullmatch(txid):
        raise DomainError(
            "pix_txid", "a Pix reference has 1 to 25 letters and digits, nothing else: not %(txid)s", txid=txid
        )
    account = _field("00", GUI) + _field("01", key)
    room = MAX_TEMPLATE - len(account) - 4
    note = _ascii(description)[: max(room, 0)].strip()
    if note:
        account += _field("02", note)
    return _code(account, name=name, city=city, amount=amount, txid=txid or NO_TXID, once=False)


def dynamic(*, url: str, name: str, city: str, amount: Money | None = None) -> str:
    """A code for a charge that lives at a provider; `url` is its address without `https://`.

    The reference of a dynamic code is in the charge, so field 62-05 is `***`. Raises DomainError on a bad address or
    amount.
    """
    if len(url) > MAX_URL or not _URL.fullmatch(url):
        raise DomainError(
            "pix_url",
            "the address of a Pix charge has no https://, a path, and at most %(max)s ASCII characters",
            max=MAX_URL,
        )
    account = _field("00", GUI) + _field("25", url)
    return _code(account, name=name, city=city, amount=amount, txid=NO_TXID, once=True)


def _code(account: str, *, name: str, city: str, amount: Money | None, txid: str, once: bool) -> str:
    parts = [_field("00", "01")]
    if once:
        parts.append(_field("01", "12"))
    parts += [_field("26", account), _field("52", "0000"), _field("53", "986")]
    if amount is not None:
        parts.append(_field("54", _amount_text(amount)))
    parts += [
        _field("58", "BR"),
        _field("59", _label(name, MAX_NAME, Words("name"))),
        _field("60", _label(city, MAX_CITY, Words("city"))),
        _field("62", _field("05", txid)),
        "6304",
    ]
    body = "".join(parts)
    return f"{body}{crc16(body.encode('ascii')):04X}"


def _field(tag: str, value: str) -> str:
    if not 1 <= len(value) <= 99:
        raise DomainError("pix_length", "field %(tag)s of a Pix code holds 1 to 99 characters", tag=tag)
    return f"{tag}{len(value):02d}{value}"


def _ascii(text: str) -> str:
    """Text without accents, of printable ASCII only; what has no ASCII form is left out."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return " ".join(re.sub(r"[^ -~]", " ", plain).split())


def _label(text: str, limit: int, what: Words) -> str:
    label = _ascii(text)[:limit].strip()
    if not label:
        raise DomainError("pix_label", "a Pix code needs the receiver's %(what)s in Latin letters", what=what)
    return label


def _amount_text(amount: Money) -> str:
    if amount.currency != "BRL":
        raise DomainError("pix_currency", "Pix pays reais (BRL) only, not %(currency)s", currency=amount.currency)
    text = f"{amount.amount:.2f}"
    if amount.minor <= 0 or not _AMOUNT.fullmatch(text):
        raise DomainError(
            "pix_amount", "a Pix amount is above zero and below ten billion reais, not %(amount)s", amount=text
        )
    return text


def parse(code: str) -> PixCode:
    """Read and check a BR Code; raises DomainError `pix_code` that names the first thing wrong with it."""
    code = code.strip()
    if not code.isascii() or len(code) > 512:
        raise _broken("it has other than ASCII characters, or is longer than 512")
    if code[-8:-4] != "6304":
        raise _broken("it does not end in its check field 63; the end is missing")
    if f"{crc16(code[:-4].encode('ascii')):04X}" != code[-4:].upper():
        raise _broken("its check digits do not agree: a character was lost or changed")
    fields = _read(code)
    if not code.startswith("000201") or next(reversed(fields)) != "63":
        raise _broken("it does not begin with 000201 or does not end with field 63")
    for tag, wanted in (("53", "986"), ("58", "BR")):
        if fields.get(tag) != wanted:
            raise _broken(f"field {tag} is not {wanted}")
    for tag in ("26", "52", "59", "60", "62"):
        if tag not in fields:
            raise _broken(f"field {tag} is missing")
    account = _read(fields["26"])
    if account.get("00", "").lower() != GUI:
        raise _broken("field 26 is not Pix")
    key, url = account.get("01", ""), account.get("25", "")
    if bool(key) == bool(url):
        raise _broken("it has neither a key nor an address, or both")
    if key:
        key_kind(key)
    elif not _URL.fullmatch(url):
        raise _broken("the address of its charge is not one")
    if len(fields["59"]) > MAX_NAME or len(fields["60"]) > MAX_CITY:
        raise _broken("the receiver's name or city is too long")
    txid = _read(fields["62"]).get("05", "")
    if txid != NO_TXID and not _TXID.fullmatch(txid):
        raise _broken("its reference is not 1 to 25 letters and digits")
    return PixCode(
        name=fields["59"],
        city=fields["60"],
        key=key,
        url=url,
        amount=_read_amount(fields.get("54")),
        txid="" if txid == NO_TXID else txid,
        description=account.get("02", ""),
    )


def valid(code: str) -> bool:
    """Whether a BR Code is whole and well formed."""
    try:
        parse(code)
    except DomainError:
        return False
    return True


def _broken(why: str) -> DomainError:
    return DomainError("pix_code", "this is not a whole Pix code: %(why)s", why=why)


def _read(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for tag, value in _fields(text):
        if tag in fields:
            raise _broken(f"field {tag} stands twice")
        fields[tag] = value
    if not fields:
        raise _broken("a field is empty")
    return fields


def _fields(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        tag, length = text[place : place + 2], text[place + 2 : place + 4]
        if len(length) != 2 or not (tag + length).isdigit():
            raise _broken(f"no field begins at character {place + 1}")
        value = text[place + 4 : place + 4 + int(length)]
        if len(value) != int(length):
            raise _broken(f"field {tag} is cut off")
        yield tag, value
        place += 4 + int(length)


def _read_amount(text: str | None) -> Money | None:
    if text is None:
        return None
    if not _AMOUNT.fullmatch(text):
        raise _broken("its amount is not a number with a point and cents")
    amount = Money(Decimal(text), "BRL")
    return amount if amount else None  # some write 0.00 for "any amount"
