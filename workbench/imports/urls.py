"""Addresses of the import pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from workbench.imports import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.imports, name="imports"),
    path("new/", views.new, name="import-new"),
    path("files/<uuid:pk>/columns/", views.columns, name="import-columns"),
    path("files/<uuid:pk>/check/", views.check, name="import-check"),
    path("files/<uuid:pk>/take/", views.take, name="import-take"),
    path("files/<uuid:pk>/give-up/", views.give_up, name="import-give-up"),
    path("<uuid:pk>/", views.one, name="import"),
    path("<uuid:pk>/rejected.csv", views.rejected, name="import-rejected"),
    path("<uuid:pk>/undo/", views.undo, name="import-undo"),
]
