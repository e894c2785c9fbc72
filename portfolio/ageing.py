"""How old a debt is: whole civil days since the due date, and the bucket that they fall into."""

from __future__ import annotations

from datetime import date

#: Youngest first; every page and report lists them in this order.
BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")

#: The first day overdue that belongs to each bucket after `current`.
_STARTS = ((91, "90+"), (61, "61-90"), (31, "31-60"), (1, "1-30"))


def days_overdue(due_on: date, today: date) -> int:
    """Civil days from the due date to `today` (the debtor's local date); 0 on the due date, negative before it."""
    return (today - due_on).days


def bucket(days_overdue: int) -> str:
    """The ageing bucket of an invoice that is `days_overdue` days late: on the due date it is still current."""
    for start, name in _STARTS:
        if days_overdue >= start:
            return name
    return "current"


def bucket_on(due_on: date, today: date) -> str:
    """The ageing bucket on `today` of an invoice due on `due_on`."""
    return bucket(days_overdue(due_on, today))
