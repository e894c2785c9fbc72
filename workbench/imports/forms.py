"""Forms of the import pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from portfolio.imports.mapping import Formats
from portfolio.imports.mapping import Mapping as Columns
from portfolio.imports.mapping.columns import ATTRIBUTE
from portfolio.models import Creditor
from tenants.uploads import SIZE_MAX
from workbench.imports.words import FIELDS

KEEP = "keep"  # a column that becomes an attribute of the debtor


class FileForm(forms.Form):
    """Whose file, and the file."""

    creditor = forms.ChoiceField(
        widget=forms.Select(attrs={"class": "form-select"}),
        label=_("Creditor"),
        help_text=_("Whose debtors and invoices stand in the file."),
    )
    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text=_("The first line names the columns. Separator and letters (UTF-8, Windows) are found by looking."),
    )

    def __init__(self, *args: Any, creditors: Iterable[Creditor], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["creditor"].choices = [(str(row.pk), f"{row.name} · {row.currency}") for row in creditors]  # type: ignore[attr-defined]

    def clean_file(self) -> UploadedFile:
        """Not larger than we take."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > SIZE_MAX:
            raise forms.ValidationError(
                _("The file has more than %(megabytes)s MB: split it."), params={"megabytes": SIZE_MAX >> 20}
            )
        return file


def mapping_from(post: Mapping[str, str], header: list[str], before: Columns) -> Columns:
    """The mapping that the columns' form says; what is chosen is checked by the mapping itself."""
    columns: dict[str, str] = {}
    for place, column in enumerate(header):
        chosen = post.get(f"column-{place}", "")
        if chosen == KEEP:
            chosen = ATTRIBUTE + (slugify(column).replace("-", "_")[:40] or f"column_{place + 1}")
        if chosen:
            columns[column] = _unique(chosen, columns)
    constants = {**before.constants}
    for name in ("currency", "country"):
        value = post.get(f"constant-{name}", "").strip().upper()[:3]
        if name in columns.values() or not value:
            constants.pop(name, None)
        else:
            constants[name] = value
    formats = Formats(
        decimal=post["decimal"] if post.get("decimal") in (",", ".") else "",  # type: ignore[arg-type]
        dates=post["dates"] if post.get("dates") in ("iso", "dmy", "mdy") else "",  # type: ignore[arg-type]
        phone_region=post.get("constant-country", "").strip().upper()[:2] or before.formats.phone_region,
    )
    return replace(before, columns=columns, constants=constants, formats=formats)


def _unique(chosen: str, columns: Mapping[str, str]) -> str:
    """Two columns may be kept under one name: the second gets a number. Fields of ours are told twice on purpose."""
    if not chosen.startswith(ATTRIBUTE):
        return chosen
    name, again = chosen, 2
    while name in columns.values():
        name, again = f"{chosen}_{again}", again + 1
    return name


__all__ = ["FIELDS", "KEEP", "FileForm", "mapping_from"]
