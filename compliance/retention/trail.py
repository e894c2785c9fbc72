"""What this room writes into the audit: evidence itself, that names nobody and is never blanked."""

from __future__ import annotations

import uuid
from typing import Any

from tenants import audit
from tenants.scope import all_creditors

#: How the names of this room's actions begin.
PRIVACY = "privacy."


def write_down(
    action: str, *, by: str, subject: str, subject_id: object, creditor_id: uuid.UUID | None = None, reason: str = "",
    before: dict[str, Any] | None = None, after: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """One entry, also where whoever acts sees some creditors only: it stands in the organisation's audit."""
    with all_creditors():
        audit.record(
            f"{PRIVACY}{action}", actor=by, subject=subject, subject_id=subject_id, creditor_id=creditor_id,
            before=before, after=after, reason=reason,
        )  # fmt: skip
