"""Marking an inbound message as read at the Cloud API. A plain request, no transaction open."""

from __future__ import annotations

import httpx
from django.conf import settings

from kernel.errors import NoAnswer, Refused, Unreachable

_TIMEOUT = 10.0


def tell_read(
    *, base_url: str, provider_id: str, token: str, wamid: str, transport: httpx.BaseTransport | None = None
) -> None:
    """Show this message and those before it as read. Raises Unreachable, Refused (with Meta's code) or NoAnswer."""
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    address = f"{base_url.rstrip('/')}/v{settings.GRAPH_API_VERSION}/{provider_id}/messages"
    try:
        with httpx.Client(timeout=_TIMEOUT, trust_env=False, transport=transport) as http:
            answer = http.post(address, json=body, headers={"Authorization": f"Bearer {token}"})
            said = answer.json()
    except httpx.ConnectError as error:
        raise Unreachable(str(error)) from error
    except (httpx.HTTPError, ValueError) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from error
    wrong = said.get("error") if isinstance(said, dict) else None
    if isinstance(wrong, dict):
        raise Refused(int(wrong.get("code", 0)), str(wrong.get("message", ""))[:300])
    if answer.status_code >= 400:
        raise NoAnswer(f"HTTP {answer.status_code} without an error code")
