"""Addresses of the templates' pages, under /o/<slug>/templates/."""

from django.urls import path

from workbench.message_templates import views

urlpatterns = [
    path("", views.templates, name="templates"),
    path("new/", views.new, name="template-new"),
    path("read/", views.read, name="template-read"),
    path("look/", views.look, name="templates-look"),
    path("<uuid:template_id>/", views.template, name="template"),
    path("<uuid:template_id>/copy/", views.copy, name="template-copy"),
    path("<uuid:template_id>/submit/", views.submit, name="template-submit"),
    path("<uuid:template_id>/hold/", views.hold, name="template-hold"),
    path("<uuid:template_id>/release/", views.release, name="template-release"),
    path("<uuid:template_id>/retire/", views.retire, name="template-retire"),
]
