"""One canonical digest per evidence table, known by the table's name, so that the ledger can check every room's rows.

A room that owns evidence registers how its rows are hashed, from its AppConfig.ready(); the event that announces a row
carries that hash (tenants.events.Emit.digest), and the seals cover the events. Columns that may be erased are left out
of a digest, or go in as their hash.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

#: A row (a model instance) -> hex SHA-256 of its canonical content.
DigestFunction = Callable[[Any], str]
#: The event that states the hash of what is left of a row whose personal data have had their time.
BLANKED = "retention.blanked"
#: The key, in the column that a table names as its `mark`, under which a blanked row keeps the hashes stated before.
ERASED = "erased"


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """A registered table. Every row has exactly one event out of `announced_by`; `later` are further ones.

    `mark` is the JSON column in which a blanked row keeps the hashes that its events stated; '' where nothing of it is
    ever blanked.
    """

    subject: str
    function: DigestFunction
    announced_by: tuple[str, ...]
    later: dict[str, DigestFunction]
    mark: str = ""


_ANNOUNCED = "announced"
_tables: dict[str, EvidenceTable] = {}


def register(
    subject: str,
    function: DigestFunction,
    *,
    announced_by: str | tuple[str, ...],
    later: dict[str, DigestFunction] | None = None,
    mark: str = "",
) -> None:
    """Say how rows of `subject` ("app.model", lower case) are hashed, and by which event each row is announced.

    `later` maps names of further events about a row that carry a hash (stop.lifted) to how that hash is made. Raises
    ValueError when the table is registered already with other functions.
    """
    names = (announced_by,) if isinstance(announced_by, str) else announced_by
    table = EvidenceTable(subject, function, names, dict(later or {}), mark)
    known = _tables.get(subject)
    if known is not None and known != table:
        raise ValueError(f"{subject} has a digest function already: one table, one way to hash it")
    _tables[subject] = table


def digest_of(subject: str, row: Any, *, event: str = "") -> str:
    """The hash of a row as the event of that name states it (the announcing event where no name is given).

    Raises LookupError for a table or an event that nobody registered.
    """
    table = _tables.get(subject)
    if table is None:
        raise LookupError(f"nobody registered how rows of {subject} are hashed")
    kept = _kept(table, row)
    if event in ("", *table.announced_by):
        return kept.get(_ANNOUNCED) or table.function(row)
    if event == BLANKED and table.mark:
        return table.function(row)
    if event not in table.later:
        raise LookupError(f"{subject} has no digest for the event {event}")
    return kept.get(event) or table.later[event](row)


def stated(subject: str, row: Any, events: Collection[str]) -> dict[str, str]:
    """What a row keeps when it is blanked: the hashes that its announcement, and those of `events` that it has had
    since, have stated.
    """
    table = _tables[subject]
    later = {event: function(row) for event, function in table.later.items() if event in events}
    return {_ANNOUNCED: table.function(row)} | later


def _kept(table: EvidenceTable, row: Any) -> dict[str, str]:
    held = getattr(row, table.mark) if table.mark else None
    found = held.get(ERASED) if isinstance(held, dict) else None
    return found if isinstance(found, dict) else {}


def table_of(subject: str) -> EvidenceTable | None:
    """The registered table of that name, or None."""
    return _tables.get(subject)


def tables() -> list[EvidenceTable]:
    """Every registered table, by name."""
    return [_tables[subject] for subject in sorted(_tables)]
