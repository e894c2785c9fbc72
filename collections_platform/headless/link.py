"""How the run talks to the sandbox's control API and to the product's own REST API: plain HTTP on loopback."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx

from kernel.canonical import instant_text

#: Nobody answered, or not in HTTP.
AWAY = httpx.HTTPError


class Sandbox:
    """The control API of the sandbox Cloud API."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = httpx.Client(base_url=f"{base_url}/_sandbox", timeout=900, trust_env=False)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **params: Any) -> Any:
        """One call; raises RuntimeError with the sandbox's own words when it says no."""
        answer = self.http.request(method, path, json=body, params=params or None)
        if answer.status_code >= 400:
            raise RuntimeError(f"sandbox {path}: HTTP {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def advance(self, to: datetime) -> dict[str, Any]:
        """Let everything happen that is due by then; returns when all its webhooks were answered."""
        return self.call("POST", "/advance", {"to": instant_text(to), "timeout_seconds": 800})

    def now(self) -> datetime:
        """The sandbox's present."""
        return datetime.fromisoformat(self.call("GET", "/clock")["now"])

    def next_at(self) -> datetime | None:
        """When the next thing happens there."""
        found = self.call("GET", "/next")["next"]
        return None if found is None else datetime.fromisoformat(found)

    def pages(self, path: str, key: str) -> Iterator[dict[str, Any]]:
        """All rows of a paged list."""
        after = 0
        while True:
            page = self.call("GET", path, after=after, limit=10_000)
            yield from page[key]
            if page.get("next") is None or not page[key]:
                return
            after = page["next"]


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
