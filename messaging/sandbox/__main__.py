"""`python -m messaging.sandbox --port N --state DIR --seed N`; one process may serve several sandboxes."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from messaging.sandbox.agenda import parse_instant
from messaging.sandbox.app import create_app
from messaging.sandbox.config import Config
from messaging.sandbox.journal import JournalTooNew
from messaging.sandbox.serve import serve


def main() -> int:
    """Serve the sandbox until interrupted; 1 when it cannot start."""
    parser = argparse.ArgumentParser(
        prog="python -m messaging.sandbox", description="A WhatsApp Cloud API for demos, tests and training."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument(
        "--state", type=Path, default=None, help="directory of the journal; without it everything is in memory"
    )
    parser.add_argument(
        "--also", action="append", default=[], metavar="PORT=DIR", help="another sandbox with its own clock and people"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--now", type=parse_instant, default=None, metavar="RFC3339", help="let the clock stand still at this instant"
    )
    options = parser.parse_args()
    try:
        worlds = [(options.port, options.state)]
        worlds += [(int(port), Path(state)) for port, _, state in (each.partition("=") for each in options.also)]
        apps = [
            (port, create_app(Config(seed=options.seed, directory=state, start_us=options.now)))
            for port, state in worlds
        ]
        asyncio.run(serve(apps, options.host))
    except (OSError, JournalTooNew) as error:
        sys.stderr.write(f"The sandbox did not start: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
