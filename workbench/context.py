"""What every page's template knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from portfolio.places import zone_of
from workbench import navigation
from workbench.access import may_change

THEMES = ("light", "dark")


def theme_of(request: HttpRequest) -> str:
    """light, dark, or '' for what the machine prefers."""
    chosen = getattr(getattr(request, "user", None), "theme", "") if has_session(request) else ""
    chosen = chosen or request.COOKIES.get("theme", "")
    return chosen if chosen in THEMES else ""


def has_session(request: HttpRequest) -> bool:
    """Whether asking for the user could find one; nobody else's request reads the database for it."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES or hasattr(request, "membership")


def page(request: HttpRequest) -> dict[str, Any]:
    """`theme` and `language_names`; inside an organisation also what its frame shows."""
    known: dict[str, Any] = {"theme": theme_of(request), "language_names": settings.LANGUAGES}
    organisation = getattr(request, "organisation", None)
    if organisation is None:
        return known
    membership = request.membership  # type: ignore[attr-defined]
    entries = navigation.entries_for(membership.role, organisation.slug)
    return known | {
        "organisation": organisation,
        "slug": organisation.slug,
        "membership": membership,
        "memberships": request.memberships,  # type: ignore[attr-defined]
        "may_change": may_change(membership),
        "navigation": entries,
        "here": navigation.active(request, entries),
        "zone": zone_of(organisation.country),
        "now": request.now,  # type: ignore[attr-defined]
    }
