"""`python -m tests.browser.hand DATA URL`: a process beside a running demo that looks into its database.

One JSON command a line on standard input, one JSON answer a line on standard output; the commands are in deeds.py.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import django

from collections_platform.runner.surroundings import product_environment


def main() -> None:
    """Until standard input ends."""
    data, url = Path(sys.argv[1]), sys.argv[2]
    os.environ["PUBLIC_URL"] = url
    with product_environment(data):
        django.setup()
        # Its modules read Django's settings, which exist from here on.
        commands = import_module("tests.browser.deeds").COMMANDS
        for line in sys.stdin:
            name, arguments = json.loads(line)
            try:
                answer: dict[str, Any] = {"ok": commands[name](**arguments)}
            except Exception as problem:  # told to the test, which fails with it
                answer = {"error": f"{type(problem).__name__}: {problem}"}
            sys.stdout.write(json.dumps(answer, default=str) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
