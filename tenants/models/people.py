"""Organisations, who works in them with which role, and the keys of their systems."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from kernel.clock import Clock
from tenants.models.base import UnwalledModel


class Tenant(UnwalledModel):
    """An organisation: a creditor that collects its own invoices, or an agency with several mandates."""

    class Kind(models.TextChoices):
        CREDITOR = "creditor"  # collects its own receivables
        AGENCY = "agency"  # collects for others: WhatsApp's policy treats it differently

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CREDITOR)
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=5, default="es")
    #: Sandbox tenants move their clocks and reach no real network.
    sandbox = models.BooleanField(default=False)
    clock_offset = models.DurationField(default=timedelta(0))
    clock_frozen_at = models.DateTimeField(null=True, blank=True)
    #: Stops everything that leaves, at once (the last look reads it).
    sending_stopped_at = models.DateTimeField(null=True, blank=True)
    sending_stopped_reason = models.CharField(max_length=300, blank=True)
    #: Whether the default practice of the region is laid over the country's rules; opting out is in writing.
    default_rules = models.BooleanField(default=True)
    default_rules_waiver = models.TextField(blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.slug

    def clock(self) -> Clock:
        """The organisation's business clock."""
        return Clock(self.clock_offset, self.clock_frozen_at)


class UserManager(BaseUserManager["User"]):
    """Makes people by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin, UnwalledModel):
    """Somebody who logs in; what they may do is a Membership per organisation."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, blank=True)
    language = models.CharField(max_length=5, blank=True)
    theme = models.CharField(max_length=5, blank=True)
    is_active = models.BooleanField(default=True)
    #: Runs the platform: has pages and an audit of its own, and sees no tenant's rows by it.
    is_operator = models.BooleanField(default=False)
    joined_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("email"), name="tenants_user_email_once")
        ]

    def __str__(self) -> str:
        return self.email


class Membership(UnwalledModel):
    """What a person is in an organisation. `creditor_ids` null: all creditors; else only the listed ones."""

    class Role(models.TextChoices):
        AGENT = "agent"
        SUPERVISOR = "supervisor"
        ADMIN = "admin"
        AUDITOR = "auditor"  # reads everything, writes nothing
        CREDITOR = "creditor"  # a creditor's own people: read-only, their creditors only

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    creditor_ids = ArrayField(models.UUIDField(), null=True, blank=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "user"], name="tenants_membership_once"),
            models.CheckConstraint(
                condition=~models.Q(role="creditor", creditor_ids=None), name="tenants_membership_creditor_limited"
            ),
        ]


class Invitation(UnwalledModel):
    """Somebody is asked in. The way in is a random text of which we keep the hash; one open invitation per address."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="invitations")
    email = models.EmailField()  # in lower case
    role = models.CharField(max_length=10, choices=Membership.Role)
    creditor_ids = ArrayField(models.UUIDField(), null=True, blank=True)
    language = models.CharField(max_length=5)
    token_hash = models.CharField(max_length=64, unique=True)
    #: The text itself, sealed, until the e-mail that carries it has left; empty afterwards.
    token = models.TextField(blank=True)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="tenants_invitation_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(role="creditor", creditor_ids=None), name="tenants_invitation_creditor_limited"
            ),
        ]


class ApiKey(UnwalledModel):
    """A machine's way in. The secret is shown once; we keep its prefix and its hash."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=30))
    creditor_ids = ArrayField(models.UUIDField(), null=True, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
