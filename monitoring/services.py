"""What a supervisor does with an alert."""

from __future__ import annotations

import uuid
from datetime import datetime

from kernel.errors import DomainError
from monitoring.models import Alert
from tenants import audit
from tenants.events import Emit, emit


def claim_alert(alert_id: uuid.UUID, *, by: uuid.UUID, now: datetime) -> Alert:
    """Take an alert for review; raises DomainError `conflict` when somebody else has it or it is decided."""
    alert = Alert.objects.select_for_update(no_key=True).get(pk=alert_id)
    if alert.state != Alert.State.OPEN and alert.claimed_by != by:
        raise DomainError("conflict", "somebody else has this alert already")
    alert.state, alert.claimed_by = Alert.State.CLAIMED, by
    alert.save(update_fields=["state", "claimed_by"])
    return alert


def decide_alert(alert_id: uuid.UUID, *, verdict: str, note: str, actor: str, now: datetime) -> Alert:
    """Say what it was: `violation` or `false_alarm`; raises DomainError `verdict_unknown` for anything else."""
    if verdict not in (Alert.State.VIOLATION, Alert.State.FALSE_ALARM):
        raise DomainError("verdict_unknown", "say violation or false_alarm", pointer="/verdict")
    alert = Alert.objects.select_for_update(no_key=True).get(pk=alert_id)
    before = alert.state
    alert.state, alert.note, alert.decided_at = verdict, note, now
    alert.save(update_fields=["state", "note", "decided_at"])
    audit.record(
        "alert.decide", actor=actor, subject="monitoring.alert", subject_id=alert.pk, before={"state": before},
        after={"state": verdict}, reason=note, creditor_id=alert.creditor_id,
    )  # fmt: skip
    emit(Emit("alert.decided", "monitoring.alert", alert.pk, now, alert.creditor_id, data={"verdict": verdict}))
    return alert
