"""What every reader yields: typed rows of one creditor's portfolio, or the reason why a row cannot be taken.

Ids are the caller's own, as text. Amounts are Decimal with their currency, dates are civil dates. Each row names its
debtor; the rows of one debtor that stand together are applied together (`groups`). The words for roles, identity and
legal state are those of portfolio.models.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from kernel.errors import DomainError

Evidence = Mapping[str, Any]

HolderKind = Literal["human", "company"]
ContactKind = Literal["phone", "email"]

ROLES = ("owner", "guarantor", "representative", "accounts_payable", "reference", "work")
IDENTITY_STATES = ("unknown", "contacted", "claimed", "verified", "wrong_person")
#: The states of the rule packs; only `granted` passes, and only with evidence.
CONSENT_STATES = (
    "granted",
    "unknown",
    "imported_without_evidence",
    "other_channel_only",
    "other_purpose_only",
    "revoked",
    "expired",
)
#: Who gave a number to the creditor; a number that the debtor did not supply may not be written to.
SUPPLIERS = ("debtor", "creditor", "third_party", "unknown")
#: Person-wide stop conditions that a file may state, by the names of the rule packs.
STOPS = ("opted_out", "cease_requested", "minor_or_deceased_or_incapacitated", "sued_or_insolvency_procedure")
LEGAL_STATES = ("time_barred", "sued", "insolvency")


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorRow:
    """A person or company that owes. Empty text and None mean "the file does not say": an upsert leaves them alone."""

    line: int
    debtor: str  # the creditor's own id of this debtor
    name: str
    kind: HolderKind = "human"
    document_kind: str = ""
    document: str = ""  # canonical (portfolio.documents.check)
    country: str = ""  # ISO 3166
    language: str = ""  # es, pt, en
    subdivision: str = ""  # UF, region, province
    city: str = ""
    declared_zone: str = ""  # IANA name, only if the debtor said it
    birth_year: int | None = None
    labels: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)  # whatever else the file knows: product, risk, branch


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """A phone or e-mail of the debtor, where it came from, whose it is known to be, and what may be sent there."""

    line: int
    debtor: str
    kind: ContactKind
    value: str  # E.164, or an e-mail in lower case
    role: str = "owner"
    contact_name: str = ""  # a company's contact person, a guarantor
    contact_position: str = ""
    #: Provenance: how it was obtained, who supplied it (SUPPLIERS), when.
    source: str = "unknown"  # contract, application, portal, call, message, synthetic, ...
    supplied_by: str = "unknown"
    supplied_on: date | None = None
    #: Verification: how sure it is that the debtor answers here.
    identity: str = "unknown"
    identity_on: date | None = None
    identity_evidence: Evidence = field(default_factory=dict)
    #: Consent for collection messages on `consent_channel`; evidence has the keys that the rule packs list.
    consent_state: str = "unknown"
    consent_channel: str = "whatsapp"
    consent_purpose: str = "collection"
    consent_evidence: Evidence = field(default_factory=dict)
    #: Or: signed on this day, a contract whose clause (a version; empty: the one in use then) says so.
    consent_signed_on: date | None = None
    consent_clause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """A claim with a due date; `external_id` is unique at the creditor, over all debtors."""

    line: int
    debtor: str
    external_id: str
    due_on: date
    amount: Decimal
    currency: str
    number: str = ""  # as the debtor knows it; the external id where empty
    description: str = ""
    issued_on: date | None = None
    legal_state: str = ""  # LEGAL_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """Money that arrived. Settles `invoice` first when it names one, then the oldest due."""

    line: int
    debtor: str
    external_id: str
    paid_on: date
    amount: Decimal
    currency: str
    invoice: str = ""
    method: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRow:
    """What shrinks the debt without money: a credit note, a negative bill, what was paid before the file was made.

    Its id shares the namespace of payments. A re-import that states another amount for it replaces the former.
    """

    line: int
    debtor: str
    external_id: str
    credited_on: date
    amount: Decimal
    currency: str
    invoice: str = ""
    reason: str = ""  # credit_note, negative_bill, paid_before_import


Row = DebtorRow | ContactRow | InvoiceRow | PaymentRow | CreditRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """Why a line of the file is not taken. `template` and `params` let the edge say it in the reader's language."""

    line: int
    column: str
    code: str
    message: str
    value: str = ""
    template: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    row: tuple[str, ...] = ()  # the line's cells as they came, for the file of rejected rows

    @classmethod
    def of(
        cls, error: DomainError, *, line: int, column: str = "", value: str = "", row: tuple[str, ...] = ()
    ) -> RowError:
        """The row error that tells what a DomainError tells."""
        return cls(
            line=line,
            column=column or error.pointer,
            code=error.code,
            message=str(error),
            value=value,
            template=error.template,
            params=error.params,
            row=row,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The rows of one debtor that stand together in the source, in order; applied in one piece."""

    debtor: str
    rows: tuple[Row, ...]

    @property
    def last_line(self) -> int:
        """The last line of the source that this group covers: where a stopped import goes on after."""
        return max(row.line for row in self.rows)


#: A debtor with more rows than this is applied in several pieces, so that memory stays bounded.
MAX_GROUP = 1000


def groups(rows: Iterable[Row | RowError]) -> Iterator[Group | RowError]:
    """Neighbouring rows of one debtor as groups; errors pass through where they stand, splitting no group."""
    debtor, pending = "", list[Row]()
    for row in rows:
        if isinstance(row, RowError):
            yield row
            continue
        if pending and (row.debtor != debtor or len(pending) >= MAX_GROUP):
            yield Group(debtor=debtor, rows=tuple(pending))
            pending = []
        debtor = row.debtor
        pending.append(row)
    if pending:
        yield Group(debtor=debtor, rows=tuple(pending))
