"""Forms of the rules' pages: an organisation's own rules, and one moment to try out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from compliance.decide.rules import WEEK
from compliance.services.own_rules import PERIODS, OwnRules

#: Empty rows for further closed days.
SPARE = 3
CLASSES = (
    ("collection", _("Collection: anything about the debt that we begin")),
    ("identity_probe", _("Identity question: nothing about a debt")),
    ("reply", _("Answer to what the person asked within 24 hours")),
    ("service", _("Receipt or confirmation")),
    ("consent_request", _("Request for consent")),
    ("optout_confirmation", _("Confirmation of a stop request")),
)


class OwnRulesForm(forms.Form):
    """Hours by weekday, closed dates and limits; what is left empty adds nothing."""

    cap_7 = forms.IntegerField(label=_("Contacts in 7 days at most"), min_value=1, max_value=50, required=False)
    cap_30 = forms.IntegerField(label=_("Contacts in 30 days at most"), min_value=1, max_value=200, required=False)
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, help_text=_("Kept in the audit with the change."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    known = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, rules: OwnRules | None = None, rows: int = 0, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        rules = rules or OwnRules()
        hour = {"type": "time", "step": "300"}
        for day in WEEK:
            pair = rules.hours.get(day)
            self.fields[f"from_{day}"] = forms.TimeField(
                required=False, initial=pair[0] if pair else "", widget=forms.TimeInput(attrs=hour, format="%H:%M")
            )
            self.fields[f"to_{day}"] = forms.TimeField(
                required=False, initial=pair[1] if pair else "", widget=forms.TimeInput(attrs=hour, format="%H:%M")
            )
            self.fields[f"shut_{day}"] = forms.BooleanField(
                required=False, initial=day in rules.hours and rules.hours[day] is None
            )
        self.rows = max(rows, len(rules.closed) + SPARE)
        for place in range(self.rows):
            on, why = rules.closed[place] if place < len(rules.closed) else (None, "")
            self.fields[f"day_{place}"] = forms.DateField(
                required=False, initial=on, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            )
            self.fields[f"why_{place}"] = forms.CharField(required=False, max_length=80, initial=why)
        for days in PERIODS:
            self.fields[f"cap_{days}"].initial = rules.caps.get(days)

    def week(self) -> list[dict[str, Any]]:
        """The fields of each weekday, Monday first."""
        return [
            {"day": day, "from": self[f"from_{day}"], "to": self[f"to_{day}"], "shut": self[f"shut_{day}"]}
            for day in WEEK
        ]

    def days(self) -> list[dict[str, Any]]:
        """The rows of closed days."""
        return [{"day": self[f"day_{place}"], "why": self[f"why_{place}"]} for place in range(self.rows)]

    def clean(self) -> dict[str, Any]:
        """Both hours or none, the end after the beginning; a reason for a day needs its day."""
        found: dict[str, Any] = super().clean() or {}
        for day in WEEK:
            start, end = found.get(f"from_{day}"), found.get(f"to_{day}")
            if found.get(f"shut_{day}") or f"from_{day}" in self.errors or f"to_{day}" in self.errors:
                continue
            if (start is None) != (end is None):
                self.add_error(f"to_{day}", gettext("Give both hours, or leave both empty."))
            elif start is not None and end is not None and end <= start:
                self.add_error(f"to_{day}", gettext("The end must come after the beginning."))
        for place in range(self.rows):
            if found.get(f"why_{place}") and not found.get(f"day_{place}") and f"day_{place}" not in self.errors:
                self.add_error(f"day_{place}", gettext("Which day?"))
        return found

    def own_rules(self) -> OwnRules:
        """What was filled in. Call after is_valid."""
        found = self.cleaned_data
        hours: dict[str, tuple[str, str] | None] = {}
        for day in WEEK:
            if found[f"shut_{day}"]:
                hours[day] = None
            elif found[f"from_{day}"] is not None:
                hours[day] = (f"{found[f'from_{day}']:%H:%M}", f"{found[f'to_{day}']:%H:%M}")
        closed: dict[date, str] = {}
        for place in range(self.rows):
            if found[f"day_{place}"]:
                closed[found[f"day_{place}"]] = found[f"why_{place}"].strip()
        caps = {days: found[f"cap_{days}"] for days in PERIODS if found[f"cap_{days}"] is not None}
        return OwnRules(hours=hours, closed=tuple(sorted(closed.items())), caps=caps)


def rows_in(data: Mapping[str, Any]) -> int:
    """How many rows of closed days came back; bounded."""
    return min(130, sum(1 for key in data if key.startswith("day_")))


class MomentForm(forms.Form):
    """Whom, what and when: a debtor by id, or a place; a wall time there."""

    debtor = forms.CharField(label=_("Debtor"), max_length=80, required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    state = forms.CharField(label=_("State"), max_length=6, required=False)
    zone = forms.CharField(label=_("Time zone"), max_length=60, required=False)
    message_class = forms.ChoiceField(label=_("Kind of message"), choices=CLASSES, required=False)
    contacts = forms.IntegerField(label=_("Contacts on the days before"), min_value=0, max_value=30, required=False)
    at = forms.DateTimeField(
        label=_("Day and hour there"), required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip

    def __init__(self, *args: Any, countries: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = countries  # type: ignore[attr-defined]

    def clean_at(self) -> datetime | None:
        """The wall time as it was written: its zone is the debtor's."""
        at: datetime | None = self.cleaned_data["at"]
        return at.replace(tzinfo=None) if at is not None else None
