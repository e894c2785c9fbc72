"""What is kept for an organisation between two requests: its keys, answers to repeat, files on their way."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenants.models.base import TenantModel
from tenants.walls import BY_CREDITOR, TenantForeignKey


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
