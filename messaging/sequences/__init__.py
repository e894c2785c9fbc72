"""Dunning: versioned steps relative to the due date, one enrolment per debtor, one message for all its invoices."""
