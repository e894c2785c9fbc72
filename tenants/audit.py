"""Who did what, with before and after. The rows are append-only and stand in the sealed event log."""

from __future__ import annotations

import uuid
from typing import Any

from kernel.canonical import digest
from kernel.clock import machine_now
from tenants.events import Emit, emit
from tenants.models import AuditEntry


def audit_digest(entry: AuditEntry) -> str:
    """The hash that the event log seals."""
    return digest({
        "v": 1, "id": entry.id, "at": entry.at, "actor": entry.actor, "action": entry.action,
        "subject": entry.subject, "subject_id": entry.subject_id, "before": entry.before, "after": entry.after,
        "reason": entry.reason,
    })  # fmt: skip


def record(
    action: str,
    *,
    actor: str,
    subject: str,
    subject_id: object,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
    creditor_id: uuid.UUID | None = None,
) -> AuditEntry:
    """Write one entry into the current organisation's audit."""
    entry = AuditEntry(
        creditor_id=creditor_id,
        at=machine_now(),
        actor=actor,
        action=action,
        subject=subject,
        subject_id=str(subject_id),
        before=before or {},
        after=after or {},
        reason=reason,
    )
    entry.save(force_insert=True)
    emit(Emit("audit.recorded", "tenants.auditentry", entry.id, entry.at, creditor_id, audit_digest(entry)))
    return entry
