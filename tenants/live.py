"""News for open pages: numbered events told over Redis as names and ids, to whoever listens at that moment.

Best effort by design: a page that missed something sees it at its next refresh, nothing is kept, and Redis may be
dead. What an event says is read through an ordinary request, behind the wall; nothing here carries a text.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Iterable
from functools import lru_cache

import redis
from django.conf import settings
from django.db import DatabaseError

from tenants.models import Event
from tenants.scope import current, tenant_scope

log = logging.getLogger("trato.live")

#: Told one by one; of more at once a page is only told to look again.
EVENTS_MAX = 200
WAIT_SECONDS = 0.2
REST_SECONDS = 5.0
_rest_until = 0.0


def channel(tenant_id: uuid.UUID) -> str:
    """Where an organisation's news are told."""
    return f"live:{tenant_id}"


@lru_cache(maxsize=2)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=WAIT_SECONDS, socket_connect_timeout=WAIT_SECONDS)


def publish(spans: Iterable[tuple[uuid.UUID, int, int]]) -> int:
    """Tell listeners of the events that got these numbers: (tenant, first, last). Returns how many organisations heard.

    Never raises for Redis or the database. Organisations that nobody looks at cost one question for all of them.
    """
    global _rest_until
    told, spans = 0, list(spans)
    if not spans or time.monotonic() < _rest_until:
        return 0
    try:
        link = _redis(settings.REDIS_URL)
        listening = dict(link.pubsub_numsub(*(channel(tenant) for tenant, _, _ in spans)))
        for tenant, first, last in spans:
            name = channel(tenant)
            if listening.get(name.encode()) or listening.get(name):
                link.publish(name, json.dumps(_news(tenant, first, last)))
                told += 1
    except (redis.RedisError, DatabaseError) as error:
        _rest_until = time.monotonic() + REST_SECONDS
        log.debug("news were not told: %s", error)
    return told


def _news(tenant_id: uuid.UUID, first: int, last: int) -> list[dict[str, object]]:
    """[{n, name, subject, id, creditor}], the newest of each (name, id); [{n, name: "refresh"}] for too many."""
    if last - first >= EVENTS_MAX or current() is not None:
        return [{"n": last, "name": "refresh", "subject": "", "id": "", "creditor": None}]
    with tenant_scope(tenant_id):
        events = Event.objects.filter(sequence__gte=first, sequence__lte=last).order_by("sequence")
        rows = list(events.values_list("sequence", "name", "subject", "subject_id", "creditor_id")[:EVENTS_MAX])
    newest: dict[tuple[str, uuid.UUID], dict[str, object]] = {
        (name, subject_id): {
            "n": number,
            "name": name,
            "subject": subject,
            "id": str(subject_id),
            "creditor": str(creditor) if creditor else None,
        }
        for number, name, subject, subject_id, creditor in rows
    }
    return sorted(newest.values(), key=lambda each: int(str(each["n"])))
