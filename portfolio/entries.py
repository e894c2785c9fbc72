"""The account of one debtor in memory: its entries, and what they make of invoices, promises, agreements, payables.

No query is made here. Whoever writes money loads accounts, moves the money on them, and writes what came of it
(portfolio/services/book.py), one debtor at a time or a thousand; so a file and a single payment give the same result.

Two things always hold: the sum of a debtor's entries is the debtor's balance, an invoice's its open
amount; and money lies idle on the account (a surplus) only while nothing is open.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from kernel.canonical import digest
from kernel.errors import DomainError
from kernel.ids import uuid7
from kernel.money import Money
from portfolio.allocation import Allocation, allocate, reverse
from portfolio.models import Agreement, Debtor, Entry, Instalment, Invoice, Payable, Payment, Promise

#: Kinds whose entries are money (or its like) that came in, tagged with a payment.
INCOMING = ("payment", "credit")


class Line(NamedTuple):
    """What the sums need to know of an entry."""

    id: uuid.UUID
    invoice_id: uuid.UUID | None
    payment_id: uuid.UUID | None
    kind: str
    minor: int
    import_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Cause:
    """Who moves money, by which import, and when by the business clock."""

    source: str
    now: datetime
    import_id: uuid.UUID | None = None


@dataclass(slots=True)
class Purse:
    """Where the money of one payment or credit lies: per invoice, or None for the debtor's account; never negative."""

    kind: str
    where: dict[uuid.UUID | None, int] = field(default_factory=dict)
    last: dict[uuid.UUID | None, uuid.UUID] = field(default_factory=dict)


@dataclass(slots=True)
class NewEntry:
    """An entry that is about to be written: the columns of `portfolio.models.Entry`, a fifth of its making."""

    id: uuid.UUID
    tenant_id: uuid.UUID | None
    creditor_id: uuid.UUID
    debtor_id: uuid.UUID
    invoice_id: uuid.UUID | None
    payment_id: uuid.UUID | None
    kind: str
    currency: str
    minor: int
    reverses_id: uuid.UUID | None
    source: str
    import_id: uuid.UUID | None
    occurred_at: datetime
    recorded_at: datetime


def entry_content(entry: Entry | NewEntry) -> dict[str, Any]:
    """What an entry's hash covers."""
    return {
        "v": 1, "id": entry.id, "creditor_id": entry.creditor_id, "debtor_id": entry.debtor_id,
        "invoice_id": entry.invoice_id, "payment_id": entry.payment_id, "kind": entry.kind, "currency": entry.currency,
        "minor": entry.minor, "reverses_id": entry.reverses_id, "source": entry.source, "import_id": entry.import_id,
        "occurred_at": entry.occurred_at, "recorded_at": entry.recorded_at,
    }  # fmt: skip


def entry_digest(entry: Entry | NewEntry) -> str:
    """The hash that the event log seals for an entry."""
    return digest(entry_content(entry))


class Account:
    """One debtor's invoices and entries; `written` are the new entries, `touched` what has to be saved."""

    def __init__(
        self,
        debtor: Debtor,
        invoices: Iterable[Invoice] = (),
        lines: Iterable[Line] = (),
        *,
        agreement: Agreement | None = None,
        instalments: Iterable[Instalment] = (),
        promises: Iterable[Promise] = (),
        payables: Iterable[Payable] = (),
    ) -> None:
        self.debtor = debtor
        self.invoices = {invoice.id: invoice for invoice in invoices}
        self.agreement = agreement
        self.instalments = sorted(instalments, key=lambda part: part.number)
        self.promises, self.payables = list(promises), list(payables)
        self.lines: list[Line] = []
        self.purses: dict[uuid.UUID, Purse] = {}
        self.written: list[NewEntry] = []
        self.touched: dict[uuid.UUID, Any] = {}
        self.settled: dict[uuid.UUID, Invoice] = {}
        self.happened: list[tuple[str, Any]] = []
        self.made: list[Payment] = []  # credits that an agreement's end brought
        self.idle = 0  # surplus in minor units
        for line in lines:
            self._count(line)

    # --- sums

    def _count(self, line: Line) -> None:
        self.lines.append(line)
        if line.payment_id is not None:
            purse = self.purses.get(line.payment_id)
            if purse is None:
                purse = self.purses[line.payment_id] = Purse(line.kind if line.kind in INCOMING else "payment")
            purse.where[line.invoice_id] = purse.where.get(line.invoice_id, 0) - line.minor
            purse.last[line.invoice_id] = line.id
            if line.invoice_id is None:
                self.idle -= line.minor

    @property
    def balance(self) -> int:
        """The sum of all entries in minor units; negative when the debtor has money to their credit."""
        return sum(line.minor for line in self.lines)

    def received_since(self, marker: uuid.UUID, invoice_ids: Collection[uuid.UUID] | None = None) -> int:
        """What came in by entries written after the row `marker` (ids follow time), on these invoices or all."""
        return -sum(
            line.minor
            for line in self.lines
            if line.payment_id is not None
            and line.id > marker
            and (invoice_ids is None or line.invoice_id in invoice_ids)
        )

    # --- entries

    def _enter(
        self,
        kind: str,
        minor: int,
        cause: Cause,
        at: datetime,
        *,
        invoice: Invoice | None = None,
        payment_id: uuid.UUID | None = None,
        reverses_id: uuid.UUID | None = None,
    ) -> None:
        if minor == 0:
            return
        entry = NewEntry(
            id=uuid7(),
            tenant_id=self.debtor.tenant_id,
            creditor_id=self.debtor.creditor_id,
            debtor_id=self.debtor.id,
            invoice_id=invoice.id if invoice is not None else None,
            payment_id=payment_id,
            kind=kind,
            currency=self.debtor.currency,
            minor=minor,
            reverses_id=reverses_id,
            source=cause.source,
            import_id=cause.import_id,
            occurred_at=at,
            recorded_at=cause.now,
        )
        self.written.append(entry)
        self._count(Line(entry.id, entry.invoice_id, payment_id, kind, minor, cause.import_id))
        self.debtor.open_minor += minor
        if invoice is not None:
            invoice.open_minor += minor
            self.touched[invoice.id] = invoice

    def charge(self, invoice: Invoice, cause: Cause) -> None:
        """Put an invoice of which nothing is entered yet on the account."""
        self.invoices[invoice.id] = invoice
        self.touched[invoice.id] = invoice
        self._enter("charge", invoice.amount_minor, cause, cause.now, invoice=invoice)
        self._use_idle(cause)

    def adjust(self, invoice: Invoice, amount_minor: int, cause: Cause) -> None:
        """The creditor states a new amount; what was paid beyond it becomes a surplus."""
        self._enter("adjustment", amount_minor - invoice.amount_minor, cause, cause.now, invoice=invoice)
        invoice.amount_minor = amount_minor
        self._spill(invoice, cause)
        self._use_idle(cause)

    def withdraw(self, invoice: Invoice, cause: Cause, *, kind: str = "adjustment") -> None:
        """Take the claim off the account; what was paid on it becomes a surplus."""
        claim = sum(line.minor for line in self.lines if line.invoice_id == invoice.id and line.payment_id is None)
        first = next((line.id for line in self.lines if line.invoice_id == invoice.id and line.kind == "charge"), None)
        self._enter(kind, -claim, cause, cause.now, invoice=invoice, reverses_id=first if kind == "reversal" else None)
        self._spill(invoice, cause)
        invoice.withdrawn_at = cause.now
        self.touched[invoice.id] = invoice
        self._use_idle(cause)

    def restore(self, invoice: Invoice, amount_minor: int, cause: Cause) -> None:
        """A withdrawn invoice is claimed again."""
        invoice.withdrawn_at, invoice.amount_minor = None, amount_minor
        self.charge(invoice, cause)

    def receive(
        self, payment: Payment, cause: Cause, *, first: uuid.UUID | None = None, of: Collection[uuid.UUID] = ()
    ) -> None:
        """Enter a payment or credit: the invoice `first`, then those `of` its payable or agreement, then the oldest."""
        left = Money.from_minor(payment.minor, payment.currency)
        wanted = set(of) or (set(self.agreement.invoice_ids) if self.agreement is not None else set())
        parts: list[Allocation[uuid.UUID]] = []
        rounds = [set(self.invoices) - wanted]
        if wanted:
            rounds.insert(0, wanted if first is None else wanted | {first})
        for ids in rounds:
            if left.minor > 0:
                found, left = allocate(left, self._open(ids), first=first)
                parts += found
        for part in parts:
            self._enter(
                payment.kind, -part.amount.minor, cause, payment.paid_at,
                invoice=self.invoices[part.invoice_id], payment_id=payment.id,
            )  # fmt: skip
        self._enter(payment.kind, -left.minor, cause, payment.paid_at, payment_id=payment.id)

    def _open(self, ids: Collection[uuid.UUID]) -> list[tuple[uuid.UUID, Any, Money]]:
        return [
            (invoice.id, invoice.due_on, Money.from_minor(invoice.open_minor, invoice.currency))
            for invoice in sorted(self.invoices.values(), key=lambda invoice: (invoice.due_on, invoice.id))
            if invoice.open_minor > 0 and invoice.id in ids
        ]

    def give_back(
        self, payment: Payment, cause: Cause, *, amount: Money | None = None, at: datetime | None = None
    ) -> None:
        """Reverse a payment or credit, wherever its money lies now, or `amount` of it; the last in goes out first."""
        purse = self.purses.get(payment.id)
        held = {} if purse is None else {target: part for target, part in purse.where.items() if part > 0}
        if purse is None or not held:
            raise DomainError(
                "payment_reversed",
                "payment %(id)s is reversed already: nothing is left to take back",
                id=payment.external_id,
            )
        due = {invoice.id: invoice.due_on for invoice in self.invoices.values()}
        named = sorted((target for target in held if target is not None), key=lambda target: (due[target], target))
        allocations = [Allocation(target, Money.from_minor(held[target], payment.currency)) for target in named]
        opened, surplus = reverse(allocations, Money.from_minor(held.get(None, 0), payment.currency), amount)
        when = at or cause.now
        self._enter("reversal", surplus.minor, cause, when, payment_id=payment.id, reverses_id=purse.last.get(None))
        for part in opened:
            self._enter(
                "reversal", part.amount.minor, cause, when, invoice=self.invoices[part.invoice_id],
                payment_id=payment.id, reverses_id=purse.last[part.invoice_id],
            )  # fmt: skip
        self._use_idle(cause)

    def _move(
        self, payment_id: uuid.UUID, minor: int, cause: Cause, *, out_of: Invoice | None, to: Invoice | None
    ) -> None:
        kind = self.purses[payment_id].kind
        self._enter(kind, minor, cause, cause.now, invoice=out_of, payment_id=payment_id)
        self._enter(kind, -minor, cause, cause.now, invoice=to, payment_id=payment_id)

    def _spill(self, invoice: Invoice, cause: Cause) -> None:
        """What lies on an invoice beyond its claim goes back to the account, the latest payment first."""
        for payment_id, purse in reversed(self.purses.items()):
            if invoice.open_minor >= 0:
                return
            if (held := purse.where.get(invoice.id, 0)) > 0:
                self._move(payment_id, min(held, -invoice.open_minor), cause, out_of=invoice, to=None)

    def _use_idle(self, cause: Cause) -> None:
        """A surplus settles what is open, the oldest due first, from the earliest payment on."""
        if self.idle <= 0:
            return
        for invoice in [self.invoices[found[0]] for found in self._open(set(self.invoices))]:
            for payment_id, purse in self.purses.items():
                part = min(purse.where.get(None, 0), invoice.open_minor)
                if part > 0:
                    self._move(payment_id, part, cause, out_of=None, to=invoice)
                if invoice.open_minor == 0 or self.idle == 0:
                    break

    # --- after any change

    def settle(self, cause: Cause) -> None:
        """Bring the cached facts of debtor, invoices, promises, agreement and payables in line with the entries."""
        self._follow_agreement(cause)
        for invoice in [item for item in self.touched.values() if isinstance(item, Invoice)]:
            done = invoice.open_minor == 0 and invoice.withdrawn_at is None
            if done and invoice.settled_at is None:
                invoice.settled_at = cause.now
                self.settled[invoice.id] = invoice
            elif not done:
                invoice.settled_at = None
                self.settled.pop(invoice.id, None)
            invoice.updated_at = cause.now
        self.debtor.oldest_due_on = min(
            (invoice.due_on for invoice in self.invoices.values() if invoice.open_minor > 0), default=None
        )
        self.debtor.updated_at = cause.now
        self._keep_promises(cause)
        self._replace_payables()

    def _keep_promises(self, cause: Cause) -> None:
        for promise in self.promises:
            if promise.state != Promise.State.OPEN:
                continue
            if self.received_since(promise.id) >= promise.minor or (
                promise.open_minor_before > 0 and self.debtor.open_minor <= 0
            ):
                promise.state, promise.decided_at = Promise.State.KEPT, cause.now
                self.touched[promise.id] = promise
                self.happened.append(("promise.kept", promise))

    def agreement_paid(self) -> int:
        """What came in on the active agreement's invoices since it was accepted, in minor units."""
        if self.agreement is None or not self.instalments:
            return 0
        return self.received_since(min(part.id for part in self.instalments), set(self.agreement.invoice_ids))

    def _follow_agreement(self, cause: Cause) -> None:
        agreement = self.agreement
        if agreement is None or agreement.state != Agreement.State.ACTIVE:
            return
        paid = left = max(self.agreement_paid(), 0)
        for part in self.instalments:
            share = min(left, part.minor)
            left -= share
            if part.paid_minor != share:
                part.paid_minor = share
                self.touched[part.id] = part
        if paid < agreement.total_minor:
            return
        agreement.state, agreement.updated_at = Agreement.State.FULFILLED, cause.now
        self.touched[agreement.id] = agreement
        self.happened.append(("agreement.fulfilled", agreement))
        rest = self.open_on(agreement.invoice_ids)
        if rest > 0:  # the discount that was agreed is given when the plan is kept, not before
            discount = Payment(
                tenant_id=self.debtor.tenant_id, creditor_id=self.debtor.creditor_id, debtor_id=self.debtor.id,
                external_id=f"discount:{agreement.external_id}"[:80], currency=self.debtor.currency, minor=rest,
                kind="credit", method="discount", source=f"agreement:{agreement.id.hex[:28]}", paid_at=cause.now,
                recorded_at=cause.now,
            )  # fmt: skip
            self.made.append(discount)
            self.receive(discount, Cause(discount.source, cause.now), of=agreement.invoice_ids)

    def due_amount(self, today: Any) -> tuple[int, list[uuid.UUID]]:
        """What to ask for now, in minor units, and for which invoices: all that is open and undisputed, or, under an
        active agreement, its instalments that are due and else the next one."""
        agreement = self.agreement
        if agreement is not None and agreement.state == Agreement.State.ACTIVE:
            unpaid = [part for part in self.instalments if part.paid_minor < part.minor]
            due = [part for part in unpaid if part.due_on <= today] or unpaid[:1]
            return sum(part.minor - part.paid_minor for part in due), list(agreement.invoice_ids)
        asked = [
            invoice
            for invoice in sorted(self.invoices.values(), key=lambda invoice: (invoice.due_on, invoice.id))
            if invoice.open_minor > 0 and invoice.disputed_at is None
        ]
        return sum(invoice.open_minor for invoice in asked), [invoice.id for invoice in asked]

    def open_on(self, invoice_ids: Collection[uuid.UUID]) -> int:
        """What is open on these invoices, in minor units."""
        return sum(self.invoices[item].open_minor for item in invoice_ids if item in self.invoices)

    def _replace_payables(self) -> None:
        """A code whose amount is no longer owed is dead: it must not be shown any more."""
        moved = {entry.invoice_id for entry in self.written}
        for payable in self.payables:
            if payable.state == Payable.State.OPEN and not moved.isdisjoint(payable.invoice_ids):
                payable.state = Payable.State.REPLACED
                self.touched[payable.id] = payable
