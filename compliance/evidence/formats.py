"""The evidence file: its parts, and how it is written so that a line of it can be named.

A file is one JSON object. The members `records`, `events`, `seals` and `messages` are lists with one item per line.

records   {subject, id, event, content}: an evidence row as it was hashed; its event states the hash
events    {leaf, seal, proof}: an event of the log, and the siblings that lead from it to the root of its seal
seals     {content, digest}: from the first to the last that the events need, each holding the digest of the one before
messages  what was said, as the conversation shows it; `text_hash` of a decision is SHA-256 over salt, NUL and text
manifest  per list the SHA-256 of every item, and `document` over all of them
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kernel.canonical import canonical

FORMAT = "trato.evidence/1"
LISTS = ("messages", "records", "events", "seals")


@dataclass(frozen=True, slots=True)
class Selection:
    """What is being exported: rows about these persons, debtors and requests, decided in a period (half open)."""

    kind: str  # debtor | request | period
    creditor_ids: frozenset[uuid.UUID]
    person_ids: frozenset[uuid.UUID]
    debtor_ids: frozenset[uuid.UUID]
    request_ids: frozenset[uuid.UUID]
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """An evidence row as it was hashed: `content` is JSON-like, `event` the name of the event that states its hash."""

    subject: str
    id: uuid.UUID
    event: str
    content: dict[str, Any]


@dataclass(slots=True)
class Contribution:
    """What a room above adds: messages as people read them, and its own evidence rows."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)


Source = Callable[[Selection], Contribution]
_sources: dict[str, Source] = {}


def contribute(name: str, source: Source) -> None:
    """Have a room above add to every export; called once, when the apps are ready."""
    _sources[name] = source


def contributions(selection: Selection) -> list[Contribution]:
    """What every registered room adds."""
    return [source(selection) for _, source in sorted(_sources.items())]


def plain(value: Any) -> Any:
    """A JSON-like value as the file holds it: instants and ids as canonical text."""
    return json.loads(canonical(value))


def item_hash(item: Any) -> str:
    """The manifest's hash of one line."""
    return hashlib.sha256(canonical(item)).hexdigest()


def manifest_of(document: dict[str, Any]) -> dict[str, Any]:
    """The manifest of a document without one: every line's hash, the head's, and one over all."""
    lists = {name: [item_hash(item) for item in document[name]] for name in LISTS}
    head = item_hash({key: value for key, value in document.items() if key not in (*LISTS, "manifest")})
    return {"head": head, **lists, "document": item_hash({"head": head, **lists})}


def to_text(document: dict[str, Any]) -> str:
    """The file: indented at the top, one line per item of a list."""
    parts = []
    for key, value in document.items():
        name = json.dumps(key)
        if key in LISTS:
            lines = ",\n".join(f"  {_line(item)}" for item in value)
            parts.append(f"{name}: [\n{lines}\n]" if value else f"{name}: []")
        else:
            parts.append(f"{name}: {_line(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(item: Any) -> str:
    return json.dumps(item, ensure_ascii=False, sort_keys=True)


def text_hash(salt: str, text: str) -> str:
    """The salted hash of the words, as decisions hold it."""
    return hashlib.sha256(f"{salt}\x00{text}".encode()).hexdigest()


def unique(records: Sequence[Record]) -> list[Record]:
    """Records without repetitions, by subject and id in the order of their ids."""
    kept = {(one.subject, one.id, one.event): one for one in records}
    return [kept[key] for key in sorted(kept, key=lambda key: (key[1], key[0], key[2]))]
