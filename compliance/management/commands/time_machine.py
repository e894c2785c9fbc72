"""`manage.py time_machine --since … --until … --edition CODE:N|--folder DIR|--layer FILE`: what other rules would change."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

import yaml

from compliance.editions import edition_of
from compliance.management.checking import chosen_tenants
from compliance.models import RuleTrial
from compliance.packfile import read_packs
from compliance.timemachine import table
from compliance.timemachine.drafts import Draft, of_editions, of_files, of_layer
from compliance.timemachine.summary import as_json
from compliance.timemachine.trial import begin, fail, run
from kernel.errors import DomainError
from tenants.management.json_command import JsonCommand, instant, operator
from tenants.models import Tenant
from tenants.scope import tenant_scope


class Command(JsonCommand):
    """Decides the stored attempts of a period again, from their stored facts; sends nothing and changes no decision."""

    help = "Replay stored attempts under other rules and list exactly what changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose attempts, of when, under which rules."""
        parser.add_argument("--tenant", help="slug (default: every organisation)")
        parser.add_argument(
            "--since", type=instant, required=True, help="decided at or after, e.g. 2026-11-01T00:00:00Z"
        )
        parser.add_argument("--until", type=instant, required=True, help="decided before")
        tried = parser.add_mutually_exclusive_group(required=True)
        tried.add_argument("--edition", type=_edition, action="append", metavar="CODE:N", help="may be repeated")
        tried.add_argument("--folder", type=Path, help="rule packs as YAML files (a folder, or one file)")
        tried.add_argument("--layer", type=Path, help="an organisation's own rules as YAML (needs --tenant)")
        parser.add_argument("--csv", type=Path, help="write every change into this file (needs --tenant)")

    def answer(self, **options: Any) -> dict[str, Any]:
        """One entry per organisation; the trial is kept, and its pages show it."""
        if (options["layer"] or options["csv"]) and not options["tenant"]:
            raise DomainError("tenant_missing", "say whose: add --tenant SLUG")
        draft = _draft(options)
        return {"tenants": [self._tried(tenant, draft, options) for tenant in chosen_tenants(options["tenant"])]}

    def _tried(self, tenant: Tenant, draft: Draft, options: dict[str, Any]) -> dict[str, Any]:
        with tenant_scope(tenant.id):
            trial = begin(
                draft, since=options["since"], until=options["until"], author=operator(), now=tenant.clock().now()
            )
        try:
            trial = run(trial, tenant.id)
        except DomainError as error:
            with tenant_scope(tenant.id):
                fail(trial, str(error))
            raise
        with tenant_scope(tenant.id):
            if options["csv"]:
                _write(trial, options["csv"])
            return {"tenant": tenant.slug, **as_json(trial)}


def _draft(options: dict[str, Any]) -> Draft:
    if options["edition"]:
        return of_editions([edition_of(code, number) for code, number in options["edition"]])
    if options["folder"]:
        return of_files(read_packs(options["folder"]))
    path: Path = options["layer"]
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DomainError("file_unreadable", "%(file)s: %(why)s", file=str(path), why=str(error)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path.name}:{mark.line + 1}" if mark else path.name
        raise DomainError("layer_invalid", "%(where)s: not YAML", where=where) from error
    if not isinstance(data, dict):
        raise DomainError("layer_invalid", "%(where)s: own rules are a mapping, with keys like windows or caps",
                          where=path.name)  # fmt: skip
    return of_layer(data, path.name)


def _write(trial: RuleTrial, path: Path) -> None:
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            table.write(trial, out)
    except OSError as error:
        raise DomainError("file_unwritable", "%(file)s: %(why)s", file=str(path), why=str(error)) from error


def _edition(text: str) -> tuple[str, int]:
    code, _, number = text.partition(":")
    if not code or not number.isdigit():
        raise ArgumentTypeError(f"{text!r} is no edition: write it like br:2")
    return code, int(number)
