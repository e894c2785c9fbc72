"""Operator commands answer in JSON on standard output; what is wrong goes to standard error, with an exit code.

0: done. 1: it cannot be done as asked (the message says what to change). 2: the command itself was not understood.
"""

from __future__ import annotations

import getpass
import json
import sys
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DataError, OperationalError, ProgrammingError
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from kernel.errors import DomainError, Words
from tenants.language import environment_language, language_of, told
from tenants.models import Tenant


class JsonCommand(BaseCommand):
    """`answer` returns what is printed; a DomainError becomes one line and exit code 1."""

    requires_migrations_checks = False
    #: What the shell speaks; a command that other code calls speaks the language that is active there.
    _shell_language: str | None = None

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's, with the language of what goes wrong."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--lang", help="language of messages: es, pt or en (default: the environment's)")
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """Django's, in the language of the shell."""
        self._shell_language = environment_language()
        super().run_from_argv(argv)

    def answer(self, **options: Any) -> dict[str, Any]:
        """Do it; returns a JSON object."""
        raise TypeError(f"{type(self).__module__} answers nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the answer as one JSON object."""
        chosen = options.pop("lang", None)
        with override(language_of(chosen) if chosen else self._shell_language or get_language()):
            answer = self._answered(**options)
        self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2, default=str))

    def _answered(self, **options: Any) -> dict[str, Any]:
        try:
            return self.answer(**options)
        except DomainError as error:
            raise CommandError(f"{told(error)} ({error.code})", returncode=1) from error
        except DataError as error:
            raise CommandError(_("a value does not fit: %(why)s") % {"why": error}, returncode=1) from error
        except OperationalError as error:
            raise CommandError(_("the database does not answer: %(why)s") % {"why": error}, returncode=1) from error
        except ProgrammingError as error:
            if "does not exist" not in str(error):
                raise
            raise CommandError(_("the tables are not there yet: run migrate first"), returncode=1) from error


def operator() -> str:
    """Who typed the command, for the audit."""
    try:
        return f"operator:{getpass.getuser()}"
    except (KeyError, OSError):
        return "operator:command line"


def find_tenant(slug: str) -> Tenant:
    """The organisation of that slug; raises DomainError that names those there are."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        known = list(Tenant.objects.order_by("slug").values_list("slug", flat=True)[:10])
        raise DomainError(
            "not_found",
            "there is no organisation %(slug)s; there is %(known)s",
            slug=slug,
            known=", ".join(known) or Words("none at all: make one with create_tenant"),
        )
    return tenant


def instant(text: str) -> datetime:
    """An RFC 3339 instant of the command line, UTC unless it says otherwise."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no instant: write it like 2026-11-17T15:00:00Z") from error
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def read_secret(what: Words) -> str:
    """The first line of standard input, so that a secret stands in no process list and no history."""
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise DomainError("secret_missing", "standard input is empty: pipe the %(what)s in", what=what)
    return secret
