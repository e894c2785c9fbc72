"""One POST, one effect: the answer to a request that carried an Idempotency-Key is kept and given again.

A claim is committed before the work and names its lease, so a second request meanwhile is told to wait, and one whose
first try died goes on when the lease is over. The answer is written in the work's own transaction: there is no effect
without its answer. The body is sealed, because a key that is limited to some creditors shares the table with others.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from kernel.errors import DomainError
from kernel.ids import uuid7
from tenants.models import KeptAnswer
from tenants.secrets import seal, unseal

HEADER = "Idempotency-Key"
LENGTH_MAX = 255
#: Longer than the 24 hours that integrators are promised, because a payment file may be sent again after a weekend.
KEPT_FOR = timedelta(days=7)
#: Longer than any request takes.
LEASE = timedelta(minutes=2)
#: Old rows that one write takes away: more than it adds, so that the table shrinks to what is young.
SWEEP = 20
_PURPOSE = "answer"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of one key, until its lease ends."""

    id: uuid.UUID
    locked_until: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: Any
    media_type: str


def check_key(key: str) -> str:
    """The key itself; raises DomainError on one that is empty, too long or not plain text."""
    if not 1 <= len(key) <= LENGTH_MAX or not all("!" <= sign <= "~" for sign in key):
        raise DomainError(
            "idempotency_key", "an Idempotency-Key has 1 to %(max)s plain characters without spaces", max=LENGTH_MAX
        )
    return key


def place_of(api_key: uuid.UUID, route: str, key: str) -> str:
    """Where an answer is kept: another credential or another route has its own."""
    return hashlib.sha256("\x00".join((str(api_key), route, key)).encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint_of(body: Any) -> str:
    """What makes two bodies the same: their values, whatever the order of the fields or a form's boundaries.

    A form holds lists of texts and files; of a file its name and bytes count.
    """
    if isinstance(body, Mapping) and hasattr(body, "lists"):
        body = {name: [_plain(value) for value in values] for name, values in body.lists()}
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return [value.name, digest.hexdigest()]


def claim(place: str, fingerprint: str, now: datetime) -> Claim | Answer:
    """Begin the work of a place, or learn what it was answered; inside a scope of its own, with the machine's time.

    Raises DomainError: `idempotency_key_reused` for another body, `in_progress` while the first request is at work.
    """
    mine = Claim(uuid7(), now + LEASE)
    KeptAnswer.objects.bulk_create(
        [KeptAnswer(id=mine.id, place=place, fingerprint=fingerprint, locked_until=mine.locked_until, created_at=now)],
        ignore_conflicts=True,
    )
    row = KeptAnswer.objects.select_for_update(no_key=True).filter(place=place).first()
    if row is None:  # the first request came to nothing at this very moment
        raise _in_progress()
    if row.id == mine.id:
        _sweep(now)
        return mine
    if row.fingerprint != fingerprint:
        raise DomainError(
            "idempotency_key_reused", "this Idempotency-Key was sent with another body: use a new key for a new request"
        )
    if row.status is not None:
        return Answer(row.status, json.loads(unseal(row.body, purpose=_PURPOSE)), row.media_type)
    if row.locked_until > now:
        raise _in_progress()
    KeptAnswer.objects.filter(pk=row.pk).update(locked_until=mine.locked_until)
    return Claim(row.id, mine.locked_until)


def keep(held: Claim, status: int, body: str, media_type: str) -> None:
    """Keep the answer; raises DomainError `in_progress` when the lease was lost, so that the work is rolled back."""
    sealed = seal(body, purpose=_PURPOSE)
    if not _held(held).update(status=status, body=sealed, media_type=media_type[:60]):
        raise _in_progress()


def release(held: Claim) -> None:
    """Nothing happened: the same key may try again."""
    _held(held).delete()


def _held(held: Claim) -> QuerySet[KeptAnswer]:
    return KeptAnswer.objects.filter(pk=held.id, locked_until=held.locked_until, status=None)


def _in_progress() -> DomainError:
    return DomainError("in_progress", "the first request with this Idempotency-Key is still at work: ask again")


def _sweep(now: datetime) -> None:
    old = KeptAnswer.objects.select_for_update(no_key=True, skip_locked=True).filter(created_at__lt=now - KEPT_FOR)
    KeptAnswer.objects.filter(pk__in=list(old.order_by("created_at").values_list("pk", flat=True)[:SWEEP])).delete()
