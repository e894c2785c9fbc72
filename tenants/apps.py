from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Organisations, people, keys, the tenant wall, jobs, lanes, the event log, audit."""

    name = "tenants"
