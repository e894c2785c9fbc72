"""An organisation's own periods: set within what the law leaves free, and audited."""

from __future__ import annotations

from compliance.retention.accounts import laws_of
from compliance.retention.models import RetentionPeriod
from compliance.retention.periods import CLASSES, Period, check_own
from compliance.retention.trail import write_down
from kernel.clock import machine_now
from kernel.errors import DomainError


def set_own_period(country: str, data_class: str, period: Period | None, *, reason: str, by: str) -> RetentionPeriod:
    """Keep a class so long from now on; None: as the country says. Raises DomainError where the law forbids it."""
    if data_class not in CLASSES:
        raise DomainError("class_unknown", "there is no such class of data", pointer="which")
    rule = laws_of([country])[country].rules[data_class]
    if period is not None:
        check_own(rule, period, reason)
    row = RetentionPeriod.objects.create(
        country=country, data_class=data_class, months=period.months or None if period else None,
        days=period.days or None if period else None, reason=reason.strip()[:1000], author=by, set_at=machine_now(),
    )  # fmt: skip
    before = rule.period
    write_down(
        "period_set", by=by, subject="compliance.retentionperiod", subject_id=row.pk,
        before={"months": before.months, "days": before.days} if before else {},
        after={"country": country, "class": data_class, "months": row.months, "days": row.days}, reason=row.reason,
    )  # fmt: skip
    return row
