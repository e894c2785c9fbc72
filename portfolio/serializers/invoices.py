"""The shapes of invoices."""

from __future__ import annotations

from rest_framework import serializers

from portfolio.imports.rows import LEGAL_STATES
from portfolio.models import Invoice
from portfolio.serializers.fields import MinorField, Shown, choice, text
from tenants.fields import AmountField, CurrencyField, DayField, Strict


class InvoiceIn(Strict):
    """An invoice. `debtor`, `due_on` and `amount` are needed for a new one."""

    debtor = serializers.CharField(max_length=80, required=False)
    number = text(60)
    description = text(200)
    issued_on = DayField(required=False, allow_null=True)
    due_on = DayField(required=False)
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)
    legal_state = choice(LEGAL_STATES)


class InvoiceItemIn(InvoiceIn):
    """An invoice in a batch."""

    external_id = serializers.CharField(max_length=80)


class InvoiceOut(Shown):
    """An invoice; `open` is what its entries leave."""

    debtor = serializers.CharField(source="debtor.external_id")
    amount = MinorField("amount_minor")
    open = MinorField("open_minor")

    class Meta:
        model = Invoice
        fields = (
            "id", "external_id", "debtor", "number", "description", "issued_on", "due_on", "amount", "open", "currency",
            "legal_state", "settled_at", "disputed_at", "withdrawn_at", "created_at", "updated_at",
        )  # fmt: skip
