"""What a caller hands to the gate and gets back: plain values, no tables."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from compliance.decide import Finding

Moment = Literal["request", "retry", "last_look"]


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What messaging knows of the channel: the debtor's last word on it, the 24-hour window, limits, pauses.

    `free_text` says that no approved template carries the message. Instants are aware.
    """

    last_inbound_at: datetime | None = None
    window_open_until: datetime | None = None
    limit_until: datetime | None = None
    paused: bool = False
    paused_until: datetime | None = None
    free_text: bool = False


NO_CHANNEL_FACTS = ChannelFacts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One wish to send, as the gate is asked about it.

    `disclosure` None takes the class's own level. `invoice_ids` empty: the message speaks for everything that the
    debtor owes this creditor and does not dispute. `text_hash` is the salted hash of the words.
    """

    request_id: uuid.UUID
    origin: str
    actor: str
    message_class: str
    channel: str
    creditor_id: uuid.UUID
    person_id: uuid.UUID
    contact_point_id: uuid.UUID
    debtor_id: uuid.UUID | None = None
    disclosure: int | None = None
    flags: frozenset[str] | tuple[str, ...] = frozenset()
    missing: frozenset[str] | tuple[str, ...] = frozenset()
    invoice_ids: tuple[uuid.UUID, ...] = ()
    text_hash: str = ""
    channel_facts: ChannelFacts = NO_CHANNEL_FACTS


@dataclass(frozen=True, slots=True)
class Ruling:
    """The gate's answer to one ask. `decision_id` is None where a last look allowed: the former decision stands."""

    ask: Ask
    verdict: str
    decision_id: uuid.UUID | None
    findings: tuple[Finding, ...]
    next_allowed_at: datetime | None

    @property
    def allowed(self) -> bool:
        """Whether the message may go out now."""
        return self.verdict == "allow"

    @property
    def recorded(self) -> uuid.UUID:
        """Id of the decision that was written; only a last look that allowed has written none."""
        if self.decision_id is None:
            raise ValueError("this ruling wrote no decision: the former one stands")
        return self.decision_id

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that object."""
        return tuple(finding.rule for finding in self.findings)


Outcomes = Mapping[uuid.UUID, str]


def exact(value: Any) -> Any:
    """Evidence as JSON without floats (as text) and without dates, so that it can be hashed the same way for ever."""
    if isinstance(value, Mapping):
        return {str(key): exact(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [exact(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
