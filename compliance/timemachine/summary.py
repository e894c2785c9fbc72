"""What a trial found, counted and in money: how many attempts turned which way, whose debts, by which rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from compliance.models import RuleTrial, RuleTrialChange
from kernel.money import Money


@dataclass(frozen=True, slots=True)
class Turned:
    """Attempts that turn one way; each debtor's money is counted once."""

    turn: str
    attempts: int
    debtors: int
    owed: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """How often a rule objects only under the tried rules, and how often it objects no more."""

    code: str
    more: int
    fewer: int


def turned(trial: RuleTrial) -> list[Turned]:
    """By turn, in the order in which they are read; turns that did not occur are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT turn, count(*), count(DISTINCT debtor_id) FROM compliance_ruletrialchange "
            "WHERE tenant_id = %s AND trial_id = %s GROUP BY turn",
            [trial.tenant_id, trial.pk],
        )
        counts = {turn: (attempts, debtors) for turn, attempts, debtors in cursor.fetchall()}
        cursor.execute(
            "SELECT turn, currency, sum(open_minor)::bigint FROM (SELECT DISTINCT ON (turn, debtor_id) turn, currency, "
            "open_minor FROM compliance_ruletrialchange WHERE tenant_id = %s AND trial_id = %s "
            "AND debtor_id IS NOT NULL AND currency <> '' ORDER BY turn, debtor_id, id DESC) debts "
            "GROUP BY turn, currency ORDER BY turn, currency",
            [trial.tenant_id, trial.pk],
        )
        owed: dict[str, list[Money]] = {}
        for turn, currency, minor in cursor.fetchall():
            owed.setdefault(turn, []).append(Money.from_minor(minor, currency))
    return [Turned(turn, *counts[turn], tuple(owed.get(turn, ())))
            for turn in RuleTrialChange.Turn.values if turn in counts]  # fmt: skip


def by_rule(trial: RuleTrial) -> list[Rule]:
    """The rules that make the difference, those that do most first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM ("
            "SELECT unnest(rules_after) AS code, true AS added, rules_before AS others FROM compliance_ruletrialchange "
            "WHERE tenant_id = %(tenant)s AND trial_id = %(trial)s UNION ALL "
            "SELECT unnest(rules_before), false, rules_after FROM compliance_ruletrialchange "
            "WHERE tenant_id = %(tenant)s AND trial_id = %(trial)s) rules WHERE NOT code = ANY(others) "
            "GROUP BY code ORDER BY count(*) DESC, code LIMIT 50",
            {"tenant": trial.tenant_id, "trial": trial.pk},
        )
        return [Rule(*row) for row in cursor.fetchall()]


def as_json(trial: RuleTrial) -> dict[str, Any]:
    """A trial as a command prints it."""
    return {
        "id": str(trial.pk), "rules": trial.label, "since": trial.since.isoformat(), "until": trial.until.isoformat(),
        "state": str(trial.state), "attempts": trial.examined, "changed": trial.changed, "unknown": trial.unknown,
        "by_newer_calendars": trial.by_data, "error": trial.error,
        "turns": [
            {"turn": one.turn, "attempts": one.attempts, "debtors": one.debtors,
             "owed": [{"currency": money.currency, "minor": money.minor} for money in one.owed]}
            for one in turned(trial)
        ],
        "rules_that_differ": [{"rule": one.code, "more": one.more, "fewer": one.fewer} for one in by_rule(trial)],
    }  # fmt: skip
