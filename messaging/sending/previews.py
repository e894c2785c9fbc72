"""What the gate would say to a wish now. Nothing is written: no conversation, no decision, no reservation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from compliance.services import Outlook
from compliance.services import previews as ask_gate
from messaging.sending.channel_facts import Channels
from messaging.sending.drafts import ask_about, drafts_of
from messaging.sending.wishes import Wish


def previews(wishes: Sequence[Wish], *, now: datetime, channels: Channels | None = None) -> list[Outlook]:
    """One outlook per wish, in order and each for itself, in a constant number of queries.

    Raises DomainError when a wish could be no message at all, as `request_send` would.
    """
    if not wishes:
        return []
    channels = channels or Channels(now=now)
    asks = []
    for draft in drafts_of(wishes, channels, now=now, keep=False):
        facts = channels.facts(
            draft.conversation, draft.wish.creditor_id, template_id=draft.template.pk if draft.template else None
        )
        asks.append(ask_about(draft, facts))
    return ask_gate(asks, now)
