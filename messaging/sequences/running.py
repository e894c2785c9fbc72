"""The sequence's lanes: due touches become wishes in batches, and the log's news bring enrolments in line."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from compliance.models import Decision
from kernel.clock import Clock
from kernel.errors import DomainError
from messaging.bot import opt_in
from messaging.message_templates.choose import TemplateShelf
from messaging.models import Enrolment, SendRequest
from messaging.models import Sequence as DunningSequence
from messaging.sending.request import BATCH, request_send
from messaging.sending.standing import withdraw
from messaging.sending.wishes import Wish
from messaging.sequences.outlook import OF_TIME
from messaging.sequences.services import ON_HOLD, Account, accounts, plan, refresh, steps_in, unblock_templates
from tenants import events, lanes, work
from tenants.models import Event, Tenant
from tenants.scope import tenant_scope

#: Events that are read at once.
READ = 2000
READER = "enrol"
_NEWS = (
    "debtor.saved", "invoice.saved", "payment.recorded", "payment.reversed", "promise.created", "promise.kept",
    "promise.broken", "promise.withdrawn", "agreement.accepted", "agreement.fulfilled", "agreement.broken",
    "agreement.cancelled", "dispute.opened", "dispute.closed", "import.undone", "template.changed",
)  # fmt: skip
#: After these, what was asked for before says something that is not true any more.
_OVERTAKING = {"payment.recorded", "promise.created", "agreement.accepted", "dispute.opened"}
events.READERS[READER] = frozenset(_NEWS)


def debtor_of(event: Event) -> uuid.UUID | None:
    """The debtor that a piece of news is about; None when it is about none, or is no news to a sequence."""
    if event.name == "debtor.saved":
        return event.subject_id
    if event.name not in _NEWS:
        return None
    named = event.data.get("debtor_id") or event.data.get("debtor")
    return uuid.UUID(named) if named else None


def withdraw_overtaken(moved: Mapping[uuid.UUID, datetime], *, now: datetime) -> int:
    """Take back what was asked for about these debtors' accounts before the account changed; returns how many."""
    if not moved:
        return 0
    rows = SendRequest.objects.select_for_update(no_key=True).filter(
        debtor_id__in=moved, state__in=["waiting", "queued"], message_class="collection"
    )
    return withdraw(
        [row for row in rows.order_by("id") if row.requested_at < moved[row.debtor_id]],
        reason="account_changed",
        now=now,
    )


@work.serves(READER)
def follow(tenant: Tenant, key: str, clock: Clock) -> datetime | None:
    """Read the log and bring the debtors it names in line."""
    now = clock.now()
    with tenant_scope(tenant.pk):
        cursor, found = events.unread(READER, limit=READ, names=_NEWS)
        if not found:
            return None
        wanted: set[uuid.UUID] = set()
        moved: dict[uuid.UUID, datetime] = {}
        for event in found:
            debtor_id = debtor_of(event)
            if debtor_id is None:
                continue
            wanted.add(debtor_id)
            if event.name in _OVERTAKING or (event.name == "debtor.saved" and "balance" in event.data):
                moved[debtor_id] = max(event.business_at, moved.get(debtor_id, event.business_at))
        withdraw_overtaken(moved, now=now)
        refresh(wanted, now=now)
        if any(event.name == "template.changed" and event.data.get("status") == "approved" for event in found):
            unblock_templates(now=now)
        events.advance(cursor, found[-1].sequence)
    return now if len(found) == READ else None


@work.serves("sequence")
def serve(tenant: Tenant, key: str, clock: Clock) -> datetime | None:
    """Turn a bounded number of due touches into wishes; returns when the next is due."""
    now = clock.now()
    with tenant_scope(tenant.pk):
        over = list(
            Enrolment.objects.filter(state=Enrolment.State.PAUSED, paused_until__lte=now)
            .select_for_update(no_key=True, skip_locked=True)
            .values_list("debtor_id", flat=True)[:BATCH]
        )
        if over:
            Enrolment.objects.filter(debtor_id__in=over, reason__in=ON_HOLD).update(paused_until=now)
            refresh(over, now=now)
        still = DunningSequence.objects.exclude(paused_at=None).values_list("pk", flat=True)
        active = Enrolment.objects.filter(state=Enrolment.State.ACTIVE).exclude(sequence_id__in=list(still))
        due = list(
            active.filter(next_at__lte=now)
            .select_for_update(no_key=True, skip_locked=True, of=("self",))
            .select_related("version", "invoice")
            .order_by("next_at", "id")[:BATCH]
        )
        if due:
            step_on(due, now=now)
        if len(due) == BATCH or len(over) == BATCH:
            return now
        held = Enrolment.objects.filter(state=Enrolment.State.PAUSED, paused_until__isnull=False)
        soonest = [
            active.filter(next_at__isnull=False).order_by("next_at").values_list("next_at", flat=True).first(),
            held.order_by("paused_until").values_list("paused_until", flat=True).first(),
        ]
    found = [at for at in soonest if at is not None]
    return max(min(found), now) if found else None


def step_on(due: Sequence[Enrolment], *, now: datetime) -> None:
    """Ask for the due touch of each enrolment, and plan the next one whatever the gate says."""
    loaded = {account.debtor.pk: account for account in accounts(row.debtor_id for row in due)}
    shelf = TemplateShelf()
    shelf.prefetch(loaded.values())
    wishes: list[tuple[Enrolment, Account, str, Wish]] = []
    moved: list[Enrolment] = []
    for row in due:
        account = loaded[row.debtor_id]
        carrying = account.carrying
        if (
            carrying is None
            or account.agreement
            or account.promise
            or account.disputed
            or carrying.pk != row.invoice_id
        ):
            moved.append(row)  # the news has not been read yet: the log's reader brings it in line
            row.next_at = now + timedelta(minutes=1)
            continue
        if row.reason.startswith("blocked:"):
            # Days may have gone by since it was kept back: of several touches only the latest speaks.
            plan(row, account, steps_in(row.version), now=now)
            if row.next_at is None or row.next_at > now:
                moved.append(row)
                continue
        code = row.next_step
        stage = next((s.stage for s in steps_in(row.version) if code == s.code or code.startswith(f"{s.code}.")), "")
        try:
            wish = shelf.wish(account, row, stage=stage, touch=code, now=now)
        except DomainError as error:
            row.reason, row.next_at = f"blocked:{error.code}"[:40], now + timedelta(days=1)
            moved.append(row)
            continue
        wishes.append((row, account, code, wish))
    answers = request_send([wish for *_, wish in wishes], now=now, skip_locked=True) if wishes else []
    for (row, account, code, _), request in zip(wishes, answers, strict=True):
        moved.append(row)
        if request is None:
            row.next_at = now + timedelta(seconds=30)
            continue
        _after(row, account, code, request, now=now)
    _ask_for_consent([request for request in answers if request is not None], now=now)
    for row in moved:
        row.updated_at = now
    Enrolment.objects.bulk_update(
        moved, ["state", "reason", "paused_until", "last_step", "next_step", "next_at", "updated_at"]
    )
    soonest = min((row.next_at for row in moved if row.next_at), default=None)
    if soonest is not None:
        lanes.wake("sequence", at=soonest)


def _ask_for_consent(requests: Sequence[SendRequest], *, now: datetime) -> None:
    """Whoever is not written to for want of a consent alone is asked for it, as far as the gate lets that out."""
    denied = [request.decision_id for request in requests if request.state == SendRequest.State.WITHDRAWN]
    if not denied:
        return
    wanting = Decision.objects.filter(pk__in=denied, rules__contains=["X-CONSENT"]).values_list("debtor_id", "findings")
    debtors = {
        debtor_id
        for debtor_id, findings in wanting
        if debtor_id and all(one["kind"] == "consent" for one in findings if one["kind"] not in OF_TIME)
    }
    if debtors:
        opt_in.ask(debtors, actor="system:sequence", origin="system", now=now)


def _after(row: Enrolment, account: Account, code: str, request: SendRequest, *, now: datetime) -> None:
    """The touch was asked for: plan the next. One that was denied stays due until its reason goes away."""
    last = row.last_step
    row.last_step = code
    plan(row, account, steps_in(row.version), now=now)
    if request.state == SendRequest.State.WITHDRAWN:
        later = row.next_at
        row.last_step, row.next_step, row.state = last, code, Enrolment.State.ACTIVE
        row.reason = "blocked:denied"
        # The next touch will speak for this one when nothing changes before it.
        row.next_at = later or now + timedelta(days=7)
