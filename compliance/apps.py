from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """Rule packs, consent, contact budget, what may be said, the gate, the ledger, evidence."""

    name = "compliance"
