"""What is next for a debtor, in the reader's words: when, why, or what is in the way, who mends it and where."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from compliance.decide import Finding
from compliance.decide.explain import explain, owner, owner_text, remedy
from compliance.services.preferences import CHANNEL_RULE
from messaging.sequences.outlook import Plan
from workbench.debtors import words


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing in the way: what, by which rule, who mends it, how, and the page where it is done."""

    rule: str
    text: str
    owner: str
    remedy: str
    #: Name of an address that takes the debtor, or of one that takes nothing more.
    fix: str = ""
    fix_page: str = ""
    fix_label: str = ""
    #: A stop of the law or of the person, not of the clock.
    hard: bool = True
    #: The same without anything that is true of one debtor only.
    general: str = ""
    #: What it is about, whichever rule says so.
    subject: str = ""
    #: In what way a consent is none.
    state: str = ""


def blockers(plan: Plan, *, hard: bool = False) -> list[Blocker]:
    """Everything that objects to the next message now; `hard`: without what the clock mends."""
    if plan.trouble is not None:
        text, who, how = words.trouble(plan.trouble)
        fix, page, label = _where(plan.trouble.code)
        return [Blocker("", text, who, how, fix, page, label)]
    zone = plan.outlook.zone if plan.outlook else "UTC"
    return [_blocker(finding, zone, plan) for finding in (plan.blockers if hard else plan.findings)]


def _blocker(finding: Finding, zone: str, plan: Plan) -> Blocker:
    language = words.language()
    subject = str(finding.values.get("condition", "")) if finding.kind == "stop" else finding.kind
    if finding.rule == CHANNEL_RULE:
        subject = finding.rule
    fix, page, label = _where(subject)
    return Blocker(
        finding.rule, explain(finding, language, zone), owner_text(finding, language), remedy(finding, language), fix,
        page, label, finding in plan.blockers and owner(finding) != "time",
        words.stop(subject) if finding.kind == "stop" else "", subject,
        str(finding.values.get("state", "")) if finding.kind == "consent" else "",
    )  # fmt: skip


def _where(subject: str) -> tuple[str, str, str]:
    """The address at which something is mended, and the words of its link. Every reason has one."""
    return next(
        ((fix, page, str(label)) for names, fix, page, label in _FIXES if subject in names),
        ("", "rules", gettext("Read the rules")),
    )


_FIXES: tuple[tuple[frozenset[str], str, str, Any], ...] = (
    (
        frozenset({
            "no_address", "wrong_number", "number_reported_wrong", "number_not_supplied_by_debtor", "identity",
            "identity_unknown", "recipient_not_debtor_or_guarantor", "recipient_elderly_or_minor_not_debtor", "group_chat",
            "timezone_unknown", CHANNEL_RULE,
        }),
        "debtor-contact", "", gettext_lazy("Contacts"),
    ),
    (frozenset({"consent"}), "debtor-consent", "", gettext_lazy("Record consent")),
    (frozenset({"dispute_open"}), "debtor-dispute", "", gettext_lazy("Dispute")),
    (frozenset({"debt_settled", "nothing_open"}), "debtor-payment", "", gettext_lazy("Payments")),
    (
        frozenset({
            "opted_out", "cease_requested", "represented_by_attorney", "minor_or_deceased_or_incapacitated",
            "sued_or_insolvency_procedure", "repactuacao_or_superendividamento_plan", "no_reliable_evidence_of_debt",
            "listed_in_state_do_not_contact_registry", "sernac_no_me_hostiguen_request",
        }),
        "debtor-stop", "", gettext_lazy("Stops"),
    ),
    (frozenset({"freshness", "debt_time_barred"}), "", "imports", gettext_lazy("Import balances")),
    (
        frozenset({
            "template_missing", "template_not_approved", "template_unknown", "required_content", "prohibited_content",
            "variable_missing",
        }),
        "", "templates", gettext_lazy("Message templates"),
    ),
    (
        frozenset({"no_number", "channel", "sender_number_hidden_or_unregistered"}),
        "", "numbers", gettext_lazy("WhatsApp numbers"),
    ),
)  # fmt: skip


@dataclass(slots=True)
class NextStep:
    """The card that says what happens next."""

    state: str
    tone: str
    title: str
    why: str = ""
    stage: str = ""
    at: datetime | None = None
    zone: str = "UTC"
    blockers: list[Blocker] = field(default_factory=list)
    #: Whether a person may pause it, or end the pause.
    can_pause: bool = False
    can_resume: bool = False
    request_id: uuid.UUID | None = None
    decision_id: uuid.UUID | None = None


def next_step(plan: Plan) -> NextStep:
    """A plan in words."""
    row = plan.enrolment
    zone = plan.account.zone
    stage = words.stage(plan.stage) if plan.stage else ""
    found = blockers(plan)
    step = NextStep(plan.state, "grey", "", stage=stage, at=plan.at, zone=zone)
    if plan.request is not None:
        step.request_id, step.decision_id = plan.request.pk, plan.request.decision_id
    if plan.state == "queued":
        step.tone, step.title = "blue", gettext("Going out now")
        step.why = gettext("The gate allowed it; the last look is taken when it leaves.")
        step.can_pause = True
    elif plan.state == "waiting":
        step.tone, step.title, step.blockers = "amber", gettext("Held back until its hour"), found
        step.can_pause = True
    elif plan.state == "planned":
        step.tone, step.title = "green", gettext("Planned")
        step.why = _why(plan)
        step.blockers = found
        step.can_pause = True
    elif plan.state == "blocked":
        step.tone, step.title, step.blockers = "red", gettext("Will not be sent"), blockers(plan, hard=True) or found
        step.at = None
        step.can_pause = True
    elif plan.state == "paused" and row is not None:
        step.tone, step.title, step.why = "amber", gettext("Paused"), words.pause(row.reason)
        step.can_resume = row.reason in ("held", "replied", "to_verify", "hardship")
    elif plan.state in ("ended", "finished"):
        step.title = gettext("Nothing more is planned")
        step.why = words.ended(row.reason if row is not None else "paid")
        step.at = None
    else:
        step.title = gettext("In no sequence")
        step.why = gettext("No sequence is active for this creditor.")
        step.blockers = blockers(plan, hard=True)
    return step


def _why(plan: Plan) -> str:
    invoice = plan.account.carrying
    if invoice is None:
        return ""
    number = invoice.number or invoice.external_id
    return gettext("For invoice %(number)s, by the sequence “%(sequence)s”.") % {
        "number": number,
        "sequence": plan.enrolment.sequence.name if plan.enrolment else "",
    }
