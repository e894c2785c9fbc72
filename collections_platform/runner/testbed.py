"""Databases for tests: a migrated template, made once per state of the migrations, and a clone for every process.

Tests commit for real and the product's role sees them through its policies, so a test database is made by the
administrator, migrated by an owner and used by a run-time role, exactly as a real one is.
"""

import hashlib
import os
import subprocess
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import ClassVar

import psycopg
from psycopg import sql

from collections_platform.embedded import Login, clone_database, drop_database, ephemeral, prepare_database
from collections_platform.embedded.roles import with_database
from collections_platform.runner.surroundings import TOP, made_up_secrets

ROOMS = ("tenants", "portfolio", "compliance", "messaging", "monitoring", "workbench")
SHAPING = (".py", ".sql", ".yaml", ".json")  # what a migration may read
PREFIX = "trato_test"
TEMPLATE_LOCK = 7_215_305_002
REDIS_DATABASES = 16


@dataclass(frozen=True, slots=True)
class Testbed:
    """A server for tests, and the template on it."""

    __test__: ClassVar = False  # pytest: the name is no promise
    admin_url: str
    redis_url: str
    template: str

    @property
    def owner(self) -> Login:
        return login_for("owner", self.admin_url)

    @property
    def app(self) -> Login:
        return login_for("app", self.admin_url)

    def environ(self, database: str) -> dict[str, str]:
        """What the product needs to run on `database`."""
        return {
            "DATABASE_URL": self.app.address_like(self.admin_url, database),
            "DATABASE_OWNER_URL": self.owner.address_like(self.admin_url, database),
            "DATABASE_ADMIN_URL": with_database(self.admin_url, database),
            "REDIS_URL": self.redis_url,
        }

    def clone(self, worker: str, run: int) -> dict[str, str]:
        """A fresh database of its own for one test process; returns its environment."""
        database = f"{PREFIX}_{run}_{worker}"
        clone_database(self.admin_url, self.template, database, owner=self.owner, app=self.app)
        return self.environ(database)

    def drop(self, worker: str, run: int) -> None:
        drop_database(self.admin_url, f"{PREFIX}_{run}_{worker}")


def login_for(kind: str, admin_url: str) -> Login:
    """A role for tests only, so that a product on the same server keeps its own passwords.

    Its password follows from the administrator's address: runs side by side must agree on it.
    """
    role = f"{PREFIX}_{kind}"
    return Login(role, hashlib.sha256(f"{role} {with_database(admin_url, '')}".encode()).hexdigest()[:32])


def open_testbed(stack: ExitStack) -> Testbed:
    """Servers named by DATABASE_ADMIN_URL and REDIS_URL, or throwaway ones that live as long as `stack`."""
    admin_url = os.environ.get("DATABASE_ADMIN_URL", "")
    redis_url = os.environ.get("REDIS_URL", "")
    missing = tuple(name for name, url in (("postgres", admin_url), ("redis", redis_url)) if not url)
    if missing:
        servers = stack.enter_context(ephemeral(servers=missing))
        admin_url = admin_url or with_database(servers.database_admin_url, "postgres")
        redis_url = redis_url or servers.redis_url
    testbed = Testbed(admin_url, redis_url, f"{PREFIX}_template_{migrations_digest()}")
    drop_leftovers(testbed)
    build_template(testbed)
    return testbed


def build_template(testbed: Testbed) -> None:
    """Migrate a template if this state of the migrations has none yet. It gets its name when it is whole."""
    with closing(psycopg.connect(testbed.admin_url, autocommit=True)) as link:
        link.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])  # held until this connection closes
        if link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [testbed.template]).fetchone():
            return
        half = f"{PREFIX}_template_half"
        drop_database(testbed.admin_url, half)
        prepare_database(testbed.admin_url, half, owner=testbed.owner, app=testbed.app)
        environ = os.environ | made_up_secrets() | testbed.environ(half)
        migrate = [sys.executable, str(TOP / "manage.py"), "migrate", "--database", "owner", "--verbosity", "0"]
        done = subprocess.run(migrate, check=False, env=environ, cwd=TOP, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"The migrations do not run:\n{done.stdout}{done.stderr}")
        link.execute(
            sql.SQL("ALTER DATABASE {half} RENAME TO {whole}").format(
                half=sql.Identifier(half), whole=sql.Identifier(testbed.template)
            )
        )


def drop_leftovers(testbed: Testbed) -> None:
    """Delete the clones of runs that were killed: their names carry the run's process id."""
    with closing(psycopg.connect(testbed.admin_url)) as link:
        rows = link.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^{PREFIX}_[0-9]+_"]).fetchall()
    for (name,) in rows:
        if not process_lives(int(name.split("_")[2])):
            drop_database(testbed.admin_url, name)


def process_lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def migrations_digest() -> str:
    """Changes whenever a migration, or a file beside the rooms' code that one may load, does."""
    seen = hashlib.sha256()
    for listed in ("requirements/base.txt", "collections_platform/settings.py"):  # apps with tables that are not ours
        seen.update((TOP / listed).read_bytes())
    for room in ROOMS:
        for path in sorted((TOP / room).rglob("*")):
            shapes = path.suffix in SHAPING and (path.suffix != ".py" or path.parent.name == "migrations")
            if shapes or path.name in {"walls.py", "models.py"}:
                seen.update(f"{path.relative_to(TOP)}\0".encode() + path.read_bytes())
    return seen.hexdigest()[:12]
