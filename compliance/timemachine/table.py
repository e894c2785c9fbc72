"""A trial's changes as a table that spreadsheets open: one row per attempt, instants in UTC."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import Any, TextIO

from django.utils.translation import gettext as _

from compliance.models import RuleTrial
from compliance.timemachine.trial import lines
from kernel.money import Money
from portfolio.imports.mapping.rejected import escaped


def write(trial: RuleTrial, out: TextIO, *, most: int | None = None) -> int:
    """Write the header and every change (the first `most`); returns how many changes were written."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header())
    written = 0
    for line in lines(trial, most=most):
        *cells, currency, minor = line
        owed = str(Money.from_minor(minor, currency).amount) if currency and minor is not None else ""
        writer.writerow([*(_cell(each) for each in cells), currency, owed])
        written += 1
    return written


def header() -> list[str]:
    """The names of the columns."""
    return [
        _("Decided at (UTC)"), _("Decision"), _("Debtor"), _("Kind of message"), _("Change"), _("Verdict before"),
        _("Verdict after"), _("Rules before"), _("Rules after"), _("Next allowed before (UTC)"),
        _("Next allowed after (UTC)"), _("Currency"), _("Owed today"),
    ]  # fmt: skip


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return escaped(str(value))
