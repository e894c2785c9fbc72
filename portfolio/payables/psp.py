"""The simulator PSP: how a payment service tells that money arrived. A signed body is read, or said to be unreadable.

Header `X-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`. Body: {"id", "type": "payment.completed",
"reference", "amount": "123.45", "currency", "paid_at"}. A replayed notice changes nothing: payments are entered once
per id, so the time in the signature needs no window.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from kernel.errors import DomainError
from kernel.money import Money

NAME = "simulator"
COMPLETED = "payment.completed"
_AMOUNT = re.compile(r"\d{1,15}(\.\d{1,4})?", re.ASCII)
_ID = re.compile(r"[\x21-\x7e]{1,60}")


@dataclass(frozen=True, slots=True)
class PaymentNotice:
    """Money that arrived, as the PSP tells it. `id` is the PSP's own and the same in every copy of the notice."""

    id: str
    reference: str
    money: Money
    paid_at: datetime


def signature(secret: str, timestamp: str, raw: bytes) -> str:
    """The hex HMAC of a body at a time."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()


def signed(header: str, raw: bytes, secret: str) -> bool:
    """Whether the header is this body's signature; several `v1` may stand in it while a secret is changed."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    timestamp = next((value for name, _, value in parts if name == "t"), "")
    if not secret or not re.fullmatch(r"\d{1,12}", timestamp, re.ASCII):
        return False
    expected = signature(secret, timestamp, raw).encode()
    given = [value.encode("utf-8", "replace") for name, _, value in parts if name == "v1"]
    return True in [hmac.compare_digest(expected, value) for value in given]  # all are compared, whichever fits


def read_notice(raw: bytes) -> PaymentNotice | None:
    """What a body says; None for a type of notice that does not concern us. Raises DomainError `notice_malformed`."""
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise _malformed("it is not JSON") from error
    if not isinstance(body, dict):
        raise _malformed("it is not an object")
    if body.get("type") != COMPLETED:
        if not isinstance(body.get("type"), str):
            raise _malformed("it has no type")
        return None
    texts: dict[str, str] = {}
    for name in ("id", "reference", "amount", "currency", "paid_at"):
        value = body.get(name)
        if not isinstance(value, str) or not value:
            raise _malformed(f"{name} is not a text")
        texts[name] = value
    if not _ID.fullmatch(texts["id"]):
        raise _malformed("id is not 1 to 60 plain characters")
    if not _AMOUNT.fullmatch(texts["amount"]):
        raise _malformed("amount is not a decimal like 123.45")
    try:
        money = Money(Decimal(texts["amount"]), texts["currency"])
        paid_at = datetime.fromisoformat(texts["paid_at"])
    except ValueError as error:
        raise _malformed(str(error)) from error
    if paid_at.tzinfo is None:
        raise _malformed("paid_at has no offset")
    if money.minor <= 0:
        raise _malformed("amount is not above zero")
    return PaymentNotice(texts["id"], texts["reference"], money, paid_at)


def parse_notification(headers: Mapping[str, str], raw: bytes, secret: str) -> PaymentNotice | DomainError | None:
    """A notice as it came: read, or why it cannot be (`signature_invalid`, `notice_malformed`), or None when it does
    not concern us."""
    header = next((value for name, value in headers.items() if name.lower() == "x-signature"), "")
    if not signed(header, raw, secret):
        return DomainError("signature_invalid", "the signature does not fit the body")
    try:
        return read_notice(raw)
    except DomainError as error:
        return error


def _malformed(why: str) -> DomainError:
    return DomainError("notice_malformed", "the notice cannot be read: %(why)s", why=why)
