"""Addresses of operations: work set aside, doubtful sends, the audit."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from workbench.operations import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.parked, name="operations"),
    path("jobs/<int:pk>/<str:action>/", views.change_job, name="job-change"),
    path("inbound/<uuid:pk>/", views.inbound, name="inbound-body"),
    path("uncertain/", views.uncertain, name="uncertain"),
    path("uncertain/<uuid:pk>/", views.settle, name="uncertain-settle"),
    path("audit/", views.audit, name="audit"),
]
