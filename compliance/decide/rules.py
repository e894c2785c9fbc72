"""Rules as the evaluator reads them: what each kind of rule holds, and the RuleSet that a composition becomes.

A RuleSet knows for every message class which rules it answers to. It is immutable, hashed by content, and shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from .values import (
    Finding,
)

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Intervals = tuple[tuple[int, int], ...]


class Layer(NamedTuple):
    """One layer of a composition: its name (pack or overlay code, tenant, creditor, debtor) and its deciding data."""

    name: str
    data: Mapping[str, Any]


class Stop(NamedTuple):
    rule: str
    when: str
    grace_days: int | None
    states: frozenset[str] | None
    pack: str
    citation: str
    basis: str


class Ref(NamedTuple):
    """A rule that needs no parameters: its id and where it comes from."""

    rule: str
    pack: str
    citation: str
    basis: str


class Required(NamedTuple):
    rule: str
    fields: frozenset[str]
    state: str | None
    pack: str
    citation: str
    basis: str


class Closed(NamedTuple):
    """A rule that closes whole days: weekdays, holidays of a calendar, or listed dates (proleptic ordinals)."""

    rule: str
    day: str
    weekdays: frozenset[int]
    country: str | None  # ISO 3166, 'debtor' for the debtor's own, None for no calendar
    category: str
    by_state: bool
    names: frozenset[str]
    dates: frozenset[int]
    pack: str
    citation: str
    basis: str


class Window(NamedTuple):
    """Hours of each weekday (Monday first) as half-open seconds of the local day; an empty tuple is a null day."""

    rule: str
    week: tuple[Intervals, ...]
    pack: str
    citation: str
    basis: str


class Cap(NamedTuple):
    """At most `limit` contacts in `days` local days, counting today; `clear_days` is the spacing, None without."""

    rule: str
    scope: str
    channels: frozenset[str] | None
    limit: int
    days: int
    clear_days: int | None
    pack: str
    citation: str
    basis: str


class Lock(NamedTuple):
    rule: str
    days: int
    pack: str
    citation: str
    basis: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What one message class answers to."""

    stops: tuple[Stop, ...]
    consents: tuple[Ref, ...]
    identity: Ref | None
    prohibited: tuple[tuple[str, Finding], ...]
    required: tuple[Required, ...]
    freshness: bool
    channel: bool
    closed: bool
    windows: bool
    caps: tuple[Cap, ...]
    spacings: tuple[Cap, ...]
    locks: tuple[Lock, ...]
    exempt: bool
    lasting: dict[str, tuple[tuple[Cap, ...], tuple[Cap, ...], tuple[Lock, ...]]] = field(default_factory=dict)

    def by_channel(self, channel: str) -> tuple[tuple[Cap, ...], tuple[Cap, ...], tuple[Lock, ...]]:
        """Caps, spacings and locks that a message on this channel answers to."""
        found = self.lasting.get(channel)
        if found is None:
            caps = tuple(cap for cap in self.caps if cap.channels is None or channel in cap.channels)
            spacings = tuple(cap for cap in self.spacings if cap.channels is None or channel in cap.channels)
            found = self.lasting[channel] = (caps, spacings, self.locks)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """A composition, compiled. Equal content has an equal `hash` (hex SHA-256); `content` rebuilds it."""

    codes: tuple[str, ...]
    hash: str
    content: Mapping[str, Any]
    country: str | None
    plans: Mapping[str, Plan]
    closed: tuple[Closed, ...]
    windows: tuple[Window, ...]
    required_fallback: Ref
    #: Every field that some rule of the composition asks a collection message to carry.
    required_fields: frozenset[str]
    #: Days after which a verified identity counts as no more than contacted; None: never.
    identity_days: int | None
    reply_window: timedelta
    lookback_days: int
