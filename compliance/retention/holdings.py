"""Who holds personal data: each room says which rows of its tables are of which class, and how they are blanked.

Rooms above register theirs when the apps are ready, so that nothing here knows their tables. A row is blanked, not
deleted, wherever evidence points at it: ids, states, instants and hashes stay.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

#: What stands instead of a name.
TOMBSTONE = "—"
#: Before the row's id, instead of an address or another system's id.
ERASED = "erased:"


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose rows: those of these accounts, and what hangs on these persons alone."""

    debtor_ids: tuple[uuid.UUID, ...] = ()
    person_ids: tuple[uuid.UUID, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.debtor_ids or self.person_ids)


@dataclass(frozen=True, slots=True)
class Guarded:
    """What legal holds keep of rows that belong to nobody by name."""

    #: A creditor's whole matter is held: what cannot be told apart stays.
    everything: bool = False
    #: Addresses of held persons, as they stand in providers' bodies.
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Rows of one table about somebody, of one class. `find` gives those that still hold something personal."""

    subject: str
    data_class: str
    find: Callable[[Whose], QuerySet[Any]]
    #: Blanks rows by id inside the scope; where `owner`, inside a transaction of the tables' owner besides.
    blank: Callable[[list[uuid.UUID]], object]
    #: The table is append-only: only its owner may blank what it marks as erasable.
    owner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedHolding:
    """Rows of nobody in particular, that go by their own date: `find(before, machine_before, guarded)`."""

    subject: str
    data_class: str
    find: Callable[[datetime, datetime, Guarded], QuerySet[Any]]
    blank: Callable[[list[uuid.UUID]], object]
    owner: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes out with an export; `read` opens it when it is written."""

    name: str
    read: Callable[[], bytes]


#: A room's part of what is told to a person: sections of plain rows.
Teller = Callable[[Whose], Mapping[str, list[dict[str, Any]]]]
Filer = Callable[[Whose], Iterator[File]]

_holdings: dict[tuple[str, str], Holding] = {}
_dated: dict[tuple[str, str], DatedHolding] = {}
_tellers: dict[str, Teller] = {}
_filers: dict[str, Filer] = {}


def register(*holdings: Holding | DatedHolding) -> None:
    """Say what a room holds; saying it again replaces it."""
    for each in holdings:
        if isinstance(each, Holding):
            _holdings[each.data_class, each.subject] = each
        else:
            _dated[each.data_class, each.subject] = each


def tell_by(room: str, teller: Teller, filer: Filer | None = None) -> None:
    """Have a room add what it holds about a person to what is exported, and its files."""
    _tellers[room] = teller
    if filer is not None:
        _filers[room] = filer


def holdings(classes: Collection[str] | None = None) -> list[Holding]:
    """Everything that is registered about persons (of these classes), in a fixed order."""
    return [_holdings[key] for key in sorted(_holdings) if classes is None or key[0] in classes]


def dated(data_class: str) -> list[DatedHolding]:
    """What goes by its own date, of one class."""
    return [_dated[key] for key in sorted(_dated) if key[0] == data_class]


def told(whose: Whose) -> dict[str, list[dict[str, Any]]]:
    """What every room holds about somebody, by section."""
    found: dict[str, list[dict[str, Any]]] = {}
    for _, teller in sorted(_tellers.items()):
        found.update(teller(whose))
    return found


def files(whose: Whose) -> Iterator[File]:
    """Files of every room."""
    for _, filer in sorted(_filers.items()):
        yield from filer(whose)
