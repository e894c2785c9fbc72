"""What messaging adds to an evidence file: the words as sent, with the provider's ids and times, and its reports."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

from django.db.models import Q

from compliance.evidence.formats import Contribution, Record, Selection, contribute, find_by
from messaging.digests import report_content
from messaging.models import Conversation, Message, ProviderMessage, SendRequest, StatusReport


def gather(selection: Selection) -> Contribution:
    """Messages about these debtors and requests, in the order of the conversation, and what was reported of them."""
    asked, about = Q(pk__in=selection.request_ids), Q()
    if selection.kind == "conversation":
        about = Q(conversation_id__in=selection.conversation_ids)
    elif selection.debtor_ids and selection.kind != "request":
        asked, about = asked | Q(debtor_id__in=selection.debtor_ids), Q(debtor_id__in=selection.debtor_ids)
    requests = {row.message_id: row for row in SendRequest.objects.filter(asked).select_related("template")}
    rows = Message.objects.filter(Q(pk__in=requests) | about if about else Q(pk__in=requests))
    if selection.since and selection.until:
        rows = rows.filter(at__gte=selection.since, at__lt=selection.until)
    messages = list(rows.select_related("conversation__contact_point", "conversation__number").order_by("at", "id"))
    ids = [message.pk for message in messages]
    wamids: dict[Any, list[str]] = defaultdict(list)
    for message_id, provider_id in ProviderMessage.objects.filter(message_id__in=ids).values_list(
        "message_id", "provider_id"
    ):
        wamids[message_id].append(provider_id)
    reports = list(StatusReport.objects.filter(message_id__in=ids).order_by("id"))
    return Contribution(
        messages=[_told(message, requests.get(message.pk), wamids[message.pk]) for message in messages],
        records=[
            Record("messaging.statusreport", row.pk, f"message.{row.state}", report_content(row)) for row in reports
        ],
    )


def about_conversation(conversation_id: uuid.UUID) -> Selection | None:
    """Whose words and requests a conversation holds, as far as the scope reaches; None when there is none of it."""
    messages = list(
        Message.objects.filter(conversation_id=conversation_id).values_list("creditor_id", "debtor_id").distinct()
    )
    requests = list(SendRequest.objects.filter(conversation_id=conversation_id).values_list("pk", "person_id"))
    conversation = Conversation.objects.filter(pk=conversation_id).first()
    if conversation is None or not messages:
        return None
    persons = {person for _, person in requests} | ({conversation.person_id} if conversation.person_id else set())
    return Selection(
        "conversation",
        creditor_ids=frozenset(creditor for creditor, _ in messages if creditor),
        person_ids=frozenset(persons),
        debtor_ids=frozenset(debtor for _, debtor in messages if debtor),
        request_ids=frozenset(request for request, _ in requests),
        conversation_ids=frozenset({conversation_id}),
    )


def _told(message: Message, request: SendRequest | None, provider_ids: list[str]) -> dict[str, Any]:
    talk, content = message.conversation, message.content
    contact = talk.contact_point
    return {
        "id": message.pk, "request_id": request.pk if request else None, "at": message.at, "direction": message.direction,
        "source": message.source, "author": message.author, "kind": message.kind, "class": message.message_class,
        "state": message.state, "error_code": message.error_code, "sent_at": message.sent_at,
        "delivered_at": message.delivered_at, "read_at": message.read_at, "failed_at": message.failed_at,
        "deleted_by_them_at": message.deleted_by_them_at, "recorded_at": message.recorded_at,
        "provider_ids": provider_ids, "debtor": message.debtor_id, "conversation": talk.pk, "channel": talk.number.channel,
        "number": talk.number.address, "address": talk.address, "contact": contact.pk if contact else None,
        "role": contact.role if contact else "", "tapped": content.get("tapped") or "",
        "buttons": [str(each.get("title", "")) for each in content.get("buttons") or () if isinstance(each, dict)],
        "template": f"{request.template.name} ({request.template.language})" if request and request.template else "",
        # The salt is part of the proof: with it the words can be held against the hash that was decided on.
        "salt": message.salt if request else "", "text": message.text,
    }  # fmt: skip


contribute("messaging", gather)
find_by("conversation", about_conversation)
