"""One loader for one send or for a batch: everything the rules may look at, in a constant number of queries.

The gate sees the whole person, whoever asks: callers hold `tenants.scope.all_creditors()` around it. Other creditors'
contacts go in as bare contacts, without whose they are.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from compliance.decide import ConsentRecord, Contact, Facts, Intent, RuleSet, candidate_zones, states_of
from compliance.decide.calendars import known_subdivisions
from compliance.decide.offsets import zone_table
from compliance.decide.values import COUNTING_CLASSES, OPTOUT_CONFIRMATION, seconds
from compliance.decide.zones import shipped_plans
from compliance.rulesets import Book, Place, open_book, short_state
from compliance.services.budget import INBOUND, creditor_hash, invoice_hash
from compliance.services.values import Ask
from kernel.errors import DomainError

#: Who may have given us a number that may be written to. Creditors and bureaus may not (X-NUMBER-PROVENANCE).
SUPPLIED_BY = frozenset({"debtor"})
#: Roles that are neither the debtor nor somebody who answers for the debt.
THIRD_PARTIES = frozenset({"reference", "work"})
_LEGAL = {
    "time_barred": "debt_time_barred",
    "sued": "sued_or_insolvency_procedure",
    "insolvency": "sued_or_insolvency_procedure",
}
_REMEMBERED = [*sorted(COUNTING_CLASSES), OPTOUT_CONFIRMATION]
#: How another creditor, and its invoices, are written in facts.
SOMEBODY_ELSE = "-"


class PersonRow(NamedTuple):
    id: uuid.UUID
    country: str
    declared_zone: str
    address_zone: str
    subdivision: str


class PointRow(NamedTuple):
    id: uuid.UUID
    person_id: uuid.UUID
    kind: str
    value: str
    role: str
    supplied_by: str | None
    zones: list[str]
    identity: str
    identity_at: datetime | None
    reported_wrong_at: datetime | None


class DebtorRow(NamedTuple):
    id: uuid.UUID
    creditor_id: uuid.UUID
    person_id: uuid.UUID
    balance_as_of: datetime | None
    withdrawn_at: datetime | None
    owed_once: bool


class CreditorRow(NamedTuple):
    id: uuid.UUID
    country: str
    balance_max_age_hours: int | None
    dispute_stops_all: bool
    sending_stopped_at: datetime | None


class InvoiceRow(NamedTuple):
    id: uuid.UUID
    debtor_id: uuid.UUID
    settled: bool
    disputed: bool
    legal_state: str


class StopRow(NamedTuple):
    person_id: uuid.UUID
    contact_point_id: uuid.UUID | None
    creditor_id: uuid.UUID | None
    kind: str
    since: datetime
    listed_on: str | None


class ConsentRow(NamedTuple):
    person_id: uuid.UUID
    contact_point_id: uuid.UUID | None
    creditor_id: uuid.UUID | None
    channel: str
    purpose: str
    state: str
    expires_at: datetime | None


class ContactRow(NamedTuple):
    person_id: uuid.UUID
    origin_id: uuid.UUID
    at: datetime
    channel: str
    message_class: str
    state: str
    creditor_hash: str
    invoice_hashes: list[str]


@dataclass(slots=True)
class Known:
    """What the tables say about the persons of a batch."""

    book: Book
    persons: dict[uuid.UUID, PersonRow]
    points: dict[uuid.UUID, PointRow]
    debtors: dict[uuid.UUID, DebtorRow]
    creditors: dict[uuid.UUID, CreditorRow]
    invoices: dict[uuid.UUID, list[InvoiceRow]]  # by debtor: the open ones, and those that were asked about
    disputes: dict[uuid.UUID, list[uuid.UUID | None]]  # by debtor: open disputes' invoices
    stops: dict[uuid.UUID, list[StopRow]]
    consents: dict[uuid.UUID, list[ConsentRow]]  # oldest first
    contacts: dict[uuid.UUID, list[ContactRow]] = field(default_factory=dict)
    inbound: dict[uuid.UUID, dict[str, datetime]] = field(default_factory=dict)  # by person: channel -> last word


def lock_persons(ids: Iterable[uuid.UUID], *, skip_locked: bool) -> dict[uuid.UUID, PersonRow]:
    """Lock these persons in id order; with skip_locked those that somebody else holds are left out.

    NO KEY UPDATE: rows that point at a person can still be written meanwhile.
    """
    return _persons(ids, "FOR NO KEY UPDATE" + (" SKIP LOCKED" if skip_locked else ""))


def read_persons(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, PersonRow]:
    """The same facts without a lock: for previews."""
    return _persons(ids, "")


def _persons(ids: Iterable[uuid.UUID], lock: str) -> dict[uuid.UUID, PersonRow]:
    rows = _rows(
        PersonRow,
        "SELECT id, country, declared_zone, address_zone, subdivision FROM portfolio_person "
        f"WHERE id = ANY(%s) ORDER BY id {lock}",
        [sorted(set(ids))],
    )
    return {row.id: row for row in rows}


def load(asks: Sequence[Ask], persons: dict[uuid.UUID, PersonRow], now: datetime) -> Known:
    """Everything about these asks but the contact history, which needs the rule sets first (`load_contacts`)."""
    ids = list(persons)
    debtor_ids = list({ask.debtor_id for ask in asks if ask.debtor_id is not None})
    creditor_ids = list({ask.creditor_id for ask in asks})
    invoice_ids = list({invoice for ask in asks for invoice in ask.invoice_ids})
    book = open_book([*creditor_ids, *ids], now)
    points = _rows(
        PointRow,
        "SELECT id, person_id, kind, value, role, provenance->>'supplied_by', zones, identity, identity_at, "
        "reported_wrong_at FROM portfolio_contactpoint WHERE id = ANY(%s)",
        [list({ask.contact_point_id for ask in asks})],
    )
    creditors = _rows(
        CreditorRow,
        "SELECT id, country, balance_max_age_hours, dispute_stops_all, sending_stopped_at FROM portfolio_creditor "
        "WHERE id = ANY(%s)",
        [creditor_ids],
    )
    debtors = _rows(
        DebtorRow,
        "SELECT d.id, d.creditor_id, d.person_id, d.balance_as_of, d.withdrawn_at, EXISTS (SELECT 1 FROM "
        "portfolio_invoice i WHERE i.tenant_id = d.tenant_id AND i.debtor_id = d.id) FROM portfolio_debtor d "
        "WHERE d.id = ANY(%s)",
        [debtor_ids],
    )
    invoices = _rows(
        InvoiceRow,
        "SELECT id, debtor_id, settled_at IS NOT NULL OR withdrawn_at IS NOT NULL, disputed_at IS NOT NULL, legal_state "
        "FROM portfolio_invoice WHERE debtor_id = ANY(%s) "
        "AND ((settled_at IS NULL AND withdrawn_at IS NULL) OR id = ANY(%s))",
        [debtor_ids, invoice_ids],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT debtor_id, invoice_id FROM portfolio_dispute WHERE debtor_id = ANY(%s) AND state = 'open'",
            [debtor_ids],
        )
        disputes: dict[uuid.UUID, list[uuid.UUID | None]] = defaultdict(list)
        for debtor_id, invoice_id in cursor.fetchall():
            disputes[debtor_id].append(invoice_id)
    stops = _rows(
        StopRow,
        "SELECT person_id, contact_point_id, creditor_id, kind, since, evidence->>'listed_on' FROM compliance_stop "
        "WHERE person_id = ANY(%s) AND lifted_at IS NULL ORDER BY since, id",
        [ids],
    )
    consents = _rows(
        ConsentRow,
        "SELECT person_id, contact_point_id, creditor_id, channel, purpose, state, expires_at FROM compliance_consent "
        "WHERE person_id = ANY(%s) ORDER BY given_at, id",
        [ids],
    )
    return Known(
        book=book,
        persons=persons,
        points={row.id: row for row in points},
        debtors={row.id: row for row in debtors},
        creditors={row.id: row for row in creditors},
        invoices=_by(invoices, "debtor_id"),
        disputes=disputes,
        stops=_by(stops, "person_id"),
        consents=_by(consents, "person_id"),
    )


def load_contacts(known: Known, now: datetime, *, days: int, own: Collection[uuid.UUID]) -> None:
    """The contact history of the batch's persons over `days` local days, and the own reservations among it."""
    rows = _rows(
        ContactRow,
        "SELECT person_id, origin_id, at, channel, message_class, state, creditor_hash, invoice_hashes "
        "FROM compliance_contact WHERE person_id = ANY(%s) AND at >= %s AND state <> 'released' "
        "AND (direction = 'in' OR message_class = ANY(%s) OR origin_id = ANY(%s)) ORDER BY at, id",
        [list(known.persons), now - timedelta(days=days + 1), _REMEMBERED, list(own)],
    )
    known.contacts = defaultdict(list)
    for row in rows:
        if row.message_class == INBOUND:
            known.inbound.setdefault(row.person_id, {})[row.channel] = row.at
        else:
            known.contacts[row.person_id].append(row)


def place_of(ask: Ask, known: Known) -> Place:
    """Whose rules an ask answers to. Raises DomainError when its ids do not belong together."""
    person, point, creditor = known.persons[ask.person_id], known.points.get(ask.contact_point_id), known.creditors.get(ask.creditor_id)
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
    return tuple(state for state in states if state in known)


def zones_of(person: PersonRow, point: PointRow) -> tuple[str, ...]:
    """Candidate zones: declared, else the address, else the number plan; an address that names no number: the country's."""
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
        missing=frozenset(ask.missing) & required_fields(ruleset) if ask.missing else frozenset(),
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
        if row.origin_id != ask.request_id and row.message_class in _REMEMBERED
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
        identity=_identity(point, ruleset, now),
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
        standing.append(ConsentRecord(row.state, row.channel, row.purpose, row.expires_at))
    return tuple(standing)


def _identity(point: PointRow, ruleset: RuleSet, now: datetime) -> str:
    """The stored state; a verification that is too old counts as no more than contacted (numbers are recycled)."""
    if point.identity == "verified" and point.identity_at is not None:
        days = _identity_days(ruleset)
        if days is not None and point.identity_at + timedelta(days=days) < now:
            return "contacted"
    return point.identity


def _stops(
    ask: Ask, known: Known, point: PointRow, debtor: DebtorRow | None, zones: tuple[str, ...]
) -> dict[str, bool | str]:
    stops: dict[str, bool | str] = {}
    for row in known.stops.get(ask.person_id, ()):
        if row.creditor_id in (None, ask.creditor_id) and row.contact_point_id in (None, point.id):
            stops.setdefault(row.kind, row.listed_on or _local_date(row.since, zones))
    if point.supplied_by not in SUPPLIED_BY:
        stops["number_not_supplied_by_debtor"] = True
    if point.role in THIRD_PARTIES:
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
            raise DomainError("invoice_unknown", "an invoice of this message is not the debtor's", pointer="invoice_ids")
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
def required_fields(ruleset: RuleSet) -> frozenset[str]:
    """Every field that some rule of the composition asks a collection message to carry."""
    fields: set[str] = set()
    for layer in ruleset.content["layers"]:
        data = layer["data"]
        fields.update(data.get("content_required") or (), data.get("extra_content_required") or ())
        fields.update(field for rule in data.get("content_required_rules") or () for field in rule["fields"])
    return frozenset(fields)


@lru_cache(maxsize=4096)
def _read(ruleset: RuleSet) -> tuple[bool, bool, int | None]:
    scopes = {cap.scope for plan in ruleset.plans.values() for cap in plan.caps}
    days = [
        int(layer["data"]["identity_verification"]["expires_after_days"])
        for layer in ruleset.content["layers"]
        if (layer["data"].get("identity_verification") or {}).get("expires_after_days")
    ]
    return "creditor" in scopes, "debt" in scopes, min(days, default=None)


def _scopes(ruleset: RuleSet) -> tuple[bool, bool]:
    """Whether any cap counts per creditor, and whether any counts per invoice."""
    return _read(ruleset)[:2]


def _identity_days(ruleset: RuleSet) -> int | None:
    return _read(ruleset)[2]


def _rows(kind: Any, statement: str, parameters: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [kind(*row) for row in cursor.fetchall()]


def _by(rows: Iterable[Any], key: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found
