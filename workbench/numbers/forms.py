"""Forms of the pages about WhatsApp numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portfolio.models import Creditor

_DIGITS = r"^\d{5,30}$"


class ConnectForm(forms.Form):
    """What Meta's dashboard shows; the number is chosen from what the token finds."""

    waba_id = forms.RegexField(
        label=_("WhatsApp Business account ID"), regex=_DIGITS,
        help_text=_("Meta Business Suite, Settings, Accounts, WhatsApp accounts: a number of about 15 digits."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    token = forms.CharField(
        label=_("Access token"), max_length=1000, strip=True,
        help_text=_("Of a system user that does not expire, with whatsapp_business_messaging and whatsapp_business_management."),
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "off"}),
    )  # fmt: skip
    app_secret = forms.CharField(
        label=_("App secret"), max_length=200, strip=True,
        help_text=_("App settings, Basic. With it we know that a webhook comes from Meta."),
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "off"}),
    )  # fmt: skip
    creditor = forms.ChoiceField(widget=forms.Select(attrs={"class": "form-select"}), label=_("Whose account it is"), required=False,
        help_text=_("A creditor's own account writes for that creditor only."),
    )  # fmt: skip
    posture = forms.ChoiceField(widget=forms.Select(attrs={"class": "form-select"}), label=_("What it is used for"),
        choices=(
            ("own receivables", _("Reminders about our own invoices")),
            ("mandate", _("In the name of a creditor, who gave a mandate")),
        ),
        help_text=_("WhatsApp's policy names debt collection. What you state here is kept with your name and the date."),
    )  # fmt: skip
    phone_number_id = forms.ChoiceField(label=_("Number"), required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, creditors: Iterable[Creditor], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [(str(row.pk), row.name) for row in creditors]
        self.fields["creditor"].choices = [("", _("The organisation's: for all creditors")), *listed]  # type: ignore[attr-defined]


class TokenForm(forms.Form):
    """A new token, and a new app secret if that changed too."""

    token = forms.CharField(
        label=_("New access token"), max_length=1000, strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    app_secret = forms.CharField(
        label=_("New app secret"), max_length=200, strip=True, required=False,
        help_text=_("Leave it empty if it did not change."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
