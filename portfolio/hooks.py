"""What rooms above hand down: portfolio takes a file's statements about consent, stops and zones, and decides nothing.

`compliance` (or whoever composes the product) installs its functions once, at start.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
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
#: The evidence of a contract clause: (day of signature, version or "") -> evidence; raises DomainError for none.
Clause = Callable[[date, str], Mapping[str, Any]]
#: The clauses of a creditor, read once for many rows.
Clauses = Callable[[uuid.UUID], Clause]
#: Candidate zones of an E.164 number, the likeliest first.
Zones = Callable[[str], Sequence[str]]
#: Numbers that are known as these people's from now on, (number, person, name of the contact), inside the transaction
#: that wrote them.
Claims = Callable[[Sequence[tuple[str, uuid.UUID, str]], datetime], None]


def refuse(notes: Sequence[Note], now: datetime) -> None:
    """The sink of a product in which nobody keeps consents: it would be a lie to take them."""
    raise DomainError("consent_not_kept", "this installation keeps no consents: send the row without them")


def no_zones(e164: str) -> Sequence[str]:
    """Where nobody knows number plans, zones stay open and are found when they are needed."""
    return ()


def no_clauses(creditor_id: uuid.UUID) -> Clause:
    """In a product in which nobody keeps contract clauses no signing date refers to one."""

    def none(signed_on: date, version: str) -> Mapping[str, Any]:
        raise DomainError("consent_not_kept", "this installation keeps no consents: send the row without them")

    return none


def no_doubts(claims: Sequence[tuple[str, uuid.UUID, str]], now: datetime) -> None:
    """Where nobody verifies who answers, another's claim puts nothing in doubt."""


@dataclass(slots=True)
class _Hooks:
    sink: Sink = refuse
    zones: Zones = no_zones
    clauses: Clauses = no_clauses
    claims: Claims = no_doubts


_hooks = _Hooks()


def install(
    *,
    sink: Sink | None = None,
    zones: Zones | None = None,
    clauses: Clauses | None = None,
    claims: Claims | None = None,
) -> None:
    """Hand the functions down; those left out stay as they are."""
    _hooks.sink = sink or _hooks.sink
    _hooks.zones = zones or _hooks.zones
    _hooks.clauses = clauses or _hooks.clauses
    _hooks.claims = claims or _hooks.claims


def take(notes: Sequence[Note], now: datetime) -> None:
    """Pass notes to whoever keeps them."""
    if notes:
        _hooks.sink(notes, now)


def zones_of(e164: str) -> list[str]:
    """Candidate zones of a number."""
    return list(_hooks.zones(e164))


def clauses_of(creditor_id: uuid.UUID) -> Clause:
    """The creditor's contract clauses, to be asked row by row."""
    return _hooks.clauses(creditor_id)


def claimed(claims: Sequence[tuple[str, uuid.UUID, str]], now: datetime) -> None:
    """Tell whoever verifies people that these numbers are said to be these people's own."""
    if claims:
        _hooks.claims(claims, now)
