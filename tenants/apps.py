from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Organisations, people, keys, the tenant wall, jobs, lanes, the event log, audit."""

    name = "tenants"

    def ready(self) -> None:
        from tenants import checks  # noqa: F401 - registers the start-up checks, once the apps are loaded
