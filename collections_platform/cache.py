"""The cache of logins' rate limits: Redis, shared by all processes; each process's own memory while Redis is away."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

RETRY_SECONDS = 5.0
CONNECT_SECONDS = 0.5


class SharedOrOwn(BaseCache):
    """Redis holds only what may be lost, and nobody is kept out because it is down: limits then count per process."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        waits = {"socket_timeout": CONNECT_SECONDS, "socket_connect_timeout": CONNECT_SECONDS}
        self._shared = RedisCache(server, {**params, "OPTIONS": waits})
        self._own = LocMemCache("trato", params)
        self._retry_at = 0.0

    def _do(self, work: Callable[[BaseCache], Any]) -> Any:
        if time.monotonic() >= self._retry_at:
            try:
                return work(self._shared)
            except redis.RedisError:
                self._retry_at = time.monotonic() + RETRY_SECONDS
        return work(self._own)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Set it unless it is there; says whether it was set."""
        return bool(self._do(lambda cache: cache.add(key, value, timeout, version)))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """The value, or `default`."""
        return self._do(lambda cache: cache.get(key, default, version))

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep a value for `timeout` seconds."""
        self._do(lambda cache: cache.set(key, value, timeout, version))

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep it longer."""
        return bool(self._do(lambda cache: cache.touch(key, timeout, version)))

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget it."""
        return bool(self._do(lambda cache: cache.delete(key, version)))

    def clear(self) -> None:
        """Forget what this process remembers by itself; the shared part belongs to others too."""
        self._own.clear()
