"""The three roles, and databases in which they can do what they must and no more.

`trato_owner` owns the tables and migrates; `trato_app` is the product at run time (it owns nothing, bypasses no
policy, creates no table); the administrator makes both, and clones databases for tests.
"""

from contextlib import closing
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

ADMIN, OWNER, APP = "trato_admin", "trato_owner", "trato_app"
DATABASE = "trato"
ROLE_LOCK = 7_215_305_001  # advisory lock: two test runs may find the roles missing at once


@dataclass(frozen=True, slots=True)
class Login:
    """A role and its password."""

    role: str
    password: str

    def address(self, port: int, database: str) -> str:
        """Its URL for a database on this machine."""
        return f"postgres://{self.role}:{quote(self.password, safe='')}@127.0.0.1:{port}/{database}"

    def address_like(self, url: str, database: str) -> str:
        """Its URL for a database on the server of `url`."""
        parts = urlsplit(url)
        where = parts.netloc.rpartition("@")[2]
        netloc = f"{self.role}:{quote(self.password, safe='')}@{where}"
        return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))


def with_database(url: str, database: str) -> str:
    """`url` for another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def ensure_roles(admin_url: str, *, owner: Login, app: Login) -> None:
    """Make the owner's and the run-time role if missing; give both their passwords and no rights beyond."""
    with closing(psycopg.connect(admin_url)) as link, link.transaction():
        link.execute("SELECT pg_advisory_xact_lock(%s)", [ROLE_LOCK])
        for login in (owner, app):
            known = link.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login.role]).fetchone()
            link.execute(
                sql.SQL(
                    "{verb} ROLE {role} LOGIN PASSWORD {password} "
                    "NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION NOINHERIT"
                ).format(
                    verb=sql.SQL("ALTER" if known else "CREATE"),
                    role=sql.Identifier(login.role),
                    password=sql.Literal(login.password),
                )
            )


def prepare_database(admin_url: str, database: str, *, owner: Login, app: Login) -> None:
    """Make the roles and an empty database in which every table the owner will make is the run-time role's to use.

    Append-only tables take UPDATE and DELETE away again, in their migrations.
    """
    ensure_roles(admin_url, owner=owner, app=app)
    names = {"db": sql.Identifier(database), "owner": sql.Identifier(owner.role), "app": sql.Identifier(app.role)}
    with closing(psycopg.connect(admin_url, autocommit=True)) as link:
        link.execute(
            sql.SQL(
                "CREATE DATABASE {db} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8' "
                "LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
            ).format(**names)
        )
        grant_database(link, database, owner=owner, app=app)
    with closing(psycopg.connect(with_database(admin_url, database), autocommit=True)) as link:
        for text in (
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "ALTER SCHEMA public OWNER TO {owner}",
            "GRANT USAGE ON SCHEMA public TO {app}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public "
            "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
        ):
            link.execute(sql.SQL(text).format(**names))


def clone_database(admin_url: str, template: str, database: str, *, owner: Login, app: Login) -> None:
    """Make `database` a copy of `template`, replacing one of that name; nobody may be connected to the template."""
    names = {"db": sql.Identifier(database), "template": sql.Identifier(template), "owner": sql.Identifier(owner.role)}
    drop_database(admin_url, database)
    with closing(psycopg.connect(admin_url, autocommit=True)) as link:
        link.execute(sql.SQL("CREATE DATABASE {db} OWNER {owner} TEMPLATE {template}").format(**names))
        grant_database(link, database, owner=owner, app=app)


def drop_database(admin_url: str, database: str) -> None:
    """Delete `database` if there is one, whoever is connected to it."""
    with closing(psycopg.connect(admin_url, autocommit=True)) as link:
        link.execute(sql.SQL("DROP DATABASE IF EXISTS {db} WITH (FORCE)").format(db=sql.Identifier(database)))


def grant_database(link: psycopg.Connection, database: str, *, owner: Login, app: Login) -> None:
    """Let the two roles in (with temporary tables, which COPY under row-level security needs), and nobody else."""
    names = {"db": sql.Identifier(database), "owner": sql.Identifier(owner.role), "app": sql.Identifier(app.role)}
    link.execute(sql.SQL("REVOKE ALL ON DATABASE {db} FROM PUBLIC").format(**names))
    link.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {db} TO {owner}, {app}").format(**names))
