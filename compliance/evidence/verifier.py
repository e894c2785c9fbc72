"""Checks an evidence pack with nothing but Python's standard library (3.9 or newer): python3 verify.py

This file stands alone: it is copied into every pack. Without an argument it reads the evidence.json beside it; it also
takes a JSON file, a folder or the whole zip. Checked are: every line against the manifest, every row against the hash
in its event, every event against the root of its seal (Merkle proof, RFC 6962), every seal against the one before, the
rules against their hash, the words of each message against the hash in its decision, and the pack's other files
against SHA256SUMS. What is altered, missing or put in is named, the first one first.

  python3 verify.py                         the pack beside it
  python3 verify.py pack.zip                a pack as it was downloaded
  python3 verify.py --seal DIGEST           the seal that somebody kept elsewhere must be among the file's
  python3 verify.py --sha256 HASH           the file is the one whose hash stands on the pages of the PDF
  python3 verify.py --only ID > one.json    one record with its own proof, checkable without the others

Exit code 0: whole; 1: altered, and the line is named; 2: unreadable.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import sys
import zipfile
from collections.abc import Callable
from typing import Any

Object = Callable[..., None]

FORMAT = "trato.evidence/2"
LISTS = ("messages", "account", "records", "events", "seals")
FILE, SUMS = "evidence.json", "SHA256SUMS"
DECISION = "compliance.decision"
#: Objections that say which line is not as it was exported.
CHANGED = ("altered", "missing", "missing_end", "inserted", "moved")
#: Of a file inside a zip: a small zip may hold a huge one.
MOST_BYTES = 512 * 1024 * 1024

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "format": "this is not an evidence file of the format {format}",
        "list": "the list {name} is missing",
        "at": "line {line}, ",
        "altered": "this line was altered: {what}",
        "missing": "a line is missing before this one: {what}",
        "missing_end": "{name}: a line is missing at the end: {what}",
        "inserted": "this line was put in: {what}",
        "moved": "this line stood elsewhere: {what}",
        "counts": "{name}: {then} lines were exported, {now} are here",
        "head": "the head of the file (format, organisation, case, scope, time of export) was altered",
        "manifest": "the manifest was altered: its hashes do not give the hash of the document",
        "seal_digest": "seal {number} does not match its digest",
        "seal_tenant": "seal {number} is another organisation's",
        "seal_chain": "seal {number} does not follow the one before",
        "no_seal": "seal {seal}, which covers event {sequence}, is not here",
        "root": "event {sequence} ({event}) does not lead to the root of its seal",
        "stretch": "event {sequence} stands outside the stretch of its seal",
        "no_event": "no {event} event announces {subject} {id}",
        "row": "{subject} {id} does not match event {sequence}: altered",
        "no_row": "the row {subject} {id} that it announces is not here",
        "no_rules": "the rules {digest} that decided are not here",
        "rules": "the rules {digest} were altered",
        "words": "the words of message {id} are not those that were decided on",
        "kept_seal": "no seal of this file has the digest {digest}",
        "file_hash": "the file's SHA-256 is {now}, not {then}",
        "sum": "{file}: its SHA-256 is not the one in SHA256SUMS",
        "sum_missing": "{file}: named in SHA256SUMS, not here",
        "unreadable": "{file} cannot be read as evidence: {why}",
        "no_record": "nothing in the file has the id {id}",
        "not_whole": "NOT WHOLE: {n} objection(s). The first: {first}",
        "whole": "WHOLE: {counts}",
        "withheld": "left out on purpose: {parts} ({n} rows without content; their hashes and proofs stand)",
        "last_seal": "last seal {number} of {at}: {digest}",
        "sha": "SHA-256 of evidence.json: {digest}",
        "compare": "compare it with the one at the foot of every page of the PDF, and with the organisation's record.",
    },
    "es": {
        "format": "este no es un archivo de evidencia del formato {format}",
        "list": "falta la lista {name}",
        "at": "línea {line}, ",
        "altered": "esta línea fue alterada: {what}",
        "missing": "falta una línea antes de esta: {what}",
        "missing_end": "{name}: falta una línea al final: {what}",
        "inserted": "esta línea fue agregada: {what}",
        "moved": "esta línea estaba en otro lugar: {what}",
        "counts": "{name}: se exportaron {then} líneas y aquí hay {now}",
        "head": "el encabezado del archivo (formato, organización, caso, alcance, hora de exportación) fue alterado",
        "manifest": "el manifiesto fue alterado: sus hashes no dan el hash del documento",
        "seal_digest": "el sello {number} no corresponde a su hash",
        "seal_tenant": "el sello {number} es de otra organización",
        "seal_chain": "el sello {number} no sigue al anterior",
        "no_seal": "el sello {seal}, que cubre el evento {sequence}, no está aquí",
        "root": "el evento {sequence} ({event}) no conduce a la raíz de su sello",
        "stretch": "el evento {sequence} está fuera del tramo de su sello",
        "no_event": "ningún evento {event} anuncia {subject} {id}",
        "row": "{subject} {id} no corresponde al evento {sequence}: fue alterado",
        "no_row": "el registro {subject} {id} que este evento anuncia no está aquí",
        "no_rules": "las reglas {digest} con que se decidió no están aquí",
        "rules": "las reglas {digest} fueron alteradas",
        "words": "las palabras del mensaje {id} no son aquellas sobre las que se decidió",
        "kept_seal": "ningún sello de este archivo tiene el hash {digest}",
        "file_hash": "el SHA-256 del archivo es {now}, no {then}",
        "sum": "{file}: su SHA-256 no es el que consta en SHA256SUMS",
        "sum_missing": "{file}: consta en SHA256SUMS y no está aquí",
        "unreadable": "{file} no se puede leer como evidencia: {why}",
        "no_record": "nada en el archivo tiene el id {id}",
        "not_whole": "NO ESTÁ ÍNTEGRO: {n} objeción(es). La primera: {first}",
        "whole": "ÍNTEGRO: {counts}",
        "withheld": "omitido a propósito: {parts} ({n} registros sin contenido; sus hashes y pruebas se conservan)",
        "last_seal": "último sello {number} del {at}: {digest}",
        "sha": "SHA-256 de evidence.json: {digest}",
        "compare": "compárelo con el que figura al pie de cada página del PDF y con el registro de la organización.",
    },
    "pt": {
        "format": "este não é um arquivo de evidências do formato {format}",
        "list": "falta a lista {name}",
        "at": "linha {line}, ",
        "altered": "esta linha foi alterada: {what}",
        "missing": "falta uma linha antes desta: {what}",
        "missing_end": "{name}: falta uma linha no fim: {what}",
        "inserted": "esta linha foi acrescentada: {what}",
        "moved": "esta linha estava em outro lugar: {what}",
        "counts": "{name}: foram exportadas {then} linhas e aqui há {now}",
        "head": "o cabeçalho do arquivo (formato, organização, caso, escopo, hora da exportação) foi alterado",
        "manifest": "o manifesto foi alterado: seus hashes não dão o hash do documento",
        "seal_digest": "o selo {number} não corresponde ao seu hash",
        "seal_tenant": "o selo {number} é de outra organização",
        "seal_chain": "o selo {number} não segue o anterior",
        "no_seal": "o selo {seal}, que cobre o evento {sequence}, não está aqui",
        "root": "o evento {sequence} ({event}) não leva à raiz do seu selo",
        "stretch": "o evento {sequence} está fora do trecho do seu selo",
        "no_event": "nenhum evento {event} anuncia {subject} {id}",
        "row": "{subject} {id} não corresponde ao evento {sequence}: foi alterado",
        "no_row": "o registro {subject} {id} que este evento anuncia não está aqui",
        "no_rules": "as regras {digest} com que se decidiu não estão aqui",
        "rules": "as regras {digest} foram alteradas",
        "words": "as palavras da mensagem {id} não são aquelas sobre as quais se decidiu",
        "kept_seal": "nenhum selo deste arquivo tem o hash {digest}",
        "file_hash": "o SHA-256 do arquivo é {now}, não {then}",
        "sum": "{file}: seu SHA-256 não é o que consta em SHA256SUMS",
        "sum_missing": "{file}: consta em SHA256SUMS e não está aqui",
        "unreadable": "{file} não pode ser lido como evidência: {why}",
        "no_record": "nada no arquivo tem o id {id}",
        "not_whole": "NÃO ESTÁ ÍNTEGRO: {n} objeção(ões). A primeira: {first}",
        "whole": "ÍNTEGRO: {counts}",
        "withheld": "omitido de propósito: {parts} ({n} registros sem conteúdo; seus hashes e provas permanecem)",
        "last_seal": "último selo {number} de {at}: {digest}",
        "sha": "SHA-256 de evidence.json: {digest}",
        "compare": "compare-o com o que consta no rodapé de cada página do PDF e com o registro da organização.",
    },
}


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


def called(name: str, item: Any) -> str:
    """What a line calls itself in the manifest; '' for one that has no name."""
    if not isinstance(item, dict):
        return ""
    inner = item.get("leaf") or item.get("content")
    inner = inner if isinstance(inner, dict) else {}
    words = {
        "messages": ("message", item.get("id")),
        "account": (item.get("kind"), item.get("id")),
        "records": (item.get("event"), item.get("subject"), item.get("id")),
        "events": ("event", inner.get("sequence"), inner.get("name")),
        "seals": ("seal", inner.get("number")),
    }[name]
    return " ".join(str(word) for word in words if word is not None)


def line_numbers(text: str) -> dict[tuple[str, int], int]:
    """(list, place) -> line of the file, for a file as the product writes it; empty for one that was laid out anew."""
    found: dict[tuple[str, int], int] = {}
    current, place = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        opened = next((name for name in LISTS if line.strip() == f'"{name}": ['), "")
        if opened:
            current, place = opened, 0
        elif current and line.strip() in ("]", "],"):
            current = ""
        elif current:
            found[current, place] = number
            place += 1
    return found


def check(document: dict[str, Any], lines: dict[tuple[str, int], int] | None = None, language: str = "en") -> list[str]:
    """Everything that is wrong with an evidence document, as sentences that name the line, the first line first."""
    known, words = lines or {}, TEXTS[language]
    wrong: list[tuple[tuple[bool, float], str]] = []

    def object_to(name: str, place: int, key: str, **values: Any) -> None:
        """`place` below 0: not about one line."""
        line = known.get((name, place))
        at = words["at"].format(line=line) if line else ""
        at = f"{at}{name}[{place}]: " if place >= 0 else ""
        row = place if place >= 0 else len(document[name]) if key in CHANGED else 10**9
        # What was changed comes before what does not fit any more because of it.
        order = (key not in CHANGED, LISTS.index(name) * 1e12 + row)
        wrong.append((order, at + words[key].format(name=name, **values)))

    if document.get("format") != FORMAT:
        return [words["format"].format(format=FORMAT)]
    for name in LISTS:
        if not isinstance(document.get(name), list):
            return [words["list"].format(name=name)]
    check_manifest(document, object_to)
    seals = check_seals(document, object_to)
    leaves = check_events(document, seals, object_to)
    decisions = check_records(document, leaves, object_to)
    check_rules(document, object_to)
    check_messages(document, decisions, object_to)
    return [sentence for _, sentence in sorted(wrong, key=lambda one: one[0])]


def check_manifest(document: dict[str, Any], object_to: Object) -> None:
    """Every line as it was exported, none more, none less."""
    manifest = document.get("manifest") or {}
    for name in LISTS:
        now = [(called(name, item), sha256(item)) for item in document[name]]
        compare(name, now, [(one[0], one[1]) for one in manifest.get(name, [])], object_to)
    head = sha256({key: value for key, value in document.items() if key not in (*LISTS, "manifest")})
    if head != manifest.get("head"):
        object_to(LISTS[0], -1, "head")
    if sha256({name: manifest.get(name) for name in ("head", *LISTS)}) != manifest.get("document"):
        object_to(LISTS[0], -1, "manifest")


def compare(name: str, now: list[tuple[str, str]], then: list[tuple[str, str]], object_to: Object) -> None:
    """Objects to the first line that is not what the manifest states, by name: altered, missing, put in or moved."""
    if now == then:
        return
    place = next((n for n, (a, b) in enumerate(zip(now, then)) if a != b), min(len(now), len(then)))  # noqa: B905
    here, stated = now[place:], then[place:]
    if not here:
        object_to(name, -1, "missing_end", what=stated[0][0] or stated[0][1])
    elif not stated or here[0][0] not in [one for one, _ in stated]:
        altered = bool(stated) and len(here) == len(stated) and stated[0][0] not in [one for one, _ in here]
        object_to(name, place, "altered" if altered else "inserted", what=here[0][0] or here[0][1])
    elif here[0][0] == stated[0][0]:
        object_to(name, place, "altered", what=here[0][0] or here[0][1])
    elif stated[0][0] not in [one for one, _ in here]:
        object_to(name, place, "missing", what=stated[0][0] or stated[0][1])
    else:
        object_to(name, place, "moved", what=here[0][0] or here[0][1])
    if len(now) != len(then):
        object_to(name, -1, "counts", then=len(then), now=len(now))


def check_seals(document: dict[str, Any], object_to: Object) -> dict[int, dict[str, Any]]:
    """Seals by number; each must match its digest and hold the digest of the one before."""
    seals: dict[int, dict[str, Any]] = {}
    former: dict[str, Any] | None = None
    part = document.get("part_of") is not None  # single records with their own seals: no chain between these
    for place, seal in enumerate(document["seals"]):
        content = seal["content"]
        number = content["number"]
        if sha256(content) != seal["digest"]:
            object_to("seals", place, "seal_digest", number=number)
        if content.get("tenant") != document.get("tenant", {}).get("id"):
            object_to("seals", place, "seal_tenant", number=number)
        before = former["content"] if former else {"number": 0, "last_sequence": 0}
        follows = (content["number"], content["first_sequence"]) == (before["number"] + 1, before["last_sequence"] + 1)
        if former is None:
            broken = number == 1 and (content["previous"] != "" or not follows)
        else:
            broken = not part and (content["previous"] != former["digest"] or not follows)
        if broken:
            object_to("seals", place, "seal_chain", number=number)
        seals[number] = content
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
            object_to("events", place, "no_seal", seal=event["seal"], sequence=leaf["sequence"])
        elif root_from(leaf, event["proof"]) != seal["root"]:
            object_to("events", place, "root", sequence=leaf["sequence"], event=leaf["name"])
        elif not seal["first_sequence"] <= leaf["sequence"] <= seal["last_sequence"]:
            object_to("events", place, "stretch", sequence=leaf["sequence"])
        leaves[leaf["name"], leaf["subject"], leaf["subject_id"]] = leaf
    return leaves


def check_records(
    document: dict[str, Any], leaves: dict[tuple[str, str, str], dict[str, Any]], object_to: Object
) -> dict[str, list[dict[str, Any]]]:
    """Decisions by request; each row must match the hash that its event states, and carry the id it is filed under."""
    decisions: dict[str, list[dict[str, Any]]] = {}
    for place, record in enumerate(document["records"]):
        subject, key = record["subject"], record["id"]
        leaf, content = leaves.pop((record["event"], subject, key), None), record["content"]
        if leaf is None:
            object_to("records", place, "no_event", event=record["event"], subject=subject, id=key)
        elif content is None and record.get("withheld"):
            continue  # left out on purpose: its hash stands in the event, and the row can be shown later
        elif sha256(content) != leaf["digest"] or content.get("id") != key:
            object_to("records", place, "row", subject=subject, id=key, sequence=leaf["sequence"])
        if subject == DECISION:
            decisions.setdefault(content.get("request_id"), []).append(content)
            if content.get("ruleset_digest") not in document.get("rulesets", {}):
                object_to("records", place, "no_rules", digest=content.get("ruleset_digest"))
    for place, event in enumerate(document["events"]):
        leaf = event["leaf"]
        if leaf["digest"] and (leaf["name"], leaf["subject"], leaf["subject_id"]) in leaves:
            object_to("events", place, "no_row", subject=leaf["subject"], id=leaf["subject_id"])
    return decisions


def check_rules(document: dict[str, Any], object_to: Object) -> None:
    """The rules are the ones whose hash the decisions hold."""
    for digest, rules in document.get("rulesets", {}).items():
        if sha256(rules) != digest:
            object_to(LISTS[0], -1, "rules", digest=digest)


def check_messages(document: dict[str, Any], decisions: dict[str, list[dict[str, Any]]], object_to: Object) -> None:
    """The words of each message that a decision was asked about; erased ones (no text left) keep their hash only."""
    for place, message in enumerate(document["messages"]):
        if not message.get("text") or not message.get("salt"):
            continue
        stated = [row["text_hash"] for row in decisions.get(message.get("request_id"), []) if row["text_hash"]]
        told = hashlib.sha256(f"{message['salt']}\x00{message['text']}".encode()).hexdigest()
        if stated and told not in stated:
            object_to("messages", place, "words", id=message.get("id"))


# --- one record without the others ------------------------------------------------------------------------------------


def only(document: dict[str, Any], wanted: str) -> dict[str, Any] | None:
    """A document with nothing but the record (or the message and all about it) of that id, and the way to its seal."""
    messages = [one for one in document["messages"] if one.get("id") == wanted]
    requests = {one.get("request_id") for one in messages} - {None, ""}
    records = [
        one
        for one in document["records"]
        if one["id"] == wanted
        or (messages and (one["content"] or {}).get("message") == wanted)
        or (one["subject"] == DECISION and (one["content"] or {}).get("request_id") in requests)
    ]
    account = [one for one in document["account"] if one.get("id") == wanted]
    if not (messages or records or account):
        return None
    keys = {(one["event"], one["subject"], one["id"]) for one in records}
    events = [
        one
        for one in document["events"]
        if (one["leaf"]["name"], one["leaf"]["subject"], one["leaf"]["subject_id"]) in keys
    ]
    numbers = {one["seal"] for one in events}
    rules = {(one["content"] or {}).get("ruleset_digest") for one in records}
    part = {
        "format": document["format"],
        "tenant": document["tenant"],
        "part_of": document["manifest"]["document"],
        "language": document.get("language", "en"),
        "rulesets": {key: value for key, value in document.get("rulesets", {}).items() if key in rules},
        "messages": messages,
        "account": account,
        "records": records,
        "events": events,
        "seals": [one for one in document["seals"] if one["content"]["number"] in numbers],
    }
    lists = {name: [[called(name, item), sha256(item)] for item in part[name]] for name in LISTS}
    head = sha256({key: value for key, value in part.items() if key not in LISTS})
    part["manifest"] = {"head": head, **lists, "document": sha256({"head": head, **lists})}
    return part


# --- files ------------------------------------------------------------------------------------------------------------


def unpacked(body: bytes, most: int = MOST_BYTES) -> dict[str, bytes]:
    """The files of a zip by their bare name; raises ValueError for one that holds more than `most` bytes."""
    with zipfile.ZipFile(io.BytesIO(body)) as source:
        infos = [info for info in source.infolist() if not info.is_dir()]
        if sum(info.file_size for info in infos) > most:
            raise ValueError("too large")
        return {os.path.basename(info.filename): source.read(info) for info in infos}


def opened(path: str) -> tuple[str, dict[str, bytes]]:
    """The name of the evidence file, and every file of the pack: of a folder, a zip, or a JSON file with its folder."""
    if os.path.isdir(path):
        path = os.path.join(path, FILE)
    with open(path, "rb") as source:
        body = source.read()
    if zipfile.is_zipfile(io.BytesIO(body)):
        return FILE, unpacked(body)
    folder, name = os.path.dirname(path) or ".", os.path.basename(path)
    files = {}
    if name == FILE and os.path.isfile(os.path.join(folder, SUMS)):
        for each in [SUMS, *stated_sums(read_bytes(os.path.join(folder, SUMS)))]:
            if os.path.isfile(os.path.join(folder, each)):
                files[each] = read_bytes(os.path.join(folder, each))
    return name, {**files, name: body}


def read_bytes(path: str) -> bytes:
    """A file's bytes."""
    with open(path, "rb") as source:
        return source.read()


def stated_sums(body: bytes) -> dict[str, str]:
    """File -> hash, as SHA256SUMS states them."""
    found = {}
    for line in body.decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        if name.strip():
            found[os.path.basename(name.strip())] = digest.strip()
    return found


def check_sums(files: dict[str, bytes], language: str = "en") -> list[str]:
    """Files of the pack that are not what SHA256SUMS states; empty without such a list."""
    wrong = []
    for name, digest in sorted(stated_sums(files.get(SUMS, b"")).items()):
        if name not in files:
            wrong.append(TEXTS[language]["sum_missing"].format(file=name))
        elif hashlib.sha256(files[name]).hexdigest() != digest:
            wrong.append(TEXTS[language]["sum"].format(file=name))
    return wrong


def language_of(document: Any, asked: str = "") -> str:
    """The language to speak: the one asked for, else the document's, else English."""
    said = str(document.get("language", "")) if isinstance(document, dict) else ""
    return next((one for one in (asked, said[:2]) if one in TEXTS), "en")


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), FILE)
    parser = argparse.ArgumentParser(prog="verify.py", description="Checks an evidence pack, all by itself.")
    parser.add_argument("file", nargs="?", default=beside, help="evidence.json, its folder or the zip")
    parser.add_argument("--seal", metavar="DIGEST", help="a seal digest kept elsewhere that the file must contain")
    parser.add_argument("--sha256", metavar="HASH", help="what the SHA-256 of evidence.json must be")
    parser.add_argument("--only", metavar="ID", help="print one record or message with its own proof")
    parser.add_argument("--lang", choices=sorted(TEXTS), default="", help="language of the answer")
    chosen = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):  # a console that lacks a letter shows a question mark
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    document: Any = None
    try:
        name, files = opened(chosen.file)
        body = files[name]
        text = body.decode("utf-8-sig")
        document = json.loads(text)
        language = language_of(document, chosen.lang)
        words = TEXTS[language]
        if chosen.only:
            part = only(document, chosen.only)
            if part is None:
                sys.stderr.write(words["no_record"].format(id=chosen.only) + "\n")
                return 2
            sys.stdout.write(json.dumps(part, sort_keys=True, indent=1) + "\n")
            return 0
        wrong = check(document, line_numbers(text), language) + check_sums(files, language)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        zipfile.BadZipFile,
    ) as why:
        words = TEXTS[language_of(document, chosen.lang)]
        sys.stderr.write(words["unreadable"].format(file=chosen.file, why=repr(why)) + "\n")
        return 2
    digest = hashlib.sha256(body).hexdigest()
    if chosen.sha256 and chosen.sha256.lower() != digest:
        wrong.append(words["file_hash"].format(now=digest, then=chosen.sha256))
    if chosen.seal and chosen.seal not in [seal["digest"] for seal in document["seals"]]:
        wrong.append(words["kept_seal"].format(digest=chosen.seal))
    for reason in wrong:
        sys.stderr.write(f"{reason}\n")
    if wrong:
        sys.stderr.write(words["not_whole"].format(n=len(wrong), first=wrong[0]) + "\n")
        return 1
    counts = ", ".join(f"{len(document[name])} {name}" for name in LISTS)
    said = [words["whole"].format(counts=counts)]
    if document.get("left_out"):
        bare = sum(1 for one in document["records"] if one["content"] is None)
        said.append(words["withheld"].format(parts=", ".join(document["left_out"]), n=bare))
    if document["seals"]:
        last = document["seals"][-1]
        said.append(
            words["last_seal"].format(
                number=last["content"]["number"], at=last["content"]["sealed_at"], digest=last["digest"]
            )
        )
    said += [words["sha"].format(digest=digest), words["compare"]]
    sys.stdout.write("\n".join(said) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
