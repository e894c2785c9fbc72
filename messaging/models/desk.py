"""What agents keep beside a conversation: words not yet sent, notes, how far they have read, prepared answers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from messaging.models.conversations import Conversation
from tenants.models import TenantModel
from tenants.walls import BY_CREDITOR, BY_OWNER, TenantForeignKey


class Draft(TenantModel):
    """What somebody has begun to write in a conversation: kept on the server, also over the end of a session."""

    wall = BY_CREDITOR
    conversation = TenantForeignKey(Conversation)
    creditor_id = models.UUIDField(null=True)
    user_id = models.UUIDField()
    mode = models.CharField(max_length=8, default="reply")  # reply | note
    text = models.TextField()
    updated_at = models.DateTimeField()  # machine clock

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "conversation", "user_id"], name="messaging_draft_once")
        ]


class Note(TenantModel):
    """Words among colleagues beside a conversation; a debtor never reads them. Also a supervisor's whisper."""

    wall = BY_CREDITOR

    class Kind(models.TextChoices):
        NOTE = "note"
        WHISPER = "whisper"  # from a supervisor to whoever answers

    conversation = TenantForeignKey(Conversation)
    creditor_id = models.UUIDField(null=True)
    debtor_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.NOTE)
    author = models.CharField(max_length=120)
    text = models.TextField()  # blanked on erasure
    #: The form it was sent with, so that a doubled click writes one note.
    origin_id = models.CharField(max_length=120)
    at = models.DateTimeField()  # business clock
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "author", "origin_id"], name="messaging_note_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "conversation", "at"], name="messaging_note_thread"),
            models.Index(fields=["tenant", "debtor_id", "at"], name="messaging_note_debtor"),
        ]


class ReadMark(TenantModel):
    """How far a colleague has read a conversation."""

    conversation = TenantForeignKey(Conversation)
    user_id = models.UUIDField()
    read_at = models.DateTimeField()  # `at` of the newest message that was on the screen
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "user_id", "conversation"], name="messaging_readmark_once")
        ]


class Presence(TenantModel):
    """Who has a conversation open, and whether they are writing; stale after some seconds (machine clock)."""

    conversation = TenantForeignKey(Conversation)
    user_id = models.UUIDField()
    seen_at = models.DateTimeField()
    writing_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "conversation", "user_id"], name="messaging_presence_once")
        ]


class QuickReply(TenantModel):
    """A prepared answer with places: `/` and its shortcut in the composer. Without rows the shipped ones are offered."""

    wall = BY_OWNER
    creditor_id = models.UUIDField(null=True)  # null: for all creditors of the organisation
    language = models.CharField(max_length=5)
    shortcut = models.CharField(max_length=20)
    title = models.CharField(max_length=80)
    text = models.TextField()
    author = models.CharField(max_length=120, blank=True)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["tenant", "creditor_id", "language", "shortcut"],
                condition=models.Q(archived_at=None),
                nulls_distinct=False,
                name="messaging_quickreply_once",
            )
        ]
