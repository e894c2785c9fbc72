"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from tenants.views import healthz, readyz

handler404 = "collections_platform.api.not_found"
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("api/v1/", include("collections_platform.api")),
    path("", include("messaging.urls")),
    path("", include("portfolio.urls")),
]
