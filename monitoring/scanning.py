"""Every message in every direction is scanned, after the fact always; alerts name the class, the place, the reason.

Before the send the same detector feeds the gate's content flags, so most of what is found here was kept back; a
blocked attempt is an alert too, because the words were meant for the debtor.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from compliance import language
from kernel.clock import Clock
from messaging.models import Message
from messaging.sending.drafts import registered_accounts
from monitoring.models import Alert, Scan
from portfolio.models import Creditor
from tenants import events, work
from tenants.events import Emit, emit_many
from tenants.models import Tenant
from tenants.scope import tenant_scope

READER = "scan"
DETECTOR = "words-1"
BATCH = 500
_NEWS = ("message.received", "message.queued", "message.deferred", "message.blocked")
events.READERS[READER] = frozenset(_NEWS)
#: What a debtor's message may signal to a supervisor, beside abuse.
_SIGNALS = {"hardship": ("vulnerable", 2), "dispute": ("complaint", 1)}


@work.serves(READER)
def serve(tenant: Tenant, key: str, clock: Clock) -> datetime | None:
    """Scan the messages that the log names since the last time; returns now while more may wait."""
    now = clock.now()
    with tenant_scope(tenant.pk):
        cursor, found = events.unread(READER, limit=BATCH, names=_NEWS)
        if not found:
            return None
        scan_messages({event.subject_id for event in found if event.name in _NEWS}, now=now)
        events.advance(cursor, found[-1].sequence)
    return now if len(found) == BATCH else None


def scan_messages(message_ids: set[uuid.UUID], *, now: datetime) -> int:
    """Scan these messages once each; returns how many alerts were raised."""
    done = set(Scan.objects.filter(message_id__in=message_ids).values_list("message_id", flat=True))
    messages = list(
        Message.objects.select_related("conversation__contact_point")
        .filter(pk__in=message_ids - done)
        .order_by("at", "id")
    )
    if not messages:
        return 0
    creditors = {c.pk: c for c in Creditor.objects.filter(pk__in={m.creditor_id for m in messages if m.creditor_id})}
    # A template's words were linted when it was made: the same text is read once per batch, not once per debtor.
    scans, alerts = [], []
    for message in messages:
        scan, raised = _judge(message, creditors.get(message.creditor_id) if message.creditor_id else None, now=now)
        scans.append(scan)
        alerts += raised
    Scan.objects.bulk_create(scans, ignore_conflicts=True)
    Alert.objects.bulk_create(alerts, ignore_conflicts=True)
    emit_many(
        Emit("alert.raised", "monitoring.alert", alert.pk, now, alert.creditor_id, data={
            "class": alert.conduct, "severity": alert.severity, "message": str(alert.message_id),
            "conversation": str(alert.conversation_id), "debtor": str(alert.debtor_id or ""),
        })
        for alert in alerts
    )  # fmt: skip
    return len(alerts)


def _author(message: Message) -> str:
    if message.direction == Message.Direction.IN:
        return "debtor"
    if message.kind == "template":
        return "template"
    return "agent" if message.source in ("agent", "api", "device") else "bot"


def _judge(message: Message, creditor: Creditor | None, *, now: datetime) -> tuple[Scan, list[Alert]]:
    author = _author(message)
    point = message.conversation.contact_point
    context = language.Context(
        registered_accounts=registered_accounts(creditor, message.content) if creditor else None,
        identity_verified=point is not None and point.identity == "verified",
        creditor_names=tuple(filter(None, [creditor.name, creditor.legal_name])) if creditor else (),
    )
    found = language.scan(message.text, author=author, context=context)  # type: ignore[arg-type]
    intent = language.intent(message.text).name if author == "debtor" and message.text else ""
    sentiment = language.sentiment(message.text) if author == "debtor" else 0
    scan = Scan(
        creditor_id=message.creditor_id, message=message, main_class=found.main_class, severity=found.severity,
        intent=intent, sentiment=sentiment, detector=DETECTOR, scanned_at=now,
    )  # fmt: skip
    return scan, _alerts(message, author, found, intent, now=now)


def _alerts(message: Message, author: str, found: language.Scan, intent: str, *, now: datetime) -> list[Alert]:
    by_class: dict[str, list[language.Finding]] = {}
    for finding in found.findings:
        by_class.setdefault(finding.cls, []).append(finding)
    alerts = []
    for conduct, findings in by_class.items():
        # What a debtor says in anger is theirs; only what an agent must be protected from is an alert.
        if author == "debtor" and max(f.severity for f in findings) < 2:
            continue
        alerts.append(
            _alert(
                message,
                "abuse" if author == "debtor" else conduct,
                findings,
                max(f.severity for f in findings),
                now=now,
            )
        )
    if author == "debtor" and intent in _SIGNALS:
        conduct, severity = _SIGNALS[intent]
        alerts.append(_alert(message, conduct, [], severity, now=now))
    return list({alert.conduct: alert for alert in alerts}.values())


def _alert(
    message: Message, conduct: str, findings: Sequence[language.Finding], severity: int, *, now: datetime
) -> Alert:
    return Alert(
        creditor_id=message.creditor_id, debtor_id=message.debtor_id, conversation_id=message.conversation_id,
        message=message, conduct=conduct, severity=severity, actor=message.author,
        spans=[
            {"class": f.cls, "start": f.span[0], "end": f.span[1], "rule": f.rule, "severity": f.severity} for f in findings
        ],
        raised_at=message.at, recorded_at=now,
    )  # fmt: skip
