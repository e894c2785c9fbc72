"""Whom a conversation is about: the debtor last spoken of, as far as the scope may see them."""

from __future__ import annotations

import uuid

from messaging.models import Conversation
from portfolio.models import Debtor


def debtor_of(conversation: Conversation) -> Debtor | None:
    """The debtor last spoken about, else the person's with the largest balance; with person and creditor.

    Who may see some creditors only gets a debtor of theirs, or none.
    """
    found = None
    known = Debtor.objects.select_related("person", "creditor")
    if conversation.debtor_id:
        found = known.filter(pk=conversation.debtor_id).first()
    if found is None and conversation.person_id:
        found = known.filter(person_id=conversation.person_id).order_by("-open_minor", "id").first()
    return found


def creditor_of(conversation: Conversation) -> uuid.UUID | None:
    """The creditor of that debtor."""
    debtor = debtor_of(conversation)
    return debtor.creditor_id if debtor else None
