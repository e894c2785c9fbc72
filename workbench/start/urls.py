"""The demo's door. Included where settings.DEMO_DOOR opens it, and nowhere else."""

from __future__ import annotations

from django.urls import path

from workbench.start import views

#: At the root.
door = [
    path("", views.start, name="start"),
    path("enter/", views.enter, name="enter"),
    path("erp/<slug:slug>/", views.erp, name="erp"),
    path("tour/<slug:slug>/", views.tour, name="tour"),
    path("tour/<slug:slug>/steps/", views.tour_list, name="tour-steps"),
]
#: In an organisation.
inside = [
    path("walk/<int:number>/", views.walk, name="walk"),
    path("walk/<int:number>/done/", views.walk_done, name="walk-done"),
]
