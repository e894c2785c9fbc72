"""Small writes that must not be lost because the database is away for a moment."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import Error, InterfaceError, OperationalError, connection

log = logging.getLogger("trato.work")

#: Classes of SQLSTATE that pass by themselves: connection, rolled back (deadlock), resources (disk full), shutdown.
_PASSING = ("08", "40", "53", "57")
PATIENCE_SECONDS = 10.0


def passing(error: BaseException) -> bool:
    """Whether a failure says nothing about the work itself: the database was away, full, or undid a deadlock."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or str(state)[:2] in _PASSING


def persistently(write: Callable[[], None], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Do `write`, a whole transaction, and do it again while the database is away. Raises its last error in the end."""
    until, pause = time.monotonic() + seconds, 0.1
    while True:
        try:
            write()
            return
        except Error as error:
            if not passing(error) or time.monotonic() + pause > until:
                raise
            log.warning("the database is away, trying again: %s", error)
        connection.close()
        time.sleep(pause)
        pause = min(1.0, pause * 2)
