"""A trial: begun, worked off slice by slice, kept with exactly what would have changed."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from compliance.decide import Decision as Answer
from compliance.decide import RuleSet, readings, replay, replay_under, unanswered
from compliance.models import Decision, RuleTrial, RuleTrialChange
from compliance.timemachine.drafts import Composer, Draft, check, draft_from
from kernel.clock import machine_now
from kernel.errors import DomainError
from portfolio.models import Debtor
from tenants import audit, jobs
from tenants.again import passing
from tenants.scope import all_creditors, current_tenant_id, tenant_scope

log = logging.getLogger("trato.timemachine")

TASK = "compliance.timemachine"
#: Trials that an organisation keeps; the oldest make room for a new one.
KEPT = 20
#: Seconds that a job works before it gives its place to others.
SLICE_SECONDS = 5.0
_CHUNK = 500
_UNREADABLE = (DomainError, LookupError, ValueError, TypeError)
Turn = RuleTrialChange.Turn


def begin(draft: Draft, *, since: datetime, until: datetime, author: str, now: datetime) -> RuleTrial:
    """A trial over the current organisation's decisions of a period of its business clock, ready to be worked off.

    Raises DomainError for an empty or a future period, for a draft that changes nothing that could be tried, or that
    cannot be composed.
    """
    if not since < until:
        raise DomainError("period_empty", "the period ends before it begins", pointer="/until")
    if since > now:
        raise DomainError("period_ahead", "the period lies ahead: nothing was attempted in it yet", pointer="/since")
    if not draft.packs and draft.layer is None:
        raise DomainError("draft_empty", "choose an edition, files or own rules to try", pointer="/draft")
    check(draft, now)
    with all_creditors():
        for old in RuleTrial.objects.order_by("-id")[KEPT - 1 :]:
            RuleTrialChange.objects.filter(trial=old).delete()
            old.delete()
        trial = RuleTrial.objects.create(
            draft=draft.stored(), label=draft.label[:200], since=since, until=until, author=author,
            total=_attempts(since, until).count(), created_at=machine_now(),
        )  # fmt: skip
        audit.record(
            "rules.try", actor=author, subject="compliance.ruletrial", subject_id=trial.pk,
            after={"rules": trial.label, "since": since.isoformat(), "until": until.isoformat()},
        )  # fmt: skip
    return trial


def promise(trial: RuleTrial) -> None:
    """Have it worked off by whoever works."""
    jobs.enqueue(TASK, trial.pk, tenant_id=current_tenant_id())


@jobs.handles(TASK)
def work(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """A slice of a trial; what cannot be tried ends it with the reason."""
    with tenant_scope(tenant_id):
        trial = RuleTrial.objects.filter(pk=job.subject, state=RuleTrial.State.RUNNING).first()
        if trial is None:
            jobs.complete(job)
            return
        try:
            with transaction.atomic():
                done = advance(trial, seconds=SLICE_SECONDS)
        except DomainError as error:
            fail(trial, str(error))
            done = True
        except Exception as error:
            if passing(error) or job.tries < jobs.MAX_TRIES:
                raise
            # A parked job would leave a trial that says for ever that it is being worked off.
            log.exception("trial %s", trial.pk)
            fail(trial, f"{type(error).__name__}: {error}")
            done = True
        if done:
            jobs.complete(job)
        else:
            jobs.postpone(job, until=machine_now())


def run(trial: RuleTrial, tenant_id: uuid.UUID) -> RuleTrial:
    """Work a trial off at once, a transaction per slice. To be called outside of any scope."""
    while True:
        with tenant_scope(tenant_id):
            trial.refresh_from_db()
            if trial.state != RuleTrial.State.RUNNING or advance(trial, seconds=SLICE_SECONDS):
                return trial


def fail(trial: RuleTrial, why: str) -> None:
    """End a trial that cannot be worked off."""
    RuleTrial.objects.filter(pk=trial.pk).update(
        state=RuleTrial.State.FAILED, error=why[:2000], finished_at=machine_now()
    )


def advance(trial: RuleTrial, *, seconds: float) -> bool:
    """Decide further attempts again until none is left (True) or time is up. Memory does not grow with the period.

    Raises DomainError when the draft cannot be composed for somebody.
    """
    ends = time.monotonic() + seconds
    with all_creditors():
        composer = Composer(draft_from(trial.draft, trial.label))
        while rows := _next(trial):
            composer.read(rows)
            found = [change for row in rows if (change := _tried(trial, composer, row)) is not None]
            _keep(trial, found)
            trial.examined += len(rows)
            trial.changed += len(found)
            trial.reached_at, trial.reached_id = rows[-1].decided_at, rows[-1].pk
            if time.monotonic() >= ends and len(rows) == _CHUNK:
                trial.save()
                return False
        trial.state, trial.finished_at = RuleTrial.State.DONE, machine_now()
        trial.save()
        return True


def _attempts(since: datetime, until: datetime) -> QuerySet[Decision]:
    return Decision.objects.filter(decided_at__gte=since, decided_at__lt=until)


def _next(trial: RuleTrial) -> list[Decision]:
    rows = _attempts(trial.since, trial.until).order_by("decided_at", "id")
    if trial.reached_at is not None:
        rows = rows.filter(decided_at__gte=trial.reached_at)
        rows = rows.filter(Q(decided_at__gt=trial.reached_at) | Q(id__gt=trial.reached_id))
    return list(rows[:_CHUNK])


@dataclass(frozen=True, slots=True)
class _Change:
    row: Decision
    turn: str
    after: Answer


def _tried(trial: RuleTrial, composer: Composer, row: Decision) -> _Change | None:
    """What the draft decides otherwise about one attempt; None when nothing, or when nobody can say."""
    try:
        pair = composer.pair(row)
        if pair is None:
            return _unknown(trial, "rules")
        if pair.tried.hash == pair.then.hash:
            return None
        facts = _read(row, pair.then)
        after = replay_under(facts, pair.tried)
        if _same(row, after):
            why = unanswered(pair.then, pair.tried, row.message_class)
            # What the facts do not say could only be one more objection: who is stopped anyway stays stopped.
            return _unknown(trial, why) if why and after.allowed else None
        if _equal(after, replay_under(facts, pair.then)):
            trial.by_data += 1
            return None
    except DomainError as error:
        if error.code == "evidence_mismatch":
            return _unknown(trial, "facts")
        raise
    except _UNREADABLE:
        return _unknown(trial, "facts")
    turn = _turn(row, after)
    if turn != Turn.STOPPED and (why := unanswered(pair.then, pair.tried, row.message_class)):
        return _unknown(trial, why)
    return _Change(row, turn, after)


def _read(row: Decision, then: RuleSet) -> Mapping[str, Any]:
    """The reading of the stored facts that makes the stored decision; as they stand where none does."""
    return next((one for one in readings(row.facts) if _same(row, replay(one, then))), row.facts)


def _unknown(trial: RuleTrial, why: str) -> _Change | None:
    """Counts it; there is no change that could be told."""
    trial.unknown = {**trial.unknown, why: trial.unknown.get(why, 0) + 1}
    return None


def _same(row: Decision, after: Answer) -> bool:
    return (row.verdict, list(row.rules), row.next_allowed_at) == (
        after.verdict, list(after.rules), after.next_allowed_at,
    )  # fmt: skip


def _equal(one: Answer, other: Answer) -> bool:
    return (one.verdict, one.rules, one.next_allowed_at) == (other.verdict, other.rules, other.next_allowed_at)


def _turn(row: Decision, after: Answer) -> str:
    before, now = row.verdict == Decision.Verdict.ALLOW, after.allowed
    if before != now:
        return Turn.STOPPED if before else Turn.LET_THROUGH
    then, later = row.next_allowed_at, after.next_allowed_at
    if then == later:
        return Turn.OTHER
    if later is None or (then is not None and later > then):
        return Turn.LATER
    return Turn.SOONER


def _keep(trial: RuleTrial, found: Sequence[_Change]) -> None:
    owed = _owed({one.row.debtor_id for one in found if one.row.debtor_id})
    RuleTrialChange.objects.bulk_create(
        RuleTrialChange(
            trial=trial, creditor_id=one.row.creditor_id, decision_id=one.row.pk, debtor_id=one.row.debtor_id,
            message_class=one.row.message_class, decided_at=one.row.decided_at, turn=one.turn, before=one.row.verdict,
            after=one.after.verdict, rules_before=list(one.row.rules), rules_after=list(one.after.rules),
            next_before=one.row.next_allowed_at, next_after=one.after.next_allowed_at,
            **(owed.get(one.row.debtor_id) or {}),
        )
        for one in found
    )  # fmt: skip


def _owed(ids: Collection[uuid.UUID]) -> dict[uuid.UUID | None, dict[str, Any]]:
    rows = Debtor.objects.filter(pk__in=ids).values_list("pk", "currency", "open_minor")
    return {pk: {"currency": currency, "open_minor": minor} for pk, currency, minor in rows}


def changes(trial: RuleTrial, *, turn: str = "") -> QuerySet[RuleTrialChange]:
    """What changed, in the order of the attempts; only one turn when it is named."""
    rows = RuleTrialChange.objects.filter(trial=trial).order_by("id")
    return rows.filter(turn=turn) if turn else rows


def lines(trial: RuleTrial, *, most: int | None = None) -> Iterator[list[Any]]:
    """Every change as a row of a table, by chunks: constant memory."""
    after: uuid.UUID | None = None
    told = 0
    while True:
        rows = changes(trial)
        chunk = list((rows.filter(id__gt=after) if after else rows)[:_CHUNK])
        names = dict(Debtor.objects.filter(pk__in={row.debtor_id for row in chunk}).values_list("pk", "external_id"))
        for row in chunk:
            if most is not None and told >= most:
                return
            told += 1
            yield [
                row.decided_at, row.decision_id, names.get(row.debtor_id, "") if row.debtor_id else "",
                row.message_class, row.turn, row.before, row.after, " ".join(row.rules_before),
                " ".join(row.rules_after), row.next_before, row.next_after, row.currency, row.open_minor,
            ]  # fmt: skip
        if len(chunk) < _CHUNK:
            return
        after = chunk[-1].pk
