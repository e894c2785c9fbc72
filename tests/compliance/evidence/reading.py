"""Reading a PDF as a machine does."""

from __future__ import annotations

import io
import re

from pypdf import PdfReader


def pages_of(body: bytes) -> list[str]:
    """The text of each page, with single spaces: where a line breaks is the typesetter's business."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(body)).pages]


def text_of(body: bytes) -> str:
    """The text of all pages, without the header and the foot between them."""
    return " ".join(pages_of(body))
