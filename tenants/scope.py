"""The tenant scope: one transaction in which the database shows one tenant's rows, or an allowed part of them.

A scope *is* a transaction: its settings are LOCAL, so COMMIT and ROLLBACK both end it, also behind a pooler.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import Error, connection, transaction

ALL_CREDITORS = "*"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows are visible: a tenant, and all of its creditors or the listed ones."""

    tenant_id: uuid.UUID
    creditor_ids: frozenset[uuid.UUID] | None = None

    @property
    def setting(self) -> str:
        """The value of `app.creditor_ids`."""
        return ALL_CREDITORS if self.creditor_ids is None else ",".join(sorted(map(str, self.creditor_ids)))


_current: ContextVar[Scope | None] = ContextVar("tenant_scope", default=None)
#: Whether `all_creditors` holds, so that an inner use does not end an outer one.
_widened: ContextVar[bool] = ContextVar("all_creditors", default=False)


class NoScope(RuntimeError):
    """A tenant's row was touched outside of any tenant scope: our mistake."""


def current() -> Scope | None:
    """The scope that holds now, or None."""
    return _current.get()


def current_tenant_id() -> uuid.UUID:
    """The tenant of the current scope; the default of every tenant column. Raises NoScope without one."""
    scope = _current.get()
    if scope is None:
        raise NoScope("no tenant scope is open: wrap the work in tenant_scope(tenant_id)")
    return scope.tenant_id


def apply_settings(tenant: str, creditors: str) -> None:
    """Set both LOCAL settings of the running transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.tenant_id', %s, true), set_config('app.creditor_ids', %s, true)",
            [tenant, creditors],
        )


@contextmanager
def tenant_scope(
    tenant_id: uuid.UUID, *, creditor_ids: Collection[uuid.UUID] | None = None, durable: bool = False
) -> Iterator[Scope]:
    """Open a transaction in which only this tenant's rows (of these creditors, if given) exist.

    Raises RuntimeError when another scope is open: a nested scope would show two tenants to one piece of work.
    """
    outer = _current.get()
    if outer is not None:
        raise RuntimeError(f"a scope of tenant {outer.tenant_id} is open already: scopes do not nest")
    scope = Scope(tenant_id, None if creditor_ids is None else frozenset(creditor_ids))
    token = _current.set(scope)
    try:
        with transaction.atomic(durable=durable):
            apply_settings(str(tenant_id), scope.setting)
            yield scope
            if connection.in_atomic_block and not connection.needs_rollback and len(connection.savepoint_ids) > 0:
                apply_settings("", "")  # inside somebody's transaction: take the LOCAL settings back
    finally:
        _current.reset(token)


@contextmanager
def all_creditors() -> Iterator[None]:
    """Inside a scope limited to some creditors, see the whole tenant for a moment.

    For counts and blind matching only (one person, one contact budget, whoever asks): what is read here must not be
    shown. Leaves a limited scope as it was, also when the body raises.
    """
    scope = _current.get()
    if scope is None:
        raise NoScope("no tenant scope is open")
    if scope.creditor_ids is None or _widened.get():
        yield
        return
    apply_settings(str(scope.tenant_id), ALL_CREDITORS)
    token = _widened.set(True)
    try:
        yield
    except BaseException:
        # The transaction may be beyond saying anything; what went wrong must not be hidden by that.
        with suppress(Error):
            apply_settings(str(scope.tenant_id), scope.setting)
        raise
    else:
        apply_settings(str(scope.tenant_id), scope.setting)
    finally:
        _widened.reset(token)


__all__ = ["ALL_CREDITORS", "NoScope", "Scope", "all_creditors", "current", "current_tenant_id", "tenant_scope"]
