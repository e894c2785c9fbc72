"""The evidence file: its parts, and how it is written so that a line of it can be named.

A file is one JSON object. The members `messages`, `account`, `records`, `events` and `seals` are lists with one item
per line.

case      who it is about: creditors, debtors with their contact points, colleagues' names, the complaint
messages  what was said, as the conversation shows it; `text_hash` of a decision is SHA-256 over salt, NUL and text
account   invoices, payments, promises, agreements and disputes, as the account shows them
records   {subject, id, event, content}: an evidence row as it was hashed; its event states the hash. A row that is
          left out has `withheld` instead of its content, and in `shown` the part that may be read
events    {leaf, seal, proof}: an event of the log, and the siblings that lead from it to the root of its seal
seals     {content, digest}: from the first to the last that the events need, each holding the digest of the one before
rulesets  digest -> the rules that decided
manifest  per list the name and the SHA-256 of every item, and `document` over all of them
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from compliance.evidence.verifier import FORMAT, LISTS, called, sha256
from kernel.canonical import canonical
from kernel.errors import DomainError

FULL = "full"
#: What may be left out: the words and their authors; what names anybody but the debtor; the account.
NO_TEXTS, NO_THIRD_PARTIES, NO_ACCOUNT = "no_texts", "no_third_parties", "no_account"
PARTS = (NO_TEXTS, NO_THIRD_PARTIES, NO_ACCOUNT)


#: Roles of a contact point that speak for the debtor; every other one is a third party's.
OWN_ROLES = ("owner", "representative", "accounts_payable")


@dataclass(frozen=True, slots=True)
class Selection:
    """What is being exported: rows about these persons, debtors and requests, decided in a period (half open)."""

    kind: str  # debtor | complaint | conversation | request | period
    creditor_ids: frozenset[uuid.UUID] = frozenset()
    person_ids: frozenset[uuid.UUID] = frozenset()
    debtor_ids: frozenset[uuid.UUID] = frozenset()
    request_ids: frozenset[uuid.UUID] = frozenset()
    conversation_ids: frozenset[uuid.UUID] = frozenset()
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
Finder = Callable[[uuid.UUID], Selection | None]
_sources: dict[str, Source] = {}
_finders: dict[str, Finder] = {}


def contribute(name: str, source: Source) -> None:
    """Have a room above add to every export; called once, when the apps are ready."""
    _sources[name] = source


def contributions(selection: Selection) -> list[Contribution]:
    """What every registered room adds."""
    return [source(selection) for _, source in sorted(_sources.items())]


def find_by(kind: str, finder: Finder) -> None:
    """Have a room above say what belongs to a thing of its own (a conversation); None: there is none in the scope."""
    _finders[kind] = finder


def found_by(kind: str, key: uuid.UUID) -> Selection:
    """What belongs to that thing. Raises DomainError when there is no such thing in the scope."""
    finder = _finders.get(kind)
    found = finder(key) if finder else None
    if found is None:
        raise DomainError(f"{kind}_unknown", "there is nothing of that name here", pointer=kind)
    return found


def left_out(parts: str | Collection[str]) -> tuple[str, ...]:
    """The parts to leave out, in order: `full`, one part, or several. Raises DomainError for one that there is not."""
    named = {one for one in ([parts] if isinstance(parts, str) else parts) if one != FULL}
    unknown = named - set(PARTS)
    if unknown:
        raise DomainError(
            "redaction_unknown", "redact nothing (full) or any of %(known)s", pointer="redaction",
            known=", ".join(PARTS),
        )  # fmt: skip
    return tuple(one for one in PARTS if one in named)


def plain(value: Any) -> Any:
    """A JSON-like value as the file holds it: instants and ids as canonical text."""
    return json.loads(canonical(value))


def manifest_of(document: dict[str, Any]) -> dict[str, Any]:
    """The manifest of a document without one: every line's name and hash, the head's, and one over all."""
    lists = {name: [[called(name, item), sha256(item)] for item in document[name]] for name in LISTS}
    head = sha256({key: value for key, value in document.items() if key not in (*LISTS, "manifest")})
    return {"head": head, **lists, "document": sha256({"head": head, **lists})}


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


__all__ = [
    "FORMAT",
    "FULL",
    "LISTS",
    "NO_ACCOUNT",
    "NO_TEXTS",
    "NO_THIRD_PARTIES",
    "OWN_ROLES",
    "PARTS",
    "Contribution",
    "Record",
    "Selection",
    "contribute",
    "contributions",
    "find_by",
    "found_by",
    "left_out",
    "manifest_of",
    "plain",
    "text_hash",
    "to_text",
    "unique",
]
