"""One way to write a value as bytes, so that hashes agree wherever they are computed.

JSON with sorted keys, no spaces, UTF-8, no floats: decimals and instants are text. RFC 8785 in spirit, narrower in
what it accepts, so that a verifier needs nothing but a standard library.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        raise TypeError("no floats in evidence: use Decimal or an integer of minor units")
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (uuid.UUID, Decimal)):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def instant_text(value: datetime) -> str:
    """An aware instant as RFC 3339 in UTC with microseconds; raises ValueError on a naive one."""
    if value.tzinfo is None:
        raise ValueError("a naive datetime names no instant")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(value: Any) -> bytes:
    """The canonical bytes of a JSON-like value; raises TypeError on floats and unknown types."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value: Any) -> str:
    """Hex SHA-256 of the canonical bytes."""
    return hashlib.sha256(canonical(value)).hexdigest()
