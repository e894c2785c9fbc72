"""`manage.py verify_ledger [--tenant SLUG]`: is everything as it was written? Exit code 1 names what is not."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from compliance.ledger.seals import seal_now
from compliance.ledger.verify import Problem, verify_ledger
from compliance.management.checking import CheckCommand, chosen_tenants
from tenants import events
from tenants.scope import tenant_scope


class Command(CheckCommand):
    """Reads every event, every evidence row and every seal of one organisation, or of all."""

    help = "Check the ledger: rows against events, events against seals, seals against one another."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which organisation, and whether to seal first."""
        parser.add_argument("--tenant", help="slug (default: every organisation)")
        parser.add_argument("--seal", action="store_true", help="number and seal what has no seal yet, before checking")

    def examine(self, **options: Any) -> dict[str, Any]:
        """One entry per organisation."""
        while options["seal"] and events.sequence():
            pass
        found = []
        for tenant in chosen_tenants(options["tenant"]):
            with tenant_scope(tenant.id):
                if options["seal"]:
                    seal_now()
                report = verify_ledger()
            found.append(
                {
                    "tenant": tenant.slug,
                    "ok": report.ok,
                    "events": report.events,
                    "rows": report.rows,
                    "seals": report.seals,
                    "sealed_to": report.sealed_to,
                    "last_seal": report.last_digest,
                    "first": str(report.first) if report.first else None,
                    "problems": [told(problem) for problem in report.problems],
                }
            )
        return {"ok": all(one["ok"] for one in found), "tenants": found}


def told(problem: Problem) -> dict[str, Any]:
    """A problem as JSON."""
    return {
        "kind": problem.kind,
        "subject": problem.subject,
        "id": problem.subject_id and str(problem.subject_id),
        "event": problem.sequence,
        "detail": problem.detail,
    }
