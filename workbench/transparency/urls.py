"""Where a debtor's page stands: outside of every organisation's address."""

from __future__ import annotations

from django.urls import path

from workbench.transparency import views

urlpatterns = [
    path("<str:token>", views.page, name="debtor-page"),
    path("<str:token>/letter", views.letter, name="debtor-page-letter"),
    path("<str:token>/receipt/<uuid:payment_id>", views.receipt, name="debtor-page-receipt"),
    path("<str:token>/<str:action>", views.act, name="debtor-page-act"),
]
