"""The address of a debtor's own page: unguessable, limited in time, and taken back when it went to the wrong hands."""

from __future__ import annotations

import base64
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from portfolio.models import ContactPoint, Debtor, DebtorLink
from tenants import audit
from tenants.scope import current_tenant_id
from tenants.secrets import lookup_hash

#: How long an address opens the page.
LASTS = timedelta(days=90)
#: One that ends sooner than this is not handed out again.
_FRESH = timedelta(days=30)


def _token(link_id: uuid.UUID) -> str:
    """43 characters: whose they are, and half of a keyed hash of the row's id. The table alone does not tell them."""
    secret = bytes.fromhex(lookup_hash("debtor-link", str(link_id)))[:16]
    return base64.urlsafe_b64encode(current_tenant_id().bytes + secret).decode().rstrip("=")


def _hash(token: str) -> str:
    return lookup_hash("debtor-link-token", token)


def transparency_link(
    debtor: Debtor, *, now: datetime, contact_point: ContactPoint | None = None, source: str = "system"
) -> str:
    """The address of the debtor's own page, as given to this contact point: who asks, for what, and what can be done.

    What is proven through it is proven for that contact point, so it goes there and nowhere else; without one it keeps
    its own two-point check. An address that still lasts is given again.
    """
    found = (
        DebtorLink.objects.filter(debtor=debtor, contact_point=contact_point, revoked_at=None)
        .filter(expires_at__gt=now + _FRESH, strikes__lt=3)
        .order_by("-id")
        .first()
    )
    if found is None:
        found = DebtorLink(
            creditor_id=debtor.creditor_id, debtor=debtor, contact_point=contact_point, source=source[:40],
            expires_at=now + LASTS, created_at=now,
        )  # fmt: skip
        found.token_hash = _hash(_token(found.id))
        found.save(force_insert=True)
    return address_of(found)


def address_of(link: DebtorLink) -> str:
    """The public address of a link."""
    return f"{settings.PUBLIC_URL}/d/{_token(link.id)}"


def link_by(token: str) -> DebtorLink | None:
    """The link that a token opens, also when it has ended; None for any other text. In the scope of `tenant_of`."""
    return (
        DebtorLink.objects.select_related("creditor", "debtor__person", "contact_point")
        .filter(token_hash=_hash(token))
        .first()
    )


def revoke_links(debtor_id: uuid.UUID, *, now: datetime, actor: str, only: uuid.UUID | None = None) -> int:
    """Let addresses of a debtor's page open it no more (all, or one); returns how many were open."""
    mine = Q(debtor_id=debtor_id, revoked_at=None) & (Q(pk=only) if only else Q())
    count = DebtorLink.objects.filter(mine).update(revoked_at=now)
    if count:
        audit.record(
            "debtor_link.revoke", actor=actor, subject="portfolio.debtor", subject_id=debtor_id, after={"links": count}
        )
    return count
