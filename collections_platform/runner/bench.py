"""./run bench [NAME ...] [--json FILE]: measure on servers of their own, thrown away afterwards.

The figures are of a database that waits for its disk, as a real one does.
"""

import os
import sys
from contextlib import ExitStack

import benchmarks.__main__ as collected
from collections_platform.embedded import Login, drop_database, ephemeral, prepare_database
from collections_platform.runner.schema import bring_up_to_date
from collections_platform.runner.surroundings import made_up_secrets
from collections_platform.runner.testbed import login_for

DATABASE = "trato_bench"


def main(argv: list[str]) -> int:
    """Run the named benchmarks, or all. An unknown name is told before anything is started."""
    arguments = collected.parse(argv)
    with ExitStack() as stack:
        os.environ.update(made_up_secrets() | open_servers(stack))
        sys.stderr.write("Starting a database for the benchmarks\n")
        bring_up_to_date()
        return collected.measure(arguments.names, arguments.json)


def open_servers(stack: ExitStack) -> dict[str, str]:
    """An empty database and Redis: embedded, or on the servers of DATABASE_ADMIN_URL and REDIS_URL."""
    given = {"postgres": os.environ.get("DATABASE_ADMIN_URL", ""), "redis": os.environ.get("REDIS_URL", "")}
    missing = tuple(name for name, url in given.items() if not url)
    found = {}
    if missing:
        servers = stack.enter_context(ephemeral(servers=missing, durable=True))
        found = {name: url for name, url in servers.environ().items() if name.endswith("_URL")}
    if given["postgres"]:
        owner, app = login_for("owner", given["postgres"]), login_for("app", given["postgres"])
        drop_database(given["postgres"], DATABASE)
        prepare_database(given["postgres"], DATABASE, owner=owner, app=app)
        stack.callback(drop_database, given["postgres"], DATABASE)
        found |= addresses(given["postgres"], owner, app)
    return found


def addresses(admin_url: str, owner: Login, app: Login) -> dict[str, str]:
    return {
        "DATABASE_URL": app.address_like(admin_url, DATABASE),
        "DATABASE_OWNER_URL": owner.address_like(admin_url, DATABASE),
    }
