"""Entry of `./run COMMAND`: errors of the surroundings become one line, Ctrl-C a clean end."""

import sys
from importlib import import_module

from collections_platform.embedded import EmbeddedError
from collections_platform.runner.browser_files import NoBrowserFiles
from collections_platform.runner.surroundings import end_in_order

COMMANDS = ("demo", "test", "bench", "chaos", "mutate", "manage", "lock")


def main(argv: list[str]) -> int:
    """Run one command; returns its exit code."""
    if not argv or argv[0] not in COMMANDS:
        sys.stderr.write(f"Commands: {', '.join(COMMANDS)}\n")
        return 2
    end_in_order()
    # Only the module of this command is loaded: `lock` must work where half of the packages are missing.
    command = import_module(f"collections_platform.runner.{argv[0]}")
    try:
        return int(command.main(argv[1:]))
    except (EmbeddedError, NoBrowserFiles) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
