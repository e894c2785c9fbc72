"""Organisations and their people; the unwalled tables that wake work; the event log. See architecture.md, section 5."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from kernel.clock import Clock
from kernel.ids import uuid7
from tenants.scope import current, current_tenant_id
from tenants.walls import BY_CREDITOR, BY_SEQUENCER, BY_TENANT, AppendOnly, TenantForeignKey, TenantModelBase


class TenantModel(models.Model, metaclass=TenantModelBase):
    """A row that belongs to one organisation; see tenants/walls.py for what the database makes of it."""

    wall: ClassVar[str] = BY_TENANT
    append_only: ClassVar[bool] = False
    erasable: ClassVar[tuple[str, ...]] = ()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant",
        models.PROTECT,
        default=current_tenant_id,
        editable=False,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    class Meta:
        abstract = True


class UnwalledModel(models.Model):
    """A table that is read before the tenant is known. The list of them stands in tests/architecture."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


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


class InboundRoute(UnwalledModel):
    """An opaque address under which a provider reaches one tenant: /webhooks/<kind>/<key>."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="routes")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=43, unique=True)
    #: Encrypted for the tenant (tenants/secrets.py): what signs the bodies, and what opens the handshake.
    secret = models.TextField(blank=True)
    verify_token = models.TextField(blank=True)
    subject_id = models.UUIDField(null=True, blank=True)
    active = models.BooleanField(default=True)


class RawInbound(UnwalledModel):
    """A provider's body as it came, stored before we answered 200. Append-only; only retention blanks `body`."""

    route = models.ForeignKey(InboundRoute, models.PROTECT, related_name="+", db_index=False)
    tenant_id = models.UUIDField()
    received_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    body = models.BinaryField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            AppendOnly(name="tenants_rawinbound_append", erasable=("body",))
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["tenant_id", "id"], name="tenants_raw_tenant")]


class Lane(models.Model):
    """Wakes work: a kind of work of a tenant is due at a business instant. The work itself is in the tenant's rows."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=64, blank=True)
    next_at = models.DateTimeField()
    #: Grows with each wake, so that a sleeper that was woken while it worked does not oversleep.
    wakes = models.BigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    served_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "kind", "key"], name="tenants_lane_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["next_at"], name="tenants_lane_next")]


class Wake(models.Model):
    """A wish to wake a lane, left by a transaction: inserted only, so that no writer ever waits for another.

    Lanes themselves are few and hot: a transaction that updated one held it until its commit, and everybody else with
    it (measured: two workers took turns). Whoever claims lanes moves the wishes first (tenants/lanes.py).
    """

    id = models.BigAutoField(primary_key=True)
    tenant_id = models.UUIDField()
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()


class Job(models.Model):
    """Work promised in the transaction that needs it; deleted in the transaction that records its outcome."""

    id = models.BigAutoField(primary_key=True)
    tenant_id = models.UUIDField(null=True)
    task = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    #: Jobs of one strand are done one after the other, in the order in which they were promised. Empty: whenever.
    strand = models.CharField(max_length=80, blank=True, db_default="", default="")
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    parked_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant_id", "task", "subject"], nulls_distinct=False, name="tenants_job_once"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=models.Q(parked_at=None), name="tenants_job_due"),
            models.Index(fields=["strand", "id"], condition=~models.Q(strand=""), name="tenants_job_strand"),
        ]


class TenantSecretKey(TenantModel):
    """The organisation's own key, wrapped by a master key; every secret of the tenant is sealed with it."""

    append_only = True
    key_id = models.CharField(max_length=16)
    master_id = models.CharField(max_length=16)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "key_id", "master_id"], name="tenants_secretkey_once")
        ]


class KeptAnswer(TenantModel):
    """The answer to a POST that carried an Idempotency-Key (tenants/idempotency.py); without a status it is at work."""

    place = models.CharField(max_length=64)  # hash of credential, route and key
    fingerprint = models.CharField(max_length=64)  # of the request's body
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)  # sealed: it may tell of any creditor
    media_type = models.CharField(max_length=60, blank=True)
    locked_until = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "place"], name="tenants_answer_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "created_at"], name="tenants_answer_age")
        ]


class _EventFields(TenantModel):
    """What an event says: a public name, about what, and the hash of the ledger row that it announces."""

    creditor_id = models.UUIDField(null=True)
    name = models.CharField(max_length=40)
    subject = models.CharField(max_length=40)  # table of the row it is about: "messaging.message"
    subject_id = models.UUIDField()
    #: Hash of the row's canonical JSON where the row is evidence; '' where it is not.
    digest = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)
    business_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        abstract = True


class EventManager(models.Manager["Event"]):
    """Says the tenant in every query: the sequencer's way through the wall hides the tenant's index from the planner,
    which would read the numbers of all organisations to show those of one.
    """

    def get_queryset(self) -> models.QuerySet[Event]:
        scope, events = current(), super().get_queryset()
        return events if scope is None else events.filter(tenant_id=scope.tenant_id)


class StagedEvent(_EventFields):
    """An event that its writer's transaction left; the sequencer gives it a number and moves it."""

    wall = BY_SEQUENCER

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["id"], name="tenants_staged_order")]


class Event(_EventFields):
    """The log: gap-free numbers per tenant. Readers keep a cursor and miss nothing."""

    wall = BY_SEQUENCER
    append_only = True
    sequence = models.BigIntegerField()
    objects: ClassVar[EventManager] = EventManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "sequence"], name="tenants_event_number")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "subject_id"], name="tenants_event_subject")
        ]


class EventCursor(TenantModel):
    """How far a reader of the log has come."""

    reader = models.CharField(max_length=40)
    sequence = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "reader"], name="tenants_cursor_once")
        ]


class Upload(TenantModel):
    """A file that somebody is bringing in: sealed in parts until it has been taken, with what was found out about it."""

    wall = BY_CREDITOR

    class State(models.TextChoices):
        """What the room that asked for the file does with it; `data` says how far it is."""

        ARRIVING = "arriving"
        READY = "ready"  # whole; somebody says how it is read
        CHECKING = "checking"  # a job reads it and changes nothing
        CHECKED = "checked"
        TAKING = "taking"  # a job takes it in
        TAKEN = "taken"
        FAILED = "failed"  # could not be read at all

    creditor_id = models.UUIDField()
    name = models.CharField(max_length=200)
    size = models.BigIntegerField(default=0)
    part_size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.ARRIVING)
    data = models.JSONField(default=dict)
    author = models.CharField(max_length=120)
    created_at = models.DateTimeField()  # machine clock
    updated_at = models.DateTimeField()
    #: When its parts were thrown away: it was taken, given up, or lay too long.
    emptied_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "creditor_id", "id"], name="tenants_upload_creditor")
        ]


class UploadPart(TenantModel):
    """A piece of a file, sealed: it holds personal data of people who are not in our tables yet."""

    wall = BY_CREDITOR
    creditor_id = models.UUIDField()
    upload = TenantForeignKey(Upload)
    place = models.PositiveIntegerField()
    body = models.BinaryField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "upload", "place"], name="tenants_uploadpart_once")
        ]


class AuditEntry(TenantModel):
    """Who did what, when, before and after, and why. Append-only."""

    wall = BY_CREDITOR
    append_only = True
    creditor_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=120)  # "user:<id>", "key:<id>", "system:<room>"
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "id"], name="tenants_audit_order"),
            models.Index(fields=["tenant", "subject_id", "id"], name="tenants_audit_subject"),
        ]
