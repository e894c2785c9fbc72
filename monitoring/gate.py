"""Where a SendRequest is counted: exactly one part of the whole, by its latest decision and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

#: In the order in which they are shown. Each SendRequest is in one of them, so that the parts add up to the whole.
PARTS = (
    "allowed", "deferred", "hours", "budget", "consent", "identity", "stop", "tone", "content", "channel", "other",
)  # fmt: skip
#: What kept a message back although nothing is wrong with it: time alone, or the line.
CAUSES = ("hours", "budget", "channel", "other")

_GROUPS = {
    "closed_day": "hours", "window": "hours",
    "cap": "budget", "spacing": "budget", "channel_lock": "budget",
    "consent": "consent", "identity": "identity", "stop": "stop", "prohibited_content": "tone",
    "required_content": "content", "freshness": "content", "channel": "channel",
}  # fmt: skip
#: States in which a request that was told to wait still does.
_ALIVE = frozenset({"waiting", "queued"})


def group_of(kinds: Sequence[str]) -> str:
    """The group of what objected first: the gate names what a person must mend before what time alone mends."""
    return _GROUPS.get(kinds[0], "other") if kinds else "other"


def part_of(verdict: str, state: str, kinds: Sequence[str]) -> tuple[str, str]:
    """(part, cause) of a request: `verdict` and `kinds` are its latest decision's, `state` is the request's own.

    allow: allowed. defer, and it still waits: deferred, with the cause. Everything else never left, and is counted at
    what kept it back: denied, or deferred until its reason went away or its time was over.
    """
    if verdict == "allow":
        return "allowed", ""
    group = group_of(kinds)
    if verdict == "defer" and state in _ALIVE:
        return "deferred", group if group in CAUSES else "other"
    return group, ""
