"""An organisation's own periods, the runs of the job, legal holds, people's requests, and what they were certified."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portfolio.models import Person
from tenants.models import TenantModel
from tenants.walls import BY_PERSON, BY_TENANT, TenantForeignKey


class RetentionPeriod(TenantModel):
    """An organisation keeps a class of data shorter or longer than its country's period; the newest one holds."""

    wall = BY_TENANT
    append_only = True
    country = models.CharField(max_length=2)
    data_class = models.CharField(max_length=12)
    #: Both null: back to the country's own.
    months = models.PositiveSmallIntegerField(null=True)
    days = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField(blank=True)
    author = models.CharField(max_length=120)
    set_at = models.DateTimeField()  # machine clock


class RetentionRun(TenantModel):
    """One run of the job: where it stands, and how many rows of each class it blanked."""

    wall = BY_TENANT
    actor = models.CharField(max_length=120)
    started_at = models.DateTimeField()  # machine clock
    finished_at = models.DateTimeField(null=True)
    #: The business instant against which everything is measured, the same over all of the run.
    as_of = models.DateTimeField()
    #: The machine's, for rows that it dates.
    machine_as_of = models.DateTimeField()
    stage = models.CharField(max_length=12, default="people")  # people | dated
    #: The last person that was looked at: a stopped run goes on behind it.
    after = models.UUIDField(null=True)
    people = models.BigIntegerField(default=0)
    #: class -> table -> rows
    counts = models.JSONField(default=dict)
    #: class -> accounts that a legal hold kept although their time had come
    held = models.JSONField(default=dict)
    #: What it could not do: "owner" where the tables' owner does not work here.
    trouble = models.CharField(max_length=20, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["tenant", "id"], name="compliance_run_newest")]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # One run at a time: whoever comes second goes on with the first.
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(finished_at=None), name="compliance_run_one_at_a_time"
            )
        ]


class LegalHold(TenantModel):
    """Nothing of a person (at one creditor, or at all), or of a creditor, is blanked or erased while it stands."""

    wall = f"{BY_PERSON}:person_id:owner"
    person = TenantForeignKey(Person, null=True)  # null: everybody of the creditor
    creditor_id = models.UUIDField(null=True)  # null: whichever creditor
    reason = models.TextField()
    author = models.CharField(max_length=120)
    placed_at = models.DateTimeField()  # business clock
    #: The first instant at which it holds no more; null: until somebody lifts it.
    until = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=120, blank=True)
    lifted_reason = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(person=None, creditor_id=None), name="compliance_hold_of_somebody"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "person"], condition=models.Q(lifted_at=None), name="compliance_hold_person")
        ]


class DataRequest(TenantModel):
    """A person asks for theirs (LGPD art. 18, ARCO, habeas data): a case with the country's deadline."""

    wall = f"{BY_PERSON}:person_id:owner"

    class Kind(models.TextChoices):
        ACCESS = "access"
        RECTIFICATION = "rectification"
        ERASURE = "erasure"
        OBJECTION = "objection"

    class State(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        REFUSED = "refused"

    person = TenantForeignKey(Person)
    #: Where it came in; null: it is about the whole organisation.
    creditor_id = models.UUIDField(null=True)
    debtor_id = models.UUIDField(null=True)
    reference = models.CharField(max_length=20)
    kind = models.CharField(max_length=13, choices=Kind)
    channel = models.CharField(max_length=12)  # page | email | phone | letter | whatsapp | authority
    detail = models.TextField(blank=True)  # blanked with the person
    #: Whether whoever asked had shown who they are.
    proven = models.BooleanField(default=False)
    country = models.CharField(max_length=2)
    received_at = models.DateTimeField()  # business clock
    due_on = models.DateField()  # the last day on which an answer is in time, in the country's zone
    law = models.CharField(max_length=200)
    extended_reason = models.TextField(blank=True)
    owner_id = models.UUIDField(null=True)  # the colleague who sees to it
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    answer = models.TextField(blank=True)  # blanked with the person
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=120, blank=True)
    author = models.CharField(max_length=120)
    #: The form it was filed with, so that a doubled click files one.
    origin_id = models.CharField(max_length=120)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "origin_id"], name="compliance_datarequest_once"),
            models.UniqueConstraint(fields=["tenant", "reference"], name="compliance_datarequest_reference"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "state", "due_on", "id"], name="compliance_datarequest_due"),
            models.Index(fields=["tenant", "person"], name="compliance_datarequest_person"),
        ]


class ErasureCertificate(TenantModel):
    """What was erased of a person, what is kept, why and until when. Each change is a new edition; no name is in it."""

    wall = f"{BY_PERSON}:person_id:owner"
    append_only = True
    person = TenantForeignKey(Person)
    creditor_id = models.UUIDField(null=True)
    request = TenantForeignKey(DataRequest)
    reference = models.CharField(max_length=24)
    edition = models.PositiveSmallIntegerField()
    #: Nothing personal is left.
    complete = models.BooleanField()
    content = models.JSONField()
    actor = models.CharField(max_length=120)
    made_at = models.DateTimeField()  # business clock

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "reference", "edition"], name="compliance_certificate_edition")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "person"], name="compliance_certificate_person")
        ]
