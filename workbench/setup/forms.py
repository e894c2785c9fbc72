"""Forms of the set-up pages."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class ProfileForm(forms.Form):
    """The organisation's name and language."""

    name = forms.CharField(label=_("Name"), max_length=200)
    language = forms.ChoiceField(
        widget=forms.Select(attrs={"class": "form-select"}),
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("For people who have not chosen one. Debtors are written to in their own."),
    )


class ReasonForm(forms.Form):
    """Why; the audit keeps it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands in the audit and on the banner."),
    )
