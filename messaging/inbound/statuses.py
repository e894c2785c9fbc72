"""Status reports: monotonic, idempotent, and the only thing besides a person that settles doubt.

A late or doubled report changes nothing; `read` may come without `delivered`; a report may come before the answer to
the send itself was stored, and is then matched by our callback data (whatsapp-cloud-api.md, 3.2 and 3.4).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from compliance.services import settle
from messaging.channels.base import Accepted
from messaging.channels.whatsapp.errors import Kind, classify
from messaging.channels.whatsapp.receive import Status
from messaging.models import Message, Outbound, ProviderMessage, StatusReport
from messaging.sending import outcomes
from portfolio.models import ContactPoint
from tenants import bulk
from tenants.digests import digest_of
from tenants.events import Emit, emit_many

#: What a message may still become: later states never turn into earlier ones; failed yields to proof of delivery.
_EARLIER = {
    "sent": ["waiting", "sending", "uncertain", "accepted", "refused"],
    "delivered": ["waiting", "sending", "uncertain", "accepted", "refused", "sent", "failed"],
    "read": ["waiting", "sending", "uncertain", "accepted", "refused", "sent", "delivered", "failed"],
    "failed": ["waiting", "sending", "uncertain", "accepted", "sent"],
}
#: Reports that prove that the message reached the phone.
_PROOF = ("delivered", "read")
#: In the order in which states follow one another.
_STAMP = {"sent": "sent_at", "delivered": "delivered_at", "read": "read_at", "failed": "failed_at"}
#: What reports change about a message.
_MOVED = ("state", "error_code", *_STAMP.values())


#: What we believe of a send until a report proves that it left; `queued` after a refusal that was none.
_DISPROVED = (
    Outbound.State.UNCERTAIN,
    Outbound.State.SENDING,
    Outbound.State.QUEUED,
    Outbound.State.WAITING,
    Outbound.State.REFUSED,
)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def apply(reports: Sequence[Status], *, now: datetime) -> int:
    """Apply reports of one tenant inside the caller's scope; returns how many were news."""
    known = dict(
        ProviderMessage.objects.filter(provider_id__in={r.provider_id for r in reports}).values_list(
            "provider_id", "message_id"
        )
    )
    references = {r.provider_id: ref for r in reports if r.provider_id not in known and (ref := _uuid(r.reference))}
    if references:
        _settle_by_reference(references, reports, known, now=now)
    rows: list[tuple[StatusReport, Status]] = []
    seen: set[tuple[uuid.UUID, str]] = set()
    for report in reports:
        message_id = known.get(report.provider_id)
        if message_id is None or report.state not in _EARLIER or (message_id, report.state) in seen:
            continue
        seen.add((message_id, report.state))
        detail = {"error": report.error_detail} if report.error_detail else {}
        if report.pricing:
            detail["pricing"] = {k: str(v) for k, v in report.pricing.items()}  # type: ignore[assignment]
        rows.append((
            StatusReport(message_id=message_id, state=report.state, provider_at=report.at,
                         error_code=report.error_code[:20], detail=detail, recorded_at=now),
            report,
        ))  # fmt: skip
    # The same report may be in another worker's hands (webhooks come twice): the messages' locks put us in a row.
    messages = {
        m.pk: m
        for m in Message.objects.select_for_update(no_key=True)
        .filter(pk__in={row.message_id for row, _ in rows})
        .order_by("pk")
    }
    before = set(
        StatusReport.objects.filter(message_id__in={row.message_id for row, _ in rows}).values_list(
            "message_id", "state"
        )
    )
    rows = [(row, report) for row, report in rows if (row.message_id, row.state) not in before]
    if not rows:
        return 0
    StatusReport.objects.bulk_create([row for row, _ in rows])
    failed = {pk for pk, message in messages.items() if message.state == "failed"}
    reached = {row.message_id for row, _ in rows if row.message_id in failed and row.state in _PROOF}
    for state, stamp in _STAMP.items():
        for row, report in rows:
            if row.state == state:
                _move(messages[row.message_id], row, stamp)
                if state == "failed" and messages[row.message_id].state == "failed":
                    _unreached(messages[row.message_id], report)
    for message_id in reached:
        messages[message_id].error_code = ""
    bulk.update(Message, [messages[pk] for pk in {row.message_id for row, _ in rows}], _MOVED)
    _not_failed(reached)
    emit_many(
        Emit(f"message.{row.state}", "messaging.statusreport", row.pk, row.provider_at,
             messages[row.message_id].creditor_id, digest=digest_of("messaging.statusreport", row),
             data={"message": str(row.message_id), "debtor": str(messages[row.message_id].debtor_id),
                   **({"code": row.error_code} if row.error_code else {})})
        for row, _ in rows
    )  # fmt: skip
    return len(rows)


def _move(message: Message, row: StatusReport, stamp: str) -> None:
    """Move a locked message forward to the report's state, and keep the provider's instant of it."""
    if getattr(message, stamp) is None:
        setattr(message, stamp, row.provider_at)
    if message.state in _EARLIER[row.state]:
        message.state = row.state


def _unreached(message: Message, report: Status) -> None:
    """It failed; a failure that comes after the proof of delivery is kept as a report, and says nothing else."""
    message.error_code = report.error_code[:20]
    if classify(message.error_code) == Kind.RECIPIENT and message.error_code == "131026":
        ContactPoint.objects.filter(
            pk__in=Message.objects.filter(pk=message.pk).values("conversation__contact_point_id")
        ).update(unreachable_at=report.at)


def _not_failed(ids: Collection[uuid.UUID]) -> None:
    """What was reported as failed has reached the phone after all: take back what we concluded."""
    if not ids:
        return
    ContactPoint.objects.filter(
        pk__in=Message.objects.filter(pk__in=ids).values("conversation__contact_point_id")
    ).update(unreachable_at=None)


def _settle_by_reference(
    references: dict[str, uuid.UUID], reports: Sequence[Status], known: dict[str, uuid.UUID], *, now: datetime
) -> None:
    """Reports about sends whose answer we never stored: the callback data names our row."""
    rows = {
        row.pk: row
        for row in Outbound.objects.select_for_update(no_key=True, of=("self",))
        .select_related("request")
        .filter(pk__in=set(references.values()))
        .order_by("pk")
    }
    wire = {r.provider_id: r.wa_id for r in reports}
    failed = {r.provider_id for r in reports if r.state == "failed"}
    for provider_id, reference in references.items():
        row = rows.get(reference)
        if row is None:
            continue
        known[provider_id] = row.request.message_id
        if row.state in _DISPROVED:
            row.state = Outbound.State.ACCEPTED
            outcomes.accepted([(row, Accepted(provider_id, wire.get(provider_id, "")))], now=now)
            if provider_id in failed:
                settle({row.request_id: "counted"}, now=now)
        else:
            ProviderMessage.objects.bulk_create(
                [ProviderMessage(provider_id=provider_id, message_id=row.request.message_id)], ignore_conflicts=True
            )
