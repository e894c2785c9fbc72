"""Creditors, persons, debtors, invoices, entries, agreements, payables, imports."""
