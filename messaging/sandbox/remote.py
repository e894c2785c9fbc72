"""How the product talks to a running sandbox's control API: plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx

from kernel.canonical import instant_text

#: Nobody answered, or not in HTTP.
AWAY = httpx.HTTPError


class Sandbox:
    """The control API of the sandbox Cloud API."""

    def __init__(self, base_url: str, *, timeout: float = 900) -> None:
        self.base_url = base_url
        self.http = httpx.Client(base_url=f"{base_url}/_sandbox", timeout=timeout, trust_env=False)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **params: Any) -> Any:
        """One call; raises RuntimeError with the sandbox's own words when it says no."""
        answer = self.http.request(method, path, json=body, params=params or None)
        if answer.status_code >= 400:
            raise RuntimeError(f"sandbox {path}: HTTP {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def advance(self, to: datetime, *, seconds: float = 800) -> dict[str, Any]:
        """Let everything happen that is due by then; returns when all its webhooks were answered."""
        answer: dict[str, Any] = self.call("POST", "/advance", {"to": instant_text(to), "timeout_seconds": seconds})
        return answer

    def now(self) -> datetime:
        """The sandbox's present."""
        return datetime.fromisoformat(self.call("GET", "/clock")["now"])

    def stand(self, at: datetime) -> None:
        """Let its clock stand still at an instant that is not past."""
        self.call("POST", "/clock", {"now": instant_text(at)})

    def run(self, ahead_seconds: float) -> None:
        """Let its clock run, so far ahead of real time; the present may not go back by it."""
        self.call("POST", "/clock", {"offset_seconds": ahead_seconds})

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
