"""Memory of a process: while it loads nothing is rubbish, and what was loaded stays.

Looking for rubbish while Django loads, and once more in all of it when the process ends, is nearly half of what a start
takes.
"""

from __future__ import annotations

import gc

#: New containers after which rubbish is looked for: rows come and go by the thousand, hardly any of them in circles.
CONTAINERS = 20_000


def load() -> None:
    """Call before everything is loaded, and `settle` afterwards."""
    gc.disable()


def settle() -> None:
    """Call once everything is loaded: it stays, and full collections would walk it again and again."""
    gc.freeze()
    gc.set_threshold(CONTAINERS)
    gc.enable()
