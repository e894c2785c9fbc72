"""Addresses of the API keys' pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from workbench.keys import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.keys, name="keys"),
    path("new/", views.new, name="key-new"),
    path("<uuid:pk>/rotate/", views.rotate, name="key-rotate"),
    path("<uuid:pk>/revoke/", views.revoke, name="key-revoke"),
]
