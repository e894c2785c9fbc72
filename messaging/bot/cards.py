"""What a person sends with one key, said as the bot says it: a code to pay with, a plan to accept by button."""

from __future__ import annotations

import uuid
from datetime import datetime

from kernel.errors import DomainError
from messaging.bot.accounts import Accounts
from messaging.models import Conversation, Message, SendRequest
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from messaging.sequences.services import Account, accounts
from portfolio.models import Agreement, Debtor, Payable


class Cards(Accounts):
    """Words about one account without a message that asked for them."""

    __slots__ = ()


def _cards(debtor: Debtor, conversation: Conversation, now: datetime) -> Cards:
    found: list[Account] = accounts([debtor.pk])
    return Cards(conversation, Message(conversation=conversation), found[0], None, now)


def conversation_for(debtor: Debtor, conversation_id: uuid.UUID | None = None) -> Conversation | None:
    """The conversation to say it in: this one, if it is the person's, else the one in which they spoke last."""
    rows = Conversation.objects.filter(person_id=debtor.person_id, contact_point__isnull=False)
    if conversation_id is not None:
        return rows.filter(pk=conversation_id).first()
    return rows.order_by("-last_inbound_at", "-updated_at").first()


def send_payable(
    debtor: Debtor, payable: Payable, *, actor: str, once: str, now: datetime, conversation_id: uuid.UUID | None = None
) -> list[SendRequest]:
    """Send a payable: amount and link, the code alone in its bubble, what comes after. The same `once` sends it once.

    Raises DomainError `no_conversation` when there is none to send it in.
    """
    conversation = _open(debtor, conversation_id)
    cards = _cards(debtor, conversation, now)
    cards.show_payable(payable)
    return _send(cards, f"payable:{once}", actor=actor)


def send_plan(
    debtor: Debtor,
    agreement: Agreement,
    *,
    actor: str,
    once: str,
    now: datetime,
    conversation_id: uuid.UUID | None = None,
) -> list[SendRequest]:
    """Send a proposed plan with buttons to accept or reject it. The same `once` sends it once. Raises DomainError."""
    conversation = _open(debtor, conversation_id)
    cards = _cards(debtor, conversation, now)
    cards.show_plan(agreement)
    return _send(cards, f"plan:{once}", actor=actor)


def _open(debtor: Debtor, conversation_id: uuid.UUID | None) -> Conversation:
    conversation = conversation_for(debtor, conversation_id)
    if conversation is None:
        raise DomainError(
            "no_conversation",
            "there is no conversation with this debtor yet: they have to write first, or be written to",
        )
    return conversation


def _send(cards: Cards, reason: str, *, actor: str) -> list[SendRequest]:
    wishes = [
        Wish(
            creditor_id=cards.account.creditor.pk, debtor_id=cards.account.debtor.pk,
            message_class=saying.message_class, content=saying.content, origin_kind="agent",
            origin_id=f"{reason}:{place}", actor=actor, conversation_id=cards.conversation.pk, priority=1, missing=(),
        )
        for place, saying in enumerate(cards.said)
    ]  # fmt: skip
    return [request for request in request_send(wishes, now=cards.now) if request is not None]
