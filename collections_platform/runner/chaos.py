"""./run chaos [--rounds N]: kill -9 web and workers, stop Redis and the database in the middle of the work.

The scenarios are the tests in tests/chaos; `./run test` plays a few rounds of each, this command many.
"""

import argparse
import os
import sys

from collections_platform.runner.children import run_in_group
from collections_platform.runner.surroundings import without_settings

ROUNDS = 20
ROUNDS_VARIABLE = "TRATO_CHAOS_ROUNDS"


def main(argv: list[str]) -> int:
    """Play the scenarios one after the other, on servers of their own; the exit code is pytest's."""
    parser = argparse.ArgumentParser(prog="./run chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"kills per scenario (default {ROUNDS})")
    arguments, passed_on = parser.parse_known_args(argv)
    environ = without_settings(os.environ) | {ROUNDS_VARIABLE: str(arguments.rounds)}
    command = [sys.executable, "-m", "pytest", "tests/chaos", "-v", *passed_on]
    return run_in_group(command, environ)
