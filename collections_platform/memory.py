"""Memory of processes that live long."""

from __future__ import annotations

import gc

#: New containers after which rubbish is looked for: rows come and go by the thousand, hardly any of them in circles.
CONTAINERS = 20_000


def settle() -> None:
    """Call once everything is loaded: it stays, and full collections would walk it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(CONTAINERS)
