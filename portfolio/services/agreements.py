"""Agreements: a plan of instalments within the creditor's policy, accepted by the debtor, followed by the entries."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F

from kernel.errors import DomainError
from kernel.ids import uuid7
from kernel.money import Money
from portfolio import instalments as plans
from portfolio.models import Agreement, Creditor, Debtor, Instalment, Promise
from portfolio.places import start_of, today_in
from portfolio.services.book import Book, book_of
from tenants import bulk, lanes
from tenants.events import Emit, emit


@dataclass(frozen=True, slots=True)
class Policy:
    """What a creditor lets us offer."""

    max_instalments: int = 6
    min_instalment_minor: int = 0
    max_grace_days: int = 30
    max_discount_percent: int = 0
    #: Days after an instalment's date on which it is not yet broken: banks need one or two.
    late_days: int = 3

    @classmethod
    def of(cls, creditor: Creditor) -> Policy:
        """The creditor's own numbers over the cautious ones."""
        return cls(**{name: int(creditor.policy[name]) for name in cls.__slots__ if name in creditor.policy})

    def check(self, opened: Money, total: Money, count: int, first_on: date, today: date) -> None:
        """Raise DomainError, saying what would do, when a plan is not within the policy."""
        if not 1 <= count <= self.max_instalments:
            raise DomainError(
                "plan_count",
                "this creditor offers 1 to %(max)s instalments",
                pointer="/count",
                max=self.max_instalments,
            )
        last = today + timedelta(days=self.max_grace_days)
        if not today <= first_on <= last:
            raise DomainError(
                "plan_first_date", "the first instalment falls due from %(first)s to %(last)s",
                pointer="/first_on", first=today.isoformat(), last=last.isoformat(),
            )  # fmt: skip
        least = -(-opened.minor * (100 - self.max_discount_percent) // 100)
        if not least <= total.minor <= opened.minor:
            raise DomainError(
                "plan_total", "a plan pays between %(least)s and %(open)s",
                pointer="/total", least=str(Money.from_minor(least, opened.currency)), open=str(opened),
            )  # fmt: skip
        if total.minor // count < self.min_instalment_minor:
            raise DomainError(
                "plan_too_thin", "an instalment is %(min)s or more: choose fewer",
                pointer="/count", min=str(Money.from_minor(self.min_instalment_minor, opened.currency)),
            )  # fmt: skip


def propose_agreement(
    debtor: Debtor,
    *,
    count: int,
    first_on: date,
    now: datetime,
    source: str,
    every: plans.Every = "month",
    total: Money | None = None,
    invoice_ids: Collection[uuid.UUID] | None = None,
    external_id: str = "",
) -> Agreement:
    """Make a plan for the open, undisputed invoices (or these); nothing holds until it is accepted.

    A discount (`total` below what is open) is given when the plan has been kept. The same external id again returns
    the plan that stands. A former proposal that nobody answered is cancelled. Raises DomainError.
    """
    if external_id:
        known = Agreement.objects.filter(creditor_id=debtor.creditor_id, external_id=external_id).first()
        if known is not None:
            if known.debtor_id != debtor.pk:
                raise DomainError(
                    "conflict", "agreement %(id)s is another debtor's", pointer="/external_id", id=external_id
                )
            return known
    book, account = book_of(debtor, now=now, source=source)
    if account.agreement is not None:
        raise DomainError("agreement_active", "this debtor keeps an agreement already: cancel it first, or let it end")
    asked = [
        invoice.id
        for invoice in account.invoices.values()
        if invoice.open_minor > 0 and invoice.disputed_at is None and (invoice_ids is None or invoice.id in invoice_ids)
    ]
    opened = Money.from_minor(account.open_on(asked), account.debtor.currency)
    if opened.minor <= 0:
        raise DomainError("nothing_open", "nothing is open that a plan could be made for")
    total = total or opened
    Policy.of(book.creditor).check(opened, total, count, first_on, today_in(book.creditor.country, now))
    plan = plans.schedule(total, count, first_on, every)
    former = Agreement.objects.filter(debtor_id=debtor.pk, state="proposed")
    for item in former:
        book.tell("agreement.cancelled", item, debtor_id=str(debtor.pk), replaced=True)
    former.update(state=Agreement.State.CANCELLED, updated_at=now)
    made = uuid7()
    agreement = Agreement(
        id=made, creditor=book.creditor, debtor=account.debtor, external_id=external_id or f"plan:{made.hex}",
        currency=total.currency, total_minor=total.minor, invoice_ids=asked, source=source, created_at=now,
        updated_at=now,
    )  # fmt: skip
    agreement.save(force_insert=True)
    bulk.insert(Instalment, _parts(agreement, ((part.number, part.due_on, part.amount.minor) for part in plan)))
    book.tell("agreement.proposed", agreement, debtor_id=str(debtor.pk), instalments=count)
    book.write()
    return agreement


def _parts(agreement: Agreement, plan: Iterable[tuple[int, date, int]]) -> list[Instalment]:
    return [
        Instalment(creditor_id=agreement.creditor_id, agreement=agreement, number=number, due_on=due_on, minor=minor)
        for number, due_on, minor in plan
    ]


def accept_agreement(agreement: Agreement, *, now: datetime, source: str) -> Agreement:
    """The debtor accepts: the plan counts from now on, an open promise is replaced by it. Twice is once.

    Raises DomainError `agreement_stale` when what is open changed since the proposal, `agreement_closed` when it was
    rejected or cancelled.
    """
    debtor = Debtor.objects.get(pk=agreement.debtor_id)
    book, account = book_of(debtor, now=now, source=source)
    held = Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    if held.state == Agreement.State.ACTIVE:
        return held
    if held.state != Agreement.State.PROPOSED:
        raise DomainError("agreement_closed", "this plan is %(state)s: propose another", state=held.state)
    if account.agreement is not None:
        raise DomainError("agreement_active", "this debtor keeps another agreement already")
    opened = account.open_on(held.invoice_ids)
    policy = Policy.of(book.creditor)
    if held.total_minor > opened or held.total_minor < -(-opened * (100 - policy.max_discount_percent) // 100):
        raise DomainError("agreement_stale", "what is open has changed since this plan was proposed: propose another")
    plan = list(Instalment.objects.filter(agreement=held).order_by("number").values_list("number", "due_on", "minor"))
    # Ids are ordered in time: what came in since acceptance is what was entered after these rows.
    Instalment.objects.filter(agreement=held).delete()
    parts = _parts(held, plan)
    bulk.insert(Instalment, parts)
    held.state, held.accepted_at, held.updated_at = Agreement.State.ACTIVE, now, now
    held.save(update_fields=["state", "accepted_at", "updated_at"])
    for promise in account.promises:
        if promise.state == Promise.State.OPEN:
            promise.state, promise.decided_at = Promise.State.WITHDRAWN, now
            book.change(promise)
            book.tell("promise.withdrawn", promise, debtor_id=str(debtor.pk), replaced=True)
    for payable in account.payables:
        payable.state = "replaced"
        book.change(payable)
    book.tell("agreement.accepted", held, debtor_id=str(debtor.pk))
    book.write()
    lanes.wake("due", at=_break_at(book, parts[0].due_on, policy))
    return held


def _break_at(book: Book, due_on: date, policy: Policy) -> datetime:
    return start_of(due_on + timedelta(days=policy.late_days + 1), book.creditor.country)


def close_agreement(agreement: Agreement, *, now: datetime, rejected: bool = False, reason: str = "") -> Agreement:
    """The debtor rejects a proposal, or somebody cancels a plan. One that ended stays as it ended."""
    held = Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    if held.state not in (Agreement.State.PROPOSED, Agreement.State.ACTIVE):
        return held
    rejects = rejected and held.state == Agreement.State.PROPOSED
    held.state = Agreement.State.REJECTED if rejects else Agreement.State.CANCELLED
    held.updated_at = now
    held.save(update_fields=["state", "updated_at"])
    data = {"debtor_id": str(held.debtor_id), "rejected": rejects, "reason": reason[:100]}
    emit(Emit("agreement.cancelled", "portfolio.agreement", held.id, now, held.creditor_id, data=data))
    return held


def judge_agreements(now: datetime, *, limit: int = 500) -> list[Agreement]:
    """Active plans with an instalment that is late beyond the creditor's patience are broken; returns those.

    Call again while it returns `limit` of them.
    """
    broken: list[Agreement] = []
    emits: list[Emit] = []
    for creditor in Creditor.objects.all():
        policy = Policy.of(creditor)
        last = today_in(creditor.country, now) - timedelta(days=policy.late_days + 1)
        late = (
            Instalment.objects.filter(agreement__state="active", creditor=creditor, due_on__lte=last)
            .exclude(paid_minor__gte=F("minor"))
            .values("agreement_id")
        )
        found = Agreement.objects.select_for_update(no_key=True, skip_locked=True).filter(id__in=late, state="active")
        for agreement in found.order_by("id")[: limit - len(broken)]:
            agreement.state, agreement.updated_at = Agreement.State.BROKEN, now
            agreement.save(update_fields=["state", "updated_at"])
            broken.append(agreement)
            data = {"debtor_id": str(agreement.debtor_id)}
            emits.append(Emit("agreement.broken", "portfolio.agreement", agreement.id, now, creditor.id, data=data))
    emit(*emits)
    return broken


def next_instalments(debtor_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Instalment]:
    """The next unpaid instalment of each debtor's active plan."""
    found: dict[uuid.UUID, list[Instalment]] = defaultdict(list)
    parts = Instalment.objects.filter(agreement__state="active", agreement__debtor_id__in=list(debtor_ids))
    for part in parts.select_related("agreement").order_by("number"):
        if part.paid_minor < part.minor:
            found[part.agreement.debtor_id].append(part)
    return {debtor_id: parts[0] for debtor_id, parts in found.items()}
