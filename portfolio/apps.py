from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    """Creditors, persons, debtors, invoices, entries, agreements, payables, imports."""

    name = "portfolio"

    def ready(self) -> None:
        """Register the work that this room does when something wakes it."""
        from portfolio import psp_views, tasks  # noqa: F401
        from portfolio.entries import entry_digest
        from portfolio.imports import wizard  # noqa: F401
        from tenants import digests

        digests.register("portfolio.entry", entry_digest, announced_by="entry.recorded")
