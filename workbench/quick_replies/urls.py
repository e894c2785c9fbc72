"""Addresses of the prepared answers, under /o/<slug>/setup/replies/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from workbench.quick_replies import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.replies, name="quick-replies"),
    path("new/", views.new, name="quick-reply-new"),
    path("copy/", views.copy, name="quick-reply-copy"),
    path("<uuid:pk>/", views.edit, name="quick-reply"),
    path("<uuid:pk>/archive/", views.archive, name="quick-reply-archive"),
    path("<uuid:pk>/restore/", views.restore, name="quick-reply-restore"),
]
