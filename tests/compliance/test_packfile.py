"""Pack files that cannot be read are refused with the file, the line and what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.decide import load_packs
from compliance.decide.zones import PACKS_DIR
from compliance.editions import check_composes
from compliance.packfile import read_packs, read_text
from kernel.errors import DomainError

GOOD = """code: py
name: Paraguay
kind: country
iso2: PY
windows:
  mon: ["08:00", "19:00"]
windows_rule: {id: PY-HOURS, binding: statute}
caps:
  - {id: PY-CAP, scope: debtor, channels: all, count: 1, per: {value: 1, unit: local_days, kind: calendar}, spacing: null}
stop_rules:
  - {id: PY-STOP, when: opted_out, effect: deny, until: null}
"""


def test_a_good_pack_is_read_and_so_is_every_shipped_one() -> None:
    read = read_text(GOOD.encode(), "py.yaml")
    assert read is not None and read.pack().iso2 == "PY"
    assert len(read_packs(PACKS_DIR)) == len([one.pack() for one in read_packs(PACKS_DIR)]) >= 11


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('["08:00", "19:00"]', '["08:00", "19:0"', 7, "not YAML"),
        ('["08:00", "19:00"]', '["19:00", "08:00"]', 6, "end after they start"),
        ('["08:00", "19:00"]', '["8", "19"]', 6, 'written ["08:00", "20:00"]'),
        ('["08:00", "19:00"]', "[800, 1900]", 6, 'written ["08:00", "20:00"]'),
        ("count: 1, per", "cuont: 1, per", 9, "count is missing or not a whole number"),
        ("count: 1, per", "count: one, per", 9, "count is missing or not a whole number"),
        ("spacing: null}", "spacnig: null}", 9, "did you mean spacing?"),
        ("unit: local_days", "unit: hours", 9, "local_days"),
        ("id: PY-CAP, scope: debtor", "id: PY-CAP, scope: planet", 9, "scope is debtor, creditor or debt"),
        ("effect: deny", "effect: maybe", 11, "can only be deny"),
        ("windows:", "windws:", 5, "did you mean windows?"),
        ("windows_rule: {id: PY-HOURS, binding: statute}", "windows_rule: {binding: statute}", 5, "windows_rule.id"),
        ("name: Paraguay", "nome: Paraguay", 1, "needs name as text"),
        ("iso2: PY", "iso2: PY\niso2: PE", 5, "stands twice"),
        ("caps:\n", "caps: 7\nextra:\n", 8, "a list"),
        ("kind: country", "kind: country\nversion: two", 4, "version is a whole number"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, line: int, words: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    with pytest.raises(DomainError) as caught:
        read = read_text(text.encode(), "py.yaml")
        assert read is not None
        pack = read.pack()
        check_composes(read, pack, load_packs() | {pack.code: pack})
    assert str(caught.value).startswith(f"py.yaml:{line}:"), caught.value
    assert words in str(caught.value)


def test_no_pack_no_folder_and_two_of_one_code_are_said(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="No such file"):
        read_packs(tmp_path / "nowhere.yaml")
    with pytest.raises(DomainError, match="holds no rule pack"):
        read_packs(tmp_path)
    (tmp_path / "a.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "b.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "plans.yaml").write_text("zones: {}\n", "utf-8")  # no pack: left alone
    with pytest.raises(DomainError, match=r"a\.yaml and in b\.yaml"):
        read_packs(tmp_path)


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe\x00", b"- 1\n- 2\n", b"", b"code: [", b"&a [*a]", b"code: 2026-13-45", b"x" * 1_000_001]
)
def test_what_is_no_pack_at_all_is_refused(raw: bytes) -> None:
    try:
        read = read_text(raw, "x.yaml")
    except DomainError:
        return
    with pytest.raises(DomainError):
        assert read is not None
        read.pack()
