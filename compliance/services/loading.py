"""What the tables say about the persons of a batch, in a constant number of queries.

The gate sees the whole person, whoever asks: callers hold `tenants.scope.all_creditors()` around it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from compliance.decide.values import COUNTING_CLASSES, OPTOUT_CONFIRMATION
from compliance.rulesets import Book, open_book
from compliance.services.budget import INBOUND
from compliance.services.values import Ask
from tenants.bulk import array, beside

#: Classes whose contacts some rule looks back at.
REMEMBERED = (*sorted(COUNTING_CLASSES), OPTOUT_CONFIRMATION)


class PersonRow(NamedTuple):
    id: uuid.UUID
    country: str
    declared_zone: str
    address_zone: str
    subdivision: str
    kind: str = "human"


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
    id: uuid.UUID | None = None


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
        "SELECT id, country, declared_zone, address_zone, subdivision, kind FROM portfolio_person "
        f"WHERE id = ANY(%s::uuid[]) ORDER BY id {lock}",
        [array(set(ids))],
    )
    return {row.id: row for row in rows}


def load(asks: Sequence[Ask], persons: dict[uuid.UUID, PersonRow], now: datetime) -> Known:
    """Everything about these asks but the contact history, which needs the rule sets first (`load_contacts`)."""
    ids = array(persons)
    debtor_ids = array({ask.debtor_id for ask in asks if ask.debtor_id is not None})
    creditors_asked = {ask.creditor_id for ask in asks}
    creditor_ids = array(creditors_asked)
    invoice_ids = array({invoice for ask in asks for invoice in ask.invoice_ids})
    book = open_book([*creditors_asked, *persons], now)
    points = _rows(
        PointRow,
        "SELECT id, person_id, kind, value, role, provenance->>'supplied_by', zones, identity, identity_at, "
        "reported_wrong_at FROM portfolio_contactpoint WHERE id = ANY(%s::uuid[])",
        [array({ask.contact_point_id for ask in asks})],
    )
    creditors = _rows(
        CreditorRow,
        "SELECT id, country, balance_max_age_hours, dispute_stops_all, sending_stopped_at FROM portfolio_creditor "
        "WHERE id = ANY(%s::uuid[])",
        [creditor_ids],
    )
    debtors = _rows(
        DebtorRow,
        "SELECT d.id, d.creditor_id, d.person_id, d.balance_as_of, d.withdrawn_at, EXISTS (SELECT 1 FROM "
        "portfolio_invoice i WHERE i.tenant_id = d.tenant_id AND i.debtor_id = d.id) FROM portfolio_debtor d "
        "WHERE d.id = ANY(%s::uuid[])",
        [debtor_ids],
    )
    invoices = _rows(
        InvoiceRow,
        "SELECT id, debtor_id, settled_at IS NOT NULL OR withdrawn_at IS NOT NULL, disputed_at IS NOT NULL, "
        "legal_state FROM portfolio_invoice WHERE debtor_id = ANY(%s::uuid[]) "
        "AND ((settled_at IS NULL AND withdrawn_at IS NULL) OR id = ANY(%s::uuid[]))",
        [debtor_ids, invoice_ids],
    )
    with beside() as cursor:
        cursor.execute(
            "SELECT debtor_id, invoice_id FROM portfolio_dispute WHERE debtor_id = ANY(%s::uuid[]) AND state = 'open'",
            [debtor_ids],
        )
        disputes: dict[uuid.UUID, list[uuid.UUID | None]] = defaultdict(list)
        for debtor_id, invoice_id in cursor.fetchall():
            disputes[debtor_id].append(invoice_id)
    stops = _rows(
        StopRow,
        "SELECT person_id, contact_point_id, creditor_id, kind, since, evidence->>'listed_on' FROM compliance_stop "
        "WHERE person_id = ANY(%s::uuid[]) AND lifted_at IS NULL ORDER BY since, id",
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
        consents=load_consents(persons),
    )


def load_consents(person_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[ConsentRow]]:
    """By person, what was said about consent and has not been corrected, oldest first."""
    rows = _rows(
        ConsentRow,
        # A grant that was corrected stands no more; a revocation stands until something newer is granted.
        "SELECT person_id, contact_point_id, creditor_id, channel, purpose, state, expires_at, id "
        "FROM compliance_consent c "
        "WHERE person_id = ANY(%s::uuid[]) AND (external_id = '' OR state = 'revoked' OR NOT EXISTS (SELECT 1 FROM "
        "compliance_consent n WHERE n.tenant_id = c.tenant_id AND n.person_id = c.person_id "
        "AND n.external_id = c.external_id AND n.creditor_id IS NOT DISTINCT FROM c.creditor_id "
        "AND n.version > c.version)) ORDER BY given_at, id",
        [array(person_ids)],
    )
    return _by(rows, "person_id")


def load_contacts(known: Known, now: datetime, *, days: int, own: Collection[uuid.UUID]) -> None:
    """The contact history of the batch's persons over `days` local days, and the own reservations among it."""
    rows = _rows(
        ContactRow,
        "SELECT person_id, origin_id, at, channel, message_class, state, creditor_hash, invoice_hashes "
        "FROM compliance_contact WHERE person_id = ANY(%s::uuid[]) AND at >= %s AND state <> 'released' "
        "AND (direction = 'in' OR message_class = ANY(%s) OR origin_id = ANY(%s::uuid[])) ORDER BY at, id",
        [array(known.persons), now - timedelta(days=days + 1), list(REMEMBERED), array(own)],
    )
    known.contacts = defaultdict(list)
    for row in rows:
        if row.message_class == INBOUND:
            known.inbound.setdefault(row.person_id, {})[row.channel] = row.at
        else:
            known.contacts[row.person_id].append(row)


def _rows(kind: Any, statement: str, parameters: Sequence[Any]) -> list[Any]:
    with beside() as cursor:
        cursor.execute(statement, parameters)
        return list(map(kind._make, cursor.fetchall()))


def _by(rows: Iterable[Any], key: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found
