"""Invoices, payments, and the append-only entries that a balance is the sum of."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portfolio.models.parties import Creditor, Debtor
from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, TenantForeignKey


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
