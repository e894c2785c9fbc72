"""What became of sends: accepted, refused, not sent, or nobody knows; and what each means for what stands around it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from compliance.services import settle
from kernel.errors import NoAnswer, Refused
from messaging.channels.base import Accepted, Outcome
from messaging.channels.whatsapp.errors import Kind, classify
from messaging.models import (
    Conversation,
    Message,
    MessageTemplate,
    Number,
    Outbound,
    ProviderMessage,
    SendRequest,
    WhatsAppAccount,
)
from portfolio.models import ContactPoint
from tenants import audit, bulk, lanes
from tenants.events import Emit, emit_many
from tenants.scope import current_tenant_id

TRIES_MAX = 6
UNREACHABLE = "unreachable"
_FINAL_ON_PHONE = [Message.State.SENT, Message.State.DELIVERED, Message.State.READ, Message.State.FAILED]


def record(number_id: uuid.UUID, answers: Mapping[uuid.UUID, Outcome], *, now: datetime) -> None:
    """Write down the outcomes of one slice, in one transaction that the caller opened."""
    # Conversations first, as whoever takes in a message locks them, and then the requests.
    spoken_in = set(Outbound.objects.filter(pk__in=answers).values_list("request__conversation_id", flat=True))
    list(Conversation.objects.select_for_update(no_key=True).filter(pk__in=spoken_in).order_by("pk").values_list("pk"))
    rows = {
        row.pk: row
        for row in Outbound.objects.select_for_update(no_key=True, of=("self",))
        .select_related("request")
        .filter(pk__in=answers)
        .order_by("pk")
    }
    taken: list[tuple[Outbound, Accepted]] = []
    doubts: list[tuple[Outbound, str]] = []
    later: list[tuple[Outbound, datetime, str]] = []
    for reference, answer in answers.items():
        row = rows[reference]
        if row.state not in (Outbound.State.SENDING, Outbound.State.UNCERTAIN):
            continue  # a status report was faster and has settled it
        if row.state == Outbound.State.UNCERTAIN and not isinstance(answer, Accepted | Refused):
            continue  # our lease was over: doubt stays doubt, and what nobody answered is not sent again
        if isinstance(answer, Accepted):
            taken.append((row, answer))
        elif isinstance(answer, Refused):
            _refused(row, answer, now=now, later=later)
        elif isinstance(answer, NoAnswer):
            doubts.append((row, str(answer)))
        else:
            wait = timedelta(seconds=min(60, 2 ** min(_tries(row, UNREACHABLE), 6)))
            later.append((row, now + wait, UNREACHABLE))
    accepted(taken, now=now)
    for detail in {detail for _, detail in doubts}:
        uncertain([row for row, why in doubts if why == detail], detail, now=now)
    for row, at, code in later:
        Outbound.objects.filter(pk=row.pk).update(
            state=Outbound.State.QUEUED, not_before=at, leased_until=None, error_code=code, tries=_tries(row, code) + 1
        )
        if row.state == Outbound.State.UNCERTAIN:
            SendRequest.objects.filter(pk=row.request_id).update(state=SendRequest.State.QUEUED, updated_at=now)
        Message.objects.filter(pk=row.request.message_id).update(state=Message.State.WAITING)
    if later:
        lanes.wake("dispatch", str(number_id), at=min(at for _, at, _ in later))


def _tries(row: Outbound, code: str) -> int:
    """How often in a row it ended like this: an hour without network does not use up the tries of a busy provider."""
    return row.tries if row.error_code == code else 0


def accepted(taken: Sequence[tuple[Outbound, Accepted]], *, now: datetime) -> None:
    """The provider has them: keep its ids, count the contacts, tell everybody."""
    if not taken:
        return
    ids = [row.pk for row, _ in taken]
    requests = [row.request for row, _ in taken]
    Outbound.objects.filter(pk__in=ids).update(state=Outbound.State.ACCEPTED, settled_at=now, leased_until=None)
    SendRequest.objects.filter(pk__in=[r.pk for r in requests]).update(
        state=SendRequest.State.SENT, settled_at=now, updated_at=now, next_at=None
    )
    Message.objects.filter(pk__in=[r.message_id for r in requests]).exclude(state__in=_FINAL_ON_PHONE).update(
        state=Message.State.ACCEPTED
    )
    ProviderMessage.objects.bulk_create(
        [ProviderMessage(provider_id=answer.provider_id, message_id=row.request.message_id) for row, answer in taken],
        ignore_conflicts=True,
    )
    wires = {
        row.request.conversation_id: answer.wire_address
        for row, answer in taken
        if answer.wire_address and answer.wire_address != row.to.lstrip("+")
    }
    bulk.update(
        Conversation,
        [Conversation(tenant_id=current_tenant_id(), id=pk, wire_address=wire) for pk, wire in wires.items()],
        ["wire_address"],
    )
    Conversation.objects.filter(pk__in={r.conversation_id for r in requests}).update(
        last_outbound_at=now, updated_at=now
    )
    answering = {r.conversation_id for r in requests if r.origin_kind in ("agent", "bot")}
    Conversation.objects.filter(pk__in=answering).update(unanswered_since=None)
    settle({r.pk: "counted" for r in requests}, now=now)
    emit_many(
        Emit("message.accepted", "messaging.message", r.message_id, now, r.creditor_id,
             data={"request": str(r.pk), "conversation": str(r.conversation_id), "debtor": str(r.debtor_id)})
        for r in requests
    )  # fmt: skip


def uncertain(rows: Sequence[Outbound], detail: str, *, now: datetime) -> None:
    """Nobody knows whether it left. It counts as a contact and is never sent again."""
    ids = [row.pk for row in rows]
    Outbound.objects.filter(pk__in=ids).update(
        state=Outbound.State.UNCERTAIN, leased_until=None, error_detail=detail[:300]
    )
    requests = list(SendRequest.objects.filter(pk__in=[row.request_id for row in rows]))
    SendRequest.objects.filter(pk__in=[r.pk for r in requests]).update(
        state=SendRequest.State.UNCERTAIN, updated_at=now
    )
    Message.objects.filter(pk__in=[r.message_id for r in requests], state=Message.State.SENDING).update(
        state=Message.State.UNCERTAIN
    )
    emit_many(
        Emit("message.uncertain", "messaging.message", r.message_id, now, r.creditor_id, data={"request": str(r.pk)})
        for r in requests
    )


def _refused(row: Outbound, answer: Refused, *, now: datetime, later: list[tuple[Outbound, datetime, str]]) -> None:
    """A clear no: what it means by its class (whatsapp-cloud-api.md, section 5)."""
    kind, code = classify(answer.code, transient=answer.transient), str(answer.code)
    request = row.request
    tries = _tries(row, code)
    if kind in (Kind.RETRY, Kind.PAIR, Kind.APP) and tries < TRIES_MAX:
        # Pair rate: retry after 4^X seconds, X = 0, 1, 2 ... (reference, section 4).
        wait = 4**tries if kind == Kind.PAIR else 2 ** (tries + (3 if kind == Kind.APP else 0))
        later.append((row, now + timedelta(seconds=wait), code))
        return
    if kind in (Kind.NUMBER, Kind.TENANT):
        # Nothing is wrong with the message: it waits, unsent, until the number or the account works again.
        later.append((row, now, code))
        pause_number(row.number_id, code, answer.detail, now=now) if kind == Kind.NUMBER else pause_account(
            row.number_id, code, answer.detail, now=now
        )
        return
    if kind == Kind.WAIT24:
        Outbound.objects.filter(pk=row.pk).update(state=Outbound.State.WAITING, error_code=code, leased_until=None)
        SendRequest.objects.filter(pk=request.pk).update(
            state=SendRequest.State.WAITING, next_at=now + timedelta(hours=24), updated_at=now
        )
        Message.objects.filter(pk=request.message_id).update(state=Message.State.WAITING, error_code=code)
        settle({request.pk: "released"}, now=now)
        lanes.wake("requests", at=now + timedelta(hours=24))
        return
    if kind == Kind.RECIPIENT and code == "131026":
        ContactPoint.objects.filter(pk=request.contact_point_id).update(unreachable_at=now)
    if kind == Kind.TEMPLATE and request.template_id:
        MessageTemplate.objects.filter(pk=request.template_id, status=MessageTemplate.Status.APPROVED).update(
            status=MessageTemplate.Status.PAUSED, rejected_reason=f"{code} {answer.detail}"[:300], updated_at=now
        )
    Outbound.objects.filter(pk=row.pk).update(
        state=Outbound.State.REFUSED,
        error_code=code,
        error_detail=answer.detail[:300],
        settled_at=now,
        leased_until=None,
    )
    SendRequest.objects.filter(pk=request.pk).update(state=SendRequest.State.REFUSED, settled_at=now, updated_at=now)
    Message.objects.filter(pk=request.message_id).update(state=Message.State.REFUSED, error_code=code)
    settle({request.pk: "released"}, now=now)
    emit_many([
        Emit("message.refused", "messaging.message", request.message_id, now, request.creditor_id,
             data={"request": str(request.pk), "code": code, "kind": kind.value, "debtor": str(request.debtor_id)})
    ])  # fmt: skip


def pause_number(number_id: uuid.UUID, code: str, detail: str, *, now: datetime) -> bool:
    """Stop a number until somebody lifts it; one event however many sends found it out."""
    changed = Number.objects.filter(pk=number_id, paused_at=None).update(
        paused_at=now, paused_until=None, pause_code=code
    )
    if changed:
        audit.record(
            "number.pause",
            actor="system:dispatcher",
            subject="messaging.number",
            subject_id=number_id,
            reason=f"{code} {detail}",
        )
        emit_many(
            [Emit("number.paused", "messaging.number", number_id, now, data={"code": code, "detail": detail[:200]})]
        )
    return bool(changed)


def pause_account(number_id: uuid.UUID, code: str, detail: str, *, now: datetime) -> bool:
    """Stop a WhatsApp account: its token is dead, its bill is unpaid, or Meta restricted it. One event."""
    account_id = Number.objects.values_list("account_id", flat=True).get(pk=number_id)
    changed = WhatsAppAccount.objects.filter(pk=account_id, paused_at=None).update(
        paused_at=now, pause_code=code, pause_detail=detail[:300]
    )
    if changed:
        audit.record(
            "account.pause",
            actor="system:dispatcher",
            subject="messaging.whatsappaccount",
            subject_id=account_id,
            reason=f"{code} {detail}",
        )
        emit_many(
            [
                Emit(
                    "account.paused",
                    "messaging.whatsappaccount",
                    account_id,
                    now,
                    data={"code": code, "detail": detail[:200]},
                )
            ]
        )
    return bool(changed)


def resume_account(account_id: uuid.UUID, *, actor: str, now: datetime) -> None:
    """The account works again (a new token, the bill paid): everything that waits goes on by itself."""
    WhatsAppAccount.objects.filter(pk=account_id).update(paused_at=None, pause_code="", pause_detail="")
    audit.record("account.resume", actor=actor, subject="messaging.whatsappaccount", subject_id=account_id)
    for number_id in Number.objects.filter(account_id=account_id).values_list("id", flat=True):
        lanes.wake("dispatch", str(number_id), at=now)
    SendRequest.objects.filter(state=SendRequest.State.WAITING, next_at=None).update(next_at=now)
    lanes.wake("requests", at=now)
    emit_many([Emit("account.resumed", "messaging.whatsappaccount", account_id, now)])


def settled_by_hand(row: Outbound, *, sent: bool, actor: str, now: datetime) -> None:
    """A person says what became of an uncertain send."""
    state = (Outbound.State.ACCEPTED, SendRequest.State.SENT, Message.State.ACCEPTED) if sent else (
        Outbound.State.REFUSED, SendRequest.State.REFUSED, Message.State.REFUSED
    )  # fmt: skip
    request = SendRequest.objects.get(pk=row.request_id)
    Outbound.objects.filter(pk=row.pk).update(state=state[0], settled_at=now)
    SendRequest.objects.filter(pk=request.pk).update(state=state[1], settled_at=now, updated_at=now)
    Message.objects.filter(pk=request.message_id, state=Message.State.UNCERTAIN).update(state=state[2])
    settle({request.pk: "counted" if sent else "released"}, now=now)
    audit.record(
        "outbound.settle", actor=actor, subject="messaging.outbound", subject_id=row.pk,
        before={"state": "uncertain"}, after={"state": str(state[0])}, creditor_id=row.creditor_id,
    )  # fmt: skip
    emit_many(
        [
            Emit(
                "message.accepted" if sent else "message.refused",
                "messaging.message",
                request.message_id,
                now,
                row.creditor_id,
                data={"request": str(request.pk), "debtor": str(request.debtor_id)},
            )
        ]
    )
