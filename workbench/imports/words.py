"""Fields of a portfolio file, and what is counted, in the reader's language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

#: (group, ((field, words), ...)) in the order of the choice.
FIELDS: tuple[tuple[Any, tuple[tuple[str, Any], ...]], ...] = (
    (_("Debtor"), (
        ("debtor_id", _("Debtor's number")), ("name", _("Name")), ("document", _("Document")),
        ("document_kind", _("Kind of document")), ("holder_kind", _("Person or company")), ("language", _("Language")),
        ("country", _("Country")), ("subdivision", _("State or region")), ("city", _("City")),
        ("birth_year", _("Year of birth")), ("birth_on", _("Date of birth")), ("labels", _("Labels")),
        ("stops", _("Stops")),
    )),
    (_("Contact"), (
        ("phone", _("Phone")), ("phone_2", _("Second phone")), ("phone_3", _("Third phone")), ("email", _("E-mail")),
        ("email_2", _("Second e-mail")), ("contact_name", _("Contact person")),
        ("contact_position", _("Their position")), ("contact_role", _("Whose contact it is")),
        ("contact_source", _("Where the contact comes from")), ("contact_supplied_by", _("Who supplied it")),
        ("contact_supplied_on", _("Supplied on")), ("identity", _("Identity")), ("identity_on", _("Identity checked on")),
        ("identity_by", _("Identity checked by")), ("identity_method", _("How identity was checked")),
    )),
    (_("Consent"), (
        ("consent_state", _("Consent")), ("consent_on", _("Consent given on")), ("consent_wording", _("Its wording")),
        ("consent_how", _("How it was given")), ("consent_document", _("Proof (document)")),
        ("consent_signed_on", _("Contract signed on")), ("consent_clause", _("Contract clause (version)")),
    )),
    (_("Invoice"), (
        ("invoice_id", _("Invoice number")), ("due_on", _("Due date")), ("amount", _("Amount")),
        ("balance", _("Balance")), ("currency", _("Currency")), ("invoice_number", _("Number shown to the debtor")),
        ("description", _("Description")), ("issued_on", _("Issued on")), ("legal_state", _("Legal state")),
    )),
    (_("Payment"), (
        ("payment_id", _("Payment number")), ("paid_amount", _("Amount paid")), ("paid_on", _("Paid on")),
        ("payment_method", _("Method")),
    )),
)  # fmt: skip
NAMES = {name: words for _group, fields in FIELDS for name, words in fields}

KINDS = (
    ("debtors", _("Debtors")), ("contacts", _("Contacts")), ("invoices", _("Invoices")), ("payments", _("Payments")),
    ("credits", _("Credits")),
)  # fmt: skip

SEPARATORS = {",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("vertical bar")}
ENCODINGS = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252", "latin-1": "Latin-1",
}  # fmt: skip
