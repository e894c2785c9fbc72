"""What keeps a debtor quiet, in words: reasons of pauses, obstacles before the gate."""

from __future__ import annotations

from django.utils.translation import gettext, pgettext


def reason_word(reason: str) -> str:
    """Why an enrolment is paused, kept back or over."""
    words = {
        "promise": pgettext("pause", "Promised a day"), "agreement": pgettext("pause", "Payment plan"),
        "dispute": pgettext("pause", "Dispute"), "replied": pgettext("pause", "Wrote to us"),
        "to_verify": pgettext("pause", "Receipt to verify"), "hardship": pgettext("pause", "Hardship"),
        "held": pgettext("pause", "Paused by a person"), "sequence": pgettext("pause", "The sequence is paused"),
        "paid": pgettext("pause", "Paid"), "withdrawn": pgettext("pause", "Withdrawn"),
        "opted_out": pgettext("pause", "Asked for no more messages"), "no_more_steps": pgettext("pause", "No more steps"),
    }  # fmt: skip
    if reason.startswith("blocked:"):
        return obstacle_word(reason.removeprefix("blocked:"))
    return words.get(reason, reason)


def obstacle_word(code: str) -> str:
    """What stands before the gate."""
    words = {
        "template_missing": gettext("No approved template"), "no_address": gettext("No WhatsApp address"),
        "wrong_number": gettext("Somebody else's number"), "no_number": gettext("No number of ours serves the creditor"),
        "variable_missing": gettext("A place of the text has no value"), "nothing_open": gettext("Nothing is open"),
        "denied": gettext("The rules say no"), "template_unknown": gettext("No approved template"),
        "paid": gettext("Paid or withdrawn"), "promise": gettext("Promised a day"), "agreement": gettext("Payment plan"),
        "dispute": gettext("Dispute"), "identity_unknown": gettext("Nobody has proved who they are"),
    }  # fmt: skip
    return words.get(code, code.replace("_", " "))


def mend(code: str) -> str:
    """What to do about an obstacle; '' when there is nothing to do."""
    words = {
        "template_missing": gettext("Write the text and submit it."), "template_unknown": gettext("Write the text and submit it."),
        "no_address": gettext("Ask the creditor for a number that the debtor supplied."),
        "wrong_number": gettext("Find the debtor's own number."), "no_number": gettext("Connect a number for this creditor."),
        "variable_missing": gettext("Complete the creditor's data: contact, address, tax number."),
    }  # fmt: skip
    return words.get(code, "")
