from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    """Creditors, persons, debtors, invoices, entries, agreements, payables, imports."""

    name = "portfolio"
