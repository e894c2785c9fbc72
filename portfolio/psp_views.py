"""Where a payment service calls us. The body is on disk before we answer 200; the job that reads it comes after."""

from __future__ import annotations

import hashlib
import uuid

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from kernel.clock import machine_now
from kernel.errors import DomainError
from kernel.ids import uuid7
from portfolio.payables import psp
from portfolio.services.payables import pay_payable
from tenants import jobs
from tenants.events import Emit, emit
from tenants.models import InboundRoute, RawInbound, Tenant
from tenants.scope import tenant_scope
from tenants.secrets import unseal
from tenants.tasks import nudge

KIND, TASK = "psp", "portfolio.psp_notice"
BODY_MAX = 64 * 1024
#: Opened secrets by route key, for as long as the sealed form stays the same.
_secrets: dict[str, tuple[str, str]] = {}


def _secret(route: InboundRoute) -> str:
    known = _secrets.get(route.key)
    if known is not None and known[0] == route.secret:
        return known[1]
    with tenant_scope(route.tenant_id):
        opened = unseal(route.secret, purpose="route.secret")
    _secrets[route.key] = (route.secret, opened)
    return opened


@csrf_exempt
def webhook(request: HttpRequest, key: str) -> HttpResponse:
    """POST: keep the signed body and promise to read it. A wrong signature: 403, and nothing is kept."""
    route = InboundRoute.objects.filter(key=key, kind=KIND, active=True).first()
    if route is None:
        return JsonResponse({"detail": "no such address"}, status=404)
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    raw = request.body
    if len(raw) > BODY_MAX:
        return JsonResponse({"detail": "too large"}, status=413)
    if not psp.signed(request.headers.get("X-Signature", ""), raw, _secret(route)):
        return JsonResponse({"detail": "the signature does not fit the body"}, status=403)
    with transaction.atomic():
        row = RawInbound.objects.create(
            id=uuid7(),
            route=route,
            tenant_id=route.tenant_id,
            received_at=machine_now(),
            sha256=hashlib.sha256(raw).hexdigest(),
            body=raw,
        )
        jobs.enqueue(TASK, row.pk, tenant_id=route.tenant_id)
        nudge()
    return HttpResponse("ok", content_type="text/plain")


@jobs.handles(TASK)
def take_notice(tenant_id: uuid.UUID, job: jobs.Leased) -> None:
    """Enter the payment that a kept body tells of. What cannot be read or placed is parked with its reason."""
    raw = RawInbound.objects.get(pk=job.subject)
    now = Tenant.objects.get(pk=tenant_id).clock().now()
    try:
        with tenant_scope(tenant_id):
            notice = None if raw.body is None else psp.read_notice(bytes(raw.body))
            if notice is not None:
                pay_payable(
                    notice.reference,
                    notice.money,
                    paid_at=notice.paid_at,
                    external_id=f"{psp.NAME}:{notice.id}",
                    now=now,
                    source=f"psp:{psp.NAME}",
                )
            jobs.complete(job)
    except DomainError as error:
        with tenant_scope(tenant_id):
            jobs.park(job, f"quarantined: {error}")
            data = {"reason": str(error)[:200]}
            emit(Emit("inbound.quarantined", "tenants.rawinbound", raw.pk, now, data=data))
