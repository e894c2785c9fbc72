"""Connecting the organisation's WhatsApp: accounts, numbers, the route for their webhooks; stopping and resuming."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.conf import settings

from kernel.errors import DomainError
from kernel.phones import to_e164
from messaging.models import Number, SendRequest, WhatsAppAccount
from portfolio.models import Creditor
from tenants import audit, lanes
from tenants.events import Emit, emit
from tenants.models import InboundRoute
from tenants.scope import current_tenant_id
from tenants.secrets import seal

#: `pause_code` of an account that a person paused: a new token does not lift it.
PAUSED_BY_HAND = "by_hand"


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


def replace_token(
    account: WhatsAppAccount, *, token: str, app_secret: str = "", actor: str, now: datetime
) -> WhatsAppAccount:
    """Give an account a new token (and app secret); a pause that the old token caused ends. Raises DomainError."""
    if not token.strip():
        raise DomainError(
            "field_empty", "%(field)s is empty: copy it from Meta's app dashboard", field="token", pointer="/token"
        )
    held = WhatsAppAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    held.token = seal(token.strip(), purpose="whatsapp.token")
    if app_secret.strip():
        held.app_secret = seal(app_secret.strip(), purpose="route.secret")
        InboundRoute.objects.filter(tenant_id=current_tenant_id(), kind="whatsapp", subject_id=held.pk).update(
            secret=held.app_secret
        )
    before = {"paused": held.pause_code}
    resumed = held.paused_at is not None and held.pause_code != PAUSED_BY_HAND
    if resumed:
        held.paused_at, held.pause_code, held.pause_detail = None, "", ""
    held.save()
    audit.record(
        "whatsapp.token", actor=actor, subject="messaging.whatsappaccount", subject_id=held.pk, before=before,
        after={"app_secret_too": bool(app_secret.strip())},
    )  # fmt: skip
    if resumed:
        wake_waiting(now=now)
        emit(Emit("account.resumed", "messaging.whatsappaccount", held.pk, now))
    return held


def let_account(account: WhatsAppAccount, *, send: bool, actor: str, reason: str, now: datetime) -> bool:
    """Pause all numbers of an account, or let them send again, also after a pause by Meta; False when it was so."""
    rows = WhatsAppAccount.objects.filter(pk=account.pk)
    if send:
        changed = rows.exclude(paused_at=None).update(paused_at=None, pause_code="", pause_detail="")
    else:
        changed = rows.filter(paused_at=None).update(
            paused_at=now, pause_code=PAUSED_BY_HAND, pause_detail=reason[:300]
        )
    if not changed:
        return False
    audit.record(
        "account.resume" if send else "account.pause", actor=actor, subject="messaging.whatsappaccount",
        subject_id=account.pk, reason=reason,
    )  # fmt: skip
    if send:
        wake_waiting(now=now)
    emit(Emit("account.resumed" if send else "account.paused", "messaging.whatsappaccount", account.pk, now))
    return True


def callback_url(route: InboundRoute) -> str:
    """The address to enter in Meta's app dashboard."""
    return f"{settings.PUBLIC_URL}/webhooks/whatsapp/{route.key}"


def let_number(number: Number, *, send: bool, actor: str, reason: str, now: datetime) -> bool:
    """Stop a number, or let it send again (also after a pause by the provider); False when it was so already.

    The last look of every send reads it, so it holds from the next message on.
    """
    rows = Number.objects.filter(pk=number.pk)
    if send:
        changed = rows.exclude(stopped_at=None, paused_at=None).update(
            stopped_at=None, stopped_reason="", paused_at=None, paused_until=None, pause_code=""
        )
    else:
        changed = rows.filter(stopped_at=None).update(stopped_at=now, stopped_reason=reason[:300])
    if changed:
        _tell("messaging.number", number.pk, None, send=send, actor=actor, reason=reason, now=now)
    return bool(changed)


def let_creditor(creditor: Creditor, *, send: bool, actor: str, reason: str, now: datetime) -> bool:
    """Stop everything about a creditor's debtors, or let it leave again; False when it was so already."""
    rows = Creditor.objects.filter(pk=creditor.pk)
    if send:
        changed = rows.exclude(sending_stopped_at=None).update(sending_stopped_at=None, sending_stopped_reason="")
    else:
        changed = rows.filter(sending_stopped_at=None).update(
            sending_stopped_at=now, sending_stopped_reason=reason[:300]
        )
    if changed:
        _tell("portfolio.creditor", creditor.pk, creditor.pk, send=send, actor=actor, reason=reason, now=now)
    return bool(changed)


def _tell(
    subject: str,
    subject_id: uuid.UUID,
    creditor_id: uuid.UUID | None,
    *,
    send: bool,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    audit.record(
        "sending.resume" if send else "sending.stop",
        actor=actor,
        subject=subject,
        subject_id=subject_id,
        reason=reason,
        creditor_id=creditor_id,
    )
    if send:
        wake_waiting(now=now)
    name = "sending.resumed" if send else "sending.stopped"
    emit(Emit(name, subject, subject_id, now, creditor_id, data={"reason": reason[:200]}))


def wake_waiting(*, now: datetime) -> None:
    """After a stop or a pause ended: what waits for nobody knows when asks the gate anew, and queues move."""
    SendRequest.objects.filter(state=SendRequest.State.WAITING, next_at=None).update(next_at=now)
    lanes.wake("requests", at=now)
    for number_id in Number.objects.values_list("pk", flat=True):
        lanes.wake("dispatch", str(number_id), at=now)
