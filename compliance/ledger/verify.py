"""Is the ledger as it was written? Rows against their events, events against their seals, seals against one another.

Found are altered, missing and inserted rows, named; and what cannot be checked is said, never passed over.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models

from compliance.ledger import merkle
from compliance.ledger.seals import leaf_of, seal_digest
from compliance.models import Decision, RuleSetSnapshot, Seal
from kernel.canonical import digest
from tenants import digests
from tenants.models import Event
from tenants.scope import all_creditors, current_tenant_id

_CHUNK = 2000
_MOST = 200  # problems kept; the first one matters, a thousand more say nothing new
_LATE = 1 << 62


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was written. `kind`: altered, missing, inserted, broken_seal or unknown_table."""

    kind: str
    subject: str
    subject_id: uuid.UUID | None
    sequence: int | None
    detail: str

    def __str__(self) -> str:
        where = f" at event {self.sequence}" if self.sequence is not None else ""
        return f"{self.kind}: {self.subject} {self.subject_id or ''}{where}: {self.detail}".replace("  ", " ")


@dataclass(slots=True)
class Verification:
    """What was checked, and what is wrong, the earliest first."""

    events: int = 0
    rows: int = 0
    seals: int = 0
    sealed_to: int = 0
    last_digest: str = ""
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything is as it was written."""
        return not self.problems

    @property
    def first(self) -> Problem | None:
        """The earliest problem."""
        return self.problems[0] if self.problems else None


def verify_ledger() -> Verification:
    """Check the whole ledger of the current organisation. Reads everything once, in chunks."""
    found = Verification()
    with all_creditors():
        seals = list(Seal.objects.order_by("number"))
        found.problems += _chain(seals)
        found.seals = len(seals)
        found.sealed_to = seals[-1].last_sequence if seals else 0
        found.last_digest = seals[-1].digest if seals else ""
        found.problems += _log(seals, found)
        found.problems += _announced()
        found.problems += _blanked()
        found.problems += _rulesets()
    found.problems.sort(key=lambda one: (one.sequence if one.sequence is not None else _LATE, str(one.subject_id)))
    del found.problems[_MOST:]
    return found


def verify_since(after: Seal | None, *, stretches: int) -> Verification:
    """Check the seals behind `after` (a seal that was checked before; None: from the first on), so many at most.

    What lies before it is not read again; `verify_ledger` reads everything.
    """
    found = Verification()
    with all_creditors():
        number = after.number if after else 0
        seals = list(Seal.objects.filter(number__gt=number).order_by("number")[:stretches])
        if not seals:
            found.sealed_to, found.last_digest = (after.last_sequence, after.digest) if after else (0, "")
            return found
        found.problems += _chain(seals, after)
        found.seals, found.sealed_to, found.last_digest = len(seals), seals[-1].last_sequence, seals[-1].digest
        found.problems += _log(seals, found, after.last_sequence if after else 0, seals[-1].last_sequence)
    found.problems.sort(key=lambda one: (one.sequence if one.sequence is not None else _LATE, str(one.subject_id)))
    del found.problems[_MOST:]
    return found


def _chain(seals: list[Seal], former: Seal | None = None) -> Iterator[Problem]:
    for seal in seals:
        number = former.number + 1 if former else 1
        first = former.last_sequence + 1 if former else 1
        if seal.number != number or seal.first_sequence != first:
            yield _seal_problem(seal, "missing", f"seal {number}, from event {first} on, is not there", first)
        elif seal.previous != (former.digest if former else ""):
            yield _seal_problem(seal, "broken_seal", f"seal {seal.number} does not hold the digest of the one before")
        if seal.digest != seal_digest(seal):
            yield _seal_problem(seal, "altered", f"the content of seal {seal.number} does not match its digest")
        former = seal


def _seal_problem(seal: Seal, kind: str, detail: str, sequence: int | None = None) -> Problem:
    return Problem(kind, "compliance.seal", seal.id, sequence or seal.first_sequence, detail)


def _log(seals: list[Seal], found: Verification, after: int = 0, upto: int = _LATE) -> list[Problem]:
    """Events in order: gaps, the seals' roots, and the rows that they announce; those behind `after` up to `upto`."""
    problems: list[Problem] = []
    by_stretch = iter(seals)
    seal = next(by_stretch, None)
    leaves: list[bytes] = []
    expected = after + 1
    for chunk in _chunks(after, upto):
        for event in chunk:
            if event.sequence != expected and len(problems) < _MOST:
                lost = f"{expected}" if event.sequence == expected + 1 else f"{expected} to {event.sequence - 1}"
                problems.append(Problem("missing", "tenants.event", None, expected, f"event {lost} is not there"))
            expected = event.sequence + 1
            while seal is not None and event.sequence > seal.last_sequence:
                problems += _closed(seal, leaves)
                leaves, seal = [], next(by_stretch, None)
            if seal is not None and event.sequence >= seal.first_sequence:
                leaves.append(leaf_of(event))
        found.events += len(chunk)
        if len(problems) < _MOST:
            problems += _rows_of(chunk, found)
    while seal is not None:
        if expected <= seal.last_sequence:
            detail = f"sealed events {expected} to {seal.last_sequence} are not there"
            problems.append(Problem("missing", "tenants.event", None, expected, detail))
            expected = seal.last_sequence + 1
        problems += _closed(seal, leaves)
        leaves, seal = [], next(by_stretch, None)
    return problems


def _closed(seal: Seal, leaves: list[bytes]) -> list[Problem]:
    if merkle.root(leaves) == seal.root:
        return []
    detail = (
        f"events {seal.first_sequence} to {seal.last_sequence} do not give the root of seal {seal.number}: "
        "one of them was altered, removed or put in"
    )
    return [_seal_problem(seal, "broken_seal", detail, seal.last_sequence)]


def _chunks(after: int, upto: int) -> Iterator[list[Event]]:
    while True:
        chunk = list(Event.objects.filter(sequence__gt=after, sequence__lte=upto).order_by("sequence")[:_CHUNK])
        if not chunk:
            return
        yield chunk
        after = chunk[-1].sequence


def _rows_of(chunk: Iterable[Event], found: Verification) -> Iterator[Problem]:
    """Each event that carries a hash against the row that it is about."""
    by_subject: dict[str, list[Event]] = defaultdict(list)
    for event in chunk:
        if event.digest:
            by_subject[event.subject].append(event)
    for subject, about in sorted(by_subject.items()):
        if digests.table_of(subject) is None:
            detail = f"nobody registered how rows of {subject} are hashed: they cannot be checked"
            yield Problem("unknown_table", subject, about[0].subject_id, about[0].sequence, detail)
            continue
        rows = _model(subject)._base_manager.in_bulk({event.subject_id for event in about})
        for event in about:
            found.rows += 1
            row = rows.get(event.subject_id)
            if row is None:
                detail = f"the row that {event.name} announced is not there"
                yield Problem("missing", subject, event.subject_id, event.sequence, detail)
            elif _hash(subject, row, event.name) != event.digest:
                detail = f"the row does not match the hash that {event.name} states"
                yield Problem("altered", subject, event.subject_id, event.sequence, detail)


def _hash(subject: str, row: models.Model, event: str) -> str:
    try:
        return digests.digest_of(subject, row, event=event)
    except (LookupError, TypeError, ValueError, AttributeError):
        return ""  # a row that cannot be hashed any more is not the row that was written


def _model(subject: str) -> type[models.Model]:
    app, _, name = subject.partition(".")
    return apps.get_model(app, name)


_UNANNOUNCED = """
SELECT r.id FROM {table} r WHERE r.tenant_id = %(tenant)s
AND NOT EXISTS (SELECT 1 FROM tenants_event e
                WHERE e.tenant_id = r.tenant_id AND e.subject_id = r.id AND e.name = ANY(%(names)s))
AND NOT EXISTS (SELECT 1 FROM tenants_stagedevent s
                WHERE s.tenant_id = r.tenant_id AND s.subject_id = r.id AND s.name = ANY(%(names)s))
ORDER BY r.id LIMIT %(most)s
"""
_TWICE = """
SELECT subject_id, max(sequence) FROM tenants_event
WHERE tenant_id = %(tenant)s AND subject = %(subject)s AND name = ANY(%(names)s) GROUP BY subject_id HAVING count(*) > 1
ORDER BY 2 LIMIT %(most)s
"""


def _announced() -> Iterator[Problem]:
    """Rows that no event announced, and rows that two did."""
    for table in digests.tables():
        values: dict[str, Any] = {
            "tenant": current_tenant_id(),
            "subject": table.subject,
            "names": list(table.announced_by),
            "most": _MOST,
        }
        with connection.cursor() as cursor:
            cursor.execute(_UNANNOUNCED.format(table=_model(table.subject)._meta.db_table), values)
            for (row_id,) in cursor.fetchall():
                yield Problem(
                    "inserted",
                    table.subject,
                    row_id,
                    None,
                    f"no {' or '.join(table.announced_by)} event announced this row",
                )
            cursor.execute(_TWICE, values)
            for row_id, sequence in cursor.fetchall():
                yield Problem(
                    "inserted", table.subject, row_id, sequence, f"announced twice by {' or '.join(table.announced_by)}"
                )


_UNTOLD = """
SELECT r.id FROM {table} r WHERE r.tenant_id = %(tenant)s AND (r.{mark} -> %(key)s) IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM tenants_event e
                WHERE e.tenant_id = r.tenant_id AND e.subject_id = r.id AND e.name = %(name)s)
AND NOT EXISTS (SELECT 1 FROM tenants_stagedevent s
                WHERE s.tenant_id = r.tenant_id AND s.subject_id = r.id AND s.name = %(name)s)
ORDER BY r.id LIMIT %(most)s
"""


def _blanked() -> Iterator[Problem]:
    """Rows that say they were blanked, and no event does."""
    for table in digests.tables():
        if not table.mark:
            continue
        values: dict[str, Any] = {
            "tenant": current_tenant_id(),
            "key": digests.ERASED,
            "name": digests.BLANKED,
            "most": _MOST,
        }
        with connection.cursor() as cursor:
            cursor.execute(_UNTOLD.format(table=_model(table.subject)._meta.db_table, mark=table.mark), values)
            for (row_id,) in cursor.fetchall():
                detail = f"the row says that it was blanked, and no {digests.BLANKED} event does"
                yield Problem("altered", table.subject, row_id, None, detail)


def _rulesets() -> Iterator[Problem]:
    """Every decision's rule set is kept, and is what its digest says."""
    known = set()
    for snapshot in RuleSetSnapshot.objects.order_by("id").iterator(chunk_size=100):
        known.add(snapshot.digest)
        if digest(snapshot.content) != snapshot.digest:
            detail = "the rule set does not match its digest"
            yield Problem("altered", "compliance.rulesetsnapshot", snapshot.id, None, detail)
    for mark in Decision.objects.order_by().values_list("ruleset_digest", flat=True).distinct():
        if mark not in known:
            detail = f"decisions were made with rule set {mark}, which is not there"
            yield Problem("missing", "compliance.rulesetsnapshot", None, None, detail)
