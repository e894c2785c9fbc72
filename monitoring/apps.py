from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Scans conversations, alerts, reviews, figures."""

    name = "monitoring"

    def ready(self) -> None:
        """Register what serves lanes."""
        from monitoring import figures, retention, scanning  # noqa: F401
