"""What a trial found, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TURNS = {
    "stopped": _("Would not have been allowed"), "let_through": _("Would have been allowed"),
    "later": _("Would have waited longer"), "sooner": _("Would have waited less"),
    "other": _("Same answer, for other reasons"),
}  # fmt: skip
#: Why stored facts do not answer a question.
MISSING = {
    "rules": _("Their rule set cannot be put together again from the editions and own rules of that time."),
    "history": _("These rules look further back than the contacts that were kept with the decision."),
    "fields": _("These rules require something of the text that was not looked for at that time."),
    "scopes": _("These rules count per creditor or per invoice, and whose contacts they were was not kept."),
    "facts": _("Their facts are of a form that is read no longer."),
}  # fmt: skip
