"""Troubles on demand: what the next sends meet instead of a plain answer."""

from __future__ import annotations

from typing import Any

from messaging.sandbox.world import Number, World

# kind: (defaults, whether the message goes out all the same unless the request says otherwise)
KINDS: dict[str, tuple[dict[str, Any], bool]] = {
    "error": ({"code": 131000}, False),
    "http": ({"status": 502}, False),
    "garbage": ({}, True),
    "hang": ({"ms": 60_000}, True),
    "close": ({}, True),
    "no_contacts": ({}, True),
    "delay": ({"ms": 1000}, True),
    "fail_status": ({"code": 131049}, True),
    "hold": ({"seconds": 600, "drop": False}, True),
}
ALWAYS_ACCEPT = {"no_contacts", "delay", "fail_status", "hold"}


def make_fault(body: dict[str, Any]) -> dict[str, Any]:
    """A checked fault from a control request; raises ValueError saying what is wrong."""
    kind = body.get("kind")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    defaults, accepts = KINDS[kind]
    fault = {**defaults, "accept": accepts, "count": 1, **body}
    if not isinstance(fault["count"], int) or fault["count"] < 1:
        raise ValueError("count is a whole number of at least 1")
    if kind in ALWAYS_ACCEPT:
        fault["accept"] = True
    return fault


def take_fault(world: World, number: Number, body: Any) -> dict[str, Any] | None:
    """The first fault that this send meets, used up by one."""
    for place, fault in enumerate(world.faults):
        if fault.get("phone_number_id") not in (None, number.id):
            continue
        if fault.get("to") is not None and (not isinstance(body, dict) or body.get("to") != fault["to"]):
            continue
        fault["count"] -= 1
        if not fault["count"]:
            del world.faults[place]
        world.journal.add("fl", world.faults)
        world.count(f"fault_{fault['kind']}")
        return fault
    return None
