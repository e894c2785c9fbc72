"""Decide again, from stored facts and stored rules alone: the same facts give the same decision for ever."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from compliance.decide import RuleSet, readings, replay, ruleset_from_content
from compliance.decide.evidence import finding_to_json
from compliance.models import Decision, RuleSetSnapshot
from kernel.canonical import instant_text
from kernel.errors import DomainError
from tenants.scope import all_creditors

_CHUNK = 500
_MOST = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that comes out differently now: which part, what is stored, what came out."""

    decision_id: uuid.UUID
    part: str
    stored: Any
    replayed: Any


@dataclass(slots=True)
class Replay:
    """How many decisions were made again, how many came out differently, and how the first of those differ."""

    decisions: int = 0
    differing: int = 0
    #: Of the first 200 decisions that differ.
    differences: list[Difference] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every decision came out as it is stored."""
        return not self.differing


def replay_decisions(*, since: datetime | None = None, until: datetime | None = None) -> Replay:
    """Replay the organisation's decisions of a period of the business clock (None: all). Writes nothing."""
    done = Replay()
    with all_creditors():
        rulesets = _Rulesets()
        for row in _decisions(since, until):
            done.decisions += 1
            if found := _differences(row, rulesets):
                done.differing += 1
                if done.differing <= _MOST:
                    done.differences += found
    return done


class _Rulesets:
    """Stored rule sets, compiled once each."""

    def __init__(self) -> None:
        self.get = lru_cache(maxsize=2048)(self._read)

    def _read(self, mark: str) -> RuleSet | None:
        content = RuleSetSnapshot.objects.filter(digest=mark).values_list("content", flat=True).first()
        return None if content is None else ruleset_from_content(content)


def _decisions(since: datetime | None, until: datetime | None) -> Iterator[Decision]:
    rows = Decision.objects.order_by("id")
    if since is not None:
        rows = rows.filter(decided_at__gte=since)
    if until is not None:
        rows = rows.filter(decided_at__lt=until)
    after: uuid.UUID | None = None
    while chunk := list((rows.filter(id__gt=after) if after else rows)[:_CHUNK]):
        yield from chunk
        after = chunk[-1].id


def _differences(row: Decision, rulesets: _Rulesets) -> list[Difference]:
    ruleset = rulesets.get(row.ruleset_digest)
    if ruleset is None:
        return [Difference(row.id, "ruleset", row.ruleset_digest, None)]
    found: list[Difference] = []
    for place, facts in enumerate(readings(row.facts)):
        told = _told(row, facts, ruleset)
        if not told:
            return []
        found = told if place == 0 else found
    return found


def _told(row: Decision, facts: Mapping[str, Any], ruleset: RuleSet) -> list[Difference]:
    try:
        again = replay(facts, ruleset)
    except (DomainError, LookupError, ValueError, TypeError, AttributeError) as error:
        return [Difference(row.id, "facts", None, repr(error))]
    findings = orjson.loads(orjson.dumps([finding_to_json(finding) for finding in again.findings]))
    pairs = [
        ("verdict", row.verdict, again.verdict),
        ("decided_at", _text(row.decided_at), _text(datetime.fromisoformat(row.facts["at"]))),
        ("message_class", row.message_class, row.facts["intent"]["class"]),
        ("rules", list(row.rules), list(again.rules)),
        ("findings", row.findings, findings),
        ("next_allowed_at", _text(row.next_allowed_at), _text(again.next_allowed_at)),
    ]
    return [Difference(row.id, part, stored, now) for part, stored, now in pairs if stored != now]


def _text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)
