"""The editor's form: shape only; what a text may say is the lint's business."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from messaging.message_templates.library import STAGES
from workbench.message_templates import words

#: A little more than WhatsApp takes, so that the lint can say by how much it is too long.
BODY_MAX, SHORT_MAX = 2000, 200
BUTTONS = 3


class TemplateForm(forms.Form):
    """One template's words."""

    stage = forms.ChoiceField(label=_("Step"))
    language = forms.RegexField(
        r"^[a-z]{2}(_[A-Z]{2})?$", label=_("Language"), max_length=5,
        error_messages={"invalid": _("Write it like es_CO or pt_BR.")},
    )  # fmt: skip
    name = forms.RegexField(
        r"^[a-z0-9_]{1,200}$", label=_("Name"), max_length=200,
        error_messages={"invalid": _("Use small letters, digits and _ only.")},
    )  # fmt: skip
    header = forms.CharField(label=_("Header"), max_length=SHORT_MAX, required=False)
    body = forms.CharField(
        label=_("Text"), max_length=BODY_MAX, widget=forms.Textarea(attrs={"rows": 11, "spellcheck": "true"})
    )
    footer = forms.CharField(label=_("Footer"), max_length=SHORT_MAX, required=False)

    def __init__(self, *args: Any, stage: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = [(stage, words.stage_word(stage)) for stage in STAGES]  # type: ignore[attr-defined]
        names = words.tap_words()
        taps = [("", "–"), *[(tap, names[tap]) for tap in words.taps_of(stage)]]
        taps += [(tap, name) for tap, name in names.items() if tap not in dict(taps)]
        for place in range(1, BUTTONS + 1):
            self.fields[f"tap_{place}"] = forms.ChoiceField(choices=taps, required=False)
            self.fields[f"title_{place}"] = forms.CharField(max_length=60, required=False)

    def button_rows(self) -> list[dict[str, Any]]:
        """The fields of the buttons."""
        return [{"tap": self[f"tap_{place}"], "title": self[f"title_{place}"]} for place in range(1, BUTTONS + 1)]

    def clean(self) -> dict[str, Any]:
        """A button needs its words and what it does."""
        found: dict[str, Any] = super().clean() or {}
        for place in range(1, BUTTONS + 1):
            tap, title = found.get(f"tap_{place}"), (found.get(f"title_{place}") or "").strip()
            if title and not tap:
                self.add_error(f"tap_{place}", gettext("Choose what a tap does."))
            if tap and not title:
                self.add_error(f"title_{place}", gettext("Write what the button says."))
        return found

    def buttons(self) -> list[tuple[str, str]]:
        """(id, title) of the buttons that were filled in. Call after is_valid."""
        rows = [(self.cleaned_data[f"tap_{n}"], self.cleaned_data[f"title_{n}"].strip()) for n in range(1, BUTTONS + 1)]
        return [(tap, title) for tap, title in rows if tap and title]


def of(row: Any) -> dict[str, Any]:
    """The initial values of a stored template."""
    found = {
        "stage": row.stage, "language": row.language, "name": row.name, "header": row.header, "body": row.body,
        "footer": row.footer,
    }  # fmt: skip
    for place, button in enumerate(row.buttons[:BUTTONS], 1):
        found[f"tap_{place}"], found[f"title_{place}"] = button["id"], button["title"]
    return found
