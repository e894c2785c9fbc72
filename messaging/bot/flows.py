"""The bot's turn: each act of `decide.Turn` is a method of `Flow`. Words become wishes; the gate decides."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from kernel.errors import DomainError
from messaging.bot import texts
from messaging.bot.accounts import Accounts
from messaging.bot.decide import Act
from messaging.bot.identity import Identity
from messaging.models import Conversation
from messaging.sending.wishes import Wish
from messaging.sequences.services import Account

ACTOR = "system:bot"


class Flow(Identity, Accounts):
    """One turn of the bot in one conversation."""

    __slots__ = ()

    def run(self, acts: Collection[Act]) -> None:
        """Do the acts in order; what was said is in `wishes` then."""
        for act in acts:
            try:
                getattr(self, act.name)(**act.what)
            except DomainError as error:
                self._excuse(error)

    def _excuse(self, error: DomainError) -> None:
        """Something that was offered is not possible any more: say what is, or let a person see to it."""
        if error.code == "nothing_open":
            self.nothing_open()
        elif error.code == "agreement_stale":
            self.say(text="stale", menu=("plan", "human"))
        elif error.code == "agreement_active":
            self.has_agreement()
        else:
            self.say(text="human")
            self.hand_over(reason=error.code)

    def wishes(self) -> list[Wish]:
        """Everything that was said, in order, as wishes to send it."""
        found = []
        for place, saying in enumerate(self.said):
            kind, name = saying.origin or ("bot", f"{self.message.pk}:{place}")
            found.append(Wish(
                creditor_id=self.account.creditor.pk, debtor_id=self.account.debtor.pk,
                message_class=saying.message_class, content=saying.content, origin_kind=kind, origin_id=name, actor=ACTOR,
                conversation_id=self.conversation.pk, priority=1, missing=(),
            ))  # fmt: skip
        return found


def opt_out_confirmation(conversation: Conversation, account: Account, *, stop_id: uuid.UUID) -> Wish:
    """The one message after a withdrawal: that it was heard, and nothing else. Once per stop."""
    language = texts.language_of(account.person.language or account.creditor.language)
    words = texts.say(language, account.person.country, "opted_out")
    return Wish(
        creditor_id=account.creditor.pk, debtor_id=account.debtor.pk, message_class="optout_confirmation",
        content={"kind": "text", "text": words}, origin_kind="system", origin_id=f"optout:{stop_id}", actor=ACTOR,
        conversation_id=conversation.pk, priority=1, missing=(),
    )  # fmt: skip
