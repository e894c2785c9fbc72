"""Addresses of the sequences' pages, under /o/<slug>/sequences/."""

from django.urls import path

from workbench.sequences import views

urlpatterns = [
    path("", views.sequences, name="sequences"),
    path("new/", views.new, name="sequence-new"),
    path("<uuid:sequence_id>/", views.sequence, name="sequence"),
    path("<uuid:sequence_id>/edit/", views.edit, name="sequence-edit"),
    path("<uuid:sequence_id>/rehearsal/", views.rehearsal, name="sequence-rehearsal"),
    path("<uuid:sequence_id>/activate/", views.activate, name="sequence-activate"),
    path("<uuid:sequence_id>/pause/", views.pause, name="sequence-pause"),
    path("<uuid:sequence_id>/resume/", views.resume, name="sequence-resume"),
]
