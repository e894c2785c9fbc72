"""Addresses."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from tenants.views import healthz, readyz
from workbench.home.views import preferences, start
from workbench.people.accepting import invitation
from workbench.profile.views import end_session, profile
from workbench.start.urls import door
from workbench.start.urls import inside as walk

handler400 = "workbench.errors.bad_request"
handler403 = "workbench.errors.permission_denied"
handler404 = "collections_platform.api.not_found"
handler500 = "workbench.errors.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("api/v1/", include("collections_platform.api")),
    *(door if settings.DEMO_DOOR else [path("", start, name="start")]),
    path("account/preferences/", preferences, name="preferences"),
    path("account/profile/", profile, name="profile"),
    path("account/sessions/<int:session_id>/end", end_session, name="session-end"),
    path("accounts/invitation/<str:token>/", invitation, name="invitation"),
    path("accounts/", include("allauth.urls")),
    path(
        "o/<slug:organisation>/", include([*(walk if settings.DEMO_DOOR else []), path("", include("workbench.urls"))])
    ),
    path("d/", include("workbench.privacy.debtor_urls")),
    path("d/", include("workbench.transparency.urls")),
    path("", include("messaging.urls")),
    path("", include("portfolio.urls")),
]
