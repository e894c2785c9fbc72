"""The demo's door: people enter as anybody with one click. It exists on the demo's own embedded database and nowhere else.

`./run demo` names its data folder in DEMO_DOOR. Whoever sets that anywhere else gets no start at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def opens(mode: str, database: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> str:
    """The demo's data folder when the door exists, else ''.

    Raises ImproperlyConfigured when it was asked for where it must never be.
    """
    folder = (os.environ if environ is None else environ).get("DEMO_DOOR", "")
    if not folder:
        return ""
    if mode != "demo":
        raise ImproperlyConfigured(
            f"DEMO_DOOR lets anybody in without a password and TRATO_MODE is {mode}: unset DEMO_DOOR and start again"
        )
    if database.get("HOST") not in LOOPBACK or int(database.get("PORT") or 0) != embedded_port(Path(folder)):
        raise ImproperlyConfigured(
            "DEMO_DOOR lets anybody in without a password and DATABASE_URL is not the demo's own database: "
            "unset DEMO_DOOR and start again"
        )
    return folder


def embedded_port(folder: Path) -> int:
    """On which port a data folder's own PostgreSQL runs; -1 when none does."""
    try:
        return int(json.loads((folder / "run" / "state.json").read_text())["running"]["postgres"]["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return -1
