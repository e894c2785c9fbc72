"""Connecting the organisation's WhatsApp: accounts, numbers, the route for their webhooks; stopping and resuming."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.conf import settings

from kernel.errors import DomainError
from kernel.phones import to_e164
from messaging.models import Number, SendRequest, WhatsAppAccount
from tenants import audit, lanes
from tenants.events import Emit, emit
from tenants.models import InboundRoute
from tenants.scope import current_tenant_id
from tenants.secrets import seal


def connect_whatsapp(
    *,
    waba_id: str,
    phone_number_id: str,
    display_number: str,
    token: str,
    app_secret: str,
    verify_token: str,
    base_url: str = "",
    name: str = "",
    creditor_id: uuid.UUID | None = None,
    messaging_limit: int | None = 250,
    per_second: int = 80,
    posture: str = "",
    actor: str,
    now: datetime,
) -> tuple[WhatsAppAccount, Number, InboundRoute]:
    """Connect a number, or give a connected one its new token; returns account, number and webhook route.

    `posture` is what the organisation attests about WhatsApp's policy ("own receivables", "mandate"): the policy
    names debt collection (whatsapp-cloud-api.md, section 7). Raises DomainError on empty secrets or a bad number.
    """
    for label, value in {"waba_id": waba_id, "phone_number_id": phone_number_id, "token": token, "app_secret": app_secret,
                         "verify_token": verify_token}.items():  # fmt: skip
        if not value.strip():
            raise DomainError(
                "field_empty", "%(field)s is empty: copy it from Meta's app dashboard", field=label, pointer=f"/{label}"
            )
    account = WhatsAppAccount.objects.filter(waba_id=waba_id).first() or WhatsAppAccount(
        waba_id=waba_id, created_at=now
    )
    account.creditor_id = creditor_id
    account.base_url = (base_url or settings.GRAPH_BASE_URL).rstrip("/")
    account.token = seal(token, purpose="whatsapp.token")
    account.app_secret = seal(app_secret, purpose="route.secret")
    account.verify_token = seal(verify_token, purpose="route.verify")
    account.messaging_limit = messaging_limit
    account.paused_at, account.pause_code, account.pause_detail = None, "", ""
    if posture:
        account.posture = {"attested": posture, "by": actor, "at": now.isoformat()}
    account.save()
    number, _ = Number.objects.update_or_create(
        channel="whatsapp",
        provider_id=phone_number_id,
        defaults={"account": account, "address": to_e164(display_number), "name": name, "per_second": per_second},
        create_defaults={
            "account": account, "address": to_e164(display_number), "name": name, "per_second": per_second, "created_at": now,
        },
    )  # fmt: skip
    route = InboundRoute.objects.filter(tenant_id=current_tenant_id(), kind="whatsapp", subject_id=account.pk).first()
    route = route or InboundRoute(
        tenant_id=current_tenant_id(), kind="whatsapp", subject_id=account.pk, key=secrets.token_urlsafe(24)
    )
    route.secret, route.verify_token, route.active = account.app_secret, account.verify_token, True
    route.save()
    wake_waiting(now=now)
    audit.record(
        "whatsapp.connect", actor=actor, subject="messaging.number", subject_id=number.pk, after={"waba": waba_id}
    )
    return account, number, route


def callback_url(route: InboundRoute) -> str:
    """The address to enter in Meta's app dashboard."""
    return f"{settings.PUBLIC_URL}/webhooks/whatsapp/{route.key}"


def stop_number(number: Number, *, reason: str, actor: str, now: datetime) -> None:
    """Nothing leaves on this number until it is resumed; the last look of every send reads it."""
    Number.objects.filter(pk=number.pk).update(stopped_at=now, stopped_reason=reason[:300])
    audit.record("sending.stop", actor=actor, subject="messaging.number", subject_id=number.pk, reason=reason)
    emit(Emit("sending.stopped", "messaging.number", number.pk, now, data={"reason": reason[:200]}))


def resume_number(number: Number, *, actor: str, now: datetime) -> None:
    """The number works again, after a stop by a person or a pause by the provider."""
    Number.objects.filter(pk=number.pk).update(
        stopped_at=None, stopped_reason="", paused_at=None, paused_until=None, pause_code=""
    )
    audit.record("sending.resume", actor=actor, subject="messaging.number", subject_id=number.pk)
    wake_waiting(now=now)
    emit(Emit("sending.resumed", "messaging.number", number.pk, now))


def wake_waiting(*, now: datetime) -> None:
    """After a stop or a pause ended: what waits for nobody knows when asks the gate anew, and queues move."""
    SendRequest.objects.filter(state=SendRequest.State.WAITING, next_at=None).update(next_at=now)
    lanes.wake("requests", at=now)
    for number_id in Number.objects.values_list("pk", flat=True):
        lanes.wake("dispatch", str(number_id), at=now)
