"""A code as a picture that a telephone reads: SVG inside the page, without a script, a file or a request."""

from __future__ import annotations

import io

import segno
from django.utils.safestring import SafeString, mark_safe


def svg(code: str, label: str) -> SafeString:
    """The QR code of a text as inline SVG; `label` is what is read out instead."""
    drawn = segno.make(code, micro=False, error="m").svg_inline(
        border=2, omitsize=True, svgclass="qr", lineclass=None, title=label
    )
    return mark_safe(drawn)  # made of squares and of a title that the library escapes


def svg_file(code: str, label: str) -> bytes:
    """The same as a file of its own, to be printed."""
    out = io.BytesIO()
    segno.make(code, micro=False, error="m").save(out, kind="svg", border=4, scale=8, title=label)
    return out.getvalue()
