"""Where Meta calls us. The body is on disk before we answer 200; nothing else happens here."""

from __future__ import annotations

import hashlib
import hmac

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from tenants.inbound import route_of, secrets_of, store

#: Meta sends up to 3 MB (reference 3.2).
BODY_MAX = 4 * 1024 * 1024


def signed(raw: bytes, header: str, secret: str) -> bool:
    """Whether X-Hub-Signature-256 is the HMAC of these bytes; also false for anything that is not ASCII."""
    expected = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "replace"))


@csrf_exempt
def webhook(request: HttpRequest, key: str) -> HttpResponse:
    """GET: the verification handshake. POST: store the signed body and promise to read it."""
    route = route_of("whatsapp", key)
    if route is None:
        return JsonResponse({"detail": "no such address"}, status=404)
    secret, verify_token = secrets_of(route)
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
