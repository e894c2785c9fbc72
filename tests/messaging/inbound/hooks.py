"""Webhook bodies as Meta writes them, and posting them signed."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from typing import Any

from django.test import Client

from messaging.models import Message, Number, ProviderMessage
from tenants import work
from tenants.models import InboundRoute
from tests.messaging.cloud import SECRET, Cloud

_serial = itertools.count(1)


def wamid() -> str:
    """An id that no other message has."""
    return f"wamid.TEST{next(_serial):09d}"


def route(cloud: Cloud) -> InboundRoute:
    return InboundRoute.objects.get(tenant_id=cloud.tenant.pk, kind="whatsapp")


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(cloud: Cloud, body: bytes, *, signature: str | None = None) -> int:
    """Post a body with its (or this) signature; the status."""
    headers = {"X-Hub-Signature-256": sign(body) if signature is None else signature}
    path = f"/webhooks/whatsapp/{route(cloud).key}"
    return Client().generic("POST", path, body, content_type="application/json", headers=headers).status_code


def number_id(cloud: Cloud) -> str:
    with cloud.scope():
        return Number.objects.get(pk=cloud.number_id).provider_id


def body(cloud: Cloud, *values: dict[str, Any]) -> bytes:
    """One body with a change for each value."""
    metadata = {"metadata": {"phone_number_id": number_id(cloud)}}
    changes = [{"field": "messages", "value": {**metadata, **value}} for value in values]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}).encode()


def status(provider_id: str, state: str, at: int, **more: Any) -> dict[str, Any]:
    return {"id": provider_id, "status": state, "timestamp": str(at), **more}


def text(cloud: Cloud, sender: str, words: str = "hola", **more: Any) -> dict[str, Any]:
    """A message; `sender` as the wire writes it."""
    stamp = str(int(cloud.now().timestamp()))
    return {"from": sender, "id": wamid(), "timestamp": stamp, "type": "text", "text": {"body": words}, **more}


def take(cloud: Cloud, *values: dict[str, Any]) -> None:
    """Post and let it be read."""
    assert post(cloud, body(cloud, *values)) == 200
    work.drain(cloud.tenant.pk)


def messages_of(cloud: Cloud, provider_id: str) -> list[Message]:
    with cloud.scope():
        owners = ProviderMessage.objects.filter(provider_id=provider_id).values("message_id")
        return list(Message.objects.filter(pk__in=owners))
