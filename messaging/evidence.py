"""What messaging adds to an evidence file: the words as sent, with the provider's ids and times, and its reports."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Q

from compliance.evidence.formats import Contribution, Record, Selection, contribute
from messaging.digests import report_content
from messaging.models import Message, ProviderMessage, SendRequest, StatusReport


def gather(selection: Selection) -> Contribution:
    """Messages about these debtors and requests, in the order of the conversation, and what was reported of them."""
    requests = {
        row.message_id: row
        for row in SendRequest.objects.filter(Q(pk__in=selection.request_ids) | Q(debtor_id__in=selection.debtor_ids))
    }
    about = Message.objects.filter(Q(pk__in=requests) | Q(debtor_id__in=selection.debtor_ids))
    if selection.since and selection.until:
        about = about.filter(at__gte=selection.since, at__lt=selection.until)
    messages = list(about.order_by("at", "id"))
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


def _told(message: Message, request: SendRequest | None, provider_ids: list[str]) -> dict[str, Any]:
    return {
        "id": message.pk, "request_id": request.pk if request else None, "at": message.at, "direction": message.direction,
        "source": message.source, "author": message.author, "kind": message.kind, "class": message.message_class,
        "state": message.state, "sent_at": message.sent_at, "delivered_at": message.delivered_at,
        "read_at": message.read_at, "failed_at": message.failed_at, "provider_ids": provider_ids,
        # The salt is part of the proof: with it the words can be held against the hash that was decided on.
        "salt": message.salt if request else "", "text": message.text,
    }  # fmt: skip


contribute("messaging", gather)
