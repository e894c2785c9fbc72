"""How often a key may ask: so many reads, writes and batches in a minute, counted in Redis for all web processes.

Redis holds only what may be lost: without it there is no limit, and nobody is turned away by our own trouble.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import redis
from django.conf import settings

WINDOW = 60
_retry_redis_at = 0.0


@dataclass(frozen=True, slots=True)
class Budget:
    """What a key has left of one budget in this minute. `left` below zero: this request is one too many."""

    name: str
    limit: int
    left: int
    seconds: int  # until it is full again

    @property
    def headers(self) -> dict[str, str]:
        """The draft of the IETF's RateLimit fields, and what clients knew before it."""
        left = max(0, self.left)
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.limit};w={WINDOW}',
            "RateLimit": f'"{self.name}";r={left};t={self.seconds}',
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(self.seconds),
        }


@lru_cache(maxsize=2)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2)


def spend(key_id: uuid.UUID, name: str, now: datetime) -> Budget | None:
    """Count one request of a key against its budget `name`; None where nothing limits it. `now` is the machine's."""
    global _retry_redis_at
    limit: int = settings.API_LIMITS[name]
    if limit <= 0 or time.monotonic() < _retry_redis_at:
        return None
    second = int(now.timestamp())
    counter = f"api:{key_id}:{name}:{second // WINDOW}"
    try:
        pipe = _redis(settings.REDIS_URL).pipeline(transaction=False)
        pipe.incr(counter)
        pipe.expire(counter, 2 * WINDOW)
        used = int(pipe.execute()[0])
    except redis.RedisError:
        _retry_redis_at = time.monotonic() + 5
        return None
    return Budget(name, limit, limit - used, WINDOW - second % WINDOW)
