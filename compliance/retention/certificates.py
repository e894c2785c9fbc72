"""The certificate of an erasure: what went, what stays, why, by which law and until when. No name stands in it.

Later editions complete it: whenever the job has erased more of the person, a new one says so.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from compliance.retention.accounts import accounts_of, laws_of
from compliance.retention.blanking import rows_of
from compliance.retention.fate import Fate, Plan, plan_of
from compliance.retention.holds import standing
from compliance.retention.models import DataRequest, ErasureCertificate
from compliance.retention.periods import PERSONAL
from kernel.canonical import digest, instant_text
from tenants.events import Emit, emit
from tenants.models import Tenant
from tenants.scope import all_creditors, current_tenant_id

CERTIFICATE = "compliance.erasurecertificate"
FORMAT = "trato-erasure/1"


def certificate_content(row: ErasureCertificate) -> dict[str, Any]:
    """What a certificate's hash covers."""
    return {
        "v": 1, "id": row.pk, "person_id": row.person_id, "creditor_id": row.creditor_id, "request_id": row.request_id,
        "reference": row.reference, "edition": row.edition, "complete": row.complete, "content": row.content,
        "actor": row.actor, "made_at": row.made_at,
    }  # fmt: skip


def certificate_digest(row: ErasureCertificate) -> str:
    """The hash that erasure.certified states."""
    return digest(certificate_content(row))


def plan_for(person_id: uuid.UUID, now: datetime, *, on_request: bool) -> Plan:
    """What becomes of a person's data at `now`, over all of their accounts. Raises LookupError for nobody."""
    with all_creditors():
        accounts = accounts_of([person_id], standing(now))[person_id]
        return plan_of(accounts, laws_of(account.country for account in accounts), now, on_request=on_request)


def remaining(plan: Plan) -> dict[str, int]:
    """Rows of each class that still hold something about the person of a plan."""
    with all_creditors():
        return rows_of(plan.person_id, [key for key in plan.accounts if key is not None])


def certify(
    request: DataRequest, plan: Plan, erased: Mapping[str, int], *, actor: str, now: datetime
) -> ErasureCertificate:
    """The first edition: `erased` rows of each class, and what is left with its reason."""
    return _write(request, 1, lines_of(plan, remaining(plan), erased), actor=actor, now=now)


def lines_of(plan: Plan, left: Mapping[str, int], erased: Mapping[str, int]) -> list[dict[str, Any]]:
    """One line per class, in the order of the periods."""
    return [_line(name, plan.shared[name], left[name], erased.get(name, 0)) for name in PERSONAL]


def _line(name: str, fate: Fate, left: int, erased: int) -> dict[str, Any]:
    why = "" if not left else "owner" if fate.erased else fate.why
    until = instant_text(fate.until) if fate.until and why in ("period", "held", "asked") else None
    return {
        "class": name, "erased": erased, "kept": left, "why": why, "because": fate.rule.because if why == "period" else "",
        "until": until, "law": fate.rule.law, "country": fate.rule.country, "confidence": fate.rule.confidence,
    }  # fmt: skip


def _write(
    request: DataRequest, edition: int, lines: list[dict[str, Any]], *, actor: str, now: datetime
) -> ErasureCertificate:
    tenant = Tenant.objects.get(pk=current_tenant_id())
    reference = f"C-{request.reference.removeprefix('P-')}"
    row = ErasureCertificate(
        person_id=request.person_id, creditor_id=request.creditor_id, request_id=request.pk, reference=reference,
        edition=edition, complete=not any(line["kept"] for line in lines), actor=actor, made_at=now,
    )  # fmt: skip
    row.content = {
        "format": FORMAT, "reference": reference, "edition": edition, "complete": row.complete,
        "organisation": {"name": tenant.name, "country": tenant.country, "sandbox": tenant.sandbox},
        "person": str(request.person_id),
        "request": {
            "reference": request.reference, "kind": request.kind, "received_at": instant_text(request.received_at),
            "law": request.law, "country": request.country,
        },
        "made_at": instant_text(now), "lines": lines,
    }  # fmt: skip
    row.save(force_insert=True)
    emit(Emit("erasure.certified", CERTIFICATE, row.pk, now, row.creditor_id, certificate_digest(row)))
    return row


def newest_of(person_ids: Collection[uuid.UUID]) -> list[ErasureCertificate]:
    """The newest edition of each certificate of these persons."""
    newest: dict[str, ErasureCertificate] = {}
    for row in ErasureCertificate.objects.filter(person_id__in=person_ids).order_by("edition"):
        newest[row.reference] = row
    return list(newest.values())


def renew(person_ids: Collection[uuid.UUID], now: datetime, *, actor: str) -> list[ErasureCertificate]:
    """A new edition of every certificate that is not complete and of which less is left than it says."""
    written = []
    by_person: dict[uuid.UUID, list[ErasureCertificate]] = defaultdict(list)
    for row in newest_of(person_ids):
        if not row.complete:
            by_person[row.person_id].append(row)
    for person_id, rows in by_person.items():
        plan = plan_for(person_id, now, on_request=False)
        left = remaining(plan)
        for row in rows:
            told = {line["class"]: line for line in row.content["lines"]}
            gone = {name: told[name]["erased"] + max(0, told[name]["kept"] - left[name]) for name in PERSONAL}
            if all(left[name] >= told[name]["kept"] for name in PERSONAL):
                continue
            request = DataRequest.objects.get(pk=row.request_id)
            written.append(_write(request, row.edition + 1, lines_of(plan, left, gone), actor=actor, now=now))
    return written
