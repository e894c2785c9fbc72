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
def what_is_new_joins_what_is_there() -> Iterator[None]:
    """Let a new model join its state, and a constraint or index its model, as they stand, for the length of the block.

    Django makes every model that is related anew for each; with the creditor and the tenant in every key all are
    related, and that was four fifths of the time of a first start.
    """

    def add_model(state: Any, added: Any) -> None:
        key = added.app_label, added.name_lower
        state.models[key] = added
        if state._relations is not None:
            state.resolve_model_relations(key)
        if "apps" in state.__dict__:
            for model in state.apps.get_models(include_auto_created=True):
                model._meta.apps = state.apps  # where it is asked who points to it
            state.apps.render_multiple([added])

    def append(state: Any, app_label: str, model_name: str, option: str, one: Any) -> None:
        listed = state.models[app_label, model_name].options[option]
        put(state, app_label, model_name, option, [*listed, one])

    def remove(state: Any, app_label: str, model_name: str, option: str, name: str) -> None:
        listed = state.models[app_label, model_name].options[option]
        put(state, app_label, model_name, option, [one for one in listed if one.name != name])

    def put(state: Any, app_label: str, model_name: str, option: str, listed: list[Any]) -> None:
        state.models[app_label, model_name].options[option] = listed
        if "apps" in state.__dict__:
            meta = state.apps.get_model(app_label, model_name)._meta
            setattr(meta, option, listed)
            meta._expire_cache()

    ours = {"add_model": add_model, "_append_option": append, "_remove_option": remove}
    django = {name: getattr(ProjectState, name) for name in ours}
    for name, function in ours.items():
        setattr(ProjectState, name, function)
    try:
        yield
    finally:
        for name, function in django.items():
            setattr(ProjectState, name, function)


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
            with what_is_new_joins_what_is_there():
                super().handle(*args, **options)
        except OperationalError as error:
            if "lock timeout" not in str(error):
                raise
            raise CommandError("a table is busy: nothing was changed by the last step, run migrate again") from error
        finally:
            if connection.connection is not None and not connection.connection.closed:
                with connection.cursor() as cursor:
                    cursor.execute("RESET lock_timeout")
