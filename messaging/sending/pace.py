"""How many messages a number may send in this second; shared by all workers through Redis.

Redis holds only what may be lost: without it each process keeps to its own share, and the provider's own limit
(130429) remains the last word.
"""

from __future__ import annotations

import time
from functools import lru_cache

import redis
from django.conf import settings

from kernel.clock import machine_now
from messaging.models import Number

_local: dict[str, tuple[int, int]] = {}
_retry_redis_at = 0.0


@lru_cache(maxsize=1)
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.2, socket_connect_timeout=0.2)


def allowance(number: Number, wanted: int) -> int:
    """How many of `wanted` sends fit into this second of the number's throughput; 0 per_second is no limit."""
    global _retry_redis_at
    if number.per_second == 0:
        return wanted
    second = int(machine_now().timestamp())
    key = f"pace:{number.pk}:{second}"
    if time.monotonic() >= _retry_redis_at:
        try:
            pipe = _redis().pipeline(transaction=False)
            pipe.incrby(key, wanted)
            pipe.expire(key, 3)
            used = int(pipe.execute()[0])
            granted = max(0, min(wanted, number.per_second - (used - wanted)))
            if granted < wanted:
                _redis().decrby(key, wanted - granted)
            return granted
        except redis.RedisError:
            _retry_redis_at = time.monotonic() + 5
    stamp, used = _local.get(str(number.pk), (second, 0))
    used = used if stamp == second else 0
    granted = max(0, min(wanted, number.per_second - used))
    _local[str(number.pk)] = (second, used + granted)
    return granted
