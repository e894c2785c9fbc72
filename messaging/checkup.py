"""Whether a connected number really works: each step is tried against Meta, not remembered. Opens its own scopes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kernel.errors import NoAnswer, Refused, Unreachable
from messaging.channels.whatsapp.accounts import AccountAdmin, RemoteNumber
from messaging.models import Number, WhatsAppAccount
from tenants import audit
from tenants.inbound import secrets_of
from tenants.models import InboundRoute, RawInbound
from tenants.scope import tenant_scope
from tenants.secrets import unseal


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that has to hold. `state`: good, bad, or waiting for somebody; `detail` is Meta's word for it."""

    key: str  # token | number | subscription | templates | webhook
    state: str
    detail: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def remote_numbers(*, base_url: str, waba_id: str, token: str) -> list[RemoteNumber]:
    """The numbers that a token may use; raises Unreachable, Refused or NoAnswer."""
    with AccountAdmin(base_url=base_url, waba_id=waba_id, token=token) as admin:
        return admin.numbers()


def examine(tenant_id: uuid.UUID, number_id: uuid.UUID) -> list[Step]:
    """Try every step of a number. What Meta says of quality and limit is taken over. Raises Number.DoesNotExist."""
    with tenant_scope(tenant_id):
        number = Number.objects.select_related("account").get(pk=number_id)
        account = number.account
        token = unseal(account.token, purpose="whatsapp.token")
        route = InboundRoute.objects.filter(tenant_id=tenant_id, kind="whatsapp", subject_id=account.pk).first()
        heard = None if route is None else last_heard(tenant_id, route.pk)
    with AccountAdmin(base_url=account.base_url, waba_id=account.waba_id, token=token) as admin:
        numbers, first = _tried("token", admin.numbers)
        if numbers is None:
            return [first, *(Step(key, "waiting") for key in ("number", "subscription", "templates")), _webhook(heard)]
        mine = next((each for each in numbers if each.id == number.provider_id), None)
        steps = [first, _number(mine, numbers)]
        subscribed, step = _tried("subscription", admin.subscribed)
        steps.append(step if subscribed is None else Step("subscription", "good" if subscribed else "bad"))
        templates, step = _tried("templates", lambda: list(admin.all()))
        if templates is None:
            steps.append(step)
        else:
            approved = sum(1 for each in templates if each.status == "APPROVED")
            state = "good" if approved else "waiting"
            steps.append(Step("templates", state, facts={"templates": len(templates), "approved": approved}))
    if mine is not None:
        with tenant_scope(tenant_id):
            Number.objects.filter(pk=number.pk).update(quality=mine.quality[:10], name=mine.name[:120] or number.name)
            if mine.limit_known:
                WhatsAppAccount.objects.filter(pk=account.pk).update(messaging_limit=mine.limit)
    return [*steps, _webhook(heard)]


def subscribe(tenant_id: uuid.UUID, number_id: uuid.UUID, *, actor: str) -> None:
    """Ask Meta to send the account's events to our address; raises Unreachable, Refused or NoAnswer."""
    with tenant_scope(tenant_id):
        account = Number.objects.select_related("account").get(pk=number_id).account
        token = unseal(account.token, purpose="whatsapp.token")
    with AccountAdmin(base_url=account.base_url, waba_id=account.waba_id, token=token) as admin:
        admin.subscribe()
    with tenant_scope(tenant_id):
        audit.record("whatsapp.subscribe", actor=actor, subject="messaging.whatsappaccount", subject_id=account.pk)


def last_heard(tenant_id: uuid.UUID, route_id: uuid.UUID) -> datetime | None:
    """When the newest body came in under a route."""
    newest = RawInbound.objects.filter(tenant_id=tenant_id, route_id=route_id).order_by("-id")
    return newest.values_list("received_at", flat=True).first()


def verify_token_of(route: InboundRoute) -> str:
    """The word that Meta repeats when it checks our address. Call it outside of any scope."""
    return secrets_of(route)[1]


def _number(mine: RemoteNumber | None, numbers: list[RemoteNumber]) -> Step:
    if mine is None:
        return Step("number", "bad", facts={"others": [each.display for each in numbers]})
    state = "good" if mine.status in ("", "CONNECTED") and mine.quality != "RED" else "bad"
    return Step("number", state, mine.status, {
        "quality": mine.quality, "throughput": mine.throughput, "limit": mine.limit, "name": mine.name,
    })  # fmt: skip


def _webhook(heard: datetime | None) -> Step:
    return Step("webhook", "good" if heard else "waiting", facts={"at": heard})


def _tried(key: str, ask: Callable[[], Any]) -> tuple[Any, Step]:
    try:
        return ask(), Step(key, "good")
    except Refused as no:
        return None, Step(key, "bad", f"{no.code}: {no.detail}"[:300])
    except (Unreachable, NoAnswer) as error:
        return None, Step(key, "bad", str(error)[:300] or type(error).__name__)
