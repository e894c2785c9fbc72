"""What may be left out of an evidence file, so that it still verifies: a row is withheld whole, its hash stays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from compliance.evidence.formats import NO_TEXTS, NO_THIRD_PARTIES, OWN_ROLES
from tenants.digests import ERASED

#: Keys of a statement's evidence that hold somebody's words, and those that may name somebody else.
_WORDS = frozenset({"words", "text", "note", "comment"})
_OTHERS = frozenset({"collected_by", "recorded_by", "collector", "witness", "by", "who", "lifted_by"})
#: Ids of people and programs, which name nobody to a reader outside.
_ACTORS = frozenset({"user", "system", "key", "link", "api", "debtor", "psp", "command", "synthetic"})


def shown_message(message: dict[str, Any], without: Collection[str]) -> dict[str, Any]:
    """A message without what is left out. Words that somebody else than the debtor exchanged count as theirs."""
    theirs = bool(message.get("role")) and message["role"] not in OWN_ROLES
    if NO_TEXTS in without:
        message = {**message, "text": "", "salt": "", "author": "", "withheld": NO_TEXTS}
    if NO_THIRD_PARTIES in without:
        message = {**message, "author": str(message.get("author", "")).partition(":")[0]}
        if theirs:
            message = {**message, "text": "", "salt": "", "address": "", "withheld": NO_THIRD_PARTIES}
    return message


def shown_record(record: dict[str, Any], without: Collection[str], own: Collection[str]) -> dict[str, Any]:
    """A record without its content where that holds something to leave out; `shown` is the rest of it, unproven.

    `own` are the debtors' own names, which are nobody else's.
    """
    content = record["content"]
    if ERASED in _evidence(content):  # blanked when its time had come: the hash stands in the event
        return {**record, "content": None, "withheld": ERASED, "shown": _bare(content, {"evidence"})}
    hidden = {
        NO_TEXTS: _spoken(content) if NO_TEXTS in without else set(),
        NO_THIRD_PARTIES: _others(content, own) if NO_THIRD_PARTIES in without else set(),
    }
    parts = [part for part, names in hidden.items() if names]
    if not parts:
        return record
    bare = _bare(content, set().union(*hidden.values()))
    return {**record, "content": None, "withheld": "+".join(parts), "shown": bare}


def shown_account(line: dict[str, Any], without: Collection[str]) -> dict[str, Any]:
    """A line of the account: a dispute's words are words."""
    return {**line, "detail": "", "withheld": NO_TEXTS} if NO_TEXTS in without and line.get("detail") else line


def _spoken(content: Mapping[str, Any]) -> set[str]:
    found = {key for key in _evidence(content) if key in _WORDS}
    return found | ({"lifted_reason"} if content.get("lifted_reason") else set())


def _others(content: Mapping[str, Any], own: Collection[str]) -> set[str]:
    told = {**_evidence(content), "lifted_by": content.get("lifted_by")}
    named = {key: str(told[key]) for key in _OTHERS if told.get(key)}
    return {key for key, name in named.items() if name.partition(":")[0] not in _ACTORS and name not in own}


def _evidence(content: Mapping[str, Any]) -> Mapping[str, Any]:
    held = content.get("evidence")
    return held if isinstance(held, dict) else {}


def _bare(content: dict[str, Any], hidden: set[str]) -> dict[str, Any]:
    rest = {key: value for key, value in content.items() if key not in hidden}
    if "evidence" in rest:
        rest["evidence"] = {key: value for key, value in _evidence(content).items() if key not in hidden}
    return rest
