"""How messaging's evidence is hashed."""

from __future__ import annotations

from typing import Any

from kernel.canonical import digest
from messaging.models import StatusReport
from tenants import digests


def report_content(row: StatusReport) -> dict[str, Any]:
    """What the provider said about a message, and when."""
    return {
        "v": 1, "id": row.pk, "message": row.message_id, "state": row.state, "provider_at": row.provider_at,
        "error_code": row.error_code, "detail": row.detail,
    }  # fmt: skip


def report_digest(row: StatusReport) -> str:
    """The hash that the event log seals."""
    return digest(report_content(row))


digests.register(
    "messaging.statusreport",
    report_digest,
    announced_by=("message.sent", "message.delivered", "message.read", "message.failed"),
)
