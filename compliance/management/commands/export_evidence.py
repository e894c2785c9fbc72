"""`manage.py export_evidence SLUG --debtor ID --output FILE`: proof of what was done, checkable without us."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from compliance.evidence.exports import export
from compliance.evidence.formats import LISTS, to_text
from kernel.errors import DomainError
from tenants import events
from tenants.management.json_command import JsonCommand, find_tenant, instant, operator
from tenants.scope import tenant_scope


class Command(JsonCommand):
    """Check the file with `python -m compliance.evidence.verifier FILE`, here or anywhere."""

    help = "Export the evidence about a debtor, a request or a period."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, what, where to."""
        parser.add_argument("tenant", help="slug of the organisation")
        parser.add_argument("--debtor", type=uuid.UUID, help="id of a debtor")
        parser.add_argument("--request", type=uuid.UUID, help="id of a send request")
        parser.add_argument("--since", type=instant, help="decided at or after; with --until")
        parser.add_argument("--until", type=instant, help="decided before")
        parser.add_argument("--output", type=Path, required=True, help="the file to write")
        parser.add_argument("--reason", default="", help="stands in the audit")

    def answer(self, **options: Any) -> dict[str, Any]:
        """What the file holds, and the digest to remember."""
        period = None
        if options["since"] or options["until"]:
            if not (options["since"] and options["until"]):
                raise DomainError("period_open", "a period has two ends: give --since and --until")
            period = (options["since"], options["until"])
        tenant = find_tenant(options["tenant"])
        while events.sequence():
            pass
        with tenant_scope(tenant.id):
            document = export(
                debtor_id=options["debtor"],
                request_id=options["request"],
                period=period,
                actor=operator(),
                reason=options["reason"],
            )
        try:
            options["output"].write_text(to_text(document), encoding="utf-8")
        except OSError as error:
            raise DomainError("file_unwritable", "%(error)s: choose another --output", error=str(error)) from error
        seals = document["seals"]
        return {
            "file": str(options["output"]),
            "document": document["manifest"]["document"],
            "last_seal": seals[-1]["digest"] if seals else None,
            **{name: len(document[name]) for name in LISTS},
        }
