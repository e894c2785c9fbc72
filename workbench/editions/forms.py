"""Forms of the editions' pages: a proposal, and a word with a decision."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ProposalForm(forms.Form):
    """A pack as a YAML file, from when it is to hold, and why."""

    file = forms.FileField(label=_("Rule pack (YAML)"), widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml"}))
    effective_from = forms.DateTimeField(
        label=_("Holds from (UTC)"), required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text=_("Empty: from its approval on."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    note = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class WordForm(forms.Form):
    """Which edition, and what is kept with the decision about it."""

    edition = forms.IntegerField(min_value=1, max_value=1_000_000, widget=forms.HiddenInput)
    words = forms.CharField(max_length=1000, required=False, strip=True)
