"""Pages of one organisation, under /o/<slug>/. A package of pages adds one line."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from workbench.home.views import home
from workbench.live import stream

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("live", stream, name="live"),
]
