"""A CSV file and its Mapping become rows. A bad line becomes errors, one for each thing wrong, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from kernel.errors import DomainError
from portfolio.imports.mapping.columns import Mapping
from portfolio.imports.mapping.files import Counted, Marks, layout, records
from portfolio.imports.mapping.line import Line
from portfolio.imports.rows import Row, RowError


def read(
    file: BinaryIO, mapping: Mapping, *, after_line: int = 0, marks: Marks | None = None
) -> Iterator[Row | RowError]:
    """The rows of a seekable CSV file, line by line; a stopped import goes on with `after_line`, from the last of the
    `marks` before it, and notes new ones.

    A line gives all of its rows, or only its errors. Raises DomainError before the first line when file and mapping do
    not fit; never for a bad line.
    """
    found = layout(file, encoding=mapping.encoding, separator=mapping.separator, sample_rows=1)
    mapping.check(found.header)
    return _rows(file, mapping, found.header, found.encoding, found.separator, after_line, marks or Marks())


def _rows(
    file: BinaryIO,
    mapping: Mapping,
    header: tuple[str, ...],
    encoding: str,
    separator: str,
    after_line: int,
    marks: Marks,
) -> Iterator[Row | RowError]:
    places = {mapping.columns[column]: place for place, column in enumerate(header) if column in mapping.columns}
    seen: dict[str, int] = {}
    first, at = (after_line and marks.before(after_line + 1)) or (1, 0)
    header_passed = first > 1
    text = Counted(file, encoding, at)

    def begins(line: int) -> None:
        if header_passed and text.at is not None:
            marks.note(line, text.at)

    for start, cells in records(text, separator, len(header), first=first, begins=begins):
        if isinstance(cells, DomainError):
            if start > after_line:
                yield RowError.of(cells, line=start)
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not header_passed:
            header_passed = True
            continue
        if start <= after_line:
            continue
        if len(cells) != len(header):
            yield RowError.of(
                DomainError(
                    "line_width",
                    "this line has %(cells)s cells and the header %(columns)s: a separator inside a text needs quotes "
                    "around the text",
                    cells=len(cells),
                    columns=len(header),
                ),
                line=start,
                row=tuple(cells),
            )
            continue
        yield from Line(start, tuple(cells), header, places, mapping, seen).rows()
