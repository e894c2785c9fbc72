"""Forms of the people pages, and of whoever accepts an invitation."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portfolio.models import Creditor
from tenants.models import Membership

Role = Membership.Role
#: What each role may do, in the order of power.
ROLES = (
    (Role.AGENT, pgettext_lazy("role", "Agent"), _("Talks with debtors, agrees on plans within the creditor's limits.")),
    (Role.SUPERVISOR, pgettext_lazy("role", "Supervisor"), _("Sees everybody's work, reviews alerts, stops sending.")),
    (Role.ADMIN, pgettext_lazy("role", "Administrator"), _("Sets everything up: people, numbers, imports, keys, rules.")),
    (Role.AUDITOR, pgettext_lazy("role", "Auditor"), _("Reads everything, changes nothing.")),
    (Role.CREDITOR, pgettext_lazy("role", "Creditor"), _("The creditor's own people: reads what is about their debtors.")),
)  # fmt: skip


class RightsForm(forms.Form):
    """A role, and the creditors that it is limited to; none chosen is all."""

    role = forms.ChoiceField(
        label=_("Role"), choices=[(code, word) for code, word, _what in ROLES], widget=forms.RadioSelect
    )
    creditors = forms.MultipleChoiceField(
        label=_("Only these creditors"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all, also those that come later."),
    )

    def __init__(self, *args: Any, creditors: Iterable[Creditor], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["creditors"].choices = [(str(row.pk), row.name) for row in creditors]  # type: ignore[attr-defined]

    @property
    def creditor_ids(self) -> list[uuid.UUID] | None:
        """The chosen ones; None for all."""
        chosen = self.cleaned_data["creditors"]
        return [uuid.UUID(each) for each in chosen] if chosen else None


class InviteForm(RightsForm):
    """Who is asked in."""

    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    language = forms.ChoiceField(
        widget=forms.Select(attrs={"class": "form-select"}),
        label=_("Language of the e-mail"),
        choices=settings.LANGUAGES,
    )
    field_order = ("email", "role", "creditors", "language")


class AcceptForm(forms.Form):
    """A new person's name and password."""

    name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. A sentence is easier to remember than a puzzle."),
    )
