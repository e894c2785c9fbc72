"""The shapes of what debtors say: promises, agreements, disputes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kernel.money import Money
from portfolio.models import Agreement, Dispute, Instalment, Promise
from portfolio.serializers.fields import MinorField, Shown, text
from portfolio.services.disputes import REASONS
from tenants.fields import AmountField, CurrencyField, DayField, Strict


class PromiseIn(Strict):
    """What the debtor said: how much, and when."""

    debtor = serializers.CharField(max_length=80)
    amount = AmountField()
    currency = CurrencyField(required=False)
    due_on = DayField()


class AgreementIn(Strict):
    """A plan within the creditor's policy; `total` below what is open is a discount, given when the plan is kept."""

    debtor = serializers.CharField(max_length=80)
    external_id = serializers.CharField(max_length=80, required=False)
    count = serializers.IntegerField(min_value=1, max_value=240)
    first_on = DayField()
    every = serializers.ChoiceField(choices=("month", "fortnight", "week"), default="month")
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)
    invoices = serializers.ListField(child=serializers.CharField(max_length=80), required=False)


class DisputeIn(Strict):
    """A denial of one invoice, or of all (no invoice)."""

    debtor = serializers.CharField(max_length=80)
    invoice = text(80)
    reason = serializers.ChoiceField(choices=REASONS)
    detail = text(4000)
    authority = text(20)


class ClosingIn(Strict):
    """Whether the debtor was right, and the credit that follows."""

    accepted = serializers.BooleanField()
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)


class PromiseOut(Shown):
    """A promise."""

    debtor = serializers.CharField(source="debtor.external_id")
    amount = MinorField("minor")

    class Meta:
        model = Promise
        fields = ("id", "debtor", "amount", "currency", "due_on", "state", "source", "created_at", "decided_at")


class InstalmentOut(serializers.Serializer):
    """One part of a plan."""

    number = serializers.IntegerField()
    due_on = serializers.DateField()
    amount = serializers.CharField()
    paid = serializers.CharField()


class AgreementOut(Shown):
    """A plan with its instalments."""

    debtor = serializers.CharField(source="debtor.external_id")
    amount = MinorField("total_minor")
    instalments = serializers.SerializerMethodField()

    def get_instalments(self, agreement: Agreement) -> list[dict[str, Any]]:
        """In their order."""
        parts = Instalment.objects.filter(agreement=agreement).order_by("number")
        return [
            {
                "number": part.number,
                "due_on": part.due_on.isoformat(),
                "amount": str(Money.from_minor(part.minor, agreement.currency).amount),
                "paid": str(Money.from_minor(part.paid_minor, agreement.currency).amount),
            }
            for part in parts
        ]

    class Meta:
        model = Agreement
        fields = (
            "id", "external_id", "debtor", "amount", "currency", "state", "invoice_ids", "instalments", "source",
            "accepted_at", "created_at", "updated_at",
        )  # fmt: skip


class DisputeOut(Shown):
    """A dispute."""

    debtor = serializers.CharField(source="debtor.external_id")
    invoice = serializers.CharField(source="invoice.external_id", default=None)

    class Meta:
        model = Dispute
        fields = (
            "id", "reference", "debtor", "invoice", "reason", "detail", "authority", "state", "opened_at", "closed_at",
        )  # fmt: skip
