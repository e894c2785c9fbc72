"""Who an evidence file is about, and how the account stands: what a reader needs beside the hashed rows."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from compliance.evidence.formats import NO_THIRD_PARTIES, OWN_ROLES, Record, Selection
from portfolio import documents
from portfolio.entries import entry_content
from portfolio.models import (
    Agreement,
    ContactPoint,
    Creditor,
    Debtor,
    Dispute,
    Entry,
    Instalment,
    Invoice,
    Payment,
    Promise,
)
from portfolio.places import zone_of
from tenants.models import Membership
from tenants.scope import current_tenant_id
from tenants.secrets import unseal

_Row = TypeVar("_Row", bound=Model)


def case_of(selection: Selection, *, complaint: Dispute | None, without: Collection[str]) -> dict[str, Any]:
    """Creditors and debtors as the reader knows them; a document shows its last three characters only."""
    debtors = list(Debtor.objects.filter(pk__in=selection.debtor_ids).select_related("person").order_by("id"))
    points: dict[uuid.UUID, list[dict[str, Any]]] = defaultdict(list)
    reachable = ContactPoint.objects.filter(person_id__in={debtor.person_id for debtor in debtors}).order_by("id")
    if NO_THIRD_PARTIES in without:
        reachable = reachable.filter(role__in=OWN_ROLES)
    zones: dict[uuid.UUID, str] = {}
    for point in reachable:
        points[point.person_id].append(
            {"id": point.pk, "kind": point.kind, "value": point.value, "role": point.role, "identity": point.identity,
             "provenance": point.provenance if NO_THIRD_PARTIES not in without else {}}
        )  # fmt: skip
        if point.zones and point.role in OWN_ROLES:
            zones.setdefault(point.person_id, point.zones[0])
    return {
        "creditors": [
            {"id": row.pk, "external_id": row.external_id, "name": row.name, "legal_name": row.legal_name,
             "tax_id": row.tax_id, "address": row.address, "contact": row.contact, "country": row.country,
             "currency": row.currency, "language": row.language}
            for row in Creditor.objects.filter(pk__in=selection.creditor_ids).order_by("id")
        ],
        "debtors": [
            {"id": row.pk, "creditor": row.creditor_id, "external_id": row.external_id, "person": row.person_id,
             "name": row.person.name, "document": _masked(row), "country": row.person.country,
             "language": row.person.language, "subdivision": row.person.subdivision,
             "zone": row.person.declared_zone or row.person.address_zone or zones.get(row.person_id)
             or zone_of(row.person.country).key,
             "contact_points": points[row.person_id]}
            for row in debtors
        ],
        "complaint": _dispute(complaint) if complaint else None,
    }  # fmt: skip


def _masked(debtor: Debtor) -> str:
    person = debtor.person
    if not person.document:
        return ""
    return f"{person.document_kind} •••{documents.last_digits(unseal(person.document, purpose='document'), 3)}".strip()


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """actor -> name, for the organisation's own people."""
    users: dict[uuid.UUID, str] = {}
    for actor in set(actors):
        kind, _, key = actor.partition(":")
        if kind == "user":
            try:
                users[uuid.UUID(key)] = actor
            except ValueError:
                continue
    rows = Membership.objects.filter(tenant_id=current_tenant_id(), user_id__in=users).select_related("user")
    return {users[row.user_id]: row.user.name or row.user.email for row in rows}


def account_of(selection: Selection) -> tuple[list[dict[str, Any]], list[Record]]:
    """(what the account shows, the hashed entries behind it) of these debtors; of a period what happened in it."""
    about = Q(debtor_id__in=selection.debtor_ids)
    agreements = list(_within(Agreement.objects.filter(about), "created_at", selection))
    instalments: dict[uuid.UUID, list[dict[str, Any]]] = defaultdict(list)
    for part in Instalment.objects.filter(agreement_id__in=[row.pk for row in agreements]).order_by("number"):
        instalments[part.agreement_id].append(
            {"number": part.number, "due_on": part.due_on, "minor": part.minor, "paid_minor": part.paid_minor}
        )
    lines: list[dict[str, Any]] = [
        _line("invoice", row, "number", "external_id", "description", "issued_on", "due_on", "currency", "amount_minor",
              "open_minor", "settled_at", "disputed_at", "withdrawn_at", "legal_state")
        for row in Invoice.objects.filter(about).order_by("due_on", "id")
    ]  # fmt: skip
    lines += [
        _line("payment", row, "external_id", "currency", "minor", "method", "source", "paid_at", "reversed_at",
              **{"as": row.kind})
        for row in _within(Payment.objects.filter(about), "paid_at", selection)
    ]  # fmt: skip
    lines += [
        _line("promise", row, "currency", "minor", "due_on", "state", "source", "created_at", "decided_at")
        for row in _within(Promise.objects.filter(about), "created_at", selection)
    ]
    lines += [
        _line("agreement", row, "external_id", "currency", "total_minor", "state", "source", "accepted_at",
              "created_at", instalments=instalments[row.pk])
        for row in agreements
    ]  # fmt: skip
    entries = _within(Entry.objects.filter(about), "occurred_at", selection)
    return lines, [Record("portfolio.entry", row.pk, "entry.recorded", entry_content(row)) for row in entries]


def disputes_of(selection: Selection) -> list[dict[str, Any]]:
    """What these debtors denied, and complaints to authorities."""
    rows = Dispute.objects.filter(debtor_id__in=selection.debtor_ids)
    return [_dispute(row) for row in _within(rows, "opened_at", selection)]


def _dispute(row: Dispute) -> dict[str, Any]:
    return _line("dispute", row, "reference", "reason", "detail", "authority", "state", "opened_at", "closed_at")


def _line(kind: str, row: Model, *names: str, **more: Any) -> dict[str, Any]:
    held = {name: getattr(row, name) for name in names}
    return {"kind": kind, "id": row.pk, "debtor": getattr(row, "debtor_id", None), **held, **more}


def _within(rows: QuerySet[_Row], field: str, selection: Selection) -> QuerySet[_Row]:
    if selection.since and selection.until:
        rows = rows.filter(**{f"{field}__gte": selection.since, f"{field}__lt": selection.until})
    return rows.order_by(field, "id")
