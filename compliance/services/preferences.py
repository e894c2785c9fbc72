"""The hours and the channel that a person prefers: a layer of their own over the packs, which can only narrow."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from compliance.decide.hours import Week, open_hours, overlap
from compliance.decide.rules import WEEK
from compliance.models import RuleLayer
from compliance.rulesets import ruleset_for, save_layer
from kernel.errors import DomainError
from portfolio.models import Creditor, Person
from tenants.models import Tenant

#: Parts of the day that can be asked for, as hours.
PARTS = {"any": (0, 24), "morning": (0, 12), "afternoon": (12, 18), "evening": (18, 24)}
RULE = "DEBTOR-HOURS"
#: Channels that can be preferred, and those that a preference keeps still.
CHANNELS = ("whatsapp", "call", "email", "letter")
_ALL_CHANNELS = ("whatsapp", "sms", "email", "call", "visit", "letter")
CHANNEL_RULE = "DEBTOR-CHANNEL"
_OWN = "debtor"


def hours_of(tenant: Tenant, creditor: Creditor, person: Person, now: datetime) -> tuple[Week, Week, bool]:
    """(what law and house leave, what the person's preference leaves of it, whether there is a preference)."""
    ruleset = ruleset_for(tenant, creditor.id, person, now)
    chosen = any(window.pack == _OWN for window in ruleset.windows)
    return open_hours(ruleset, without=(_OWN,)), open_hours(ruleset), chosen


def prefer_hours(
    tenant: Tenant, creditor: Creditor, person: Person, *, days: Collection[int], part: str, author: str, now: datetime
) -> bool:
    """Write to this person on these weekdays (Monday 0) and in this part of the day only; says whether that is new.

    All days at any hour takes the preference back. Raises DomainError `hours_empty` when nothing would be left of what
    the law permits, `hours_unknown` for a part or a day that does not exist.
    """
    if part not in PARTS or any(day not in range(7) for day in days):
        raise DomainError("hours_unknown", "choose weekdays and a part of the day", pointer="/part")
    permitted, _, _ = hours_of(tenant, creditor, person, now)
    start, end = (hour * 3600 for hour in PARTS[part])
    wanted = [overlap(hours, ((start, end),)) if day in days else () for day, hours in enumerate(permitted)]
    if not any(wanted):
        raise DomainError("hours_empty", "these hours leave none in which the law lets us write", pointer="/part")
    held = layer_of(person)
    former = dict(held.data) if held else {}
    data = {key: value for key, value in former.items() if key not in ("windows", "windows_rule")}
    if tuple(wanted) != permitted:
        # Stated over the whole day, not over today's law: what the law opens later is theirs too.
        hours = [[f"{start // 3600:02d}:00", f"{end // 3600:02d}:00"]]
        data["windows"] = {name: hours if day in days else None for day, name in enumerate(WEEK)}
        data["windows_rule"] = {"id": RULE, "binding": "debtor_preference"}
    if data == former:
        return False
    save_layer(
        _OWN, person.id, data, author=author, reason="the debtor's own choice of hours", now=now,
        country=person.country or creditor.country,
    )  # fmt: skip
    return True


def layer_of(person: Person) -> RuleLayer | None:
    """The layer that holds a person's preferences now: who wrote it and since when are its provenance."""
    return RuleLayer.objects.filter(level=RuleLayer.Level.DEBTOR, owner_id=person.id, effective_to=None).first()


def channel_in(layer: RuleLayer | None) -> str:
    """The channel that a layer prefers; "" when any will do."""
    rows = layer.data.get("caps", ()) if layer else ()
    kept = next((row["channels"] for row in rows if row.get("id") == CHANNEL_RULE), None)
    return "" if kept is None else next((name for name in CHANNELS if name not in kept), "")


def prefer_channel(creditor: Creditor, person: Person, *, channel: str, author: str, now: datetime) -> bool:
    """Contact this person on one channel only ("": on any that is permitted); says whether that is new.

    Answers to what they write themselves still go where they wrote. Raises DomainError `channel_unknown`.
    """
    if channel and channel not in CHANNELS:
        raise DomainError("channel_unknown", "choose one of the channels", pointer="/channel")
    held = layer_of(person)
    former = dict(held.data) if held else {}
    caps = [row for row in former.get("caps", ()) if row.get("id") != CHANNEL_RULE]
    if channel:
        caps.append({
            "id": CHANNEL_RULE, "scope": "debtor", "channels": [name for name in _ALL_CHANNELS if name != channel],
            "count": 0, "per": {"value": 1, "unit": "local_days", "kind": "calendar"}, "spacing": None,
            "binding": "debtor_preference",
        })  # fmt: skip
    data = {key: value for key, value in former.items() if key != "caps"} | ({"caps": caps} if caps else {})
    if data == former:
        return False
    save_layer(
        _OWN, person.id, data, author=author, reason="the debtor's own choice of channel", now=now,
        country=person.country or creditor.country,
    )  # fmt: skip
    return True
