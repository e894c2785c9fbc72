"""What classes, reasons and sections are called, in the language that is active."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from compliance.retention.periods import Period

CLASSES: Mapping[str, Promise] = {
    "words": _("Words of conversations"),
    "attachments": _("Attachments"),
    "profile": _("Labels and preferences"),
    "person": _("Name, document and addresses"),
    "consents": _("Proof of consents and objections"),
    "accounts": _("Invoices and payments"),
    "audit": _("What was changed, and why"),
    "strangers": _("Messages of people whom we do not know"),
    "raw_bodies": _("Deliveries of the channel as they came"),
    "uploads": _("Files brought in, and refused rows"),
    "decisions": _("Decisions and their facts"),
    "ledger": _("Sealed log"),
}
MEANS: Mapping[str, Promise] = {
    "words": _("Messages in both directions, notes of colleagues, what was written in disputes and reviews."),
    "attachments": _("Receipts and pictures that came with messages."),
    "profile": _("What makes work easier and no law asks for: labels, extra fields of the creditor's system."),
    "person": _("Name, tax document, phones, e-mails, the creditor's customer number, words for the search."),
    "consents": _("Exact wording, who recorded it, the document's hash. That it was given or withdrawn stays."),
    "accounts": _("What the debt was for. Amounts and dates stay: they are the creditor's books and name nobody."),
    "audit": _("The contents of audit entries about the person. Who did what and when stays."),
    "strangers": _("Somebody wrote who is in no portfolio."),
    "raw_bodies": _("Webhook bodies. Their hash and id stay, so that the log still verifies."),
    "uploads": _("Portfolio files in the wizard, and the rows that could not be taken."),
    "decisions": _("Ids, states, counts and hashes. Once the person is blanked they are about nobody."),
    "ledger": _("Numbers and hashes of events under their seals."),
}
COUNTS_FROM: Mapping[str, Promise] = {
    "account_closed": _("from the end of the account"),
    "received": _("from the day on which it came in"),
}
BECAUSE: Mapping[str, Promise] = {
    "claims": _("claims may still be brought or defended"),
    "duty": _("a law orders it"),
    "proof": _("whoever processes data has to prove that it was lawful"),
    "books": _("commercial books are kept so long"),
    "need": _("the work itself needs it so long"),
    "ledger": _("nothing personal is in it"),
}
CONFIDENCE: Mapping[str, Promise] = {
    "V1": _("text of the law read"),
    "V2": _("read in a secondary source"),
    "M": _("to be confirmed by counsel"),
    "S": _("practice"),
}
#: Why something stays, on a certificate.
KEPT: Mapping[str, Promise] = {
    "held": _("a legal hold forbids to erase it"),
    "open": _("the account is not closed: a debt, a plan or a dispute is open"),
    "asked": _("another request of yours is being answered"),
    "period": _("it is kept by law until its period ends"),
    "ledger": _("nothing in it names you"),
    "owner": _("it is being erased: the job that may do it completes this certificate"),
}
KINDS: Mapping[str, Promise] = {
    "access": _("Access and copy"),
    "rectification": _("Correction"),
    "erasure": _("Erasure"),
    "objection": _("Objection"),
}
STATES: Mapping[str, Promise] = {
    "open": pgettext_lazy("request", "Open"),
    "answered": pgettext_lazy("request", "Answered"),
    "refused": pgettext_lazy("request", "Refused"),
}
CHANNELS: Mapping[str, Promise | str] = {
    "page": _("the debtor's page"),
    "whatsapp": "WhatsApp",
    "email": _("an e-mail"),
    "phone": _("telephone"),
    "letter": _("letter"),
    "authority": _("an authority"),
}
SECTIONS: Mapping[str, Promise] = {
    "creditors": _("Creditors"),
    "person": _("Person"),
    "contact_points": _("Phones and addresses"),
    "accounts": _("Accounts"),
    "invoices": _("Invoices"),
    "entries": _("Entries"),
    "payments": _("Payments"),
    "promises": _("Promises"),
    "agreements": _("Plans"),
    "instalments": _("Instalments"),
    "disputes": _("Disputes"),
    "consents": _("Consents"),
    "stops": _("Reasons not to write"),
    "preferences": _("Preferences"),
    "contacts": _("Contacts"),
    "decisions": _("Decisions"),
    "evidence_taken_out": _("Evidence that was taken out"),
    "requests": _("Data requests"),
    "certificates": _("Certificates"),
    "conversations": _("Conversations"),
    "messages": _("Messages"),
    "attachments": _("Attachments"),
    "notes": _("Notes"),
    "alerts": _("Reviews"),
}


def period_words(period: Period | None) -> str:
    """ "5 years", "6 months", "90 days"; as long as the ledger where there is none."""
    if period is None:
        return str(_("as long as the log"))
    if period.days:
        return ngettext("%(n)s day", "%(n)s days", period.days) % {"n": period.days}
    if period.months % 12 == 0:
        return ngettext("%(n)s year", "%(n)s years", period.months // 12) % {"n": period.months // 12}
    return ngettext("%(n)s month", "%(n)s months", period.months) % {"n": period.months}
