"""What people ask of us about their data: filed with the country's deadline, given to a colleague, answered or refused."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from compliance.retention import certificates, holds
from compliance.retention.accounts import laws_of
from compliance.retention.blanking import Work, blank_plans
from compliance.retention.models import DataRequest, ErasureCertificate
from compliance.retention.periods import KINDS, Deadline, deadline_for, due_on
from compliance.retention.trail import write_down
from kernel.errors import DomainError
from kernel.ids import uuid7
from portfolio.models import Creditor, Debtor, Person
from portfolio.places import today_in
from tenants.models import Membership, Tenant
from tenants.scope import all_creditors, current_tenant_id

SUBJECT = "compliance.datarequest"
CHANNELS = ("page", "whatsapp", "email", "phone", "letter", "authority")


def file_request(
    *,
    person: Person,
    kind: str,
    channel: str,
    author: str,
    origin_id: str,
    now: datetime,
    debtor: Debtor | None = None,
    detail: str = "",
    proven: bool = False,
    received_at: datetime | None = None,
    owner_id: uuid.UUID | None = None,
) -> DataRequest:
    """File what a person asks for, with its deadline. The same form, or the same wish while it is open, files it once.

    Raises DomainError for a kind or a channel that there is not, and for a day that has not come yet.
    """
    if kind not in KINDS:
        raise DomainError("request_kind", "choose what is asked for: %(known)s", pointer="kind", known=", ".join(KINDS))
    if channel not in CHANNELS:
        raise DomainError(
            "request_channel", "choose how it came: %(known)s", pointer="channel", known=", ".join(CHANNELS)
        )
    received = received_at or now
    if received > now:
        raise DomainError("request_future", "a request cannot have come in later than now", pointer="received_on")
    mine = DataRequest.objects.filter(person=person)
    known = mine.filter(origin_id=origin_id[:120]).first() or (
        mine.filter(kind=kind, state=DataRequest.State.OPEN, debtor_id=debtor.pk if debtor else None).first()
    )
    if known is not None:
        return known
    country = _country(debtor)
    day = today_in(country, received)
    deadline = deadline_of(country, kind, day)
    key = uuid7()
    row = DataRequest.objects.create(
        id=key, person=person, creditor_id=debtor.creditor_id if debtor else None,
        debtor_id=debtor.pk if debtor else None, reference=f"P-{day.year}-{key.hex[-8:].upper()}", kind=kind,
        channel=channel, detail=detail.strip()[:4000], proven=proven, country=country, received_at=received,
        due_on=due_on(deadline, day, country), law=deadline.law[:200], owner_id=owner_id, author=author,
        origin_id=origin_id[:120],
    )  # fmt: skip
    _note("request_filed", row, author, kind=kind, channel=channel, due_on=row.due_on.isoformat())
    return row


def deadline_of(country: str, kind: str, day: date) -> Deadline:
    """The deadline of a country for a request that came on that date."""
    return deadline_for(laws_of([country])[country], kind, day)


def assign(request_id: uuid.UUID, *, to: uuid.UUID | None, by: str) -> DataRequest:
    """Give an open request to a colleague of the organisation (None: to nobody)."""
    row = _open(request_id)
    if (
        to is not None
        and not Membership.objects.filter(tenant_id=current_tenant_id(), user_id=to, active=True).exists()
    ):
        raise DomainError("person_unknown", "nobody of that name works here", pointer="owner")
    if row.owner_id != to:
        row.owner_id = to
        row.save(update_fields=["owner_id"])
        _note("request_assigned", row, by, owner=str(to) if to else "")
    return row


def extend(request_id: uuid.UUID, *, reason: str, by: str) -> DataRequest:
    """Use the extension that the law allows, once. Raises DomainError without one, or without a reason."""
    row = _open(request_id)
    day = today_in(row.country, row.received_at)
    deadline = deadline_of(row.country, row.kind, day)
    if not deadline.extend:
        raise DomainError("no_extension", "the law (%(law)s) knows no extension", pointer="reason", law=deadline.law)
    if row.extended_reason:
        raise DomainError("extended_already", "the deadline was extended already", pointer="reason")
    if not reason.strip():
        raise DomainError(
            "reason_missing", "say why the deadline is extended: the person has to be told", pointer="reason"
        )
    row.extended_reason = reason.strip()[:1000]
    row.due_on = due_on(deadline, row.due_on, row.country, days=deadline.extend)
    row.save(update_fields=["extended_reason", "due_on"])
    _note("request_extended", row, by, reason=row.extended_reason, due_on=row.due_on.isoformat())
    return row


def close(request_id: uuid.UUID, *, answer: str, refused: bool, by: str, now: datetime) -> DataRequest:
    """Answer or refuse an open request. Raises DomainError without words: the person has to be told what, or why not."""
    row = _open(request_id)
    if not answer.strip():
        raise DomainError("answer_missing", "write what the person was answered", pointer="answer")
    return _close(row, answer.strip()[:4000], refused=refused, by=by, now=now)


def erase(request_id: uuid.UUID, *, by: str, now: datetime) -> ErasureCertificate:
    """Erase what nothing holds, certify what went and what stays, and answer the request with it.

    Rows that only the tables' owner may blank wait for the job, which completes the certificate. Raises DomainError
    for a request of another kind, of somebody who has not shown who they are, or while a copy is still owed.
    """
    holds.lock()
    row = _open(request_id)
    if row.kind != DataRequest.Kind.ERASURE:
        raise DomainError("request_kind", "only a request for erasure erases", pointer="kind")
    if not row.proven:
        raise DomainError(
            "identity_unproven", "first make sure who asks: erasing for a stranger destroys somebody's data",
            pointer="proven",
        )  # fmt: skip
    with all_creditors():
        others = DataRequest.objects.filter(person_id=row.person_id, state=DataRequest.State.OPEN).exclude(pk=row.pk)
        if others.exclude(kind=DataRequest.Kind.ERASURE).exists():
            raise DomainError("request_open", "first answer the person's other requests: they need what would go")
        plan = certificates.plan_for(row.person_id, now, on_request=True)
        work = Work(own=False)
        blank_plans([plan], work)
        made = certificates.certify(
            row, plan, {name: counts.total() for name, counts in work.counts.items()}, actor=by, now=now
        )
        _note(
            "erased", row, by, certificate=made.reference, counts=work.plainly(), complete=made.complete,
            waiting=work.waiting,
        )  # fmt: skip
        _close(row, made.reference, refused=False, by=by, now=now)
    return made


def prove(request_id: uuid.UUID, *, how: str, by: str) -> DataRequest:
    """Write down how it was made sure who asks. Raises DomainError without words."""
    row = _open(request_id)
    if not how.strip():
        raise DomainError("reason_missing", "say how you made sure who asks", pointer="how")
    row.proven = True
    row.save(update_fields=["proven"])
    _note("request_proven", row, by, reason=how.strip()[:1000])
    return row


def _close(row: DataRequest, answer: str, *, refused: bool, by: str, now: datetime) -> DataRequest:
    row.state = DataRequest.State.REFUSED if refused else DataRequest.State.ANSWERED
    row.answer, row.closed_at, row.closed_by = answer, now, by
    row.save(update_fields=["state", "answer", "closed_at", "closed_by"])
    _note("request_closed", row, by, state=str(row.state), late=today_in(row.country, now) > row.due_on)
    return row


def _open(request_id: uuid.UUID) -> DataRequest:
    row = DataRequest.objects.select_for_update(no_key=True).filter(pk=request_id).first()
    if row is None:
        raise DomainError("request_unknown", "there is no such request here", pointer="request")
    if row.state != DataRequest.State.OPEN:
        raise DomainError("request_closed", "this request was closed already", pointer="request")
    return row


def _country(debtor: Debtor | None) -> str:
    if debtor is not None:
        return Creditor.objects.values_list("country", flat=True).get(pk=debtor.creditor_id)
    return Tenant.objects.values_list("country", flat=True).get(pk=current_tenant_id())


def _note(action: str, row: DataRequest, by: str, *, reason: str = "", **after: Any) -> None:
    write_down(
        action, by=by, subject=SUBJECT, subject_id=row.pk, creditor_id=row.creditor_id,
        after={"reference": row.reference, **after}, reason=reason,
    )  # fmt: skip
