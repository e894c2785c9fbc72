from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Scans conversations, alerts, reviews, figures."""

    name = "monitoring"
