"""The refused lines of an import: kept sealed, with reasons, to be mended and sent again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence

from portfolio.imports.mapping import write_rejected
from portfolio.imports.rows import (
    RowError,
)
from portfolio.models import Creditor, Import, ImportRejection
from tenants import bulk
from tenants.language import said
from tenants.secrets import seal, unseal

_ROW_PURPOSE = "import.row"


def keep_rejected(made: Import, creditor: Creditor, errors: Sequence[RowError]) -> None:
    """Keep these refused lines; the cells sealed, for they hold personal data."""
    kept = [
        ImportRejection(
            creditor=creditor,
            source_import=made,
            line=error.line,
            column=error.column[:80],
            code=error.code[:60],
            message=said(error.template, error.params) or error.message,
            row=seal(json.dumps({"row": error.row, "value": error.value}, ensure_ascii=False), purpose=_ROW_PURPOSE),
        )
        for error in errors
    ]
    bulk.insert(ImportRejection, kept)


def rejected_rows(made: Import) -> Iterator[RowError]:
    """The refused lines of an import with their reasons, in the order of the file."""
    for kept in ImportRejection.objects.filter(source_import=made).order_by("line", "id").iterator(chunk_size=500):
        cells = json.loads(unseal(kept.row, purpose=_ROW_PURPOSE))
        yield RowError(
            line=kept.line,
            column=kept.column,
            code=kept.code,
            message=kept.message,
            value=cells["value"],
            row=tuple(cells["row"]),
        )


def rejected_csv(made: Import, *, separator: str = ",") -> str:
    """The file of refused lines: the original columns and what is wrong, to be mended and sent again."""
    out = io.StringIO(newline="")
    write_rejected(made.mapping.get("header") or [], rejected_rows(made), out, separator=separator)
    return out.getvalue()
