"""Start-up checks: a wall that the run-time role could step over is no wall, a lease shorter than the work no lease."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connections

_STRENGTH = """
SELECT current_user, r.rolsuper, r.rolbypassrls,
       EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relowner = r.oid)
FROM pg_roles r WHERE r.rolname = current_user
"""


@register(Tags.database)
def runtime_role(
    *, app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The role that serves requests is no superuser, bypasses no policy and owns no table."""
    if "default" not in (databases or ()):
        return []
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(_STRENGTH)
            role, superuser, bypasses, owns = cursor.fetchone()
    except DatabaseError as error:
        return [Error(f"the database does not answer: {error}", id="tenants.E001")]
    wrong = [
        text
        for holds, text in (
            (superuser, "is a superuser"),
            (bypasses, "bypasses row-level security"),
            (owns, "owns tables"),
        )
        if holds
    ]
    if not wrong:
        return []
    return [
        Error(
            f"the run-time role {role} {' and '.join(wrong)}: the tenant wall does not hold for it",
            hint="Let DATABASE_URL name a role without these rights; DATABASE_OWNER_URL names the owner.",
            id="tenants.E002",
        )
    ]


@register()
def lease_outlives_tasks(*, app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """A lease that ends while its task still runs would let a second worker do the same work."""
    if settings.CELERY_TASK_TIME_LIMIT < settings.LEASE_SECONDS:
        return []
    return [
        Error(
            f"tasks may run {settings.CELERY_TASK_TIME_LIMIT} s but a lease ends after {settings.LEASE_SECONDS} s",
            hint="Make LEASE_SECONDS larger than TASK_TIME_LIMIT.",
            id="tenants.E003",
        )
    ]
