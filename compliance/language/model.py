"""What a reading of a message yields: plain values, no behaviour."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

Author = Literal["agent", "bot", "debtor", "template"]

OK = "ok"
# Which class names a message that shows several of equal severity: the rarer and graver first.
CLASSES: tuple[str, ...] = (
    "false_legal_claim",
    "third_party_disclosure",
    "fraud_diversion",
    "threat",
    "privacy",
    "profanity",
    "abusive",
    "shaming",
    "off_policy_promise",
    "composure_loss",
)


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the conversation in which a text is read.

    ``registered_accounts``: the creditor's payment accounts and keys in any spelling; None when not known, and then no
    account is judged; an empty set means that none is registered. ``debtor_quoted``: what the debtor wrote lately, so
    that repeating it is not held against the agent. Policy limits are None when not known.
    """

    registered_accounts: Set[str] | None = None
    debtor_quoted: tuple[str, ...] = ()
    identity_verified: bool = True
    creditor_names: tuple[str, ...] = ()
    max_discount_percent: int | None = None
    max_instalments: int | None = None
    promotional_consent: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason: class, severity 1 mild, 2 clear, 3 serious, span in the original text, and the rule that found it."""

    cls: str
    severity: int
    span: tuple[int, int]
    rule: str


@dataclass(frozen=True, slots=True)
class Scan:
    """The findings of a message, worst first; its content flags; its main class; the language it seems to be in."""

    findings: tuple[Finding, ...]
    flags: frozenset[str]
    main_class: str
    lang: str

    @property
    def severity(self) -> int:
        """0 when lawful, else the worst finding's."""
        return max((f.severity for f in self.findings), default=0)
