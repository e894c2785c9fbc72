"""Readers for files that a column mapping cannot describe. One module per file format, listed here.

To add one: a module with a `Reader` named READER, and its line in `_READERS`.
"""

from collections.abc import Sequence

from kernel.errors import DomainError
from portfolio.imports.readers import uci_credit_card
from portfolio.imports.readers.base import Reader, Setting

_READERS = (uci_credit_card.READER,)

__all__ = ["Reader", "Setting", "by_name", "names", "reader_for"]


def names() -> tuple[str, ...]:
    """The names that `by_name` knows."""
    return tuple(reader.name for reader in _READERS)


def by_name(name: str) -> Reader:
    """The reader of that name; raises DomainError that lists the names."""
    for reader in _READERS:
        if reader.name == name:
            return reader
    raise DomainError(
        "reader_unknown", "%(name)s is no reader; use one of %(known)s", name=name, known=", ".join(names())
    )


def reader_for(header: Sequence[str]) -> Reader | None:
    """The reader whose file has this header, or None: then a column mapping is needed."""
    return next((reader for reader in _READERS if reader.matches(tuple(header))), None)
