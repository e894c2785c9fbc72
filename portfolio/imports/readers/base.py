"""What a reader is: a name, the header it knows, and rows out of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from portfolio.imports.rows import Row, RowError


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a file does not say and the import does: the tenant's date, the creditor's country and currency, a seed."""

    today: date
    country: str
    currency: str
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One file format. `read` takes (file, setting, after_line), raises DomainError only before its first row."""

    name: str
    title: str
    #: What is made up because the file lacks it; shown with every report about its data.
    synthetic: tuple[str, ...]
    matches: Callable[[tuple[str, ...]], bool]
    read: Callable[[BinaryIO, Setting, int], Iterator[Row | RowError]]
