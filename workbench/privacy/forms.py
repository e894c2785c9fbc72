"""Forms of the privacy pages: shapes only; compliance/retention decides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compliance.retention.requests import CHANNELS
from compliance.retention.words import CHANNELS as CHANNEL_WORDS
from compliance.retention.words import KINDS

_AREA = {"class": "form-control", "rows": 3, "data-grow": ""}


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "form-select"})


class PeriodForm(forms.Form):
    """How long a class is kept; empty: as the country says."""

    number = forms.IntegerField(
        label=_("How long"), min_value=1, max_value=9999, required=False,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, required=False, widget=forms.Textarea(attrs=_AREA),
        help_text=_("Needed to keep it longer than the country's period."),
    )  # fmt: skip


class HoldForm(forms.Form):
    """Whom, why, until when."""

    about = forms.ChoiceField(label=_("What is held"), widget=_select())
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs=_AREA))
    until = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}),
        help_text=_("Without one it stands until somebody lifts it."),
    )  # fmt: skip

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].choices = choices  # type: ignore[attr-defined]


class RequestForm(forms.Form):
    """What a person asked for, and how it came."""

    kind = forms.ChoiceField(label=_("What is asked for"), choices=list(KINDS.items()), widget=_select())
    channel = forms.ChoiceField(
        label=_("How it came"), choices=[(each, CHANNEL_WORDS[each]) for each in CHANNELS], widget=_select()
    )
    received_on = forms.DateField(
        label=_("Day on which it came"), required=False,
        widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}), help_text=_("Empty: today."),
    )  # fmt: skip
    detail = forms.CharField(
        label=_("In the person's words"), max_length=4000, required=False, widget=forms.Textarea(attrs=_AREA)
    )
    proven = forms.BooleanField(label=_("It is certain who asks"), required=False)
    origin = forms.CharField(max_length=60, widget=forms.HiddenInput())
