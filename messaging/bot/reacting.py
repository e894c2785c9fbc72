"""A message came in: gather what is known, let the pure part decide, do it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from compliance import language
from compliance.models import Stop
from kernel.money import Money, minor_units
from messaging.bot import checks, flows
from messaging.bot.accounts import last_day
from messaging.bot.decide import Heard, Known, answer_in, decide
from messaging.models import Conversation, Message
from messaging.sequences.services import Account, accounts
from portfolio.models import Agreement, ContactPoint
from portfolio.places import today_in
from tenants.events import Emit, emit


def react(conversation: Conversation, message: Message, now: datetime) -> None:
    """Answer a message that was stored, after opt-out words were acted on; inside the tenant's scope.

    With an agent (or nobody) speaking it only marks that a person is waited for. Doing it twice sends nothing twice.
    """
    if conversation.person_id is None:
        _wait_for_human(conversation, now=now)
        return
    stop = (
        Stop.objects.filter(person_id=conversation.person_id, kind="opted_out", lifted_at=None)
        .order_by("-since")
        .first()
    )
    account = _account(message)
    if stop is not None:
        if account is not None and not _needs_silence(stop, message):
            flows.confirm_opt_out(conversation, message, account, stop_id=stop.pk, now=now)
        return
    if conversation.speaker != Conversation.Speaker.BOT or account is None or account.debtor.withdrawn_at is not None:
        _wait_for_human(conversation, now=now)
        return
    contact = None
    if conversation.contact_point_id:
        contact = ContactPoint.objects.select_for_update(no_key=True).get(pk=conversation.contact_point_id)
    today = today_in(account.creditor.country, now)
    heard = hear(message, account, contact, today)
    turn = decide(heard, _known(account, contact, today), conversation.bot_state, now)
    conversation.bot_state = turn.state
    conversation.updated_at = now
    if not turn.acts:
        conversation.unanswered_since = None  # silence is the answer
    conversation.save(update_fields=["bot_state", "updated_at", "unanswered_since"])
    flows.Flow(conversation, message, account, contact, now).run(turn.acts)


def _account(message: Message) -> Account | None:
    found = accounts([message.debtor_id]) if message.debtor_id else []
    return found[0] if found else None


def _needs_silence(stop: Stop, message: Message) -> bool:
    """Only the message that withdrew is confirmed; whatever comes later is between them and a person."""
    tapped = message.content.get("tapped", "")
    return not (tapped == "opt_out" or (not tapped and language.is_opt_out(message.text)))


def _wait_for_human(conversation: Conversation, *, now: datetime) -> None:
    if conversation.needs_human_at is None:
        conversation.needs_human_at, conversation.updated_at = now, now
        conversation.save(update_fields=["needs_human_at", "updated_at"])
        emit(
            Emit("conversation.handed_over", "messaging.conversation", conversation.pk, now, data={"reason": "waiting"})
        )


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
        answer = message.text.strip() if question == checks.CITY else answer_in(question, message.text)
        if question == checks.CITY:
            right = True if checks.right(account.person, question, answer) else None
        elif answer:
            right = checks.right(account.person, question, answer)
    return Heard(
        kind=message.kind, text=message.text, tapped=tapped,
        intent=understood.name if understood.confidence >= 0.5 else "other",
        day=offer.on if offer else None, minor=_minor(offer.amount if offer else None, account.debtor.currency),
        question=question, right=right,
    )  # fmt: skip


def _minor(amount: Decimal | None, currency: str) -> int | None:
    if amount is None or amount <= 0 or not currency:
        return None
    exact = amount.quantize(Decimal(1).scaleb(-minor_units(currency)), ROUND_HALF_UP)
    return Money(exact, currency).minor


def _known(account: Account, contact: ContactPoint | None, today: date) -> Known:
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
        proposal=Agreement.objects.filter(debtor_id=account.debtor.pk, state="proposed").exists(),
    )
