"""Which reader a file gets: one that knows its header, one asked for by name, or a mapping of its columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from kernel.errors import DomainError
from portfolio.imports.mapping import Mapping, guess, layout, read
from portfolio.imports.readers import Setting, by_name, reader_for
from portfolio.imports.rows import Row, RowError


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file that can be read: with what, its header, what of it is made up, and its rows after a line."""

    mapping: dict[str, Any]
    header: tuple[str, ...]
    sha256: str
    synthetic: tuple[str, ...]
    rows: Callable[[int], Iterator[Row | RowError]]


def choose(file: BinaryIO, setting: Setting, mapping: str | dict[str, Any] | None = None) -> Chosen:
    """Look at a seekable file. `mapping`: a reader's name, a mapping's JSON as text or object, or None to find out.

    Raises DomainError when the file is empty, the mapping does not fit, or no such reader is known.
    """
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    seen = layout(file)
    name = mapping if isinstance(mapping, str) and not mapping.lstrip().startswith("{") else None
    reader = by_name(name) if name else (reader_for(seen.header) if mapping is None else None)
    if reader is not None:
        chosen = reader
        return Chosen(
            {"reader": chosen.name},
            seen.header,
            digest.hexdigest(),
            chosen.synthetic,
            lambda after: chosen.read(file, setting, after),
        )
    columns = _mapping(mapping) if mapping is not None else guess(seen.header, seen.sample, setting.country)
    columns.check(seen.header)
    return Chosen(
        columns.to_json(), seen.header, digest.hexdigest(), (), lambda after: read(file, columns, after_line=after)
    )


def _mapping(given: str | dict[str, Any]) -> Mapping:
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise DomainError("mapping_shape", "the mapping is not JSON", pointer="/mapping") from error
    return Mapping.from_json(given)
