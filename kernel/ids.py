"""Time-ordered identifiers: UUID version 7 of RFC 9562."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0
_tail: int | None = None


def uuid7() -> uuid.UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 12 bits of sub-millisecond time and 62 random bits.

    Strictly increasing within a process, so rows made in order sort in order (RFC 9562, section 6.2, method 3).
    """
    global _last
    with _lock:
        stamp = time.time_ns() * 4096 // 1_000_000  # milliseconds with 12 fractional bits
        if _tail is not None:
            stamp &= ~0xFFF
        if stamp <= _last:
            stamp = _last + 1
        _last = stamp
    milliseconds, fraction = stamp >> 12, stamp & 0xFFF
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1) if _tail is None else _tail
    # Past the constructor, whose checks of what it is given cost more than all the rest.
    made = object.__new__(uuid.UUID)
    object.__setattr__(made, "int", (milliseconds << 80) | (7 << 76) | (fraction << 64) | (2 << 62) | tail)
    object.__setattr__(made, "is_safe", uuid.SafeUUID.unknown)
    return made


def without_chance(process: int) -> None:
    """From here on this process makes ids that count up instead of being random: for made-up data that are kept in a
    file, where chance cannot be compressed. `process` (below 2**62) sets them apart from those of other processes.
    """
    global _tail
    _tail = process
