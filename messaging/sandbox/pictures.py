"""A picture of a payment receipt, drawn without a picture library: grey lines on white paper, different each time."""

from __future__ import annotations

import hashlib
import struct
import zlib

WIDTH, HEIGHT = 240, 320


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def receipt(*what: object) -> bytes:
    """PNG bytes of a receipt-like picture that only depend on `what`."""
    digest = hashlib.blake2b("|".join(map(str, what)).encode(), digest_size=32).digest()
    rows = []
    for y in range(HEIGHT):
        line, within = divmod(y - 40, 24)
        row = bytearray(b"\xff" * WIDTH)
        if y < 28:
            row[:] = b"\x5a" * WIDTH
        elif 0 <= line < 10 and 0 <= within < 9:
            length = 40 + digest[line] % 120
            row[20 : 20 + length] = b"\x77" * length
            row[180 : 180 + digest[line + 10] % 40] = b"\x33" * (digest[line + 10] % 40)
        rows.append(b"\x00" + bytes(row))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"".join(rows), 9))
        + _chunk(b"IEND", b"")
    )
