"""Addresses of the editions, under /o/<slug>/rules/editions/."""

from django.urls import path

from workbench.editions import views

urlpatterns = [
    path("", views.editions, name="rules-editions"),
    path("propose/", views.propose, name="rules-propose"),
    path("<str:code>/", views.pack, name="rules-pack"),
    path("<str:code>/approve/", views.approve, name="rules-approve"),
    path("<str:code>/sign-off/", views.sign_off, name="rules-sign-off"),
    path("<str:code>/retire/", views.retire, name="rules-retire"),
]
