"""Django's migrate, as the role that owns the tables, and without making the whole product wait for a lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import OperationalError, connections
from django.db.migrations.state import ProjectState

#: A migration that cannot get a table's lock in this time gives up and can be tried again; everybody else went on.
LOCK_TIMEOUT = "5s"


@contextmanager
def constraints_join_their_model() -> Iterator[None]:
    """Let a new constraint or index join its model as it stands, for the length of the block.

    Django makes the model, and all that are related to it, anew for each; with as many constraints as the walls need,
    that is four fifths of the time of a first start.
    """

    def append(state: ProjectState, app_label: str, model_name: str, option: str, one: Any) -> None:
        options = state.models[app_label, model_name].options
        options[option] = [*options[option], one]
        if "apps" in state.__dict__:
            meta = state.apps.get_model(app_label, model_name)._meta
            setattr(meta, option, [*getattr(meta, option), one])
            meta._expire_cache()

    django = ProjectState._append_option  # type: ignore[attr-defined]
    ProjectState._append_option = append  # type: ignore[attr-defined]
    try:
        yield
    finally:
        ProjectState._append_option = django  # type: ignore[attr-defined]


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
            with constraints_join_their_model():
                super().handle(*args, **options)
        except OperationalError as error:
            if "lock timeout" not in str(error):
                raise
            raise CommandError("a table is busy: nothing was changed by the last step, run migrate again") from error
        finally:
            if connection.connection is not None and not connection.connection.closed:
                with connection.cursor() as cursor:
                    cursor.execute("RESET lock_timeout")
