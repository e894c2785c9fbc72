"""The dispatcher: claim, look once more, commit 'sending', send, record. A slice of one number at a time.

Ask of each line: what if the process dies here? Before the commit of 'sending' nothing left; after it the row is
uncertain when its lease ends, and only a receipt or a person settles it. Nothing is ever sent twice.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings

from compliance.services import authorise
from kernel.clock import Clock, machine_now
from kernel.errors import Unreachable
from messaging.channels.base import Line, Outcome, Parcel
from messaging.channels.whatsapp import send as whatsapp
from messaging.models import Conversation, Message, Number, Outbound, ProviderMessage, SendRequest
from messaging.sending import outcomes, pace
from messaging.sending.channel_facts import Channels
from messaging.sending.drafts import ask_of, salted
from messaging.sending.standing import expire
from tenants import lanes, work
from tenants.again import persistently
from tenants.events import Emit, emit_many
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.secrets import unseal

BATCH = 100
#: How long a slice keeps the lane before others get a turn.
SLICE_SECONDS = 10.0


@work.serves("dispatch")
def serve(tenant: Tenant, key: str, clock: Clock) -> datetime | None:
    """Send what is queued on one number, for a bounded time; returns when to look again."""
    number_id, until = uuid.UUID(key), time.monotonic() + SLICE_SECONDS
    looked = False
    while time.monotonic() < until:
        now = clock.now()
        with tenant_scope(tenant.pk):
            if not looked:
                doubtful(number_id, now=now)
            looked = True
            line, parcels, again = claim(number_id, now=now)
        if not parcels or line is None:
            return again
        answers = whatsapp.deliver(line, parcels)
        _keep(tenant, number_id, dict(zip((p.reference for p in parcels), answers, strict=True)), clock)
        if all(isinstance(answer, Unreachable) for answer in answers):
            return clock.now() + timedelta(seconds=2)  # nobody is there: breathe, nothing is lost
    return clock.now()


def _keep(tenant: Tenant, number_id: uuid.UUID, answers: Mapping[uuid.UUID, Outcome], clock: Clock) -> None:
    """Write the answers down, also when the database goes away just now: the provider gives them only once."""

    def write() -> None:
        with tenant_scope(tenant.pk):
            outcomes.record(number_id, answers, now=clock.now())

    persistently(write)


def doubtful(number_id: uuid.UUID, *, now: datetime) -> int:
    """Rows whose sender died between the commit and the answer become uncertain."""
    stale = list(
        Outbound.objects.select_for_update(no_key=True, skip_locked=True).filter(
            number_id=number_id, state=Outbound.State.SENDING, leased_until__lt=machine_now()
        )
    )
    if stale:
        outcomes.uncertain(stale, "the sender died before an answer came", now=now)
    return len(stale)


def claim(
    number_id: uuid.UUID, *, now: datetime, limit: int = BATCH
) -> tuple[Line | None, list[Parcel], datetime | None]:
    """Claim queued rows, look once more at each, and leave them 'sending' in the caller's transaction.

    Returns the line, the parcels, and when to look again if there are none.
    """
    number = Number.objects.select_related("account").filter(pk=number_id).first()
    if number is None:
        return None, [], None
    channels = Channels(now=now)
    paused, paused_until = channels.paused(number)
    if paused:
        return None, [], _soonest(paused_until, _doubt_due(number_id, now=now))
    limit = pace.allowance(number, limit)
    if limit == 0:
        return None, [], now + timedelta(seconds=1)
    queued = Outbound.objects.filter(number_id=number_id, state=Outbound.State.QUEUED)
    rows = list(
        queued.filter(not_before__lte=now)
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .order_by("priority", "id")[:limit]
    )
    if not rows:
        later = queued.order_by("not_before").values_list("not_before", flat=True).first()
        return None, [], _soonest(later, _doubt_due(number_id, now=now))
    going = _last_look(rows, channels, now=now)
    account = number.account
    line = Line(
        number_id=number.pk, provider_id=number.provider_id, base_url=account.base_url,
        api_version=settings.GRAPH_API_VERSION, token=unseal(account.token, purpose="whatsapp.token"),
    )  # fmt: skip
    if not going:
        return line, [], now
    return line, _parcels(going), None


def _soonest(*instants: datetime | None) -> datetime | None:
    return min(filter(None, instants), default=None)


def _doubt_due(number_id: uuid.UUID, *, now: datetime) -> datetime | None:
    """When the next row that is being sent becomes doubtful if its sender has died; None when none is being sent."""
    sending = Outbound.objects.filter(number_id=number_id, state=Outbound.State.SENDING)
    first = sending.order_by("leased_until").values_list("leased_until", flat=True).first()
    return None if first is None else now + max(timedelta(0), first - machine_now()) + timedelta(milliseconds=100)


def _last_look(rows: Sequence[Outbound], channels: Channels, *, now: datetime) -> list[tuple[Outbound, SendRequest]]:
    """decide() again on fresh facts: paid since? opted out? hours over? What may still go is moved to 'sending'."""
    # Whoever withdraws holds a request and waits for its row here: skip those, or each would wait for the other.
    held = SendRequest.objects.select_for_update(no_key=True, skip_locked=True).filter(
        pk__in=[row.request_id for row in rows]
    )
    requests = {request.pk: request for request in held.order_by("pk")}
    late = [request for request in requests.values() if request.expires_at <= now]
    if late:  # the number was paused, or nobody was there, for longer than these words make sense
        expire(late, now=now)
    rows = [row for row in rows if row.request_id in requests and requests[row.request_id].expires_at > now]
    conversations = {
        c.pk: c for c in Conversation.objects.filter(pk__in={r.conversation_id for r in requests.values()})
    }
    texts = {
        m.pk: m
        for m in Message.objects.filter(pk__in=[r.message_id for r in requests.values()]).only("id", "salt", "text")
    }
    asks = []
    for row in rows:
        request = requests[row.request_id]
        message = texts[request.message_id]
        asks.append(
            ask_of(request, channels, conversations[request.conversation_id], salted(message.salt, message.text))
        )
    going: list[tuple[Outbound, SendRequest]] = []
    deferred: list[tuple[Outbound, SendRequest]] = []
    denied: list[tuple[Outbound, SendRequest]] = []
    wake_at: datetime | None = None
    for row, ruling in zip(rows, authorise(asks, now=now, moment="last_look", skip_locked=True), strict=True):
        request = requests[row.request_id]
        if ruling is None:
            continue  # somebody works on this person: the row stays queued for the next turn
        if ruling.verdict == "allow":
            going.append((row, request))
            continue
        request.verdict, request.decision_id, request.updated_at = ruling.verdict, ruling.recorded, now
        if ruling.verdict == "defer":
            request.state, request.next_at = SendRequest.State.WAITING, ruling.next_allowed_at
            due = min(filter(None, [request.next_at, request.expires_at]))
            wake_at = due if wake_at is None else min(wake_at, due)
            deferred.append((row, request))
        else:
            request.state, request.next_at, request.settled_at = SendRequest.State.WITHDRAWN, None, now
            denied.append((row, request))
    changed = [request for _, request in deferred + denied]
    if changed:
        SendRequest.objects.bulk_update(
            changed, ["verdict", "decision_id", "state", "next_at", "settled_at", "updated_at"]
        )
        Outbound.objects.filter(pk__in=[row.pk for row, _ in deferred]).update(state=Outbound.State.WAITING)
        Outbound.objects.filter(pk__in=[row.pk for row, _ in denied]).update(
            state=Outbound.State.WITHDRAWN, settled_at=now
        )
        Message.objects.filter(pk__in=[r.message_id for _, r in denied]).update(state=Message.State.WITHDRAWN)
        if wake_at is not None:
            lanes.wake("requests", at=wake_at)
    if going:
        Outbound.objects.filter(pk__in=[row.pk for row, _ in going]).update(
            state=Outbound.State.SENDING, sending_at=now,
            leased_until=machine_now() + timedelta(seconds=settings.LEASE_SECONDS),
        )  # fmt: skip
        Message.objects.filter(pk__in=[r.message_id for _, r in going]).update(state=Message.State.SENDING)
    emit_many(
        Emit("message.deferred" if request.state == SendRequest.State.WAITING else "message.blocked", "messaging.message",
             request.message_id, now, request.creditor_id, data={"request": str(request.pk), "debtor": str(request.debtor_id)})
        for request in changed
    )  # fmt: skip
    return going


def _parcels(going: Sequence[tuple[Outbound, SendRequest]]) -> list[Parcel]:
    answered = Message.objects.filter(pk__in={r.message_id for _, r in going}).exclude(reply_to_id=None)
    reply_to = {message_id: to for message_id, to in answered.values_list("id", "reply_to_id") if to is not None}
    known = ProviderMessage.objects.filter(message_id__in=set(reply_to.values())).values_list(
        "message_id", "provider_id"
    )
    wamids = dict(known) if reply_to else {}
    return [
        Parcel(
            reference=row.pk, to=row.to, content=request.payload,
            reply_to=wamids.get(reply_to.get(request.message_id, row.pk), ""),
        )
        for row, request in going
    ]  # fmt: skip


def settle_by_person(outbound_id: uuid.UUID, *, sent: bool, actor: str, now: datetime) -> bool:
    """A person settles an uncertain send, having looked at the phone or asked the provider; False if it is not one."""
    row = Outbound.objects.select_for_update(no_key=True).filter(pk=outbound_id, state=Outbound.State.UNCERTAIN).first()
    if row is None:
        return False
    outcomes.settled_by_hand(row, sent=sent, actor=actor, now=now)
    return True
