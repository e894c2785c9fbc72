"""Balances are sums of entries. Here they are summed again, and whatever cache disagrees is mended and named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from tenants.scope import current_tenant_id

_INVOICES = """
SELECT i.id, i.open_minor, coalesce(sum(e.minor), 0)::bigint
FROM portfolio_invoice i LEFT JOIN portfolio_entry e ON e.tenant_id = i.tenant_id AND e.invoice_id = i.id
WHERE i.tenant_id = %s GROUP BY i.tenant_id, i.id, i.open_minor HAVING i.open_minor <> coalesce(sum(e.minor), 0)
"""
_DEBTORS = """
WITH owed AS (
    SELECT debtor_id, sum(minor)::bigint AS minor FROM portfolio_entry WHERE tenant_id = %s GROUP BY debtor_id
), oldest AS (
    SELECT debtor_id, min(due_on) AS due_on FROM portfolio_invoice
    WHERE tenant_id = %s AND open_minor > 0 GROUP BY debtor_id
)
SELECT d.id, d.open_minor, coalesce(owed.minor, 0), d.oldest_due_on, oldest.due_on
FROM portfolio_debtor d LEFT JOIN owed ON owed.debtor_id = d.id LEFT JOIN oldest ON oldest.debtor_id = d.id
WHERE d.tenant_id = %s AND (d.open_minor <> coalesce(owed.minor, 0) OR d.oldest_due_on IS DISTINCT FROM oldest.due_on)
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A cache that disagreed with its entries."""

    table: str
    id: str
    column: str
    cached: Any
    true: Any


def rebuild_balances(*, mend: bool = True) -> list[Difference]:
    """Sum all entries of the current organisation; returns what disagreed, mended unless `mend` is False.

    Invoice.open_minor is the sum of the invoice's entries, Debtor.open_minor of the debtor's (negative when they have
    money to their credit), Debtor.oldest_due_on the earliest due date of an open invoice.
    """
    tenant = str(current_tenant_id())
    found: list[Difference] = []
    with connection.cursor() as cursor:
        cursor.execute(_INVOICES, [tenant])
        for key, cached, true in cursor.fetchall():
            found.append(Difference("portfolio_invoice", str(key), "open_minor", cached, true))
            if mend:
                cursor.execute(
                    "UPDATE portfolio_invoice SET open_minor = %s WHERE tenant_id = %s AND id = %s", [true, tenant, key]
                )
        cursor.execute(_DEBTORS, [tenant, tenant, tenant])
        for key, cached, true, due_cached, due_true in cursor.fetchall():
            if cached != true:
                found.append(Difference("portfolio_debtor", str(key), "open_minor", cached, true))
            if due_cached != due_true:
                found.append(Difference("portfolio_debtor", str(key), "oldest_due_on", due_cached, due_true))
            if mend:
                cursor.execute(
                    "UPDATE portfolio_debtor SET open_minor = %s, oldest_due_on = %s WHERE tenant_id = %s AND id = %s",
                    [true, due_true, tenant, key],
                )
    return found
