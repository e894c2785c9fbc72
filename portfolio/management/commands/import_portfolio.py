"""`manage.py import_portfolio SLUG CREDITOR FILE.csv`: a creditor's portfolio comes in, or goes back with --undo."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from kernel.errors import DomainError
from portfolio.imports.apply import apply_import
from portfolio.imports.choose import choose
from portfolio.imports.readers import Setting
from portfolio.imports.rejections import rejected_csv
from portfolio.imports.undo import undo_import
from portfolio.models import Import
from portfolio.places import today_in
from portfolio.queries import creditor_by
from tenants.api import uuid_of
from tenants.management.json_command import JsonCommand, find_tenant
from tenants.scope import tenant_scope


class Command(JsonCommand):
    """Imports a file, resumes a stopped import, or undoes one."""

    help = "Import a CSV of debtors, invoices and payments. Good lines are taken, bad ones returned with reasons."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose file, which file, and how it is read."""
        parser.add_argument("tenant", help="slug of the organisation")
        parser.add_argument("creditor", help="external id of the creditor")
        parser.add_argument("file", nargs="?", help="the CSV; not needed with --undo")
        parser.add_argument(
            "--mapping", help="a reader's name, or a file with the mapping as JSON; found out when left out"
        )
        parser.add_argument("--rejected", help="write the refused lines and their reasons to this file")
        parser.add_argument("--resume", action="store_true", help="go on with the newest import that was stopped")
        parser.add_argument("--undo", metavar="IMPORT", help="take this import back, by reversals")
        parser.add_argument("--seed", type=int, default=1, help="for readers that have to make something up")
        parser.add_argument("--quiet", action="store_true", help="no progress on standard error")

    def answer(self, **options: Any) -> dict[str, Any]:
        """The import with its counts."""
        tenant = find_tenant(options["tenant"])
        now = tenant.clock().now()
        with tenant_scope(tenant.id):
            creditor = creditor_by(options["creditor"])
            stopped = Import.objects.filter(creditor=creditor, state=Import.State.READING).order_by("-id").first()
            held = Import.objects.filter(pk=uuid_of(options["undo"])).first() if options["undo"] else None
        if options["undo"]:
            if held is None:
                raise DomainError("not_found", "there is no import %(id)s here", id=options["undo"])
            return _shown(undo_import(held, now=now))
        if not options["file"]:
            raise DomainError("file_missing", "name the file to import")
        if options["resume"] and stopped is None:
            raise DomainError("not_found", "no import of this creditor was stopped in the middle")
        with _opened(options["file"]) as file:
            setting = Setting(
                today=today_in(creditor.country, now),
                country=creditor.country,
                currency=creditor.currency,
                seed=options["seed"],
            )
            chosen = choose(file, setting, _mapping(options["mapping"]))
            resume = stopped if options["resume"] else None
            done = apply_import(
                creditor,
                chosen.rows(resume.position if resume else 0),
                now=now,
                file_name=Path(options["file"]).name,
                sha256=chosen.sha256,
                mapping=chosen.mapping,
                header=chosen.header,
                resume=resume,
                progress=None if options["quiet"] else _progress,
            )
        if not options["quiet"]:
            sys.stderr.write("\n")
        if options["rejected"]:
            with tenant_scope(tenant.id):
                text = rejected_csv(done)
            Path(options["rejected"]).write_text(text, encoding="utf-8-sig", newline="")
        return {**_shown(done), "made_up": list(chosen.synthetic)}


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    with ExitStack() as stack:
        try:
            file = stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise DomainError(
                "file_unreadable", "%(file)s cannot be read: %(why)s", file=name, why=error.strerror
            ) from error
        yield file


def _mapping(given: str | None) -> str | None:
    if given is None or not given.endswith(".json"):
        return given
    try:
        return Path(given).read_text(encoding="utf-8")
    except OSError as error:
        raise DomainError(
            "file_unreadable", "%(file)s cannot be read: %(why)s", file=given, why=error.strerror
        ) from error


def _progress(done: Import) -> None:
    sys.stderr.write(
        f"\rline {done.position}: {done.counts.get('rows', 0)} rows, {done.counts.get('rejected', 0)} lines refused"
    )
    sys.stderr.flush()


def _shown(done: Import) -> dict[str, Any]:
    return {
        "id": done.id,
        "state": done.state,
        "file": done.file_name,
        "position": done.position,
        "counts": done.counts,
    }
