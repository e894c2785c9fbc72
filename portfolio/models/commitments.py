"""What a debtor promised, agreed to, contests, and what they may pay with."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from portfolio.models.debts import Invoice
from portfolio.models.parties import Creditor, Debtor
from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, TenantForeignKey


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
