"""Addresses outside of the API: a debtor's page about a payable, and the payment services that call us."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from portfolio import psp_views
from portfolio.payables import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("p/<str:token>", views.page, name="payable"),
    path("webhooks/psp/simulator/<str:key>", psp_views.webhook, name="psp-webhook"),
]
