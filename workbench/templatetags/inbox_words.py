"""The inbox's words: views, outcomes, why something was taken back, what happened; and the ring of the window."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_time, get_timezone_location
from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, pgettext

from workbench.templatetags.trato import locale_of

register = template.Library()


def _locale() -> Any:
    spoken = get_language() or "en"
    return locale_of(spoken, {"pt-br": "BR", "es": "419"}.get(spoken, ""))


@register.simple_tag
def view_label(name: str) -> str:
    """A view of the queue."""
    return {
        "next": pgettext("queue", "Next best"), "mine": pgettext("queue", "Mine"),
        "unassigned": pgettext("queue", "Unassigned"), "us": pgettext("queue", "Waiting on us"),
        "them": pgettext("queue", "Waiting on debtor"), "snoozed": pgettext("queue", "Snoozed"),
        "promises": pgettext("queue", "Promises today"), "broken": pgettext("queue", "Broken promises"),
        "receipts": pgettext("queue", "Receipts to verify"), "all": pgettext("queue", "All open"),
    }.get(name, name)  # fmt: skip


@register.simple_tag
def view_icon(name: str) -> str:
    """Its symbol."""
    return {
        "next": "bolt", "mine": "user-check", "unassigned": "inbox", "us": "clock", "them": "hourglass",
        "snoozed": "clock-pause", "promises": "calendar-event", "broken": "alert-triangle", "receipts": "receipt",
        "all": "list",
    }.get(name, "list")  # fmt: skip


@register.simple_tag
def outcome_label(name: str) -> str:
    """How a conversation ended."""
    return {
        "paid": pgettext("outcome", "Paid"), "promised": pgettext("outcome", "Promise to pay"),
        "agreed": pgettext("outcome", "Payment plan"), "disputed": pgettext("outcome", "Dispute"),
        "refused": pgettext("outcome", "Will not pay"), "no_answer": pgettext("outcome", "No answer"),
        "wrong_person": pgettext("outcome", "Wrong person"), "informed": pgettext("outcome", "Question answered"),
        "other": pgettext("outcome", "Something else"),
    }.get(str(name), str(name))  # fmt: skip


@register.simple_tag
def snooze_label(name: str) -> str:
    """A usual moment to be reminded."""
    return {
        "hour": gettext("In an hour"), "three": gettext("In three hours"), "tomorrow": gettext("Tomorrow at 9"),
        "monday": gettext("Monday at 9"),
    }.get(name, name)  # fmt: skip


@register.simple_tag
def ring(share: float, label: str = "") -> SafeString:
    """How much of the 24 hours is left, as a ring; its title says it in words."""
    left = max(0, min(100, round(share * 100)))
    minutes = round(share * 24 * 60)
    words = (
        gettext("window: %(left)s left") % {"left": f"{minutes // 60:02d}:{minutes % 60:02d}"}
        if left
        else gettext("window closed")
    )
    low = " low" if 0 < left <= 9 else " shut" if not left else ""
    return format_html(
        '<svg class="ring{}" viewBox="0 0 20 20" role="img" aria-label="{}"><title>{}</title>'
        '<circle cx="10" cy="10" r="8" pathLength="100"></circle>'
        '<circle cx="10" cy="10" r="8" pathLength="100" stroke-dasharray="{} 100"></circle></svg>',
        low, label or words, words, left,
    )  # fmt: skip


@register.simple_tag
def left_until(until: datetime | None, now: datetime) -> str:
    """ "03:12": hours and minutes until an instant."""
    if until is None or until <= now:
        return "00:00"
    minutes = int((until - now) / timedelta(minutes=1))
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@register.simple_tag
def hour_in(zone: str, now: datetime) -> str:
    """The hour in a zone, "18:47"."""
    return str(format_time(now.astimezone(ZoneInfo(zone)), "HH:mm", locale=_locale()))


@register.simple_tag
def city_of(zone: str) -> str:
    """The city that a zone is called by."""
    return str(get_timezone_location(ZoneInfo(zone), locale=_locale(), return_city=True))


@register.simple_tag
def budget_words(budget: Any) -> str:
    """ "Budget 2/3 this week": what is left of the tightest cap."""
    places = {"used": budget.used, "limit": budget.limit, "days": budget.days}
    if budget.days == 1:
        return gettext("Contacts %(used)s/%(limit)s today") % places
    if budget.days == 7:
        return gettext("Contacts %(used)s/%(limit)s this week") % places
    return gettext("Contacts %(used)s/%(limit)s in %(days)s days") % places


@register.simple_tag
def identity_label(state: str) -> str:
    """How sure we are who answers."""
    return {
        "unknown": pgettext("identity", "Not verified"), "contacted": pgettext("identity", "Not verified"),
        "claimed": pgettext("identity", "Says it is them"), "verified": pgettext("identity", "Verified"),
        "wrong_person": pgettext("identity", "Wrong person"),
    }.get(state, state)  # fmt: skip


@register.simple_tag
def identity_tone(state: str) -> str:
    """The colour of it."""
    return {"verified": "green", "claimed": "amber", "wrong_person": "red"}.get(state, "grey")


@register.simple_tag
def kind_label(kind: str) -> str:
    """What a message without words is."""
    return {
        "image": pgettext("message", "Photo"), "document": pgettext("message", "Document"),
        "audio": pgettext("message", "Voice message"), "video": pgettext("message", "Video"),
        "sticker": pgettext("message", "Sticker"), "location": pgettext("message", "Location"),
        "contacts": pgettext("message", "Contact card"), "reaction": pgettext("message", "Reaction"),
        "order": pgettext("message", "Order"), "system": pgettext("message", "Notice of WhatsApp"),
    }.get(str(kind), pgettext("message", "Message of a kind that WhatsApp does not pass on"))  # fmt: skip


@register.simple_tag
def kind_icon(kind: str) -> str:
    """Its symbol."""
    return {
        "image": "photo", "document": "file-text", "audio": "microphone", "video": "player-play", "sticker": "mood-smile",
        "location": "map-pin", "contacts": "id", "order": "receipt",
    }.get(str(kind), "paperclip")  # fmt: skip


@register.simple_tag
def source_label(source: str) -> str:
    """Who wrote what we sent."""
    return {
        "step": pgettext("source", "Sequence"), "bot": pgettext("source", "Bot"), "agent": pgettext("source", "Agent"),
        "api": pgettext("source", "API"), "system": pgettext("source", "Automatic"),
        "device": pgettext("source", "From the phone app"), "page": pgettext("source", "From their page"),
    }.get(str(source), "")  # fmt: skip


@register.simple_tag
def taken_back(request: Any) -> str:
    """Why a message that was on its way did not leave."""
    if request is None:
        return gettext("Not sent")
    if request.state == "expired":
        return gettext("Not sent: its hour did not come in time")
    reason = str((request.payload or {}).get("withdrawn", ""))
    return {
        "replied": gettext("Reminder cancelled: the debtor replied"),
        "opted_out": gettext("Cancelled: the debtor asked not to be written to"),
        "number_changed": gettext("Cancelled: the number changed hands"),
        "wrong_person": gettext("Cancelled: somebody else answers there"),
        "paid": gettext("Reminder cancelled: it is paid"), "settled": gettext("Reminder cancelled: it is paid"),
        "agreement": gettext("Reminder cancelled: there is a plan"),
        "promise": gettext("Reminder cancelled: there is a promise"),
        "disputed": gettext("Reminder cancelled: there is a dispute"),
    }.get(reason, gettext("Blocked: not sent") if request.verdict == "deny" else gettext("Taken back: not sent"))  # fmt: skip


@register.simple_tag
def tick_label(state: str) -> str:
    """What the debtor's phone knows of a message."""
    return {
        "waiting": pgettext("tick", "Waiting"), "sending": pgettext("tick", "On its way"),
        "accepted": pgettext("tick", "On its way"), "sent": pgettext("tick", "Sent"),
        "delivered": pgettext("tick", "Delivered"), "read": pgettext("tick", "Read"),
        "failed": pgettext("tick", "Not delivered"), "refused": pgettext("tick", "Refused by WhatsApp"),
        "uncertain": pgettext("tick", "Nobody knows whether it arrived"), "withdrawn": pgettext("tick", "Not sent"),
    }.get(str(state), str(state))  # fmt: skip


@register.simple_tag
def tick_icon(state: str) -> str:
    """Its symbol."""
    return {
        "waiting": "clock", "sending": "clock", "accepted": "clock", "sent": "check", "delivered": "checks",
        "read": "checks", "failed": "alert-triangle", "refused": "alert-triangle", "uncertain": "help",
        "withdrawn": "ban",
    }.get(str(state), "clock")  # fmt: skip


@register.simple_tag
def handed_reason(reason: str) -> str:
    """Why the bot stepped aside."""
    reason = str(reason or "")
    if reason.startswith("page:"):
        return gettext("The debtor wrote on their page")
    return {
        "waiting": gettext("A person is waited for"), "asked": gettext("The debtor asked for a person"),
        "loop": gettext("The bot went round in circles"),
        "not_understood": gettext("The bot did not understand the debtor"),
        "nothing_to_ask": gettext("Nothing is left that the bot could ask"), "no_dates": gettext("No date fits the policy"),
        "hardship": gettext("The debtor is going through a hard time"),
        "dispute": gettext("The debtor disputes the debt"), "abuse": gettext("The debtor is upset"),
        "no_plan": gettext("No plan fits the policy"), "receipt": gettext("A receipt has to be looked at"),
    }.get(reason, gettext("The bot handed over"))  # fmt: skip


@register.simple_tag
def reminders_words(name: str, reason: Any) -> str:
    """What became of the reminders that were planned, and why."""
    if name == "enrolment.resumed":
        return gettext("Reminders go on")
    why = {
        "paid": gettext("it is paid"), "settled": gettext("it is paid"), "opted_out": gettext("they asked us to stop"),
        "withdrawn": gettext("the account was withdrawn"), "promise": gettext("there is a promise"),
        "promised": gettext("there is a promise"), "agreement": gettext("there is a plan"),
        "in_plan": gettext("there is a plan"), "dispute": gettext("there is a dispute"),
        "disputed": gettext("there is a dispute"), "to_verify": gettext("a receipt is being looked at"),
        "hardship": gettext("a hard time"), "held": gettext("a person paused them"),
        "no_more_steps": gettext("the last step was reached"),
    }.get(str(reason or ""), "")  # fmt: skip
    words = gettext("Planned reminders cancelled") if name == "enrolment.ended" else gettext("Planned reminders paused")
    return f"{words}: {why}" if why else words


@register.simple_tag
def fold_label(items: list[Any]) -> str:
    """ "3 automatic messages and notes": what a fold holds."""
    return ngettext("%(n)s automatic event", "%(n)s automatic events", len(items)) % {"n": len(items)}


@register.simple_tag
def class_label(name: str) -> str:
    """What offends in a text."""
    return {
        "false_legal_claim": pgettext("conduct", "False legal claim"),
        "third_party_disclosure": pgettext("conduct", "Telling a third person"),
        "fraud_diversion": pgettext("conduct", "Payment outside the official channels"),
        "threat": pgettext("conduct", "Threat"), "privacy": pgettext("conduct", "Private data"),
        "profanity": pgettext("conduct", "Swearing"), "abusive": pgettext("conduct", "Insult"),
        "shaming": pgettext("conduct", "Shaming"), "off_policy_promise": pgettext("conduct", "Promise beyond the policy"),
        "composure_loss": pgettext("conduct", "Shouting"),
    }.get(str(name), str(name))  # fmt: skip


@register.simple_tag
def stage_label(stage: str) -> str:
    """What a template is for."""
    return {
        "probe": pgettext("stage", "Ask who answers"), "preventive": pgettext("stage", "Before the due date"),
        "first": pgettext("stage", "First reminder"), "middle": pgettext("stage", "Reminder"),
        "formal": pgettext("stage", "Formal notice"), "last": pgettext("stage", "Last notice"),
        "agreement": pgettext("stage", "Plan confirmed"), "instalment": pgettext("stage", "Instalment due"),
        "receipt": pgettext("stage", "Payment received"), "promise": pgettext("stage", "Promise reminder"),
        "consent": pgettext("stage", "Ask for consent"),
    }.get(str(stage), str(stage))  # fmt: skip


@register.simple_tag
def ageing_short(days: int) -> SafeString:
    """Days late as a small chip: "34 d"; its title says it in words."""
    if days <= 0:
        words = gettext("due today") if days == 0 else ngettext("due in %(days)s day", "due in %(days)s days", -days)
        return format_html(
            '<span class="age age-0" title="{}">{}</span>', words % {"days": -days} if days else words,
            gettext("%(count)s d") % {"count": days} if days else gettext("today"),
        )  # fmt: skip
    step = 1 if days <= 30 else 2 if days <= 60 else 3 if days <= 90 else 4
    words = ngettext("%(days)s day late", "%(days)s days late", days) % {"days": days}
    return format_html(
        '<span class="age age-{}" title="{}">{}</span>', step, words, gettext("%(count)s d") % {"count": days}
    )
