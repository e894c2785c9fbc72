"""request_send: the one door for everything that anybody wants to say.

In one transaction a wish becomes a SendRequest with its Message, a Decision of the gate and, when the gate allows it,
a budget reservation and an Outbound row: together or not at all. Only `_outbound` makes Outbound rows.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from compliance import language
from compliance.services import Ask, Ruling, authorise, settle
from compliance.services.values import Moment
from kernel.errors import DomainError
from kernel.ids import uuid7
from messaging.models import Conversation, Message, MessageTemplate, Number, Outbound, SendRequest
from messaging.sending.channel_facts import Channels, conversations_of
from messaging.sending.wishes import Wish, check_content, render, words
from portfolio.models import ContactPoint, Creditor, Debtor, Person
from portfolio.services import bulk
from tenants import lanes
from tenants.events import Emit, emit_many
from tenants.scope import current_tenant_id
from tenants.tasks import nudge

#: How long a wish waits for its hour before it is dropped, by class, when it says nothing itself.
PATIENCE = {"reply": timedelta(hours=24), "service": timedelta(days=3), "optout_confirmation": timedelta(hours=24)}
DEFAULT_PATIENCE = timedelta(days=3)
ALIVE = [SendRequest.State.WAITING, SendRequest.State.QUEUED]
_WRITABLE_ROLES = [ContactPoint.Role.OWNER, ContactPoint.Role.REPRESENTATIVE, ContactPoint.Role.ACCOUNTS_PAYABLE]


@dataclass(slots=True)
class _Draft:
    """A wish on its way to the gate, with everything looked up."""

    wish: Wish
    debtor: Debtor
    contact: ContactPoint
    number: Number
    conversation: Conversation
    template: MessageTemplate | None
    content: dict[str, Any]
    text: str
    salt: str
    disclosure: int
    flags: frozenset[str]
    missing: frozenset[str]
    request_id: uuid.UUID
    message_id: uuid.UUID


def salted(salt: str, text: str) -> str:
    """The hash of the words that the ledger holds instead of the words."""
    return hashlib.sha256(f"{salt}\x00{text}".encode()).hexdigest()


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
    channels = Channels(now=now) if fresh else None
    drafts = _drafts(fresh, channels, now=now) if channels else []
    asks = []
    for draft in drafts:
        assert channels is not None
        facts = channels.facts(
            draft.conversation, draft.wish.creditor_id, template_id=draft.template.pk if draft.template else None
        )
        asks.append(_ask(draft, facts))
    rulings = authorise(asks, now=now, moment=moment, skip_locked=skip_locked) if asks else []
    made = _write([(draft, ruling) for draft, ruling in zip(drafts, rulings, strict=True) if ruling], now=now)
    answers = {**known, **{(row.origin_kind, row.origin_id): row for row in made}}
    return [answers.get((wish.origin_kind, wish.origin_id)) for wish in wishes]


def _already(wishes: Sequence[Wish]) -> dict[tuple[str, str], SendRequest]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for wish in wishes:
        by_kind[wish.origin_kind].append(wish.origin_id)
    dead = [SendRequest.State.WITHDRAWN, SendRequest.State.EXPIRED]
    found: dict[tuple[str, str], SendRequest] = {}
    for kind, ids in by_kind.items():
        for row in SendRequest.objects.filter(origin_kind=kind, origin_id__in=ids).exclude(state__in=dead):
            found[row.origin_kind, row.origin_id] = row
    return found


def best_contact(points: Iterable[ContactPoint]) -> ContactPoint | None:
    """The address to write to: usable before unusable, verified before known, the newest of equals."""
    order = {"verified": 0, "claimed": 1, "contacted": 2, "unknown": 3, "wrong_person": 4}
    usable = [p for p in points if p.kind in ("phone", "bsuid") and p.role in _WRITABLE_ROLES]
    usable.sort(
        key=lambda p: (p.reported_wrong_at is not None, p.unreachable_at is not None, order[p.identity], -p.pk.int)
    )
    return usable[0] if usable else None


def _drafts(wishes: Sequence[Wish], channels: Channels, *, now: datetime) -> list[_Draft]:
    debtors = {d.pk: d for d in Debtor.objects.filter(pk__in={w.debtor_id for w in wishes})}
    persons = {d.person_id for d in debtors.values()}
    points: dict[uuid.UUID, list[ContactPoint]] = defaultdict(list)
    for point in ContactPoint.objects.filter(person_id__in=persons):
        points[point.person_id].append(point)
    wanted = {w.content["template_id"] for w in wishes if w.content.get("kind") == "template"}
    templates = {str(t.pk): t for t in MessageTemplate.objects.filter(pk__in=wanted)} if wanted else {}
    given = {
        c.pk: c for c in Conversation.objects.filter(pk__in={w.conversation_id for w in wishes if w.conversation_id})
    }
    creditors = {c.pk: c for c in Creditor.objects.filter(pk__in={w.creditor_id for w in wishes})}
    placed: list[tuple[Wish, Debtor, ContactPoint, Number]] = []
    for wish in wishes:
        debtor = debtors.get(wish.debtor_id)
        if debtor is None or debtor.creditor_id != wish.creditor_id or wish.creditor_id not in creditors:
            raise DomainError("not_found", "there is no such debtor at this creditor")
        own = points[debtor.person_id]
        conversation = given.get(wish.conversation_id) if wish.conversation_id else None
        if conversation is not None:
            contact = next((p for p in own if p.pk == conversation.contact_point_id), None)
        elif wish.contact_point_id:
            contact = next((p for p in own if p.pk == wish.contact_point_id), None)
        else:
            contact = best_contact(own)
        if contact is None:
            raise DomainError("no_address", "this debtor has no WhatsApp address: add a phone number with its source")
        number = channels.numbers.get(conversation.number_id) if conversation else channels.number_for(wish.creditor_id)
        if number is None:
            raise DomainError("no_number", "no WhatsApp number serves this creditor: connect one first")
        placed.append((wish, debtor, contact, number))
    threads = _conversations([(n, p, d) for _, d, p, n in placed], now=now)
    return [
        _draft(
            wish, debtor, contact, number,
            (given.get(wish.conversation_id) if wish.conversation_id else None) or threads[number.pk, contact.kind, contact.value],
            templates, creditors[wish.creditor_id],
        )
        for wish, debtor, contact, number in placed
    ]  # fmt: skip


def _conversations(
    places: Sequence[tuple[Number, ContactPoint, Debtor]], *, now: datetime
) -> dict[tuple[uuid.UUID, str, str], Conversation]:
    """The conversations of these addresses, made where there is none."""
    keys = {(number.pk, contact.kind, contact.value) for number, contact, _ in places}
    found = conversations_of(keys)
    missing = {}
    for number, contact, debtor in places:
        key = (number.pk, contact.kind, contact.value)
        if key not in found and key not in missing:
            missing[key] = Conversation(
                number=number, address_kind=contact.kind, address=contact.value, wire_address=contact.wire_value,
                contact_point=contact, person_id=debtor.person_id, debtor_id=debtor.pk, created_at=now, updated_at=now,
            )  # fmt: skip
    if missing:
        Conversation.objects.bulk_create(missing.values(), ignore_conflicts=True)
        found = conversations_of(keys)
    return found


def _draft(
    wish: Wish, debtor: Debtor, contact: ContactPoint, number: Number, conversation: Conversation,
    templates: dict[str, MessageTemplate], creditor: Creditor,
) -> _Draft:  # fmt: skip
    content = dict(wish.content)
    template: MessageTemplate | None = None
    if content["kind"] == "template":
        template = templates.get(str(content["template_id"]))
        if template is None:
            raise DomainError("template_unknown", "there is no such message template", pointer="/content/template_id")
        if template.status != MessageTemplate.Status.APPROVED:
            raise DomainError(
                "template_not_approved", "the template %(name)s is %(status)s: only approved ones can be sent",
                name=template.name, status=template.status,
            )  # fmt: skip
        content.update(
            name=template.name, language=template.language, buttons=template.buttons,
            text=render(template.body, content.get("variables") or {}), footer=template.footer,
        )  # fmt: skip
    check_content(content)
    text = words(content) if template is None else "\n".join(filter(None, [content["text"], template.footer]))
    disclosure, flags = wish.disclosure, wish.flags
    if template is not None:
        disclosure = template.disclosure if disclosure is None else max(disclosure, template.disclosure)
        flags = frozenset(template.flags) | (flags or frozenset())
    else:
        # What is typed or generated is read, whatever its author says of it: a text without flags is not decided.
        names = tuple(filter(None, [creditor.name, creditor.legal_name]))
        context = language.Context(
            creditor_names=names,
            registered_accounts=registered_accounts(creditor, content),
            identity_verified=contact.identity == ContactPoint.Identity.VERIFIED,
            max_instalments=creditor.policy.get("max_instalments"),
            max_discount_percent=creditor.policy.get("max_discount_percent"),
        )
        scan = language.scan(text, author="agent" if wish.origin_kind in ("agent", "api") else "bot", context=context)
        flags = language.flags_for(scan, text, context) | (flags or frozenset())
        seen = language.disclosure_of(text, names)
        disclosure = seen if disclosure is None else max(disclosure, seen)
    missing = frozenset(wish.missing or ()) if wish.missing is not None else _missing(template)
    return _Draft(
        wish=wish, debtor=debtor, contact=contact, number=number, conversation=conversation, template=template,
        content=content, text=text, salt=os.urandom(16).hex(), disclosure=disclosure, flags=flags, missing=missing,
        request_id=uuid7(), message_id=uuid7(),
    )  # fmt: skip


#: What a template that speaks of a debt has to carry is checked against this list (template lint fills `content`).
_REQUIRED = frozenset(
    [
        "sender_legal_name",
        "creditor_name",
        "debt_origin",
        "amount",
        "due_date",
        "how_to_pay_creditor_channel",
        "contact_for_questions",
        "opt_out_line",
        "payment_options",
        "creditor_address",
        "creditor_cpf_or_cnpj",
        "collector_firm_name",
        "agent_name",
        "contract_or_credit_id",
        "amount_breakdown_principal_interest_fees",
        "calculation_date",
        "conditions_to_settle",
        "creditor_account_for_payment",
        "complaint_channel",
        "interest_and_collection_costs",
        "payment_method",
        "debtor_rights",
        "not_a_judicial_execution_statement",
        "agency_name_and_contact",
        "interest_separately",
        "authority_to_collect",
        "principal_amount",
        "interest",
        "fines",
        "fees_itemised",
        "collector_name",
        "mini_miranda_initial_or_subsequent",
        "prior_notice_that_debt_was_assigned_to_agent",
        "agent_address_phone",
    ]
)


def _missing(template: MessageTemplate | None) -> frozenset[str]:
    """Required fields that the message does not carry; the gate objects to those that the debtor's rules ask for."""
    return _REQUIRED if template is None else _REQUIRED - frozenset(template.content)


def registered_accounts(creditor: Creditor, content: dict[str, Any]) -> frozenset[str]:
    """What money may be sent to: the creditor's accounts and keys, and the codes that we made for this message."""
    values = [str(v) for part in creditor.pay_to.values() if isinstance(part, dict) for v in part.values()]
    values += [str(code) for code in content.get("codes", [])]
    return frozenset(value for value in values if value)


def _ask(draft: _Draft, channel: Any) -> Ask:
    wish = draft.wish
    return Ask(
        request_id=draft.request_id, origin=wish.origin_kind, actor=wish.actor, message_class=wish.message_class,
        channel="whatsapp", disclosure=draft.disclosure, flags=draft.flags, missing=draft.missing,
        creditor_id=wish.creditor_id, debtor_id=wish.debtor_id, person_id=draft.debtor.person_id,
        contact_point_id=draft.contact.pk, invoice_ids=wish.invoice_ids, text_hash=salted(draft.salt, draft.text),
        channel_facts=channel,
    )  # fmt: skip


def _write(decided: Sequence[tuple[_Draft, Ruling]], *, now: datetime) -> list[SendRequest]:
    if not decided:
        return []
    messages, requests, outbounds, events = [], [], [], []
    wakes: dict[tuple[str, str], datetime] = {}
    tenant_id = current_tenant_id()
    for draft, ruling in decided:
        wish, allow, deny = draft.wish, ruling.verdict == "allow", ruling.verdict == "deny"
        state = "queued" if allow else "withdrawn" if deny else "waiting"
        message = Message(
            id=draft.message_id, tenant_id=tenant_id, conversation_id=draft.conversation.pk, creditor_id=wish.creditor_id,
            debtor_id=wish.debtor_id, direction="out", source=wish.origin_kind, author=wish.actor,
            kind=draft.content["kind"], message_class=wish.message_class, text=draft.text, salt=draft.salt,
            content={"buttons": draft.content.get("buttons", []), "rows": draft.content.get("rows", []),
                     "codes": draft.content.get("codes", [])},
            reply_to_id=wish.reply_to_id, state="withdrawn" if deny else "waiting", at=now, recorded_at=now,
        )  # fmt: skip
        patience = PATIENCE.get(wish.message_class, DEFAULT_PATIENCE)
        request = SendRequest(
            id=draft.request_id, tenant_id=tenant_id, creditor_id=wish.creditor_id, debtor_id=wish.debtor_id,
            person_id=draft.debtor.person_id, contact_point_id=draft.contact.pk, conversation_id=draft.conversation.pk,
            number_id=draft.number.pk, message_id=draft.message_id, channel="whatsapp", message_class=wish.message_class,
            disclosure=draft.disclosure, flags=sorted(draft.flags), missing=sorted(draft.missing),
            invoice_ids=list(wish.invoice_ids), template=draft.template, payload=draft.content,
            origin_kind=wish.origin_kind, origin_id=wish.origin_id, actor=wish.actor, state=state,
            verdict=ruling.verdict, decision_id=ruling.recorded, next_at=ruling.next_allowed_at if not allow else None,
            expires_at=wish.expires_at or now + patience, requested_at=now,
            settled_at=now if deny else None, updated_at=now,
        )  # fmt: skip
        messages.append(message)
        requests.append(request)
        if allow:
            outbounds.append(_outbound(request, draft.contact.value, wish.priority, now=now))
            wakes["dispatch", str(draft.number.pk)] = now
        elif not deny:
            due = min(filter(None, [request.next_at, request.expires_at]))
            wakes["requests", ""] = min(due, wakes.get(("requests", ""), due))
        name = "message.queued" if allow else "message.blocked" if deny else "message.deferred"
        events.append(Emit(name, "messaging.message", message.pk, now, wish.creditor_id, data={
            "request": str(request.pk), "conversation": str(draft.conversation.pk), "class": wish.message_class,
            "debtor": str(wish.debtor_id), "rules": [finding.rule for finding in ruling.findings][:20],
        }))  # fmt: skip
    bulk.insert(Message, messages)
    bulk.insert(SendRequest, requests)
    bulk.insert(Outbound, outbounds)
    lanes.wake_many([(tenant_id, kind, key, at) for (kind, key), at in wakes.items()])
    emit_many(events)
    nudge()
    return requests


def _outbound(request: SendRequest, to: str, priority: int, *, now: datetime) -> Outbound:
    """The only place where an Outbound row is made: beside its allow decision, or the database refuses it."""
    return Outbound(
        tenant_id=request.tenant_id, creditor_id=request.creditor_id, request=request, number_id=request.number_id,
        decision_id=request.decision_id, verdict="allow", to=to, priority=priority, not_before=now, created_at=now,
    )  # fmt: skip


def ask_of(request: SendRequest, channels: Channels, conversation: Conversation, text_hash: str) -> Ask:
    """The question about an existing request, with the channel's facts as they are now."""
    return Ask(
        request_id=request.pk, origin=request.origin_kind, actor=request.actor, message_class=request.message_class,
        channel=request.channel, disclosure=request.disclosure, flags=frozenset(request.flags),
        missing=frozenset(request.missing), creditor_id=request.creditor_id, debtor_id=request.debtor_id,
        person_id=request.person_id, contact_point_id=request.contact_point_id,
        invoice_ids=tuple(request.invoice_ids), text_hash=text_hash,
        channel_facts=channels.facts(conversation, request.creditor_id, template_id=request.template_id),
    )  # fmt: skip


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
                Outbound.objects.bulk_create([_outbound(request, to, 5, now=now)])
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
    person_id: uuid.UUID, *, reason: str, now: datetime, classes: Sequence[str] | None = ("collection", "identity_probe"),
    debtor_id: uuid.UUID | None = None,
) -> int:  # fmt: skip
    """Take back a person's waiting and queued messages of these classes (None: all); returns how many."""
    rows = SendRequest.objects.select_for_update().filter(person_id=person_id, state__in=ALIVE)
    if classes is not None:
        rows = rows.filter(message_class__in=classes)
    if debtor_id is not None:
        rows = rows.filter(debtor_id=debtor_id)
    return withdraw(list(rows.order_by("id")), reason=reason, now=now)


def lock_persons(person_ids: Iterable[uuid.UUID]) -> None:
    """Lock persons in id order, as every writer about a person does."""
    list(Person.objects.select_for_update().filter(pk__in=sorted(set(person_ids))).order_by("pk").values_list("pk"))


__all__ = ["Wish", "ask_again", "best_contact", "request_send", "withdraw", "withdraw_of_person"]
