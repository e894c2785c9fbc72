"""Signs that somebody else answers at a number now: what was verified there is asked for again (pack common, identity).

The provider says that the number changed; the profile shows another name than before, with nothing of the debtor's in
it; or a number that nobody could reach for weeks is in use again, as recycled ones are.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from compliance.services import doubt
from messaging.models import Conversation
from messaging.sending.standing import withdraw_of_person
from portfolio import hooks
from portfolio.models import ContactPoint, Person
from tenants.scope import all_creditors

#: Operators give a number to somebody else after it was silent for about this long, at the earliest.
RECYCLED_AFTER = timedelta(days=45)
NUMBER_CHANGED, PROFILE_CHANGED, RECYCLED, CLAIMED = (
    "number_changed", "profile_mismatch", "number_recycled", "number_claimed",
)  # fmt: skip
_SURE = (ContactPoint.Identity.CLAIMED, ContactPoint.Identity.VERIFIED)


def another_name(before: str, after: str, names: Iterable[str]) -> bool:
    """Whether a profile's new name shares no word with its former one and with the names that we know.

    A profile without a readable word (signs, emoji) says nothing, neither before nor after.
    """
    old, new = _words(before), _words(after)
    known = {word for name in names for word in _words(name)}
    return bool(old and new) and not new & (old | known)


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFD", text.casefold())
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return set(re.findall(r"[^\W\d_]{3,}", letters))


def renamed(changes: Sequence[tuple[Conversation, str, str]], *, now: datetime) -> None:
    """Conversations whose profile name changed, as (conversation, before, after)."""
    for conversation, before, after in changes:
        key = conversation.contact_point_id
        point = ContactPoint.objects.filter(pk=key, identity__in=_SURE).first() if key else None
        if point is None:
            continue
        person = Person.objects.get(pk=point.person_id)
        if another_name(before, after, (person.name, point.contact_name)):
            _doubt(point.pk, point.person_id, PROFILE_CHANGED, now=now)


def back_again(heard: Iterable[tuple[uuid.UUID, datetime]], *, now: datetime) -> None:
    """Contact points that were heard of, each with when: one that was out of reach for long may be another's now.

    Call it before what was heard takes the note away that they could not be reached.
    """
    last = dict(heard)
    lost = ContactPoint.objects.filter(pk__in=last, unreachable_at__isnull=False, identity__in=_SURE)
    for point in lost:
        if point.unreachable_at is not None and last[point.pk] - point.unreachable_at >= RECYCLED_AFTER:
            _doubt(point.pk, point.person_id, RECYCLED, now=now)


def number_changed(conversation: Conversation, *, now: datetime) -> None:
    """The provider says that the number or the account behind this address changed hands or changed."""
    if conversation.contact_point_id:
        doubt(conversation.contact_point_id, NUMBER_CHANGED, now)
        if conversation.person_id:
            withdraw_of_person(conversation.person_id, reason=NUMBER_CHANGED, now=now)


def claimed(claims: Sequence[tuple[str, uuid.UUID, str]], now: datetime) -> None:
    """Numbers that were stated as these people's own, (number, person, name of the contact): whoever was known there
    before is asked anew, and what any creditor had planned for them is withdrawn. The same contact of another company
    is the same human being.
    """
    said: dict[str, list[tuple[uuid.UUID, str]]] = defaultdict(list)
    for number, person_id, name in claims:
        said[number].append((person_id, name))
    with all_creditors():
        for point in ContactPoint.objects.filter(kind="phone", value__in=list(said), identity__in=_SURE).order_by("id"):
            others = said[point.value]
            if any(person_id == point.person_id for person_id, _ in others):
                continue  # stated together: a household's number, or an owner's of two companies
            if not any(name and name == point.contact_name for _, name in others):
                _doubt(point.pk, point.person_id, CLAIMED, now=now)


hooks.install(claims=claimed)


def _doubt(point_id: uuid.UUID, person_id: uuid.UUID, why: str, *, now: datetime) -> None:
    doubt(point_id, why, now)
    withdraw_of_person(person_id, reason=why, now=now)
