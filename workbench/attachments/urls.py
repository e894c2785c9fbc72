"""Where files stand."""

from __future__ import annotations

from django.urls import path

from workbench.attachments.views import opened

urlpatterns = [path("<uuid:attachment_id>/", opened, name="attachment")]
