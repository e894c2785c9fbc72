"""What the templates' pages call things: stages, places, taps, and what to do about each trouble."""

from __future__ import annotations

from dataclasses import dataclass

from babel import Locale
from django.utils.translation import gettext, pgettext

from compliance.decide.explain import texts_of
from messaging.message_templates import lint
from messaging.message_templates.lint import Trouble


def category_word(category: str) -> str:
    """Meta's category of a template, as their pages call it."""
    words = {
        "utility": pgettext("category", "utility"), "authentication": pgettext("category", "authentication"),
    }  # fmt: skip
    return words.get(category.lower(), category.lower())


def stage_word(stage: str) -> str:
    """A stage as people call it."""
    words = {
        "probe": pgettext("stage", "Identity question"), "preventive": pgettext("stage", "Before it is due"),
        "first": pgettext("stage", "First reminder"), "middle": pgettext("stage", "Second level"),
        "formal": pgettext("stage", "Formal notice"), "last": pgettext("stage", "Last level"),
        "agreement": pgettext("stage", "Agreement made"), "instalment": pgettext("stage", "Instalment due"),
        "receipt": pgettext("stage", "Payment received"), "promise": pgettext("stage", "Promised day"),
        "consent": pgettext("stage", "Request for consent"),
    }  # fmt: skip
    return words.get(stage, stage)


def stage_help(stage: str) -> str:
    """What a stage is for."""
    words = {
        "probe": gettext("Asks who answers, and says nothing about a debt."),
        "preventive": gettext("A friendly word some days before the due date."),
        "first": gettext("The first days after the due date: it may have slipped their mind."),
        "middle": gettext("One to four weeks late: help, parts, another date."),
        "formal": gettext("One to two months late: three clear options."),
        "last": gettext("More than two months late, firm and respectful."),
        "agreement": gettext("Confirms a plan with its amounts."),
        "instalment": gettext("Reminds of the next part of a plan."),
        "receipt": gettext("Thanks for a payment and states the balance."),
        "promise": gettext("On the day that the debtor chose."),
        "consent": gettext("Asks for permission, and says nothing about a debt."),
    }
    return words.get(stage, "")


def class_of(stage: str) -> str:
    """The message class of a stage."""
    known = {
        "probe": "identity_probe", "consent": "consent_request", "agreement": "service", "receipt": "service",
    }  # fmt: skip
    return known.get(stage, "collection")


def language_word(code: str, reader: str) -> str:
    """WhatsApp's language code in the reader's language: es_CO is "español (Colombia)"."""
    try:
        return Locale.parse(code).get_display_name(Locale.parse(reader.replace("-", "_"))) or code
    except ValueError:
        return code


def place_words() -> dict[str, str]:
    """Every place that a text may have, by its name."""
    return {
        "name": gettext("Debtor's first name"), "creditor": gettext("Creditor"), "sender": gettext("Who writes"),
        "agent": gettext("Name of the assistant"), "reference": gettext("Invoice, or how many"),
        "description": gettext("What was bought"), "amount": gettext("Amount to pay"), "due_date": gettext("Due date"),
        "days": gettext("Days late"), "deadline": gettext("Day by which an answer is asked for"),
        "how_to_pay": gettext("How to pay"), "contact": gettext("Contact for questions"),
        "address": gettext("Creditor's address"), "tax_id": gettext("Creditor's tax number"),
        "authority": gettext("Mandate"), "principal": gettext("Principal"), "interest": gettext("Interest"),
        "fees": gettext("Fees"), "fines": gettext("Fines"), "calculated_on": gettext("Day of the calculation"),
        "plan": gettext("Plan"), "instalment": gettext("Which instalment"), "paid_on": gettext("Day of the payment"),
        "balance": gettext("Balance"), "promised_on": gettext("Promised day"),
    }  # fmt: skip


#: Places that a stage's texts may use; the others would stay empty when it is sent.
_ACCOUNT = (
    "name", "agent", "sender", "creditor", "authority", "reference", "description", "amount", "due_date", "days", "deadline",
    "how_to_pay", "contact", "address", "tax_id", "principal", "interest", "fees", "fines", "calculated_on",
)  # fmt: skip
_WHO = ("name", "agent", "sender", "creditor", "contact")


def places_of(stage: str) -> tuple[str, ...]:
    """The places that can be filled when a stage's text is sent."""
    if stage in ("probe", "consent"):
        return _WHO
    more = {
        "agreement": ("plan",), "instalment": ("instalment",), "receipt": ("paid_on", "balance"), "promise": ("promised_on",),
    }  # fmt: skip
    return (*_ACCOUNT, *more.get(stage, ()))


def tap_words() -> dict[str, str]:
    """What a button can do, by its id."""
    return {
        "pay": gettext("Shows how to pay"), "plan": gettext("Begins a payment plan"),
        "more_time": gettext("Lets them choose another day"), "doubts": gettext("Answers questions"),
        "human": gettext("Brings a person"), "probe:yes": gettext("Yes, it is me"), "probe:no": gettext("No, it is not me"),
        "consent:yes": gettext("Gives consent"), "consent:no": gettext("Refuses consent"),
    }  # fmt: skip


def taps_of(stage: str) -> tuple[str, ...]:
    """The taps that a stage's text may offer."""
    if stage == "probe":
        return ("probe:yes", "probe:no")
    if stage == "consent":
        return ("consent:yes", "consent:no")
    return ("pay", "plan", "more_time", "doubts", "human")


def conduct_word(cls: str) -> str:
    """A class of conduct as people call it."""
    words = {
        "abusive": pgettext("conduct", "insulting or degrading"), "threat": pgettext("conduct", "a threat"),
        "shaming": pgettext("conduct", "shaming"),
        "third_party_disclosure": pgettext("conduct", "telling others about the debt"),
        "false_legal_claim": pgettext("conduct", "a false legal claim"),
        "fraud_diversion": pgettext("conduct", "payment to an account that is not registered"),
        "privacy": pgettext("conduct", "an intrusion into private life"),
        "off_policy_promise": pgettext("conduct", "a promise beyond what may be offered"),
        "profanity": pgettext("conduct", "swearing"), "composure_loss": pgettext("conduct", "a lost temper"),
    }  # fmt: skip
    return words.get(cls, cls.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Told:
    """A trouble in words: what is wrong, what to do, and whose rule it is (law, whatsapp, house)."""

    what: str
    mend: str
    whose: str


def tell(trouble: Trouble, lang: str) -> Told:
    """A trouble of the lint as a person reads it; `lang` is the language of the rules' texts."""
    texts, detail = texts_of(lang), trouble.detail
    part, _, rest = detail.partition(": ")
    if trouble.code == "lacks":
        return Told(
            gettext("It lacks %(field)s.") % {"field": texts.fields.get(detail, detail.replace("_", " "))},
            _how_to_state(detail), "law",
        )  # fmt: skip
    if trouble.code == "says":
        return Told(
            gettext("“%(words)s” reads as %(conduct)s.") % {"words": rest, "conduct": conduct_word(part)},
            gettext("Take these words out, or say what can be done instead."), "law",
        )  # fmt: skip
    if trouble.code == "flag":
        return Told(
            gettext("It contains %(flag)s.") % {"flag": texts.flags.get(detail, detail.replace("_", " "))},
            gettext("Take it out: the rules forbid it in every message."), "law",
        )  # fmt: skip
    if trouble.code == "reveals":
        return Told(
            gettext("It reveals %(what)s before anybody has proved who they are.")
            % {"what": texts.disclosures[min(3, int(detail))]},
            gettext("Say only that there is a personal message."), "law",
        )  # fmt: skip
    if trouble.code == "too_long":
        return Told(
            gettext("%(part)s is too long: %(count)s characters.")
            % {"part": _part(part), "count": rest.replace(" of ", " / ")},
            gettext("Shorten it."), "whatsapp",
        )  # fmt: skip
    plain = {
        "name": (
            gettext("The name has characters that WhatsApp refuses."), gettext("Use small letters, digits and _ only."),
        ),
        "empty": (gettext("The text is empty."), gettext("Write the message.")),
        "variable_at_edge": (
            gettext("The text begins or ends with a place."), gettext("Put a word before the first place and after the last."),
        ),
        "variables_adjacent": (
            gettext("Two places stand side by side."), gettext("Put words between them, so that the reviewer can read it."),
        ),
        "too_many_variables": (
            gettext("There are too many places for so few words."), gettext("Write more words, or use fewer places."),
        ),
        "variable_outside_body": (
            gettext("Header and footer take no places."), gettext("Move the place into the text."),
        ),
        "blanks": (
            gettext("There are three line breaks, a tab or five spaces in a row."), gettext("Use at most one empty line."),
        ),
        "too_many_buttons": (gettext("More than three buttons."), gettext("Keep the three that matter most.")),
        "button_title": (
            gettext("A button needs 1 to 20 characters: “%(title)s”.") % {"title": detail}, gettext("Shorten its words."),
        ),
        "button_twice": (gettext("Two buttons do the same."), gettext("Choose another action for one of them.")),
        "promotional": (
            gettext("“%(words)s” sounds like advertising.") % {"words": detail},
            gettext("WhatsApp would make it a marketing message: state what is owed and leave offers for the conversation."),
        ),
        "place_unknown": (
            gettext("Nobody fills the place {{%(place)s}} at this stage.") % {"place": detail},
            gettext("Use a place of the list, or the message would not go out."),
        ),
        "twin": (
            gettext("%(name)s says the same and is approved.") % {"name": detail},
            gettext("WhatsApp refuses a second template with the same words."),
        ),
    }  # fmt: skip
    what, mend = plain.get(trouble.code, (trouble.code, ""))
    return Told(what, mend, "house" if trouble.code == "place_unknown" else "whatsapp")


def _how_to_state(field: str) -> str:
    by_place = next((place for place, fields in lint._BY_VARIABLE.items() if field in fields), "")
    if by_place:
        return gettext("Add the place {{%(place)s}} (%(what)s).") % {
            "place": by_place, "what": place_words().get(by_place, by_place)
        }  # fmt: skip
    together = next((places for places, name in lint._TOGETHER if name == field), frozenset())
    if together:
        return gettext("Add the places %(places)s.") % {"places": ", ".join(f"{{{{{p}}}}}" for p in sorted(together))}
    return {
        "opt_out_line": gettext("End with the words that stop messages: responda BAJA, or in Portuguese responda SAIR."),
        "complaint_channel": gettext("Say where to complain: Quejas: …"),
        "conditions_to_settle": gettext("Say what the payment settles: su cuenta queda saldada."),
        "debtor_rights": gettext("Say what the debtor is entitled to: tiene derecho a …"),
        "not_a_judicial_execution_statement": gettext("Add the sentence of the law: no es un procedimiento de ejecución de sus bienes."),
        "payment_options": gettext("Add a button to pay and one more."),
    }.get(field, gettext("Say it in words."))  # fmt: skip


def _part(name: str) -> str:
    return {"body": gettext("The text"), "footer": gettext("The footer"), "header": gettext("The header")}.get(
        name, name
    )


def status_word(status: str, *, submitted: bool = True) -> str:
    """A template's status; `submitted` False while a pending one is still on its way to WhatsApp."""
    if status == "pending" and not submitted:
        return pgettext("template", "On its way to WhatsApp")
    words = {
        "draft": pgettext("template", "Draft"), "pending": pgettext("template", "In review"),
        "approved": pgettext("template", "Approved"), "rejected": pgettext("template", "Rejected"),
        "paused": pgettext("template", "Paused"), "disabled": pgettext("template", "Out of use"),
    }  # fmt: skip
    return words.get(status, status)


STATUS_TONES = {
    "draft": "grey", "pending": "amber", "approved": "green", "rejected": "red", "paused": "amber", "disabled": "grey",
}  # fmt: skip


def rejection(reason: str) -> str:
    """What a rejection means, and what to do; '' when there is nothing to add to WhatsApp's own words."""
    words = {
        "ABUSIVE_CONTENT": gettext("The reviewer read a threat or shaming in it. Take it out and offer a way to pay."),
        "SCAM": gettext("The reviewer thought it asks for secrets. Never ask for a document, card or account number."),
        "INVALID_FORMAT": gettext(
            "Its form does not fit: places side by side, at an edge, or the same words as another one."
        ),
        "PROMOTIONAL": gettext("The reviewer read advertising in it. State what is owed, and nothing to sell."),
        "TAG_CONTENT_MISMATCH": gettext("Its language or category does not fit its words. Check the language first."),
        "INCORRECT_CATEGORY": gettext(
            "Its category does not fit its words: a reminder of an existing account is utility."
        ),
    }
    return next((text for code, text in words.items() if code in reason), "")
