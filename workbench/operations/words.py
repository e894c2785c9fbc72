"""Actions of the audit, objects and jobs in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

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
    "template.changed": _("Template changed"),
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
}  # fmt: skip

SUBJECTS = {
    "tenants.user": _("Person"), "tenants.tenant": _("Organisation"), "tenants.apikey": _("API key"),
    "tenants.invitation": _("Invitation"), "tenants.job": _("Job"), "portfolio.import": _("Import"),
    "portfolio.creditor": _("Creditor"), "portfolio.debtor": _("Debtor"), "messaging.number": _("Number"),
    "messaging.whatsappaccount": _("WhatsApp account"), "messaging.outbound": _("Message"),
    "messaging.conversation": _("Conversation"), "messaging.messagetemplate": _("Template"),
    "monitoring.alert": _("Alert"), "compliance.rulelayer": _("Rules"),
    "compliance.rulerelaxation": _("Relaxation"), "compliance.ruletrial": _("Trial of rules"),
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
    "slug": _("Address"), "kind": _("Kind"), "country": _("Country"), "sandbox": _("Sandbox"),
}  # fmt: skip
