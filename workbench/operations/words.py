"""Actions of the audit, objects and jobs in the reader's language."""

from __future__ import annotations

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from workbench.debtors.words import ACTIONS as ON_A_DEBTOR
from workbench.imports.words import KINDS

#: Action -> words. One that is not here is shown as it is written.
ACTIONS = {
    "attachment.open": _("Attachment opened"), "clock.play": _("Sandbox clock played"),
    "clock.stop": _("Sandbox clock stopped"), "conversation.assign": _("Conversation assigned"),
    "conversation.close": _("Conversation closed"), "conversation.reopen": _("Conversation reopened"),
    "conversation.snooze": _("Conversation snoozed"),
    "conversation.noted": _("Note in a conversation"), "conversation.hand_back": _("Conversation handed back"),
    "conversation.handed_over": _("Conversation handed over"), "conversation.unfreeze": _("Conversation released"),
    "conversation.wake": _("Conversation woken"), "creditor.save": _("Creditor saved"), "sequence.activate": _("Sequence activated"),
    "sequence.create": _("Sequence created"), "sequence.pause": _("Sequence paused"),
    "sequence.resume": _("Sequence resumed"), "sequence.save": _("Sequence saved"),
    "template.changed": _("Template changed"), "template.create": _("Template created"),
    "template.save": _("Template saved"), "template.copy": _("Template copied"), "template.delete": _("Template deleted"),
    "template.submit": _("Template submitted"), "template.hold": _("Template taken out of use"),
    "template.release": _("Template put back into use"), "template.retire": _("Template retired"),
    "quick_reply.saved": _("Quick reply saved"), "quick_reply.archived": _("Quick reply archived"),
    "quick_reply.restored": _("Quick reply restored"),
    "consent_clause.attest": _("Consent clause attested"), "consent_clause.open": _("Consent clause opened"),
    "opt_in_link.make": _("Consent link made"), "opt_in_link.retire": _("Consent link retired"),
    "conversation.note": _("Note in a conversation"), "conversation.whisper": _("Whisper to the agent"),
    "privacy.certificate_downloaded": _("Certificate downloaded"), "privacy.export_downloaded": _("Data export downloaded"),
    "privacy.export_made": _("Data export made"), "privacy.hold_placed": _("Legal hold placed"),
    "privacy.hold_lifted": _("Legal hold lifted"), "privacy.period_set": _("Period of retention set"),
    "privacy.retention_run": _("Retention run"), "privacy.request_filed": _("Data request recorded"),
    "privacy.request_assigned": _("Data request assigned"), "privacy.request_extended": _("Data request extended"),
    "privacy.request_proven": _("Identity proven for a data request"),
    "privacy.request_closed": _("Data request closed"), "privacy.erased": _("Personal data erased"),
    "debtor_page.allow": _("On their page: consent given"), "debtor_page.channel": _("On their page: channel chosen"),
    "debtor_page.consent": _("On their page: consent withdrawn"), "debtor_page.dispute": _("On their page: dispute opened"),
    "debtor_page.paid": _("On their page: payment claimed"), "debtor_page.plan": _("On their page: plan accepted"),
    "debtor_page.promise": _("On their page: promise to pay"), "debtor_page.stop": _("On their page: opt-out"),
    "debtor_page.resume": _("On their page: messages allowed again"), "debtor_page.talk": _("On their page: asked for a person"),
    "debtor_page.verify": _("On their page: identity confirmed"), "debtor_page.strike": _("On their page: wrong answer"),
    "debtor_page.wrong_person": _("On their page: wrong person"),
    "account.pause": _("WhatsApp account paused"), "account.resume": _("WhatsApp account resumed"),
    "alert.decide": _("Alert decided"), "alert.escalate": _("Alert escalated"), "alert.note": _("Note on an alert"),
    "alert.undo": _("Decision on an alert undone"), "alert.claim": _("Alert claimed"),
    "api_key.created": _("API key made"), "api_key.revoked": _("API key revoked"),
    "api_key.rotated": _("API key rotated"), "clock.moved": _("Sandbox clock moved"),
    "conversation.freeze": _("Conversation frozen"), "conversation.frozen": _("Conversation frozen"),
    "debtor_link.revoke": _("Debtor's link revoked"), "evidence.export": _("Evidence made"),
    "evidence.download": _("Evidence downloaded"),
    "import.started": _("Import started"), "import.undone": _("Import undone"),
    "invitation.accepted": _("Invitation accepted"), "invitation.created": _("Person invited"),
    "invitation.resent": _("Invitation sent again"), "invitation.revoked": _("Invitation revoked"),
    "job.discarded": _("Job discarded"), "job.retried": _("Job tried again"),
    "membership.changed": _("Role or access changed"), "membership.created": _("Person added"),
    "number.pause": _("Number paused"), "organisation.changed": _("Organisation changed"),
    "outbound.settle": _("Doubtful send settled"), "rules.save": _("Rules changed"),
    "rules.propose": _("Relaxation proposed"), "rules.approved": _("Relaxation approved"),
    "rules.refused": _("Relaxation refused"), "rules.withdrawn": _("Relaxation withdrawn"),
    "rules.try": _("Rules tried on past attempts"),
    "sending.resume": _("Sending resumed"), "sending.resumed": _("Sending resumed (organisation)"),
    "sending.stop": _("Sending stopped"), "sending.stopped": _("Sending stopped (organisation)"),
    "tenant.created": _("Organisation founded"), "whatsapp.connect": _("WhatsApp number connected"),
    "whatsapp.subscribe": _("Webhook subscribed"), "whatsapp.token": _("WhatsApp token replaced"),
    **{name: capfirst(words) for name, words in ON_A_DEBTOR.items()},
}  # fmt: skip

SUBJECTS = {
    "tenants.user": _("Person"), "tenants.tenant": _("Organisation"), "tenants.apikey": _("API key"),
    "tenants.invitation": _("Invitation"), "tenants.job": _("Job"), "portfolio.import": _("Import"),
    "portfolio.creditor": _("Creditor"), "portfolio.debtor": _("Debtor"), "messaging.number": _("Number"),
    "messaging.whatsappaccount": _("WhatsApp account"), "messaging.outbound": _("Message"),
    "messaging.conversation": _("Conversation"), "messaging.messagetemplate": _("Template"),
    "monitoring.alert": _("Alert"), "compliance.rulelayer": _("Rules"),
    "compliance.rulerelaxation": _("Relaxation"), "compliance.ruletrial": _("Trial of rules"),
    "compliance.legalhold": _("Legal hold"), "compliance.datarequest": _("Data request"),
    "compliance.retentionperiod": _("Period of retention"), "compliance.retentionrun": _("Retention run"),
    "messaging.sequence": _("Sequence"), "messaging.quickreply": _("Quick reply"), "messaging.attachment": _("Attachment"),
    "portfolio.person": _("Person"), "evidence.debtor": _("Evidence: a debtor"),
    "evidence.complaint": _("Evidence: a complaint"), "evidence.conversation": _("Evidence: a conversation"),
    "evidence.request": _("Evidence: a message"), "evidence.period": _("Evidence: a period"),
}  # fmt: skip

JOBS = {
    "messaging.inbound": _("Webhook from WhatsApp"), "tenants.invitation": _("E-mail with an invitation"),
    "tenants.upload": _("Clearing an uploaded file"), "portfolio.import_check": _("Dry run of an import"),
    "portfolio.import_take": _("Import"), "portfolio.import_undo": _("Undoing an import"),
    "compliance.timemachine": _("Trial of rules"),
}  # fmt: skip

#: Names of values in before and after. One that is not here is shown as it is written.
NAMES = {
    "role": _("Role"), "active": _("Access"), "creditor_ids": _("Creditors"), "name": _("Name"), "email": _("E-mail"),
    "language": _("Language"), "state": _("State"), "file": _("File"), "counts": _("Counted"),
    "expected": _("Expected"), "scopes": _("Permissions"), "prefix": _("Key"), "works_until": _("Works until"),
    "task": _("Job"), "tries": _("Tries"), "error": _("Error"), "stopped_at": _("Stopped at"), "reason": _("Reason"),
    "from": _("Before"), "to": _("After"), "frozen": _("Stands still"), "waba": _("WhatsApp account"),
    "slug": _("Address"), "kind": _("Kind"), "country": _("Country"), "sandbox": _("Sandbox"), "body": _("Text"),
    "assignee": _("Whose"), "until": _("Until"), "outcome": _("Outcome"), "due_on": _("Due"), "document": _("Document"),
    "payable": _("Payment code"), "promise": _("Promise"), "note": _("Note"), "characters": _("Characters"),
    "records": _("Records"), "files": _("Files"), "requests": _("Messages"), "redaction": _("Left out"),
    "minor": _("Amount in the smallest unit"), "rows": _("Lines"), "rejected": _("Rejected"), "reference": _("Reference"),
    "owner": _("Whose"), "channel": _("Channel"), "late": _("Late"),
}  # fmt: skip
#: (name of the value, value as it is kept) -> words.
VALUES = {
    ("role", "agent"): pgettext_lazy("role", "Agent"), ("role", "supervisor"): pgettext_lazy("role", "Supervisor"),
    ("role", "admin"): pgettext_lazy("role", "Administrator"), ("role", "auditor"): pgettext_lazy("role", "Auditor"),
    ("role", "creditor"): pgettext_lazy("role", "Creditor"), ("kind", "agency"): _("Agency with mandates"),
    ("kind", "creditor"): _("Creditor with own invoices"), ("state", "violation"): _("Violation"),
    ("state", "false_alarm"): _("False alarm"), ("state", "open"): _("Open"), ("state", "claimed"): _("Claimed"),
    ("reason", "played"): _("Days played"),
}  # fmt: skip


_COUNTED = {"created": _("new"), "updated": _("changed"), "unchanged": _("as before")}


def name_of(name: str) -> str:
    """The name of a value; a count of an import ("debtors_created") is named by what it counts."""
    kind, _cut, what = name.rpartition("_")
    if kind in dict(KINDS) and what in _COUNTED:
        return f"{dict(KINDS)[kind]} ({_COUNTED[what]})"
    return str(NAMES.get(name, name))


def value_of(name: str, value: str) -> str:
    """A value in words where it is kept as a code."""
    return str(VALUES.get((name, value), value))
