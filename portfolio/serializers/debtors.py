"""The shapes of debtors and their contact points."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portfolio import documents
from portfolio.imports.rows import CONSENT_STATES, IDENTITY_STATES, ROLES, STOPS, SUPPLIERS
from portfolio.models import ContactPoint, Debtor
from portfolio.serializers.fields import LANGUAGES, MinorField, Shown, choice, text
from tenants.fields import DayField, Strict
from tenants.secrets import unseal


class ContactIn(Strict):
    """A phone or e-mail, where it came from, whose it is known to be, and what the debtor agreed to."""

    kind = serializers.ChoiceField(choices=ContactPoint.Kind.values, default="phone")
    value = serializers.CharField(max_length=160)
    role = choice(ROLES)
    contact_name = text(150)
    contact_position = text(80)
    source = text(60)  # type: ignore[assignment]
    supplied_by = choice(SUPPLIERS)
    supplied_on = DayField(required=False, allow_null=True)
    identity = choice(IDENTITY_STATES)
    identity_on = DayField(required=False, allow_null=True)
    identity_evidence = serializers.DictField(child=serializers.CharField(max_length=2000), required=False)
    consent_state = choice(CONSENT_STATES)
    consent_channel = text(10)
    consent_purpose = text(20)
    consent_on = DayField(required=False, allow_null=True)
    consent_evidence = serializers.DictField(child=serializers.CharField(max_length=4000), required=False)


class DebtorIn(Strict):
    """A debtor. Absent fields and contacts stay; null empties; attributes are merged key by key.

    Country and language that are emptied are the creditor's. A document or year that other creditors know too stays.
    """

    name = serializers.CharField(max_length=200, required=False)
    kind = serializers.ChoiceField(choices=("human", "company"), required=False)
    document_kind = serializers.ChoiceField(choices=documents.KINDS, required=False, allow_null=True)
    document = text(40)
    birth_year = serializers.IntegerField(min_value=1900, max_value=2100, required=False, allow_null=True)
    country = text(2)
    language = choice(LANGUAGES)
    subdivision = text(6)
    city = text(80)
    declared_zone = text(40)
    address_zone = text(40)
    labels = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=50, required=False, allow_null=True
    )
    attributes = serializers.DictField(
        child=serializers.CharField(max_length=500, allow_null=True, allow_blank=True), required=False, allow_null=True
    )
    stops = serializers.ListField(child=serializers.ChoiceField(choices=STOPS), required=False)
    contacts = ContactIn(many=True, required=False)


class DebtorItemIn(DebtorIn):
    """A debtor in a batch."""

    external_id = serializers.CharField(max_length=80)


class ContactOut(Shown):
    """A contact point with its provenance and what is known of who answers there."""

    class Meta:
        model = ContactPoint
        fields = (
            "id", "kind", "value", "role", "contact_name", "contact_position", "provenance", "identity", "identity_at",
            "identity_method", "reported_wrong_at", "unreachable_at", "created_at",
        )  # fmt: skip


class DebtorOut(Shown):
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
