"""`manage.py replay_decisions [--tenant SLUG]`: decide again from stored facts alone; exit code 1 on any difference."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from compliance.decide import EVALUATOR_VERSION
from compliance.ledger.replay import replay_decisions
from compliance.management.checking import CheckCommand, chosen_tenants
from tenants.management.json_command import instant
from tenants.scope import tenant_scope


class Command(CheckCommand):
    """Holidays, zones and rules are those that were stored, so newer data changes nothing."""

    help = "Make stored decisions again and compare."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which ones."""
        parser.add_argument("--tenant", help="slug (default: every organisation)")
        parser.add_argument("--since", type=instant, help="decided at or after, e.g. 2026-11-01T00:00:00Z")
        parser.add_argument("--until", type=instant, help="decided before")

    def examine(self, **options: Any) -> dict[str, Any]:
        """One entry per organisation."""
        found = []
        for tenant in chosen_tenants(options["tenant"]):
            with tenant_scope(tenant.id):
                report = replay_decisions(since=options["since"], until=options["until"])
            differences = [
                {"decision": str(one.decision_id), "part": one.part, "stored": one.stored, "replayed": one.replayed}
                for one in report.differences
            ]
            found.append(
                {
                    "tenant": tenant.slug,
                    "ok": report.ok,
                    "decisions": report.decisions,
                    "differing": report.differing,
                    "differences": differences,
                }
            )
        return {"ok": all(one["ok"] for one in found), "evaluator": EVALUATOR_VERSION, "tenants": found}
