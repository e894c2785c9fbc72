"""Before anything is said: what the gate would answer, told in the reader's language, and what in the words offends.

Nothing is written here. What is typed is read by `compliance.language`, and the same gate that decides later is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from compliance import language
from compliance.decide import Decision, Finding, explain, owner, remedy
from compliance.decide.explain import moment_text
from compliance.decide.remaining import Budget
from compliance.language.flags import CLASS_FLAGS
from compliance.language.model import Finding as Said
from messaging.desk.answering import Offered, wish
from messaging.models import Conversation
from messaging.sending.channel_facts import WINDOW, WINDOW_MARGIN
from messaging.sending.drafts import registered_accounts
from messaging.sending.previews import previews
from portfolio.models import Debtor

#: A harmless answer: what the gate says to it, it says to any.
_ANY = "Hola"
_TIME = frozenset({"closed_day", "window", "cap", "spacing", "channel_lock"})


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that objects: its sentence with the citation, who can mend it, and how."""

    rule: str
    kind: str
    sentence: str
    remedy: str
    owner: str


@dataclass(frozen=True, slots=True)
class Law:
    """What the gate says to a message of one kind now."""

    verdict: str  # allow | defer | deny
    reasons: tuple[Reason, ...]
    next_at: datetime | None
    when: str  # next_at in the debtor's zone, in words
    zone: str
    budgets: tuple[Budget, ...]

    @property
    def told(self) -> tuple[Reason, ...]:
        """The reasons, each sentence once: several layers of law often say the same."""
        return distinct(self.reasons)


def distinct(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The first reason of each sentence."""
    return tuple({reason.sentence: reason for reason in reversed(reasons)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class Truth:
    """The composer's line: the window, the budget, the debtor's hour, who answers; and what may be done now."""

    window_until: datetime | None  # None: closed
    reply: Law
    template: Law | None
    offered: tuple[Offered, ...]

    @property
    def mode(self) -> str:
        """What the composer opens with: free text while the window is open, else a template."""
        return "reply" if self.window_until is not None else "template"

    @property
    def law(self) -> Law:
        """What stands above the composer."""
        return self.reply if self.mode == "reply" or self.template is None else self.template


def window_until(conversation: Conversation, now: datetime) -> datetime | None:
    """Until when free text may be written; None when the 24 hours are over."""
    if conversation.last_inbound_at is None:
        return None
    until = conversation.last_inbound_at + WINDOW - WINDOW_MARGIN
    return until if until > now else None


def truth_of(
    conversation: Conversation, debtor: Debtor, offered: Sequence[Offered], *, actor: str, lang: str, now: datetime
) -> Truth:
    """What may be said in this conversation now, to whom, and what the law is where it may not.

    Raises DomainError when the conversation is joined to nobody.
    """
    wishes = [wish(conversation, debtor, {"kind": "text", "text": _ANY}, origin_id="preview", actor=actor)]
    if offered:
        wishes.append(wish(conversation, debtor, offered[0].content, origin_id="preview", actor=actor))
    laws = [law_of(each.decision, each.zone, each.budgets, lang) for each in previews(wishes, now=now)]
    return Truth(window_until(conversation, now), laws[0], laws[1] if offered else None, tuple(offered))


def law_of(decision: Decision, zone: str, budgets: tuple[Budget, ...], lang: str) -> Law:
    """A decision in words."""
    at = decision.next_allowed_at if decision.verdict == "defer" else None
    return Law(
        decision.verdict, tuple(reason_of(finding, lang, zone) for finding in decision.findings), at,
        moment_text(at, lang, zone) if at else "", zone, budgets,
    )  # fmt: skip


def reason_of(finding: Finding, lang: str, zone: str) -> Reason:
    """One finding in words."""
    return Reason(finding.rule, finding.kind, explain(finding, lang, zone), remedy(finding, lang), owner(finding))


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the text that offends: half-open span of characters, how badly, and the rule that says so."""

    start: int
    end: int
    tone: str  # block | nudge
    cls: str
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Checked:
    """A text as the gate would see it now. `ok` lets it leave, `nudge` too, `wait` later, `block` never."""

    verdict: str
    marks: tuple[Mark, ...]
    law: Law
    softer: str | None


def check(conversation: Conversation, debtor: Debtor, text: str, *, actor: str, lang: str, now: datetime) -> Checked:
    """Read a text and ask the gate about it as it stands."""
    creditor = debtor.creditor
    words = text.strip() or _ANY
    scanned = language.scan(
        text,
        author="agent",
        context=language.Context(
            creditor_names=tuple(filter(None, [creditor.name, creditor.legal_name])),
            registered_accounts=registered_accounts(creditor, {}),
            max_instalments=creditor.policy.get("max_instalments"),
            max_discount_percent=creditor.policy.get("max_discount_percent"),
        ),
    )
    content = {"kind": "text", "text": words[: language.MAX_CHARS]}
    (seen,) = previews([wish(conversation, debtor, content, origin_id="preview", actor=actor)], now=now)
    law = law_of(seen.decision, seen.zone, seen.budgets, lang)
    marks = tuple(_mark(said, seen.decision.findings, law) for said in scanned.findings)
    verdict = {"allow": "nudge" if marks else "ok", "defer": "wait"}.get(law.verdict, "block")
    # A kinder word helps where the words are what offends, not the hour.
    softer = language.soften(text, scanned.findings) if marks else None
    return Checked(verdict, tuple(sorted(marks, key=lambda mark: mark.start)), law, softer)


def _mark(said: Said, findings: Sequence[Finding], law: Law) -> Mark:
    flags = CLASS_FLAGS.get(said.cls, frozenset())
    place = next(
        (
            n for n, finding in enumerate(findings)
            if finding.kind == "prohibited_content" and finding.values.get("flag") in flags
        ),
        None,
    )  # fmt: skip
    reason = law.reasons[place] if place is not None else None
    return Mark(said.span[0], said.span[1], "block" if reason else "nudge", said.cls, reason)
