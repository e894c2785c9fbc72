"""`manage.py export_evidence SLUG --debtor ID --output FILE`: proof of what was done, checkable without us."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from compliance.evidence.exports import LANGUAGES, export
from compliance.evidence.formats import LISTS, PARTS, to_text
from compliance.evidence.packs import make_pack, note_taken
from kernel.errors import DomainError
from tenants import events
from tenants.management.json_command import JsonCommand, find_tenant, instant, operator
from tenants.scope import tenant_scope


class Command(JsonCommand):
    """Check the file with the pack's own verify.py, or `python -m compliance.evidence.verifier FILE`."""

    help = "Export the evidence about a debtor, a complaint, a conversation, a request or a period."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, what, where to."""
        parser.add_argument("tenant", help="slug of the organisation")
        parser.add_argument("--debtor", type=uuid.UUID, help="id of a debtor")
        parser.add_argument("--complaint", type=uuid.UUID, help="id of a dispute")
        parser.add_argument("--conversation", type=uuid.UUID, help="id of a conversation")
        parser.add_argument("--request", type=uuid.UUID, help="id of a send request")
        parser.add_argument("--since", type=instant, help="decided at or after; with --until")
        parser.add_argument("--until", type=instant, help="decided before")
        parser.add_argument("--without", action="append", choices=PARTS, default=[], help="what to leave out")
        parser.add_argument("--language", choices=LANGUAGES, default="", help="of the pack (default: the debtor's)")
        parser.add_argument(
            "--output", type=Path, required=True, help="the file to write: .zip makes the pack (PDF, JSON, verifier)"
        )
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
            asked: dict[str, Any] = {
                f"{name}_id": options[name] for name in ("debtor", "complaint", "conversation", "request")
            }
            asked |= {
                "period": period, "actor": operator(), "reason": options["reason"], "redaction": options["without"],
                "language": options["language"],
            }  # fmt: skip
            if options["output"].suffix == ".zip":
                pack = make_pack(**asked)
                document, body = pack.document, pack.body
            else:
                document = export(**asked)
                body = to_text(document).encode()
            note_taken(document, name=options["output"].name, body=body, actor=operator())
        try:
            options["output"].write_bytes(body)
        except OSError as error:
            raise DomainError("file_unwritable", "%(error)s: choose another --output", error=str(error)) from error
        seals = document["seals"]
        return {
            "file": str(options["output"]),
            "document": document["manifest"]["document"],
            "last_seal": seals[-1]["digest"] if seals else None,
            **{name: len(document[name]) for name in LISTS},
        }
