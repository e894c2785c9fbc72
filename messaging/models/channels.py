"""An organisation's WhatsApp: its accounts, their numbers, the message templates that Meta has approved."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models import TenantModel
from tenants.walls import BY_OWNER, BY_TENANT, TenantForeignKey


class WhatsAppAccount(TenantModel):
    """A WhatsApp Business account: its token, its app's secret, its portfolio's limit."""

    wall = BY_OWNER
    creditor_id = models.UUIDField(null=True)  # whose account it is; null: the organisation's
    waba_id = models.CharField(max_length=40)
    portfolio_id = models.CharField(max_length=40, blank=True)
    token = models.TextField()  # sealed
    app_secret = models.TextField()  # sealed
    verify_token = models.TextField()  # sealed
    base_url = models.CharField(max_length=200)
    #: Unique people per rolling 24 h outside the window; null: unlimited.
    messaging_limit = models.PositiveIntegerField(null=True)
    #: TENANT-class refusals (token dead, billing, policy) pause the account once, with one alert.
    paused_at = models.DateTimeField(null=True)
    pause_code = models.CharField(max_length=20, blank=True)
    pause_detail = models.CharField(max_length=300, blank=True)
    #: Attested by the organisation: own receivables or mandates; WhatsApp's policy names debt collection.
    posture = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "waba_id"], name="messaging_account_once")
        ]


class Number(TenantModel):
    """One of our sending addresses; the dispatcher works number by number."""

    wall = BY_TENANT

    account = TenantForeignKey(WhatsAppAccount)
    channel = models.CharField(max_length=10, default="whatsapp")
    provider_id = models.CharField(max_length=40)  # phone_number_id
    address = models.CharField(max_length=40)  # display number, E.164
    name = models.CharField(max_length=120, blank=True)
    quality = models.CharField(max_length=10, blank=True)
    per_second = models.PositiveIntegerField(default=80)
    stopped_at = models.DateTimeField(null=True)
    stopped_reason = models.CharField(max_length=300, blank=True)
    #: NUMBER-class refusals and the breaker; until null: until a person lifts it.
    paused_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    pause_code = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "channel", "provider_id"], name="messaging_number_once")
        ]


class MessageTemplate(TenantModel):
    """A text that WhatsApp approved, in one language, for one stage."""

    wall = BY_TENANT

    class Status(models.TextChoices):
        DRAFT = "draft"
        PENDING = "pending"
        APPROVED = "approved"
        REJECTED = "rejected"
        PAUSED = "paused"
        DISABLED = "disabled"

    account = TenantForeignKey(WhatsAppAccount)
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=8)  # WhatsApp's code: es_MX, pt_BR
    stage = models.CharField(max_length=30)  # probe | preventive | first | ... | receipt | consent
    category = models.CharField(max_length=20, default="UTILITY")
    message_class = models.CharField(max_length=20)
    disclosure = models.PositiveSmallIntegerField()
    body = models.TextField()
    footer = models.CharField(max_length=60, blank=True)
    header = models.CharField(max_length=60, blank=True)
    #: [{"id": "probe:yes", "title": ...}], at most three quick replies.
    buttons = models.JSONField(default=list)
    #: Names of the variables in the order of their first use; which required content each one carries.
    variables = ArrayField(models.CharField(max_length=40), default=list)
    content = ArrayField(models.CharField(max_length=60), default=list)  # required fields that the text carries
    flags = ArrayField(models.CharField(max_length=60), default=list)  # content flags by template lint
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    provider_id = models.CharField(max_length=40, blank=True)
    quality = models.CharField(max_length=10, blank=True)
    rejected_reason = models.CharField(max_length=300, blank=True)
    #: A person, or WhatsApp's change of category, took it out of use until a person puts it back.
    held_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "account", "name", "language"], name="messaging_template_once")
        ]
