"""python -m collections_platform.embedded start|stop|keep --data FOLDER"""

import argparse
import sys
from pathlib import Path

from collections_platform.embedded import EmbeddedError, hold, keeper, stop


def main() -> int:
    """`start` prints the addresses as NAME=value lines and leaves the servers running; `stop` ends them."""
    parser = argparse.ArgumentParser(prog="collections_platform.embedded", description=__doc__)
    parser.add_argument("action", choices=("start", "stop", "keep"))
    parser.add_argument("--data", type=Path, default=Path(".trato"))
    arguments = parser.parse_args()
    if arguments.action == "keep":
        keeper.main(str(arguments.data))
    try:
        if arguments.action == "start":
            for name, value in sorted(hold(arguments.data).environ().items()):
                sys.stdout.write(f"{name}={value}\n")
            return 0
        if stop(arguments.data):
            return 0
    except EmbeddedError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stderr.write("Another command still uses the servers; they stop when it ends.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
