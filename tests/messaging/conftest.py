"""Fixtures of the messaging tests. Imported before Django is set up, so they import what needs it themselves."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest


@pytest.fixture
def sandbox() -> Iterator[Any]:
    """A sandbox Cloud API of this test's own."""
    with import_module("tests.messaging.cloud").running_sandbox() as running:
        yield running


@pytest.fixture
def cloud(sandbox: Any) -> Any:
    """The sandbox with a Colombian organisation connected to it; both clocks stand at NOON."""
    return import_module("tests.messaging.cloud").connect(sandbox, "CO")
