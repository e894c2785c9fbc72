"""The form of a trial: which rules, over which days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

#: Days that are tried when nobody says otherwise.
USUAL = 30


class TrialForm(forms.Form):
    """Rules by their key, and the days whose attempts are decided again."""

    rules = forms.ChoiceField(label=_("Rules to try"))
    first = forms.DateField(label=_("From day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("To day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data: Any = None, *, choices: list[tuple[str, str]], today: date, chosen: str = "") -> None:
        super().__init__(
            data, initial={"rules": chosen, "first": today - timedelta(days=USUAL), "last": today}, auto_id="trial_%s"
        )
        self.fields["rules"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The days in their order, and years that a calendar has."""
        found: dict[str, Any] = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and last < first:
            self.add_error("last", gettext("The end must come after the beginning."))
        for name in ("first", "last"):
            if found.get(name) and not 2000 <= found[name].year <= 2200:
                self.add_error(name, gettext("Which day?"))
        return found
