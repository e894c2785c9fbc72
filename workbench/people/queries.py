"""Who works here, in which role, since when they were last seen, and who was asked in."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Max, Q

from portfolio.models import Creditor
from tenants.invitations import standing
from tenants.models import Invitation, Membership, Tenant

PEOPLE_MAX = 1000


@dataclass(frozen=True, slots=True)
class Member:
    """A row of the list. `factors`: what the person has besides the password (totp, webauthn)."""

    membership: Membership
    seen_at: datetime | None
    factors: tuple[str, ...]
    creditors: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Asked:
    """An invitation that is open, or ran out."""

    invitation: Invitation
    state: str
    creditors: tuple[str, ...] | None


def members(tenant: Tenant, *, search: str = "", role: str = "") -> list[Member]:
    """The organisation's people, active ones first, then by name. Four queries."""
    found = Membership.objects.filter(tenant=tenant).select_related("user")
    if search:
        found = found.filter(Q(user__name__icontains=search) | Q(user__email__icontains=search))
    if role:
        found = found.filter(role=role)
    rows = list(found.order_by("-active", "user__name", "user__email")[:PEOPLE_MAX])
    ids = [row.user_id for row in rows]
    seen = dict(
        UserSession.objects.filter(user_id__in=ids).values_list("user_id").annotate(Max("last_seen_at")).order_by()
    )
    factors: dict[uuid.UUID, list[str]] = defaultdict(list)
    kept = Authenticator.objects.filter(user_id__in=ids, type__in=["totp", "webauthn"])
    for user_id, kind in kept.values_list("user_id", "type").distinct().order_by("type"):
        factors[user_id].append(kind)
    names = names_of(each for row in rows for each in row.creditor_ids or ())
    return [
        Member(
            row,
            max(filter(None, (seen.get(row.user_id), row.user.last_login)), default=None),
            tuple(factors[row.user_id]),
            listed(row.creditor_ids, names),
        )
        for row in rows
    ]


def asked(tenant: Tenant, now: datetime) -> list[Asked]:
    """Invitations that nobody has accepted or taken back, the newest first."""
    rows = list(
        Invitation.objects.filter(tenant=tenant, accepted_at=None, revoked_at=None)
        .select_related("invited_by")
        .order_by("-created_at")[:200]
    )
    names = names_of(each for row in rows for each in row.creditor_ids or ())
    return [Asked(row, standing(row, now), listed(row.creditor_ids, names)) for row in rows]


def names_of(creditor_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of creditors that the reader may see."""
    return dict(Creditor.objects.filter(pk__in=set(creditor_ids)).values_list("pk", "name"))


def listed(creditor_ids: Collection[uuid.UUID] | None, names: dict[uuid.UUID, str]) -> tuple[str, ...] | None:
    """The names of a membership's creditors; None: all of them."""
    return None if creditor_ids is None else tuple(sorted(names.get(each, "–") for each in creditor_ids))
