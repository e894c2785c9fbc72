"""How consents and stops are hashed for the ledger; registered with tenants.digests when the app is ready."""

from __future__ import annotations

from typing import Any

from compliance.models import Consent, Stop
from kernel.canonical import digest

CONSENT, STOP = "compliance.consent", "compliance.stop"


def consent_content(row: Consent) -> dict[str, Any]:
    """What a consent's hash covers."""
    # The first version's hash is what it was before there were versions.
    later = {} if row.version == 1 else {"version": row.version}
    return later | {
        "v": 1,
        "id": row.id,
        "person_id": row.person_id,
        "contact_point_id": row.contact_point_id,
        "creditor_id": row.creditor_id,
        "channel": row.channel,
        "purpose": row.purpose,
        "state": row.state,
        "evidence": row.evidence,
        "external_id": row.external_id,
        "source": row.source,
        "given_at": row.given_at,
        "expires_at": row.expires_at,
        "recorded_at": row.recorded_at,
    }


def stop_content(row: Stop) -> dict[str, Any]:
    """What a stop's hash covers when it is raised: all but its lifting."""
    return {
        "v": 1,
        "id": row.id,
        "person_id": row.person_id,
        "contact_point_id": row.contact_point_id,
        "creditor_id": row.creditor_id,
        "kind": row.kind,
        "since": row.since,
        "evidence": row.evidence,
        "source": row.source,
    }


def lifted_content(row: Stop) -> dict[str, Any]:
    """What its hash covers once it is lifted."""
    lifting = {"lifted_at": row.lifted_at, "lifted_by": row.lifted_by, "lifted_reason": row.lifted_reason}
    return stop_content(row) | lifting


def consent_digest(row: Consent) -> str:
    """The hash that consent.recorded states."""
    return digest(consent_content(row))


def stop_digest(row: Stop) -> str:
    """The hash that stop.raised states."""
    return digest(stop_content(row))


def lifted_digest(row: Stop) -> str:
    """The hash that stop.lifted states."""
    return digest(lifted_content(row))
