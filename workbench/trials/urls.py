"""Addresses of the time machine, under /o/<slug>/rules/time-machine/."""

from django.urls import path

from workbench.trials import views

urlpatterns = [
    path("", views.trials, name="rules-trials"),
    path("<uuid:trial_id>/", views.trial, name="rules-trial"),
]
