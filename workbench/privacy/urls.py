"""Addresses of the privacy pages, under /o/<slug>/privacy/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from workbench.privacy import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.periods, name="privacy"),
    path("period/", views.set_period, name="privacy-period"),
    path("holds/", views.hold_list, name="privacy-holds"),
    path("holds/<uuid:hold_id>/lift/", views.lift, name="privacy-hold-lift"),
    path("requests/", views.requests, name="privacy-requests"),
    path("requests/new/", views.new_request, name="privacy-request-new"),
    path("requests/<uuid:request_id>/", views.request_page, name="privacy-request"),
    path("requests/<uuid:request_id>/certificate/", views.certificate, name="privacy-certificate"),
    path("requests/<uuid:request_id>/<str:action>/", views.act, name="privacy-request-act"),
    path("export/<uuid:debtor_id>/", views.export, name="privacy-export"),
]
