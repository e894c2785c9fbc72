"""Addresses of the creditors' pages, under /o/<slug>/creditors/."""

from django.urls import path

from workbench.creditors import views

urlpatterns = [
    path("", views.creditors, name="creditors"),
    path("new/", views.new, name="creditor-new"),
    path("<uuid:creditor_id>/", views.creditor, name="creditor"),
]
