from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Organisations, people, keys, the tenant wall, jobs, lanes, the event log, audit."""

    name = "tenants"

    def ready(self) -> None:
        # They register start-up checks and jobs, once the apps are loaded.
        from tenants import checks, invitations, uploads  # noqa: F401
