"""Codes of the rooms below in the reader's words: roles, sources, states, reasons, stages, actions."""

from __future__ import annotations

from django.utils.translation import get_language, gettext, gettext_lazy, pgettext

from compliance.decide.explain import texts_of
from compliance.decide.texts import Texts
from compliance.evidence import texts as evidence_texts
from kernel.errors import DomainError


def language() -> str:
    """The language of the gate's sentences for the current reader: es, pt or en."""
    return (get_language() or "en").partition("-")[0]


def texts() -> Texts:
    """The gate's words in the current reader's language."""
    try:
        return texts_of(language())
    except ValueError:
        return texts_of("en")


def role(name: str) -> str:
    """Whose a contact point is."""
    return {
        "owner": pgettext("contact role", "Debtor's own"),
        "guarantor": pgettext("contact role", "Guarantor"),
        "representative": pgettext("contact role", "Representative"),
        "accounts_payable": pgettext("contact role", "Accounts payable"),
        "reference": pgettext("contact role", "Reference (never written to)"),
        "work": pgettext("contact role", "Workplace"),
    }.get(name, name)


def supplier(name: str) -> str:
    """Who gave us a contact point."""
    return {
        "debtor": gettext("given by the debtor"),
        "creditor": gettext("given by the creditor"),
        "third_party": gettext("given by a third party"),
        "unknown": gettext("nobody knows who gave it"),
    }.get(name, name)


def source(name: str) -> str:
    """Where something is known from."""
    head, _, rest = name.partition(":")
    known = {
        "contract": gettext("contract"), "application": gettext("application form"), "portal": gettext("portal"),
        "call": gettext("phone call"), "message": gettext("message"), "synthetic": gettext("synthetic"),
        "unknown": gettext("unknown source"), "import": gettext("import"), "api": gettext("ERP (API)"),
        "user": gettext("a person of the team"), "debtor": gettext("the debtor"), "agent": gettext("an agent"),
        "psp": gettext("payment provider"), "person": gettext("recorded by hand"), "letter": gettext("letter"),
        "visit": gettext("visit"), "bot": gettext("the assistant"), "system": gettext("the system"),
        "button": gettext("button of a message"), "click_to_chat": gettext("click-to-chat link"),
        "page": gettext("the debtor's own page"), "store": gettext("shop or branch"), "branch": gettext("shop or branch"),
        "document": gettext("document"), "test": gettext("test"),
    }  # fmt: skip
    return known.get(head, name if not rest else head)


def identity(name: str) -> str:
    """How sure we are of who answers."""
    return {
        "unknown": pgettext("identity", "Not verified"),
        "contacted": pgettext("identity", "Asked, no answer yet"),
        "claimed": pgettext("identity", "Says it is them"),
        "verified": pgettext("identity", "Verified"),
        "wrong_person": pgettext("identity", "Wrong person"),
    }.get(name, name)


def method(name: str) -> str:
    """How somebody was verified."""
    return {
        "two_point": gettext("two data points"), "two_point_check": gettext("two data points"),
        "call:two_point": gettext("two data points confirmed in a call"), "document": gettext("identity document seen"),
        "number_changed": gettext("the number changed"), "number_recycled": gettext("the number was given to somebody else"),
        "profile_mismatch": gettext("the profile shows another name"),
        "number_claimed": gettext("the number was handed in as another person's"),
        "visit": gettext("in person"), "probe": gettext("answered the identity question"),
    }.get(name, source(name))  # fmt: skip


def consent_state(name: str) -> str:
    """What a statement about consent says."""
    return {
        "granted": pgettext("consent", "Granted"),
        "imported_without_evidence": pgettext("consent", "Imported without evidence"),
        "refused": pgettext("consent", "Refused"),
        "revoked": pgettext("consent", "Withdrawn"),
        "expired": pgettext("consent", "Expired"),
    }.get(name, name)


def channel(name: str) -> str:
    """A channel's name."""
    return texts().channels.get(name, name)


def stop(kind: str) -> str:
    """Why a person is not written to, as a sentence."""
    words = texts().conditions.get(kind, kind.replace("_", " "))
    return words[:1].upper() + words[1:]


def dispute_reason(name: str) -> str:
    """Why a debtor denies a claim."""
    return {
        "not_mine": gettext("It is not mine"),
        "already_paid": gettext("Already paid"),
        "wrong_amount": gettext("The amount is wrong"),
        "not_delivered": gettext("Not delivered"),
        "cancelled": gettext("The sale was cancelled"),
        "fraud": gettext("Fraud"),
        "authority": gettext("Complaint to an authority"),
        "other": gettext("Another reason"),
    }.get(name, name)


def stage(name: str) -> str:
    """What a message of the sequence is."""
    return {
        "probe": gettext("Identity question"),
        "preventive": gettext("Reminder before the due date"),
        "first": gettext("First reminder"),
        "middle": gettext("Reminder with payment options"),
        "formal": gettext("Formal reminder"),
        "last": gettext("Last notice"),
        "receipt": gettext("Receipt"),
        "agreement": gettext("Agreement"),
        "instalment": gettext("Instalment reminder"),
        "promise": gettext("Promise reminder"),
        "consent": gettext("Consent request"),
    }.get(name, name or gettext("Reminder"))


def pause(reason: str) -> str:
    """Why a sequence rests."""
    return {
        "replied": gettext("The debtor wrote: the sequence keeps quiet for some days."),
        "to_verify": gettext("A receipt is waiting for somebody to look at it."),
        "hardship": gettext("The debtor told of hardship: nothing is asked for."),
        "held": gettext("Somebody of the team paused it."),
        "promise": gettext("The debtor promised to pay: nothing is asked until that day is over."),
        "agreement": gettext("The debtor keeps an agreement: its instalments are followed instead."),
        "dispute": gettext("The debtor denies it: nothing is asked until the dispute is closed."),
    }.get(reason, reason)


def ended(reason: str) -> str:
    """Why a sequence is over."""
    return {
        "paid": gettext("Nothing is open any more."),
        "withdrawn": gettext("The creditor took this debtor back."),
        "opted_out": gettext("The person asked not to be written to any more."),
        "no_more_steps": gettext("The sequence has no more steps."),
    }.get(reason, reason)


def trouble(error: DomainError) -> tuple[str, str, str]:
    """Why no message can be made: (what, who mends it, how)."""
    return trouble_of(error.code, str(error.args[0]) if error.args else "")


def trouble_of(code: str, otherwise: str = "") -> tuple[str, str, str]:
    """The same by its code; `otherwise` says what, where the code is none of those that are known."""
    owners = texts().owners
    return {
        "no_address": (
            gettext("There is no number to write to."),
            owners["creditor"],
            gettext("Add a phone number with its source."),
        ),
        "wrong_number": (
            gettext("Somebody else answers at this debtor's number."),
            owners["creditor"],
            gettext("Ask for a new number, or confirm this one with the debtor."),
        ),
        "no_number": (
            gettext("No WhatsApp number of ours serves this creditor."),
            owners["administrator"],
            gettext("Connect a number in the set-up."),
        ),
        "template_missing": (
            gettext("WhatsApp has approved no template for this stage."),
            owners["administrator"],
            gettext("Submit a template for approval."),
        ),
        "template_not_approved": (
            gettext("WhatsApp has not approved the template."),
            owners["administrator"],
            gettext("Submit a template for approval."),
        ),
        "identity_unknown": (
            gettext("Nobody has proved to be this debtor at this address."),
            owners["agent"],
            gettext("Verify who answers: by the two questions, in a call, or by a document."),
        ),
        "nothing_open": (
            gettext("Nothing is open that could be asked for."),
            owners["nobody"],
            gettext("Nothing has to be done."),
        ),
        "variable_missing": (
            gettext("The message would have a hole: a value is missing."),
            owners["administrator"],
            gettext("Complete the creditor's or the invoice's data."),
        ),
    }.get(
        code,
        (otherwise or code, owners["administrator"], gettext("Look at the set-up.")),
    )


def entry_kind(kind: str) -> str:
    """What a movement of money is."""
    return {
        "charge": pgettext("entry", "Invoice"),
        "payment": pgettext("entry", "Payment"),
        "credit": pgettext("entry", "Credit"),
        "reversal": pgettext("entry", "Reversal"),
        "adjustment": pgettext("entry", "Correction"),
    }.get(kind, kind)


def bucket(name: str) -> str:
    """An ageing bucket."""
    if name == "current":
        return gettext("Not due yet")
    return gettext("%(range)s days late") % {"range": name.replace("-", "–")}


def label(name: str) -> str:
    """A debtor's label: the four client types in words, a creditor's own label as they write it."""
    return {
        "frequent": pgettext("client type", "frequent"), "new": pgettext("client type", "new"),
        "corporate": pgettext("client type", "company"), "individual": pgettext("client type", "individual"),
    }.get(name, name)  # fmt: skip


def payment_method(name: str) -> str:
    """How money arrived, as it stands in the middle of a line."""
    return evidence_texts.payment_method(name, language())


def rail(kind: str) -> str:
    """How a payable is paid."""
    return {"pix": "Pix", "clabe": "CLABE (SPEI)", "link": gettext("Payment link")}.get(kind, kind)


def message_class(name: str) -> str:
    """What kind of message the gate was asked about."""
    return {
        "collection": gettext("Collection"),
        "identity_probe": gettext("Identity question"),
        "consent_request": gettext("Consent request"),
        "reply": pgettext("message class", "Reply"),
        "service": gettext("Service"),
        "optout_confirmation": gettext("Opt-out confirmation"),
    }.get(name, name)


def origin(name: str) -> str:
    """Who wanted to send."""
    return {
        "step": gettext("Sequence"),
        "bot": gettext("Assistant"),
        "agent": gettext("Agent"),
        "api": gettext("ERP (API)"),
        "system": gettext("System"),
        "device": gettext("Phone app"),
        "debtor": gettext("Debtor"),
    }.get(name, name)


#: What somebody did to a debtor's account.
ACTIONS = {
    "debtor.pause": gettext_lazy("paused the sequence"),
    "debtor.resume": gettext_lazy("resumed the sequence"),
    "debtor.promise": gettext_lazy("recorded a promise"),
    "debtor.promise_withdrawn": gettext_lazy("took a promise back"),
    "debtor.plan": gettext_lazy("offered a plan"),
    "debtor.plan_accepted": gettext_lazy("recorded that a plan was accepted"),
    "debtor.plan_cancelled": gettext_lazy("cancelled a plan"),
    "debtor.payable": gettext_lazy("sent a payment code"),
    "debtor.dispute": gettext_lazy("recorded a dispute"),
    "debtor.dispute_closed": gettext_lazy("closed a dispute"),
    "debtor.wrong_person": gettext_lazy("marked a contact as a wrong person's"),
    "debtor.stop": gettext_lazy("recorded a stop"),
    "debtor.stop_lifted": gettext_lazy("lifted a stop"),
    "debtor.payment": gettext_lazy("recorded a payment"),
    "debtor.payment_claimed": gettext_lazy("noted a payment to be verified"),
    "debtor.consent": gettext_lazy("recorded a consent"),
    "debtor.consent_refused": gettext_lazy("recorded that consent was refused"),
    "debtor.consent_asked": gettext_lazy("asked whether they may be written to"),
    "debtor.consent_revoked": gettext_lazy("recorded that consent was withdrawn"),
    "debtor.contact": gettext_lazy("added or changed a contact"),
    "debtor.contact_verified": gettext_lazy("verified a contact"),
    "debtor.document_revealed": gettext_lazy("looked at the whole document"),
}


def action(name: str) -> str:
    """What somebody did, for the history."""
    return str(ACTIONS.get(name, name))
