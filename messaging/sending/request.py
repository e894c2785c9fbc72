"""request_send: the one door for everything that anybody wants to say.

In one transaction a wish becomes a SendRequest with its Message, a Decision of the gate and, when the gate allows it,
a budget reservation and an Outbound row: together or not at all. Nothing else makes Outbound rows. What is written is
made as rows, not as objects: of a campaign's cost in Python the objects were a third.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models.base import ModelState

from compliance.services import Ruling, authorise
from compliance.services.values import Moment
from kernel.ids import uuid7
from messaging.models import Message, Outbound, SendRequest
from messaging.sending.channel_facts import Channels
from messaging.sending.drafts import Draft, ask_about, drafts_of
from messaging.sending.wishes import Wish
from tenants import bulk, lanes
from tenants.events import Emit, emit_many
from tenants.scope import current_tenant_id
from tenants.tasks import nudge

#: How long a wish waits for its hour before it is dropped, by class, when it says nothing itself.
PATIENCE = {"reply": timedelta(hours=24), "service": timedelta(days=3), "optout_confirmation": timedelta(hours=24)}
DEFAULT_PATIENCE = timedelta(days=3)
#: Wishes that are asked for in one transaction by whoever has thousands: more holds its persons for longer than an
#: agent should wait, fewer pays for a transaction's thirty statements too often.
BATCH = 400
_QUEUED = str(Outbound.State.QUEUED)
_SERVED = """
SELECT id FROM messaging_sendrequest WHERE origin_kind = %s AND NOT (state IN ('withdrawn', 'expired'))
AND origin_id = ANY(ARRAY(SELECT json_array_elements_text(%s::json)))
"""


def request_send(
    wishes: Sequence[Wish], *, now: datetime, skip_locked: bool = False, moment: Moment = "request"
) -> list[SendRequest | None]:
    """Ask for messages to be sent; returns their SendRequests in order, with the verdict on each.

    `now` is the business clock. A reason that is being served already gets the request that serves it. With
    `skip_locked` (campaigns) a wish whose person somebody else is working on gives None: ask again later.
    Raises DomainError when a wish cannot be a message at all (no address, no template, a hole in the text).
    """
    if not wishes:
        return []
    known = _already(wishes)
    fresh = [wish for wish in wishes if (wish.origin_kind, wish.origin_id) not in known]
    made: list[SendRequest] = []
    if fresh:
        channels = Channels(now=now)
        drafts = drafts_of(fresh, channels, now=now)
        asks = []
        for draft in drafts:
            facts = channels.facts(
                draft.conversation, draft.wish.creditor_id, template_id=draft.template.pk if draft.template else None
            )
            asks.append(ask_about(draft, facts))
        rulings = authorise(asks, now=now, moment=moment, skip_locked=skip_locked)
        made = _write([(draft, ruling) for draft, ruling in zip(drafts, rulings, strict=True) if ruling], now=now)
    answers = {**known, **{(row.origin_kind, row.origin_id): row for row in made}}
    return [answers.get((wish.origin_kind, wish.origin_id)) for wish in wishes]


def _already(wishes: Sequence[Wish]) -> dict[tuple[str, str], SendRequest]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for wish in wishes:
        by_kind[wish.origin_kind].append(wish.origin_id)
    served: list[uuid.UUID] = []
    with bulk.beside() as cursor:
        for kind, ids in by_kind.items():
            cursor.execute(_SERVED, [kind, bulk.texts(ids)])
            served += [key for (key,) in cursor.fetchall()]
    rows = SendRequest.objects.filter(pk__in=served) if served else ()
    return {(row.origin_kind, row.origin_id): row for row in rows}


def _write(decided: Sequence[tuple[Draft, Ruling]], *, now: datetime) -> list[SendRequest]:
    if not decided:
        return []
    messages: list[dict[str, Any]] = []
    requests: list[dict[str, Any]] = []
    outbounds: list[dict[str, Any]] = []
    events = []
    wakes: dict[tuple[str, str], datetime] = {}
    tenant_id = current_tenant_id()
    for draft, ruling in decided:
        wish, allow, deny = draft.wish, ruling.verdict == "allow", ruling.verdict == "deny"
        state = "queued" if allow else "withdrawn" if deny else "waiting"
        messages.append({
            "id": draft.message_id, "tenant_id": tenant_id, "conversation_id": draft.conversation.pk,
            "creditor_id": wish.creditor_id, "debtor_id": wish.debtor_id, "direction": "out",
            "source": wish.origin_kind, "author": wish.actor, "kind": draft.content["kind"],
            "message_class": wish.message_class, "text": draft.text, "salt": draft.salt,
            "content": {"buttons": draft.content.get("buttons", []), "rows": draft.content.get("rows", []),
                        "codes": draft.content.get("codes", [])},
            "reply_to_id": wish.reply_to_id, "state": "withdrawn" if deny else "waiting", "error_code": "",
            "at": now, "recorded_at": now,
        })  # fmt: skip
        next_at = ruling.next_allowed_at if not allow else None
        expires_at = wish.expires_at or now + PATIENCE.get(wish.message_class, DEFAULT_PATIENCE)
        request = {
            "id": draft.request_id, "tenant_id": tenant_id, "creditor_id": wish.creditor_id,
            "debtor_id": wish.debtor_id, "person_id": draft.person_id, "contact_point_id": draft.contact.pk,
            "conversation_id": draft.conversation.pk, "number_id": draft.number.pk, "message_id": draft.message_id,
            "channel": "whatsapp", "message_class": wish.message_class, "disclosure": draft.disclosure,
            "flags": [*_listed(draft.flags)], "missing": [*_listed(draft.missing)], "invoice_ids": list(wish.invoice_ids),
            "template_id": draft.template.pk if draft.template else None, "payload": draft.content,
            "origin_kind": wish.origin_kind, "origin_id": wish.origin_id, "actor": wish.actor, "state": state,
            "verdict": ruling.verdict, "decision_id": ruling.recorded, "next_at": next_at, "expires_at": expires_at,
            "requested_at": now, "settled_at": now if deny else None, "updated_at": now,
        }  # fmt: skip
        requests.append(request)
        if allow:
            outbounds.append(_outbound(request, draft.contact.value, wish.priority, now=now))
            wakes["dispatch", str(draft.number.pk)] = now
        elif not deny:
            due = min(filter(None, [next_at, expires_at]))
            wakes["requests", ""] = min(due, wakes.get(("requests", ""), due))
        name = "message.queued" if allow else "message.blocked" if deny else "message.deferred"
        events.append(Emit(name, "messaging.message", draft.message_id, now, wish.creditor_id, data={
            "request": draft.request_id, "conversation": draft.conversation.pk, "class": wish.message_class,
            "debtor": wish.debtor_id, "rules": [finding.rule for finding in ruling.findings][:20],
        }))  # fmt: skip
    bulk.insert_rows(Message, messages)
    bulk.insert_rows(SendRequest, requests)
    bulk.insert_rows(Outbound, outbounds)
    lanes.wake_many([(tenant_id, kind, key, at) for (kind, key), at in wakes.items()])
    emit_many(events)
    nudge()
    return [_request_of(row) for row in requests]


@lru_cache(maxsize=1024)
def _listed(names: frozenset[str]) -> tuple[str, ...]:
    """In order; the messages of a template have them in common."""
    return tuple(sorted(names))


def _request_of(row: dict[str, Any]) -> SendRequest:
    """The request that was written as this row; going through Model.__init__ costs eight times as much."""
    request = SendRequest.__new__(SendRequest)
    request._state = ModelState()
    request._state.db, request._state.adding = connection.alias, False
    request.__dict__.update(row)
    return request


def outbound_of(request: SendRequest, to: str, priority: int, *, now: datetime) -> Outbound:
    """An Outbound row beside its request's allow decision, or the database refuses it."""
    values = {
        "id": request.pk, "tenant_id": request.tenant_id, "creditor_id": request.creditor_id,
        "number_id": request.number_id, "decision_id": request.decision_id,
    }  # fmt: skip
    return Outbound(**_outbound(values, to, priority, now=now))


def _outbound(request: Mapping[str, Any], to: str, priority: int, *, now: datetime) -> dict[str, Any]:
    """The only place that says what an Outbound row holds at first; `request` by column."""
    return {
        "id": uuid7(), "tenant_id": request["tenant_id"], "creditor_id": request["creditor_id"],
        "request_id": request["id"], "number_id": request["number_id"], "decision_id": request["decision_id"],
        "verdict": "allow", "to": to, "state": _QUEUED, "priority": priority, "tries": 0,
        "not_before": now, "error_code": "", "error_detail": "", "created_at": now,
    }  # fmt: skip
