"""What is known of a person before a send: consent with its evidence, stops, contacts that count."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from portfolio.models import ContactPoint, Person
from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, BY_PERSON, BY_TENANT, TenantForeignKey


class Consent(TenantModel):
    """A statement about consent: granted, revoked, ...; the newest per channel, purpose and creditor holds."""

    wall = f"{BY_PERSON}:person_id:owner"
    append_only = True
    erasable = ("evidence",)

    class State(models.TextChoices):
        GRANTED = "granted"
        IMPORTED_WITHOUT_EVIDENCE = "imported_without_evidence"
        REFUSED = "refused"  # asked, they answered no: nothing is written, and they are not asked again
        REVOKED = "revoked"
        EXPIRED = "expired"

    person = TenantForeignKey(Person)
    contact_point = TenantForeignKey(ContactPoint, null=True)
    creditor_id = models.UUIDField(null=True)  # null: for the organisation and all its creditors
    channel = models.CharField(max_length=10)
    purpose = models.CharField(max_length=20)
    state = models.CharField(max_length=30, choices=State)
    #: who, number, exact wording and its version, how and by whom collected, hash of the source document.
    evidence = models.JSONField(default=dict)
    external_id = models.CharField(max_length=80, blank=True)
    #: A statement that is corrected under its external id is a new row; the highest version is what it says now.
    version = models.PositiveSmallIntegerField(default=1)
    source = models.CharField(max_length=40)
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "person"], name="compliance_consent_person")
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant", "person", "external_id", "creditor_id", "version"],
                condition=~models.Q(external_id=""),
                nulls_distinct=False,
                name="compliance_consent_version",
            )
        ]


class ConsentClause(TenantModel):
    """The words of a creditor's contract by which customers agreed to be written to, as somebody attested them.

    Uploaded once; an import's signing dates refer to it. Never changed: other words are another version.
    """

    wall = BY_CREDITOR
    append_only = True
    creditor_id = models.UUIDField()
    version = models.CharField(max_length=40)  # as the contract form calls it
    wording = models.TextField()
    #: Contracts signed from this day on carry it, up to the day before the next version's.
    used_from = models.DateField()
    #: The blank contract form: its hash is what every consent under it names; sealed (tenants/secrets.py).
    file_name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    body = models.TextField()
    attested_by = models.CharField(max_length=120)
    attested_name = models.CharField(max_length=200)
    attested_at = models.DateTimeField()
    recorded_at = models.DateTimeField()  # machine clock

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "creditor_id", "version"], name="compliance_clause_once")
        ]


class Stop(TenantModel):
    """A reason not to write to a person, until somebody who may lifts it."""

    wall = f"{BY_PERSON}:person_id:owner"

    person = TenantForeignKey(Person)
    contact_point = TenantForeignKey(ContactPoint, null=True)
    creditor_id = models.UUIDField(null=True)  # null: whoever asks
    kind = models.CharField(max_length=40)  # a stop rule's `when`: opted_out, cease_requested, ...
    since = models.DateTimeField()
    #: The words or the list that raised it: message id, registry's date, who recorded it.
    evidence = models.JSONField(default=dict)
    source = models.CharField(max_length=40)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=120, blank=True)
    lifted_reason = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "person"], condition=models.Q(lifted_at=None), name="compliance_stop_person")
        ]


class Contact(TenantModel):
    """The contact budget: one row per contact that counts or may count. No text; creditor and invoices as hashes.

    Walled by tenant only: everybody's contacts are counted, whoever asks (architecture.md, invariants 3 and 4).
    """

    wall = BY_TENANT

    class State(models.TextChoices):
        RESERVED = "reserved"  # an Outbound row may still leave
        COUNTED = "counted"  # accepted, or nobody knows
        RELEASED = "released"  # surely not sent

    person = TenantForeignKey(Person)
    channel = models.CharField(max_length=10)
    message_class = models.CharField(max_length=20)
    direction = models.CharField(max_length=3, default="out")
    at = models.DateTimeField()
    creditor_hash = models.CharField(max_length=16)
    invoice_hashes = ArrayField(models.CharField(max_length=16), default=list)
    state = models.CharField(max_length=8, choices=State)
    #: The SendRequest, call or visit that this is; once each.
    origin_id = models.UUIDField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "origin_id"], name="compliance_contact_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "person", "at"], name="compliance_contact_person")
        ]
