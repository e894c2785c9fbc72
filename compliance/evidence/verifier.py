"""Checks an evidence file with nothing but Python's standard library: python -m compliance.evidence.verifier FILE

It can be copied out of the product and run anywhere. Checked are: every line against the manifest, every row against
the hash in its event, every event against the root of its seal, every seal against the one before, and the words of
each message against the hash in its decision. Exit code 0: whole; 1: altered, and the line is named; 2: unreadable.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from typing import Any

Object = Callable[[str, int, str], None]

FORMAT = "trato.evidence/1"
LISTS = ("messages", "records", "events", "seals")


def canonical(value: Any) -> bytes:
    """Sorted, compact, UTF-8: the bytes that are hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(value: Any) -> str:
    """Hex SHA-256 of a JSON value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def root_from(leaf: dict[str, Any], proof: list[list[str]]) -> str:
    """The root that an event's leaf and its proof lead to (RFC 6962)."""
    current = hashlib.sha256(b"\x00" + canonical(leaf)).digest()
    for side, sibling in proof:
        other = bytes.fromhex(sibling)
        pair = other + current if side == "left" else current + other
        current = hashlib.sha256(b"\x01" + pair).digest()
    return current.hex()


def line_numbers(text: str) -> dict[tuple[str, int], int]:
    """(list, place) -> line of the file, for a file as the product writes it; empty for one that was laid out anew."""
    found: dict[tuple[str, int], int] = {}
    current, place = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        opened = next((name for name in LISTS if line.strip() == f'"{name}": ['), "")
        if opened:
            current, place = opened, 0
        elif current and line.strip() in ("]", "],"):
            current = ""
        elif current:
            found[current, place] = number
            place += 1
    return found


def check(document: dict[str, Any], lines: dict[tuple[str, int], int] | None = None) -> list[str]:
    """Everything that is wrong with an evidence document, as sentences that name the line; empty when it is whole."""
    lines = lines or {}
    wrong: list[str] = []

    def object_to(name: str, place: int, reason: str) -> None:
        at = f"line {lines[name, place]}, " if (name, place) in lines else ""
        wrong.append(f"{at}{name}[{place}]: {reason}")

    if document.get("format") != FORMAT:
        return [f"this is not an evidence file of the format {FORMAT}"]
    for name in LISTS:
        if not isinstance(document.get(name), list):
            return [f"the list {name} is missing"]
    check_manifest(document, object_to, wrong)
    seals = check_seals(document, object_to)
    leaves = check_events(document, seals, object_to)
    decisions = check_records(document, leaves, object_to)
    check_messages(document, decisions, object_to)
    return wrong


def check_manifest(document: dict[str, Any], object_to: Object, wrong: list[str]) -> None:
    """Every line as it was exported, none more, none less."""
    manifest = document.get("manifest") or {}
    hashed: dict[str, Any] = {}
    for name in LISTS:
        hashed[name] = [sha256(item) for item in document[name]]
        stated = manifest.get(name, [])
        for place, (now, then) in enumerate(zip(hashed[name], stated, strict=False)):
            if now != then:
                object_to(name, place, f"this line was altered: {called(document[name][place])}")
                break
        else:
            if len(hashed[name]) != len(stated):
                wrong.append(f"{name}: {len(stated)} lines were exported, {len(hashed[name])} are here")
    hashed["head"] = sha256({key: value for key, value in document.items() if key not in (*LISTS, "manifest")})
    if hashed["head"] != manifest.get("head"):
        wrong.append("the head of the file (format, organisation, scope, time of export) was altered")
    if sha256({name: manifest.get(name) for name in ("head", *LISTS)}) != manifest.get("document"):
        wrong.append("the manifest was altered: its hashes do not give the hash of the document")


def called(item: dict[str, Any]) -> str:
    """What a line calls itself."""
    inner = item.get("content") or item.get("leaf") or item
    words = [str(item.get("subject") or inner.get("name") or ""), str(item.get("id") or inner.get("id") or "")]
    return " ".join(word for word in words if word) or "without an id"


def check_seals(document: dict[str, Any], object_to: Object) -> dict[int, dict[str, Any]]:
    """Seals by number; each must match its digest and hold the digest of the one before."""
    seals: dict[int, dict[str, Any]] = {}
    former: dict[str, Any] | None = None
    for place, seal in enumerate(document["seals"]):
        content = seal["content"]
        if sha256(content) != seal["digest"]:
            object_to("seals", place, f"seal {content['number']} does not match its digest")
        if content.get("tenant") != document.get("tenant", {}).get("id"):
            object_to("seals", place, f"seal {content['number']} is another organisation's")
        if former is not None and (
            content["previous"] != former["digest"] or content["number"] != former["content"]["number"] + 1
        ):
            object_to("seals", place, f"seal {content['number']} does not follow the one before")
        seals[content["number"]] = content
        former = seal
    return seals


def check_events(
    document: dict[str, Any], seals: dict[int, dict[str, Any]], object_to: Object
) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Hashes by (event name, subject, id); each event must lead to the root of its seal."""
    leaves: dict[tuple[str, str, str], dict[str, Any]] = {}
    for place, event in enumerate(document["events"]):
        leaf, seal = event["leaf"], seals.get(event["seal"])
        if seal is None:
            object_to("events", place, f"seal {event['seal']}, which covers event {leaf['sequence']}, is not here")
        elif root_from(leaf, event["proof"]) != seal["root"]:
            object_to(
                "events", place, f"event {leaf['sequence']} ({leaf['name']}) does not lead to the root of its seal"
            )
        elif not seal["first_sequence"] <= leaf["sequence"] <= seal["last_sequence"]:
            object_to("events", place, f"event {leaf['sequence']} stands outside the stretch of its seal")
        leaves[leaf["name"], leaf["subject"], leaf["subject_id"]] = leaf
    return leaves


def check_records(
    document: dict[str, Any], leaves: dict[tuple[str, str, str], dict[str, Any]], object_to: Object
) -> dict[str, list[dict[str, Any]]]:
    """Decisions by request; each row must match the hash that its event states, and carry the id it is filed under."""
    decisions: dict[str, list[dict[str, Any]]] = {}
    for place, record in enumerate(document["records"]):
        key = (record["event"], record["subject"], record["id"])
        leaf, content = leaves.pop(key, None), record["content"]
        if leaf is None:
            object_to("records", place, f"no {record['event']} event announces {record['subject']} {record['id']}")
        elif sha256(content) != leaf["digest"] or content.get("id") != record["id"]:
            object_to(
                "records", place, f"{record['subject']} {record['id']} does not match event {leaf['sequence']}: altered"
            )
        if record["subject"] == "compliance.decision":
            decisions.setdefault(content.get("request_id"), []).append(content)
    for place, event in enumerate(document["events"]):
        leaf = event["leaf"]
        if leaf["digest"] and (leaf["name"], leaf["subject"], leaf["subject_id"]) in leaves:
            object_to("events", place, f"the row {leaf['subject']} {leaf['subject_id']} that it announces is not here")
    return decisions


def check_messages(document: dict[str, Any], decisions: dict[str, list[dict[str, Any]]], object_to: Object) -> None:
    """The words of each message that a decision was asked about; erased ones (no text left) keep their hash only."""
    for place, message in enumerate(document["messages"]):
        if not message.get("text") or not message.get("salt"):
            continue
        stated = [row["text_hash"] for row in decisions.get(message.get("request_id"), []) if row["text_hash"]]
        told = hashlib.sha256(f"{message['salt']}\x00{message['text']}".encode()).hexdigest()
        if stated and told not in stated:
            object_to("messages", place, f"the words of message {message.get('id')} are not those that were decided on")


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="verifier", description="Checks an evidence file, all by itself.")
    parser.add_argument("file", help="the exported JSON file")
    parser.add_argument("--seal", metavar="DIGEST", help="a seal digest kept elsewhere that the file must contain")
    chosen = parser.parse_args(argv)
    try:
        with open(chosen.file, encoding="utf-8") as source:
            text = source.read()
        document = json.loads(text)
        wrong = check(document, line_numbers(text))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.stderr.write(f"{chosen.file} cannot be read as evidence: {error!r}\n")
        return 2
    if chosen.seal and chosen.seal not in [seal["digest"] for seal in document["seals"]]:
        wrong.append(f"no seal of this file has the digest {chosen.seal}")
    for reason in wrong:
        sys.stderr.write(f"{reason}\n")
    if wrong:
        sys.stderr.write(f"NOT WHOLE: {len(wrong)} objection(s)\n")
        return 1
    last = document["seals"][-1] if document["seals"] else None
    counts = ", ".join(f"{len(document[name])} {name}" for name in LISTS)
    sys.stdout.write(f"WHOLE: {counts}\n")
    if last:
        sys.stdout.write(f"last seal {last['content']['number']} of {last['content']['sealed_at']}: {last['digest']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
