"""Which step is next, and when. Pure: civil dates and zones in, a plan out.

Every step is anchored to the due date of the oldest unpaid invoice, never to "now", so a missed day shifts nothing;
of several steps that were missed only the latest is sent (catch up: latest only).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: `offset_days` from the due date (negative before it), repeated `times` every `every_days`."""

    code: str
    offset_days: int
    stage: str
    at: time = time(9, 0)
    times: int = 1
    every_days: int = 0

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Step:
        """A step as a sequence version stores it. Raises KeyError or ValueError on a bad one."""
        return cls(
            code=data["code"], offset_days=int(data["offset_days"]), stage=data["stage"],
            at=time.fromisoformat(data.get("at", "09:00")), times=int(data.get("times", 1)),
            every_days=int(data.get("every_days", 0)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Touch:
    """One occurrence of a step for one carrying invoice: `code` is unique among them and orders nothing."""

    code: str
    stage: str
    on: date
    at: time


def touches(steps: Sequence[Step], due_on: date) -> list[Touch]:
    """Every planned occurrence for an invoice due on that date, in order of their dates."""
    planned = [
        Touch(
            step.code if turn == 0 else f"{step.code}.{turn + 1}",
            step.stage,
            due_on + timedelta(days=step.offset_days + turn * step.every_days),
            step.at,
        )
        for step in steps
        for turn in range(step.times)
    ]
    return sorted(planned, key=lambda touch: touch.on)


def next_touch(steps: Sequence[Step], due_on: date, *, last: str, today: date) -> Touch | None:
    """The touch that is due today or comes next, after `last` (a touch's code, '' before the first).

    Of several that are due already only the latest counts. None when the sequence has no more.
    """
    planned = touches(steps, due_on)
    codes = [touch.code for touch in planned]
    start = codes.index(last) + 1 if last in codes else 0
    rest = planned[start:]
    due = [touch for touch in rest if touch.on <= today]
    if due:
        return due[-1]
    return rest[0] if rest else None


def carry_over(last: str, old: Sequence[Step], new: Sequence[Step]) -> str:
    """Where a debtor stands in a new edition who has come to the touch `last` of the old one; '' before the first.

    The same touch, where the new edition has it; else its latest touch that is planned no later than that one was, so
    that nothing is said twice and no level is skipped.
    """
    if not last:
        return ""
    origin = date(2000, 1, 1)
    planned = touches(new, origin)
    if last in {touch.code for touch in planned}:
        return last
    reached = next((touch.on for touch in touches(old, origin) if touch.code == last), None)
    if reached is None:
        return ""
    return next((touch.code for touch in reversed(planned) if touch.on <= reached), "")


def instant_of(touch: Touch, *, zone: str, spread_key: str, spread_minutes: int = 300) -> datetime:
    """When a touch falls due: its date and hour in the debtor's zone, spread over the day by a hash of the debtor,
    so that thirty thousand debtors are not due in the same second."""
    place = int.from_bytes(hashlib.blake2b(spread_key.encode(), digest_size=4).digest(), "big")
    local = datetime.combine(touch.on, touch.at, ZoneInfo(zone)) + timedelta(minutes=place % max(1, spread_minutes))
    return local.astimezone(UTC)


def local_date(now: datetime, zone: str) -> date:
    """The civil date of an instant in a zone."""
    return now.astimezone(ZoneInfo(zone)).date()
