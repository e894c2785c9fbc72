"""The forms of the cards: they see to the shape of what is typed; the services decide what it means."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import get_decimal_symbol
from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy

from compliance.language.dates import amount_of
from compliance.language.promise import Typed, read_promise
from kernel.errors import DomainError
from kernel.ids import uuid7
from kernel.money import Money, minor_units
from kernel.phones import spoken
from portfolio.models import ContactPoint, Creditor, Debtor, Invoice
from portfolio.places import today_in, zone_of
from portfolio.services.disputes import REASONS
from workbench.debtors import words
from workbench.templatetags.trato import locale_of

#: Stops that a person of the team may record, and the one that is a pause with care.
HARDSHIP = "hardship"
STOPS = (
    "opted_out", "cease_requested", HARDSHIP, "represented_by_attorney", "minor_or_deceased_or_incapacitated",
    "sued_or_insolvency_procedure", "repactuacao_or_superendividamento_plan",
    "listed_in_state_do_not_contact_registry", "no_reliable_evidence_of_debt", "sernac_no_me_hostiguen_request",
)  # fmt: skip
MEANS = ("call", "message", "letter", "visit", "list", "authority")
AUTHORITIES = ("PROCON", "CONDUSEF", "PROFECO", "SIC", "SFC", "SERNAC", "INDECOPI", "BCB")


class DateInput(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class CardForm(forms.Form):
    """A form about one debtor; `once` names it, so that a doubled click does nothing twice."""

    once = forms.UUIDField(required=False, widget=forms.HiddenInput)
    conversation = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, debtor: Debtor, now: datetime, **kwargs: Any) -> None:
        self.debtor, self.now = debtor, now
        self.creditor: Creditor = debtor.creditor
        self.today: date = today_in(debtor.creditor.country, now)
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.HiddenInput | forms.CheckboxInput | forms.RadioSelect):
                continue
            usual = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs.setdefault("class", usual)

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        """A new form gets a name of its own."""
        if field_name == "once":
            return uuid7()
        return super().get_initial_for_field(field, field_name)

    @property
    def token(self) -> str:
        """The form's name as hex: part of external ids and reasons."""
        once = self.cleaned_data.get("once")
        return (once or uuid7()).hex

    def money(self, typed: str) -> Money:
        """An amount as people write it, in the debtor's currency, above zero; raises a ValidationError."""
        wrong = how_to_write(self.debtor)
        try:
            money = Money(amount_of(_SIGN.sub("", typed.strip()), decimal_mark(self.creditor)), self.debtor.currency)
        except (ValueError, DomainError) as error:
            raise forms.ValidationError(wrong) from error
        if money.minor <= 0:
            raise forms.ValidationError(wrong)
        return money


_SIGN = re.compile(r"^(?:r\$|us\$|s/\.?|\$|[a-z]{3}\b)\s*|\s*[a-z]{3}$", re.I)


def decimal_mark(creditor: Creditor) -> str:
    """What stands before the decimals in the creditor's country."""
    return str(get_decimal_symbol(locale_of(creditor.language, creditor.country)))


def how_to_write(debtor: Debtor) -> str:
    """What is to be written where an amount of this debtor's currency is asked for."""
    if minor_units(debtor.currency) == 0:
        return gettext("Write an amount above zero without decimals, like 1200.")
    return gettext("Write an amount above zero with at most two decimals, like %(example)s.") % {
        "example": f"1200{decimal_mark(debtor.creditor)}50"
    }


def promised(debtor: Debtor, text: str, today: date) -> tuple[Typed, str]:
    """A line as it is read for this debtor, and what is wrong with its amount, in words ('' when nothing is)."""
    read = read_promise(text, today, decimal_mark(debtor.creditor))
    if read.unread:
        return read, gettext("“%(written)s” is no amount.") % {"written": read.unread} + " " + how_to_write(debtor)
    try:
        Money(read.amount or Decimal(0), debtor.currency)
    except ValueError:
        return read, how_to_write(debtor)
    return read, ""


def contacts_of(debtor: Debtor) -> list[ContactPoint]:
    """The person's contact points."""
    return list(ContactPoint.objects.filter(person_id=debtor.person_id).order_by("id"))


def invoices_of(debtor: Debtor) -> list[Invoice]:
    """Invoices with something open."""
    return list(Invoice.objects.filter(debtor=debtor, open_minor__gt=0, withdrawn_at=None).order_by("due_on", "id"))


def _invoice_choices(debtor: Debtor, nothing: str) -> list[tuple[str, str]]:
    return [
        ("", nothing), *((str(invoice.pk), invoice.number or invoice.external_id) for invoice in invoices_of(debtor))
    ]  # fmt: skip


def _contact_choices(debtor: Debtor) -> list[tuple[str, str]]:
    return [
        (str(point.pk), f"{spoken(point.value) if point.kind == 'phone' else point.value} · {words.role(point.role)}")
        for point in contacts_of(debtor)
    ]


class PromiseForm(CardForm):
    """One line: a day and an amount."""

    text = forms.CharField(
        label=gettext_lazy("Day and amount"), max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )  # fmt: skip

    def clean_text(self) -> str:
        """What is typed, unless its amount is none."""
        text: str = self.cleaned_data["text"]
        if wrong := promised(self.debtor, text, self.today)[1]:
            raise forms.ValidationError(wrong)
        return text


class PlanForm(CardForm):
    """How many instalments, from when on, how often; offered or accepted already."""

    count = forms.IntegerField(min_value=1, max_value=240, label=gettext_lazy("Instalments"))
    first_on = forms.DateField(label=gettext_lazy("First instalment"), widget=DateInput)
    every = forms.ChoiceField(label=gettext_lazy("How often"), required=False)
    total = forms.CharField(label=gettext_lazy("Total"), required=False, max_length=30)
    how = forms.CharField(required=False, widget=forms.HiddenInput)
    evidence = forms.CharField(label=gettext_lazy("How they accepted"), required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every: Any = self.fields["every"]
        every.choices = [
            ("month", gettext("every month")),
            ("fortnight", gettext("every fortnight")),
            ("week", gettext("every week")),
        ]

    def clean_total(self) -> Money | None:
        """The amount, if one is given."""
        typed = self.cleaned_data["total"]
        return self.money(typed) if typed else None

    def clean(self) -> dict[str, Any]:
        """An acceptance says how it was given."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("how") == "accepted" and not data.get("evidence"):
            self.add_error("evidence", gettext("Say how they accepted: call, visit, signed paper…"))
        return data


class PayableForm(CardForm):
    """How much to ask for; nothing: what is owed now."""

    amount = forms.CharField(label=gettext_lazy("Amount"), required=False, max_length=30)
    how = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_amount(self) -> Money | None:
        """The amount, if one is given."""
        typed = self.cleaned_data["amount"]
        return self.money(typed) if typed else None


class DisputeForm(CardForm):
    """What is denied and why."""

    reason = forms.ChoiceField(label=gettext_lazy("Reason"))
    invoice = forms.ChoiceField(label=gettext_lazy("Invoice"), required=False)
    authority = forms.ChoiceField(label=gettext_lazy("Authority"), required=False)
    detail = forms.CharField(
        label=gettext_lazy("What they say"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["reason"].choices = [(name, words.dispute_reason(name)) for name in REASONS]
        fields["invoice"].choices = _invoice_choices(self.debtor, gettext("All of them"))
        fields["authority"].choices = [("", gettext("None")), *((name, name) for name in AUTHORITIES)]


class CloseDisputeForm(CardForm):
    """What came of a dispute."""

    dispute = forms.UUIDField(widget=forms.HiddenInput)
    accepted = forms.ChoiceField(label=gettext_lazy("Outcome"), choices=[("0", ""), ("1", "")])
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=300)


class WrongPersonForm(CardForm):
    """Which contact is not theirs."""

    contact = forms.ChoiceField(label=gettext_lazy("Contact"))
    how = forms.ChoiceField(label=gettext_lazy("How do we know"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["contact"].choices = _contact_choices(self.debtor)
        fields["how"].choices = [(name, words.source(name)) for name in ("message", "call", "visit", "letter")]


class StopForm(CardForm):
    """Why somebody is not to be written to, and what shows it."""

    kind = forms.ChoiceField(label=gettext_lazy("Reason"))
    how = forms.ChoiceField(label=gettext_lazy("How do we know"))
    on = forms.DateField(label=gettext_lazy("Since"), widget=DateInput)
    reference = forms.CharField(
        label=gettext_lazy("Evidence"), max_length=120,
        help_text=gettext_lazy("Number of the letter, name and number of the lawyer, id of the call: no story."),
    )  # fmt: skip
    creditor_only = forms.BooleanField(label=gettext_lazy("Only for this creditor"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["kind"].choices = [
            (name, gettext("Hardship or vulnerability: 30 days of quiet") if name == HARDSHIP else words.stop(name))
            for name in STOPS
        ]
        fields["how"].choices = [(name, _means(name)) for name in MEANS]

    def clean_on(self) -> date:
        """Not in the future."""
        on: date = self.cleaned_data["on"]
        if on > self.today:
            raise forms.ValidationError(gettext("This day has not come yet."))
        return on


class LiftForm(CardForm):
    """Why a stop no longer holds."""

    stop = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(label=gettext_lazy("Why it no longer holds"), max_length=300)


#: How people pay in a country besides transfers, cash and cards.
WAYS = {
    "BR": ("pix", "boleto"),
    "MX": ("spei",),
    "CO": ("pse", "bre_b"),
    "CL": ("webpay",),
    "PE": ("yape",),
    "AR": ("wallet",),
}


class PaymentForm(CardForm):
    """Money that arrived, and what shows it."""

    amount = forms.CharField(label=gettext_lazy("Amount"), max_length=30)
    paid_on = forms.DateField(label=gettext_lazy("Paid on"), widget=DateInput)
    method = forms.ChoiceField(label=gettext_lazy("How"))
    invoice = forms.ChoiceField(label=gettext_lazy("Invoice"), required=False)
    reference = forms.CharField(
        label=gettext_lazy("Evidence"), max_length=120,
        help_text=gettext_lazy("The bank's reference or the receipt's number."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        ways = ("transfer", *WAYS.get(self.creditor.country, ()), "cash", "card", "other")
        fields["method"].choices = [(way, capfirst(words.payment_method(way))) for way in ways]
        fields["invoice"].choices = _invoice_choices(self.debtor, gettext("The oldest first"))

    def clean_amount(self) -> Money:
        """The amount."""
        return self.money(self.cleaned_data["amount"])

    def clean_paid_on(self) -> date:
        """Not in the future."""
        on: date = self.cleaned_data["paid_on"]
        if on > self.today:
            raise forms.ValidationError(gettext("This day has not come yet."))
        return on


class ConsentForm(CardForm):
    """What a person said about being written to: who, when, how, and the words."""

    state = forms.ChoiceField(label=gettext_lazy("What they said"))
    who = forms.CharField(label=gettext_lazy("Who spoke"), max_length=150)
    answer = forms.CharField(
        label=gettext_lazy("Their answer, in their words"), max_length=300, required=False,
    )  # fmt: skip
    contact = forms.ChoiceField(label=gettext_lazy("For which contact"), required=False)
    how = forms.ChoiceField(label=gettext_lazy("How"))
    on = forms.DateField(label=gettext_lazy("Day"), widget=DateInput)
    at = forms.TimeField(label=gettext_lazy("Hour"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    wording = forms.CharField(
        label=gettext_lazy("Words that were read or signed"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    reference = forms.CharField(
        label=gettext_lazy("Recording or document"), max_length=120, required=False,
        help_text=gettext_lazy("Id of the recording, number of the contract."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["state"].choices = [
            ("granted", gettext("Yes, they may be written to")),
            ("refused", gettext("No, they were asked and refused")),
            ("revoked", gettext("No, they withdraw it")),
        ]
        fields["contact"].choices = [("", gettext("All of their contacts")), *_contact_choices(self.debtor)]
        fields["how"].choices = [
            (name, words.source(name)) for name in ("call", "visit", "document", "message", "letter", "portal")
        ]

    def clean(self) -> dict[str, Any]:
        """An instant that has passed, by the creditor's clock."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("on") and data.get("at") is not None:
            given = datetime.combine(data["on"], data["at"], zone_of(self.creditor.country))
            if given > self.now:
                self.add_error("on", gettext("This instant has not come yet."))
            data["given_at"] = given
        return data


class ContactForm(CardForm):
    """A new contact point, with where it comes from."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    value = forms.CharField(label=gettext_lazy("Number or address"), max_length=160)
    role = forms.ChoiceField(label=gettext_lazy("Whose it is"))
    contact_name = forms.CharField(label=gettext_lazy("Name"), max_length=150, required=False)
    source = forms.ChoiceField(label=gettext_lazy("Where it comes from"))
    supplied_by = forms.ChoiceField(label=gettext_lazy("Who gave it"))
    supplied_on = forms.DateField(label=gettext_lazy("When"), widget=DateInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["kind"].choices = [("phone", gettext("Phone")), ("email", gettext("E-mail"))]
        fields["role"].choices = [(name, words.role(name)) for name in ContactPoint.Role.values]
        fields["source"].choices = [
            (name, words.source(name)) for name in ("contract", "application", "portal", "call", "message", "document")
        ]
        fields["supplied_by"].choices = [(name, words.supplier(name)) for name in ("debtor", "creditor", "third_party")]


class VerifyForm(CardForm):
    """How somebody showed that a contact is theirs, or that it is in use again."""

    point = forms.UUIDField(widget=forms.HiddenInput)
    what = forms.ChoiceField(choices=[("verify", ""), ("reconfirm", "")])
    method = forms.ChoiceField(label=gettext_lazy("How"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["method"]
        field.choices = verify_methods()


def verify_methods() -> list[tuple[str, str]]:
    """Ways in which a person of the team can verify who answers."""
    return [
        ("call:two_point", gettext("two data points confirmed in a call")),
        ("document", gettext("identity document seen")),
        ("visit", gettext("in person")),
    ]


class PauseForm(CardForm):
    """For how many days."""

    days = forms.IntegerField(min_value=1, max_value=90)


def _means(name: str) -> str:
    return {"list": gettext("a public registry"), "authority": gettext("an authority")}.get(name, words.source(name))


def midday(on: date, creditor: Creditor, now: datetime) -> datetime:
    """The instant of something of which the day is known; never after now."""
    zone: ZoneInfo = zone_of(creditor.country)
    return min(datetime.combine(on, time(12), zone), now)
