"""The file of rejected rows: the original columns and what is wrong, safe to open in a spreadsheet.

A cell that a spreadsheet would run as a formula gets an apostrophe in front; `unescaped` takes it off when the mended
file comes back.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from portfolio.imports.rows import RowError

ERROR_COLUMNS = ("error_line", "error_column", "error_code", "error_message")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def escaped(cell: str) -> str:
    """A cell that no spreadsheet runs; also one that already began with an apostrophe before such a sign."""
    return f"'{cell}" if cell.lstrip(" \u00a0'").startswith(_FORMULA) or cell.startswith(_FORMULA) else cell


def unescaped(cell: str) -> str:
    """The cell as it was before `escaped`."""
    return cell[1:] if cell.startswith("'") and escaped(cell[1:]) == cell else cell


def write_rejected(
    header: Sequence[str], errors: Iterable[RowError], out: TextIO, *, separator: str = ",", message: bool = True
) -> int:
    """Write each rejected line once, its errors joined by ` | `; returns the number of lines written.

    Errors of one line have to stand together, as `read` yields them. Open `out` with newline="" and utf-8-sig, which
    spreadsheets recognise. `message` False leaves the English text out where the edge adds its own.
    """
    columns = ERROR_COLUMNS if message else ERROR_COLUMNS[:-1]
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow([*map(escaped, header), *columns])
    written, together = 0, list[RowError]()

    def flush() -> None:
        nonlocal written
        if not together:
            return
        cells = list(together[0].row[: len(header)])
        cells += [""] * (len(header) - len(cells))
        why = [
            str(together[0].line),
            " | ".join(error.column for error in together),
            " | ".join(error.code for error in together),
            " | ".join(error.message for error in together),
        ]
        writer.writerow(map(escaped, [*cells, *why[: len(columns)]]))
        written += 1

    for error in errors:
        if together and together[0].line != error.line:
            flush()
            together = []
        together.append(error)
    flush()
    return written
