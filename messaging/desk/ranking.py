"""Which conversation is worth the next minute: how long somebody waits, how little of the window is left, how much
is at stake. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: Within the first nobody notices; after the second somebody is angry.
SLA_AMBER = timedelta(minutes=15)
SLA_RED = timedelta(minutes=60)
WINDOW = timedelta(hours=24)
#: Below this the closing window is what presses.
CLOSING = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Case:
    """What the order looks at. `amount` is the debtor's place among the others, 0 smallest to 1 largest."""

    key: object
    waiting_since: datetime
    last_inbound_at: datetime | None
    amount: float
    mine: bool = False


def score(case: Case, now: datetime) -> float:
    """Higher is sooner. Waiting counts up to four times the red line; a closed window can wait for tomorrow."""
    waited = max(timedelta(0), now - case.waiting_since)
    points = 2.0 * min(4.0, waited / SLA_RED)
    if case.last_inbound_at is not None:
        left = case.last_inbound_at + WINDOW - now
        if left <= timedelta(0):
            points -= 4.0
        elif left < CLOSING:
            points += 3.0 * (1 - left / CLOSING)
    return points + 1.5 * case.amount + (0.5 if case.mine else 0.0)


def ranked(cases: Sequence[Case], now: datetime) -> list[Case]:
    """Best first; of equals whoever waits longer."""
    return sorted(cases, key=lambda case: (-score(case, now), case.waiting_since))


def tone(waiting_since: datetime | None, now: datetime) -> str:
    """'' while nobody has waited long, then amber, then red."""
    if waiting_since is None or now - waiting_since < SLA_AMBER:
        return ""
    return "red" if now - waiting_since >= SLA_RED else "amber"


def shares(amounts: Sequence[int]) -> list[float]:
    """Each amount's place among all, 0 to 1; equal amounts share a place."""
    order = sorted(set(amounts))
    top = max(1, len(order) - 1)
    place = {amount: n / top for n, amount in enumerate(order)}
    return [place[amount] for amount in amounts]
