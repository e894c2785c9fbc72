"""`./run demo --write-worlds DIR`: plays the weeks of all stories side by side and keeps what came of them."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path

from collections_platform.demo.history import KEYS
from collections_platform.embedded import EmbeddedError
from collections_platform.runner.children import Child, end_all
from kernel.clock import machine_now


def write(target: Path, *, debtors: int = 0, days: int = 0) -> None:
    """Play and keep; the servers of the environment are empty and thrown away afterwards."""
    packs = import_module("compliance.rulesets")
    packs.load_rule_packs(now=machine_now(), author="system:demo")  # once, before three ask for them at once
    with tempfile.TemporaryDirectory(prefix="trato-world-") as name:
        folder = Path(name)
        python = [sys.executable, "-P", "-m", "collections_platform.demo.history"]
        tries = ["--debtors", str(debtors), "--days", str(days)]
        children = [Child(key, [*python, key, "--folder", str(folder), *tries], folder / f"{key}.log") for key in KEYS]
        try:
            for child in children:
                child.start()
            for child in children:
                if child.process is not None and child.process.wait():
                    raise EmbeddedError(f"{child.name}: {child.last_words()}")
        finally:
            end_all(children)
            for child in children:
                sys.stdout.write(child.log.read_text()[-3000:] if child.log.exists() else "")
        snapshot = import_module("collections_platform.demo.snapshot")
        for key in KEYS:
            file = target / snapshot.written(key).name
            sys.stdout.write(f"{file}: {snapshot.write(file, folder / key):,} bytes\n")
