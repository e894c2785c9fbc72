"""The shapes of creditors, and of the sums about them."""

from __future__ import annotations

from rest_framework import serializers

from portfolio.models import Creditor
from portfolio.serializers.fields import LANGUAGES, Shown, text
from tenants.fields import AmountField, CurrencyField, Strict


class CreditorIn(Strict):
    """A creditor. Absent fields stay; null empties. `pay_to` and `policy` are merged entry by entry, null takes one out.

    A new one needs its name, country and currency; its language follows from the country: pt in BR, else es.
    """

    name = serializers.CharField(max_length=200, required=False)
    legal_name = text(200)
    tax_id = text(30)
    address = text(300)
    contact = text(200)
    country = serializers.CharField(max_length=2, required=False)
    currency = CurrencyField(required=False)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)
    balance_max_age_hours = serializers.IntegerField(min_value=1, max_value=24 * 366, required=False, allow_null=True)
    dispute_stops_all = serializers.BooleanField(required=False)
    pay_to = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField(), allow_null=True), required=False, allow_null=True
    )
    policy = serializers.DictField(child=serializers.IntegerField(allow_null=True), required=False, allow_null=True)


class CreditorOut(Shown):
    """A creditor."""

    class Meta:
        model = Creditor
        fields = (
            "id", "external_id", "name", "legal_name", "tax_id", "address", "contact", "country", "currency",
            "language", "balance_max_age_hours", "dispute_stops_all", "pay_to", "policy", "sending_stopped_at",
            "created_at",
        )  # fmt: skip


class BucketOut(serializers.Serializer):
    """What is open in one ageing bucket."""

    currency = serializers.CharField()
    bucket = serializers.CharField()
    invoices = serializers.IntegerField()
    debtors = serializers.IntegerField()
    open = AmountField()


class ReconciliationOut(serializers.Serializer):
    """Sums per currency, and a checksum that both sides can compute."""

    currency = serializers.CharField()
    debtors = serializers.IntegerField()
    invoices = serializers.IntegerField()
    open = AmountField()
    surplus = AmountField()
    balance = AmountField()
    entries = serializers.DictField(child=AmountField())
    checksum = serializers.CharField()
