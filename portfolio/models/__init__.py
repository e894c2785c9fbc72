"""Who owes what to whom, and what they agreed. Balances are sums of append-only entries; nothing here is sent."""

from portfolio.models.commitments import Agreement, Dispute, Instalment, Payable, Promise
from portfolio.models.debts import Entry, Invoice, Payment
from portfolio.models.imports import Import, ImportRejection
from portfolio.models.parties import ContactPoint, Creditor, Debtor, DebtorLink, Person, SearchToken

__all__ = [
    "Agreement",
    "ContactPoint",
    "Creditor",
    "Debtor",
    "DebtorLink",
    "Dispute",
    "Entry",
    "Import",
    "ImportRejection",
    "Instalment",
    "Invoice",
    "Payable",
    "Payment",
    "Person",
    "Promise",
    "SearchToken",
]
