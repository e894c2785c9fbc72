"""What the dispatcher hands to a channel, and what a channel answers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Protocol

from kernel.errors import NoAnswer, Refused, Unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message ready for the wire. `reference` comes back in status reports and settles doubts."""

    reference: uuid.UUID
    to: str
    content: dict[str, Any]
    reply_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sending address with what it takes to use it, secrets opened. Never logged."""

    number_id: uuid.UUID
    provider_id: str
    base_url: str
    api_version: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it: its id, the recipient as it writes it, and whether it holds it back for now."""

    provider_id: str
    wire_address: str = ""
    held: bool = False


Outcome = Accepted | Refused | Unreachable | NoAnswer


class Channel(Protocol):
    """What a channel must be able to do."""

    def deliver(self, line: Line, parcels: list[Parcel]) -> list[Outcome]:
        """Send all of them, side by side; one outcome each, in order. Never raises."""
