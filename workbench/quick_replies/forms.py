"""The form of a prepared answer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from messaging.desk.reply_editing import TEXT_MAX
from portfolio.models import Creditor

#: What stands in each place when the answer is sent.
PLACE_WORDS = {
    "name": _("the debtor's first name"), "agent": _("who answers"), "creditor": _("the creditor"),
    "sender": _("your organisation"), "amount": _("what is open, with its currency"),
    "due_date": _("when the oldest invoice fell due"), "days": _("days late"),
    "reference": _("the invoice's number"), "description": _("what the debt is for"),
    "how_to_pay": _("the official way to pay"), "contact": _("the creditor's contact for questions"),
}  # fmt: skip
LANGUAGE_WORDS = {"es": _("Spanish"), "pt": _("Portuguese"), "en": _("English")}


class ReplyForm(forms.Form):
    """An answer, the language it is in, and whose debtors read it."""

    shortcut = forms.CharField(
        label=_("Shortcut"), max_length=21, help_text=_("Typed after a slash in the composer, like /balance."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )  # fmt: skip
    title = forms.CharField(
        label=_("Title"), max_length=80, widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"})
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=list(LANGUAGE_WORDS.items()), widget=forms.Select(attrs={"class": "form-select"}),
        help_text=_("It is offered for debtors who speak it."),
    )  # fmt: skip
    creditor = forms.ChoiceField(
        label=_("For debtors of"), required=False, widget=forms.Select(attrs={"class": "form-select"})
    )
    text = forms.CharField(
        label=_("Text"), max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 5, "data-grow": True, "dir": "auto"}),
    )  # fmt: skip
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=16)

    def __init__(self, *args: Any, creditors: Iterable[Creditor], everybody: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["creditor"]
        choices = [(str(row.pk), row.name) for row in creditors]
        field.choices = [("", gettext("All creditors")), *choices] if everybody else choices
        field.required = not everybody

    @property
    def creditor_id(self) -> uuid.UUID | None:
        """The chosen creditor; None for all."""
        chosen = self.cleaned_data["creditor"]
        return uuid.UUID(chosen) if chosen else None
