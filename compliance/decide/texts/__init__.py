"""What the gate's findings are called in Spanish, Brazilian Portuguese and English. Words only; no logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Texts:
    """One language. Sentences have no full stop: the citation and the stop are added by `explain`."""

    weekdays: tuple[str, ...]
    on_days: tuple[str, ...]
    months: tuple[str, ...]
    moment: str  # {weekday} {day} {month} {time} {city}
    date: str
    wait: str  # {moment}
    allowed: str
    never: str
    unplanned: str
    and_: str
    ground: str
    cities: Mapping[str, str]
    countries: Mapping[str, str]
    channels: Mapping[str, str]
    conditions: Mapping[str, str]
    consent: str  # {reason} {channel}
    consent_states: Mapping[str, str]
    identity: str  # {state} {discloses}
    identity_states: Mapping[str, str]
    disclosures: tuple[str, ...]
    prohibited: str  # {flag}
    flags: Mapping[str, str]
    required: str  # {fields}
    fields: Mapping[str, str]
    stale: str  # {age}
    limit: str
    paused: str
    paused_until: str
    free_text: str
    closed_weekday: str  # {on}
    closed_holiday: str  # {date} {holiday}
    closed_date: str
    hours: str  # {on} {hours} {moment}
    no_hours: str  # {on}
    hour_range: str
    cap: Mapping[str, str]
    none_allowed: str
    other_channel: str
    spacing: str
    lock: str
    since: str
    grace: str
    basis: Mapping[str, str]
    law_of: str
    other: str
    remedies: Mapping[str, str]
    owners: Mapping[str, str]
