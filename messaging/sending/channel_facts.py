"""What the channel knows about a send: the 24-hour window, limits, pauses. Gathered for a batch at a time."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from compliance.services import ChannelFacts
from messaging.models import MessageTemplate, Number, SendRequest
from tenants import bulk
from tenants.models import Tenant
from tenants.scope import current_tenant_id

WINDOW = timedelta(hours=24)
#: Our clock and Meta's differ: stop this much before the window closes.
WINDOW_MARGIN = timedelta(minutes=1)


class Talk(Protocol):
    """What the channel's facts need of a conversation."""

    @property
    def pk(self) -> Any: ...
    @property
    def number_id(self) -> uuid.UUID: ...
    @property
    def last_inbound_at(self) -> datetime | None: ...
    @property
    def frozen_at(self) -> datetime | None: ...


class Thread(NamedTuple):
    """As much of a conversation as sending needs: a batch has hundreds."""

    pk: uuid.UUID
    number_id: uuid.UUID
    address_kind: str
    address: str
    contact_point_id: uuid.UUID | None
    last_inbound_at: datetime | None
    frozen_at: datetime | None


_STOPS = """
SELECT t.sending_stopped_at IS NOT NULL,
    ARRAY(SELECT c.id FROM portfolio_creditor c WHERE c.tenant_id = t.id AND c.sending_stopped_at IS NOT NULL),
    ARRAY(SELECT m.id FROM messaging_messagetemplate m WHERE m.tenant_id = t.id AND m.status <> %(approved)s)
FROM tenants_tenant t WHERE t.id = %(tenant)s
"""


class Channels:
    """The organisation's numbers, accounts and stops as they are when first asked for; answers per conversation."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self._used: dict[uuid.UUID, list[tuple[datetime, uuid.UUID]]] = {}

    @cached_property
    def tenant(self) -> Tenant:
        """The organisation itself."""
        return Tenant.objects.get(pk=current_tenant_id())

    @cached_property
    def numbers(self) -> dict[uuid.UUID, Number]:
        """Its numbers, with the account of each."""
        return {row.pk: row for row in Number.objects.select_related("account")}

    @cached_property
    def _stops(self) -> tuple[bool, frozenset[uuid.UUID], frozenset[uuid.UUID]]:
        """Whether nothing is sent at all; the creditors that stand still; the templates that may not be used.

        Templates that WhatsApp paused or took back: what was queued with them waits, unsent.
        """
        with bulk.beside() as cursor:
            cursor.execute(_STOPS, {"tenant": current_tenant_id(), "approved": MessageTemplate.Status.APPROVED})
            stopped, creditors, templates = cursor.fetchone()
        return stopped, frozenset(creditors), frozenset(templates)

    def number_for(self, creditor_id: uuid.UUID) -> Number | None:
        """The creditor's own number where it has one, else the organisation's first; a working one before a paused."""
        fitting = [n for n in self.numbers.values() if n.account.creditor_id in (None, creditor_id)]
        fitting.sort(key=lambda n: (n.account.creditor_id is None, self.paused(n)[0], n.pk))
        return fitting[0] if fitting else None

    def paused(self, number: Number) -> tuple[bool, datetime | None]:
        """Whether the number may not send now, and until when (None: until a person lifts it)."""
        if number.stopped_at or number.account.paused_at:
            return True, None
        if number.paused_at and (number.paused_until is None or number.paused_until > self.now):
            return True, number.paused_until
        return False, None

    def facts(self, conversation: Talk, creditor_id: uuid.UUID, *, template_id: uuid.UUID | None) -> ChannelFacts:
        """The channel's facts for one send in this conversation; without a template it is free text."""
        number = self.numbers[conversation.number_id]
        paused, until = self.paused(number)
        stopped, creditors, unusable = self._stops
        if stopped or creditor_id in creditors or conversation.frozen_at or template_id in unusable:
            paused, until = True, None
        window = None
        if conversation.last_inbound_at is not None:
            window = conversation.last_inbound_at + WINDOW - WINDOW_MARGIN
        return ChannelFacts(
            last_inbound_at=conversation.last_inbound_at,
            window_open_until=window,
            limit_until=None if window and window > self.now else self._limit(number, conversation),
            paused=paused,
            paused_until=until,
            free_text=template_id is None,
        )

    def _limit(self, number: Number, conversation: Talk) -> datetime | None:
        """When the portfolio may write to one more person outside the window; None: now (whatsapp-cloud-api, 4)."""
        account = number.account
        if account.messaging_limit is None:
            return None
        used = self._used.get(account.pk)
        if used is None:
            since = self.now - WINDOW
            rows = (
                SendRequest.objects.filter(
                    number__account=account,
                    requested_at__gt=since,
                    state__in=[SendRequest.State.QUEUED, SendRequest.State.SENT, SendRequest.State.UNCERTAIN],
                    template__isnull=False,
                )
                .order_by("requested_at")
                .values_list("requested_at", "conversation_id")
            )
            used = self._used[account.pk] = list(rows)
        people = {conversation_id for _, conversation_id in used}
        if conversation.pk in people or len(people) < account.messaging_limit:
            used.append((self.now, conversation.pk))
            return None
        first = min(at for at, _ in used)
        return first + WINDOW


def threads(condition: str, parameters: Sequence[str]) -> list[Thread]:
    """The conversations of a condition in SQL."""
    with bulk.beside() as cursor:
        cursor.execute(
            "SELECT id, number_id, address_kind, address, contact_point_id, last_inbound_at, frozen_at "
            f"FROM messaging_conversation WHERE {condition}",
            parameters,
        )
        return [Thread(*row) for row in cursor.fetchall()]


def conversations_of(pairs: Collection[tuple[uuid.UUID, str, str]]) -> dict[tuple[uuid.UUID, str, str], Thread]:
    """Conversations by (number, kind of address, address)."""
    if not pairs:
        return {}
    numbers = {number for number, _, _ in pairs}
    addresses = {address for _, _, address in pairs}
    found = threads(
        "number_id = ANY(%s::uuid[]) AND address = ANY(ARRAY(SELECT json_array_elements_text(%s::json)))",
        [bulk.array(numbers), bulk.texts(addresses)],
    )
    return {(row.number_id, row.address_kind, row.address): row for row in found}
