"""The shapes of the portfolio's REST resources: what is taken, and what is shown."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kernel.money import Money
from portfolio import documents
from portfolio.imports.rows import CONSENT_STATES, IDENTITY_STATES, LEGAL_STATES, ROLES, STOPS, SUPPLIERS
from portfolio.models import (
    Agreement,
    ContactPoint,
    Creditor,
    Debtor,
    Dispute,
    Import,
    Instalment,
    Invoice,
    Payable,
    Payment,
    Promise,
)
from portfolio.services.disputes import REASONS
from tenants.api import AmountField, CurrencyField, DayField, InstantField, Strict
from tenants.secrets import unseal

_LANGUAGES = ("es", "pt", "en")


def _text(limit: int, **options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=limit, required=False, allow_null=True, allow_blank=True, **options)


def _choice(values: tuple[str, ...]) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=values, required=False, allow_null=True)


# --- what is taken


class CreditorIn(Strict):
    """A creditor. Absent fields stay."""

    name = serializers.CharField(max_length=200, required=False)
    legal_name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    tax_id = serializers.CharField(max_length=30, required=False, allow_blank=True)
    address = serializers.CharField(max_length=300, required=False, allow_blank=True)
    contact = serializers.CharField(max_length=200, required=False, allow_blank=True)
    country = serializers.CharField(max_length=2, required=False)
    currency = CurrencyField(required=False)
    language = serializers.ChoiceField(choices=_LANGUAGES, required=False)
    balance_max_age_hours = serializers.IntegerField(min_value=1, max_value=24 * 366, required=False, allow_null=True)
    dispute_stops_all = serializers.BooleanField(required=False)
    pay_to = serializers.DictField(child=serializers.DictField(child=serializers.CharField()), required=False)
    policy = serializers.DictField(child=serializers.IntegerField(), required=False)


class ContactIn(Strict):
    """A phone or e-mail, where it came from, whose it is known to be, and what the debtor agreed to."""

    kind = serializers.ChoiceField(choices=ContactPoint.Kind.values, default="phone")
    value = serializers.CharField(max_length=160)
    role = _choice(ROLES)
    contact_name = _text(150)
    contact_position = _text(80)
    source = _text(60)  # type: ignore[assignment]
    supplied_by = _choice(SUPPLIERS)
    supplied_on = DayField(required=False, allow_null=True)
    identity = _choice(IDENTITY_STATES)
    identity_on = DayField(required=False, allow_null=True)
    identity_evidence = serializers.DictField(child=serializers.CharField(max_length=2000), required=False)
    consent_state = _choice(CONSENT_STATES)
    consent_channel = _text(10)
    consent_purpose = _text(20)
    consent_on = DayField(required=False, allow_null=True)
    consent_evidence = serializers.DictField(child=serializers.CharField(max_length=4000), required=False)


class DebtorIn(Strict):
    """A debtor. Absent fields and contacts stay; null empties; attributes are merged key by key."""

    name = serializers.CharField(max_length=200, required=False)
    kind = serializers.ChoiceField(choices=("human", "company"), required=False)
    document_kind = serializers.ChoiceField(choices=documents.KINDS, required=False, allow_null=True)
    document = _text(40)
    birth_year = serializers.IntegerField(min_value=1900, max_value=2100, required=False, allow_null=True)
    country = _text(2)
    language = _choice(_LANGUAGES)
    subdivision = _text(6)
    city = _text(80)
    declared_zone = _text(40)
    address_zone = _text(40)
    labels = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=50, required=False, allow_null=True
    )
    attributes = serializers.DictField(
        child=serializers.CharField(max_length=500, allow_null=True, allow_blank=True), required=False, allow_null=True
    )
    stops = serializers.ListField(child=serializers.ChoiceField(choices=STOPS), required=False)
    contacts = ContactIn(many=True, required=False)


class InvoiceIn(Strict):
    """An invoice. `debtor`, `due_on` and `amount` are needed for a new one."""

    debtor = serializers.CharField(max_length=80, required=False)
    number = _text(60)
    description = _text(200)
    issued_on = DayField(required=False, allow_null=True)
    due_on = DayField(required=False)
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)
    legal_state = _choice(LEGAL_STATES)


class InvoiceItemIn(InvoiceIn):
    """An invoice in a batch."""

    external_id = serializers.CharField(max_length=80)


class InvoiceBatchIn(Strict):
    """Up to 1,000 invoices; each is taken or refused by itself."""

    items = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=1000)


class PaymentIn(Strict):
    """A payment, or a credit (a credit note, a discount). `debtor`, `amount` and `paid_at` are needed for a new one."""

    debtor = serializers.CharField(max_length=80, required=False)
    kind = serializers.ChoiceField(choices=("payment", "credit"), default="payment")
    amount = AmountField()
    currency = CurrencyField(required=False)
    paid_at = InstantField(required=False)
    paid_on = DayField(required=False)
    invoice = _text(80, help_text="external id of the invoice that it settles first")
    method = _text(20)


class ReversalIn(Strict):
    """Why a payment is taken back; `amount` when it is a part only."""

    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)


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
    invoice = _text(80)
    reason = serializers.ChoiceField(choices=REASONS)
    detail = _text(4000)
    authority = _text(20)


class ClosingIn(Strict):
    """Whether the debtor was right, and the credit that follows."""

    accepted = serializers.BooleanField()
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)


class PayableIn(Strict):
    """A code for what is owed now, or for another amount up to it."""

    debtor = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(choices=("pix", "clabe", "link"), required=False)
    amount = AmountField(required=False)
    currency = CurrencyField(required=False)


class ImportIn(Strict):
    """A CSV file; `mapping` is a reader's name or a mapping's JSON, found out when left out."""

    file = serializers.FileField()
    mapping = serializers.CharField(required=False)


# --- what is shown


@extend_schema_field({"type": "string", "format": "decimal", "example": "1234.56"})
class MinorField(serializers.Field):
    """Minor units of the row's currency as a decimal text."""

    def __init__(self, column: str, **options: Any) -> None:
        super().__init__(source="*", read_only=True, **options)
        self.column = column

    def to_representation(self, value: Any) -> str:
        """1250 of BRL is "12.50"."""
        return str(Money.from_minor(getattr(value, self.column), value.currency).amount)


class _Shown(serializers.ModelSerializer):
    id = serializers.UUIDField(read_only=True)


class CreditorOut(_Shown):
    """A creditor."""

    class Meta:
        model = Creditor
        fields = (
            "id", "external_id", "name", "legal_name", "tax_id", "address", "contact", "country", "currency",
            "language", "balance_max_age_hours", "dispute_stops_all", "pay_to", "policy", "sending_stopped_at",
            "created_at",
        )  # fmt: skip


class ContactOut(_Shown):
    """A contact point with its provenance and what is known of who answers there."""

    class Meta:
        model = ContactPoint
        fields = (
            "id", "kind", "value", "role", "contact_name", "contact_position", "provenance", "identity", "identity_at",
            "identity_method", "reported_wrong_at", "unreachable_at", "created_at",
        )  # fmt: skip


class DebtorOut(_Shown):
    """A debtor with their person. The document is shown in part."""

    name = serializers.CharField(source="person.name")
    kind = serializers.CharField(source="person.kind")
    document_kind = serializers.CharField(source="person.document_kind")
    document = serializers.SerializerMethodField()
    country = serializers.CharField(source="person.country")
    language = serializers.CharField(source="person.language")
    subdivision = serializers.CharField(source="person.subdivision")
    city = serializers.CharField(source="person.city")
    person_id = serializers.UUIDField()
    open = MinorField("open_minor")

    def get_document(self, debtor: Debtor) -> str:
        """Its kind and last two characters."""
        person = debtor.person
        if not person.document:
            return ""
        return documents.mask(person.document_kind, unseal(person.document, purpose="document"))

    class Meta:
        model = Debtor
        fields = (
            "id", "external_id", "person_id", "name", "kind", "document_kind", "document", "country", "language",
            "subdivision", "city", "labels", "attributes", "open", "currency", "oldest_due_on", "balance_as_of",
            "withdrawn_at", "created_at", "updated_at",
        )  # fmt: skip


class DebtorDetail(DebtorOut):
    """A debtor with their contact points."""

    contacts = serializers.SerializerMethodField()

    def get_contacts(self, debtor: Debtor) -> list[dict[str, Any]]:
        """In the order in which they were added."""
        points = ContactPoint.objects.filter(person_id=debtor.person_id).order_by("id")
        return list(ContactOut(points, many=True).data)

    class Meta(DebtorOut.Meta):
        fields = (*DebtorOut.Meta.fields, "contacts")  # type: ignore[assignment]


class InvoiceOut(_Shown):
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


class PaymentOut(_Shown):
    """A payment or credit."""

    debtor = serializers.CharField(source="debtor.external_id")
    amount = MinorField("minor")

    class Meta:
        model = Payment
        fields = (
            "id", "external_id", "debtor", "kind", "amount", "currency", "method", "source", "payable_id", "paid_at",
            "reversed_at", "recorded_at",
        )  # fmt: skip


class PromiseOut(_Shown):
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


class AgreementOut(_Shown):
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


class DisputeOut(_Shown):
    """A dispute."""

    debtor = serializers.CharField(source="debtor.external_id")
    invoice = serializers.CharField(source="invoice.external_id", default=None)

    class Meta:
        model = Dispute
        fields = (
            "id", "reference", "debtor", "invoice", "reason", "detail", "authority", "state", "opened_at", "closed_at",
        )  # fmt: skip


class PayableOut(_Shown):
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


class ImportOut(_Shown):
    """A file that came in."""

    class Meta:
        model = Import
        fields = ("id", "file_name", "sha256", "state", "position", "counts", "started_at", "finished_at")


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


class ItemResult(serializers.Serializer):
    """What became of one item of a batch; `problem` when it was refused."""

    index = serializers.IntegerField()
    external_id = serializers.CharField()
    outcome = serializers.ChoiceField(choices=("created", "updated", "unchanged", "rejected"))
    problem = serializers.DictField(required=False)


class BatchOut(serializers.Serializer):
    """The results of a batch, in the order of its items."""

    results = ItemResult(many=True)


def shown_page(rows: type[serializers.BaseSerializer]) -> Any:
    """The schema of a page of a list."""
    return type(
        f"{rows.__name__}Page",
        (serializers.Serializer,),
        {
            "results": rows(many=True),
            "next_cursor": serializers.CharField(allow_null=True),
            "__doc__": "A page of a list.",
        },
    )
