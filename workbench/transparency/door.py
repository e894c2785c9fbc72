"""Who opens a debtor's page: the token names organisation, debtor and contact point; no session, no cookie."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from compliance.rulesets import ruleset_for
from compliance.services.facts import FOR_A_COMPANY, identity_at
from kernel.clock import machine_now
from portfolio.models import ContactPoint, DebtorLink, Person
from tenants.models import Tenant

#: In one minute: addresses that open nothing (from one machine), pages and changes (of one address).
MISSES_MAX, VIEWS_MAX, ACTS_MAX = 20, 120, 20
_WINDOW = 60
#: Contact points that a debtor's matters may be shown to.
_OWN_ROLES = frozenset({ContactPoint.Role.OWNER, ContactPoint.Role.REPRESENTATIVE, ContactPoint.Role.ACCOUNTS_PAYABLE})
STRIKES_MAX = 3


def too_many(kind: str, who: str, most: int) -> bool:
    """Count one more of a kind for somebody in this minute; says whether that is too many."""
    minute = int(machine_now().timestamp()) // _WINDOW
    key = f"d:{kind}:{hashlib.sha256(who.encode()).hexdigest()[:24]}:{minute}"
    used = int(cache.get(key, 0)) + 1
    cache.set(key, used, 2 * _WINDOW)
    return used > most


def machine_of(request: HttpRequest) -> str:
    """Whose machine asks, as far as the server knows."""
    return str(request.META.get("REMOTE_ADDR", ""))


def ended(link: DebtorLink, now: datetime) -> bool:
    """Whether the link opens nothing any more."""
    return link.revoked_at is not None or link.expires_at <= now or link.debtor.withdrawn_at is not None


def locked(link: DebtorLink) -> bool:
    """Whether somebody else was found to answer: nothing is shown and nothing asked."""
    point = link.contact_point
    if point is None:
        return link.strikes >= STRIKES_MAX
    return point.identity == ContactPoint.Identity.WRONG_PERSON or point.reported_wrong_at is not None


def proven(link: DebtorLink, tenant: Tenant, now: datetime) -> bool:
    """Whether the debt may be shown: the gate's own test of the contact point, or the link's own check."""
    if locked(link):
        return False
    point = link.contact_point
    ruleset = ruleset_for(tenant, link.creditor_id, link.debtor.person, now)
    if point is None:
        shown = _Shown(ContactPoint.Identity.VERIFIED if link.verified_at else ContactPoint.Identity.UNKNOWN, link)
        return identity_at(shown, ruleset, now) == ContactPoint.Identity.VERIFIED
    if point.role in FOR_A_COMPANY and link.debtor.person.kind != Person.Kind.COMPANY:
        return False
    if point.role not in _OWN_ROLES or point.person_id != link.debtor.person_id:
        return False
    return identity_at(point, ruleset, now) == ContactPoint.Identity.VERIFIED


class _Shown:
    """A link's own check in the form of a contact point's."""

    def __init__(self, identity: str, link: DebtorLink) -> None:
        self.identity, self.identity_at = identity, link.verified_at


def private(response: HttpResponse) -> HttpResponse:
    """Nobody keeps it, lists it, frames it, learns where it was, or runs anything in it."""
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return response


def once(link: DebtorLink, nonce: str, *said: str | bytes) -> uuid.UUID:
    """The id of what one rendered form makes with these words, so that the same sent twice makes one.

    Whoever goes back and writes something else makes another.
    """
    marks = hashlib.sha256()
    for part in said:
        marks.update(hashlib.sha256(part.encode() if isinstance(part, str) else part).digest())
    return uuid.uuid5(link.id, f"page:{nonce[:64]}:{marks.hexdigest()}")


def site() -> str:
    """How the address of a genuine page begins."""
    return settings.PUBLIC_URL.partition("://")[2] + "/d/"


def lasts_until(link: DebtorLink) -> datetime:
    """The last instant at which the link opens the page."""
    return link.expires_at - timedelta(seconds=1)
