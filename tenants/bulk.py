"""Many rows in one statement: row-level security refuses COPY, so rows travel as one JSON text.

The text travels beside the statement: written into it, as Django does, it would be quoted here and read as SQL there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import psycopg
from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from psycopg.types.datetime import TimestamptzLoader

_CHUNK = 2000


def beside() -> CursorWrapper:
    """A cursor for batches: parameters travel beside the statement, and instants are read by psycopg's own C."""
    connection.ensure_connection()
    cursor: Any = psycopg.Cursor(connection.connection)
    cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
    return (connection.make_debug_cursor if connection.queries_logged else connection.make_cursor)(cursor)


def array(ids: Iterable[uuid.UUID]) -> str:
    """Ids as PostgreSQL writes an array, for `ANY(%s::uuid[])`: a list of them costs several times as much to send."""
    return "{" + ",".join(map(str, ids)) + "}"


def texts(values: Iterable[str]) -> str:
    """Texts for `ANY(ARRAY(SELECT json_array_elements_text(%s::json)))`, likewise."""
    return orjson.dumps(list(values)).decode()


def _send(table: str, columns: Sequence[str], rows: list[dict[str, Any]], statement: str) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    with beside() as cursor:
        for start in range(0, len(rows), _CHUNK):
            text = orjson.dumps(rows[start : start + _CHUNK], default=str).decode()
            cursor.execute(statement.format(table=table, names=names), [text])


def insert(model: type[models.Model], objects: Iterable[Any], *, or_leave: bool = False) -> None:
    """INSERT objects that have the columns of `model`, their ids already given; `or_leave`: those that stand stay."""
    columns = [(str(field.column), field.attname) for field in model._meta.concrete_fields]
    insert_rows(
        model, [{column: getattr(item, name) for column, name in columns} for item in objects], or_leave=or_leave
    )


def insert_rows(model: type[models.Model], rows: list[dict[str, Any]], *, or_leave: bool = False) -> None:
    """INSERT rows given as {column: value}, all with the same columns: a tenth of what objects cost to make."""
    if rows:
        _send(
            model._meta.db_table,
            list(rows[0]),
            rows,
            "INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s::json)"
            + (" ON CONFLICT DO NOTHING" if or_leave else ""),
        )


def update(model: type[models.Model], objects: Iterable[Any], fields: Sequence[str]) -> None:
    """UPDATE the named fields of saved objects, found by tenant and id."""
    columns: list[Any] = [model._meta.get_field(name) for name in fields]
    rows = [
        {
            "tenant_id": item.tenant_id,
            "id": item.pk,
            **{field.column: getattr(item, field.attname) for field in columns},
        }
        for item in objects
    ]
    if rows:
        sets = ", ".join(f'"{field.column}" = new."{field.column}"' for field in columns)
        rows.sort(key=lambda row: row["id"])  # in key order, so that two writers cannot deadlock
        _send(
            model._meta.db_table,
            [],
            rows,
            f"UPDATE {{table}} old SET {sets} FROM json_populate_recordset(NULL::{{table}}, %s::json) new "
            "WHERE old.tenant_id = new.tenant_id AND old.id = new.id",
        )
