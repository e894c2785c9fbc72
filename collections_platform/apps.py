from django.apps import AppConfig

from collections_platform.memory import settle


class CollectionsPlatformConfig(AppConfig):
    """The last of the rooms: once it is ready, all are loaded."""

    name = "collections_platform"

    def ready(self) -> None:
        """What was loaded stays (settings.py began it)."""
        settle()
