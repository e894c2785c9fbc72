"""What becomes of a request before it leaves: asked about anew, taken back, or too late."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from compliance.services import authorise, settle
from messaging.models import Conversation, Message, Outbound, SendRequest
from messaging.sending.channel_facts import Channels
from messaging.sending.drafts import ask_of, salted
from messaging.sending.request import outbound_of
from tenants import lanes
from tenants.events import Emit, emit_many
from tenants.tasks import nudge

#: What nobody waits for: it was planned, not asked for.
PLANNED = ("collection", "identity_probe")
ALIVE = [SendRequest.State.WAITING, SendRequest.State.QUEUED]


def ask_again(requests: Sequence[SendRequest], *, now: datetime, skip_locked: bool = False) -> int:
    """Put waiting requests to the gate anew: their hour has come, or a fact has changed. Returns how many moved.

    The caller holds the requests' rows locked. What has expired, or whose invoices are gone, is withdrawn.
    """
    live = [r for r in requests if r.state == SendRequest.State.WAITING]
    expired = [r for r in live if r.expires_at <= now]
    if expired:
        expire(expired, now=now)
    live = [r for r in live if r.expires_at > now]
    if not live:
        return len(expired)
    channels = Channels(now=now)
    conversations = {c.pk: c for c in Conversation.objects.filter(pk__in={r.conversation_id for r in live})}
    texts = {m.pk: m for m in Message.objects.filter(pk__in={r.message_id for r in live}).only("id", "salt", "text")}
    asks = [
        ask_of(
            r, channels, conversations[r.conversation_id], salted(texts[r.message_id].salt, texts[r.message_id].text)
        )
        for r in live
    ]
    moved, denied = [], []
    outbounds = {o.request_id: o for o in Outbound.objects.filter(request_id__in=[r.pk for r in live], state="waiting")}
    for request, ruling in zip(live, authorise(asks, now=now, moment="retry", skip_locked=skip_locked), strict=True):
        if ruling is None:
            request.next_at = now + timedelta(seconds=30)
            moved.append(request)
            continue
        request.verdict, request.decision_id, request.updated_at = ruling.verdict, ruling.recorded, now
        request.next_at = ruling.next_allowed_at if ruling.verdict == "defer" else None
        if ruling.verdict == "deny":
            denied.append(request)
            continue
        if ruling.verdict == "allow":
            request.state = SendRequest.State.QUEUED
            outbound = outbounds.get(request.pk)
            if outbound is None:
                to = conversations[request.conversation_id].address
                Outbound.objects.bulk_create([outbound_of(request, to, 5, now=now)])
            else:
                Outbound.objects.filter(pk=outbound.pk, state="waiting").update(
                    state="queued", decision_id=ruling.recorded, not_before=now
                )
            lanes.wake("dispatch", str(request.number_id), at=now)
        moved.append(request)
    fields = ["verdict", "decision_id", "updated_at", "next_at", "state"]
    SendRequest.objects.bulk_update(moved, fields)
    if denied:
        _close(denied, SendRequest.State.WITHDRAWN, "message.blocked", now=now)
    nudge()
    return len(live) + len(expired)


def expire(requests: Sequence[SendRequest], *, now: datetime) -> None:
    """What has not left by its end leaves no more. The caller holds the rows locked; none of them is `sending`."""
    settle({request.pk: "released" for request in requests}, now=now)
    _close(requests, SendRequest.State.EXPIRED, "request.expired", now=now)


def _close(requests: Sequence[SendRequest], state: str, event: str, *, now: datetime) -> None:
    ids = [request.pk for request in requests]
    for request in requests:
        request.state, request.settled_at, request.updated_at, request.next_at = state, now, now, None
    SendRequest.objects.bulk_update(
        requests, ["state", "settled_at", "updated_at", "next_at", "verdict", "decision_id"]
    )
    Outbound.objects.filter(request_id__in=ids, state__in=["queued", "waiting"]).update(
        state="withdrawn", settled_at=now
    )
    Message.objects.filter(pk__in=[request.message_id for request in requests]).update(state="withdrawn")
    emit_many(
        Emit(event, "messaging.message", request.message_id, now, request.creditor_id,
             data={"request": str(request.pk), "conversation": str(request.conversation_id), "debtor": str(request.debtor_id)})
        for request in requests
    )  # fmt: skip


def withdraw(requests: Sequence[SendRequest], *, reason: str, now: datetime) -> int:
    """Take back what has not left: its reason went away (paid, opted out, answered). Returns how many.

    The caller holds the requests' rows locked. What is `sending` cannot be taken back.
    """
    from_state = [SendRequest.State.WAITING, SendRequest.State.QUEUED]
    live = [r for r in requests if r.state in from_state]
    if not live:
        return 0
    queued = [r.pk for r in live if r.state == SendRequest.State.QUEUED]
    gone = set(
        Outbound.objects.filter(request_id__in=queued, state__in=["sending", "uncertain", "accepted"]).values_list(
            "request_id", flat=True
        )
    )
    live = [r for r in live if r.pk not in gone]
    settle({r.pk: "released" for r in live}, now=now)
    _close([replace_reason(r, reason) for r in live], SendRequest.State.WITHDRAWN, "request.withdrawn", now=now)
    return len(live)


def replace_reason(request: SendRequest, reason: str) -> SendRequest:
    """Note on the payload why it was taken back, for the thread."""
    request.payload = {**request.payload, "withdrawn": reason}
    SendRequest.objects.filter(pk=request.pk).update(payload=request.payload)
    return request


def withdraw_of_person(
    person_id: uuid.UUID, *, reason: str, now: datetime, classes: Sequence[str] | None = PLANNED,
    debtor_id: uuid.UUID | None = None,
) -> int:  # fmt: skip
    """Take back a person's waiting and queued messages of these classes (None: all); returns how many."""
    return withdraw_of_people([person_id], reason=reason, now=now, classes=classes, debtor_id=debtor_id)


def withdraw_of_people(
    person_ids: Collection[uuid.UUID], *, reason: str, now: datetime, classes: Sequence[str] | None = PLANNED,
    debtor_id: uuid.UUID | None = None,
) -> int:  # fmt: skip
    """The same for several people at once."""
    rows = SendRequest.objects.select_for_update(no_key=True).filter(person_id__in=person_ids, state__in=ALIVE)
    if classes is not None:
        rows = rows.filter(message_class__in=classes)
    if debtor_id is not None:
        rows = rows.filter(debtor_id=debtor_id)
    return withdraw(list(rows.order_by("id")), reason=reason, now=now) if person_ids else 0
