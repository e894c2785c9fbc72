"""What the ledger keeps of a decision, so that anybody can decide it again years later and get the same answer.

Kept: the intent, the facts, the asked instant, the hash of the rule set, and of the outside world exactly what was
used: the UTC offsets of the candidate zones from the oldest contact to the end of the search, and the closed dates in
between. Newer holiday or zone data cannot change a replay. Nothing here is personal text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from kernel.errors import DomainError

from .calendars import Calendar, StoredCalendar, shipped_calendar
from .days import holiday_keys
from .gate import EVALUATOR_VERSION, decide, judge
from .offsets import ZoneTable, epoch_of, zone_tables
from .rules import RuleSet
from .values import DAY, EPOCH_ORDINAL, ConsentRecord, Contact, Decision, Facts, Finding, Intent

FACTS_SCHEMA = 1

_INTENT = Intent()
_CONTACT = Contact(datetime(1970, 1, 1, tzinfo=UTC))


def facts_to_json(
    intent: Intent,
    facts: Facts,
    now: datetime,
    ruleset: RuleSet,
    calendar_used: Calendar | None = None,
    decision: Decision | None = None,
) -> dict[str, Any]:
    """The JSON of one decision's facts, without what is at its default; aim: under 1.5 kB.

    Hand in the calendar that decided (None: the shipped one) and the decision itself, else it is decided again to
    learn which dates the search looked at.
    """
    calendar = calendar_used or shipped_calendar()
    if decision is None:
        decision = decide(intent, facts, ruleset, now, calendar)
    asked = epoch_of(now)
    zones = zone_tables(facts.zones)
    oldest = min((epoch_of(contact.at) for contact in facts.contacts), default=asked)
    end = max(asked, decision.searched_to) + 2 * DAY
    stored: dict[str, Any] = {
        "schema": FACTS_SCHEMA,
        "evaluator": EVALUATOR_VERSION,
        "rules": ruleset.hash,
        "data": _versions(),
        "at": _instant(now),
        "intent": _intent_json(intent),
        "facts": _facts_json(facts),
        "offsets": [_offsets_json(zone.between(min(oldest, asked) - DAY, end)) for zone in zones],
    }
    if zones:
        first = min(zone.local(asked) for zone in zones) // DAY + EPOCH_ORDINAL
        last = max(zone.local(end) for zone in zones) // DAY + EPOCH_ORDINAL
        stored["days"] = [_day(first), _day(last)]
        states = facts.holiday_subdivisions or facts.ufs
        closed = _closed_json(ruleset, calendar, facts.country, states, first, last)
        stored["closed"] = {key: dict(days) for key, days in closed.items()}
    return stored


def decision_to_json(decision: Decision) -> dict[str, Any]:
    """The stored form of an answer: verdict, findings and the next allowed instant."""
    return {
        "verdict": decision.verdict,
        "next": None if decision.next_allowed_at is None else _instant(decision.next_allowed_at),
        "findings": [finding_to_json(finding) for finding in decision.findings],
    }


def decision_from_json(stored: Mapping[str, Any]) -> Decision:
    """The inverse of decision_to_json."""
    return Decision(
        stored["verdict"],
        tuple(finding_from_json(row) for row in stored["findings"]),
        None if stored["next"] is None else _parse(stored["next"]),
    )


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """The stored form of one finding."""
    row: dict[str, Any] = {"rule": finding.rule, "kind": finding.kind, "pack": finding.pack}
    row["values"] = dict(finding.values)
    if finding.citation:
        row["law"] = finding.citation
    if finding.basis:
        row["basis"] = finding.basis
    return row


def finding_from_json(row: Mapping[str, Any]) -> Finding:
    """The inverse of finding_to_json."""
    return Finding(row["rule"], row["kind"], row["values"], row["pack"], row.get("law", ""), row.get("basis", ""))


def replay(stored: Mapping[str, Any], ruleset: RuleSet) -> Decision:
    """Decide again from stored facts alone, with the offsets and closed dates that were used then.

    Raises DomainError `evidence_mismatch` for another rule set or a schema this version cannot read.
    """
    if stored["schema"] != FACTS_SCHEMA:
        raise DomainError("evidence_mismatch", "facts schema %(schema)s is unknown here", schema=stored["schema"])
    if stored["rules"] != ruleset.hash:
        raise DomainError("evidence_mismatch", "these facts were decided with rule set %(hash)s", hash=stored["rules"])
    zones = tuple(_offsets_from(row) for row in stored["offsets"])
    first, last = (date.fromisoformat(day).toordinal() for day in stored.get("days", ("0001-01-01", "0001-01-01")))
    calendar = StoredCalendar(stored.get("closed", {}), first, last)
    facts = _facts_from(stored["facts"], tuple(zone.name for zone in zones))
    return judge(_intent_from(stored["intent"]), facts, ruleset, _parse(stored["at"]), calendar, zones)


def readings(stored: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Stored facts, and what else they may have meant: a disclosure of 0 was once written like none at all."""
    yield stored
    if "disclosure" not in stored.get("intent", {"disclosure": 0}):
        yield {**stored, "intent": {**stored["intent"], "disclosure": 0}}


def replay_under(stored: Mapping[str, Any], ruleset: RuleSet) -> Decision:
    """What another rule set says to stored facts, with the zones and holidays that are known today.

    Only what the rules of then asked for is in the facts: see `unanswered`. Raises DomainError `evidence_mismatch`.
    """
    if stored["schema"] != FACTS_SCHEMA:
        raise DomainError("evidence_mismatch", "facts schema %(schema)s is unknown here", schema=stored["schema"])
    facts = _facts_from(stored["facts"], tuple(row[0] for row in stored["offsets"]))
    return decide(_intent_from(stored["intent"]), facts, ruleset, _parse(stored["at"]))


def unanswered(then: RuleSet, other: RuleSet, message_class: str) -> str:
    """What another rule set asks that facts kept for the rules of `then` do not say; '' when they say everything.

    history: contacts longer ago; scopes: whose contacts, about which invoice; fields: whether a text carries a field.
    What is missing could only be one more objection.
    """
    if other.lookback_days > then.lookback_days:
        return "history"
    mine, theirs = ({cap.scope for plan in one.plans.values() for cap in plan.caps} for one in (then, other))
    if (theirs - mine) & {"creditor", "debt"}:
        return "scopes"
    if other.plans[message_class].required and other.required_fields - then.required_fields:
        return "fields"
    return ""


@lru_cache(maxsize=4096)
def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


@lru_cache(maxsize=1024)
def _closed_json(
    ruleset: RuleSet, calendar: Calendar, country: str | None, states: tuple[str, ...], first: int, last: int
) -> dict[str, dict[str, str]]:
    """The closed dates of a stretch; debtors of one place who are asked about on one day have them in common."""
    facts = Facts(country=country, ufs=states)
    keys = {key: None for rule in ruleset.closed for key in holiday_keys(rule, ruleset, calendar, facts)}
    closed: dict[str, dict[str, str]] = {}
    for key in keys:
        names = ((_day(day), calendar.name(key, day)) for day in range(first, last + 1))
        closed[key.text()] = {day: name for day, name in names if name is not None}
    return closed


def _offsets_json(zone: ZoneTable) -> list[Any]:
    changes = zip(zone.starts, zone.offsets[1:], strict=True)
    return [zone.name, zone.offsets[0], *([start, offset] for start, offset in changes)]


def _offsets_from(row: list[Any]) -> ZoneTable:
    name, first, *changes = row
    return ZoneTable(name, [first, *(offset for _, offset in changes)], [start for start, _ in changes])


def _intent_json(intent: Intent) -> dict[str, Any]:
    kept: dict[str, Any] = {"class": intent.message_class, "channel": intent.channel}
    if intent.purpose and intent.purpose != _INTENT.purpose:
        kept["purpose"] = intent.purpose
    if intent.disclosure is not None:  # a disclosure of 0 is something said
        kept["disclosure"] = intent.disclosure
    if intent.flags:
        kept["flags"] = sorted(intent.flags)
    if intent.missing:
        kept["missing"] = sorted(intent.missing)
    if intent.creditor:
        kept["creditor"] = intent.creditor
    if intent.invoices:
        kept["invoices"] = list(intent.invoices)
    if intent.free_text:
        kept["free_text"] = intent.free_text
    if intent.in_reply_to:
        kept["in_reply_to"] = intent.in_reply_to
    if intent.origin:
        kept["origin"] = intent.origin
    return kept


def _intent_from(row: Mapping[str, Any]) -> Intent:
    return Intent(
        row["class"],
        row["channel"],
        row.get("purpose", _INTENT.purpose),
        row.get("disclosure"),
        frozenset(row.get("flags", ())),
        frozenset(row.get("missing", ())),
        row.get("creditor"),
        tuple(row.get("invoices", ())),
        row.get("free_text", False),
        row.get("in_reply_to"),
        row.get("origin", ""),
    )


def _facts_json(facts: Facts) -> dict[str, Any]:
    kept: dict[str, Any] = {"identity": facts.identity}
    if facts.consents:
        kept["consents"] = [_consent_json(record) for record in facts.consents]
    if stops := {name: since for name, since in facts.stops.items() if since}:
        kept["stops"] = stops
    if facts.contacts:
        kept["contacts"] = [_contact_json(contact) for contact in facts.contacts]
    if facts.last_inbound:
        kept["inbound"] = {channel: _instant(at) for channel, at in facts.last_inbound.items()}
    if facts.country is not None:
        kept["country"] = facts.country
    if facts.ufs:
        kept["ufs"] = list(facts.ufs)
    if facts.holiday_subdivisions:
        kept["holiday_subdivisions"] = list(facts.holiday_subdivisions)
    if facts.paused:
        kept["paused"] = facts.paused
    if facts.window_open_until is not None:
        kept["window_open_until"] = _instant(facts.window_open_until)
    if facts.limit_until is not None:
        kept["limit_until"] = _instant(facts.limit_until)
    if facts.paused_until is not None:
        kept["paused_until"] = _instant(facts.paused_until)
    if facts.balance_as_of is not None:
        kept["balance_as_of"] = _instant(facts.balance_as_of)
    if facts.balance_max_age:
        kept["balance_max_age"] = facts.balance_max_age // timedelta(microseconds=1)
    return kept


def _facts_from(row: Mapping[str, Any], zones: tuple[str, ...]) -> Facts:
    def at(key: str) -> datetime | None:
        return _parse(row[key]) if key in row else None

    age = row.get("balance_max_age")
    return Facts(
        zones=zones,
        consents=tuple(_consent_from(record) for record in row.get("consents", ())),
        identity=row["identity"],
        stops=row.get("stops", {}),
        contacts=tuple(_contact_from(contact) for contact in row.get("contacts", ())),
        last_inbound={channel: _parse(text) for channel, text in row.get("inbound", {}).items()},
        window_open_until=at("window_open_until"),
        limit_until=at("limit_until"),
        paused=row.get("paused", False),
        paused_until=at("paused_until"),
        balance_as_of=at("balance_as_of"),
        balance_max_age=None if age is None else timedelta(microseconds=age),
        country=row.get("country"),
        ufs=tuple(row.get("ufs", ())),
        holiday_subdivisions=tuple(row.get("holiday_subdivisions", ())),
    )


def _consent_json(record: ConsentRecord) -> list[str]:
    row = [record.state, record.channel, record.purpose]
    if record.expires_at is not None or record.statement:
        row.append("" if record.expires_at is None else _instant(record.expires_at))
    return [*row, record.statement] if record.statement else row


def _consent_from(row: list[str]) -> ConsentRecord:
    state, channel, purpose, expires, statement = [*row, "", ""][:5]
    return ConsentRecord(state, channel, purpose, _parse(expires) if expires else None, statement)


def _contact_json(contact: Contact) -> list[Any]:
    row: list[Any] = [_instant(contact.at), *contact[1:5], list(contact.invoices), contact.new_demand]
    defaults: list[Any] = [None, *_CONTACT[1:5], [], False]
    while len(row) > 1 and row[-1] == defaults[len(row) - 1]:
        row.pop()
    return row


def _contact_from(row: list[Any]) -> Contact:
    full = [*row, *_CONTACT[len(row) :]]
    return Contact(_parse(full[0]), full[1], full[2], full[3], full[4], tuple(full[5]), full[6])


def _instant(at: datetime) -> str:
    text = at.astimezone(UTC).isoformat(timespec="microseconds" if at.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def _parse(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@lru_cache(maxsize=1)
def _versions() -> str:
    return f"tzdata {version('tzdata')}, holidays {version('holidays')}"
