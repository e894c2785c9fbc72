"""The facts of one ask, made of what was loaded: everything the rules may look at, and nothing that names anybody.

Other creditors' contacts go in as bare contacts, without whose they are.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from compliance.decide import (
    ConsentRecord,
    Contact,
    Facts,
    Intent,
    RuleSet,
    candidate_zones,
    standing_identity,
    states_of,
)
from compliance.decide.calendars import known_subdivisions
from compliance.decide.offsets import zone_table
from compliance.decide.values import seconds
from compliance.decide.zones import shipped_plans
from compliance.rulesets import Place, short_state
from compliance.services.budget import creditor_hash, invoice_hash
from compliance.services.loading import (
    REMEMBERED,
    ConsentRow,
    ContactRow,
    DebtorRow,
    Known,
    PersonRow,
    PointRow,
)
from compliance.services.values import Ask
from kernel.errors import DomainError

#: Who may have given us a number that may be written to. Creditors and bureaus may not (X-NUMBER-PROVENANCE).
SUPPLIED_BY = frozenset({"debtor"})
#: Roles that are neither the debtor nor somebody who answers for the debt.
THIRD_PARTIES = frozenset({"reference", "work"})
#: Who speaks for a company is the debtor; nobody's accounts department speaks for a human being.
FOR_A_COMPANY = frozenset({"representative", "accounts_payable"})
_LEGAL = {
    "time_barred": "debt_time_barred",
    "sued": "sued_or_insolvency_procedure",
    "insolvency": "sued_or_insolvency_procedure",
}
#: How another creditor, and its invoices, are written in facts.
SOMEBODY_ELSE = "-"


def place_of(ask: Ask, known: Known) -> Place:
    """Whose rules an ask answers to. Raises DomainError when its ids do not belong together."""
    person, point, creditor = (
        known.persons[ask.person_id],
        known.points.get(ask.contact_point_id),
        known.creditors.get(ask.creditor_id),
    )
    if point is None or point.person_id != person.id:
        raise DomainError("contact_point_unknown", "this contact point is not the person's", pointer="contact_point_id")
    if creditor is None:
        raise DomainError("creditor_unknown", "there is no such creditor here", pointer="creditor_id")
    if ask.debtor_id is not None:
        debtor = known.debtors.get(ask.debtor_id)
        if debtor is None or debtor.person_id != person.id or debtor.creditor_id != creditor.id:
            raise DomainError("debtor_unknown", "this debtor is not the person at the creditor", pointer="debtor_id")
    country = person.country or creditor.country
    return Place(country, _states(person, point, country), creditor.id, person.id)


def _states(person: PersonRow, point: PointRow, country: str) -> tuple[str, ...]:
    number = point.value if point.kind == "phone" and country == "BR" else None
    states = states_of(number, short_state(person.subdivision))
    try:
        known = known_subdivisions(country)
    except ValueError:
        return ()
    return tuple(state for state in states if not known or state in known)


def zones_of(person: PersonRow, point: PointRow) -> tuple[str, ...]:
    """Candidate zones: declared, else the address, else the number plan; without a number the country's."""
    plans = shipped_plans()
    declared, address = person.declared_zone or None, person.address_zone or None
    if point.kind != "phone":
        named = candidate_zones(None, declared, address, plans)
        return named or plans.candidates.get(person.country, ())
    if not point.zones or ((declared or address) and point.value.startswith("+1")):
        return candidate_zones(point.value, declared, address, plans)
    return candidate_zones(None, declared, address, plans) or tuple(point.zones)


def intent_of(ask: Ask, ruleset: RuleSet) -> Intent:
    """The ask as the pure gate reads it: creditor and invoices as keyed hashes."""
    per_creditor, per_debt = _scopes(ruleset)
    return Intent(
        message_class=ask.message_class,
        channel=ask.channel,
        disclosure=ask.disclosure,
        flags=frozenset(ask.flags),
        missing=frozenset(ask.missing) & ruleset.required_fields if ask.missing else frozenset(),
        creditor=creditor_hash(ask.creditor_id) if per_creditor else None,
        invoices=tuple(invoice_hash(invoice) for invoice in ask.invoice_ids) if per_debt else (),
        free_text=ask.channel_facts.free_text,
        origin=ask.origin,
    )


def facts_of(ask: Ask, known: Known, place: Place, ruleset: RuleSet, now: datetime) -> Facts:
    """Everything the rules may look at for one ask; its own reservation is not among the contacts."""
    person, point = known.persons[ask.person_id], known.points[ask.contact_point_id]
    debtor = known.debtors[ask.debtor_id] if ask.debtor_id else None
    creditor, channel = known.creditors[ask.creditor_id], ask.channel_facts
    zones = zones_of(person, point)
    per_creditor, per_debt = _scopes(ruleset)
    mine = creditor_hash(ask.creditor_id) if per_creditor or per_debt else ""
    contacts = tuple(
        _contact(row, mine, per_creditor=per_creditor, per_debt=per_debt)
        for row in known.contacts.get(person.id, ())
        if row.origin_id != ask.request_id and row.message_class in REMEMBERED
    )
    hours = creditor.balance_max_age_hours
    inbound = dict(known.inbound.get(person.id, ()))
    window = channel.window_open_until
    if channel.last_inbound_at is not None:
        inbound[ask.channel] = max(channel.last_inbound_at, inbound.get(ask.channel, channel.last_inbound_at))
    elif window is None and ask.channel in inbound:
        window = now  # they wrote to another address of ours: a question to answer, but no open window here
    stopped = known.book.tenant_stopped or creditor.sending_stopped_at is not None
    return Facts(
        zones=zones,
        consents=consents_for(known.consents.get(person.id, ()), creditor.id, point.id),
        identity=identity_at(point, ruleset, now),
        stops=_stops(ask, known, point, debtor, zones),
        contacts=contacts,
        last_inbound=inbound,
        window_open_until=window,
        limit_until=channel.limit_until,
        paused=channel.paused or stopped,
        paused_until=None if stopped else channel.paused_until,
        balance_as_of=debtor.balance_as_of if debtor and hours is not None else None,
        balance_max_age=timedelta(hours=hours) if hours is not None else None,
        country=_holiday_country(place.country),
        ufs=place.states,
    )


def consents_for(rows: Sequence[ConsentRow], creditor_id: uuid.UUID, point_id: uuid.UUID) -> tuple[ConsentRecord, ...]:
    """What stands per channel and purpose for one creditor and contact point; `rows` are oldest first.

    A creditor's own statement beats the organisation's; a revocation for all creditors ends what was granted before
    it to one. A grant for one number says nothing about another; a revocation reaches every number.
    """
    own: dict[tuple[str, str], tuple[int, ConsentRow]] = {}
    general: dict[tuple[str, str], tuple[int, ConsentRow]] = {}
    for place, row in enumerate(rows):
        if row.contact_point_id not in (None, point_id) and row.state != "revoked":
            continue
        key = (row.channel, row.purpose)
        if row.creditor_id == creditor_id:
            own[key] = (place, row)
        elif row.creditor_id is None:
            general[key] = (place, row)
    standing = []
    for key in sorted({*own, *general}):
        specific, common = own.get(key), general.get(key)
        chosen = specific or common
        if specific and common and common[1].state == "revoked" and common[0] > specific[0]:
            chosen = common
        assert chosen is not None
        row = chosen[1]
        said = str(row.id) if row.id else ""
        standing.append(ConsentRecord(row.state, row.channel, row.purpose, row.expires_at, said))
    return tuple(standing)


class Proven(Protocol):
    """Whose identity it is and since when: a row of the loader, or a contact point."""

    @property
    def identity(self) -> str: ...
    @property
    def identity_at(self) -> datetime | None: ...


def identity_at(point: Proven, ruleset: RuleSet, now: datetime) -> str:
    """The stored state, less a verification that is too old."""
    return standing_identity(point.identity, point.identity_at, ruleset, now)


def _stops(
    ask: Ask, known: Known, point: PointRow, debtor: DebtorRow | None, zones: tuple[str, ...]
) -> dict[str, bool | str]:
    stops: dict[str, bool | str] = {}
    for row in known.stops.get(ask.person_id, ()):
        if row.creditor_id in (None, ask.creditor_id) and row.contact_point_id in (None, point.id):
            stops.setdefault(row.kind, row.listed_on or _local_date(row.since, zones))
    if point.supplied_by not in SUPPLIED_BY:
        stops["number_not_supplied_by_debtor"] = True
    if point.role in THIRD_PARTIES or (point.role in FOR_A_COMPANY and known.persons[ask.person_id].kind != "company"):
        stops["recipient_not_debtor_or_guarantor"] = True
    if point.reported_wrong_at is not None or point.identity == "wrong_person":
        stops["number_reported_wrong"] = True
    if not zones:
        stops["timezone_unknown"] = True
    if debtor is not None:
        _invoice_stops(ask, known, debtor, stops)
    return stops


def _invoice_stops(ask: Ask, known: Known, debtor: DebtorRow, stops: dict[str, bool | str]) -> None:
    """The stops that follow from the invoices which the message is about (conventions.stops_by_invoice)."""
    held = known.invoices.get(debtor.id, [])
    disputed = set(known.disputes.get(debtor.id, ()))
    if ask.invoice_ids:
        about = [row for row in held if row.id in ask.invoice_ids]
        if len(about) != len(set(ask.invoice_ids)):
            raise DomainError(
                "invoice_unknown", "an invoice of this message is not the debtor's", pointer="invoice_ids"
            )
    else:
        about = [row for row in held if not row.settled and not row.disputed and row.id not in disputed]
        about = about or [row for row in held if not row.settled]
    if debtor.withdrawn_at is not None or (
        all(row.settled for row in about) if about else debtor.owed_once and not ask.invoice_ids
    ):
        stops.setdefault("debt_settled", True)
    everything = None in disputed or (
        known.creditors[debtor.creditor_id].dispute_stops_all and (bool(disputed) or any(row.disputed for row in held))
    )
    if everything or any(row.disputed or row.id in disputed for row in about):
        stops.setdefault("dispute_open", True)
    for row in about:
        if row.legal_state in _LEGAL and not row.settled:
            stops.setdefault(_LEGAL[row.legal_state], True)


def _contact(row: ContactRow, mine: str, *, per_creditor: bool, per_debt: bool) -> Contact:
    """A past contact as the rules see it: another creditor's is counted and shows nothing of whom."""
    own = row.creditor_hash == mine
    return Contact(
        row.at,
        row.channel,
        row.message_class,
        "accepted" if row.state == "counted" else row.state,
        (mine if own else SOMEBODY_ELSE) if per_creditor else None,
        (tuple(row.invoice_hashes) if own else (SOMEBODY_ELSE,)) if per_debt else (),
    )


def local_day(at: datetime, zones: tuple[str, ...]) -> int:
    """The local date of an instant, as days since 1970, in the primary zone."""
    epoch = seconds(at)
    return (zone_table(zones[0]).local(epoch) if zones else epoch) // 86_400


def _local_date(at: datetime, zones: tuple[str, ...]) -> str:
    return date.fromordinal(local_day(at, zones) + datetime(1970, 1, 1, tzinfo=UTC).toordinal()).isoformat()


def _holiday_country(country: str) -> str | None:
    try:
        known_subdivisions(country)
    except ValueError:
        return None
    return country


@lru_cache(maxsize=4096)
def _scopes(ruleset: RuleSet) -> tuple[bool, bool]:
    """Whether any cap counts per creditor, and whether any counts per invoice."""
    scopes = {cap.scope for plan in ruleset.plans.values() for cap in plan.caps}
    return "creditor" in scopes, "debt" in scopes
