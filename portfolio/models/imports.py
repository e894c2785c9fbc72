"""Files of debtors and invoices, and the rows that could not be taken."""

from __future__ import annotations

from django.db import models

from portfolio.models.parties import Creditor
from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, TenantForeignKey


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
