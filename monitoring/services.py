"""What a supervisor does with an alert. Claims and the time to undo run on the machine's clock."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from kernel.clock import machine_now
from kernel.errors import DomainError
from monitoring.models import Alert, AlertAction
from tenants import audit
from tenants.events import Emit, emit

#: Whoever walks away holds nothing for longer than this; every touch renews it.
CLAIM_FOR = timedelta(minutes=5)
UNDO_FOR = timedelta(seconds=30)
#: Raised by what a debtor says: nobody's misconduct, but somebody has to look.
SIGNALS = ("vulnerable", "complaint", "abuse")
OPEN = (Alert.State.OPEN, Alert.State.CLAIMED)
DECIDED = (Alert.State.VIOLATION, Alert.State.FALSE_ALARM)
_NOTE_MAX = 2000


def held_by(alert: Alert) -> uuid.UUID | None:
    """Who reviews the alert now; None when nobody does, or the claim has run out."""
    if alert.state != Alert.State.CLAIMED or alert.claimed_by is None:
        return None
    return None if alert.claimed_until is not None and alert.claimed_until <= machine_now() else alert.claimed_by


def claim_alert(alert_id: uuid.UUID, *, by: uuid.UUID, now: datetime) -> Alert:
    """Take an alert for review, or keep it; raises DomainError `conflict` when somebody else has it or it is decided.

    Of two people at once the second waits for the first and is refused.
    """
    alert = _locked(alert_id)
    _mine(alert, by)
    fresh = alert.state == Alert.State.OPEN or alert.claimed_by != by
    alert.state, alert.claimed_by, alert.claimed_until = Alert.State.CLAIMED, by, machine_now() + CLAIM_FOR
    alert.save(update_fields=["state", "claimed_by", "claimed_until"])
    if fresh:
        _write(alert, by, AlertAction.Kind.CLAIMED, now=now)
        emit(Emit("alert.claimed", "monitoring.alert", alert.pk, now, alert.creditor_id, data={"by": str(by)}))
    return alert


def release_alert(alert_id: uuid.UUID, *, by: uuid.UUID, now: datetime) -> Alert:
    """Give a claimed alert back to everybody; raises DomainError `conflict` when it is not one's own."""
    alert = _locked(alert_id)
    if held_by(alert) != by:
        raise DomainError("conflict", "you do not hold this alert")
    alert.state, alert.claimed_by, alert.claimed_until = Alert.State.OPEN, None, None
    alert.save(update_fields=["state", "claimed_by", "claimed_until"])
    _write(alert, by, AlertAction.Kind.RELEASED, now=now)
    emit(Emit("alert.claimed", "monitoring.alert", alert.pk, now, alert.creditor_id, data={"by": ""}))
    return alert


def decide_alert(
    alert_id: uuid.UUID, *, verdict: str, note: str, actor: str, now: datetime, by: uuid.UUID | None = None
) -> Alert:
    """Say what it was: `violation` or `false_alarm`; claims it in the same breath.

    With `by` (a person) raises DomainError `conflict` when somebody else reviews it or it was decided before;
    `verdict_unknown` for anything else than the two words.
    """
    if verdict not in DECIDED:
        raise DomainError("verdict_unknown", "say violation or false_alarm", pointer="/verdict")
    alert = _locked(alert_id)
    if by is not None:
        _mine(alert, by)
    before = alert.state
    alert.state, alert.note, alert.decided_at = verdict, note[:_NOTE_MAX], now
    alert.decided_by, alert.claimed_by, alert.claimed_until = by, by or alert.claimed_by, None
    alert.undo_until = machine_now() + UNDO_FOR
    alert.save(update_fields=["state", "note", "decided_at", "decided_by", "claimed_by", "claimed_until", "undo_until"])
    if by is not None:
        _write(alert, by, verdict, note, now=now)
    audit.record(
        "alert.decide", actor=actor, subject="monitoring.alert", subject_id=alert.pk, before={"state": before},
        after={"state": verdict}, reason=note, creditor_id=alert.creditor_id,
    )  # fmt: skip
    emit(Emit("alert.decided", "monitoring.alert", alert.pk, now, alert.creditor_id, data={"verdict": verdict}))
    return alert


def undo_decision(alert_id: uuid.UUID, *, by: uuid.UUID, now: datetime) -> Alert:
    """Take one's own verdict back within half a minute; the alert is claimed again.

    Raises DomainError `undo_too_late`, or `conflict` when the verdict is not one's own.
    """
    alert = _locked(alert_id)
    if alert.state not in DECIDED or alert.decided_by != by:
        raise DomainError("conflict", "this verdict is not yours to take back")
    if alert.undo_until is None or machine_now() > alert.undo_until:
        raise DomainError(
            "undo_too_late", "a verdict can be taken back for %(seconds)s seconds", seconds=UNDO_FOR.seconds
        )
    before = alert.state
    alert.state, alert.decided_at, alert.decided_by, alert.undo_until = Alert.State.CLAIMED, None, None, None
    alert.note, alert.claimed_by, alert.claimed_until = "", by, machine_now() + CLAIM_FOR
    alert.save(update_fields=["state", "decided_at", "decided_by", "undo_until", "note", "claimed_by", "claimed_until"])
    _write(alert, by, AlertAction.Kind.UNDONE, now=now)
    audit.record(
        "alert.undo", actor=f"user:{by}", subject="monitoring.alert", subject_id=alert.pk, before={"state": before},
        after={"state": str(Alert.State.CLAIMED)}, creditor_id=alert.creditor_id,
    )  # fmt: skip
    emit(Emit("alert.reopened", "monitoring.alert", alert.pk, now, alert.creditor_id, data={"was": before}))
    return alert


def escalate_alert(alert_id: uuid.UUID, *, note: str, by: uuid.UUID, now: datetime) -> Alert:
    """Put an open alert before all others, for somebody with more say; it is free to be claimed."""
    alert = _locked(alert_id)
    _mine(alert, by)
    alert.escalated_at = alert.escalated_at or now
    alert.state, alert.claimed_by, alert.claimed_until = Alert.State.OPEN, None, None
    alert.save(update_fields=["escalated_at", "state", "claimed_by", "claimed_until"])
    _write(alert, by, AlertAction.Kind.ESCALATED, note, now=now)
    audit.record(
        "alert.escalate", actor=f"user:{by}", subject="monitoring.alert", subject_id=alert.pk, reason=note,
        creditor_id=alert.creditor_id,
    )  # fmt: skip
    emit(Emit("alert.escalated", "monitoring.alert", alert.pk, now, alert.creditor_id))
    return alert


def note_alert(alert_id: uuid.UUID, *, text: str, by: uuid.UUID, now: datetime) -> Alert:
    """Write something down about an alert; raises DomainError `text_empty`."""
    if not text.strip():
        raise DomainError("text_empty", "write something first", pointer="/text")
    alert = _locked(alert_id)
    _write(alert, by, AlertAction.Kind.NOTED, text, now=now)
    audit.record(
        "alert.note", actor=f"user:{by}", subject="monitoring.alert", subject_id=alert.pk, creditor_id=alert.creditor_id
    )
    return alert


def _locked(alert_id: uuid.UUID) -> Alert:
    alert = Alert.objects.select_for_update(no_key=True).filter(pk=alert_id).first()
    if alert is None:
        raise DomainError("not_found", "there is no such alert")
    return alert


def _mine(alert: Alert, by: uuid.UUID) -> None:
    """Raise `conflict` unless the alert is open and nobody else holds it."""
    if alert.state in DECIDED:
        raise DomainError("conflict", "this alert is decided already")
    if held_by(alert) not in (None, by):
        raise DomainError("conflict", "somebody else has this alert already")


def _write(alert: Alert, by: uuid.UUID, kind: str, text: str = "", *, now: datetime) -> None:
    AlertAction.objects.create(
        creditor_id=alert.creditor_id, alert=alert, user_id=by, kind=kind, text=text[:_NOTE_MAX], at=now
    )
