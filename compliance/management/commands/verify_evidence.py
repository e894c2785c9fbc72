"""`manage.py verify_evidence FILE`: what the stand-alone verifier checks, and its seals against the database's."""

from __future__ import annotations

import json
import uuid
import zipfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from compliance.evidence import verifier
from compliance.ledger.seals import sealed_digest_at
from compliance.management.checking import CheckCommand
from kernel.errors import DomainError
from tenants.models import Tenant
from tenants.scope import tenant_scope


class Command(CheckCommand):
    """Names the line that was altered."""

    help = "Check an evidence file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which file."""
        parser.add_argument("file", type=Path, help="a file or a pack of export_evidence")

    def examine(self, **options: Any) -> dict[str, Any]:
        """`problems` is empty for a whole file; `known_here`: its seals were compared with the database's."""
        try:
            name, files = verifier.opened(str(options["file"]))
            text = files[name].decode("utf-8-sig")
            document = json.loads(text)
            problems = verifier.check(document, verifier.line_numbers(text)) + verifier.check_sums(files)
            seals = [(seal["content"]["number"], seal["digest"]) for seal in document.get("seals", ())]
            tenant_id = uuid.UUID(document["tenant"]["id"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise DomainError(
                "evidence_unreadable", "this cannot be read as evidence: %(why)s", why=repr(error)
            ) from error
        here = Tenant.objects.filter(pk=tenant_id).exists()
        if here:
            with tenant_scope(tenant_id):
                problems += [
                    f"seal {number} is not the one that the database holds"
                    for number, mark in seals
                    if sealed_digest_at(number) != mark
                ]
        return {"ok": not problems, "file": str(options["file"]), "known_here": here, "problems": problems}
