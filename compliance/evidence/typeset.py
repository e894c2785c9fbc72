"""Typesetting for a judge's desk: numbered pages, a header with the case, the file's hash at the foot of every page.

Blocks are laid one under the other; a block may break anywhere between two lines, so that no message is too long for a
page. The typeface (Bitstream Vera, shipped with reportlab) is embedded; what it lacks is named in brackets.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

INK, SOFT, LINE, GROUND = (colors.HexColor(each) for each in ("#1a1d21", "#5b636d", "#c9ced6", "#f4f5f7"))
LEFT = 37 * mm
GAP = 5 * mm
MARGIN, TOP, FOOT = 18 * mm, 24 * mm, 20 * mm
#: What a heading or an entry needs below it on a page: the whole left column, and a line of what was said.
_ROOM = 72
#: Countries whose courts write on letter paper.
_LETTER = frozenset({"MX", "CO", "CL", "US"})
#: A word without an end takes the typesetter time by its square; it is broken before that.
_LONG_WORD = re.compile(r"(\S{80})(?=\S)")
#: Joiners and selectors that only change how the sign before them is drawn.
_UNSEEN = {0x200D, 0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400)}


@lru_cache(maxsize=1)
def _fonts() -> frozenset[int]:
    """Register the typeface once; returns the characters that it has."""
    for name, file in (("Trato", "Vera"), ("Trato-Bold", "VeraBd"), ("Trato-Italic", "VeraIt")):
        try:
            pdfmetrics.getFont(name)
        except KeyError:
            pdfmetrics.registerFont(TTFont(name, f"{file}.ttf"))
    pdfmetrics.registerFontFamily("Trato", normal="Trato", bold="Trato-Bold", italic="Trato-Italic")
    faces = [pdfmetrics.getFont(name).face for name in ("Trato", "Trato-Bold")]
    return frozenset(set(faces[0].charToGlyph) & set(faces[1].charToGlyph))


def printable(text: str) -> str:
    """The text with every character that the typeface lacks named in brackets: `[grinning face]`, `[U+0007]`."""
    known = _fonts()
    if all(ord(sign) in known or sign == "\n" for sign in text):
        return text
    shown = []
    for sign in text.replace("\r\n", "\n").replace("\t", "    "):
        code = ord(sign)
        if sign == "\n" or (code in known and unicodedata.category(sign) != "Cc"):
            shown.append(sign)
        elif code not in _UNSEEN:
            plain = unicodedata.normalize("NFKC", sign)
            if plain != sign and all(ord(each) in known for each in plain):
                shown.append(plain)
            else:
                shown.append(f"[{unicodedata.name(sign, f'U+{code:04X}').lower().replace('u+', 'U+')}]")
    return "".join(shown)


def safe(text: object) -> str:
    """Text for a block: printable, and nothing in it is markup."""
    return escape(_LONG_WORD.sub(r"\1\n", printable(str(text)))).replace("\n", "<br/>")


def bold(text: object) -> str:
    """Safe text, in bold."""
    return f"<b>{safe(text)}</b>"


def soft(text: object) -> str:
    """Safe text, small and grey: ids, hashes, UTC."""
    return f'<font size="6.6" color="#5b636d">{safe(text)}</font>'


# --- blocks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heading:
    """A section; stands in the outline."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph over the whole width; `text` is markup made with safe, bold and soft."""

    text: str
    style: str = "body"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened: when on the left, what on the right, a line above. Parts are (style, markup)."""

    left: str
    right: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of short plain cells; `widths` are shares, negative for columns set to the right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]


Block = Heading | Text | Entry | Grid


def _styles() -> dict[str, ParagraphStyle]:
    base = ParagraphStyle("body", fontName="Trato", fontSize=8.6, leading=12.4, textColor=INK, splitLongWords=1)

    def style(name: str, **changes: Any) -> ParagraphStyle:
        return ParagraphStyle(name, parent=base, **changes)

    return {
        "body": style("body", spaceAfter=5),
        "title": style("title", fontName="Trato-Bold", fontSize=16, leading=20, spaceAfter=3),
        "lead": style("lead", fontSize=10, leading=14, textColor=SOFT, spaceAfter=10),
        "heading": style("heading", fontName="Trato-Bold", fontSize=11.5, leading=15, spaceBefore=16, spaceAfter=6),
        "subheading": style("subheading", fontName="Trato-Bold", fontSize=9, leading=12, spaceBefore=9, spaceAfter=3),
        "plain": style("plain"),
        "finding": style("finding", spaceBefore=4),
        "note": style("note", fontSize=7.6, leading=10.8, textColor=SOFT),
        "left": style("left", fontSize=8, leading=11),
        # What somebody said, as it was said: set apart from what we say about it.
        "said": style("said", backColor=GROUND, borderPadding=(3, 5, 3, 5), leftIndent=5, rightIndent=5, spaceBefore=4,
                      spaceAfter=5),
        "cell": style("cell", fontSize=7.2, leading=9.6),
        "cell_right": style("cell_right", fontSize=7.2, leading=9.6, alignment=TA_RIGHT),
        "cell_head": style("cell_head", fontName="Trato-Bold", fontSize=7.2, leading=9.6, textColor=SOFT),
        "cell_head_right": style("cell_head_right", fontName="Trato-Bold", fontSize=7.2, leading=9.6, textColor=SOFT,
                                 alignment=TA_RIGHT),
    }  # fmt: skip


class _Row(Flowable):
    """A narrow paragraph beside one part of a wide one; the wide one may break over pages."""

    def __init__(self, left: Paragraph | None, right: Paragraph, *, rule: bool = False, last: bool = True) -> None:
        super().__init__()
        self.left, self.right, self.rule, self.last = left, right, rule, last
        before, after = right.style.spaceBefore, right.style.spaceAfter
        self.above, self.below = (7 if rule else 0) + before, after

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        _, tall = self.right.wrap(width - LEFT - GAP, height)
        beside = self.left.wrap(LEFT, height)[1] if self.left else 0
        self.tall, self.beside = tall, beside
        # Of several parts the left one stands beside the first and whatever follows it.
        self.height = (max(tall, beside - self.below) if self.last else tall) + self.above + self.below
        return width, self.height

    def split(self, width: float, height: float) -> list[Flowable]:
        self.wrap(width, height)
        if height < self.beside + self.above:
            return []
        parts = self.right.split(width - LEFT - GAP, height - self.above - self.below)
        if len(parts) < 2:
            return []
        return [_Row(self.left, parts[0], rule=self.rule), *(_Row(None, part, last=self.last) for part in parts[1:])]

    def draw(self) -> None:
        top = self.height
        if self.rule:
            self.canv.setStrokeColor(LINE)
            self.canv.setLineWidth(0.5)
            self.canv.line(0, top, self.width, top)
        if self.left:
            self.left.drawOn(self.canv, 0, top - (7 if self.rule else 0) - self.beside)
        self.right.drawOn(self.canv, LEFT + GAP, top - self.above - self.tall)


class _Section(Paragraph):
    """A heading that stands in the outline of the file."""

    def draw(self) -> None:
        key = f"section-{self.getPlainText()}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(self.getPlainText(), key, level=0)
        super().draw()


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands on every page."""

    case: str
    house: str
    foot: str
    page: str  # {page} {pages}


class _Numbered(Canvas):
    """Pages that know how many there are: header and foot are drawn when the last one is done."""

    marks: Marks

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        total = len(self._pages)
        for number, state in enumerate(self._pages, 1):
            self.__dict__.update(state)
            self._mark(number, total)
            super().showPage()
        super().save()

    def _mark(self, number: int, total: int) -> None:
        width, height = self._pagesize
        self.setFillColor(SOFT)
        self.setStrokeColor(LINE)
        self.setLineWidth(0.5)
        self.setFont("Trato", 7)
        self.drawString(MARGIN, height - 14 * mm, _short(self.marks.case, 7, (width - 2 * MARGIN) * 0.62))
        self.drawRightString(width - MARGIN, height - 14 * mm, _short(self.marks.house, 7, (width - 2 * MARGIN) * 0.34))
        self.line(MARGIN, height - 16.5 * mm, width - MARGIN, height - 16.5 * mm)
        self.line(MARGIN, 14.5 * mm, width - MARGIN, 14.5 * mm)
        self.drawRightString(width - MARGIN, 10 * mm, self.marks.page.format(page=number, pages=total))
        self.setFont("Trato", 6.2)
        self.drawString(MARGIN, 10 * mm, self.marks.foot)


def _short(text: str, size: float, width: float) -> str:
    text = printable(text)
    while text and pdfmetrics.stringWidth(text, "Trato", size) > width:
        text = text[:-2].rstrip("… ") + "…"
    return text


def typeset(blocks: Sequence[Block], *, marks: Marks, title: str, subject: str, language: str, country: str) -> bytes:
    """The PDF's bytes; the same blocks give the same bytes."""
    _fonts()
    styles = _styles()
    size = LETTER if country in _LETTER else A4
    width = size[0] - 2 * MARGIN
    target = io.BytesIO()
    document = BaseDocTemplate(
        target, pagesize=size, title=printable(title), author=printable(marks.house), subject=subject, lang=language,
        creator="Trato", invariant=1, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=TOP, bottomMargin=FOOT,
    )  # fmt: skip
    frame = Frame(MARGIN, FOOT, width, size[1] - TOP - FOOT, 0, 0, 0, 0)
    document.addPageTemplates([PageTemplate(frames=[frame])])
    canvas = type("Pages", (_Numbered,), {"marks": marks})
    document.build([each for block in blocks for each in _laid(block, styles, width)], canvasmaker=canvas)
    return target.getvalue()


def _laid(block: Block, styles: dict[str, ParagraphStyle], width: float) -> list[Flowable]:
    if isinstance(block, Heading):
        return [CondPageBreak(_ROOM + 30), _Section(safe(block.text), styles["heading"])]
    if isinstance(block, Text):
        paragraph = Paragraph(block.text, styles[block.style])
        return [CondPageBreak(_ROOM), paragraph] if block.style == "subheading" else [paragraph]
    if isinstance(block, Entry):
        rows: list[Flowable] = [CondPageBreak(_ROOM)]
        for place, (style, text) in enumerate(block.right):
            left = Paragraph(block.left, styles["left"]) if place == 0 else None
            last = place == len(block.right) - 1
            rows.append(_Row(left, Paragraph(text, styles[style]), rule=place == 0, last=last))
        return [*rows, Spacer(0, 5)]
    return [_table(block, styles, width), Spacer(0, 6)]


def _table(block: Grid, styles: dict[str, ParagraphStyle], width: float) -> Table:
    total = sum(abs(share) for share in block.widths)
    sides = ["_right" if share < 0 else "" for share in block.widths]
    head = [Paragraph(safe(text), styles[f"cell_head{side}"]) for text, side in zip(block.header, sides, strict=True)]
    body = [
        [Paragraph(safe(text), styles[f"cell{side}"]) for text, side in zip(row, sides, strict=True)]
        for row in block.rows
    ]
    table = Table([head, *body], [width * abs(share) / total for share in block.widths], repeatRows=1)
    table.setStyle(TableStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
    ]))  # fmt: skip
    return table
