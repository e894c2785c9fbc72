"""A machine with an API key, and what it asks for."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tenants.models import ApiKey, Tenant
from tests import factories


class Api:
    """A key and its requests."""

    key: ApiKey

    def __init__(self, tenant: Tenant, **key: Any) -> None:
        self.key, self.headers = factories.make_key(tenant, **key)
        self.client = Client(headers=self.headers, raise_request_exception=False)

    def __call__(self, method: str, address: str, body: Any = None, **headers: Any) -> Any:
        send = getattr(self.client, method)
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        return send(f"/api/v1/{address}", headers=headers, **more)
