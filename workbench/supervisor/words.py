"""Words of the supervisors' pages that come from data: parts of the gate, conduct, causes, origins, verdicts."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Text = str | Promise

#: part -> (name, what it means)
PARTS: dict[str, tuple[Text, Text]] = {
    "allowed": (_("Allowed"), _("No rule objects: sent, or on its way.")),
    "deferred": (_("Held back"), _("Waits for an instant at which every rule passes.")),
    "hours": (_("Law: hours and days"), _("Held back for legal hours until its reason or its time was over.")),
    "budget": (_("Contact budget"), _("The person's contacts of the day, week or month are used up.")),
    "consent": (_("Consent"), _("No valid consent for this channel and purpose.")),
    "identity": (_("Identity"), _("It would reveal more than the proven identity permits.")),
    "stop": (pgettext_lazy("gate", "Stop"), _("The person asked to stop, disputes, has paid, or is protected.")),
    "tone": (_("Tone"), _("The text holds something that may not be said.")),
    "content": (_("Content or balance"), _("The text lacks what the law demands, or the balance is too old.")),
    "channel": (_("Channel"), _("The number is paused or at its limit, or the 24-hour window is closed.")),
    "other": (_("Other"), _("Another rule.")),
}
CAUSES: dict[str, Text] = {
    "hours": _("for legal hours"), "budget": _("for the contact budget"), "channel": _("for the channel"),
    "other": _("for another rule"),
}  # fmt: skip

CONDUCT: dict[str, Text] = {
    "false_legal_claim": _("False legal claim"), "third_party_disclosure": _("Disclosure to a third party"),
    "fraud_diversion": _("Payment diverted"), "threat": _("Threat"), "privacy": _("Intrusion into privacy"),
    "profanity": _("Profanity"), "abusive": _("Insult"), "shaming": _("Shaming"),
    "off_policy_promise": _("Promise beyond policy"), "composure_loss": _("Loss of composure"),
    "vulnerable": _("Vulnerable debtor"), "complaint": _("Complaint"), "abuse": _("Abuse by the debtor"),
}  # fmt: skip
#: What a debtor's signal asks for; nobody broke a rule.
SIGNALS: dict[str, Text] = {
    "vulnerable": _("Illness, loss of work or another hardship: pause pressure, offer a person and more time."),
    "complaint": _("The debtor disputes or complains: answer on the matter before anything else is demanded."),
    "abuse": _("The debtor attacks the agent: protect the agent; a supervisor may take over."),
}
SEVERITY: dict[int, Text] = {
    3: pgettext_lazy("severity", "Serious"), 2: pgettext_lazy("severity", "Clear"), 1: pgettext_lazy("severity", "Mild"),
}  # fmt: skip
ORIGINS: dict[str, Text] = {
    "step": _("Sequence"), "bot": _("Bot"), "agent": pgettext_lazy("role", "Agent"), "api": _("API"),
    "system": _("System"), "device": _("Phone app"), "debtor": _("Debtor"), "page": _("Debtor's page"),
}  # fmt: skip
CLASSES: dict[str, Text] = {
    "collection": pgettext_lazy("message class", "Collection"), "identity_probe": _("Identity question"),
    "reply": pgettext_lazy("message class", "Reply"), "service": pgettext_lazy("message class", "Service"),
    "optout_confirmation": _("Opt-out confirmation"), "consent_request": _("Consent request"),
    "call": pgettext_lazy("message class", "Call"),
}  # fmt: skip
BUCKETS: dict[str, Text] = {
    "current": _("Not yet due"), "1-30": _("1–30 days"), "31-60": _("31–60 days"), "61-90": _("61–90 days"),
    "90+": _("Over 90 days"),
}  # fmt: skip
MOMENTS: dict[str, Text] = {
    "request": _("when it was asked for"), "retry": _("asked anew"), "last_look": _("last look before sending"),
}  # fmt: skip
VERDICTS: dict[str, Text] = {
    "allow": pgettext_lazy("state", "Allowed"), "defer": pgettext_lazy("state", "Held back"),
    "deny": pgettext_lazy("state", "Blocked"),
}  # fmt: skip


def conduct(name: str) -> str:
    """A class of conduct in the reader's language."""
    return str(CONDUCT.get(name, name))


def author_kind(actor: str) -> str:
    """Who wrote something, without a name: the actor's kind."""
    kind = actor.partition(":")[0]
    return str({"user": ORIGINS["agent"], "key": ORIGINS["api"], "system": ORIGINS["system"]}.get(kind, kind))


ESCALATED = pgettext_lazy("severity", "Escalated")
ACTIONS: dict[str, Text] = {
    "claimed": _("took it"), "released": _("gave it back"), "violation": _("confirmed a violation"),
    "false_alarm": _("marked a false alarm"), "undone": _("took the verdict back"), "escalated": _("escalated it"),
    "noted": _("noted"),
}  # fmt: skip
