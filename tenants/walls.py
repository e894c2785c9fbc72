"""The tenant wall, declared on the model so that migrations write it and nobody can forget it.

Every model that derives from `tenants.models.TenantModel` gets, as constraints that `makemigrations` sees:

* `TenantKey`: the database key is (tenant_id, id), while Django sees `id`;
* `Wall`: row-level security, ENABLED and FORCED, with the policy that the model's `wall` names;
* `SameTenant` per foreign key: FOREIGN KEY (tenant_id, x_id) REFERENCES y (tenant_id, id), so that a row can point at
  rows of its own tenant only (ordinary foreign keys ignore row-level security);
* `AppendOnly` where the model says so: no UPDATE, DELETE or TRUNCATE grant, and a trigger besides.

Two LOCAL settings drive the policies: `app.tenant_id`, and `app.creditor_ids` ('*' or a list); unset means no rows.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models.base import ModelBase
from django.db.models.constraints import BaseConstraint

Editor = BaseDatabaseSchemaEditor

#: Visible inside the tenant, whoever asks.
BY_TENANT = "tenant"
#: Visible when the row's own `creditor_id` is one that the scope may see.
BY_CREDITOR = "creditor"
#: The row's person must be a debtor of an allowed creditor: "person:<column>". With ":owner" behind it, a row about
#: one creditor is hidden from the others too.
BY_PERSON = "person"
#: By creditor, but rows without one belong to the whole organisation and are everybody's to read.
BY_OWNER = "owner"
#: A conversation is visible through its messages; what hangs on one message, through that: "message:<column>".
BY_MESSAGE = "message"
#: By creditor, and readable across tenants by the sequencer alone, which gives events their numbers.
BY_SEQUENCER = "sequencer"

_TENANT = "{t}.tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"
_ALL = "(SELECT current_setting('app.creditor_ids', true)) = '*'"
_LISTED = (
    "{t}.creditor_id = ANY ((SELECT string_to_array(nullif(nullif("
    "current_setting('app.creditor_ids', true), ''), '*'), ',')::uuid[])::uuid[])"
)
_SEQUENCER = "(SELECT current_setting('app.sequencer', true)) = 'on'"


def policy(kind: str, table: str) -> tuple[str, str]:
    """The USING and WITH CHECK expressions of a wall: what may be seen, what may be written."""
    tenant = _TENANT.format(t=table)
    creditor = f"({_ALL} OR {_LISTED.format(t=table)})"
    if kind == BY_TENANT:
        return tenant, tenant
    if kind == BY_CREDITOR:
        return f"{tenant} AND {creditor}", f"{tenant} AND {creditor}"
    if kind == BY_OWNER:
        seen = f"{tenant} AND ({_ALL} OR {table}.creditor_id IS NULL OR {_LISTED.format(t=table)})"
        return seen, f"{tenant} AND {creditor}"
    if kind == BY_SEQUENCER:
        seen = f"{_SEQUENCER} OR ({tenant} AND {creditor})"
        return seen, f"{_SEQUENCER} OR {tenant}"
    if kind.startswith(BY_PERSON):
        _, column, owner = (*kind.split(":"), "", "")[:3]
        seen = (
            f"{tenant} AND ({_ALL} OR EXISTS (SELECT 1 FROM portfolio_debtor d "
            f"WHERE d.tenant_id = {table}.tenant_id AND d.person_id = {table}.{column or 'person_id'}))"
        )
        if owner:
            own = f"({_ALL} OR {table}.creditor_id IS NULL OR {_LISTED.format(t=table)})"
            return f"{seen} AND {own}", f"{tenant} AND {own}"
        return seen, tenant
    if kind.startswith(BY_MESSAGE):
        column = kind.partition(":")[2]
        joined = f"m.id = {table}.{column}" if column else f"m.conversation_id = {table}.id"
        seen = (
            f"{tenant} AND ({_ALL} OR EXISTS (SELECT 1 FROM messaging_message m "
            f"WHERE m.tenant_id = {table}.tenant_id AND {joined}))"
        )
        return seen, tenant
    raise ValueError(f"no wall is called {kind!r}")


class _Deferred(BaseConstraint):
    """A constraint whose SQL runs at the end of the migration, when every table of it exists."""

    first: ClassVar[bool] = False

    def sql(self, model: type[models.Model], editor: Editor) -> str:
        raise TypeError("a wall without SQL")

    def drop(self, model: type[models.Model], editor: Editor) -> str:
        raise TypeError("a wall without SQL")

    def constraint_sql(self, model: type[models.Model] | None, schema_editor: Editor | None) -> None:  # type: ignore[override]
        assert model is not None and schema_editor is not None
        statement = self.sql(model, schema_editor)
        place = 0 if self.first else len(schema_editor.deferred_sql)
        schema_editor.deferred_sql.insert(place, statement)

    def create_sql(self, model: type[models.Model] | None, schema_editor: Editor | None) -> None:  # type: ignore[override]
        self.constraint_sql(model, schema_editor)

    def remove_sql(self, model: type[models.Model] | None, schema_editor: Editor | None) -> str:
        assert model is not None and schema_editor is not None
        return self.drop(model, schema_editor)

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """The database holds it; Python has nothing to add."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Deferred) and self.deconstruct() == other.deconstruct()

    __hash__ = None  # type: ignore[assignment]


class TenantKey(_Deferred):
    """PRIMARY KEY (tenant_id, id): a distributed database can place rows by tenant without moving a key."""

    first = True

    def sql(self, model: type[models.Model], editor: Editor) -> str:
        table = model._meta.db_table
        return (
            f"ALTER TABLE {editor.quote_name(table)} DROP CONSTRAINT {editor.quote_name(table + '_pkey')}, "
            f"ADD CONSTRAINT {editor.quote_name(self.name)} PRIMARY KEY (tenant_id, id)"
        )

    def drop(self, model: type[models.Model], editor: Editor) -> str:
        table = model._meta.db_table
        return (
            f"ALTER TABLE {editor.quote_name(table)} DROP CONSTRAINT {editor.quote_name(self.name)}, "
            f"ADD CONSTRAINT {editor.quote_name(table + '_pkey')} PRIMARY KEY (id)"
        )


class Wall(_Deferred):
    """Row-level security with one policy for every command."""

    def __init__(self, *, kind: str, name: str) -> None:
        super().__init__(name=name)
        self.kind = kind

    def sql(self, model: type[models.Model], editor: Editor) -> str:
        table = model._meta.db_table
        using, check = policy(self.kind, table)
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY; "
            f"CREATE POLICY {self.name} ON {table} USING ({using}) WITH CHECK ({check})"
        )

    def drop(self, model: type[models.Model], editor: Editor) -> str:
        table = model._meta.db_table
        return f"DROP POLICY {self.name} ON {table}; ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, tuple(args), {**kwargs, "kind": self.kind}


class SameTenant(_Deferred):
    """A composite foreign key, so that a row can point at rows of its own tenant only.

    `columns` and `target` name further columns that travel along ((decision, verdict) -> an allow decision).
    """

    def __init__(self, *, column: str, to: str, name: str, extra: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(name=name)
        self.column, self.to, self.extra = column, to, tuple(tuple(pair) for pair in extra)

    def sql(self, model: type[models.Model], editor: Editor) -> str:
        target = model._meta.apps.get_model(self.to)._meta.db_table
        ours = ", ".join(["tenant_id", self.column, *(pair[0] for pair in self.extra)])
        theirs = ", ".join(["tenant_id", "id", *(pair[1] for pair in self.extra)])
        return (
            f"ALTER TABLE {model._meta.db_table} ADD CONSTRAINT {self.name} "
            f"FOREIGN KEY ({ours}) REFERENCES {target} ({theirs})"
        )

    def drop(self, model: type[models.Model], editor: Editor) -> str:
        return f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {self.name}"

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        kwargs = {**kwargs, "column": self.column, "to": self.to}
        return path, tuple(args), {**kwargs, "extra": self.extra} if self.extra else kwargs


class AppendOnly(_Deferred):
    """Rows are written once: the run-time role has no grant to change them, and a trigger refuses everyone else.

    `erasable` columns may be blanked by the owner role's retention job, and by nobody else.
    """

    def __init__(self, *, name: str, erasable: tuple[str, ...] = ()) -> None:
        super().__init__(name=name)
        self.erasable = tuple(erasable)

    def sql(self, model: type[models.Model], editor: Editor) -> str:
        table, role = model._meta.db_table, editor.quote_name(settings.RUNTIME_ROLE)
        arguments = ", ".join(f"'{column}'" for column in self.erasable)
        return (
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}; "
            f"CREATE TRIGGER {self.name} BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION trato_append_only({arguments}); "
            f"CREATE TRIGGER {self.name}_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION trato_append_only()"
        )

    def drop(self, model: type[models.Model], editor: Editor) -> str:
        table, role = model._meta.db_table, editor.quote_name(settings.RUNTIME_ROLE)
        return (
            f"DROP TRIGGER {self.name} ON {table}; DROP TRIGGER {self.name}_truncate ON {table}; "
            f"GRANT UPDATE, DELETE ON {table} TO {role}"
        )

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, tuple(args), {**kwargs, "erasable": self.erasable} if self.erasable else kwargs


class TenantForeignKey(models.ForeignKey):
    """A foreign key inside a tenant: Django joins on `id`, the database holds (tenant_id, id)."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        kwargs.setdefault("related_name", "+")
        kwargs.setdefault("db_index", False)  # hot tables name the indexes they need
        super().__init__(to, on_delete, **kwargs)


def walls_of(model: type[models.Model]) -> list[BaseConstraint]:
    """The walls that a tenant model's class attributes ask for."""
    meta, table = model._meta, model._meta.db_table
    walls: list[BaseConstraint] = [
        TenantKey(name=f"{table}_key"),
        Wall(kind=getattr(model, "wall", BY_TENANT), name=f"{table}_wall"),
    ]
    # What the model itself holds by a wider key is not held by the narrower one besides: each is a look per row.
    wider = {each.column for each in meta.constraints if isinstance(each, SameTenant) and each.extra}
    for field in meta.local_fields:
        if isinstance(field, TenantForeignKey) and field.column not in wider:
            to = field.remote_field.model
            label = to if isinstance(to, str) else to._meta.label
            if label == "self":
                label = meta.label
            elif "." not in label:
                label = f"{meta.app_label}.{label}"
            walls.append(SameTenant(column=field.column, to=label, name=f"{table}_{field.name}_own"))
    if getattr(model, "append_only", False):
        walls.append(AppendOnly(name=f"{table}_append", erasable=getattr(model, "erasable", ())))
    return walls


class TenantModelBase(ModelBase):
    """Adds the walls to every concrete tenant model, so that they stand in its migrations."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any) -> Any:
        model = super().__new__(mcs, name, bases, attrs, **kwargs)
        meta = model._meta  # type: ignore[attr-defined]
        if not meta.abstract and not meta.proxy:
            meta.constraints = [*walls_of(model), *meta.constraints]  # type: ignore[arg-type]
            meta.original_attrs["constraints"] = meta.constraints
        return model
