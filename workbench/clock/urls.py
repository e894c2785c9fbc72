"""/o/<slug>/clock/: the clock of a sandbox organisation."""

from __future__ import annotations

from django.urls import path

from workbench.clock import views

urlpatterns = [
    path("", views.menu, name="clock"),
    path("move/", views.move, name="clock-move"),
    path("stop/", views.stop, name="clock-stop"),
]
