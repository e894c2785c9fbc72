"""May we? And the proof that we asked: rule packs as data, consent, stops, the contact budget, decisions, seals."""

from compliance.models.ledger import Decision, EvidencePack, LedgerCheck, Seal
from compliance.models.persons import Consent, ConsentClause, Contact, Stop
from compliance.models.rules import RuleLayer, RulePackVersion, RuleRelaxation, RuleSetSnapshot
from compliance.models.trials import RuleTrial, RuleTrialChange
from compliance.retention.models import DataRequest, ErasureCertificate, LegalHold, RetentionPeriod, RetentionRun

__all__ = [
    "Consent",
    "ConsentClause",
    "Contact",
    "DataRequest",
    "Decision",
    "ErasureCertificate",
    "EvidencePack",
    "LedgerCheck",
    "LegalHold",
    "RetentionPeriod",
    "RetentionRun",
    "RuleLayer",
    "RulePackVersion",
    "RuleRelaxation",
    "RuleSetSnapshot",
    "RuleTrial",
    "RuleTrialChange",
    "Seal",
    "Stop",
]
