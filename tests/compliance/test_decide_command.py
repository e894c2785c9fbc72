"""`manage.py decide FILE`: what it prints, and its exit codes."""

from __future__ import annotations

import io
import json
import sys

import pytest
from django.core.management import call_command

from compliance.management.commands.decide import Command

GOOD = """
- id: A
  packs: [co]
  zones: [America/Bogota]
  at_utc: "2026-11-28T00:00:00Z"
  expect: {decision: deny, rules: [CO-HOURS], next_allowed_utc: "2026-11-28T13:00:00Z"}
"""


def run(path, *arguments):
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command(Command(stdout=out, stderr=err, no_color=True), str(path), *arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def test_one_json_object_per_case(tmp_path):
    file = tmp_path / "cases.yaml"
    file.write_text(GOOD)
    code, rows, err = run(file, "--lang", "en")
    assert (code, err) == (0, "")
    assert rows == [
        {
            "id": "A",
            "verdict": "defer",
            "decision": "deny",
            "rules": ["CO-HOURS"],
            "next_allowed_utc": "2026-11-28T13:00:00Z",
            "explanation": rows[0]["explanation"],
        }
    ]
    assert rows[0]["explanation"][-1] == "It may be sent from Saturday 28 November, 08:00, Bogotá time."


def test_check_passes_and_fails(tmp_path):
    file = tmp_path / "cases.yaml"
    file.write_text(GOOD)
    code, _, err = run(file, "--check")
    assert (code, err) == (0, "1 of 1 cases as expected\n")
    file.write_text(GOOD.replace("CO-HOURS", "CO-CLOSED-HOL"))
    code, rows, err = run(file, "--check")
    assert code == 1
    assert len(rows) == 1
    assert "A: rules: expected ['CO-CLOSED-HOL'], got ['CO-HOURS']" in err


@pytest.mark.parametrize("text", ["cases: [", GOOD.replace("[co]", "[xx]"), ""])
def test_bad_input_is_one_line_and_exit_2(tmp_path, text):
    file = tmp_path / "cases.yaml"
    file.write_text(text)
    code, rows, err = run(file, "--check")
    assert (code, rows) == (2, [])
    assert err.count("\n") == 1
    assert str(file) in err


def test_a_missing_file_is_exit_2(tmp_path):
    code, _, err = run(tmp_path / "none.yaml")
    assert code == 2
    assert "No such file or directory; expected a file of cases" in err


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(GOOD))
    code, rows, _ = run("-", "--lang", "pt")
    assert code == 0
    assert rows[0]["explanation"][-1].startswith("Pode ser enviada a partir de sábado")
