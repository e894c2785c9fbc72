"""`manage.py export_person --tenant SLUG --debtor ID --out FILE.zip`: everything that is held about a person."""

from __future__ import annotations

import shutil
import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from compliance.retention.papers import export_person, note_download
from kernel.errors import DomainError
from portfolio.models import Debtor
from tenants.management.json_command import JsonCommand, find_tenant, operator
from tenants.scope import tenant_scope


class Command(JsonCommand):
    """Writes the zip and prints its name and hash; who made it is audited."""

    help = "Export everything held about a person, as JSON, a readable PDF and their files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, and where to."""
        parser.add_argument("--tenant", required=True, help="slug")
        parser.add_argument("--debtor", required=True, help="the debtor's id, or the creditor's own id of it")
        parser.add_argument("--out", required=True, type=Path, help="file to write")
        parser.add_argument("--language", default="", choices=["", "es", "pt", "en"], help="default: the person's own")

    def answer(self, **options: Any) -> dict[str, Any]:
        """The file, its hash, and how many rows are in it."""
        with tenant_scope(find_tenant(options["tenant"]).pk):
            debtor = _debtor(options["debtor"])
            made = export_person(debtor.person_id, actor=operator(), language=options["language"])
            with made.body, options["out"].open("wb") as target:
                shutil.copyfileobj(made.body, target)
            note_download(debtor.person_id, made, actor=operator())
        return {"file": str(options["out"]), "sha256": made.sha256, "rows": made.rows}


def _debtor(text: str) -> Debtor:
    try:
        found = list(Debtor.objects.filter(pk=uuid.UUID(text)))
    except ValueError:
        found = list(Debtor.objects.filter(external_id=text)[:2])
    if len(found) != 1:
        raise DomainError("debtor_unknown", "there is no such debtor here, or more than one: name it by its id")
    return found[0]
