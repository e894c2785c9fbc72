"""Time-ordered identifiers: UUID version 7 of RFC 9562."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 12 bits of sub-millisecond time and 62 random bits.

    Strictly increasing within a process, so rows made in order sort in order (RFC 9562, section 6.2, method 3).
    """
    global _last
    with _lock:
        stamp = time.time_ns() * 4096 // 1_000_000  # milliseconds with 12 fractional bits
        if stamp <= _last:
            stamp = _last + 1
        _last = stamp
    milliseconds, fraction = stamp >> 12, stamp & 0xFFF
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (fraction << 64) | (2 << 62) | tail)
