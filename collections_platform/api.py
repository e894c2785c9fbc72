"""The REST API: every room's resources under one roof."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("", include("portfolio.api")),
    path("", include("compliance.api")),
    path("", include("messaging.api")),
    path("", include("monitoring.api")),
]
