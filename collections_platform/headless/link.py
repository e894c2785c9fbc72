"""How the run talks to the sandbox's control API and to the product's own REST API: plain HTTP on loopback."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from messaging.sandbox.remote import AWAY, Sandbox


class Erp:
    """The creditor's own system, which speaks to us through the REST API like anybody's."""

    def __init__(self, base_url: str, key: str) -> None:
        self.http = httpx.Client(
            base_url=f"{base_url}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
        )

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """PUT, repeated while the server is away, as an ERP does; raises RuntimeError on a clear no."""
        for wait in (0.2, 1, 3, 10, None):
            try:
                answer = self.http.put(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
            except httpx.TransportError:
                if wait is None:
                    raise
                time.sleep(wait)
                continue
            if answer.status_code >= 400:
                raise RuntimeError(f"PUT {path}: HTTP {answer.status_code}: {answer.text[:500]}")
            return answer.json()
        raise RuntimeError(f"PUT {path}: the server is away")


__all__ = ["AWAY", "Erp", "Sandbox"]
