"""A written world: the rows of a played month without anybody's secrets, and how they come into another database.

Left out are keys and whatever they seal or hash: tokens, routes' addresses, passwords, API keys. Made-up documents are
carried in plain words and sealed and hashed anew with the keys of the installation that takes them in; the contact
budget's hashes likewise. Everything else is what the product wrote, so seals and digests verify as they did.
"""

from __future__ import annotations

import io
import json
import logging
import lzma
import os
import re
import secrets
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
from django.apps import apps
from psycopg import sql

from collections_platform.demo.founding import State
from collections_platform.demo.rows import files
from collections_platform.demo.stories import STORIES
from compliance.services import budget
from portfolio import knowledge
from portfolio.imports.rows import DebtorRow
from portfolio.models import Creditor, Debtor, Invoice, Person
from portfolio.services.debtors import document_hash
from tenants.digests import digest_of
from tenants.scope import tenant_scope
from tenants.secrets import seal, unseal

log = logging.getLogger("trato.demo")

FORMAT = 2
#: The written weeks, a file for each organisation.
WORLDS = Path(__file__).with_name("worlds")
#: Tables that are not carried, though they have a tenant: keys and what hangs on them alone, and work in hand.
LEFT_OUT = frozenset({
    "tenants_tenantsecretkey", "tenants_keptanswer", "tenants_apikey", "tenants_job", "portfolio_debtorlink",
    "tenants_invitation", "messaging_attachment",
})  # fmt: skip
#: Instead of the hash that an event states of a row: it is the row's, and found again from the row.
REPEATED = "?"
#: Columns whose values are not carried: table, column -> what stands there instead (SQL).
INSTEAD = {
    ("tenants_rawinbound", "body"): "NULL",
    ("tenants_inboundroute", "key"): "'left out ' || replace(id::text, '-', '')",
    ("tenants_user", "password"): "'!'",
    ("tenants_user", "last_login"): "NULL",
    ("portfolio_person", "document"): "''",
    ("portfolio_person", "document_hash"): "''",
    ("portfolio_person", "knowledge"): "''",
    ("tenants_event", "digest"): f"CASE WHEN digest = '' THEN '' ELSE '{REPEATED}' END",
}
SEALED = "v1.%.%"
#: So far behind real time is a clock that stands: letting it run takes it from where it stands.
LONG_AGO = timedelta(days=36_500)
_HASH = re.compile(rb"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])")


def admin() -> psycopg.Connection:
    """The embedded database as its administrator: row-level security lets nobody else copy rows in."""
    return psycopg.connect(os.environ["DATABASE_ADMIN_URL"].rpartition("/")[0] + "/" + _database())


def _database() -> str:
    return os.environ["DATABASE_URL"].rpartition("/")[2]


def _columns(link: psycopg.Connection) -> dict[str, list[tuple[str, str]]]:
    """table -> [(column, type)] of everything that may be carried."""
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in link.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' "
        "AND is_generated = 'NEVER' ORDER BY table_name, ordinal_position"
    ):
        found.setdefault(table, []).append((column, kind))
    carried = {"tenants_tenant", "tenants_user"}
    return {
        table: columns
        for table, columns in found.items()
        if table not in LEFT_OUT and (table in carried or any(name == "tenant_id" for name, _ in columns))
    }


# --- writing ----------------------------------------------------------------------------------------------------------


def written(key: str) -> Path:
    """Where an organisation's weeks are kept."""
    return WORLDS / f"{key}.tar.xz"


def write(target: Path, folder: Path) -> int:
    """Keep what an organisation played in `folder`; returns the file's size."""
    state = State(**json.loads((folder / "state.json").read_text()))
    manifest: dict[str, Any] = {"format": FORMAT, "tables": {}, "state": {
        "key": state.key, "tenant": state.tenant, "slug": state.slug, "players": state.players,
    }}  # fmt: skip
    parts: dict[str, bytes] = {}
    with closing(admin()) as link:
        for table, columns in _columns(link).items():
            data = b"".join(_rows(link, table, columns, state.tenant_id))
            if data:
                manifest["tables"][table] = [name for name, _ in columns]
                parts[f"tables/{table}"] = data
    people, hashes = _known(state)
    parts["people"], parts["hashes"] = orjson.dumps(people), orjson.dumps(hashes)
    parts["sandbox"] = b"".join(_journal(folder / "sandbox.journal"))
    with lzma.open(target, "wb", preset=9 | lzma.PRESET_EXTREME) as file, tarfile.open(fileobj=file, mode="w|") as tar:
        _add(tar, "manifest", orjson.dumps(manifest))  # first: whoever asks what is in here reads no further
        for name, data in parts.items():
            _add(tar, name, data)
    return target.stat().st_size


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _rows(link: psycopg.Connection, table: str, columns: list[tuple[str, str]], tenant: uuid.UUID) -> Iterator[bytes]:
    parts: list[sql.Composable] = []
    for name, kind in columns:
        column = sql.Identifier(name)
        if (table, name) in INSTEAD:
            parts.append(sql.SQL(INSTEAD[table, name]))
        elif kind in ("text", "character varying"):
            parts.append(sql.SQL("CASE WHEN {0} LIKE {1} THEN '' ELSE {0} END").format(column, sql.Literal(SEALED)))
        else:
            parts.append(column)
    whose = {
        "tenants_tenant": "id = {}",
        "tenants_user": "id IN (SELECT user_id FROM tenants_membership WHERE tenant_id = {})",
    }
    where = sql.SQL(whose.get(table, "tenant_id = {}")).format(sql.Literal(str(tenant)))
    ordered = sql.SQL("ORDER BY id") if any(name == "id" for name, _ in columns) else sql.SQL("")
    statement = sql.SQL("COPY (SELECT {} FROM {} WHERE {} {}) TO STDOUT").format(
        sql.SQL(", ").join(parts), sql.Identifier(table), where, ordered
    )
    with link.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            yield bytes(block)


def _known(state: State) -> tuple[list[list[Any]], list[list[str]]]:
    """[person, kind, document, birth year] of everybody, and [hash, kind, id] of what the contact budget hides."""
    years: dict[tuple[str, str], int | None] = {}
    for file in files(STORIES[state.key]):
        years |= {(file.creditor, row.debtor): row.birth_year for row in file.rows if isinstance(row, DebtorRow)}
    with tenant_scope(state.tenant_id):
        born: dict[uuid.UUID, int | None] = {}
        for person, creditor, name in Debtor.objects.values_list("person_id", "creditor__external_id", "external_id"):
            born[person] = born.get(person) or years.get((creditor, name))
        people = [
            [str(one.pk), one.document_kind, unseal(one.document, purpose="document"), born.get(one.pk)]
            for one in Person.objects.only("id", "document_kind", "document")
        ]
        creditors, invoices = (list(model.objects.values_list("id", flat=True)) for model in (Creditor, Invoice))
        hashes = [[budget.creditor_hash(one), "creditor", str(one)] for one in creditors]
        hashes += [[budget.invoice_hash(one), "invoice", str(one)] for one in invoices]
    return people, hashes


def _journal(path: Path) -> Iterator[bytes]:
    """The sandbox's memory without secrets: whoever takes it in sets the account up anew."""
    with path.open("rb") as lines:
        for line in lines:
            record = orjson.loads(line)
            if record[0] == "w":
                settings = record[1]
                settings |= dict.fromkeys(("token", "app_secret", "verify_token"), "left out")
                settings["psp"] = {**(settings.get("psp") or {}), "secret": "left out"}
                line = orjson.dumps(record) + b"\n"
            yield line


def manifest_of(path: Path) -> dict[str, Any]:
    """What a written world says of itself: {format, tables: {table: columns}, state}."""
    with tarfile.open(path, "r:xz") as tar:
        for member in tar:
            if member.name == "manifest":
                found: dict[str, Any] = orjson.loads(_read(tar, member))
                return found
    return {"format": 0, "tables": {}, "state": {}}


# --- taking in --------------------------------------------------------------------------------------------------------


def restore(path: Path, data: Path) -> State | None:
    """Put a written organisation into a database that has none of it; None when it does not fit this version's tables.

    The sandbox's journal goes to `data`/sandbox/<key>. The clock stands where the show begins.
    """
    with tarfile.open(path, "r:xz") as tar:
        parts = {member.name: _read(tar, member) for member in tar}
    manifest = orjson.loads(parts["manifest"])
    if manifest["format"] != FORMAT:
        return None
    state = State(
        **manifest["state"], stage="restored", api_key="", app_secret="", token="", verify_token="", psp_secret=""
    )
    hashes = orjson.loads(parts["hashes"])
    parts["tables/compliance_contact"] = _hashed_anew(parts.get("tables/compliance_contact", b""), hashes, state)
    tables, events = dict(manifest["tables"]), {"tenants_event": manifest["tables"]["tenants_event"]}
    del tables["tenants_event"]
    try:
        with closing(admin()) as link, link.transaction():
            _copy_in(link, tables, parts, state.tenant_id)
        parts["tables/tenants_event"] = _stated_anew(parts["tables/tenants_event"], events["tenants_event"], state)
        with closing(admin()) as link:
            with link.transaction():
                _copy_in(link, events, parts, state.tenant_id)
            link.execute("ANALYZE")
            link.commit()
    except psycopg.Error as problem:  # columns that this version does not have, or needs and cannot fill
        if problem.sqlstate and problem.sqlstate[:2] in ("42", "23", "22"):
            log.warning("%s: %s", path, problem)
            return None
        raise
    with tenant_scope(state.tenant_id):
        _identify(orjson.loads(parts["people"]))
    folder = data / "sandbox" / state.key
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sandbox.journal").write_bytes(parts["sandbox"])
    return state


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return b"" if file is None else file.read()


def _hashed_anew(rows: bytes, hashes: list[list[str]], state: State) -> bytes:
    """The contact budget's rows with this installation's hashes of creditors and invoices."""
    fresh: dict[bytes, bytes] = {}
    with tenant_scope(state.tenant_id):
        for former, kind, name in hashes:
            make = budget.creditor_hash if kind == "creditor" else budget.invoice_hash
            fresh[former.encode()] = make(uuid.UUID(name)).encode()
    return _HASH.sub(lambda match: fresh.get(match[0], match[0]), rows)


def _stated_anew(rows: bytes, columns: list[str], state: State) -> bytes:
    """The log's events with the hashes of the rows that they announce; the rows are there already."""
    at = {name: columns.index(name) for name in ("digest", "subject", "subject_id", "name")}
    lines = [line.split(b"\t") for line in rows.splitlines()]
    about: dict[str, list[list[bytes]]] = {}
    for line in lines:
        if line[at["digest"]] == REPEATED.encode():
            about.setdefault(line[at["subject"]].decode(), []).append(line)
    with tenant_scope(state.tenant_id):
        for subject, events in about.items():
            model = apps.get_model(subject)
            for start in range(0, len(events), 2000):
                chunk = events[start : start + 2000]
                found = model._base_manager.in_bulk({uuid.UUID(line[at["subject_id"]].decode()) for line in chunk})
                for line in chunk:
                    row = found[uuid.UUID(line[at["subject_id"]].decode())]
                    line[at["digest"]] = digest_of(subject, row, event=line[at["name"]].decode()).encode()
    return b"".join(b"\t".join(line) + b"\n" for line in lines)


def _copy_in(
    link: psycopg.Connection, tables: dict[str, list[str]], parts: dict[str, bytes], tenant: uuid.UUID
) -> None:
    with link.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # rows are whole already: nothing checks twice
        for table, columns in tables.items():
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)) as copy:
                copy.write(parts[f"tables/{table}"])
        for (route,) in cursor.execute("SELECT id FROM tenants_inboundroute WHERE key LIKE 'left out%'").fetchall():
            cursor.execute("UPDATE tenants_inboundroute SET key = %s WHERE id = %s", [secrets.token_urlsafe(24), route])
        cursor.execute("UPDATE tenants_tenant SET clock_offset = %s WHERE id = %s", [-LONG_AGO, tenant])
        for table, column in cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND table_name = ANY(%s) AND (is_identity = 'YES' OR column_default LIKE 'nextval%%')", [list(tables)],
        ).fetchall():  # fmt: skip
            cursor.execute(
                sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({name}, {column}), greatest(1, (SELECT max({id}) FROM {table})))"
                ).format(
                    name=sql.Literal(table), column=sql.Literal(column),
                    id=sql.Identifier(column), table=sql.Identifier(table),
                )
            )  # fmt: skip


def _identify(people: list[list[Any]]) -> None:
    """Seal and hash everybody's made-up document and what the two-point check asks, with the keys of this place."""
    known = {uuid.UUID(person): (kind, document, born) for person, kind, document, born in people}
    changed = []
    for person in Person.objects.filter(pk__in=list(known)):
        kind, document, born = known[person.pk]
        if document:
            person.document = seal(document, purpose="document")
            person.document_hash = document_hash(kind, document)
        knowledge.keep(person, document=document, birth_year=born)
        changed.append(person)
    Person.objects.bulk_update(changed, ["document", "document_hash", "knowledge"], batch_size=500)
