"""Evidence files: whole outside the product, and every altered line named."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from compliance.evidence import formats, verifier
from compliance.evidence.exports import export
from compliance.evidence.formats import Contribution, Record, Selection, manifest_of, text_hash, to_text
from compliance.evidence.packs import files_of, zipped
from compliance.models import Decision
from compliance.services import authorise, lift_stop, raise_stop
from kernel.canonical import digest
from kernel.errors import DomainError
from kernel.ids import uuid7
from tenants.events import Emit, emit
from tenants.models import AuditEntry
from tests.compliance.evidence.case import make_case
from tests.compliance.world import MONDAY, Somebody, World, make_world, number_events

WORDS = "Olá, sua fatura 1 está em aberto."


@pytest.fixture
def own_source() -> Iterator[list[Contribution]]:
    given: list[Contribution] = []
    formats.contribute("test", lambda selection: given[0] if given else Contribution())
    yield given
    formats._sources.pop("test")


@pytest.fixture
def story(own_source: list[Contribution]) -> tuple[World, Somebody, dict[str, Any]]:
    """A debtor with messages, a refusal, an opt-out and its lifting; and the exported document."""
    world = make_world()
    with world.scope():
        ana, bruno = world.somebody(), world.somebody()
        first, second = ana.ask(text_hash=text_hash("5a17", WORDS)), ana.ask()
        authorise([first, second, bruno.ask()], now=MONDAY)
        stop = raise_stop(ana.person.id, "opted_out", evidence={"message": "7"}, source="debtor", now=MONDAY)
        authorise([second], now=MONDAY + timedelta(days=1), moment="retry")
        lift_stop(stop.id, by="user:1", reason="new opt-in", now=MONDAY)
    number_events()
    messages = [
        {"id": str(uuid7()), "request_id": str(first.request_id), "text": WORDS, "salt": "5a17", "at": MONDAY},
        {"id": str(uuid7()), "request_id": str(second.request_id), "text": "", "salt": "", "at": MONDAY},
    ]
    own_source.append(Contribution(messages))
    with world.scope():
        document = export(debtor_id=ana.debtor.id, actor="user:1", reason="lawyer asks")
    own_source.clear()
    return world, ana, document


def test_an_export_is_whole_and_about_nobody_else(story: tuple[World, Somebody, dict[str, Any]]) -> None:
    world, ana, document = story
    assert verifier.check(document) == []
    subjects = [record["subject"] for record in document["records"]]
    assert subjects.count("compliance.decision") == 3
    assert subjects.count("compliance.stop") == 2  # raised, lifted
    assert subjects.count("compliance.consent") == 1
    decisions = [record["content"] for record in document["records"] if record["subject"] == "compliance.decision"]
    assert {row["debtor_id"] for row in decisions} == {str(ana.debtor.id)}
    assert {row["ruleset_digest"] for row in decisions} == document["rulesets"].keys()
    assert {rule["rule"] for rule in document["findings"]} == {"BR-CAP-DAY", "LD-CAP-DAY", "X-OPTOUT"}
    assert all(set(told["words"]) == {"es", "pt", "en"} and told["words"]["pt"] for told in document["findings"])
    with world.scope():
        entry = AuditEntry.objects.get(action="evidence.export")
        assert entry.after["document"] == document["manifest"]["document"]


def test_the_file_is_checked_by_python_alone(story: tuple[World, Somebody, dict[str, Any]], tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_text(to_text(story[2]), encoding="utf-8")
    script = tmp_path / "verifier.py"
    script.write_text(Path(verifier.__file__).read_text(encoding="utf-8"), encoding="utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-S", str(script), str(file), *words],
            capture_output=True,
            text=True,
            env={},
            check=False,
        )

    whole = run()
    assert whole.returncode == 0, whole.stderr
    assert "ÍNTEGRO" in whole.stdout and story[2]["seals"][-1]["digest"] in whole.stdout
    assert run("--seal", story[2]["seals"][-1]["digest"]).returncode == 0
    assert run("--seal", "0" * 64).returncode == 1

    lines = file.read_text(encoding="utf-8").splitlines()
    (place,) = [number for number, line in enumerate(lines) if '"verdict": "deny"' in line and '"content"' in line]
    lines[place] = lines[place].replace('"verdict": "deny"', '"verdict": "allow"')
    file.write_text("\n".join(lines), encoding="utf-8")
    altered = run()
    assert altered.returncode == 1
    first, *rest = altered.stderr.splitlines()
    assert first.startswith(f"linha {place + 1}, records[") and "foi alterada" in first
    assert any("não corresponde ao evento" in one for one in rest) and first in rest[-1]

    assert "line " in run("--lang", "en").stderr
    file.write_text("not json", encoding="utf-8")
    assert run().returncode == 2


def test_a_pack_is_checked_where_it_was_unpacked(tmp_path: Path) -> None:
    document = make_case("BR").export()
    files = files_of(document)
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), *words]
        return subprocess.run(command, capture_output=True, text=True, env={}, check=False, cwd="/")

    whole = run()
    digest = hashlib.sha256(files["evidence.json"]).hexdigest()
    assert whole.returncode == 0 and digest in whole.stdout, whole.stderr
    assert digest in files["LEIA-ME.txt"].decode() and run("--sha256", digest).returncode == 0
    assert run("--sha256", "0" * 64).returncode == 1
    message = document["messages"][0]["id"]
    part = run("--only", message)
    (tmp_path / "one.json").write_text(part.stdout, encoding="utf-8")
    assert part.returncode == 0 and run(str(tmp_path / "one.json")).returncode == 0
    assert run("--only", "nobody").returncode == 2
    (tmp_path / "evidence.pdf").write_bytes(files["evidence.pdf"].replace(b"%PDF", b"%PDX"))
    assert run().returncode == 1 and "evidence.pdf" in run().stderr
    (tmp_path / "evidence.pdf").unlink()
    assert run().returncode == 1 and "não está aqui" in run().stderr
    (tmp_path / "pack.zip").write_bytes(zipped(files, document["exported_at"]))
    assert run(str(tmp_path / "pack.zip")).returncode == 0


Change = Callable[[dict[str, Any]], None]


def _set(name: str, place: int, *path: str, to: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        inner = document[name][place]
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to

    return change


def _drop(name: str, place: int) -> Change:
    return lambda document: document[name].pop(place)


CHANGES: dict[str, Change] = {
    "records[0]": _set("records", 0, "content", "actor", to="x"),
    "events[1]": _set("events", 1, "leaf", "business_at", to="2026-01-01T00:00:00.000000Z"),
    "seals[0]": _set("seals", 0, "content", "root", to="0" * 64),
    "messages[0]": _set("messages", 0, "text", to="other words"),
    "records[1]": _drop("records", 0),
    "events[0]": _drop("events", 1),
    "messages[1]": _set("messages", 1, "at", to="2026-01-01T00:00:00.000000Z"),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("careful", [False, True], ids=["careless", "manifest made anew"])
def test_what_is_altered_is_named(story: tuple[World, Somebody, dict[str, Any]], name: str, careful: bool) -> None:
    document = copy.deepcopy(story[2])
    CHANGES[name](document)
    if careful:
        document["manifest"] = manifest_of(document)
    wrong = verifier.check(document)
    if careful and name == "messages[1]":  # nothing but the manifest covers it, and the audit holds the manifest's hash
        assert document["manifest"]["document"] != story[2]["manifest"]["document"]
        return
    assert wrong
    if not careful and name not in ("records[1]", "events[0]"):
        assert wrong[0].startswith(name)


def test_a_forged_record_with_a_forged_event_does_not_reach_the_root(
    story: tuple[World, Somebody, dict[str, Any]],
) -> None:
    document = copy.deepcopy(story[2])
    record = next(one for one in document["records"] if one["subject"] == "compliance.decision")
    record["content"]["verdict"] = "deny"
    event = next(one for one in document["events"] if one["leaf"]["subject_id"] == record["id"])
    event["leaf"]["digest"] = digest(record["content"])
    document["manifest"] = manifest_of(document)
    (wrong,) = verifier.check(document)
    assert f"event {event['leaf']['sequence']}" in wrong and "root of its seal" in wrong


def test_commands_write_and_check_a_file(
    story: tuple[World, Somebody, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world, ana, _ = story
    file = tmp_path / "file.json"
    call_command("export_evidence", world.tenant.slug, "--debtor", str(ana.debtor.id), "--output", str(file))
    answer = json.loads(capsys.readouterr().out)
    assert answer["records"] == 6 and answer["last_seal"]
    call_command("verify_evidence", str(file))
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["known_here"]) == (True, True)
    file.write_text(file.read_text(encoding="utf-8").replace("X-OPTOUT", "X-PAID"), encoding="utf-8")
    with pytest.raises(SystemExit):
        call_command("verify_evidence", str(file))
    with pytest.raises(CommandError, match="one of them"):
        call_command("export_evidence", world.tenant.slug, "--output", str(file))
    with pytest.raises(CommandError, match="no such debtor"):
        call_command("export_evidence", world.tenant.slug, "--debtor", str(uuid7()), "--output", str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_evidence", str(tmp_path / "nothing.json"))


def test_a_request_and_a_period_can_be_exported(story: tuple[World, Somebody, dict[str, Any]]) -> None:
    world, ana, _ = story
    with world.scope():
        request_id = Decision.objects.filter(debtor_id=ana.debtor.id, verdict="allow").get().request_id
        one = export(request_id=request_id, actor="user:1")
        day = export(period=(MONDAY, MONDAY + timedelta(hours=1)), actor="user:1")
        with pytest.raises(DomainError, match="ends after it starts"):
            export(period=(MONDAY, MONDAY), actor="user:1")
    assert verifier.check(one) == verifier.check(day) == []
    assert [record["subject"] for record in one["records"]].count("compliance.decision") == 1
    assert [record["subject"] for record in day["records"]].count("compliance.decision") == 3


def test_a_creditors_own_people_export_what_is_theirs(story: tuple[World, Somebody, dict[str, Any]]) -> None:
    world, ana, _ = story
    with world.scope():
        other = world.creditor()
        there = world.somebody(other, person=ana.person)
        authorise([there.ask()], now=MONDAY + timedelta(days=2))
    number_events()
    with world.scope(creditor_ids=[ana.debtor.creditor_id]):
        document = export(period=(MONDAY, MONDAY + timedelta(days=9)), actor="user:2")
        with pytest.raises(DomainError, match="no such debtor"):
            export(debtor_id=there.debtor.id, actor="user:2")
    assert verifier.check(document) == []
    assert str(other.id) not in json.dumps(document["records"])


def test_rooms_above_add_their_own_evidence(own_source: list[Contribution]) -> None:
    world = make_world()
    content = {"v": 1, "id": str(uuid7()), "state": "delivered"}
    row_id = uuid7()
    content["id"] = str(row_id)
    with world.scope():
        ana = world.somebody()
        authorise([ana.ask()], now=MONDAY)
        emit(Emit("message.delivered", "messaging.statusreport", row_id, MONDAY, digest=digest(content)))
    number_events()
    own_source.append(
        Contribution(
            [{"id": "1", "text": "x"}], [Record("messaging.statusreport", row_id, "message.delivered", content)]
        )
    )
    with world.scope():
        document = export(debtor_id=ana.debtor.id, actor="user:1")
    assert verifier.check(document) == []
    assert any(record["content"] == content for record in document["records"])


def test_a_selection_says_whose_messages_are_wanted(own_source: list[Contribution]) -> None:
    seen: list[Selection] = []

    def listen(selection: Selection) -> Contribution:
        seen.append(selection)
        return Contribution()

    formats.contribute("test", listen)
    world = make_world()
    with world.scope():
        ana = world.somebody()
        ask = ana.ask()
        authorise([ask], now=MONDAY)
        export(debtor_id=ana.debtor.id, actor="user:1")
    assert seen[0].request_ids == {ask.request_id} and seen[0].debtor_ids == {ana.debtor.id}
