"""API keys: what a machine shows at the door, and what it may do inside.

A key reads "trato_<prefix>_<secret>": the prefix finds the row, the secret's hash is compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kernel.clock import machine_now
from kernel.errors import DomainError, Words
from tenants.models import ApiKey, Tenant

#: What a key may be allowed to do; "write" never implies "send".
SCOPES = ("portfolio:read", "portfolio:write", "messages:read", "messages:send", "decisions:read", "alerts:read")
_TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Principal:
    """The machine that asks. Looks enough like a user for REST framework."""

    key: ApiKey
    tenant: Tenant

    is_authenticated = True

    @property
    def actor(self) -> str:
        return f"key:{self.key.pk}"

    @property
    def creditor_ids(self) -> frozenset[uuid.UUID] | None:
        return None if self.key.creditor_ids is None else frozenset(self.key.creditor_ids)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def create_api_key(
    tenant: Tenant,
    *,
    name: str,
    scopes: Collection[str],
    creditor_ids: Collection[uuid.UUID] | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key; returns it with its text, which is shown this once. Raises DomainError `scope_unknown`."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise DomainError(
            "scope_unknown",
            "%(what)s: choose from %(known)s",
            what=", ".join(unknown) or Words("no scope"),
            known=", ".join(SCOPES),
        )
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        tenant=tenant,
        name=name,
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=sorted(set(scopes)),
        creditor_ids=None if creditor_ids is None else list(creditor_ids),
        created_at=machine_now(),
        expires_at=expires_at,
    )
    return key, f"trato_{prefix}_{secret}"


class ApiKeyAuthentication(BaseAuthentication):
    """Authorization: Bearer trato_<prefix>_<secret>."""

    def authenticate(self, request: Request) -> tuple[Principal, ApiKey] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        parts = text.strip().split("_", 2)
        if scheme.lower() != "bearer" or len(parts) != 3 or parts[0] != "trato" or not parts[1].isalnum():
            raise AuthenticationFailed(gettext("send the header Authorization: Bearer trato_…"))
        key = ApiKey.objects.select_related("tenant").filter(prefix=parts[1]).first()
        now = machine_now()
        # The comparison also runs when there is no such key, so that time tells nothing about prefixes.
        matches = hmac.compare_digest(key.secret_hash if key else "0" * 64, _hash(parts[2]))
        if key is None or not matches or key.revoked_at or (key.expires_at and key.expires_at <= now):
            raise AuthenticationFailed(gettext("this API key is unknown, revoked or expired: make a new one"))
        if key.last_used_at is None or now - key.last_used_at > _TOUCH_EVERY:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return Principal(key, key.tenant), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="trato"'


class HasScope(BasePermission):
    """The view names the scope that each method needs: `scopes = {"GET": "portfolio:read", ...}`."""

    def has_permission(self, request: HttpRequest, view: Any) -> bool:
        principal = getattr(request, "user", None)
        if not isinstance(principal, Principal):
            return False
        method = request.method or ""
        needed = getattr(view, "scopes", {}).get("GET" if method == "HEAD" else method)
        if needed is None and method not in view.allowed_methods:
            raise MethodNotAllowed(method)
        self.message = gettext("this API key lacks the scope %(scope)s") % {"scope": needed}
        return needed is not None and needed in principal.key.scopes


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document names the key."""

    target_class = "tenants.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "trato_<prefix>_<secret>"}
