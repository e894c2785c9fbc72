"""The sandbox's clock and what is due on it. Instants are whole microseconds since the epoch."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.clock import machine_now

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_us(instant: datetime) -> int:
    """Microseconds since the epoch of an aware instant; raises ValueError on a naive one."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime names no instant")
    return (instant - _EPOCH) // timedelta(microseconds=1)


def from_us(us: int) -> datetime:
    """The aware UTC instant of microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=us)


def text_of(us: int) -> str:
    """RFC 3339 with microseconds, UTC."""
    return from_us(us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_instant(text: str) -> int:
    """Microseconds of an RFC 3339 text; raises ValueError when it is none or has no offset."""
    return to_us(datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00")))


class ClockGoesBack(ValueError):
    """The sandbox's clock never goes back."""


class SandboxClock:
    """Stands still at an instant, or runs with real time plus an offset; never goes back."""

    def __init__(self, standing_us: int | None = None, offset_us: int = 0) -> None:
        self.standing_us = standing_us
        self.offset_us = offset_us

    def now_us(self) -> int:
        """The sandbox's present."""
        if self.standing_us is not None:
            return self.standing_us
        return to_us(machine_now()) + self.offset_us

    def stand_at(self, us: int) -> None:
        """Stop at `us`; raises ClockGoesBack when that is past."""
        if us < self.now_us():
            raise ClockGoesBack(f"the clock is at {text_of(self.now_us())} and does not go back to {text_of(us)}")
        self.standing_us = us

    def stand(self) -> None:
        """Stop where it is."""
        self.standing_us = self.now_us()

    def run(self, offset_us: int) -> None:
        """Run with real time plus `offset_us`, or on from where it is when that is later."""
        own = self.offset_us if self.standing_us is None else self.standing_us - to_us(machine_now())
        self.offset_us = max(offset_us, own)
        self.standing_us = None

    def reach(self, us: int) -> None:
        """Move on to `us` in whichever way the clock goes; earlier instants change nothing."""
        if self.standing_us is not None:
            self.standing_us = max(self.standing_us, us)
        else:
            self.offset_us += max(0, us - self.now_us())


# (due, tie-breaker that does not depend on arrival order, serial, what, payload)
Entry = tuple[int, str, int, str, Any]


class Agenda:
    """What will happen and when; equal instants are ordered by the tie-breaker (the person), then by arrival."""

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._serial = 0

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, due_us: int, tie: str, what: str, payload: Any) -> None:
        """Schedule something."""
        self._serial += 1
        heapq.heappush(self._heap, (due_us, tie, self._serial, what, payload))

    def next_us(self) -> int | None:
        """When the first thing is due, or None."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, until_us: int) -> Entry | None:
        """The first thing due by `until_us`, or None."""
        if self._heap and self._heap[0][0] <= until_us:
            return heapq.heappop(self._heap)
        return None

    def entries(self) -> list[Entry]:
        """Everything scheduled, in no particular order."""
        return list(self._heap)
