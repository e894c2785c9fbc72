"""Links and codes with which a debtor opens the chat and says yes in one message."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portfolio.models import Debtor
from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, TenantForeignKey


class OptInLink(TenantModel):
    """A click-to-chat link of a creditor, or of one debtor: the words that it fills in, and the code that signs them."""

    wall = BY_CREDITOR
    creditor_id = models.UUIDField()
    debtor = TenantForeignKey(Debtor, null=True)  # null: printed on every invoice of the creditor
    #: Half chosen at random, half a keyed hash of it: a mistyped or made-up code is known without looking.
    code = models.CharField(max_length=11)
    #: The words that whoever sends them agrees to, and what they are called in the evidence.
    wording = models.TextField()
    version = models.CharField(max_length=40)
    author = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "code"], name="messaging_optinlink_code")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "creditor_id", "debtor"], name="messaging_optinlink_creditor")
        ]
