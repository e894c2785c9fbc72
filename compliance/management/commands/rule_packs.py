"""`manage.py rule_packs load|list|diff`: which editions of the rules there are, and what a new one would change."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from compliance.decide import load_packs
from compliance.models import RulePackVersion
from compliance.queries import editions
from compliance.rulesets import as_json, differences, load_rule_packs
from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants.management.json_command import JsonCommand, instant, operator


class Command(JsonCommand):
    """A changed pack becomes a new edition; editions are never changed, decisions keep the one that they used."""

    help = "Load, list and compare editions of the rule packs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Three verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        load = verbs.add_parser("load", help="take packs in; what is there already stays untouched")
        load.add_argument("--folder", help="YAML files (default: the packs that are shipped)")
        load.add_argument(
            "--from",
            dest="effective_from",
            type=instant,
            help="in force from this instant on, e.g. 2026-12-01T03:00:00Z",
        )
        load.add_argument("--status", default=RulePackVersion.Status.REVIEWED, choices=RulePackVersion.Status.values)
        verbs.add_parser("list", help="every edition")
        diff = verbs.add_parser("diff", help="what changed between two editions, or between the newest and the files")
        diff.add_argument("code", help="br, mx, common, ...")
        diff.add_argument("before", nargs="?", type=int, help="edition (default: the newest)")
        diff.add_argument("after", nargs="?", type=int, help="edition (default: the files)")
        diff.add_argument("--folder", help="YAML files (default: the packs that are shipped)")

    def answer(self, **options: Any) -> dict[str, Any]:
        """The editions that are new, or all, or the changes."""
        if options["verb"] == "load":
            return self._load(**options)
        if options["verb"] == "diff":
            return self._diff(**options)
        return {"editions": [told(row) for row in editions()]}

    def _load(self, **options: Any) -> dict[str, Any]:
        with transaction.atomic():
            fresh = load_rule_packs(
                now=machine_now(),
                author=operator(),
                source=options["folder"],
                effective_from=options["effective_from"],
                status=options["status"],
            )
        return {"loaded": [told(row) for row in fresh], "editions": RulePackVersion.objects.count()}

    def _diff(self, **options: Any) -> dict[str, Any]:
        code = options["code"]
        before = edition(code, options["before"])
        if options["after"] is not None:
            after, name = edition(code, options["after"]).data, f"edition {options['after']}"
        else:
            packs = load_packs(options["folder"])
            if code not in packs:
                raise DomainError("pack_unknown", "the files have no pack %(name)s", name=code)
            after, name = as_json(packs[code].data), "files"
        rows = differences(before.data, after)
        changes = [{"path": path, "before": old, "after": new} for path, old, new in rows]
        return {"code": code, "before": f"edition {before.edition}", "after": name, "changes": changes}


def edition(code: str, number: int | None) -> RulePackVersion:
    """One edition, the newest by default."""
    rows = RulePackVersion.objects.filter(code=code).order_by("-edition")
    found = (rows.filter(edition=number) if number is not None else rows).first()
    if found is None:
        raise DomainError(
            "pack_unknown", "there is no such edition of %(name)s: load the packs, or list them", name=code
        )
    return found


def told(row: RulePackVersion) -> dict[str, Any]:
    """An edition without its data."""
    return {
        "code": row.code,
        "edition": row.edition,
        "status": str(row.status),
        "effective_from": row.effective_from.isoformat(),
        "effective_to": row.effective_to and row.effective_to.isoformat(),
        "digest": row.digest,
        "author": row.author,
        "loaded_at": row.loaded_at.isoformat(),
    }
