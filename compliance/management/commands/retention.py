"""`manage.py retention [--tenant SLUG] [--dry-run]`: blank what has had its time, or say what would be."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from compliance.management.checking import chosen_tenants
from compliance.retention import runs
from tenants.management.json_command import JsonCommand, operator


class Command(JsonCommand):
    """Runs to the end, one organisation after the other; with --dry-run nothing is changed."""

    help = "Blank personal data whose retention period has ended; counts by class and table as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which organisation, and whether to look only."""
        parser.add_argument("--tenant", help="slug (default: every organisation)")
        parser.add_argument("--dry-run", action="store_true", help="count what would be blanked, and change nothing")

    def answer(self, **options: Any) -> dict[str, Any]:
        """One entry per organisation: rows by class and table, what only a hold keeps, and what could not be done."""
        found = []
        for tenant in chosen_tenants(options["tenant"]):
            if options["dry_run"]:
                run, work = runs.rehearse(tenant)
                counts, held, trouble = work.plainly(), dict(sorted(work.held.items())), ""
            else:
                run = runs.run_for(tenant, actor=operator())
                counts, held, trouble = run.counts, run.held, run.trouble
            classes = {name: sum(each.values()) for name, each in counts.items()}
            found.append({
                "tenant": tenant.slug, "dry_run": options["dry_run"], "as_of": run.as_of.isoformat(),
                "people": run.people, "rows": sum(classes.values()), "classes": classes, "tables": counts,
                "held": held, "trouble": trouble,
            })  # fmt: skip
        return {"tenants": found}
