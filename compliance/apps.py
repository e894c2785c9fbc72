from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """Rule packs, consent, contact budget, what may be said, the gate, the ledger, evidence."""

    name = "compliance"

    def ready(self) -> None:
        """Register how evidence is hashed, who seals it, and who takes what files say about consent."""
        from compliance import joined  # noqa: F401
