"""The shapes of payments, credits and codes to pay with."""

from __future__ import annotations

from rest_framework import serializers

from portfolio.models import Payable, Payment
from portfolio.serializers.fields import MinorField, Shown, text
from tenants.fields import AmountField, CurrencyField, DayField, InstantField, Strict


class PaymentIn(Strict):
    """A payment, or a credit (a credit note, a discount). Absent fields stay.

    A new one needs `debtor`, `amount` and `paid_at` (or `paid_on`); its kind is payment where it says nothing.
    """

    debtor = serializers.CharField(max_length=80, required=False)
    kind = serializers.ChoiceField(choices=("payment", "credit"), required=False)
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)
    paid_at = InstantField(required=False)
    paid_on = DayField(required=False)
    invoice = text(80, help_text="external id of the invoice that it settles first")
    method = text(20)


class PaymentItemIn(PaymentIn):
    """A payment or credit in a batch."""

    external_id = serializers.CharField(max_length=80)


class ReversalIn(Strict):
    """Why a payment is taken back; `amount` when it is a part only."""

    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)


class PaymentOut(Shown):
    """A payment or credit."""

    debtor = serializers.CharField(source="debtor.external_id")
    amount = MinorField("minor")

    class Meta:
        model = Payment
        fields = (
            "id", "external_id", "debtor", "kind", "amount", "currency", "method", "source", "payable_id", "paid_at",
            "reversed_at", "recorded_at",
        )  # fmt: skip


class PayableIn(Strict):
    """A code for what is owed now, or for another amount up to it."""

    debtor = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(choices=("pix", "clabe", "link"), required=False)
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)


class PayableOut(Shown):
    """A code to pay with, and the address of the debtor's page about it."""

    debtor = serializers.CharField(source="debtor.external_id")
    amount = MinorField("minor")
    url = serializers.SerializerMethodField()

    def get_url(self, payable: Payable) -> str:
        """The public page."""
        return f"/p/{payable.token}"

    class Meta:
        model = Payable
        fields = (
            "id", "reference", "debtor", "kind", "code", "amount", "currency", "url", "state", "expires_at",
            "created_at",
        )  # fmt: skip
