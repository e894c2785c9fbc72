"""One stage for all scenarios of a test process. A scenario leaves it whole, or the next one fails too."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The product's processes, and an organisation connected to the sandbox."""
    with import_module("tests.chaos.stage").staged(tmp_path_factory.mktemp("stage")) as found:
        yield found
