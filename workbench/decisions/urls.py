"""/o/<slug>/decisions/ and /o/<slug>/evidence/"""

from __future__ import annotations

from django.urls import path

from workbench.decisions import views

urlpatterns = [
    path("decisions/", views.decisions, name="decisions"),
    path("decisions/<uuid:decision_id>/", views.decision, name="decision"),
    path("evidence/", views.evidence, name="evidence"),
    path("evidence/take/", views.take, name="evidence-take"),
    path("evidence/verify/", views.verify, name="evidence-verify"),
]
