"""What the demo's door knows of the organisations behind it: read from their rows and from the demo's own folder."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_currency
from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils.translation import get_language

from kernel.money import Money
from messaging.models import Conversation, WhatsAppAccount
from portfolio.models import Creditor, Debtor
from portfolio.places import zone_of
from tenants.models import Membership, Tenant, User
from tenants.scope import current, tenant_scope
from workbench.templatetags.trato import locale_of

Role = Membership.Role
_ORDER = {"BR": 0, "MX": 1, "CO": 2}
#: Who one may be, in the order in which they are shown.
ROLES = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the demo's folder keeps of an organisation: its ERP's key, and who is played by hand."""

    slug: str
    api_key: str
    players: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class House:
    """An organisation as the start page shows it."""

    tenant: Tenant
    people: tuple[Membership, ...]
    creditors: int
    debtors: int
    open: str  # in whole units: a first look needs no cents
    waiting: int
    phone: str  # of the debtor whom one plays first, with the address of that phone
    player: dict[str, Any] | None
    now: datetime
    zone: ZoneInfo


def within(tenant: Tenant) -> AbstractContextManager[object]:
    """A scope of the organisation: the one that is open already, for pages behind the door of a role."""
    scope = current()
    return nullcontext() if scope is not None and scope.tenant_id == tenant.pk else tenant_scope(tenant.pk)


def kept() -> dict[str, Kept]:
    """By slug; empty when the folder has none."""
    found = {}
    for path in sorted((Path(settings.DEMO_DOOR) / "demo").glob("*.json")):
        try:
            known = json.loads(path.read_text())
            found[known["slug"]] = Kept(known["slug"], known["api_key"], tuple(known["players"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def tenants() -> list[Tenant]:
    """The demo's own organisations, in the order in which they are shown."""
    found = Tenant.objects.filter(slug__in=list(kept()), sandbox=True)
    return sorted(found, key=lambda tenant: (_ORDER.get(tenant.country, 9), tenant.slug))


def houses() -> list[House]:
    """All of them, with figures as of now."""
    known = kept()
    found = tenants()
    people: dict[uuid.UUID, list[Membership]] = {}
    members = Membership.objects.filter(tenant__in=found, active=True, role__in=ROLES, user__is_active=True)
    for member in members.select_related("user").order_by("created_at", "id"):
        people.setdefault(member.tenant_id, []).append(member)
    return [house(tenant, people.get(tenant.pk, []), known[tenant.slug]) for tenant in found]


def house(tenant: Tenant, members: Iterable[Membership], known: Kept) -> House:
    """One of them."""
    first: dict[str, Membership] = {}
    for member in members:
        first.setdefault(member.role, member)
    with within(tenant):
        owed = Debtor.objects.aggregate(
            debtors=Count("pk"), minor=Sum("open_minor", filter=Q(open_minor__gt=0, currency=tenant.currency))
        )
        waiting = Conversation.objects.filter(needs_human_at__isnull=False, state=Conversation.State.OPEN).count()
        creditors = Creditor.objects.count()
    player = known.players[0] if known.players else None
    return House(
        tenant=tenant,
        people=tuple(first[role] for role in ROLES if role in first),
        creditors=creditors,
        debtors=owed["debtors"],
        open=whole(Money.from_minor(owed["minor"] or 0, tenant.currency), tenant.country),
        waiting=waiting,
        phone=phone_of(tenant, player["phone"]) if player else "",
        player=player,
        now=tenant.clock().now(),
        zone=zone_of(tenant.country),
    )


def whole(amount: Money, country: str) -> str:
    """An amount without its cents, as the country writes it."""
    return format_currency(
        amount.amount,
        amount.currency,
        "¤#,##0",
        locale=locale_of(get_language() or "es", country),
        currency_digits=False,
    )


def phone_of(tenant: Tenant, number: str = "") -> str:
    """The address of a simulated phone (of all phones without a number)."""
    with within(tenant):
        account = WhatsAppAccount.objects.order_by("id").first()
    if account is None:
        return ""
    return f"{account.base_url}/_sandbox/phone" + (f"/{number}" if number else "")


def somebody(tenant: Tenant, role: str) -> User | None:
    """Who one is in a role: the first who had it."""
    member = (
        Membership.objects.filter(tenant=tenant, role=role, active=True, user__is_active=True)
        .select_related("user")
        .order_by("created_at", "id")
        .first()
    )
    return None if member is None else member.user


def language_of(code: str) -> str:
    """The phone's two letters for a language of ours."""
    return code[:2] if code[:2] in ("es", "pt", "en") else "es"


def creditor_of(tenant: Tenant, debtor: str = "") -> str:
    """The external id of a debtor's creditor; of the first one without a debtor."""
    with within(tenant):
        if debtor:
            found = Debtor.objects.filter(external_id=debtor).values_list("creditor__external_id", flat=True).first()
            if found:
                return str(found)
        return str(Creditor.objects.order_by("external_id").values_list("external_id", flat=True).first() or "")
