"""What a reader is: a name, the header it knows, and rows out of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Protocol

from portfolio.imports.mapping.files import Marks
from portfolio.imports.rows import Row, RowError


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a file does not say and the import does: the tenant's date, the creditor's country and currency, a seed."""

    today: date
    country: str
    currency: str
    seed: int = 1


class Read(Protocol):
    """Rows after a line, from the last of the marks before it; raises DomainError only before the first row."""

    def __call__(
        self, file: BinaryIO, setting: Setting, after_line: int = 0, marks: Marks | None = None
    ) -> Iterator[Row | RowError]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One file format."""

    name: str
    title: str
    #: What is made up because the file lacks it; shown with every report about its data.
    synthetic: tuple[str, ...]
    matches: Callable[[tuple[str, ...]], bool]
    read: Read
