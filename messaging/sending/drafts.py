"""Drafts: a wish with everything that the gate has to know about it looked up, and its words read."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from compliance import language
from compliance.decide.values import IDENTITY_PERMITS
from compliance.services import Ask
from kernel.errors import DomainError
from kernel.ids import uuid7
from messaging.models import Conversation, MessageTemplate, Number, SendRequest
from messaging.sending.channel_facts import Channels, Thread, conversations_of, threads
from messaging.sending.wishes import Wish, check_content, render, words
from portfolio.models import ContactPoint, Creditor
from tenants import bulk

_WRITABLE_ROLES = [ContactPoint.Role.OWNER, ContactPoint.Role.REPRESENTATIVE, ContactPoint.Role.ACCOUNTS_PAYABLE]


class Point(NamedTuple):
    """As much of a contact point as sending needs: a batch has hundreds."""

    pk: uuid.UUID
    kind: str
    value: str
    wire_value: str
    role: str
    identity: str
    reported_wrong_at: datetime | None
    unreachable_at: datetime | None


_ADDRESSEES = """
SELECT d.id, d.creditor_id, d.person_id,
       p.id, p.kind, p.value, p.wire_value, p.role, p.identity, p.reported_wrong_at, p.unreachable_at
FROM portfolio_debtor d
LEFT JOIN portfolio_contactpoint p ON p.tenant_id = d.tenant_id AND p.person_id = d.person_id
WHERE d.id = ANY(%s::uuid[])
"""


@dataclass(slots=True)
class Draft:
    """A wish on its way to the gate, with everything looked up."""

    wish: Wish
    person_id: uuid.UUID
    contact: Point
    number: Number
    conversation: Thread | Conversation
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


_Address = TypeVar("_Address", ContactPoint, Point)


def best_contact(points: Iterable[_Address]) -> _Address | None:
    """The address to write to: usable before unusable, verified before known, the newest of equals."""
    order = {"verified": 0, "claimed": 1, "contacted": 2, "unknown": 3, "wrong_person": 4}
    usable = [p for p in points if p.kind in ("phone", "bsuid") and p.role in _WRITABLE_ROLES]
    usable.sort(
        key=lambda p: (p.reported_wrong_at is not None, p.unreachable_at is not None, order[p.identity], -p.pk.int)
    )
    return usable[0] if usable else None


def drafts_of(wishes: Sequence[Wish], channels: Channels, *, now: datetime, keep: bool = True) -> list[Draft]:
    """Drafts of these wishes, in order; `keep` False (previews) makes no conversation where there is none."""
    debtors, points = _addressees({wish.debtor_id for wish in wishes})
    wanted = {w.content["template_id"] for w in wishes if w.content.get("kind") == "template"}
    templates = {str(t.pk): t for t in MessageTemplate.objects.filter(pk__in=wanted)} if wanted else {}
    known = {w.conversation_id for w in wishes if w.conversation_id}
    given = {thread.pk: thread for thread in threads("id = ANY(%s::uuid[])", [bulk.array(known)])} if known else {}
    creditors = {c.pk: c for c in Creditor.objects.filter(pk__in={w.creditor_id for w in wishes})}
    placed: list[tuple[Wish, uuid.UUID, Point, Number]] = []
    serving: dict[uuid.UUID, Number | None] = {}
    for wish in wishes:
        creditor_id, person_id = debtors.get(wish.debtor_id, (None, None))
        if person_id is None or creditor_id != wish.creditor_id or wish.creditor_id not in creditors:
            raise DomainError("not_found", "there is no such debtor at this creditor")
        own = points[person_id]
        conversation = given.get(wish.conversation_id) if wish.conversation_id else None
        if conversation is not None:
            contact = next((p for p in own if p.pk == conversation.contact_point_id), None)
        elif wish.contact_point_id:
            contact = next((p for p in own if p.pk == wish.contact_point_id), None)
        else:
            contact = best_contact(own)
        if contact is None:
            raise DomainError("no_address", "this debtor has no WhatsApp address: add a phone number with its source")
        if conversation is not None:
            number = channels.numbers.get(conversation.number_id)
        else:
            if wish.creditor_id not in serving:
                serving[wish.creditor_id] = channels.number_for(wish.creditor_id)
            number = serving[wish.creditor_id]
        if number is None:
            raise DomainError("no_number", "no WhatsApp number serves this creditor: connect one first")
        placed.append((wish, person_id, contact, number))
    opened = _conversations(placed, now=now, keep=keep)
    return [
        _draft(
            wish, person_id, contact, number,
            (given.get(wish.conversation_id) if wish.conversation_id else None) or opened[number.pk, contact.kind, contact.value],
            templates, creditors[wish.creditor_id],
        )
        for wish, person_id, contact, number in placed
    ]  # fmt: skip


def _addressees(
    debtor_ids: Collection[uuid.UUID],
) -> tuple[dict[uuid.UUID, tuple[uuid.UUID, uuid.UUID]], dict[uuid.UUID, list[Point]]]:
    """By debtor the creditor and the person; by person the contact points."""
    debtors: dict[uuid.UUID, tuple[uuid.UUID, uuid.UUID]] = {}
    points: dict[uuid.UUID, dict[uuid.UUID, Point]] = defaultdict(dict)
    with bulk.beside() as cursor:
        cursor.execute(_ADDRESSEES, [bulk.array(debtor_ids)])
        for debtor_id, creditor_id, person_id, point_id, *rest in cursor.fetchall():
            debtors[debtor_id] = creditor_id, person_id
            if point_id is not None:
                points[person_id][point_id] = Point(point_id, *rest)
    return debtors, defaultdict(list, {person_id: list(own.values()) for person_id, own in points.items()})


def _conversations(
    places: Sequence[tuple[Wish, uuid.UUID, Point, Number]], *, now: datetime, keep: bool
) -> Mapping[tuple[uuid.UUID, str, str], Thread | Conversation]:
    """The conversations of these addresses, made (and kept, if wanted) where there is none."""
    keys = {(number.pk, contact.kind, contact.value) for _, _, contact, number in places}
    found = conversations_of(keys)
    missing = {}
    for wish, person_id, contact, number in places:
        key = (number.pk, contact.kind, contact.value)
        if key not in found and key not in missing:
            missing[key] = Conversation(
                number=number, address_kind=contact.kind, address=contact.value, wire_address=contact.wire_value,
                contact_point_id=contact.pk, person_id=person_id, debtor_id=wish.debtor_id, created_at=now, updated_at=now,
            )  # fmt: skip
    if not keep:
        return {**found, **missing}
    if missing:
        Conversation.objects.bulk_create(missing.values(), ignore_conflicts=True)
        found = conversations_of(keys)
    return found


def _draft(
    wish: Wish, person_id: uuid.UUID, contact: Point, number: Number, conversation: Thread | Conversation,
    templates: dict[str, MessageTemplate], creditor: Creditor,
) -> Draft:  # fmt: skip
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
    if wish.message_class == "consent_request" and disclosure > min(1, IDENTITY_PERMITS[contact.identity]):
        # No identity rule stands before this class (conventions.rule_kinds_by_class): it is held here to say nothing.
        raise DomainError(
            "consent_request_reveals", "a question for consent says nothing of a debt: take it out of the text",
            pointer="/content/text",
        )  # fmt: skip
    missing = frozenset(wish.missing or ()) if wish.missing is not None else missing_of(template)
    return Draft(
        wish=wish, person_id=person_id, contact=contact, number=number, conversation=conversation, template=template,
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


def missing_of(template: MessageTemplate | None) -> frozenset[str]:
    """Required fields that the message does not carry; the gate objects to those that the debtor's rules ask for."""
    return _REQUIRED if template is None else _without(tuple(template.content))


@lru_cache(maxsize=1024)
def _without(carried: tuple[str, ...]) -> frozenset[str]:
    return _REQUIRED.difference(carried)


def registered_accounts(creditor: Creditor, content: dict[str, Any]) -> frozenset[str]:
    """What money may be sent to: the creditor's accounts and keys, and the codes that we made for this message."""
    values = [str(v) for part in creditor.pay_to.values() if isinstance(part, dict) for v in part.values()]
    values += [str(code) for code in content.get("codes", [])]
    return frozenset(value for value in values if value)


def ask_about(draft: Draft, channel: Any) -> Ask:
    wish = draft.wish
    return Ask(
        request_id=draft.request_id, origin=wish.origin_kind, actor=wish.actor, message_class=wish.message_class,
        channel="whatsapp", disclosure=draft.disclosure, flags=draft.flags, missing=draft.missing,
        creditor_id=wish.creditor_id, debtor_id=wish.debtor_id, person_id=draft.person_id,
        contact_point_id=draft.contact.pk, invoice_ids=wish.invoice_ids, text_hash=salted(draft.salt, draft.text),
        channel_facts=channel,
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
