"""Addresses of the rules' pages, under /o/<slug>/rules/."""

from django.urls import path

from workbench.rules import views

urlpatterns = [
    path("", views.rules, name="rules"),
    path("calendar/", views.calendar, name="rules-calendar"),
    path("own/", views.own, name="rules-own"),
    path("moment/", views.moment, name="rules-moment"),
    path("<str:code>/", views.rule, name="rule"),
]
