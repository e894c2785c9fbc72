"""The REST API: every room's resources under one roof."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.defaults import page_not_found
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from tenants.problems import MEDIA_TYPE, problem

urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("", include("portfolio.api")),
    path("", include("compliance.api")),
    path("", include("messaging.api")),
    path("", include("monitoring.api")),
]


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that there is not: a problem document under /api/, a page elsewhere."""
    if not request.path.startswith("/api/"):
        return page_not_found(request, exception)
    detail = "there is no such address: the list of them is at /api/v1/docs/"
    return HttpResponse(json.dumps(problem(404, "address_unknown", detail).data), status=404, content_type=MEDIA_TYPE)
