"""Where Meta calls us. The body is on disk before we answer 200; nothing else happens here."""

from __future__ import annotations

import hashlib
import hmac
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from kernel.clock import machine_now
from kernel.ids import uuid7
from tenants import jobs
from tenants.models import InboundRoute, RawInbound
from tenants.scope import tenant_scope
from tenants.secrets import unseal
from tenants.tasks import nudge

#: Meta sends up to 3 MB (reference 3.2).
BODY_MAX = 4 * 1024 * 1024
#: Opened secrets by route, for as long as the sealed form stays the same.
_secrets: dict[str, tuple[str, str, str, str]] = {}


def _route(key: str) -> InboundRoute | None:
    return InboundRoute.objects.filter(key=key, kind="whatsapp", active=True).first()


def _opened(route: InboundRoute) -> tuple[str, str]:
    """(secret, verify token) of a route."""
    known = _secrets.get(route.key)
    if known is not None and known[:2] == (route.secret, route.verify_token):
        return known[2], known[3]
    with tenant_scope(route.tenant_id):
        opened = unseal(route.secret, purpose="route.secret"), unseal(route.verify_token, purpose="route.verify")
    _secrets[route.key] = (route.secret, route.verify_token, *opened)
    return opened


def signed(raw: bytes, header: str, secret: str) -> bool:
    """Whether X-Hub-Signature-256 is the HMAC of these bytes; also false for anything that is not ASCII."""
    expected = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "replace"))


@csrf_exempt
def webhook(request: HttpRequest, key: str) -> HttpResponse:
    """GET: the verification handshake. POST: store the signed body and promise to read it."""
    route = _route(key)
    if route is None:
        return JsonResponse({"detail": "no such address"}, status=404)
    secret, verify_token = _opened(route)
    if request.method == "GET":
        token = request.GET.get("hub.verify_token", "")
        if not verify_token or not hmac.compare_digest(token.encode(), verify_token.encode()):
            return HttpResponse("the verify token is another one", status=403, content_type="text/plain")
        return HttpResponse(request.GET.get("hub.challenge", ""), content_type="text/plain")
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "GET, POST"})
    raw = request.body
    if len(raw) > BODY_MAX:
        return JsonResponse({"detail": "too large"}, status=413)
    if not secret or not signed(raw, request.headers.get("X-Hub-Signature-256", ""), secret):
        return JsonResponse({"detail": "the signature does not fit the body"}, status=403)
    store(route, raw, task="messaging.inbound")
    return HttpResponse("ok", content_type="text/plain")


def store(route: InboundRoute, raw: bytes, *, task: str) -> RawInbound:
    """Keep a verified body and promise the work on it, in one transaction."""
    with transaction.atomic():
        row = RawInbound.objects.create(
            id=uuid7(),
            route=route,
            tenant_id=route.tenant_id,
            received_at=machine_now(),
            sha256=hashlib.sha256(raw).hexdigest(),
            body=raw,
        )
        jobs.enqueue(task, row.pk, tenant_id=route.tenant_id)
        nudge()
    return row
