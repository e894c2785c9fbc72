"""Forms of the API keys' pages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portfolio.models import Creditor
from tenants.authentication import SCOPES

#: What each scope lets a machine do.
SCOPE_WORDS = {
    "portfolio:read": _("Read debtors, invoices, payments and plans"),
    "portfolio:write": _("Write debtors, invoices, payments and plans"),
    "messages:read": _("Read conversations and messages"),
    "messages:send": _("Ask for messages to be sent; each is decided like any other"),
    "decisions:read": _("Read decisions and evidence"),
    "alerts:read": _("Read alerts"),
}
_LIFETIMES = (("90", _("90 days")), ("365", _("One year")), ("", _("Never")))
_OVERLAPS = (("0", _("Ends at once")), ("1", _("1 day")), ("7", _("7 days")), ("30", _("30 days")))


class KeyForm(forms.Form):
    """A new key: what it is for, what it may, for how long."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Which system will use it: you will know it again by this.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[(code, SCOPE_WORDS.get(code, code)) for code in SCOPES],
        widget=forms.CheckboxSelectMultiple,
    )
    creditors = forms.MultipleChoiceField(
        label=_("Only these creditors"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all, also those that come later."),
    )
    days = forms.ChoiceField(
        widget=forms.Select(attrs={"class": "form-select"}),
        label=_("Ends after"),
        choices=_LIFETIMES,
        required=False,
        initial="365",
    )

    def __init__(self, *args: Any, creditors: Iterable[Creditor], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["creditors"].choices = [(str(row.pk), row.name) for row in creditors]  # type: ignore[attr-defined]

    @property
    def creditor_ids(self) -> list[uuid.UUID] | None:
        """The chosen ones; None for all."""
        chosen = self.cleaned_data["creditors"]
        return [uuid.UUID(each) for each in chosen] if chosen else None

    @property
    def lifetime(self) -> timedelta | None:
        """How long it works; None: until it is revoked."""
        days = self.cleaned_data["days"]
        return timedelta(days=int(days)) if days else None


class RotateForm(forms.Form):
    """How long the former key goes on working."""

    days = forms.ChoiceField(
        widget=forms.Select(attrs={"class": "form-select"}),
        label=_("The former key"),
        choices=_OVERLAPS,
        initial="7",
        help_text=_("Time to put the new one in its place."),
    )
