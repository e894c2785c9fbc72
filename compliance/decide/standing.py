"""The rules that a later instant does not mend: stops, consent, identity, content, freshness, the provider's window.

Some of them can start to object as time passes (a registry's days of grace end, an inbound message grows old, a
consent expires), so they are asked at an instant; none stops objecting by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from .rules import Plan, Ref, RuleSet, Stop
from .values import (
    COLLECTION,
    CONSENT_REQUEST,
    EPOCH_ORDINAL,
    IDENTITY_PERMITS,
    NEW_DEMAND,
    OPTOUT_CONFIRMATION,
    RELEASED_STATUSES,
    REPLY,
    Facts,
    Finding,
    Intent,
)

PROVIDER_WINDOW = timedelta(hours=24)

X_BALANCE_STALE = "X-BALANCE-STALE"
X_WINDOW_CLOSED = "X-WINDOW-CLOSED"


def effective_class(intent: Intent, facts: Facts, ruleset: RuleSet, at: datetime) -> str:
    """The class whose rules the message answers to at an instant.

    A reply with a new demand, or later than the reply window after the debtor's last message, is collection; so is a
    second confirmation of the same stop request.
    """
    name = intent.message_class
    if name == REPLY:
        last = last_inbound(facts, at)
        if NEW_DEMAND in intent.flags or last is None or at - last > ruleset.reply_window:
            return COLLECTION
    elif name == OPTOUT_CONFIRMATION and _confirmed(facts, at):
        return COLLECTION
    return name


def last_inbound(facts: Facts, at: datetime, channel: str | None = None) -> datetime | None:
    """The debtor's last message up to `at`, on one channel or on any."""
    if not facts.last_inbound:
        return None
    if channel is not None:
        found = facts.last_inbound.get(channel)
        return found if found is not None and found <= at else None
    return max((instant for instant in facts.last_inbound.values() if instant <= at), default=None)


def _confirmed(facts: Facts, at: datetime) -> bool:
    last = last_inbound(facts, at)
    return any(
        contact.message_class == OPTOUT_CONFIRMATION
        and contact.status not in RELEASED_STATUSES
        and contact.at <= at
        and (last is None or contact.at >= last)
        for contact in facts.contacts
    )


def standing_identity(state: str, since: datetime | None, ruleset: RuleSet, at: datetime) -> str:
    """An identity state at an instant: a verification that is too old counts as no more than contacted.

    Numbers are recycled, so the packs let a verification expire (expires_after_days; the last moment still counts).
    """
    if state == "verified" and since is not None and ruleset.identity_days is not None:
        return "contacted" if since + timedelta(days=ruleset.identity_days) < at else state
    return state


def stop_findings(plan: Plan, facts: Facts, today: int, found: list[Finding]) -> None:
    """Append every stop rule that objects on the debtor's local date `today` (days since 1970)."""
    stops: Mapping[str, bool | str] = facts.stops
    derived = not facts.zones or facts.identity == "wrong_person"
    if not stops and not derived:
        return
    for rule in plan.stops:
        since = stops.get(rule.when)
        if not since and derived:
            since = (rule.when == "timezone_unknown" and not facts.zones) or (
                rule.when == "number_reported_wrong" and facts.identity == "wrong_person"
            )
        if since and _binds(rule, since, facts, today):
            values: dict[str, object] = {"condition": rule.when}
            if isinstance(since, str):
                values["since"] = since
            if rule.grace_days is not None:
                values["grace_days"] = rule.grace_days
            found.append(Finding(rule.rule, "stop", values, rule.pack, rule.citation, rule.basis))


def _binds(rule: Stop, since: bool | str, facts: Facts, today: int) -> bool:
    """A rule of some states needs one of them (or an unknown state); a listing binds from the end of its grace on."""
    if rule.states is not None and facts.ufs and rule.states.isdisjoint(facts.ufs):
        return False
    if rule.grace_days is None or not isinstance(since, str):
        return True
    return today + EPOCH_ORDINAL >= date.fromisoformat(since).toordinal() + rule.grace_days


def consent_state(intent: Intent, facts: Facts, at: datetime, window: timedelta = PROVIDER_WINDOW) -> str:
    """'granted', or why there is no consent for this channel and purpose at this instant.

    An inbound message not older than `window` is evidence for a reply, and opens WhatsApp for a consent request; it
    never overrides a revocation on that channel. Who answered no is not asked again.
    """
    standing: dict[tuple[str, str], str] = {}
    for record in facts.consents:
        expired = record.state == "granted" and record.expires_at is not None and record.expires_at <= at
        standing[(record.channel, record.purpose)] = "expired" if expired else record.state
    own = standing.get((intent.channel, intent.purpose))
    inbound = last_inbound(facts, at, intent.channel)
    fresh = inbound is not None and at - inbound <= window
    revoked = any(state == "revoked" and channel == intent.channel for (channel, _), state in standing.items())
    if intent.message_class == CONSENT_REQUEST:
        if revoked:
            return "revoked"
        if own == "refused":
            return own
        if intent.channel != "whatsapp" or fresh:
            return "granted"
        passing = ("granted", "other_purpose_only")
        opted_in = any(channel == "whatsapp" and state in passing for (channel, _), state in standing.items())
        return "granted" if opted_in else (own or "unknown")
    if own == "granted":
        return own
    if intent.message_class == REPLY and NEW_DEMAND not in intent.flags and fresh and not revoked:
        return "granted"
    if own is not None:
        return own
    states = {state for (channel, _), state in standing.items() if channel == intent.channel}
    if states:
        return "other_purpose_only" if "granted" in states else sorted(states)[0]
    return "other_channel_only" if "granted" in standing.values() else "unknown"


def conduct_findings(
    plan: Plan, intent: Intent, facts: Facts, at: datetime, window: timedelta, found: list[Finding]
) -> None:
    """Append the consent and identity rules that object."""
    consents = facts.consents
    plain = (
        len(consents) == 1
        and consents[0].state == "granted"
        and consents[0].expires_at is None
        and consents[0].channel == intent.channel
        and consents[0].purpose == intent.purpose
    )
    if plan.consents and not plain:
        state = consent_state(intent, facts, at, window)
        if state != "granted":
            values = {"state": state, "channel": intent.channel, "purpose": intent.purpose}
            found += [_finding(rule, "consent", values) for rule in plan.consents]
    if plan.identity is not None and intent.level > IDENTITY_PERMITS[facts.identity]:
        values_ = {"state": facts.identity, "disclosure": intent.level, "permits": IDENTITY_PERMITS[facts.identity]}
        found.append(_finding(plan.identity, "identity", values_))


def content_findings(plan: Plan, intent: Intent, facts: Facts, fallback: Ref, found: list[Finding]) -> None:
    """Append the prohibited and the required content rules that object."""
    if intent.flags:
        found += [finding for flag, finding in plan.prohibited if flag in intent.flags]
    if not intent.missing or (not plan.required and not plan.freshness):
        return
    hits: list[Finding] = []
    named: set[str] = set()
    for rule in plan.required:
        fields = rule.fields & intent.missing
        if not fields:
            continue
        named |= fields
        if rule.state is None or not facts.ufs or rule.state in facts.ufs:
            values = {"fields": sorted(fields)}
            hits.append(Finding(rule.rule, "required_content", values, rule.pack, rule.citation, rule.basis))
    if rest := intent.missing - named:
        found.append(_finding(fallback, "required_content", {"fields": sorted(rest)}))
    found += hits


def stale(facts: Facts, at: datetime) -> bool:
    """Whether the balance is known to be older than the creditor allows."""
    if facts.balance_as_of is None or facts.balance_max_age is None:
        return False
    return at - facts.balance_as_of > facts.balance_max_age


def freshness_finding(facts: Facts) -> Finding:
    """X-BALANCE-STALE with the balance's instant and the allowed age in minutes."""
    assert facts.balance_as_of is not None and facts.balance_max_age is not None
    values = {
        "as_of": facts.balance_as_of.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "max_age_minutes": int(facts.balance_max_age.total_seconds() // 60),
    }
    return Finding(X_BALANCE_STALE, "freshness", values, "product", "", "platform")


def free_text_barred(intent: Intent, facts: Facts, at: datetime) -> bool:
    """Whether free text goes out while the provider's 24-hour window is closed (WhatsApp only)."""
    if not intent.free_text or intent.channel != "whatsapp":
        return False
    until = facts.window_open_until
    if until is None:
        inbound = last_inbound(facts, at, intent.channel)
        until = None if inbound is None else inbound + PROVIDER_WINDOW
    return until is None or at >= until


def standing_findings(
    plan: Plan, intent: Intent, facts: Facts, ruleset: RuleSet, at: datetime, today: int, fresh_at: datetime
) -> list[Finding]:
    """Every non-time rule that objects at `at`, in evaluation order. Freshness is judged at `fresh_at`.

    A balance ages while a message waits for Monday, but the creditor's feed renews it: staleness is a fact of the
    asked instant and the last look asks again, so it does not take the next allowed instant away.
    """
    found: list[Finding] = []
    if plan.stops:
        stop_findings(plan, facts, today, found)
    conduct_findings(plan, intent, facts, at, ruleset.reply_window, found)
    content_findings(plan, intent, facts, ruleset.required_fallback, found)
    if plan.freshness and stale(facts, fresh_at):
        found.append(freshness_finding(facts))
    if plan.channel and free_text_barred(intent, facts, at):
        found.append(Finding(X_WINDOW_CLOSED, "channel", {"channel": intent.channel}, "product", "", "platform_policy"))
    return found


def _finding(rule: Ref, kind: str, values: Mapping[str, object]) -> Finding:
    return Finding(rule.rule, kind, values, rule.pack, rule.citation, rule.basis)
