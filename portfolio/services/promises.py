"""Promises: the debtor said when and how much; the clock and the entries find whether it was kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from kernel.errors import DomainError
from kernel.money import Money
from portfolio.models import Creditor, Debtor, Promise
from portfolio.places import start_of, today_in
from portfolio.services.book import book_of
from tenants import lanes
from tenants.events import Emit, emit

#: A promise further away than this is no promise; the creditor's policy may say less.
MAX_DAYS = 60


def create_promise(debtor: Debtor, money: Money, due_on: date, *, now: datetime, source: str) -> Promise:
    """Note that the debtor will pay `money` on `due_on` (their country's date). It replaces an open promise.

    Raises DomainError when the date has passed or is too far, the amount is not above zero or more than is open, or
    nothing is open.
    """
    book, account = book_of(debtor, now=now, source=source)
    held, today = account.debtor, today_in(book.creditor.country, now)
    last = today + timedelta(days=int(book.creditor.policy.get("max_promise_days", MAX_DAYS)))
    if not today <= due_on <= last:
        raise DomainError(
            "promise_date",
            "choose a day from %(first)s to %(last)s",
            pointer="/due_on",
            first=today.isoformat(),
            last=last.isoformat(),
        )
    if money.currency != held.currency or not 0 < money.minor <= held.open_minor:
        raise DomainError(
            "promise_amount",
            "promise an amount above zero and up to %(open)s",
            pointer="/amount",
            open=str(Money.from_minor(max(held.open_minor, 0), held.currency)),
        )
    for former in account.promises:
        if former.state == Promise.State.OPEN:
            former.state, former.decided_at = Promise.State.WITHDRAWN, now
            book.change(former)
            book.tell("promise.withdrawn", former, debtor_id=str(held.id), replaced=True)
    promise = Promise(
        creditor=book.creditor, debtor=held, currency=money.currency, minor=money.minor, due_on=due_on, source=source,
        open_minor_before=held.open_minor, created_at=now,
    )  # fmt: skip
    promise.save(force_insert=True)
    book.tell("promise.created", promise, debtor_id=str(held.id), due_on=due_on.isoformat())
    book.write()
    lanes.wake("due", at=start_of(due_on + timedelta(days=1), book.creditor.country))
    return promise


def withdraw_promise(promise: Promise, *, now: datetime) -> Promise:
    """Take an open promise back: the debtor proposed something else, or it was a mistake."""
    held = Promise.objects.select_for_update(no_key=True).get(pk=promise.pk)
    if held.state == Promise.State.OPEN:
        held.state, held.decided_at = Promise.State.WITHDRAWN, now
        held.save(update_fields=["state", "decided_at"])
        emit(
            Emit(
                "promise.withdrawn",
                "portfolio.promise",
                held.id,
                now,
                held.creditor_id,
                data={"debtor_id": str(held.debtor_id)},
            )
        )
    return held


def judge_promises(now: datetime, *, limit: int = 500) -> list[Promise]:
    """Open promises whose day is over and that were not kept are broken; returns those that were decided.

    Kept ones were found when the money came. Call again while it returns `limit` of them.
    """
    decided: list[Promise] = []
    emits: list[Emit] = []
    for country in Creditor.objects.order_by().values_list("country", flat=True).distinct():
        today = today_in(country, now)
        due = Promise.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(
            state="open", due_on__lt=today, creditor__country=country
        )
        for promise in due.order_by("id")[: limit - len(decided)]:
            promise.state, promise.decided_at = Promise.State.BROKEN, now
            decided.append(promise)
            data = {"debtor_id": str(promise.debtor_id), "due_on": promise.due_on.isoformat()}
            emits.append(Emit("promise.broken", "portfolio.promise", promise.id, now, promise.creditor_id, data=data))
    for promise in decided:
        promise.save(update_fields=["state", "decided_at"])
    emit(*emits)
    return decided
