"""Who answers at a contact point: unknown, contacted, claimed, verified, or the wrong person (product.md, C15).

A tap on the probe claims, the two-point check verifies, three wrong answers or "not me" make it the wrong person, and
from there only new evidence about the number leads back.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from kernel.errors import DomainError
from portfolio.models import ContactPoint
from tenants.events import Emit, emit
from tenants.scope import all_creditors

Identity = ContactPoint.Identity
MAX_STRIKES = 3

#: From which states each state may be reached; a step that changes nothing is no error and no event.
_FROM: dict[str, frozenset[str]] = {
    Identity.CONTACTED: frozenset({Identity.UNKNOWN}),
    Identity.CLAIMED: frozenset({Identity.UNKNOWN, Identity.CONTACTED}),
    Identity.VERIFIED: frozenset({Identity.UNKNOWN, Identity.CONTACTED, Identity.CLAIMED, Identity.VERIFIED}),
    Identity.WRONG_PERSON: frozenset({Identity.UNKNOWN, Identity.CONTACTED, Identity.CLAIMED, Identity.VERIFIED}),
    Identity.UNKNOWN: frozenset({Identity.WRONG_PERSON}),
}


def note_contacted(contact_point_id: uuid.UUID, method: str, now: datetime) -> ContactPoint:
    """A probe went out: nobody has answered yet."""
    return _move(contact_point_id, Identity.CONTACTED, method, now)


def claim(contact_point_id: uuid.UUID, method: str, now: datetime) -> ContactPoint:
    """Somebody says that they are the debtor: the creditor's name may be told, no debt."""
    return _move(contact_point_id, Identity.CLAIMED, method, now)


def verify(contact_point_id: uuid.UUID, method: str, now: datetime) -> ContactPoint:
    """The two-point check was passed, or documents show it: the debt may be told. Strikes are forgotten."""
    return _move(contact_point_id, Identity.VERIFIED, method, now, strikes=0)


def strike(contact_point_id: uuid.UUID, method: str, now: datetime) -> ContactPoint:
    """A wrong answer in the check; the third makes it the wrong person."""
    point = _locked(contact_point_id)
    point.strikes += 1
    point.save(update_fields=["strikes"])
    if point.strikes >= MAX_STRIKES:
        return mark_wrong_person(contact_point_id, method, now)
    return point


def mark_wrong_person(contact_point_id: uuid.UUID, method: str, now: datetime) -> ContactPoint:
    """Somebody else answers here: the number is reported wrong and nothing more is sent to it."""
    return _move(contact_point_id, Identity.WRONG_PERSON, method, now, reported_wrong_at=now)


def reconfirm_number(contact_point_id: uuid.UUID, method: str, now: datetime) -> ContactPoint:
    """The debtor confirmed the number in another way: it starts anew, unverified."""
    return _move(contact_point_id, Identity.UNKNOWN, method, now, reported_wrong_at=None, strikes=0)


def doubt(contact_point_id: uuid.UUID, why: str, now: datetime) -> ContactPoint:
    """Somebody else may answer here now (changed or recycled number, another profile): who answers is asked anew.

    A number that was reported wrong stays so; nothing happens where nobody was known.
    """
    point = _locked(contact_point_id)
    before = point.identity
    if before in (Identity.UNKNOWN, Identity.WRONG_PERSON):
        return point
    point.identity, point.identity_at, point.identity_method = Identity.UNKNOWN, now, why
    point.strikes, point.check_state = 0, {}
    with all_creditors():
        point.save(update_fields=["identity", "identity_at", "identity_method", "strikes", "check_state"])
    _tell(point, before, why, now)
    return point


def _locked(contact_point_id: uuid.UUID) -> ContactPoint:
    with all_creditors():
        point = ContactPoint.objects.select_for_update(no_key=True).filter(pk=contact_point_id).first()
    if point is None:
        raise DomainError("contact_point_unknown", "there is no such contact point here", pointer="contact_point_id")
    return point


def _move(contact_point_id: uuid.UUID, state: str, method: str, now: datetime, **fields: object) -> ContactPoint:
    point = _locked(contact_point_id)
    before = point.identity
    if before not in _FROM[state]:
        return point
    values = {"identity": state, "identity_at": now, "identity_method": method, **fields}
    for name, value in values.items():
        setattr(point, name, value)
    with all_creditors():
        point.save(update_fields=list(values))
    _tell(point, before, method, now)
    return point


def _tell(point: ContactPoint, before: str, method: str, now: datetime) -> None:
    data = {"person": str(point.person_id), "from": before, "to": point.identity, "method": method}
    emit(Emit("identity.changed", "portfolio.contactpoint", point.id, now, data=data))
