"""What a person does with a sequence: writes editions, lets one hold, pauses the whole and lets it go on.

An edition never changes: each save is a new one, and only the active one enrols. What runs stays on its edition
unless whoever activates a new one moves it. Moving, pausing and resuming touch every enrolment, so they are promised
as a job and done in batches.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from kernel.errors import DomainError
from messaging.message_templates.library import DUNNING
from messaging.models import Enrolment, SendRequest, SequenceVersion
from messaging.models import Sequence as DunningSequence
from messaging.sending.standing import ALIVE, withdraw
from messaging.sequences.decide import Step, carry_over, touches
from messaging.sequences.services import refresh, steps_in
from portfolio.models import Creditor, Debtor
from tenants import audit, jobs
from tenants.models import Tenant
from tenants.scope import current_tenant_id, tenant_scope

ALIGN, MOVE, ENROL = "sequence.align", "sequence.move", "sequence.enrol"
STEPS_MAX, TIMES_MAX, FIRST_DAY, LAST_DAY = 24, 12, -60, 720
_BATCH = 200
_CODE = re.compile(r"^[a-z0-9_]{1,30}$")
_RUNNING = [Enrolment.State.ACTIVE, Enrolment.State.PAUSED]


def check_steps(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps as an edition stores them, by day; raises DomainError with a pointer to the step and field."""
    if not 1 <= len(steps) <= STEPS_MAX:
        raise DomainError("steps_count", "a sequence has one to %(most)s steps", pointer="/steps", most=STEPS_MAX)
    checked: list[dict[str, Any]] = []
    for place, row in enumerate(steps):
        checked.append(_checked(row, f"/steps/{place}"))
    codes = [row["code"] for row in checked]
    for place, code in enumerate(codes):
        if code in codes[:place]:
            raise DomainError("step_twice", "two steps are called %(step)s", pointer=f"/steps/{place}/code", step=code)
    from_day = _days(checked)
    for place, days in enumerate(from_day):
        for day in days:
            other = next((n for n, taken in enumerate(from_day[:place]) if day in taken), None)
            if other is not None or days.count(day) > 1:
                raise DomainError(
                    "step_same_day", "day %(day)s has a step already: at most one message a day may go out",
                    pointer=f"/steps/{place}/offset_days", day=day,
                )  # fmt: skip
    return sorted(checked, key=lambda row: row["offset_days"])


def _checked(row: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    try:
        step = Step.from_data(dict(row))
    except (KeyError, ValueError, TypeError) as error:
        raise DomainError(
            "step_unreadable", "a step has a day, a level and an hour: %(why)s", pointer=pointer, why=str(error)
        ) from error
    if not _CODE.match(step.code):
        raise DomainError("step_code", "a step is called by small letters, digits and _", pointer=f"{pointer}/code")
    if step.stage not in DUNNING:
        raise DomainError("step_stage", "choose one of the five levels", pointer=f"{pointer}/stage")
    if not FIRST_DAY <= step.offset_days <= LAST_DAY:
        raise DomainError(
            "step_day", "a step lies between %(first)s days before and %(last)s days after the due date",
            pointer=f"{pointer}/offset_days", first=-FIRST_DAY, last=LAST_DAY,
        )  # fmt: skip
    if (step.offset_days < 0) != (step.stage == "preventive"):
        raise DomainError(
            "step_level_day", "before the due date only the preventive level speaks, and after it any other one",
            pointer=f"{pointer}/stage",
        )  # fmt: skip
    if not time(6) <= step.at <= time(21):
        raise DomainError("step_hour", "the hour lies between 06:00 and 21:00", pointer=f"{pointer}/at")
    if not 1 <= step.times <= TIMES_MAX:
        raise DomainError(
            "step_times", "a step speaks once to %(most)s times", pointer=f"{pointer}/times", most=TIMES_MAX
        )
    if step.times > 1 and not 1 <= step.every_days <= 90:
        raise DomainError("step_every", "say after how many days it repeats: 1 to 90", pointer=f"{pointer}/every_days")
    found: dict[str, Any] = {
        "code": step.code, "offset_days": step.offset_days, "stage": step.stage, "at": f"{step.at:%H:%M}"
    }  # fmt: skip
    if step.times > 1:
        found |= {"times": step.times, "every_days": step.every_days}
    return found


def _days(steps: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    return [
        [row["offset_days"] + turn * row.get("every_days", 0) for turn in range(row.get("times", 1))] for row in steps
    ]


def create_sequence(
    *, name: str, country: str, creditor_id: uuid.UUID | None, steps: Sequence[Mapping[str, Any]], actor: str, now: datetime
) -> DunningSequence:  # fmt: skip
    """A new sequence with its first edition, which does not hold until somebody activates it. Raises DomainError."""
    name = name.strip()
    if not name:
        raise DomainError("sequence_name", "give the sequence a name", pointer="/name")
    if DunningSequence.objects.filter(name=name).exists():
        raise DomainError(
            "sequence_name_taken", "there is a sequence called %(name)s already", pointer="/name", name=name
        )
    if creditor_id is not None and not Creditor.objects.filter(pk=creditor_id).exists():
        raise DomainError("creditor_unknown", "there is no such creditor here", pointer="/creditor")
    checked = check_steps(steps)
    made = DunningSequence.objects.create(name=name, country=country, creditor_id=creditor_id, created_at=now)
    audit.record(
        "sequence.create", actor=actor, subject="messaging.sequence", subject_id=made.pk, creditor_id=creditor_id,
        after={"name": name, "country": country},
    )  # fmt: skip
    _store(made, checked, author=actor, now=now)
    return made


def save_version(
    sequence_id: uuid.UUID, steps: Sequence[Mapping[str, Any]], *, actor: str, now: datetime
) -> SequenceVersion:
    """Store a new edition that does not hold yet; one that says the same as the newest is that one."""
    sequence = _locked(sequence_id)
    checked = check_steps(steps)
    newest = SequenceVersion.objects.filter(sequence=sequence).order_by("-version").first()
    if newest is not None and [dict(row) for row in newest.steps] == checked:
        return newest
    return _store(sequence, checked, author=actor, now=now)


def _store(sequence: DunningSequence, steps: list[dict[str, Any]], *, author: str, now: datetime) -> SequenceVersion:
    newest = (
        SequenceVersion.objects.filter(sequence=sequence).order_by("-version").values_list("version", flat=True).first()
    )
    version = SequenceVersion.objects.create(
        sequence=sequence, version=(newest or 0) + 1, steps=steps, author=author, created_at=now
    )
    audit.record(
        "sequence.save", actor=author, subject="messaging.sequence", subject_id=sequence.pk,
        creditor_id=sequence.creditor_id, after={"version": version.version, "steps": steps},
    )  # fmt: skip
    return version


def activate(
    sequence_id: uuid.UUID, number: int, *, move: bool, actor: str, reason: str, now: datetime
) -> SequenceVersion:
    """Let an edition hold for new enrolments; with `move` also for those that run. Raises DomainError.

    Whoever is moved keeps their place (`carry_over`): nothing is said twice. Those that finished or ended stay as they
    are.
    """
    sequence = _locked(sequence_id)
    version = SequenceVersion.objects.filter(sequence=sequence, version=number).first()
    if version is None:
        raise DomainError("version_unknown", "there is no such edition of this sequence")
    if sequence.active_version == number and not move:
        raise DomainError("version_active", "this edition holds already")
    before = sequence.active_version
    sequence.active_version = number
    sequence.save(update_fields=["active_version"])
    audit.record(
        "sequence.activate", actor=actor, subject="messaging.sequence", subject_id=sequence.pk,
        creditor_id=sequence.creditor_id, before={"version": before}, after={"version": number, "running_moved": move},
        reason=reason.strip(),
    )  # fmt: skip
    if move:
        jobs.enqueue(MOVE, f"{sequence.pk}:{number}", tenant_id=current_tenant_id())
    if not before:
        jobs.enqueue(ENROL, sequence.pk, tenant_id=current_tenant_id())
    return version


def pause(sequence_id: uuid.UUID, *, actor: str, reason: str, now: datetime) -> DunningSequence:
    """Stop a sequence: no step falls due, and what waits to be sent for it is taken back within seconds."""
    sequence = _locked(sequence_id)
    if sequence.paused_at is not None:
        raise DomainError("sequence_paused", "this sequence is paused already")
    sequence.paused_at, sequence.paused_by = now, actor[:120]
    sequence.save(update_fields=["paused_at", "paused_by"])
    audit.record(
        "sequence.pause", actor=actor, subject="messaging.sequence", subject_id=sequence.pk,
        creditor_id=sequence.creditor_id, reason=reason.strip(),
    )  # fmt: skip
    jobs.enqueue(ALIGN, sequence.pk, tenant_id=current_tenant_id())
    return sequence


def resume(sequence_id: uuid.UUID, *, actor: str, reason: str, now: datetime) -> DunningSequence:
    """Let a paused sequence go on: of the steps that were missed only the latest speaks."""
    sequence = _locked(sequence_id)
    if sequence.paused_at is None:
        raise DomainError("sequence_runs", "this sequence is not paused")
    sequence.paused_at, sequence.paused_by = None, ""
    sequence.save(update_fields=["paused_at", "paused_by"])
    audit.record(
        "sequence.resume", actor=actor, subject="messaging.sequence", subject_id=sequence.pk,
        creditor_id=sequence.creditor_id, reason=reason.strip(),
    )  # fmt: skip
    jobs.enqueue(ALIGN, sequence.pk, tenant_id=current_tenant_id())
    return sequence


def _locked(sequence_id: uuid.UUID) -> DunningSequence:
    sequence = DunningSequence.objects.select_for_update(no_key=True).filter(pk=sequence_id).first()
    if sequence is None:
        raise DomainError("sequence_unknown", "there is no such sequence")
    return sequence


# --- the promised work ------------------------------------------------------------------------------------------------


@jobs.handles(ALIGN)
def align(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Bring every running enrolment of a sequence in line with its pause, or with its end."""
    _each_batch(tenant_id, uuid.UUID(job.subject), to=None)
    with tenant_scope(tenant_id):
        jobs.complete(job)


@jobs.handles(MOVE)
def move(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Bring every running enrolment of a sequence to an edition, unless another one holds by now."""
    sequence_id, _, number = job.subject.partition(":")
    _each_batch(tenant_id, uuid.UUID(sequence_id), to=int(number))
    with tenant_scope(tenant_id):
        jobs.complete(job)


@jobs.handles(ENROL)
def enrol(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Enrol the debtors whom no sequence took before this one held."""
    now, last = Tenant.objects.get(pk=tenant_id).clock().now(), uuid.UUID(int=0)
    while True:
        with tenant_scope(tenant_id):
            sequence = DunningSequence.objects.get(pk=job.subject)
            found = Debtor.objects.filter(creditor_id__in=_served_by(sequence), withdrawn_at=None, pk__gt=last)
            found = found.filter(open_minor__gt=0).order_by("pk")
            batch = list(found.values_list("pk", flat=True)[:_BATCH])
            if not batch:
                jobs.complete(job)
                return
            last = batch[-1]
            known = set(Enrolment.objects.filter(debtor_id__in=batch).values_list("debtor_id", flat=True))
            refresh([pk for pk in batch if pk not in known], now=now)


def _served_by(sequence: DunningSequence) -> list[uuid.UUID]:
    creditors = Creditor.objects.filter(country=sequence.country)
    if sequence.creditor_id:
        creditors = Creditor.objects.filter(pk=sequence.creditor_id)
    return list(creditors.values_list("pk", flat=True))


def _each_batch(tenant_id: uuid.UUID, sequence_id: uuid.UUID, *, to: int | None) -> None:
    """Walk over a sequence's running enrolments in transactions of their own; `to` is the edition to move to."""
    clock, last = Tenant.objects.get(pk=tenant_id).clock(), uuid.UUID(int=0)
    while True:
        with tenant_scope(tenant_id):
            sequence = DunningSequence.objects.filter(pk=sequence_id).first()
            if sequence is None or (to is not None and sequence.active_version != to):
                return
            rows = list(
                Enrolment.objects.select_for_update(no_key=True, of=("self",))
                .filter(sequence=sequence, state__in=_RUNNING, pk__gt=last)
                .select_related("version")
                .order_by("pk")[:_BATCH]
            )
            if not rows:
                return
            last = rows[-1].pk
            align_batch(sequence, rows, to=to, now=clock.now())


def align_batch(sequence: DunningSequence, rows: Sequence[Enrolment], *, to: int | None, now: datetime) -> None:
    """Move and refresh some enrolments, locked by the caller; of a paused sequence take back what has not left."""
    if sequence.paused_at is not None:
        _take_back(rows, now=now)
    version = SequenceVersion.objects.get(sequence=sequence, version=to) if to is not None else None
    changed = []
    for row in rows:
        if version is not None and row.version_id != version.pk:
            row.last_step = carry_over(row.last_step, steps_in(row.version), steps_in(version))
            row.version = version
            if row.state == Enrolment.State.ACTIVE:
                row.reason, row.next_step, row.next_at = "", "", None  # what kept the old step back is asked anew
            changed.append(row)
    Enrolment.objects.bulk_update(changed, ["version", "last_step", "reason", "next_step", "next_at"])
    refresh([row.debtor_id for row in rows], now=now)


def _take_back(rows: Sequence[Enrolment], *, now: datetime) -> None:
    """Withdraw the waiting messages of these enrolments' steps; their steps count as not asked for."""
    by_id = {str(row.pk): row for row in rows}
    waiting = SendRequest.objects.select_for_update(no_key=True).filter(
        debtor_id__in=[row.debtor_id for row in rows], origin_kind="step", state__in=ALIVE
    )
    mine = [request for request in waiting.order_by("id") if request.origin_id.partition(":")[0] in by_id]
    withdraw(mine, reason="sequence_paused", now=now)
    back = []
    for request in mine:
        row = by_id[request.origin_id.partition(":")[0]]
        touch = request.origin_id.rpartition(":")[2]
        if request.state == SendRequest.State.WITHDRAWN and row.last_step == touch:
            planned = [each.code for each in touches(steps_in(row.version), date(2000, 1, 1))]
            place = planned.index(touch) if touch in planned else 0
            row.last_step = planned[place - 1] if place else ""
            back.append(row)
    Enrolment.objects.bulk_update(back, ["last_step"])
