"""Changed rule packs turn cases red: a sample here, every deciding value with `./run mutate`."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from collections_platform.runner import mutate
from compliance.decide.packs import load_packs
from compliance.mutation.compositions import same_compositions
from compliance.mutation.mutants import ABSENT, changed, mutants, spelled
from compliance.mutation.survivors import Bench, examine

BENCH = mutate.bench()
SAMPLED = 8  # changes of each pack


def found(code: str, path: str) -> list[tuple[object, object]]:
    """What a value of a pack is changed into, as (old, new)."""
    data = BENCH.packs[code].data
    return [(one.old, one.new) for one in mutants(data) if spelled(data, one.path) == path]


@pytest.mark.parametrize("code", sorted(BENCH.packs))
def test_a_sample_of_each_packs_changes_is_caught(code):
    stride = sum(1 for _ in mutants(BENCH.packs[code].data)) // SAMPLED
    result = examine(BENCH, code, lambda number: number % stride == stride // 2)
    assert result.changes >= SAMPLED
    assert result.caught + len(result.idle) == result.changes, result.survived


def test_every_pack_and_the_default_composition_have_cases_of_their_own():
    rows = [row for document in BENCH.documents for row in document.cases]
    assert all(any(row["packs"] == [code] for row in rows) for code in BENCH.packs if code != "common")
    assert sum(1 for row in rows if len(row["packs"]) == 2 and row["packs"][1] == "latam-default") >= 24
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(ids))


def test_what_no_case_is_about_survives_and_is_told_with_file_path_and_values():
    few = replace(BENCH, documents=[one for one in BENCH.documents if one.name == "product.yaml"])
    result = examine(few, "ec")
    told = [change.as_json() for change in result.survived]
    assert {
        "file": "compliance/packs/ec.yaml",
        "pack": "ec",
        "path": "windows/wed",
        "old": ["07:00", "20:00"],
        "new": ["07:00", "21:00"],
    } in told
    assert result.changes == result.caught + len(result.survived) + len(result.idle)
    assert examine(Bench(BENCH.packs, BENCH.plan_data, []), "pt", lambda number: number == 0).caught == 0


def test_every_kind_of_value_is_changed():
    assert found("co", "windows/sat") == [
        (["08:00", "15:00"], new)
        for new in (None, ["07:00", "15:00"], ["09:00", "15:00"], ["08:00", "14:00"], ["08:00", "16:00"])
    ]
    assert found("mx", "windows/sat") == [(None, ["00:00", "24:00"])]
    assert found("cl", "caps/CL-CAP-MSG/count") == [(2, 1), (2, 3)]
    assert found("cl", "caps/CL-CAP-MSG/spacing") == [({"clear_days": 2}, None)]
    assert [new for _, new in found("cl", "caps/CL-CAP-CALL/channels")][:2] == [["visit"], ["call"]]
    assert found("br", "stop_rules/BR-REGISTRY/grace_days") == [(30, 29), (30, 31), (30, ABSENT)]
    assert found("br", "subdivisions/br-sp/uf") == [("SP", "MG")]
    assert found("br", "closed_days/BR-CLOSED-CARNIVAL/calendar/categories") == [(["optional"], ["public"])]
    assert found("mx", "windows_rule/relax_floor")[0] == ("07:00-22:00", ABSENT)
    assert found("pe", "windows_rule/tenant_may_relax") == [(False, True)]
    assert found("common", "reply_exception/window_hours") == [(24, 23), (24, 25)]
    assert found("common", "consent/required") == [(True, False)]
    assert not [one for one in mutants(BENCH.packs["co"].data) if one.path[-1] in ("law", "sources", "note")]


def test_a_change_shares_nothing_with_the_pack_as_it_stands():
    before = json.dumps(BENCH.packs["cl"].data)
    after = changed(BENCH.packs["cl"].data, ("caps", 0, "spacing", "clear_days"), 3)
    assert after["caps"][0]["spacing"] == {"clear_days": 3}
    assert json.dumps(BENCH.packs["cl"].data) == before
    assert "spacing" not in changed(after, ("caps", 0, "spacing"), ABSENT)["caps"][0]


@pytest.mark.parametrize(
    ("code", "path", "new", "same"),
    [
        ("mx", ("windows", "sat"), ["08:00", "12:00"], True),  # closed by a rule that nobody may relax
        ("br", ("windows", "sat"), ["08:00", "12:00"], False),  # a tenant may open Saturday
        ("co", ("reply_exception", "window_hours"), 25, True),  # the common gate's 24 hours are shorter
        ("co", ("reply_exception", "window_hours"), 23, False),
        ("pe", ("content_required",), ["amount"], True),  # the common gate requires the others
        ("ar", ("content_required",), ["amount"], False),
        ("co", ("windows_rule", "law"), "another law", True),
    ],
)
def test_a_change_that_no_composition_feels_is_told_apart(code, path, new, same):
    packs = load_packs()
    after = {**packs, code: replace(packs[code], data=changed(packs[code].data, path, new))}
    assert same_compositions(packs, after, code) is same


def test_the_command_tells_a_table_and_exits_with_0_when_nothing_survives(capsys, tmp_path):
    file = tmp_path / "report.json"
    assert mutate.main(["--pack", "pt", "--json", str(file)]) == 0
    out = capsys.readouterr().out
    assert "are caught (100.0 %)" in out
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["survived"] == []
    assert report["packs"]["pt"]["changes"] == report["caught"] + len(report["decide_nothing"])


CASE = """
- {id: A, packs: [pt], zones: [Europe/Lisbon], at_utc: "2026-10-20T12:00:00Z",
   expect: {decision: %s, rules: [], next_allowed_utc: "2026-10-20T12:00:00Z"}}
"""


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (
            CASE % "allow",
            1,
            'survived: compliance/packs/pt.yaml: windows/mon: ["09:00", "20:00"] -> ["10:00", "20:00"]',
        ),
        (CASE % "deny", 2, "decided otherwise than they expect: A"),
        ("- {id: A}", 2, "few.yaml:1: case A, at_utc: expected an instant"),
    ],
)
def test_exit_1_when_something_survives_and_2_when_the_cases_do_not_hold(capsys, tmp_path, text, code, says):
    (tmp_path / "few.yaml").write_text(text, encoding="utf-8")
    assert mutate.main(["--pack", "pt", "--cases", str(tmp_path)]) == code
    said = capsys.readouterr()
    assert says in said.out + said.err
