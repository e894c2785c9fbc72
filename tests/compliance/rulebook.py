"""Made-up countries for tests of editions: packs are everybody's, so no test may touch one that others rely on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from compliance.editions import approve, propose
from compliance.models import RulePackVersion
from compliance.packfile import PackFile, read_text
from kernel.clock import machine_now
from tenants.models import User
from tests.factories import unique

WEEK = ("mon", "tue", "wed", "thu", "fri")


def operator(*, password: str = "", **fields: Any) -> User:
    """Somebody who runs the platform; without a password (it takes long to hash) for all but the commands."""
    values: dict[str, Any] = {
        "email": f"op{unique()}@platform.example",
        "is_operator": True,
        "joined_at": machine_now(),
    }
    person = User(**(values | fields))
    person.set_password(password or None)
    person.save(force_insert=True)
    return person


def pack(code: str, *, hours: tuple[str, str] = ("09:00", "18:00"), **more: Any) -> dict[str, Any]:
    """A small pack of a country that ships none."""
    return {
        "code": code, "name": f"Made up {code}", "kind": "country", "iso2": code.upper(),
        "windows": {day: list(hours) for day in WEEK},
        "windows_rule": {"id": f"{code.upper()}-HOURS", "binding": "statute"}, **more,
    }  # fmt: skip


def file_of(data: dict[str, Any]) -> PackFile:
    """A document as a file that was read."""
    read = read_text(yaml.safe_dump(data, allow_unicode=True).encode(), f"{data['code']}.yaml")
    assert read is not None
    return read


def written(folder: Path, data: dict[str, Any]) -> Path:
    """A document as a file of a folder."""
    path = folder / f"{data['code']}.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def standing(data: dict[str, Any]) -> RulePackVersion:
    """The pack's first edition, proposed by one and approved by another: it holds for all time."""
    now = machine_now()
    (row,) = propose([file_of(data)], by=operator(), now=now)
    return approve(row.code, row.edition, by=operator(), now=now)
