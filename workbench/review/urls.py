"""/o/<slug>/review/"""

from __future__ import annotations

from django.urls import path

from workbench.review import views

urlpatterns = [
    path("", views.review, name="review"),
    path("badge/", views.badge, name="review-badge"),
    path("notice/", views.notice, name="review-notice"),
    path("<uuid:alert_id>/", views.alert, name="alert"),
    path("<uuid:alert_id>/<slug:action>/", views.act, name="alert-act"),
]
