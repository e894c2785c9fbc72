"""Where a payment service calls us. The body is on disk before we answer 200; the job that reads it comes after."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from kernel.errors import DomainError
from portfolio.payables import psp
from portfolio.services.payables import pay_payable
from tenants import jobs
from tenants.events import Emit, emit
from tenants.inbound import route_of, secrets_of, store
from tenants.models import RawInbound, Tenant
from tenants.scope import tenant_scope

KIND, TASK = "psp", "portfolio.psp_notice"
BODY_MAX = 64 * 1024


@csrf_exempt
def webhook(request: HttpRequest, key: str) -> HttpResponse:
    """POST: keep the signed body and promise to read it. A wrong signature: 403, and nothing is kept."""
    route = route_of(KIND, key)
    if route is None:
        return JsonResponse({"detail": "no such address"}, status=404)
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    raw = request.body
    if len(raw) > BODY_MAX:
        return JsonResponse({"detail": "too large"}, status=413)
    if not psp.signed(request.headers.get("X-Signature", ""), raw, secrets_of(route)[0]):
        return JsonResponse({"detail": "the signature does not fit the body"}, status=403)
    store(route, raw, task=TASK)
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
