"""Asking whether we may write, and what their answer is worth: a statement with everything that proves it.

The question says nothing of a debt. Where it may go the gate decides (class consent_request): inside a window that the
debtor opened, or on an older yes to WhatsApp that did not speak of payments.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from compliance.services import Proof, standing_consents
from compliance.services.consent import Whose
from kernel.errors import DomainError
from messaging.bot import texts
from messaging.message_templates import variables
from messaging.message_templates.choose import TemplateShelf, sender_of
from messaging.message_templates.library import CONSENT
from messaging.models import Conversation, Message, ProviderMessage, SendRequest
from messaging.sending.channel_facts import WINDOW, WINDOW_MARGIN
from messaging.sending.previews import previews
from messaging.sending.request import BATCH, request_send
from messaging.sending.wishes import Content, Wish, render
from messaging.sequences.decide import local_date
from messaging.sequences.services import Account, accounts
from portfolio.models import ContactPoint, Debtor

#: Who did not answer is asked again after this at the earliest.
AGAIN = timedelta(days=30)
CLASS = "consent_request"
#: Names the bot's own question in the evidence; other words get another number.
VERSION = "bot-1"
#: The buttons, and whether each is a yes.
ANSWERS = {"consent:yes": True, "consent:no": False}
_ALIVE = ("waiting", "queued", "sent", "uncertain")
#: Whose own answer settles it; everybody else may be asked.
_ANSWERED = frozenset({"granted", "refused", "revoked"})


@dataclass(slots=True)
class Asked:
    """What became of asking: the requests that were made, and why others were not asked (code -> how many)."""

    requests: list[SendRequest] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    @property
    def allowed(self) -> int:
        """How many of them go out at once."""
        return sum(1 for request in self.requests if request.verdict == "allow")


def question(account: Account, point: ContactPoint, language: str) -> Content:
    """The question as it is put inside an open conversation; the creditor is named to who proved to be the debtor."""
    country = account.person.country or account.creditor.country
    named = point.identity in (ContactPoint.Identity.CLAIMED, ContactPoint.Identity.VERIFIED)
    words = texts.say(
        language, country, "ask_consent_named" if named else "ask_consent", creditor=account.creditor.name
    )
    buttons = [{"id": name, "title": texts.title(language, country, name)} for name in ANSWERS]
    return {"kind": "buttons", "text": words, "buttons": buttons, "version": f"{VERSION}-{language}"}


def may_be_asked(pairs: Iterable[Whose], now: datetime) -> set[Whose]:
    """Of these (person, creditor, contact point): who has not answered yet and was not asked of late. Three queries."""
    wanted = list(pairs)
    open_ones = {key for key, state in standing_consents(wanted, now).items() if state not in _ANSWERED}
    if not open_ones:
        return set()
    debtors = Debtor.objects.filter(person_id__in={person for person, _, _ in open_ones}).values_list("pk", flat=True)
    recent = SendRequest.objects.filter(
        debtor_id__in=list(debtors), message_class=CLASS, requested_at__gt=now - AGAIN, state__in=_ALIVE
    )
    asked = set(recent.values_list("person_id", "creditor_id", "contact_point_id"))
    return open_ones - asked


def ask(debtor_ids: Collection[uuid.UUID], *, actor: str, origin: str, now: datetime) -> Asked:
    """Ask these debtors whether we may write to them, as far as the gate lets the question out now or later.

    Who answered already, was asked of late, or may not be asked is left out and counted. Doing it twice asks once.
    `origin`: agent, bot or system.
    """
    done = Asked()
    loaded = accounts(debtor_ids)
    for start in range(0, len(loaded), BATCH):
        _ask(loaded[start : start + BATCH], done, actor=actor, origin=origin, now=now)
    return done


def _ask(loaded: Sequence[Account], done: Asked, *, actor: str, origin: str, now: datetime) -> None:
    shelf = TemplateShelf()
    shelf.prefetch(loaded)
    points: list[tuple[Account, ContactPoint]] = []
    for account in loaded:
        try:
            points.append((account, shelf.contact(account)))
        except DomainError as error:
            done.left[error.code] += 1
    keys = {(account.person.pk, account.creditor.pk, point.pk) for account, point in points}
    open_ones = may_be_asked(keys, now)
    windows = _windows([point for _, point in points], now)
    wishes: list[Wish] = []
    for account, point in points:
        key = (account.person.pk, account.creditor.pk, point.pk)
        if key not in open_ones:
            done.left["answered_or_asked"] += 1
            continue
        open_ones.discard(key)  # one person, two accounts at one creditor: one question
        try:
            wishes.append(_wish(account, point, windows.get(point.pk), shelf, actor=actor, origin=origin, now=now))
        except DomainError as error:
            done.left[error.code] += 1
    if not wishes:
        return
    going = []
    for wish, outlook in zip(wishes, previews(wishes, now=now, channels=shelf.channels(now=now)), strict=True):
        if outlook.decision.verdict == "deny":
            done.left[outlook.decision.rules[0]] += 1
        else:
            going.append(wish)
    for request in request_send(going, now=now, skip_locked=len(going) > 1):
        if request is None:
            done.left["busy"] += 1
        else:
            done.requests.append(request)


def _windows(points: Sequence[ContactPoint], now: datetime) -> dict[uuid.UUID, Conversation]:
    """Contact point -> the conversation in which the provider's window is open."""
    rows = Conversation.objects.filter(
        person_id__in={point.person_id for point in points}, contact_point_id__in=[point.pk for point in points],
        last_inbound_at__gt=now - WINDOW + WINDOW_MARGIN,
    ).order_by("last_inbound_at")  # fmt: skip
    return {row.contact_point_id: row for row in rows if row.contact_point_id is not None}


def _wish(
    account: Account, point: ContactPoint, window: Conversation | None, shelf: TemplateShelf, *, actor: str, origin: str,
    now: datetime,
) -> Wish:  # fmt: skip
    """The question in plain words while the window is open, by template otherwise."""
    reason = f"consent:{point.pk}:{account.creditor.pk}:{local_date(now, account.zone).isoformat()}"
    if window is not None and window.last_inbound_at is not None:
        language = texts.language_of(account.person.language or account.creditor.language)
        return Wish(
            creditor_id=account.creditor.pk, debtor_id=account.debtor.pk, message_class=CLASS,
            content=question(account, point, language), origin_kind=origin, origin_id=reason, actor=actor,
            conversation_id=window.pk, missing=(), expires_at=window.last_inbound_at + WINDOW - WINDOW_MARGIN,
        )  # fmt: skip
    number = shelf.number(account, now=now)
    template = shelf.template(account, CONSENT, now=now)
    tenant = shelf.channels(now=now).tenant
    places = variables.values(
        person=account.person, creditor=account.creditor, sender=sender_of(tenant, account, number), invoices=(),
        language=template.language, today=local_date(now, account.zone),
    )  # fmt: skip
    filled = variables.fill(template.body, places, template.variables)
    render(template.body, filled)
    return Wish(
        creditor_id=account.creditor.pk, debtor_id=account.debtor.pk, message_class=template.message_class,
        content={"kind": "template", "template_id": str(template.pk), "variables": filled}, origin_kind=origin,
        origin_id=reason, actor=actor, contact_point_id=point.pk,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """Our question that a tap answers."""

    message: Message
    request: SendRequest


def question_of(answer: Message) -> Question | None:
    """The question that a message answers: the one that it replies to, else the last one in its conversation."""
    asked = Message.objects.filter(conversation_id=answer.conversation_id, direction="out", message_class=CLASS)
    found = asked.filter(pk=answer.reply_to_id).first() if answer.reply_to_id else None
    found = found or asked.filter(at__lte=answer.at).order_by("-at", "-id").first()
    if found is None or found.debtor_id is None:
        return None
    sent = SendRequest.objects.select_related("template").filter(debtor_id=found.debtor_id, message_id=found.pk)
    request = sent.first()
    return Question(found, request) if request is not None else None


def proof_of(answer: Message, asked: Question, account: Account, point: ContactPoint, *, granted: bool) -> Proof:
    """What a tap proves: who, at which number, to which exact words, asked by whom, and the provider's own ids."""
    template = asked.request.template
    version = f"{template.name}/{template.language}" if template else str(asked.request.payload.get("version", VERSION))
    ids = dict(
        ProviderMessage.objects.filter(message_id__in=[answer.pk, asked.message.pk]).values_list(
            "message_id", "provider_id"
        )
    )
    named = account.creditor.name if account.creditor.name in asked.message.text else ""
    return Proof(
        who=account.person.name, number=point.value, wording=asked.message.text, version=version, how="button",
        collector=asked.request.actor, at=answer.at, creditor=named,
        more={
            "answer": answer.text or ("consent:yes" if granted else "consent:no"), "message": str(answer.pk),
            "message_id": ids.get(answer.pk, ""), "asked_message": str(asked.message.pk),
            "asked_message_id": ids.get(asked.message.pk, ""), "identity": point.identity,
        },
    )  # fmt: skip
