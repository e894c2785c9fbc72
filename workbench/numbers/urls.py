"""Addresses of the pages about WhatsApp numbers."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from workbench.numbers import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.numbers, name="numbers"),
    path("connect/", views.connect, name="number-connect"),
    path("<uuid:pk>/", views.number, name="number"),
    path("<uuid:pk>/check/", views.check, name="number-check"),
    path("<uuid:pk>/subscribe/", views.subscribe, name="number-subscribe"),
    path("<uuid:pk>/token/", views.token, name="number-token"),
    path("<uuid:pk>/account/", views.let_account, name="number-account"),
]
