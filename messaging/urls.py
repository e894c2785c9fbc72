"""Where providers reach us."""

from __future__ import annotations

from django.urls import path

from messaging.channels.whatsapp.views import webhook

urlpatterns = [path("webhooks/whatsapp/<str:key>", webhook, name="whatsapp-webhook")]
