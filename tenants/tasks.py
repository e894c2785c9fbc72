"""Celery's way in: tasks carry ids, hold no rules, and may run twice."""

from __future__ import annotations

import logging
import os
import threading
import time

from celery import current_app, shared_task
from django.db import transaction

from tenants import work

log = logging.getLogger("trato.work")


@shared_task(name="tenants.pulse", ignore_result=True)
def pulse() -> None:
    """Number events, then serve due lanes and jobs."""
    work.pulse(seconds=10.0)


class _Publisher:
    """Asks for pulses from a thread of its own: whoever commits never waits for Redis, dead or slow.

    What is wanted within one moment is one pulse, so a broker without workers does not fill up either.
    """

    PAUSE_SECONDS = 0.02
    REST_SECONDS = 1.0

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.wanted = threading.Event()
        threading.Thread(target=self._run, name="nudge", daemon=True).start()

    def _run(self) -> None:
        while True:
            self.wanted.wait()
            self.wanted.clear()
            try:
                current_app.send_task("tenants.pulse", retry=False, expires=5)
                rest = self.PAUSE_SECONDS
            except Exception as error:  # Redis may be dead: beat finds the work when it is back
                log.debug("no pulse could be asked for: %s", error)
                rest = self.REST_SECONDS
            time.sleep(rest)


_publisher: _Publisher | None = None
_starting = threading.Lock()


def nudge() -> None:
    """After the commit, ask for a pulse now instead of at the next second. Losing the nudge loses nothing."""
    transaction.on_commit(_ask, robust=True)


def _ask() -> None:
    global _publisher
    with _starting:
        if _publisher is None or _publisher.pid != os.getpid():  # threads do not survive a fork
            _publisher = _Publisher()
    _publisher.wanted.set()
