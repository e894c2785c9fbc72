"""/o/<slug>/overview/ and /o/<slug>/reports/"""

from __future__ import annotations

from django.urls import path

from workbench.supervisor import reports, views

urlpatterns = [
    path("overview/", views.overview, name="supervisor"),
    path("overview/verify/", views.verify_chain, name="supervisor-verify"),
    path("overview/<slug:name>/", views.attention, name="supervisor-list"),
    path("reports/", reports.reports, name="reports"),
]
