"""Whether we live, and whether we can work."""

from __future__ import annotations

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers as the run-time role; Redis may be away, for nothing is lost without it."""
    checks: dict[str, str] = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            (too_strong,) = cursor.fetchone()
            cursor.execute("SELECT count(*) FROM django_migrations WHERE app = 'tenants'")
        checks["database"] = "the run-time role bypasses the tenant wall" if too_strong else "ok"
    except Error as error:
        checks["database"] = type(error).__name__
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).ping()
        checks["redis"] = "ok"
    except redis.RedisError as error:
        checks["redis"] = f"away ({type(error).__name__}): work waits in the database"
    ready = checks["database"] == "ok"
    return JsonResponse({"status": "ok" if ready else "not ready", **checks}, status=200 if ready else 503)
