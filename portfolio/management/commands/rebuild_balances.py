"""`manage.py rebuild_balances SLUG`: sum every entry again, and mend what disagrees."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from portfolio.services import rebuild_balances
from tenants.management.json_command import JsonCommand, find_tenant
from tenants.scope import tenant_scope


class Command(JsonCommand):
    """Compares cached balances with their entries."""

    help = "Sum all money entries again; names and mends cached balances that disagree (--check only names them)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose balances."""
        parser.add_argument("tenant", help="slug of the organisation")
        parser.add_argument("--check", action="store_true", help="change nothing")

    def answer(self, **options: Any) -> dict[str, Any]:
        """What disagreed; nothing is the normal answer."""
        with tenant_scope(find_tenant(options["tenant"]).id):
            found = rebuild_balances(mend=not options["check"])
        return {
            "differences": len(found),
            "mended": not options["check"],
            "first": [asdict(item) for item in found[:100]],
        }
