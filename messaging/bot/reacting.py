"""A message came in: gather what is known, let the pure part decide, do it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from compliance import language
from compliance.models import Stop
from compliance.services.consent import Whose
from kernel.money import Money, minor_units
from messaging.bot import checks, flows, opt_in
from messaging.bot.accounts import last_day
from messaging.bot.decide import Heard, Known, answer_in, decide, needs_answer
from messaging.models import Conversation, Message
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from messaging.sequences.services import Account, accounts
from portfolio.models import Agreement, ContactPoint
from portfolio.places import today_in
from tenants.events import Emit, emit


@dataclass(slots=True)
class _Facts:
    """What is known about the people of a batch, read at once."""

    accounts: dict[uuid.UUID, Account]  # by debtor
    stops: dict[uuid.UUID, Stop]  # by person: the newest opt-out
    contacts: dict[uuid.UUID, ContactPoint]
    proposals: set[uuid.UUID]  # debtors with a plan that waits for their answer
    askable: set[Whose]  # who may be asked whether we may write


def react(heard: Sequence[tuple[Conversation, Message]], *, now: datetime) -> None:
    """Answer stored messages of different people, whose conversations the caller has locked; inside the tenant's scope.

    With an agent (or nobody) speaking it only marks that a person is waited for, unless nothing is to be answered.
    What is said to all of them is one question to the gate. Doing it twice sends nothing twice.
    """
    facts = _facts(heard, now)
    wishes: list[Wish] = []
    for conversation, message in heard:
        wishes += _one(conversation, message, facts, now=now)
    if wishes:
        request_send(wishes, now=now)


def _facts(heard: Sequence[tuple[Conversation, Message]], now: datetime) -> _Facts:
    persons = {c.person_id for c, _ in heard if c.person_id}
    debtors = {m.debtor_id for c, m in heard if c.person_id and m.debtor_id}
    points = {c.contact_point_id for c, _ in heard if c.person_id and c.contact_point_id}
    stops = Stop.objects.filter(person_id__in=persons, kind="opted_out", lifted_at=None).order_by("since")
    known = {account.debtor.pk: account for account in accounts(debtors)} if debtors else {}
    whose = {
        (c.person_id, known[m.debtor_id].creditor.pk, c.contact_point_id)
        for c, m in heard
        if c.person_id and c.contact_point_id and m.debtor_id in known
    }
    return _Facts(
        accounts=known,
        stops={stop.person_id: stop for stop in stops},
        contacts={
            point.pk: point
            for point in ContactPoint.objects.select_for_update(no_key=True).filter(pk__in=points).order_by("pk")
        },
        proposals=set(
            Agreement.objects.filter(debtor_id__in=debtors, state="proposed").values_list("debtor_id", flat=True)
        ),
        askable=opt_in.may_be_asked(whose, now),
    )


def _one(conversation: Conversation, message: Message, facts: _Facts, *, now: datetime) -> list[Wish]:
    """What is to be said to one message; everything else that it means is done here."""
    if conversation.person_id is None:
        _wait_for_human(conversation, message, now=now)
        return []
    stop = facts.stops.get(conversation.person_id)
    account = facts.accounts.get(message.debtor_id) if message.debtor_id else None
    if stop is not None:
        if account is None or _needs_silence(stop, message):
            return []
        return [flows.opt_out_confirmation(conversation, account, stop_id=stop.pk)]
    contact = facts.contacts.get(conversation.contact_point_id) if conversation.contact_point_id else None
    if conversation.speaker != Conversation.Speaker.BOT or account is None or account.debtor.withdrawn_at is not None:
        answer = str(message.content.get("tapped", ""))
        if answer in opt_in.ANSWERS and account is not None and contact is not None:
            # Their yes or no is a statement whoever speaks with them; the agent who asked goes on.
            flow = flows.Flow(conversation, message, account, contact, now)
            flow.consent(granted=opt_in.ANSWERS[answer])
            return flow.wishes()
        _wait_for_human(conversation, message, now=now)
        return []
    today = today_in(account.creditor.country, now)
    heard = hear(message, account, contact, today)
    proposal = account.debtor.pk in facts.proposals
    may_ask = contact is not None and (account.person.pk, account.creditor.pk, contact.pk) in facts.askable
    known = _known(account, contact, today, proposal=proposal, may_ask=may_ask)
    turn = decide(heard, known, conversation.bot_state, now)
    conversation.bot_state = turn.state
    conversation.updated_at = now
    if not turn.acts:
        conversation.unanswered_since = None  # silence is the answer
    conversation.save(update_fields=["bot_state", "updated_at", "unanswered_since"])
    flow = flows.Flow(conversation, message, account, contact, now)
    flow.run(turn.acts)
    return flow.wishes()


def _needs_silence(stop: Stop, message: Message) -> bool:
    """Only the message that withdrew is confirmed; whatever comes later is between them and a person."""
    tapped = message.content.get("tapped", "")
    return not (tapped == "opt_out" or (not tapped and language.is_opt_out(message.text)))


def _wait_for_human(conversation: Conversation, message: Message, *, now: datetime) -> None:
    """The debtor waits for a person since this message, or since an earlier one; after mere thanks nobody waits."""
    if conversation.needs_human_at is not None:
        return
    if not needs_answer(message.kind, message.text, str(message.content.get("tapped", ""))):
        conversation.unanswered_since, conversation.updated_at = None, now
        conversation.save(update_fields=["unanswered_since", "updated_at"])
        return
    conversation.needs_human_at, conversation.updated_at = min(message.at, now), now
    conversation.save(update_fields=["needs_human_at", "updated_at"])
    emit(Emit("conversation.handed_over", "messaging.conversation", conversation.pk, now, data={"reason": "waiting"}))


def hear(message: Message, account: Account, contact: ContactPoint | None, today: date) -> Heard:
    """A message as the bot understands it, an answer to the two-point check judged."""
    tapped = str(message.content.get("tapped", ""))
    understood = language.intent(message.text, account.person.language[:2], today=today)
    offer = understood.value
    question, right = "", None
    if tapped.startswith("check:"):
        _, question, answer = [*tapped.split(":", 2), "", ""][:3]
        right = checks.right(account.person, question, answer)
    elif contact is not None and not tapped and contact.identity != ContactPoint.Identity.VERIFIED:
        question = str(contact.check_state.get("question", ""))
        free = question in (checks.CITY, checks.REFERENCE)
        answer = message.text.strip() if free else answer_in(question, message.text)
        if free:
            right = True if checks.right(account.person, question, answer) else None
        elif answer:
            right = checks.right(account.person, question, answer)
    return Heard(
        kind=message.kind, text=message.text, tapped=tapped,
        intent=understood.name if understood.confidence >= 0.5 else "other",
        day=offer.on if offer else None, minor=_minor(offer.amount if offer else None, account.debtor.currency),
        question=question, right=right, opted_in="opt_in" in message.content,
    )  # fmt: skip


def _minor(amount: Decimal | None, currency: str) -> int | None:
    if amount is None or amount <= 0 or not currency:
        return None
    exact = amount.quantize(Decimal(1).scaleb(-minor_units(currency)), ROUND_HALF_UP)
    return Money(exact, currency).minor


def _known(account: Account, contact: ContactPoint | None, today: date, *, proposal: bool, may_ask: bool) -> Known:
    return Known(
        identity=contact.identity if contact else ContactPoint.Identity.UNKNOWN,
        today=today,
        last_day=last_day(account.creditor, today),
        questions=checks.questions(account.person),
        passed=tuple(contact.check_state.get("passed", [])) if contact else (),
        strikes=contact.strikes if contact else 0,
        open=account.carrying is not None,
        disputed=any(invoice.disputed_at is not None for invoice in account.invoices),
        agreement=account.agreement is not None,
        proposal=proposal,
        may_ask=may_ask,
    )
