"""Addresses of the people pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from workbench.people import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.people, name="people"),
    path("invite/", views.invite, name="people-invite"),
    path("invitations/<uuid:pk>/<str:action>/", views.change_invitation, name="invitation-change"),
    path("<uuid:pk>/", views.person, name="person"),
    path("<uuid:pk>/<str:action>/", views.let_person, name="person-let"),
]
