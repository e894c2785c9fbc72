"""A person of the team says that somebody is not to be written to, or may be again: what is queued follows at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from compliance.models import Stop
from compliance.services import lift_stop, mark_wrong_person, raise_stop, revoke_consent
from messaging.sending.standing import withdraw_of_person
from messaging.sending.waiting import facts_changed
from messaging.sequences.services import pause_for, unblock
from portfolio.models import ContactPoint

#: After these nothing is sent any more, not even an answer that waits.
_EVERYTHING = frozenset({"opted_out", "cease_requested", "minor_or_deceased_or_incapacitated"})


def halt(
    person_id: uuid.UUID,
    kind: str,
    *,
    evidence: Mapping[str, Any],
    source: str,
    now: datetime,
    creditor_id: uuid.UUID | None = None,
) -> Stop:
    """Raise a stop and take back what has not left; an opt-out also takes the consent back. Twice is once."""
    stop = raise_stop(person_id, kind, creditor_id=creditor_id, evidence=evidence, source=source, now=now)
    withdraw_of_person(person_id, reason=kind, now=now, **({"classes": None} if kind in _EVERYTHING else {}))
    if kind == "opted_out":
        revoke_consent(
            person_id, now=now, source=source, evidence=evidence, channel="whatsapp", external_id=f"stop:{stop.pk}"
        )
        pause_for(person_id, reason="opted_out", now=now)
    return stop


def resume(stop: Stop, *, by: str, reason: str, now: datetime) -> Stop:
    """Lift a stop; what waited for it asks the gate anew. Raises DomainError."""
    lifted = lift_stop(stop.pk, by=by, reason=reason, now=now)
    reconsider(stop.person_id, now=now)
    return lifted


def reconsider(person_id: uuid.UUID, *, now: datetime) -> None:
    """A fact about a person changed (consent, identity, a stop): whatever waits asks anew."""
    facts_changed(person_id, now=now)
    unblock(person_id, now=now)


def not_theirs(point: ContactPoint, *, method: str, now: datetime) -> ContactPoint:
    """Somebody else answers at a contact point: nothing leaves to that person any more until there is another."""
    marked = mark_wrong_person(point.pk, method, now)
    withdraw_of_person(point.person_id, reason="wrong_person", now=now, classes=None)
    return marked
