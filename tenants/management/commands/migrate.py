"""Django's migrate, as the role that owns the tables, and without making the whole product wait for a lock."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import OperationalError, connections

#: A migration that cannot get a table's lock in this time gives up and can be tried again; everybody else went on.
LOCK_TIMEOUT = "5s"


class Command(DjangoMigrate):
    """`migrate` with --database owner unless another is named."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")
        parser.add_argument(
            "--lock-timeout", default=LOCK_TIMEOUT, help=f"How long to wait for a table's lock (default {LOCK_TIMEOUT})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [options["lock_timeout"]])
        try:
            super().handle(*args, **options)
        except OperationalError as error:
            if "lock timeout" not in str(error):
                raise
            raise CommandError("a table is busy: nothing was changed by the last step, run migrate again") from error
        finally:
            if connection.connection is not None and not connection.connection.closed:
                with connection.cursor() as cursor:
                    cursor.execute("RESET lock_timeout")
