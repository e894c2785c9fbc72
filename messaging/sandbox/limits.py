"""Meta's limits on sending: throughput of a number, pair rate, service window, messaging limit of a portfolio.

Throughput runs on the machine's clock, everything else on the sandbox's.
"""

from __future__ import annotations

from messaging.sandbox.agenda import DAY, SECOND
from messaging.sandbox.errors import GraphError
from messaging.sandbox.world import Chat, Number, Portfolio

WINDOW = DAY
PAIR_EVERY = 6 * SECOND  # one message each six seconds to the same person ...
PAIR_BURST = 45  # ... or up to 45 in six seconds, borrowed from the time that follows
SERVICE_FREE = 1000  # service messages a number may send free each month (since 2026-10-01)


def check_throughput(number: Number, machine_seconds: float) -> None:
    """Take one message from the number's bucket; raises 130429 when it is empty."""
    if not number.throughput:
        return
    elapsed = machine_seconds - number.refilled
    number.tokens = (
        min(float(number.throughput), number.tokens + elapsed * number.throughput)
        if number.refilled
        else float(number.throughput)
    )
    number.refilled = machine_seconds
    if number.tokens < 1:
        raise GraphError(
            130429,
            "Message failed to send because there were too many messages sent from this phone number "
            "in a short period of time",
        )
    number.tokens -= 1


def check_pair(chat: Chat, now_us: int) -> None:
    """Raises 131056 when the person is being written to too fast; otherwise counts this message."""
    if now_us >= chat.paid_until_us:
        chat.burst_us, chat.burst, chat.paid_until_us = now_us, 1, now_us + PAIR_EVERY
    elif now_us - chat.burst_us <= PAIR_EVERY and chat.burst < PAIR_BURST:
        chat.burst += 1
        chat.paid_until_us += PAIR_EVERY
    else:
        raise GraphError(
            131056,
            "Message failed to send because there were too many messages sent from this phone number to the same "
            "in a short period of time.",
        )


def window_open(chat: Chat, now_us: int) -> bool:
    """Whether the person wrote within the last 24 hours."""
    return bool(chat.last_inbound_us) and now_us - chat.last_inbound_us < WINDOW


def check_messaging_limit(portfolio: Portfolio, e164: str, now_us: int, code: int) -> None:
    """Raises `code` when this person would be one more than the portfolio may reach outside the window in 24 h."""
    if portfolio.messaging_limit is None:
        return
    reached = portfolio.reached
    while reached and next(iter(reached.values())) <= now_us - DAY:
        reached.popitem(last=False)
    if e164 not in reached and len(reached) >= portfolio.messaging_limit:
        raise GraphError(
            code,
            "Message failed to send because the messaging limit of this business portfolio was reached: "
            f"{portfolio.messaging_limit} unique users in a rolling 24-hour period",
        )


def count_reached(portfolio: Portfolio, e164: str, now_us: int) -> None:
    """Remember that the person was written to outside the window."""
    if portfolio.messaging_limit is not None:
        portfolio.reached[e164] = now_us
        portfolio.reached.move_to_end(e164)


def tier(limit: int | None) -> str:
    """The name Meta gives to a messaging limit."""
    if limit is None:
        return "TIER_UNLIMITED"
    names = {250: "TIER_250", 2000: "TIER_2K", 10_000: "TIER_10K", 100_000: "TIER_100K"}
    return names.get(limit, f"TIER_{limit}")
