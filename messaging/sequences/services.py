"""Enrolments: who is in a sequence, what pauses and ends it, and the due touches that become wishes."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from kernel.canonical import canonical
from kernel.errors import DomainError
from messaging.models import Enrolment, SequenceVersion
from messaging.models import Sequence as DunningSequence
from messaging.sequences.decide import Step, instant_of, local_date, next_touch
from portfolio.models import Agreement, ContactPoint, Creditor, Debtor, Dispute, Invoice, Person, Promise
from tenants import lanes
from tenants.events import Emit, emit_many

#: How long the sequence keeps quiet after the debtor wrote, when nothing else comes of it.
AFTER_REPLY = timedelta(days=3)
#: Pauses that only time or a person ends, and how long they last: nothing in the account says that they hold.
ON_HOLD = {
    "replied": AFTER_REPLY, "to_verify": timedelta(days=3), "hardship": timedelta(days=30), "held": timedelta(days=7)
}  # fmt: skip
_COUNTRY_ZONE = {
    "BR": "America/Sao_Paulo", "MX": "America/Mexico_City", "CO": "America/Bogota", "PE": "America/Lima",
    "CL": "America/Santiago", "AR": "America/Argentina/Buenos_Aires", "EC": "America/Guayaquil",
}  # fmt: skip


@dataclass(slots=True)
class Account:
    """A debtor with what its sequence looks at."""

    debtor: Debtor
    person: Person
    creditor: Creditor
    zone: str
    invoices: list[Invoice]  # unpaid, not withdrawn, oldest due first
    disputed: bool  # all of them, or one and the creditor stops on any
    promise: Promise | None
    agreement: Agreement | None

    @property
    def carrying(self) -> Invoice | None:
        """The oldest unpaid invoice that is not disputed."""
        return next((invoice for invoice in self.invoices if invoice.disputed_at is None), None)


def accounts(debtor_ids: Iterable[uuid.UUID]) -> list[Account]:
    """Load debtors for their sequences, in a constant number of queries."""
    debtors = list(Debtor.objects.select_related("person", "creditor").filter(pk__in=set(debtor_ids)).order_by("pk"))
    ids = [debtor.pk for debtor in debtors]
    invoices: dict[uuid.UUID, list[Invoice]] = defaultdict(list)
    for invoice in Invoice.objects.filter(
        debtor_id__in=ids, settled_at=None, withdrawn_at=None, open_minor__gt=0
    ).order_by("due_on", "id"):
        invoices[invoice.debtor_id].append(invoice)
    promises = {p.debtor_id: p for p in Promise.objects.filter(debtor_id__in=ids, state="open").order_by("due_on")}
    plans = {a.debtor_id: a for a in Agreement.objects.filter(debtor_id__in=ids, state="active")}
    whole = set(
        Dispute.objects.filter(debtor_id__in=ids, state="open", invoice=None).values_list("debtor_id", flat=True)
    )
    zones: dict[uuid.UUID, str] = {}
    unplaced = [d.person_id for d in debtors if not (d.person.declared_zone or d.person.address_zone)]
    if unplaced:
        for person_id, found in ContactPoint.objects.filter(person_id__in=unplaced).values_list("person_id", "zones"):
            if found:
                zones.setdefault(person_id, found[0])
    result = []
    for debtor in debtors:
        own = invoices[debtor.pk]
        open_ones = [invoice for invoice in own if invoice.disputed_at is None]
        disputed = debtor.pk in whole or bool(own and not open_ones)
        disputed = disputed or (len(open_ones) < len(own) and debtor.creditor.dispute_stops_all)
        person = debtor.person
        zone = (
            person.declared_zone
            or person.address_zone
            or zones.get(person.pk)
            or _COUNTRY_ZONE.get(person.country, "America/Bogota")
        )
        result.append(
            Account(debtor, person, debtor.creditor, zone, own, disputed, promises.get(debtor.pk), plans.get(debtor.pk))
        )
    return result


@lru_cache(maxsize=256)
def steps_of(version_id: uuid.UUID, content: str) -> tuple[Step, ...]:
    """The parsed steps of a version; versions never change, so they are kept."""
    return tuple(Step.from_data(step) for step in json.loads(content))


def steps_in(version: SequenceVersion) -> tuple[Step, ...]:
    """The steps of a version."""
    return steps_of(version.pk, canonical(version.steps).decode())


def sequence_for(creditor: Creditor, found: Sequence[DunningSequence]) -> DunningSequence | None:
    """The creditor's own active sequence, else the organisation's for the creditor's country."""
    fitting = [s for s in found if s.active_version and s.creditor_id in (None, creditor.pk)]
    fitting = [s for s in fitting if s.creditor_id or s.country == creditor.country]
    fitting.sort(key=lambda s: (s.creditor_id is None, s.created_at))
    return fitting[0] if fitting else None


def refresh(debtor_ids: Iterable[uuid.UUID], *, now: datetime) -> int:
    """Bring the enrolments of these debtors in line with what is true of them; returns how many changed.

    Starts the missing ones, ends the paid ones, pauses for an agreement, a promise or a dispute, and plans the next
    touch of the rest. Doing it again changes nothing.
    """
    loaded = accounts(debtor_ids)
    if not loaded:
        return 0
    sequences = list(DunningSequence.objects.all())
    paused = {sequence.pk for sequence in sequences if sequence.paused_at is not None}
    versions = {(v.sequence_id, v.version): v for v in SequenceVersion.objects.all()}
    by_id = {v.pk: v for v in versions.values()}
    current = {
        e.debtor_id: e
        for e in Enrolment.objects.select_for_update(no_key=True)
        .filter(debtor_id__in=[a.debtor.pk for a in loaded])
        .order_by("pk")
    }
    fresh, changed, events = [], [], []
    wake_at: datetime | None = None
    for account in loaded:
        row = current.get(account.debtor.pk)
        if row is None:
            if account.carrying is None or account.debtor.withdrawn_at:
                continue
            sequence = sequence_for(account.creditor, sequences)
            if sequence is None:
                continue
            version = versions[sequence.pk, sequence.active_version]
            row = Enrolment(
                creditor=account.creditor, debtor=account.debtor, sequence=sequence, version=version, created_at=now,
                updated_at=now,
            )  # fmt: skip
            fresh.append(row)
            before: tuple[Any, ...] = ()
        else:
            before = _state(row)
        _align(row, account, steps_in(by_id[row.version_id]), now=now, paused=row.sequence_id in paused)
        if _state(row) != before:
            row.updated_at = now
            if before:
                changed.append(row)
            events.append(_event(row, before, now=now))
        due = (
            row.next_at
            if row.state == Enrolment.State.ACTIVE
            else row.paused_until
            if row.state == Enrolment.State.PAUSED
            else None
        )
        if due is not None:
            wake_at = due if wake_at is None else min(wake_at, due)
    Enrolment.objects.bulk_create(fresh)
    Enrolment.objects.bulk_update(
        changed,
        ["invoice", "state", "reason", "paused_until", "last_step", "next_step", "next_at", "updated_at"],
        batch_size=500,
    )
    if wake_at is not None:
        lanes.wake("sequence", at=max(wake_at, now))
    emit_many(event for event in events if event is not None)
    return len(fresh) + len(changed)


def _state(row: Enrolment) -> tuple[Any, ...]:
    return (row.invoice_id, row.state, row.reason, row.paused_until, row.last_step, row.next_step, row.next_at)


def _event(row: Enrolment, before: tuple[Any, ...], *, now: datetime) -> Emit | None:
    was = before[1] if before else ""
    if row.state == was:
        return None
    name = {"active": "enrolment.resumed" if was else "enrolment.started", "paused": "enrolment.paused"}.get(
        row.state, "enrolment.ended"
    )
    return Emit(
        name,
        "messaging.enrolment",
        row.pk,
        now,
        row.creditor_id,
        data={"debtor": str(row.debtor_id), "reason": row.reason},
    )


def _align(row: Enrolment, account: Account, steps: Sequence[Step], *, now: datetime, paused: bool = False) -> None:
    """Set one enrolment to what its debtor's account asks for."""
    if row.state == Enrolment.State.ENDED and row.reason == "opted_out":
        return
    carrying = account.carrying
    if account.debtor.withdrawn_at or not account.invoices:
        _set(row, Enrolment.State.ENDED, "withdrawn" if account.debtor.withdrawn_at else "paid")
        return
    if row.state == Enrolment.State.PAUSED and row.reason == "hardship" and row.paused_until and row.paused_until > now:
        return  # whatever else holds: they were told that there is quiet
    if account.agreement is not None:
        _set(row, Enrolment.State.PAUSED, "agreement")
        return
    if account.disputed or carrying is None:
        _set(row, Enrolment.State.PAUSED, "dispute")
        return
    if account.promise is not None:
        morning = datetime.combine(account.promise.due_on + timedelta(days=1), time(8), ZoneInfo(account.zone))
        # Past that morning the promise is about to be judged: look again soon, not at once and for ever.
        until = morning if morning > now else now + timedelta(hours=1)
        _set(row, Enrolment.State.PAUSED, "promise", until=until)
        return
    if row.state == Enrolment.State.PAUSED and row.reason in ON_HOLD and row.paused_until and row.paused_until > now:
        return
    if row.invoice_id != carrying.pk:
        row.invoice, row.last_step = carrying, ""
    if paused:
        _set(row, Enrolment.State.PAUSED, "sequence")
        return
    if row.state == Enrolment.State.ACTIVE and row.reason.startswith("blocked:") and row.next_at and row.next_at > now:
        return
    plan(row, account, steps, now=now)


def _set(row: Enrolment, state: str, reason: str, *, until: datetime | None = None) -> None:
    row.state, row.reason, row.paused_until, row.next_at, row.next_step = state, reason, until, None, ""


def plan(row: Enrolment, account: Account, steps: Sequence[Step], *, now: datetime) -> None:
    """Compute the next touch of an active enrolment; finishes it when the sequence has no more."""
    assert row.invoice is not None
    touch = next_touch(steps, row.invoice.due_on, last=row.last_step, today=local_date(now, account.zone))
    row.paused_until = None
    if touch is None:
        row.state, row.reason, row.next_step, row.next_at = Enrolment.State.FINISHED, "no_more_steps", "", None
        return
    row.state, row.reason, row.next_step = Enrolment.State.ACTIVE, "", touch.code
    row.next_at = instant_of(touch, zone=account.zone, spread_key=str(account.debtor.external_id))
    if touch.on < local_date(now, account.zone):
        # Missed days ago: it is due on the next morning of its hour, not in the middle of this night.
        today = local_date(now, account.zone)
        moved = type(touch)(touch.code, touch.stage, today, touch.at)
        row.next_at = instant_of(moved, zone=account.zone, spread_key=str(account.debtor.external_id))
    row.next_at = max(row.next_at, now)


def pause_for(person_id: uuid.UUID, *, reason: str, now: datetime) -> int:
    """The debtor wrote, promised, disputed or opted out: nothing planned for them goes out. Returns how many."""
    return pause_people([person_id], reason=reason, now=now)


def pause_people(person_ids: Collection[uuid.UUID], *, reason: str, now: datetime) -> int:
    """The same for several people at once."""
    if not person_ids:
        return 0
    debtors = list(Debtor.objects.filter(person_id__in=person_ids).values_list("pk", flat=True))
    rows = list(
        Enrolment.objects.select_for_update(no_key=True)
        .filter(debtor_id__in=debtors, state__in=[Enrolment.State.ACTIVE, Enrolment.State.PAUSED])
        .order_by("pk")
    )
    for row in rows:
        if reason == "opted_out":
            _set(row, Enrolment.State.ENDED, "opted_out")
        elif row.state == Enrolment.State.ACTIVE or row.reason in ON_HOLD or reason == "hardship":
            until = now + ON_HOLD.get(reason, AFTER_REPLY)
            if row.state == Enrolment.State.PAUSED and reason == "replied":
                # A new word shortens no pause and renames none.
                row.paused_until = max(row.paused_until or until, until)
            else:
                _set(row, Enrolment.State.PAUSED, reason, until=max(row.paused_until or until, until))
        row.updated_at = now
    Enrolment.objects.bulk_update(rows, ["state", "reason", "paused_until", "next_at", "next_step", "updated_at"])
    emit_many(
        Emit(
            "enrolment.ended" if row.state == Enrolment.State.ENDED else "enrolment.paused", "messaging.enrolment",
            row.pk, now, row.creditor_id, data={"debtor": str(row.debtor_id), "reason": row.reason},
        )
        for row in rows
    )  # fmt: skip
    if rows and reason != "opted_out":
        lanes.wake("sequence", at=now + ON_HOLD.get(reason, AFTER_REPLY))
    return len(rows)


def hold(debtor_id: uuid.UUID, *, until: datetime, now: datetime) -> bool:
    """Somebody pauses a debtor's sequence until an instant; False when there is none that runs.

    What else pauses it (a promise, a dispute, an agreement, hardship) stays as it is.
    """
    row = (
        Enrolment.objects.select_for_update(no_key=True)
        .filter(debtor_id=debtor_id, state__in=[Enrolment.State.ACTIVE, Enrolment.State.PAUSED])
        .first()
    )
    if row is None or (row.state == Enrolment.State.PAUSED and row.reason not in ("held", "replied")):
        return False
    if until <= now:
        raise DomainError("hold_until", "a pause ends in the future", pointer="/until")
    _set(row, Enrolment.State.PAUSED, "held", until=until)
    row.updated_at = now
    row.save(update_fields=["state", "reason", "paused_until", "next_at", "next_step", "updated_at"])
    lanes.wake("sequence", at=until)
    data = {"debtor": str(debtor_id), "reason": "held"}
    emit_many([Emit("enrolment.paused", "messaging.enrolment", row.pk, now, row.creditor_id, data=data)])
    return True


def held_back(debtor_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those who were promised quiet: in hardship, waiting for a look at their receipt, or paused by a person."""
    held = Enrolment.objects.filter(
        debtor_id__in=set(debtor_ids), state="paused", reason__in=["hardship", "to_verify", "held"]
    )
    return set(held.values_list("debtor_id", flat=True))


def release(debtor_id: uuid.UUID, *, now: datetime) -> int:
    """A person ends a pause that only time would end (hardship, a receipt to verify); returns 1 if there was one."""
    held = Enrolment.objects.filter(debtor_id=debtor_id, state=Enrolment.State.PAUSED, reason__in=ON_HOLD)
    if not held.update(paused_until=now):
        return 0
    return refresh([debtor_id], now=now)


def unblock(person_id: uuid.UUID, *, now: datetime) -> int:
    """A fact changed that kept a step back (consent, identity, a stop): the step asks anew. Returns how many."""
    changed = Enrolment.objects.filter(
        debtor__person_id=person_id, state=Enrolment.State.ACTIVE, reason__startswith="blocked:"
    ).update(next_at=now, updated_at=now)
    if changed:
        lanes.wake("sequence", at=now)
    return changed


def unblock_templates(*, now: datetime) -> int:
    """A template was approved: the steps that waited for one ask anew. Returns how many."""
    changed = Enrolment.objects.filter(state=Enrolment.State.ACTIVE, reason__startswith="blocked:template").update(
        next_at=now, updated_at=now
    )
    if changed:
        lanes.wake("sequence", at=now)
    return changed


def publish_version(
    sequence: DunningSequence, steps: Sequence[dict[str, Any]], *, author: str, now: datetime
) -> SequenceVersion:
    """Store a new edition and make it the one for new enrolments. Raises DomainError on a step that is none."""
    for place, step in enumerate(steps):
        try:
            Step.from_data(step)
        except (KeyError, ValueError) as error:
            raise DomainError(
                "step_invalid", "step %(n)s: %(why)s", n=place + 1, why=str(error), pointer=f"/steps/{place}"
            ) from error
    newest = SequenceVersion.objects.filter(sequence=sequence).order_by("-version").values_list("version", flat=True)
    number = (newest.first() or 0) + 1
    version = SequenceVersion.objects.create(
        sequence=sequence, version=number, steps=list(steps), author=author, created_at=now
    )
    sequence.active_version = number
    sequence.save(update_fields=["active_version"])
    return version
