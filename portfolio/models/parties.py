"""Creditors, the people who owe them, and the ways to reach and to find those."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, BY_PERSON, TenantForeignKey


class Creditor(TenantModel):
    """Whose invoices are collected: the organisation itself, or a principal who gave it a mandate."""

    wall = BY_CREDITOR
    #: Equal to `id`, so that the creditor's own row is walled like the rows about it.
    creditor_id = models.UUIDField(editable=False)
    external_id = models.CharField(max_length=80)
    name = models.CharField(max_length=200)  # as debtors know it
    legal_name = models.CharField(max_length=200, blank=True)
    tax_id = models.CharField(max_length=30, blank=True)
    address = models.CharField(max_length=300, blank=True)
    contact = models.CharField(max_length=200, blank=True)  # where a debtor may ask: phone, e-mail or page
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=5)
    #: Hours after which a balance is too old to be demanded; null: never.
    balance_max_age_hours = models.PositiveIntegerField(null=True, blank=True)
    #: Whether a dispute on one invoice stops the messages about the debtor's others too.
    dispute_stops_all = models.BooleanField(default=False)
    #: Where money goes: {"pix": {...}, "clabe": {...}, "account": {...}}; only these may ever be sent.
    pay_to = models.JSONField(default=dict)
    #: What may be offered: {"max_instalments": 6, "min_down_percent": 0, "max_grace_days": 15, ...}
    policy = models.JSONField(default=dict)
    sending_stopped_at = models.DateTimeField(null=True, blank=True)
    sending_stopped_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="portfolio_creditor_once"),
            models.CheckConstraint(condition=models.Q(creditor_id=models.F("id")), name="portfolio_creditor_itself"),
        ]


class Person(TenantModel):
    """A human or a company inside an organisation; owns budget, stops, zone and identity, over all creditors."""

    wall = f"{BY_PERSON}:id"

    class Kind(models.TextChoices):
        HUMAN = "human"
        COMPANY = "company"

    kind = models.CharField(max_length=7, choices=Kind, default=Kind.HUMAN)
    name = models.CharField(max_length=200)
    document_kind = models.CharField(max_length=8, blank=True)
    document = models.TextField(blank=True)  # sealed (tenants/secrets.py)
    #: Keyed hash of kind and canonical document: how one person at two creditors is known to be one.
    document_hash = models.CharField(max_length=64, blank=True)
    #: Keyed hashes of what the two-point check asks for: {"document_last3": ..., "birth_year": ...}, sealed.
    knowledge = models.TextField(blank=True)
    country = models.CharField(max_length=2)
    language = models.CharField(max_length=5)
    #: What the debtor said about their place, and what we know of it: zones and subdivision of the rules.
    declared_zone = models.CharField(max_length=40, blank=True)
    address_zone = models.CharField(max_length=40, blank=True)
    subdivision = models.CharField(max_length=6, blank=True)
    city = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant", "document_hash"],
                condition=~models.Q(document_hash=""),
                name="portfolio_person_document",
            )
        ]


class Debtor(TenantModel):
    """A person at a creditor."""

    wall = BY_CREDITOR
    creditor = TenantForeignKey(Creditor)
    person = TenantForeignKey(Person)
    external_id = models.CharField(max_length=80)
    labels = ArrayField(models.CharField(max_length=40), default=list)
    attributes = models.JSONField(default=dict)
    #: When the creditor's system last said how the account stands.
    balance_as_of = models.DateTimeField(null=True)
    #: Cached sum of open amounts in minor units of `currency`; rebuilt by a test and a command.
    currency = models.CharField(max_length=3)
    open_minor = models.BigIntegerField(default=0)
    oldest_due_on = models.DateField(null=True)
    import_id = models.UUIDField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "creditor", "external_id"], name="portfolio_debtor_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "person"], name="portfolio_debtor_person"),
            models.Index(fields=["tenant", "creditor", "updated_at", "id"], name="portfolio_debtor_updated"),
            # The list of debtors, by amount and by age.
            models.Index(fields=["tenant", "-open_minor", "id"], name="portfolio_debtor_amount"),
            models.Index(fields=["tenant", "oldest_due_on", "id"], name="portfolio_debtor_oldest"),
        ]


class ContactPoint(TenantModel):
    """An address of a person: phone, WhatsApp id, business-scoped user id, e-mail; with where it came from."""

    wall = f"{BY_PERSON}:person_id"

    class Kind(models.TextChoices):
        PHONE = "phone"  # E.164; carries WhatsApp and SMS
        BSUID = "bsuid"  # WhatsApp's business-scoped user id
        EMAIL = "email"

    class Role(models.TextChoices):
        OWNER = "owner"  # the debtor's own
        GUARANTOR = "guarantor"
        REPRESENTATIVE = "representative"
        ACCOUNTS_PAYABLE = "accounts_payable"
        REFERENCE = "reference"  # never written to
        WORK = "work"

    class Identity(models.TextChoices):
        """How sure we are that the debtor answers here (product.md section 3, idea 7)."""

        UNKNOWN = "unknown"
        CONTACTED = "contacted"
        CLAIMED = "claimed"
        VERIFIED = "verified"
        WRONG_PERSON = "wrong_person"

    person = TenantForeignKey(Person)
    kind = models.CharField(max_length=6, choices=Kind)
    value = models.CharField(max_length=160)
    #: The form that the provider last used for it (Mexico's 521, Brazil without the ninth digit).
    wire_value = models.CharField(max_length=160, blank=True)
    role = models.CharField(max_length=20, choices=Role, default=Role.OWNER)
    contact_name = models.CharField(max_length=150, blank=True)  # a company's contact person
    contact_position = models.CharField(max_length=80, blank=True)
    #: {"source": ..., "supplied_by": "debtor"|..., "on": date}: without it the number may not be used.
    provenance = models.JSONField(default=dict)
    #: Candidate zones by number plan, computed once (compliance.decide.zones).
    zones = ArrayField(models.CharField(max_length=40), default=list)
    identity = models.CharField(max_length=12, choices=Identity, default=Identity.UNKNOWN)
    identity_at = models.DateTimeField(null=True)
    identity_method = models.CharField(max_length=40, blank=True)
    strikes = models.PositiveSmallIntegerField(default=0)
    #: {"question": ..., "asked_at": ...}: where the two-point check stands.
    check_state = models.JSONField(default=dict)
    reported_wrong_at = models.DateTimeField(null=True)
    unreachable_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "person", "kind", "value"], name="portfolio_contact_once"),
            models.CheckConstraint(
                condition=~models.Q(kind="phone") | models.Q(value__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="portfolio_contact_e164",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "kind", "value"], name="portfolio_contact_value")
        ]


class DebtorLink(TenantModel):
    """The address of a debtor's own page, /d/<token>: nobody can guess it, and the table alone does not tell it."""

    wall = BY_CREDITOR
    creditor = TenantForeignKey(Creditor)
    debtor = TenantForeignKey(Debtor)
    #: To whom it was given: what they prove here is proven for that address. Null: handed over some other way.
    contact_point = TenantForeignKey(ContactPoint, null=True)
    #: Keyed hash of the token; the token itself is made anew from `id` and the key (portfolio/services/links.py).
    token_hash = models.CharField(max_length=64)
    #: The two-point check of a link that belongs to no contact point.
    verified_at = models.DateTimeField(null=True)
    strikes = models.PositiveSmallIntegerField(default=0)
    check_state = models.JSONField(default=dict)
    source = models.CharField(max_length=40)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "token_hash"], name="portfolio_debtorlink_token")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "debtor"], name="portfolio_debtorlink_debtor")
        ]


class SearchToken(TenantModel):
    """A word by which a person is found: of the name, the end of a phone number, an invoice's or account's number.

    Row-level security loses the index for LIKE and lower(): words are stored as they are looked for, in a collation in
    which a beginning is a range. Written by `portfolio.search` beside the rows that the words stand in.
    """

    wall = f"{BY_PERSON}:person_id:owner"

    class Kind(models.TextChoices):
        NAME = "n"  # a word without accents, in lower case
        PHONE = "p"  # digits, the last one first
        NUMBER = "i"  # of an invoice, or the creditor's own id of it
        ACCOUNT = "a"  # the creditor's own id of the debtor

    person_id = models.UUIDField()
    creditor_id = models.UUIDField(null=True)  # null: the person's own
    #: The row that the word stands in: person, contact point, invoice or debtor.
    subject_id = models.UUIDField()
    kind = models.CharField(max_length=1, choices=Kind)
    token = models.CharField(max_length=80, db_collation="C")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "subject_id", "kind", "token"], name="portfolio_searchtoken_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "kind", "token", "person_id"], name="portfolio_searchtoken_find")
        ]
