"""The cards about who may be written to: dispute, wrong person, stops, consent, contacts; pausing and resuming."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext, gettext_lazy

from compliance.models import Consent, Stop
from compliance.queries import standing_of
from compliance.services import NewConsent, Proof, reconfirm_number, record_consent, revoke_consent, verify
from kernel.errors import DomainError
from kernel.phones import spoken
from messaging import click_to_chat
from messaging.bot import opt_in
from messaging.halting import halt, not_theirs, reconsider, resume
from messaging.models import OptInLink
from messaging.sending.channel_facts import Channels
from messaging.sending.standing import withdraw_of_person
from messaging.sequences.services import hold, pause_for, refresh, release
from portfolio.models import ContactPoint, Debtor, Dispute, Invoice
from portfolio.places import zone_of
from portfolio.services import close_dispute, open_dispute, save_debtor
from workbench.access import PageRequest
from workbench.debtors import words
from workbench.debtors.acts import LEADERS, Card, Done, note, sent_words, source_of
from workbench.debtors.forms import (
    HARDSHIP,
    CardForm,
    ConsentForm,
    ContactForm,
    DisputeForm,
    StopForm,
    WrongPersonForm,
    contacts_of,
    verify_methods,
)

# --- dispute


def dispute(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Record that the debtor denies a claim: nothing is asked for it from now on."""
    data = form.cleaned_data
    invoice = Invoice.objects.filter(debtor=debtor, pk=data["invoice"]).first() if data["invoice"] else None
    known = Dispute.objects.filter(debtor=debtor, invoice=invoice, state="open").exists()
    made = open_dispute(
        debtor, invoice, data["reason"], now=request.now, source=source_of(request), detail=data["detail"],
        authority=data["authority"],
    )  # fmt: skip
    if not known:
        withdraw_of_person(
            debtor.person_id, reason="dispute", now=request.now, classes=("collection",), debtor_id=debtor.pk
        )
        note(
            request, debtor, "debtor.dispute", dispute=str(made.pk), reference=made.reference, why=data["reason"],
            authority=data["authority"],
        )  # fmt: skip
        refresh([debtor.pk], now=request.now)
    return Done(
        gettext("Dispute %(reference)s: nothing is asked for it until it is closed.") % {"reference": made.reference},
        show={"dispute": made},
    )


DISPUTE = Card(
    name="debtor-dispute", title=gettext_lazy("Dispute"), form=DisputeForm, do=dispute,
    context=lambda request, debtor, form: {
        "open_disputes": [
            (each, words.dispute_reason(each.reason))
            for each in Dispute.objects.filter(debtor=debtor, state="open").select_related("invoice").order_by("id")
        ],
    },
)  # fmt: skip


def end_dispute(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Close a dispute: the claim stands, or the debtor was right."""
    data = form.cleaned_data
    held = Dispute.objects.filter(debtor=debtor, pk=data["dispute"]).first()
    if held is None:
        raise DomainError("not_found", "there is no such dispute")
    accepted = data["accepted"] == "1"
    if held.state == Dispute.State.OPEN:
        close_dispute(held, accepted=accepted, now=request.now, source=source_of(request))
        note(
            request, debtor, "debtor.dispute_closed", reason=data["reason"], dispute=str(held.pk),
            reference=held.reference, accepted=accepted,
        )  # fmt: skip
        refresh([debtor.pk], now=request.now)
        reconsider(debtor.person_id, now=request.now)
    return Done(gettext("Dispute %(reference)s is closed.") % {"reference": held.reference})


# --- wrong person


def wrong_person(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Somebody else answers at a contact: nothing is sent there any more."""
    point = ContactPoint.objects.get(person_id=debtor.person_id, pk=form.cleaned_data["contact"])
    if point.identity != ContactPoint.Identity.WRONG_PERSON:
        not_theirs(point, method=f"agent:{form.cleaned_data['how']}", now=request.now)
        note(request, debtor, "debtor.wrong_person", contact=str(point.pk), how=form.cleaned_data["how"])
    return Done(gettext("Marked: nothing more is sent to this contact."))


WRONG_PERSON = Card(
    name="debtor-wrong-person", title=gettext_lazy("Wrong person"), form=WrongPersonForm, do=wrong_person,
    context=lambda request, debtor, form: {"nothing": not contacts_of(debtor)},
)  # fmt: skip


# --- stops


def stop(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Stop writing to a person; for hardship a pause with care."""
    data = form.cleaned_data
    if data["kind"] == HARDSHIP:
        pause_for(debtor.person_id, reason="hardship", now=request.now)
        withdraw_of_person(debtor.person_id, reason="hardship", now=request.now)
        note(request, debtor, "debtor.stop", kind=HARDSHIP, reference=data["reference"], how=data["how"])
        return Done(gettext("Nothing is asked for 30 days."))
    creditor_id = debtor.creditor_id if data["creditor_only"] else None
    known = Stop.objects.filter(
        person_id=debtor.person_id, kind=data["kind"], creditor_id=creditor_id, lifted_at=None
    ).exists()
    evidence: dict[str, Any] = {
        "recorded_by": request.actor, "how": data["how"], "reference": data["reference"], "on": data["on"].isoformat(),
    }  # fmt: skip
    if data["kind"].startswith("listed_in"):
        evidence["listed_on"] = data["on"].isoformat()
    made = halt(
        debtor.person_id, data["kind"], evidence=evidence, source=source_of(request), now=request.now,
        creditor_id=creditor_id,
    )  # fmt: skip
    if not known:
        note(
            request, debtor, "debtor.stop", stop=str(made.pk), kind=data["kind"], reference=data["reference"],
            how=data["how"],
        )  # fmt: skip
    return Done(gettext("Stopped: nothing that asks for money leaves any more."))


STOP = Card(
    name="debtor-stop", title=gettext_lazy("Stop writing"), form=StopForm, do=stop,
    initial=lambda request, debtor: {
        "on": StopForm(debtor=debtor, now=request.now).today, "kind": request.GET.get("kind", "opted_out"),
    },
    context=lambda request, debtor, form: {
        "stops": [
            (each, words.stop(each.kind), words.source(each.source))
            for each in standing_of(debtor.person_id, request.now, creditor_ids=[debtor.creditor_id]).stops
        ],
    },
)  # fmt: skip


def lift(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Lift a stop, saying why."""
    held = Stop.objects.filter(person_id=debtor.person_id, pk=form.cleaned_data["stop"]).first()
    if held is None:
        raise DomainError("stop_unknown", "there is no such stop")
    if held.lifted_at is None:
        resume(held, by=request.actor, reason=form.cleaned_data["reason"], now=request.now)
        note(
            request, debtor, "debtor.stop_lifted", stop=str(held.pk), kind=held.kind,
            reason=form.cleaned_data["reason"],
        )  # fmt: skip
    return Done(gettext("Lifted: what waited asks the gate anew."))


# --- consent


def consent(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Record what a person said about being written to, with everything that proves it."""
    data = form.cleaned_data
    named = data["contact"]
    point = ContactPoint.objects.filter(person_id=debtor.person_id, pk=named).first() if named else None
    proof = Proof(
        who=data["who"], number=point.value if point else "", wording=data["wording"],
        version=READ_EDITION if data["wording"] == to_be_read(debtor) else "typed", how=data["how"],
        collector=request.actor, at=data["given_at"], creditor=debtor.creditor.name,
        more={"answer": data["answer"] or data["state"], "document": data["reference"]},
    ).evidence()  # fmt: skip
    external_id = f"hand:{form.token}"
    if data["state"] == "revoked":
        rows = revoke_consent(
            debtor.person_id, now=data["given_at"], source=source_of(request), evidence=proof, channel="whatsapp",
            creditor_id=debtor.creditor_id, external_id=external_id,
        )  # fmt: skip
        if rows:
            withdraw_of_person(debtor.person_id, reason="consent_revoked", now=request.now, debtor_id=debtor.pk)
            note(request, debtor, "debtor.consent_revoked", consent=str(rows[0].pk), how=data["how"])
        return Done(gettext("Noted: they are not written to about this debt."))
    row = record_consent(
        NewConsent(
            person_id=debtor.person_id, channel="whatsapp", state=data["state"], source=source_of(request),
            given_at=data["given_at"], creditor_id=debtor.creditor_id, contact_point_id=point.pk if point else None,
            evidence=proof, external_id=external_id,
        ),
        request.now,
    )  # fmt: skip
    if data["state"] == "refused":
        if row is not None:
            withdraw_of_person(debtor.person_id, reason="consent_refused", now=request.now, debtor_id=debtor.pk)
            note(request, debtor, "debtor.consent_refused", consent=str(row.pk), how=data["how"])
        return Done(gettext("Noted: they said no, and are not asked again."))
    if row is not None:
        note(request, debtor, "debtor.consent", consent=str(row.pk), how=data["how"])
        reconsider(debtor.person_id, now=request.now)
    return Done(gettext("Consent recorded with its evidence."))


#: Names the words that an agent reads out, in the evidence; other words get another number.
READ_EDITION = "read-1"


def to_be_read(debtor: Debtor) -> str:
    """The words to be read out, in the debtor's own language."""
    language = "pt-br" if (debtor.person.language or debtor.creditor.language).startswith("pt") else "es"
    with translation.override(language):
        return gettext(
            "I authorise %(creditor)s to write to me by WhatsApp at this number about my account, payment notices and "
            "reminders included. I can withdraw it at any time."
        ) % {"creditor": debtor.creditor.name}


def ask_consent(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Ask them by message whether we may write; the gate says whether the question may go out."""
    done = opt_in.ask([debtor.pk], actor=request.actor, origin="agent", now=request.now)
    if done.requests:
        note(request, debtor, "debtor.consent_asked", question=str(done.requests[0].pk))
        return Done(*sent_words(done.requests))
    raise DomainError("consent_not_asked", "%(why)s", why=why_not_asked(next(iter(done.left), "")))


def why_not_asked(code: str) -> str:
    """Why somebody was not asked, in words."""
    if code == "answered_or_asked":
        return gettext("They have answered already, or were asked within the last 30 days.")
    if code == "X-CONSENT":
        return gettext(
            "They may be asked on WhatsApp only within 24 hours after they wrote: give them the link, or ask in a call."
        )
    if code.startswith(("no_", "wrong_", "template_")):
        return words.trouble_of(code)[0]
    return gettext("The rules do not let the question out now: %(rule)s.") % {"rule": code}


def make_link(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """This debtor's own click-to-chat link, for a letter or an e-mail: it also brings a number that nobody knew."""
    click_to_chat.link_for(debtor.creditor, actor=request.actor, now=request.now, debtor=debtor)
    return Done(gettext("The link is ready."))


def own_link(debtor: Debtor, now: datetime) -> str:
    """The address of the debtor's own link; '' where there is none or no number serves the creditor."""
    link = (
        OptInLink.objects.filter(creditor_id=debtor.creditor_id, debtor=debtor, retired_at=None).order_by("-id").first()
    )
    number = Channels(now=now).number_for(debtor.creditor_id) if link else None
    return click_to_chat.address_of(link, number) if link and number else ""


def _now_there(request: PageRequest, debtor: Debtor) -> datetime:
    return request.now.astimezone(zone_of(debtor.creditor.country))


CONSENT = Card(
    name="debtor-consent", title=gettext_lazy("Consent"), form=ConsentForm, do=consent,
    initial=lambda request, debtor: {
        "state": request.GET.get("state", "granted"), "how": "call", "on": _now_there(request, debtor).date(),
        "at": _now_there(request, debtor).time().replace(second=0, microsecond=0),
        "wording": to_be_read(debtor), "who": debtor.person.name,
    },
    context=lambda request, debtor, form: {
        "link": own_link(debtor, request.now),
        "consents": [
            (row, words.consent_state(row.state))
            for row in Consent.objects.filter(person_id=debtor.person_id).order_by("-given_at", "-id")[:6]
        ],
    },
)  # fmt: skip


# --- contacts


def contact(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Add a contact point, or say more of one that is known."""
    data = form.cleaned_data
    stated = {
        name: data[name] for name in ("kind", "value", "role", "contact_name", "source", "supplied_by", "supplied_on")
    }
    if not stated["contact_name"]:
        del stated["contact_name"]
    _, outcome = save_debtor(
        debtor.creditor, debtor.external_id, {}, contacts=[stated], now=request.now, source=source_of(request)
    )
    if outcome != "unchanged":
        note(request, debtor, "debtor.contact", kind=data["kind"], role=data["role"], supplied_by=data["supplied_by"])
        reconsider(debtor.person_id, now=request.now)
    return Done(gettext("Contact saved."))


def contact_rows(debtor: Debtor) -> list[dict[str, Any]]:
    """The contacts with what may be done to each."""
    return [
        {
            "point": point,
            "value": spoken(point.value) if point.kind == "phone" else point.value,
            "role": words.role(point.role),
            "identity": words.identity(point.identity),
            "wrong": point.identity == "wrong_person" or point.reported_wrong_at is not None,
        }
        for point in contacts_of(debtor)
    ]


CONTACT = Card(
    name="debtor-contact", title=gettext_lazy("Contacts"), form=ContactForm, do=contact,
    initial=lambda request, debtor: {
        "kind": "phone", "role": "owner", "source": "call", "supplied_by": "debtor",
        "supplied_on": ContactForm(debtor=debtor, now=request.now).today,
    },
    context=lambda request, debtor, form: {"rows": contact_rows(debtor), "methods": verify_methods()},
)  # fmt: skip


def confirm(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Say that the debtor answers at a contact, or that a number that was wrong is theirs again."""
    data = form.cleaned_data
    point = ContactPoint.objects.filter(person_id=debtor.person_id, pk=data["point"]).first()
    if point is None:
        raise DomainError("contact_point_unknown", "there is no such contact point here")
    if data["what"] == "reconfirm":
        if request.membership.role not in LEADERS:
            raise DomainError("role_missing", "a supervisor has to confirm a number that was reported wrong")
        after = reconfirm_number(point.pk, data["method"], request.now)
    else:
        if point.identity == ContactPoint.Identity.WRONG_PERSON:
            raise DomainError("contact_wrong", "this number was reported wrong: it has to be confirmed first")
        after = verify(point.pk, data["method"], request.now)
    note(request, debtor, "debtor.contact_verified", contact=str(point.pk), how=data["method"], state=after.identity)
    reconsider(debtor.person_id, now=request.now)
    return Done(gettext("Contact: %(state)s.") % {"state": words.identity(after.identity)})


# --- pausing


def pause(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """Let the sequence rest for some days."""
    until = request.now + timedelta(days=form.cleaned_data["days"])
    if not hold(debtor.pk, until=until, now=request.now):
        raise DomainError("nothing_to_pause", "no sequence is running for this debtor")
    withdraw_of_person(debtor.person_id, reason="held", now=request.now, debtor_id=debtor.pk)
    note(request, debtor, "debtor.pause", until=until.isoformat())
    return Done(gettext("Paused."))


def go_on(request: PageRequest, debtor: Debtor, form: CardForm) -> Done:
    """End a pause that only time or a person ends."""
    if release(debtor.pk, now=request.now):
        note(request, debtor, "debtor.resume")
    return Done(gettext("Resumed."))
