"""Messages that come by a click-to-chat link: joined to the debtor they speak for, and recorded as a consent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from compliance import language
from compliance.models import Stop
from compliance.services import NewConsent, Proof, lift_stop, record_consent
from messaging import click_to_chat
from messaging.models import Conversation, Message, OptInLink
from messaging.sending.waiting import facts_changed
from messaging.sequences.services import unblock
from portfolio import hooks
from portfolio.models import ContactPoint, Creditor, Debtor, Person
from tenants.events import Emit, emit

#: What a message carries in `content` once it was taken as a consent: the link's id.
MARK = "opt_in"


@dataclass(frozen=True, slots=True)
class OptIn:
    """A message with the code of a link; `whole` when it also holds the link's words and takes nothing back."""

    link: OptInLink
    whole: bool


def read(texts: Sequence[str]) -> dict[str, OptIn]:
    """Text -> the link that it came by. A text that agrees and asks to be left alone in one agrees to nothing."""
    found = {}
    for text, link in click_to_chat.links_in(texts).items():
        left_alone = language.is_opt_out(click_to_chat.others(text, link))
        found[text] = OptIn(link, click_to_chat.agrees(link, text) and not left_alone)
    return found


def taken(said: Sequence[tuple[str, str, Conversation]], *, now: datetime) -> dict[str, tuple[OptIn, Debtor]]:
    """Of messages (provider id, text, conversation): those that came by a link, with the debtor they speak for.

    May join a conversation whose address nobody knew to the debtor whose own link it came by.
    """
    opted = read([text for _, text, _ in said])
    found = {}
    for provider_id, text, conversation in said:
        if text in opted and (debtor := debtor_for(conversation, opted[text], now=now)) is not None:
            found[provider_id] = (opted[text], debtor)
    return found


def debtor_for(conversation: Conversation, opted: OptIn, *, now: datetime) -> Debtor | None:
    """Whom such a message is about; an address that nobody knew becomes the debtor's whose own link it came by.

    None when the link is another person's, or the person owes this creditor nothing.
    """
    own = opted.link.debtor
    if conversation.person_id is None and own is not None and opted.whole:
        _join(conversation, own, now=now)
    if own is not None:
        return own if own.person_id == conversation.person_id else None
    if conversation.person_id is None:
        return None
    mine = Debtor.objects.filter(
        person_id=conversation.person_id, creditor_id=opted.link.creditor_id, withdrawn_at=None
    )
    return mine.order_by("-open_minor", "id").first()


def _join(conversation: Conversation, debtor: Debtor, *, now: datetime) -> None:
    """A new contact point of the debtor's, supplied by whoever held the link; who answers there is yet to be asked."""
    if conversation.address_kind not in (ContactPoint.Kind.PHONE, ContactPoint.Kind.BSUID):
        return
    point, created = ContactPoint.objects.get_or_create(
        person_id=debtor.person_id, kind=conversation.address_kind, value=conversation.address,
        defaults={
            "provenance": {"source": "click_to_chat", "supplied_by": "debtor", "on": now.date().isoformat()},
            "wire_value": conversation.wire_address, "created_at": now,
            "zones": hooks.zones_of(conversation.address) if conversation.address_kind == "phone" else [],
        },
    )  # fmt: skip
    if point.identity == ContactPoint.Identity.WRONG_PERSON or point.reported_wrong_at is not None:
        return
    conversation.contact_point, conversation.person_id = point, debtor.person_id
    if created:
        emit(
            Emit("contact_point.saved", "portfolio.contactpoint", point.pk, now, debtor.creditor_id,
                 data={"debtor_id": str(debtor.pk), "created": True})
        )  # fmt: skip


def record(
    conversation: Conversation, message: Message, opted: OptIn, debtor: Debtor, provider_id: str, *, now: datetime
) -> None:
    """The words that they sent are a consent to the link's creditor at this number, and the number is their own."""
    point = conversation.contact_point
    if point is None or conversation.person_id is None or not opted.whole:
        return
    person = Person.objects.get(pk=conversation.person_id)
    creditor = Creditor.objects.get(pk=debtor.creditor_id)
    proof = Proof(
        who=person.name, number=point.value, wording=opted.link.wording, version=opted.link.version, how="click_to_chat",
        collector=opted.link.author, at=message.at, creditor=creditor.name,
        more={
            "message": str(message.pk), "message_id": provider_id, "link": str(opted.link.pk), "code": opted.link.code,
            "identity": point.identity,
        },
    )  # fmt: skip
    if point.provenance.get("supplied_by") != "debtor":
        # Whoever asks to be written to at a number has given it to us themselves.
        before = {key: value for key, value in point.provenance.items() if key != "before"}
        point.provenance = {
            "source": "click_to_chat", "supplied_by": "debtor", "on": message.at.date().isoformat(), "before": before,
        }  # fmt: skip
        point.save(update_fields=["provenance"])
    statement = NewConsent(
        person_id=person.pk, contact_point_id=point.pk, creditor_id=creditor.pk, channel="whatsapp", state="granted",
        source="debtor", given_at=message.at, evidence=proof.evidence(), external_id=f"message:{message.pk}",
    )  # fmt: skip
    if record_consent(statement, now) is None:
        return
    for stop in Stop.objects.filter(person_id=person.pk, kind="opted_out", lifted_at=None, creditor_id=None):
        # X-OPTOUT holds until a new documented opt-in: this is one.
        lift_stop(stop.pk, by="debtor:click_to_chat", reason=f"{opted.link.version} {message.pk}", now=now)
    facts_changed(person.pk, now=now)
    unblock(person.pk, now=now)
