"""/o/<slug>/evidence/"""

from __future__ import annotations

from django.urls import path

from workbench.evidence import views

urlpatterns = [
    path("", views.evidence, name="evidence"),
    path("take/", views.take, name="evidence-take"),
    path("verify/", views.verify, name="evidence-verify"),
]
