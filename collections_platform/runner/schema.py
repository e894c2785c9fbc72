"""Tables brought up to the code: migrated when older, refused when newer. Needs Django's settings."""

import sys

import django
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from collections_platform.embedded import EmbeddedError


def bring_up_to_date() -> None:
    """Apply missing migrations as the owner. Raises EmbeddedError when the data were written by newer code."""
    django.setup()
    connection = connections["owner"]
    executor = MigrationExecutor(connection)
    known = executor.loader.disk_migrations.keys()
    ours = executor.loader.migrated_apps
    strange = sorted(key for key in executor.loader.applied_migrations if key[0] in ours and key not in known)
    if strange:
        raise EmbeddedError(
            f"These data were written by a newer version of the program (migration {'.'.join(strange[0])}): "
            "use that version, or start afresh with --reset."
        )
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        sys.stderr.write("Preparing the tables\n")
        call_command("migrate", database="owner", verbosity=0)
    connection.close()
