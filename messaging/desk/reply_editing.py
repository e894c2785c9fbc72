"""Prepared answers as people write them: read before they are kept, so that none has a hole or breaks the law."""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from compliance import language as conduct
from compliance.language.flags import CLASS_FLAGS
from kernel.errors import DomainError
from messaging.desk.reply_library import SHIPPED
from messaging.message_templates.lint import samples_for
from messaging.models import QuickReply
from messaging.sending.wishes import variables_of
from tenants import audit

#: What an answer may name; each is filled in for the debtor it is sent to (answering.places_of).
PLACES = (
    "name", "agent", "creditor", "sender", "amount", "due_date", "days", "reference", "description", "how_to_pay",
    "contact",
)  # fmt: skip
LANGUAGES = ("es", "pt", "en")
TEXT_MAX = 1000
SUBJECT = "messaging.quickreply"
_BRACES = re.compile(r"[{}]")
_PLACE = re.compile(r"\{\{\w+\}\}")


def own(*, archived: bool = False) -> QuerySet[QuickReply]:
    """The organisation's own answers, as far as the scope sees them, in the order of a list."""
    return QuickReply.objects.filter(archived_at__isnull=not archived).order_by("language", "shortcut", "id")


def edition(row: QuickReply) -> str:
    """What an answer says, as a short digest: who saves over another edition is told."""
    said = "\0".join((row.language, row.shortcut, row.title, row.text, str(row.creditor_id), str(row.archived_at)))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def lint(text: str, language: str, creditor_names: tuple[str, ...] = ()) -> None:
    """Raises DomainError when a text names a place that nobody fills, has a stray brace, or words that may not leave."""
    for place in variables_of(text):
        if place not in PLACES:
            raise DomainError(
                "reply_place", "{{%(place)s}} is no place: use one of %(known)s", pointer="text", place=place,
                known=", ".join(PLACES),
            )  # fmt: skip
    if _BRACES.search(_PLACE.sub("", text)):
        raise DomainError("reply_brace", "a brace stands alone: a place is written {{name}}", pointer="text")
    samples = samples_for(language)
    filled = _PLACE.sub(lambda place: samples[place[0].strip("{}")], text)
    context = conduct.Context(creditor_names=(samples["creditor"], *creditor_names))
    offends = [one for one in conduct.scan(filled, author="agent", context=context).findings if one.cls in CLASS_FLAGS]
    if offends:
        start, end = offends[0].span
        raise DomainError(
            "reply_offends", "these words would be refused when they are sent: “%(words)s”", pointer="text",
            words=filled[start:end],
        )  # fmt: skip


def save_reply(
    row: QuickReply | None, *, creditor_id: uuid.UUID | None, language: str, shortcut: str, title: str, text: str,
    actor: str, now: datetime, seen: str = "", creditor_names: tuple[str, ...] = (),
) -> QuickReply:  # fmt: skip
    """Keep a prepared answer; `seen` is the edition that was on the screen.

    Raises DomainError: what `lint` raises, `reply_shortcut` for one that cannot be typed after a slash,
    `shortcut_taken`, `reply_changed` when a colleague saved meanwhile.
    """
    shortcut = shortcut.strip().lstrip("/").casefold()
    text = text.replace("\r\n", "\n").strip()
    if not shortcut.isalnum() or len(shortcut) > 20:
        raise DomainError(
            "reply_shortcut", "a shortcut has up to 20 letters and figures, and no spaces", pointer="shortcut"
        )
    if language not in LANGUAGES:
        raise DomainError("reply_language", "choose a language", pointer="language")
    if not text or len(text) > TEXT_MAX:
        raise DomainError("reply_text", "write between 1 and %(most)s characters", pointer="text", most=TEXT_MAX)
    lint(text, language, creditor_names)
    before: dict[str, str] = {}
    if row is None:
        row = QuickReply(created_at=now)
    else:
        row = QuickReply.objects.select_for_update(no_key=True).get(pk=row.pk)
        if seen and seen != edition(row):
            raise DomainError("reply_changed", "a colleague saved this answer meanwhile: load the page again")
        before = _told(row)
    row.creditor_id, row.language, row.shortcut, row.title, row.text = (
        creditor_id,
        language,
        shortcut,
        title.strip(),
        text,
    )
    row.author = actor
    _write(row)
    audit.record(
        "quick_reply.saved", actor=actor, subject=SUBJECT, subject_id=row.pk, before=before, after=_told(row),
        creditor_id=creditor_id,
    )  # fmt: skip
    return row


def archive_reply(row: QuickReply, *, actor: str, now: datetime) -> bool:
    """Offer it no more; False when it was put away already."""
    if not QuickReply.objects.filter(pk=row.pk, archived_at=None).update(archived_at=now):
        return False
    audit.record(
        "quick_reply.archived", actor=actor, subject=SUBJECT, subject_id=row.pk, before=_told(row),
        creditor_id=row.creditor_id,
    )  # fmt: skip
    return True


def restore_reply(row: QuickReply, *, actor: str) -> bool:
    """Offer it again; False when it is offered. Raises DomainError `shortcut_taken`."""
    row = QuickReply.objects.select_for_update(no_key=True).get(pk=row.pk)
    if row.archived_at is None:
        return False
    row.archived_at = None
    _write(row)
    audit.record(
        "quick_reply.restored", actor=actor, subject=SUBJECT, subject_id=row.pk, after=_told(row),
        creditor_id=row.creditor_id,
    )  # fmt: skip
    return True


def copy_shipped(language: str, *, creditor_id: uuid.UUID | None, actor: str, now: datetime) -> int:
    """Make the shipped answers of a language the organisation's own, to be changed; how many were new."""
    known = set(
        QuickReply.objects.filter(archived_at=None, language=language, creditor_id=creditor_id).values_list(
            "shortcut", flat=True
        )
    )
    made = 0
    for shortcut, title, text in SHIPPED.get(language, ()):
        if shortcut not in known:
            save_reply(
                None, creditor_id=creditor_id, language=language, shortcut=shortcut, title=title, text=text,
                actor=actor, now=now,
            )  # fmt: skip
            made += 1
    return made


def _write(row: QuickReply) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise DomainError(
            "shortcut_taken", "/%(shortcut)s exists already for this language and creditor", pointer="shortcut",
            shortcut=row.shortcut,
        ) from error  # fmt: skip


def _told(row: QuickReply) -> dict[str, str]:
    return {
        "language": row.language, "shortcut": row.shortcut, "title": row.title, "text": row.text,
        "creditor": str(row.creditor_id or ""),
    }  # fmt: skip
