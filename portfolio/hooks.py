"""What rooms above hand down: portfolio takes a file's statements about consent, stops and zones, and decides nothing.

`compliance` (or whoever composes the product) installs its functions once, at start.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kernel.errors import DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentNote:
    """Somebody's statement about a person's consent; `external_id` is the same whenever the same is stated again."""

    person_id: uuid.UUID
    contact_point_id: uuid.UUID | None
    creditor_id: uuid.UUID
    channel: str
    purpose: str
    state: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    external_id: str
    given_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopNote:
    """Somebody's statement that a person may not be written to; `kind` is a name of the rule packs."""

    person_id: uuid.UUID
    creditor_id: uuid.UUID
    kind: str
    source: str


Note = ConsentNote | StopNote
#: Takes notes inside the scope and transaction that wrote the rows they are about. Doing it twice changes nothing.
Sink = Callable[[Sequence[Note], datetime], None]
#: Candidate zones of an E.164 number, the likeliest first.
Zones = Callable[[str], Sequence[str]]


def refuse(notes: Sequence[Note], now: datetime) -> None:
    """The sink of a product in which nobody keeps consents: it would be a lie to take them."""
    raise DomainError("consent_not_kept", "this installation keeps no consents: send the row without them")


def no_zones(e164: str) -> Sequence[str]:
    """Where nobody knows number plans, zones stay open and are found when they are needed."""
    return ()


@dataclass(slots=True)
class _Hooks:
    sink: Sink = refuse
    zones: Zones = no_zones


_hooks = _Hooks()


def install(*, sink: Sink | None = None, zones: Zones | None = None) -> None:
    """Hand the functions down; those left out stay as they are."""
    _hooks.sink = sink or _hooks.sink
    _hooks.zones = zones or _hooks.zones


def take(notes: Sequence[Note], now: datetime) -> None:
    """Pass notes to whoever keeps them."""
    if notes:
        _hooks.sink(notes, now)


def zones_of(e164: str) -> list[str]:
    """Candidate zones of a number."""
    return list(_hooks.zones(e164))
