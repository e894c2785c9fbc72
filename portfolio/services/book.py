"""The accounts of some debtors of one creditor: loaded in a constant number of queries, written in as many.

Everything that writes money goes through a Book: one payment opens it for one debtor, an import for a thousand.
Debtors are locked in id order. Events are staged last.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from django.db import models
from django.db.models import Q

from portfolio import hooks, search
from portfolio.entries import Account, Cause, Line, NewEntry, entry_digest
from portfolio.hooks import Note
from portfolio.models import (
    Agreement,
    ContactPoint,
    Creditor,
    Debtor,
    Entry,
    Import,
    Instalment,
    Invoice,
    Payable,
    Payment,
    Person,
    Promise,
)  # fmt: skip
from tenants import bulk
from tenants.events import Emit, emit_many
from tenants.scope import all_creditors

#: What became of a row that was stated.
#: Roles of a contact point at which somebody else answers.
SOMEBODY_ELSES = frozenset({ContactPoint.Role.REFERENCE, ContactPoint.Role.WORK})
Outcome = Literal["created", "updated", "unchanged"]

_SAVED = {
    Person: ("kind", "name", "document_kind", "document", "document_hash", "knowledge", "country", "language",
             "declared_zone", "address_zone", "subdivision", "city"),
    Debtor: ("person", "labels", "attributes", "balance_as_of", "currency", "open_minor", "oldest_due_on", "import_id",
             "withdrawn_at", "updated_at"),
    ContactPoint: ("role", "contact_name", "contact_position", "provenance", "zones", "identity", "identity_at",
                   "identity_method"),
    Invoice: ("number", "description", "issued_on", "due_on", "amount_minor", "open_minor", "settled_at", "disputed_at",
              "withdrawn_at", "legal_state", "import_id", "updated_at"),
    Payment: ("currency", "minor", "kind", "method", "source", "payable_id", "paid_at", "reversed_at", "import_id"),
    Promise: ("state", "decided_at"),
    Agreement: ("state", "accepted_at", "updated_at"),
    Instalment: ("paid_minor",),
    Payable: ("state",),
}  # fmt: skip
#: Persons first and contact points after debtors: a person is visible to a limited scope through a debtor only.
_INSERTS: tuple[type[models.Model], ...] = (Person, Debtor, ContactPoint, Invoice, Payment)


@dataclass
class Book:
    """The working set of one transaction; `cause` is stamped on every entry made in it."""

    creditor: Creditor
    cause: Cause
    #: An import says less: one event per debtor instead of one per contact point, invoice and payment of a new one.
    thin: bool = False
    accounts: dict[uuid.UUID, Account] = field(default_factory=dict)
    by_external: dict[str, Account] = field(default_factory=dict)
    persons: dict[uuid.UUID, Person] = field(default_factory=dict)
    by_document: dict[str, Person] = field(default_factory=dict)
    contacts: dict[uuid.UUID, dict[tuple[str, str], ContactPoint]] = field(default_factory=lambda: defaultdict(dict))
    #: Every invoice and payment of this creditor that the batch names, whoever's it is.
    invoices: dict[str, Invoice] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    new: dict[type[models.Model], dict[uuid.UUID, Any]] = field(default_factory=lambda: defaultdict(dict))
    changed: dict[type[models.Model], dict[uuid.UUID, Any]] = field(default_factory=lambda: defaultdict(dict))
    emits: list[Emit] = field(default_factory=list)
    #: Statements about consent and stops, for `portfolio.hooks`.
    notes: list[Note] = field(default_factory=list)
    #: Debtors about which something was said; value: what, for the event.
    said: dict[uuid.UUID, dict[str, Any]] = field(default_factory=dict)
    #: Rows whose searchable words changed, and debtors that turned out to be another person's.
    reworded: set[uuid.UUID] = field(default_factory=set)
    moved: set[uuid.UUID] = field(default_factory=set)
    #: Contact points that were somebody else's so far and are the person's own now.
    owned: list[ContactPoint] = field(default_factory=list)
    #: Debtors per person at any creditor of the organisation, for persons that the batch loaded.
    shared: dict[uuid.UUID, int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The business instant of everything in this book."""
        return self.cause.now

    @cached_property
    def undone(self) -> frozenset[uuid.UUID]:
        """The creditor's imports that were undone."""
        states = Import.objects.filter(creditor=self.creditor, state=Import.State.UNDONE)
        return frozenset(states.values_list("id", flat=True))

    @cached_property
    def clause(self) -> hooks.Clause:
        """The creditor's contract clauses."""
        return hooks.clauses_of(self.creditor.id)

    # --- loading

    def load(
        self,
        *,
        debtors: Q | None = None,
        documents: Collection[str] = (),
        invoices: Collection[str] = (),
        payments: Collection[str] = (),
        people: bool = False,
    ) -> None:
        """Lock and load debtors with their accounts; `people` also their persons and contact points.

        `documents` are hashes, `invoices` and `payments` external ids that the work will name.
        """
        found = [] if debtors is None else list(
            Debtor.objects.select_for_update(no_key=True).filter(debtors, creditor=self.creditor).order_by("id")
        )  # fmt: skip
        if invoices:
            named = Invoice.objects.filter(creditor=self.creditor, external_id__in=list(invoices))
            self.invoices.update((item.external_id, item) for item in named)
        if payments:
            held = Payment.objects.filter(creditor=self.creditor, external_id__in=list(payments))
            self.payments.update((item.external_id, item) for item in held)
        if found:
            self._load_accounts(found)
        if people:
            self._load_people({debtor.person_id for debtor in found}, documents)

    def _load_accounts(self, debtors: list[Debtor]) -> None:
        ids = [debtor.id for debtor in debtors]
        invoices: dict[uuid.UUID, list[Invoice]] = defaultdict(list)
        for invoice in Invoice.objects.filter(debtor_id__in=ids).order_by("due_on", "id"):
            invoice = self.invoices.setdefault(invoice.external_id, invoice)  # one object per row
            invoices[invoice.debtor_id].append(invoice)
        lines: dict[uuid.UUID, list[Line]] = defaultdict(list)
        columns = ("debtor_id", "id", "invoice_id", "payment_id", "kind", "minor", "import_id")
        for debtor_id, *rest in Entry.objects.filter(debtor_id__in=ids).order_by("id").values_list(*columns):
            lines[debtor_id].append(Line(*rest))
        agreements = {item.debtor_id: item for item in Agreement.objects.filter(debtor_id__in=ids, state="active")}
        instalments: dict[uuid.UUID, list[Instalment]] = defaultdict(list)
        if agreements:
            for part in Instalment.objects.filter(agreement_id__in=[item.id for item in agreements.values()]):
                instalments[part.agreement_id].append(part)
        promises: dict[uuid.UUID, list[Promise]] = defaultdict(list)
        for promise in Promise.objects.filter(debtor_id__in=ids, state="open"):
            promises[promise.debtor_id].append(promise)
        payables: dict[uuid.UUID, list[Payable]] = defaultdict(list)
        for payable in Payable.objects.filter(debtor_id__in=ids, state="open"):
            payables[payable.debtor_id].append(payable)
        for debtor in debtors:
            agreement = agreements.get(debtor.id)
            account = Account(
                debtor,
                invoices[debtor.id],
                lines[debtor.id],
                agreement=agreement,
                instalments=instalments[agreement.id] if agreement else (),
                promises=promises[debtor.id],
                payables=payables[debtor.id],
            )
            self.accounts[debtor.id] = self.by_external[debtor.external_id] = account

    def _load_people(self, ids: set[uuid.UUID], documents: Collection[str]) -> None:
        # One person at two creditors is one person, also when the scope shows one creditor only.
        with all_creditors():
            known = Person.objects.filter(Q(id__in=ids) | Q(document_hash__in=[item for item in documents if item]))
            for person in known:
                self.persons[person.id] = person
                if person.document_hash:
                    self.by_document[person.document_hash] = person
            for point in ContactPoint.objects.filter(person_id__in=list(self.persons)):
                self.contacts[point.person_id][point.kind, point.value] = point
            counts = Debtor.objects.filter(person_id__in=list(self.persons)).values_list("person_id")
            self.shared.update(counts.annotate(count=models.Count("id")))

    # --- changes

    def add(self, item: models.Model) -> None:
        """Remember a new row."""
        self.new[type(item)][item.pk] = item

    def change(self, item: models.Model) -> None:
        """Remember that a row changed; a row that is new anyway is written once."""
        if item.pk not in self.new[type(item)]:
            self.changed[type(item)][item.pk] = item

    def open(self, debtor: Debtor) -> Account:
        """An account for a debtor that this book makes."""
        account = Account(debtor)
        self.accounts[debtor.id] = self.by_external[debtor.external_id] = account
        self.add(debtor)
        return account

    def tell(self, name: str, item: Any, **data: Any) -> None:
        """An event about a row of this creditor."""
        self.emits.append(Emit(name, item._meta.label_lower, item.pk, self.now, self.creditor.id, "", data or None))

    def say(self, debtor: Debtor, **what: Any) -> None:
        """Something about a debtor changed: one event for the whole book."""
        self.said.setdefault(debtor.id, {}).update(what)

    # --- writing

    def write(self) -> None:
        """Settle every account that moved, write all rows, stage all events."""
        entries: list[NewEntry] = []
        for account in self.accounts.values():
            if account.written or account.touched:
                account.settle(self.cause)
                self._gather(account)
                entries += account.written
        for model in _INSERTS:
            bulk.insert(model, self.new[model].values())
        for model, fields in _SAVED.items():
            bulk.update(model, self.changed[model].values(), fields)
        bulk.insert(Entry, entries)
        search.keep(self)
        hooks.claimed(self._claims(), self.now)
        emit_many(self._events(entries))

    def _claims(self) -> list[tuple[str, uuid.UUID, str]]:
        """The numbers that became these people's own; a reference's or a workplace's are somebody else's anyway."""
        return [
            (point.value, point.person_id, point.contact_name)
            for point in (*self.new[ContactPoint].values(), *self.owned)
            if point.kind == "phone" and point.role not in SOMEBODY_ELSES
        ]

    def _gather(self, account: Account) -> None:
        for item in account.touched.values():
            self.change(item)
        self.change(account.debtor)
        for payment in account.made:
            self.add(payment)
            self.tell("payment.recorded", payment, kind=payment.kind)
        fresh = account.debtor.id in self.new[Debtor]
        for invoice in account.settled.values():
            if not (self.thin and fresh):
                self.tell("invoice.settled", invoice)
        for name, item in account.happened:
            self.tell(name, item, debtor_id=str(account.debtor.id))
        if account.written:
            self.say(account.debtor, balance=account.debtor.open_minor)

    def _events(self, entries: Iterable[NewEntry]) -> list[Emit]:
        made = self.new[Debtor]
        found = [
            Emit("entry.recorded", "portfolio.entry", entry.id, self.now, entry.creditor_id, entry_digest(entry))
            for entry in entries
        ]
        found += self.emits
        for debtor_id, what in self.said.items():
            data = {"created": True, **what} if debtor_id in made else what
            found.append(Emit("debtor.saved", "portfolio.debtor", debtor_id, self.now, self.creditor.id, "", data))
        return found


def open_book(
    creditor: Creditor, *, now: datetime, source: str, import_id: uuid.UUID | None = None, thin: bool = False
) -> Book:
    """An empty book."""
    return Book(creditor, Cause(source, now, import_id), thin=thin)


def book_of(debtor: Debtor, *, now: datetime, source: str, **named: Any) -> tuple[Book, Account]:
    """A book with one debtor's account, locked. `named` goes to `Book.load`."""
    creditor = Creditor.objects.get(pk=debtor.creditor_id)
    book = open_book(creditor, now=now, source=source)
    book.load(debtors=Q(pk=debtor.pk), **named)
    return book, book.accounts[debtor.pk]
