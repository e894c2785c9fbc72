"""A creditor's form: the shape of what is written; `portfolio.services.save_creditor` decides."""

from __future__ import annotations

from typing import Any

from babel.numbers import is_currency
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kernel.money import Money
from portfolio.models import Creditor
from portfolio.services.creditors import POLICY

LANGUAGES = (("es", _("Spanish")), ("pt", _("Portuguese")), ("en", _("English")))
RAILS = (("", "–"), ("cbu", "CBU / CVU"), ("alias", "Alias"), ("cci", "CCI"), ("bre_b", "Bre-B"))
#: Policy limits that people set here, with their words; the amount is shown in whole currency.
LIMITS: tuple[tuple[str, Any], ...] = (
    ("max_instalments", _("Instalments at most")),
    ("min_down_percent", _("First payment of a plan, % at least")),
    ("max_grace_days", _("Days until the first payment at most")),
    ("max_discount_percent", _("Discount, % at most")),
    ("max_promise_days", _("Days ahead for a promise at most")),
    ("late_days", _("Days of patience with an instalment")),
    ("payable_days", _("Days that a payment code is good for")),
)
#: How money is paid, as people call it.
WAYS = {"pix": "Pix", "clabe": "SPEI · CLABE", "account": _("Account or key")}
PLACES = {
    "pix": (("key", _("Pix key")), ("name", _("Name of the holder")), ("city", _("City"))),
    "clabe": (
        ("clabe", _("CLABE (18 digits)")), ("bank", _("Bank, 3 digits")), ("plaza", _("Place, 3 digits")),
        ("prefix", _("Prefix, 1 to 4 digits")), ("holder", _("Name of the holder")),
    ),
    "account": (("rail", _("Kind")), ("value", _("Number, alias or key")), ("holder", _("Name of the holder"))),
}  # fmt: skip


class CreditorForm(forms.Form):
    """Everything about a creditor that a person may write."""

    external_id = forms.RegexField(
        r"^[\w.:-]{1,80}$", label=_("Number in your system"), max_length=80,
        error_messages={"invalid": _("Letters, digits and . : - _ only.")},
    )  # fmt: skip
    name = forms.CharField(label=_("Name as debtors know it"), max_length=200)
    legal_name = forms.CharField(label=_("Legal name"), max_length=200, required=False)
    tax_id = forms.CharField(label=_("Tax number"), max_length=30, required=False)
    address = forms.CharField(label=_("Address"), max_length=300, required=False)
    contact = forms.CharField(
        label=_("Contact for debtors"),
        max_length=200,
        required=False,
        help_text=_("Telephone, e-mail or page; it stands in messages."),
    )
    country = forms.RegexField(
        r"^[A-Z]{2}$", label=_("Country"), max_length=2, error_messages={"invalid": _("Two capital letters, like MX.")}
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}$",
        label=_("Currency"),
        max_length=3,
        error_messages={"invalid": _("Three capital letters, like MXN.")},
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    balance_max_age_hours = forms.IntegerField(
        label=_("A balance may be demanded for (hours)"), min_value=1, max_value=24 * 366, required=False,
        help_text=_("Older than that, nothing is demanded until your system sends it anew. Empty: no limit."),
    )  # fmt: skip
    dispute_stops_all = forms.BooleanField(
        label=_("A dispute about one invoice stops messages about the others too"), required=False
    )
    min_instalment = forms.DecimalField(
        label=_("Instalment, amount at least"), min_value=0, max_digits=15, required=False
    )

    def __init__(self, *args: Any, creditor: Creditor | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if creditor is not None:
            del self.fields["external_id"]
        for name, label in LIMITS:
            low, high = POLICY[name]
            self.fields[f"limit_{name}"] = forms.IntegerField(
                label=label, min_value=low, max_value=high, required=False
            )
        for rail, parts in PLACES.items():
            for name, label in parts:
                field: forms.Field = forms.CharField(label=label, max_length=80, required=False)
                if (rail, name) == ("account", "rail"):
                    field = forms.ChoiceField(label=label, choices=RAILS, required=False)
                self.fields[f"{rail}_{name}"] = field

    def clean_currency(self) -> str:
        """A currency that there is."""
        code = str(self.cleaned_data["currency"])
        if not is_currency(code):
            raise forms.ValidationError(gettext("Three capital letters, like MXN."))
        return code

    def limits(self) -> list[Any]:
        """The fields of the policy."""
        return [self[f"limit_{name}"] for name, _ in LIMITS] + [self["min_instalment"]]

    def places(self) -> list[tuple[str, list[Any]]]:
        """(name, fields) of each place for money."""
        return [(str(WAYS[rail]), [self[f"{rail}_{name}"] for name, _ in parts]) for rail, parts in PLACES.items()]

    def fields_for(self, creditor: Creditor | None) -> dict[str, Any]:
        """What `save_creditor` takes. Raises ValueError for an amount that the currency cannot hold."""
        said = self.cleaned_data
        plain = (
            "name", "legal_name", "tax_id", "address", "contact", "country", "currency", "language", "balance_max_age_hours",
            "dispute_stops_all",
        )  # fmt: skip
        found: dict[str, Any] = {name: said[name] for name in plain}
        policy: dict[str, int | None] = {name: said[f"limit_{name}"] for name, _ in LIMITS}
        least = said["min_instalment"]
        policy["min_instalment_minor"] = None if least is None else Money(least, said["currency"]).minor
        held = creditor.policy if creditor else {}
        found["policy"] = {name: value for name, value in policy.items() if value is not None or name in held}
        pay_to: dict[str, Any] = {}
        for rail, parts in PLACES.items():
            place = {name: said[f"{rail}_{name}"].strip() for name, _ in parts if said[f"{rail}_{name}"].strip()}
            if place or (creditor is not None and rail in creditor.pay_to):
                pay_to[rail] = place or None
        if pay_to:
            found["pay_to"] = pay_to
        return found


def of(creditor: Creditor) -> dict[str, Any]:
    """The initial values of a stored creditor."""
    plain = (
        "name", "legal_name", "tax_id", "address", "contact", "country", "currency", "language", "balance_max_age_hours",
        "dispute_stops_all",
    )  # fmt: skip
    found: dict[str, Any] = {name: getattr(creditor, name) for name in plain}
    found |= {f"limit_{name}": creditor.policy.get(name) for name, _ in LIMITS}
    least = creditor.policy.get("min_instalment_minor")
    found["min_instalment"] = None if least is None else Money.from_minor(least, creditor.currency).amount
    for rail, place in creditor.pay_to.items():
        found |= {f"{rail}_{name}": value for name, value in place.items()}
    return found
