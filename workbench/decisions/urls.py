"""/o/<slug>/decisions/"""

from __future__ import annotations

from django.urls import path

from workbench.decisions import views

urlpatterns = [
    path("decisions/", views.decisions, name="decisions"),
    path("decisions/<uuid:decision_id>/", views.decision, name="decision"),
]
