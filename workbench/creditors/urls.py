"""Addresses of the creditors' pages, under /o/<slug>/creditors/."""

from django.urls import path

from workbench.creditors import doors, views

urlpatterns = [
    path("", views.creditors, name="creditors"),
    path("new/", views.new, name="creditor-new"),
    path("<uuid:creditor_id>/", views.creditor, name="creditor"),
    path("<uuid:creditor_id>/consent/", doors.consent, name="creditor-consent"),
    path("<uuid:creditor_id>/consent/qr.svg", doors.code, name="creditor-consent-qr"),
    path("<uuid:creditor_id>/consent/<uuid:clause_id>/", doors.clause_file, name="creditor-clause"),
]
