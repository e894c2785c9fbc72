"""Legal holds: nothing of a person, of an account or of a creditor is blanked or erased while one stands."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import Q

from compliance.retention.holdings import ERASED, Guarded
from compliance.retention.models import LegalHold
from compliance.retention.trail import write_down
from kernel.errors import DomainError
from portfolio.models import ContactPoint, Creditor, Person
from tenants.scope import all_creditors, current_tenant_id

SUBJECT = "compliance.legalhold"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('retention:' || %s, 0))"


def lock() -> None:
    """Until this transaction ends nobody else of the organisation blanks anything, or places or lifts a hold."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [str(current_tenant_id())])


@dataclass(slots=True)
class Holds:
    """The holds that stand: (person, creditor) -> until; None on either side: all of them; None as until: open."""

    standing: dict[tuple[uuid.UUID | None, uuid.UUID | None], datetime | None] = field(default_factory=dict)

    def of(self, person_id: uuid.UUID, creditor_id: uuid.UUID | None) -> tuple[bool, datetime | None]:
        """(whether an account is held, until when): the latest end of the holds that fit, None where one has none."""
        keys = [(person_id, None), (None, creditor_id)]
        # What hangs on no account of a creditor's hangs on all of them.
        keys += [key for key in self.standing if key[0] == person_id and creditor_id in (None, key[1])]
        found = [self.standing[key] for key in keys if key != (None, None) and key in self.standing]
        if not found:
            return False, None
        ends = [until for until in found if until is not None]
        return True, max(ends) if len(ends) == len(found) else None

    @property
    def persons(self) -> set[uuid.UUID]:
        """Who is held by name."""
        return {person for person, _ in self.standing if person is not None}

    @property
    def guarded(self) -> Guarded:
        """What they keep of rows that belong to nobody by name."""
        points = ContactPoint.objects.filter(person_id__in=self.persons).exclude(value__startswith=ERASED)
        addresses: set[str] = set()
        for value, wire in points.values_list("value", "wire_value"):
            addresses |= {each.lstrip("+") for each in (value, wire) if each}
        return Guarded(any(person is None for person, _ in self.standing), tuple(sorted(addresses)))


def standing(now: datetime) -> Holds:
    """All holds of the organisation that stand at `now`, whoever asks."""
    found = Holds()
    with all_creditors():
        rows = LegalHold.objects.filter(lifted_at=None).filter(Q(until=None) | Q(until__gt=now))
        for person, creditor, until in rows.values_list("person_id", "creditor_id", "until"):
            key = (person, creditor)
            known = found.standing.get(key, until)
            found.standing[key] = None if known is None or until is None else max(known, until)
    return found


def place_hold(
    *,
    person_id: uuid.UUID | None = None,
    creditor_id: uuid.UUID | None = None,
    reason: str,
    until: datetime | None = None,
    by: str,
    now: datetime,
) -> LegalHold:
    """Place a hold on a person, on their account with a creditor (both given), or on everything of a creditor.

    Raises DomainError without a reason, for nobody, for somebody who is not there, or when it would end before it
    begins.
    """
    if not reason.strip():
        raise DomainError(
            "reason_missing", "say why: a hold without a reason holds nothing up in court", pointer="reason"
        )
    if until is not None and until <= now:
        raise DomainError("hold_over", "the last day of the hold has passed already", pointer="until")
    if person_id is None and creditor_id is None:
        raise DomainError("hold_of_nobody", "say whom the hold is about: a person or a creditor", pointer="person")
    if person_id is not None and not Person.objects.filter(pk=person_id).exists():
        raise DomainError("person_unknown", "there is no such person here", pointer="person")
    if creditor_id is not None and not Creditor.objects.filter(pk=creditor_id).exists():
        raise DomainError("creditor_unknown", "there is no such creditor here", pointer="creditor")
    lock()
    hold = LegalHold(
        person_id=person_id,
        creditor_id=creditor_id,
        reason=reason.strip()[:2000],
        author=by,
        placed_at=now,
        until=until,
    )
    with all_creditors():
        hold.save(force_insert=True)
        write_down(
            "hold_placed", by=by, subject=SUBJECT, subject_id=hold.pk, creditor_id=creditor_id,
            after={"person": person_id and str(person_id), "until": until and until.isoformat()}, reason=hold.reason,
        )  # fmt: skip
    return hold


def lift_hold(hold_id: uuid.UUID, *, reason: str, by: str, now: datetime) -> LegalHold:
    """Lift a hold. Raises DomainError without a reason, or when there is none (any more) in the scope."""
    if not reason.strip():
        raise DomainError("reason_missing", "say why the hold is lifted", pointer="reason")
    lock()
    hold = LegalHold.objects.select_for_update(no_key=True).filter(pk=hold_id).first()
    if hold is None:
        raise DomainError("hold_unknown", "there is no such hold here", pointer="hold")
    if hold.lifted_at is not None:
        raise DomainError("hold_lifted", "it was lifted already", pointer="hold")
    hold.lifted_at, hold.lifted_by, hold.lifted_reason = now, by, reason.strip()[:2000]
    hold.save(update_fields=["lifted_at", "lifted_by", "lifted_reason"])
    write_down(
        "hold_lifted", by=by, subject=SUBJECT, subject_id=hold.pk, creditor_id=hold.creditor_id,
        reason=hold.lifted_reason,
    )  # fmt: skip
    return hold


def holds_of(person_id: uuid.UUID, creditor_ids: Iterable[uuid.UUID], now: datetime) -> list[LegalHold]:
    """The holds that stand over a person's accounts with these creditors, as far as the scope shows the person."""
    with all_creditors():
        rows = LegalHold.objects.filter(lifted_at=None).filter(Q(until=None) | Q(until__gt=now))
        theirs = Q(creditor_id=None) | Q(creditor_id__in=list(creditor_ids))
        return list(rows.filter(theirs, Q(person_id=person_id) | Q(person_id=None)).order_by("placed_at", "id"))
