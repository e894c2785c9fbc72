"""Decisions and rule sets as rows of the ledger: written in bulk, announced by events that carry their hashes."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from django.db import connection

from compliance.models import Decision, RuleSetSnapshot
from kernel.canonical import instant_text
from tenants import bulk
from tenants.events import Emit, emit_many
from tenants.scope import current_tenant_id

DECISION = "compliance.decision"
DECISION_RECORDED = "decision.recorded"


@dataclass(slots=True, kw_only=True)
class NewDecision:
    """A decision about to be written; `findings` and `facts` are JSON values without floats."""

    id: uuid.UUID
    creditor_id: uuid.UUID
    person_id: uuid.UUID
    debtor_id: uuid.UUID | None
    request_id: uuid.UUID
    verdict: str
    message_class: str
    channel: str
    origin: str
    actor: str
    rules: list[str]
    findings: list[dict[str, Any]]
    facts: dict[str, Any]
    text_hash: str
    ruleset_digest: str
    evaluator: str
    moment: str
    decided_at: datetime
    next_allowed_at: datetime | None
    recorded_at: datetime


def content_of(row: Decision | NewDecision) -> dict[str, Any]:
    """What a decision's hash covers, as plain JSON."""
    content: dict[str, Any] = orjson.loads(_canonical(row))
    return content


def decision_digest(row: Decision | NewDecision) -> str:
    """The hash that the event log seals: equal to kernel.canonical.digest of `content_of` (a test holds it so)."""
    return hashlib.sha256(_canonical(row)).hexdigest()


def _canonical(row: Decision | NewDecision) -> bytes:
    content = {
        "v": 1,
        "id": row.id,
        "creditor_id": row.creditor_id,
        "person_id": row.person_id,
        "debtor_id": row.debtor_id,
        "request_id": row.request_id,
        "verdict": row.verdict,
        "message_class": row.message_class,
        "channel": row.channel,
        "origin": row.origin,
        "actor": row.actor,
        "rules": row.rules,
        "findings": row.findings,
        "facts": row.facts,
        "text_hash": row.text_hash,
        "ruleset_digest": row.ruleset_digest,
        "evaluator": row.evaluator,
        "moment": row.moment,
        "decided_at": _text(row.decided_at),
        "next_allowed_at": _text(row.next_allowed_at) if row.next_allowed_at else None,
        "recorded_at": _text(row.recorded_at),
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


#: The decisions of a batch share their instants.
_text = lru_cache(maxsize=256)(instant_text)


def write_rulesets(contents: Mapping[str, Mapping[str, Any]], *, at: datetime) -> None:
    """Keep each composed rule set once per content, before the decisions that were made with it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM compliance_rulesetsnapshot WHERE digest = ANY(%s)", [list(contents)])
        known = {mark for (mark,) in cursor.fetchall()}
    fresh = [
        RuleSetSnapshot(digest=mark, content=content, created_at=at)
        for mark, content in sorted(contents.items())
        if mark not in known
    ]
    if fresh:
        RuleSetSnapshot.objects.bulk_create(fresh, ignore_conflicts=True)


_COLUMNS = {
    "id": "uuid",
    "creditor_id": "uuid",
    "person_id": "uuid",
    "debtor_id": "uuid",
    "request_id": "uuid",
    "verdict": "text",
    "message_class": "text",
    "channel": "text",
    "origin": "text",
    "actor": "text",
    "rules": "text[]",
    "findings": "jsonb",
    "facts": "jsonb",
    "text_hash": "text",
    "ruleset_digest": "text",
    "evaluator": "text",
    "moment": "text",
    "decided_at": "timestamptz",
    "next_allowed_at": "timestamptz",
    "recorded_at": "timestamptz",
}
#: One parameter, one statement: a list of arrays costs three times as much.
_INSERT = (
    f"INSERT INTO compliance_decision (tenant_id, {', '.join(_COLUMNS)}) "
    f"SELECT %s, {', '.join(_COLUMNS)} FROM jsonb_to_recordset(%s::jsonb) "
    f"AS x({', '.join(f'{name} {kind}' for name, kind in _COLUMNS.items())})"
)


def write_decisions(rows: Sequence[NewDecision]) -> None:
    """Write decisions with one statement and stage their events; the last thing that a transaction does."""
    contents = [_canonical(row) for row in rows]  # what is written is what is hashed
    with bulk.beside() as cursor:
        cursor.execute(_INSERT, [current_tenant_id(), (b"[" + b",".join(contents) + b"]").decode()])
    emit_many(
        Emit(
            DECISION_RECORDED,
            DECISION,
            row.id,
            row.decided_at,
            row.creditor_id,
            hashlib.sha256(content).hexdigest(),
            {"request": row.request_id, "verdict": row.verdict, "moment": row.moment},
        )
        for row, content in zip(rows, contents, strict=True)
    )


__all__ = [
    "DECISION",
    "DECISION_RECORDED",
    "NewDecision",
    "content_of",
    "decision_digest",
    "write_decisions",
    "write_rulesets",
]
