"""A second pair of hands for a headless run: helps with what may be done in any order, when the run lets it.

`python -m collections_platform.headless.hand TENANT BATON`, started and ended by the run. Which work is shared, and
when, is the run's to say, or its counts would depend on which of two processes was faster.
"""

from __future__ import annotations

import mmap
import sys
import time
import uuid
from pathlib import Path

import django

#: What only looks at what was done, so that it does not matter when: scans, figures, seals, their verification.
LOOKS = ("scan", "figures", "seal", "verify")
#: What the hand may do, by the byte that the run writes: nothing; look; answer messages too; send too.
REST, LOOK, ANSWER, SEND = 0, 1, 2, 3
#: Before it looks again for something to do.
IDLE_SECONDS = 0.02
SHARED: dict[int, tuple[str, ...]] = {
    LOOK: LOOKS,
    ANSWER: ("messaging.react", *LOOKS),
    SEND: ("messaging.react", "dispatch", *LOOKS),
}


class Baton:
    """Two bytes that both processes see: what the run wants, and what the hand has understood."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            path.write_bytes(bytes(2))
        with open(path, "r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), 2)

    @property
    def wanted(self) -> int:
        return self._bytes[0]

    def understand(self, wish: int) -> None:
        """The hand: from now on I do this, and nothing else is in my hands any more."""
        self._bytes[1] = wish

    def say(self, wish: int, *, heard: bool) -> bool:
        """The run: do this. With `heard` it waits (a minute at most) until the hand has understood; False if it never did."""
        self._bytes[0] = wish
        until = time.monotonic() + 60
        while heard and self._bytes[1] != wish:
            if time.monotonic() > until:
                return False
            time.sleep(0.0005)
        return True


def main() -> None:
    """Serve until the process is ended."""
    django.setup()
    from tenants import work

    tenant_id, baton = uuid.UUID(sys.argv[1]), Baton(Path(sys.argv[2]))
    while True:
        wish = baton.wanted
        baton.understand(wish)
        done = wish != REST and work.pulse(seconds=1.0, tenant_id=tenant_id, only=SHARED[wish])
        pause = time.monotonic() + (0 if done else IDLE_SECONDS)
        while time.monotonic() < pause and baton.wanted == wish:  # the run waits until we have understood
            time.sleep(0.001)


if __name__ == "__main__":
    main()
