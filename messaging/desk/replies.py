"""Prepared answers: the organisation's own, and the shipped ones until it has some in that language."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from kernel.errors import DomainError
from messaging.desk.reply_library import SHIPPED, SUGGESTED
from messaging.models import QuickReply
from messaging.sending.wishes import render


@dataclass(frozen=True, slots=True)
class Prepared:
    """An answer ready to be put into the composer; `missing` names what could not be filled in."""

    shortcut: str
    title: str
    text: str
    missing: tuple[str, ...] = ()
    own: bool = False


def prepared(language: str, *, creditor_id: uuid.UUID | None, places: Mapping[str, str]) -> list[Prepared]:
    """Every answer in this language, filled in; a creditor's own before the organisation's; the shipped ones while there are none."""
    spoken = language[:2]
    rows = QuickReply.objects.filter(archived_at=None, language__in=[spoken, language]).filter(
        Q(creditor_id=None) | Q(creditor_id=creditor_id)
    )
    found: dict[str, Prepared] = {}
    for row in sorted(rows[:500], key=lambda row: (row.creditor_id is None, row.shortcut)):
        if row.shortcut not in found:
            found[row.shortcut] = _filled(row.shortcut, row.title, row.text, places, own=True)
    if not found:
        for shortcut, title, text in SHIPPED.get(spoken, SHIPPED["es"]):
            found[shortcut] = _filled(shortcut, title, text, places)
    return [each for each in found.values() if not each.missing]


def matching(replies: list[Prepared], query: str) -> list[Prepared]:
    """Those whose shortcut begins with the query, then those whose title or words hold it."""
    wanted = query.strip().lower().lstrip("/")
    if not wanted:
        return replies
    first = [each for each in replies if each.shortcut.startswith(wanted)]
    then = [each for each in replies if each not in first and wanted in f"{each.title} {each.text}".lower()]
    return first + then


def suggested(replies: list[Prepared], intent: str) -> Prepared | None:
    """The answer that usually follows what the debtor wants."""
    shortcuts = SUGGESTED.get(intent, frozenset())
    return next((each for each in replies if each.shortcut in shortcuts), None)


def _filled(shortcut: str, title: str, text: str, places: Mapping[str, str], *, own: bool = False) -> Prepared:
    try:
        return Prepared(shortcut, title, render(text, places), own=own)
    except DomainError as error:
        return Prepared(shortcut, title, text, (str(error.params.get("name", "")),), own)
