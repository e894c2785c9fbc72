"""Addresses of what administrators set up; everything of theirs lies under setup/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from workbench.setup import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="setup"),
    path("organisation/", views.organisation, name="organisation"),
    path("sending/", views.sending, name="sending"),
    path("sending/<str:kind>/<uuid:pk>/", views.change_sending, name="sending-change"),
    path("people/", include("workbench.people.urls")),
    path("numbers/", include("workbench.numbers.urls")),
    path("imports/", include("workbench.imports.urls")),
    path("replies/", include("workbench.quick_replies.urls")),
    path("keys/", include("workbench.keys.urls")),
    path("operations/", include("workbench.operations.urls")),
]
