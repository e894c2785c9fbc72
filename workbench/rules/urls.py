"""Addresses of the rules' pages, under /o/<slug>/rules/."""

from django.urls import include, path

from workbench.rules import relaxations, views

urlpatterns = [
    path("", views.rules, name="rules"),
    path("calendar/", views.calendar, name="rules-calendar"),
    path("own/", views.own, name="rules-own"),
    path("moment/", views.moment, name="rules-moment"),
    path("relaxations/", relaxations.relaxations, name="rules-relax"),
    path("relaxations/<uuid:proposal_id>/", relaxations.decide, name="rules-relax-decide"),
    path("editions/", include("workbench.editions.urls")),
    path("time-machine/", include("workbench.trials.urls")),
    path("<str:code>/", views.rule, name="rule"),
]
