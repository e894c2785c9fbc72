"""The tables' owner at work: append-only rows whose erasable columns it alone may blank, and what the ledger says then.

A blanked evidence row keeps the hash that its event stated, and a second event, `retention.blanked`, states the hash of
what is left of it. So the ledger still verifies, a blanked row cannot be altered unnoticed, and one that was blanked
behind our back has no such event.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connections, models, transaction

from kernel.clock import machine_now
from kernel.ids import uuid7
from tenants import digests
from tenants.events import NAMES
from tenants.models import Event, RawInbound, StagedEvent
from tenants.scope import current_tenant_id

OWNER = "owner"
BLANKED = digests.BLANKED


def works_here() -> bool:
    """Whether this process may work as the tables' owner; web and ordinary workers may not."""
    with connections[OWNER].cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_userbyid(relowner) = current_user FROM pg_class WHERE oid = %s::regclass",
            [RawInbound._meta.db_table],
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def as_owner() -> Iterator[None]:
    """A transaction of the owner inside the current organisation's wall; it is committed before the scope's own."""
    with transaction.atomic(using=OWNER):
        with connections[OWNER].cursor() as cursor:
            cursor.execute(
                "SELECT set_config('app.tenant_id', %s, true), set_config('app.creditor_ids', '*', true)",
                [str(current_tenant_id())],
            )
        yield


def blank_evidence(
    model: type[models.Model], ids: list[uuid.UUID], *, subject: str, change: Callable[[Any, dict[str, Any]], list[str]],
    using: str = OWNER,
) -> None:  # fmt: skip
    """Blank hashed rows and stage, in the same transaction, the events that state what is left of them.

    `change(row, mark)` empties a row's columns, puts `mark` (the hashes that events have stated) where the table keeps
    it, and returns the names of the columns.
    """
    told: dict[uuid.UUID, set[str]] = defaultdict(set)
    for log in (Event, StagedEvent):
        for row_id, name in (
            log._base_manager.using(using)
            .filter(tenant_id=current_tenant_id(), subject_id__in=ids)
            .values_list("subject_id", "name")
        ):
            told[row_id].add(name)
    staged = []
    for row in model._base_manager.using(using).select_for_update().filter(pk__in=ids):
        mark = {digests.ERASED: digests.stated(subject, row, told[row.pk])}
        columns = change(row, mark)
        model._base_manager.using(using).filter(pk=row.pk).update(**{name: getattr(row, name) for name in columns})
        staged.append(_event(subject, row))
    StagedEvent.objects.using(using).bulk_create(staged)


def _event(subject: str, row: Any) -> StagedEvent:
    assert BLANKED in NAMES
    now: datetime = machine_now()
    return StagedEvent(
        id=uuid7(), tenant_id=current_tenant_id(), creditor_id=getattr(row, "creditor_id", None), name=BLANKED,
        subject=subject, subject_id=row.pk, digest=digests.digest_of(subject, row, event=BLANKED), data={},
        business_at=now, recorded_at=now,
    )  # fmt: skip


def blank_plainly(model: type[models.Model], ids: Iterable[uuid.UUID], **values: Any) -> None:
    """Blank erasable columns of append-only rows that no hash covers."""
    model._base_manager.using(OWNER).filter(pk__in=list(ids)).update(**values)
