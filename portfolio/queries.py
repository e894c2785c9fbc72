"""What pages, messages and the API read of a portfolio. Inside a tenant scope; nothing is changed."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, Min, QuerySet, Sum

from kernel.errors import DomainError
from kernel.money import Money
from portfolio.ageing import BUCKETS, bucket_on
from portfolio.models import (
    Agreement,
    ContactPoint,
    Creditor,
    Debtor,
    Dispute,
    Entry,
    Instalment,
    Invoice,
    Payable,
    Payment,
    Promise,
)
from portfolio.places import start_of, today_in
from portfolio.search import search
from portfolio.services.agreements import Policy
from portfolio.services.payables import tenant_of
from tenants.scope import current_tenant_id


def creditor_by(external_id: str) -> Creditor:
    """The creditor with this external id; raises DomainError `not_found`."""
    creditor = Creditor.objects.filter(external_id=external_id).first()
    if creditor is None:
        raise DomainError("not_found", "there is no creditor %(id)s that you may see", id=external_id)
    return creditor


def debtor_by(creditor: Creditor, external_id: str) -> Debtor:
    """The creditor's debtor with this external id, with its person; raises DomainError `not_found`."""
    debtor = Debtor.objects.select_related("person").filter(creditor=creditor, external_id=external_id).first()
    if debtor is None:
        raise DomainError(
            "not_found", "creditor %(creditor)s has no debtor %(id)s", creditor=creditor.external_id, id=external_id
        )
    return debtor


def open_invoices(debtor_ids: Collection[uuid.UUID], *, disputed: bool | None = False) -> QuerySet[Invoice]:
    """Invoices with something open, the oldest due first; `disputed` None: also those that are denied."""
    found = Invoice.objects.filter(debtor_id__in=list(debtor_ids), open_minor__gt=0)
    if disputed is not None:
        found = found.filter(disputed_at__isnull=not disputed)
    return found.order_by("due_on", "id")


def balance(debtor: Debtor) -> Money:
    """What a debtor owes, or, below zero, has to their credit."""
    return Money.from_minor(debtor.open_minor, debtor.currency)


def due_now(debtor: Debtor, today: date) -> Money:
    """What a code would ask for now: an active agreement's instalments that are due (else the next), or what is open."""
    agreement = Agreement.objects.filter(debtor=debtor, state="active").first()
    if agreement is not None:
        parts = Instalment.objects.filter(agreement=agreement, paid_minor__lt=F("minor")).order_by("number")
        unpaid = [(part.due_on, part.minor - part.paid_minor) for part in parts]
        due = [minor for on, minor in unpaid if on <= today] or [minor for _, minor in unpaid[:1]]
        return Money.from_minor(sum(due), debtor.currency)
    minors = open_invoices([debtor.pk]).values_list("open_minor", flat=True)
    return Money.from_minor(sum(minors), debtor.currency)


def labels_of(debtor: Debtor, now: datetime) -> list[str]:
    """The debtor's own labels and those that follow from the account: ageing bucket, in_plan, promised, disputed."""
    today = today_in(debtor.creditor.country, now)
    computed = [bucket_on(debtor.oldest_due_on, today)] if debtor.oldest_due_on else ["paid"]
    if Agreement.objects.filter(debtor=debtor, state="active").exists():
        computed.append("in_plan")
    if Promise.objects.filter(debtor=debtor, state="open").exists():
        computed.append("promised")
    if Dispute.objects.filter(debtor=debtor, state="open").exists():
        computed.append("disputed")
    return [*computed, *debtor.labels]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one debtor stands: what a conversation or a page needs, in one read."""

    debtor: Debtor
    invoices: list[Invoice]
    contacts: list[ContactPoint]
    agreement: Agreement | None
    instalments: list[Instalment] = field(default_factory=list)
    promise: Promise | None = None
    disputes: list[Dispute] = field(default_factory=list)
    payable: Payable | None = None

    @property
    def open(self) -> Money:
        """The balance."""
        return balance(self.debtor)


def standing(debtor_id: uuid.UUID) -> Standing:
    """How a debtor stands now; raises Debtor.DoesNotExist for one that may not be seen."""
    debtor = Debtor.objects.select_related("person", "creditor").get(pk=debtor_id)
    agreement = (
        Agreement.objects.filter(debtor=debtor, state__in=["active", "proposed"]).order_by("state", "-id").first()
    )
    return Standing(
        debtor=debtor,
        invoices=list(Invoice.objects.filter(debtor=debtor, withdrawn_at=None).order_by("due_on", "id")),
        contacts=list(ContactPoint.objects.filter(person_id=debtor.person_id).order_by("id")),
        agreement=agreement,
        instalments=list(Instalment.objects.filter(agreement=agreement).order_by("number")) if agreement else [],
        promise=Promise.objects.filter(debtor=debtor, state="open").order_by("-id").first(),
        disputes=list(Dispute.objects.filter(debtor=debtor, state="open").order_by("id")),
        payable=Payable.objects.filter(debtor=debtor, state="open").order_by("-id").first(),
    )


def ageing(creditor: Creditor, now: datetime) -> list[dict[str, Any]]:
    """Open amounts per currency and bucket, in order: {"currency", "bucket", "invoices", "debtors", "open": Money}."""
    today = today_in(creditor.country, now)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT currency, CASE WHEN late <= 0 THEN 0 WHEN late <= 30 THEN 1 WHEN late <= 60 THEN 2
                   WHEN late <= 90 THEN 3 ELSE 4 END AS bucket, count(*), count(DISTINCT debtor_id),
                   sum(open_minor)::bigint
            FROM (SELECT currency, debtor_id, open_minor, %s::date - due_on AS late FROM portfolio_invoice
                  WHERE tenant_id = %s AND creditor_id = %s AND open_minor > 0) i
            GROUP BY 1, 2
            """,
            [today, str(current_tenant_id()), str(creditor.id)],
        )
        found = {(row[0], row[1]): row[2:] for row in cursor.fetchall()}
    rows = []
    for currency in sorted({currency for currency, _ in found} | {creditor.currency}):
        for place, name in enumerate(BUCKETS):
            invoices, debtors, minor = found.get((currency, place), (0, 0, 0))
            rows.append({
                "currency": currency, "bucket": name, "invoices": invoices, "debtors": debtors,
                "open": Money.from_minor(minor, currency),
            })  # fmt: skip
    return rows


def reconciliation(creditor: Creditor) -> list[dict[str, Any]]:
    """Sums per currency that both sides can compare, and a checksum that both can compute.

    The checksum is the hex SHA-256 of one line per invoice that was not withdrawn, "<external id>\\t<open amount>\\n",
    in the order of the ids' UTF-8 bytes.
    """
    sums: dict[str, dict[str, Any]] = {}
    entries = Entry.objects.filter(creditor=creditor).values_list("currency", "kind")
    for currency, kind, minor in entries.annotate(total=Sum("minor")).order_by():
        sums.setdefault(currency, {}).setdefault("entries", {})[kind] = Money.from_minor(int(minor), currency)
    open_of: dict[str, dict[str, int]] = {}
    invoices = Invoice.objects.filter(creditor=creditor, withdrawn_at=None).order_by()
    for external_id, currency, minor in invoices.values_list("external_id", "currency", "open_minor").iterator():
        open_of.setdefault(currency, {})[external_id] = minor
    counted = (
        Debtor.objects.filter(creditor=creditor)
        .values_list("currency")
        .annotate(count=Count("id"), total=Sum("open_minor"))
    )
    debtors = {currency: (count, int(total)) for currency, count, total in counted.order_by()}
    rows = []
    for currency in sorted(set(sums) | set(open_of) | {creditor.currency}):
        lines = sorted((key.encode(), minor) for key, minor in open_of.get(currency, {}).items())
        checksum = hashlib.sha256()
        for key, minor in lines:
            checksum.update(key + f"\t{Money.from_minor(minor, currency).amount}\n".encode())
        count, total = debtors.get(currency, (0, 0))
        opened = sum(minor for _, minor in lines)
        rows.append({
            "currency": currency, "debtors": count, "invoices": len(lines), "open": Money.from_minor(opened, currency),
            "surplus": Money.from_minor(opened - total, currency), "balance": Money.from_minor(total, currency),
            "entries": sums.get(currency, {}).get("entries", {}), "checksum": checksum.hexdigest(),
        })  # fmt: skip
    return rows


def received(since: datetime, until: datetime, *, creditor: Creditor | None = None) -> dict[str, int]:
    """Payments that stand, by currency in minor units, paid in [since, until)."""
    found = Payment.objects.filter(kind="payment", reversed_at=None, paid_at__gte=since, paid_at__lt=until)
    if creditor is not None:
        found = found.filter(creditor=creditor)
    return {currency: int(total) for currency, total in found.values_list("currency").annotate(Sum("minor")).order_by()}


def payable_by(token: str) -> Payable | None:
    """The payable that a public token opens, with debtor, person and creditor; None for any other text.

    Call it in the scope of `tenant_of(token)`.
    """
    return Payable.objects.select_related("creditor", "debtor__person").filter(token=token).first()


def next_due() -> datetime | None:
    """The first instant at which an open promise is broken, a plan breaks, or a code ends; None when nothing waits."""
    found: list[datetime] = []
    promises = dict(Promise.objects.filter(state="open").values_list("creditor_id").annotate(Min("due_on")).order_by())
    parts = Instalment.objects.filter(agreement__state="active", paid_minor__lt=F("minor"))
    instalments = dict(parts.values_list("creditor_id").annotate(Min("due_on")).order_by())
    for creditor in Creditor.objects.filter(id__in=[*promises, *instalments]):
        if creditor.id in promises:
            found.append(start_of(promises[creditor.id] + timedelta(days=1), creditor.country))
        if creditor.id in instalments:
            patience = timedelta(days=Policy.of(creditor).late_days + 1)
            found.append(start_of(instalments[creditor.id] + patience, creditor.country))
    code = Payable.objects.filter(state="open").aggregate(at=Min("expires_at"))["at"]
    return min([*found, *([code] if code is not None else [])], default=None)


__all__ = [
    "Standing",
    "ageing",
    "balance",
    "creditor_by",
    "debtor_by",
    "due_now",
    "labels_of",
    "next_due",
    "open_invoices",
    "payable_by",
    "received",
    "reconciliation",
    "search",
    "standing",
    "tenant_of",
]
