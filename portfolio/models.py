"""Who owes what to whom, and what they agreed. Balances are sums of append-only entries; nothing here is sent."""

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


class Invoice(TenantModel):
    """A claim with a due date. What is open of it is a cached sum of its entries."""

    wall = BY_CREDITOR
    creditor = TenantForeignKey(Creditor)
    debtor = TenantForeignKey(Debtor)
    external_id = models.CharField(max_length=80)
    number = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)  # the debt's origin, as the debtor knows it
    issued_on = models.DateField(null=True)
    due_on = models.DateField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    open_minor = models.BigIntegerField()
    settled_at = models.DateTimeField(null=True)
    disputed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    #: Set from the creditor's system: past the limitation period, in court, and so on.
    legal_state = models.CharField(max_length=20, blank=True)  # time_barred | sued | insolvency
    import_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "creditor", "external_id"], name="portfolio_invoice_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="portfolio_invoice_positive"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "debtor", "due_on"], name="portfolio_invoice_debtor"),
        ]


class Entry(TenantModel):
    """One movement of money on one invoice (or on the debtor's account): append-only; corrections are new entries.

    `minor` is signed: what makes the debt grow is positive (charge, interest, reversal), what shrinks it negative.
    """

    wall = BY_CREDITOR
    append_only = True

    class Kind(models.TextChoices):
        CHARGE = "charge"  # the invoice itself
        PAYMENT = "payment"
        CREDIT = "credit"  # credit note, discount, negative bill
        REVERSAL = "reversal"  # takes an earlier entry back
        ADJUSTMENT = "adjustment"  # the creditor's system states a new amount

    creditor = TenantForeignKey(Creditor)
    debtor = TenantForeignKey(Debtor)
    invoice = TenantForeignKey(Invoice, null=True)  # null: surplus on the debtor's account
    payment_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=10, choices=Kind)
    currency = models.CharField(max_length=3)
    minor = models.BigIntegerField()
    reverses_id = models.UUIDField(null=True)
    source = models.CharField(max_length=40)  # "import:<id>", "api", "psp:simulator", "agreement:<id>"
    import_id = models.UUIDField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "debtor"], name="portfolio_entry_debtor"),
            models.Index(fields=["tenant", "invoice"], name="portfolio_entry_invoice"),
        ]


class Payment(TenantModel):
    """Money that arrived for a debtor, once per external id; its entries say which invoices it settled."""

    wall = BY_CREDITOR
    creditor = TenantForeignKey(Creditor)
    debtor = TenantForeignKey(Debtor)
    external_id = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    minor = models.BigIntegerField()
    kind = models.CharField(max_length=10, default="payment")  # payment | credit
    method = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=40)
    payable_id = models.UUIDField(null=True)
    paid_at = models.DateTimeField()
    reversed_at = models.DateTimeField(null=True)
    import_id = models.UUIDField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "creditor", "external_id"], name="portfolio_payment_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "debtor"], name="portfolio_payment_debtor")
        ]


class Promise(TenantModel):
    """The debtor said when and how much. Kept or broken is found by the clock and the entries."""

    wall = BY_CREDITOR

    class State(models.TextChoices):
        OPEN = "open"
        KEPT = "kept"
        BROKEN = "broken"
        WITHDRAWN = "withdrawn"

    creditor = TenantForeignKey(Creditor)
    debtor = TenantForeignKey(Debtor)
    currency = models.CharField(max_length=3)
    minor = models.BigIntegerField()
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    source = models.CharField(max_length=40)  # "debtor:bot", "agent:<id>"
    open_minor_before = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "state", "due_on"], name="portfolio_promise_due"),
            models.Index(fields=["tenant", "debtor"], name="portfolio_promise_debtor"),
        ]


class Agreement(TenantModel):
    """A plan of instalments that the debtor accepted, within the creditor's policy."""

    wall = BY_CREDITOR

    class State(models.TextChoices):
        PROPOSED = "proposed"
        ACTIVE = "active"
        FULFILLED = "fulfilled"
        BROKEN = "broken"
        REJECTED = "rejected"
        CANCELLED = "cancelled"

    creditor = TenantForeignKey(Creditor)
    debtor = TenantForeignKey(Debtor)
    external_id = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    invoice_ids = ArrayField(models.UUIDField(), default=list)
    source = models.CharField(max_length=40)
    accepted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "creditor", "external_id"], name="portfolio_agreement_once"),
            models.UniqueConstraint(
                fields=["tenant", "debtor"], condition=models.Q(state="active"), name="portfolio_agreement_one_active"
            ),
        ]


class Instalment(TenantModel):
    """One part of an agreement. What has been paid of it is a cached share of the payments since acceptance."""

    wall = BY_CREDITOR
    creditor = TenantForeignKey(Creditor)
    agreement = TenantForeignKey(Agreement, related_name="instalments")
    number = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "agreement", "number"], name="portfolio_instalment_once")
        ]


class Dispute(TenantModel):
    """The debtor denies an invoice, or complains to an authority; dunning stops until it is resolved."""

    wall = BY_CREDITOR

    class State(models.TextChoices):
        OPEN = "open"
        RESOLVED = "resolved"  # explained; the invoice stands
        ACCEPTED = "accepted"  # the debtor was right

    creditor = TenantForeignKey(Creditor)
    debtor = TenantForeignKey(Debtor)
    invoice = TenantForeignKey(Invoice, null=True)  # null: all of them
    reference = models.CharField(max_length=20)
    reason = models.CharField(max_length=40)
    detail = models.TextField(blank=True)
    authority = models.CharField(max_length=20, blank=True)  # SERNAC, PROCON, ...
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "debtor", "state"], name="portfolio_dispute_debtor")
        ]


class Payable(TenantModel):
    """Something a debtor can pay with: a Pix code, a CLABE, a link. Alive while the balance it was made for stands."""

    wall = BY_CREDITOR

    class State(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        EXPIRED = "expired"
        REPLACED = "replaced"

    creditor = TenantForeignKey(Creditor)
    debtor = TenantForeignKey(Debtor)
    kind = models.CharField(max_length=10)  # pix | clabe | link
    reference = models.CharField(max_length=40)
    #: Random and public: the address of the debtor's page about it.
    token = models.CharField(max_length=43, unique=False)
    code = models.TextField()  # what is copied into the bank's app
    currency = models.CharField(max_length=3)
    minor = models.BigIntegerField()
    invoice_ids = ArrayField(models.UUIDField(), default=list)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "reference"], name="portfolio_payable_once"),
            models.UniqueConstraint(fields=["tenant", "token"], name="portfolio_payable_token"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "debtor", "state"], name="portfolio_payable_debtor")
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


class Import(TenantModel):
    """A file of somebody's portfolio: what came in, what was refused and why; it can be undone."""

    wall = BY_CREDITOR

    class State(models.TextChoices):
        READING = "reading"
        APPLIED = "applied"
        UNDONE = "undone"
        FAILED = "failed"

    creditor = TenantForeignKey(Creditor)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.READING)
    #: Rows read so far: a stopped import goes on from here.
    position = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)


class ImportRejection(TenantModel):
    """A row that could not be taken, with the reason and the way to mend it."""

    wall = BY_CREDITOR
    creditor = TenantForeignKey(Creditor)
    source_import = TenantForeignKey(Import, related_name="rejections")
    line = models.BigIntegerField()
    column = models.CharField(max_length=80, blank=True)
    code = models.CharField(max_length=60)
    message = models.TextField()
    row = models.TextField()  # sealed: it holds personal data
