"""How a CSV file is written: encoding and separator, found by looking at all of it and at its first lines."""

from __future__ import annotations

import codecs
import csv
import io
import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, TextIO

from kernel.errors import DomainError

SEPARATORS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
#: A row longer than this, or over more lines, is a quote that was never closed.
MAX_LINE = 100_000
MAX_ROW_LINES = 100
MARK_EVERY = 500
#: What the characters of an encoding are measured in, and the mark that a file in it may begin with.
_MEASURES = {
    "utf-8": ("utf-8", b""), "utf-8-sig": ("utf-8", codecs.BOM_UTF8), "utf-16-le": ("utf-16-le", b""),
    "utf-16-be": ("utf-16-be", b""),
}  # fmt: skip
_SINGLE = frozenset({"cp1252", "latin-1"})


@dataclass(frozen=True, slots=True)
class Layout:
    """Encoding, separator, header and the first rows of a file."""

    encoding: str
    separator: str
    header: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]


def encoding_of(file: BinaryIO) -> str:
    """The encoding of a seekable file, read to its end and left at its start.

    utf-8-sig and utf-16 by their marks, utf-16 also by its zeros, utf-8 where every byte agrees, else Windows' cp1252
    (which holds latin-1's letters) or latin-1 where even that does not fit.
    """
    file.seek(0)
    head = file.read(4096)
    if head.startswith(codecs.BOM_UTF8):
        found = "utf-8-sig"
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        found = "utf-16"
    elif len(head) >= 4 and head[1::2].count(0) > len(head) // 4:
        found = "utf-16-le"
    elif len(head) >= 4 and head[0::2].count(0) > len(head) // 4:
        found = "utf-16-be"
    else:
        found = next(name for name in ("utf-8", "cp1252", "latin-1") if _decodes(file, name))
    file.seek(0)
    return found


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def open_text(file: BinaryIO, encoding: str, start: int = 0) -> TextIO:
    """The file as text from a byte on; undecodable bytes become U+FFFD, which the reader reports row by row."""
    file.seek(start)
    return io.TextIOWrapper(io.BufferedReader(_Unclosed(file), _CHUNK), encoding=encoding, errors="replace", newline="")


class _Unclosed(io.RawIOBase):
    """A view of the caller's file, so that closing our text layer does not close it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@dataclass(slots=True)
class Marks:
    """Where rows begin in a file, (line, byte), now and then: a reading that was stopped goes on at one of them."""

    known: list[tuple[int, int]] = field(default_factory=list)

    def note(self, line: int, byte: int) -> None:
        """A row begins here; kept when the last mark is far enough behind."""
        if not self.known or line >= self.known[-1][0] + MARK_EVERY:
            self.known.append((line, byte))

    def before(self, line: int) -> tuple[int, int] | None:
        """The last mark that is not behind this line."""
        place = bisect_right(self.known, (line, sys.maxsize))
        return self.known[place - 1] if place else None


class Counted:
    """A file's text line by line from a byte on, which knows how many bytes lie behind it.

    `at` is None once that cannot be told: bytes that are no text, or an encoding whose characters cannot be measured.
    """

    def __init__(self, file: BinaryIO, encoding: str, start: int = 0) -> None:
        file.seek(0)
        head = file.read(3)
        self._measure, bom = _MEASURES.get(encoding, ("", b""))
        if encoding == "utf-16":  # its mark says which of the two it is; from the middle on there is no mark
            bom = head[:2] if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else b""
            self._measure = "utf-16-be" if bom == codecs.BOM_UTF16_BE else "utf-16-le"
        self._text = open_text(file, self._measure if start and self._measure else encoding, start)
        single = encoding in _SINGLE
        self.at: int | None = (start or len(bom) * head.startswith(bom)) if self._measure or single else None

    def __iter__(self) -> Iterator[str]:
        while line := self.readline(-1):
            yield line

    def readline(self, size: int) -> str:
        """The next line, or so many characters of it."""
        line = self._text.readline(size)
        if self.at is not None:
            if not self._measure:
                self.at += len(line)
            elif "\ufffd" in line:
                self.at = None
            else:
                self.at += len(line.encode(self._measure))
        return line


def separator_of(first_lines: str) -> str:
    """The separator under which the first lines have the most columns, the same number in every line."""

    def score(separator: str) -> tuple[int, int]:
        try:
            rows = [row for row in csv.reader(io.StringIO(first_lines, newline=""), delimiter=separator) if row]
        except csv.Error:
            return (0, 0)
        if not rows or len(rows[0]) < 2:
            return (0, 0)
        width = len(rows[0])
        return (sum(len(row) == width for row in rows) * 100 // len(rows), width)

    best = max(SEPARATORS, key=score)
    return best if score(best) > (0, 0) else ","


class _TooLong(Exception):
    """A row that does not end where rows end."""


def _line(text: TextIO | Counted) -> str:
    """The next line with its end, at most MAX_LINE characters of it; empty at the end of the file."""
    line = rest = text.readline(MAX_LINE)
    while len(rest) == MAX_LINE and not rest.endswith(("\n", "\r")):
        rest = text.readline(MAX_LINE)
    return line


def records(
    text: TextIO | Counted,
    separator: str,
    width: int,
    *,
    first: int = 1,
    begins: Callable[[int], None] = lambda line: None,
) -> Iterator[tuple[int, list[str] | DomainError]]:
    """(line number, cells) of every row, or what is wrong with a line that is no row; the text begins with line `first`.

    `begins` hears the number of a row that begins just where the text is. A quote that is never closed costs its own
    line only: the lines that it seemed to hold are read again.
    """
    pending: deque[str] = deque()
    taken: list[str] = []

    def feed() -> Iterator[str]:
        while line := pending.popleft() if pending else _line(text):
            taken.append(line)
            if len(line) >= MAX_LINE or len(taken) > MAX_ROW_LINES:
                raise _TooLong
            yield line

    number = first
    rows = csv.reader(feed(), delimiter=separator, strict=True)
    while True:
        taken.clear()
        if not pending:
            begins(number)
        try:
            cells = next(rows)
        except StopIteration:
            return
        except (csv.Error, _TooLong):
            cells = None
        if cells is not None and (len(taken) == 1 or len(cells) == width):
            yield number, cells
            number += len(taken)
            continue
        yield (
            number,
            DomainError(
                "line_unreadable", "this line cannot be read: look for a quote that is not closed or stands alone"
            ),
        )
        number += 1
        pending.extendleft(reversed(taken[1:]))
        rows = csv.reader(feed(), delimiter=separator, strict=True)


def unique_header(cells: list[str]) -> tuple[str, ...]:
    """Column names made distinct: a second `Valor` becomes `Valor (2)`, a nameless column `column 4`."""
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = base = " ".join(cell.split()) or f"column {place}"
        again = 2
        while name in names:
            name, again = f"{base} ({again})", again + 1
        names.append(name)
    return tuple(names)


def layout(file: BinaryIO, *, encoding: str = "", separator: str = "", sample_rows: int = 200) -> Layout:
    """What a file looks like; given encoding or separator are taken as they are.

    Raises DomainError when the file is empty or has no header line.
    """
    encoding = encoding or encoding_of(file)
    text = open_text(file, encoding)
    lines: list[str] = []
    while len(lines) <= sample_rows and (line := _line(text)):
        lines.append(line)
    file.seek(0)
    if not lines or not any(line.strip() for line in lines):
        raise DomainError("file_empty", "the file is empty: the first line must name the columns")
    start = "".join(lines)
    separator = separator or separator_of(start)
    rows: list[list[str]] = []
    try:
        rows.extend(
            row
            for row in csv.reader(io.StringIO(start, newline=""), delimiter=separator)
            if any(cell.strip() for cell in row)
        )
    except csv.Error as error:
        if not rows:
            raise DomainError(
                "file_unreadable", "the first line cannot be read as CSV: %(why)s", why=str(error)
            ) from error
    header = unique_header(rows[0])
    return Layout(encoding, separator, header, tuple(tuple(row) for row in rows[1:] if len(row) == len(header)))
