"""The editor of a sequence's steps: rows as they came, whatever is in them; meaning is the service's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from messaging.message_templates.library import DUNNING
from messaging.sequences.editing import STEPS_MAX

FIELDS = ("code", "offset_days", "stage", "at", "times", "every_days")


def rows_of(data: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows of a posted editor, in their order; bounded."""
    found = []
    for place in range(STEPS_MAX + 4):
        row = {name: str(data.get(f"{name}_{place}", "")).strip()[:40] for name in FIELDS}
        if f"offset_days_{place}" in data:
            found.append(row)
    return found


def rows_from(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The rows of a stored edition."""
    return [{name: str(step.get(name, "")) for name in FIELDS} for step in steps]


def added(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """One more row, a week after the last one."""
    days = [int(row["offset_days"]) for row in rows if row["offset_days"].lstrip("-").isdigit()]
    stage = rows[-1]["stage"] if rows else DUNNING[1]
    fresh = {
        "code": "", "offset_days": str(max(days, default=-4) + 7), "stage": stage if stage != DUNNING[0] else DUNNING[1],
        "at": "10:00", "times": "1", "every_days": "",
    }  # fmt: skip
    return [*rows, fresh]


def steps_of(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Rows as the service takes them; a new row is called after its level. What is no number stays a text, and is
    refused there with its place."""
    taken = {row["code"] for row in rows if row["code"]}
    steps: list[dict[str, Any]] = []
    for row in rows:
        code = row["code"]
        if not code:
            code, turn = row["stage"] or "step", 2
            while code in taken:
                code, turn = f"{row['stage']}{turn}", turn + 1
            taken.add(code)
        steps.append({
            "code": code, "offset_days": row["offset_days"], "stage": row["stage"], "at": row["at"] or "09:00",
            "times": row["times"] or "1", "every_days": row["every_days"] or "0",
        })  # fmt: skip
    return steps


class SequenceForm(forms.Form):
    """A new sequence: its name, and whose debtors it is for."""

    name = forms.CharField(label=_("Name"), max_length=120)
    country = forms.ChoiceField(label=_("Country"))
    creditor = forms.ChoiceField(label=_("Only for one creditor"), required=False)

    def __init__(
        self, *args: Any, countries: list[tuple[str, str]], creditors: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = countries  # type: ignore[attr-defined]
        self.fields["creditor"].choices = [("", _("All creditors of the country")), *creditors]  # type: ignore[attr-defined]
