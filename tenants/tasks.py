"""Celery's way in: tasks carry ids, hold no rules, and may run twice."""

from __future__ import annotations

import logging
from contextlib import suppress

from celery import current_app, shared_task
from django.db import transaction

from tenants import work

log = logging.getLogger("trato.work")


@shared_task(name="tenants.pulse", ignore_result=True)
def pulse() -> None:
    """Number events, then serve due lanes and jobs."""
    work.pulse(seconds=10.0)


def nudge() -> None:
    """After the commit, ask for a pulse now instead of at the next second. Losing the nudge loses nothing."""

    def publish() -> None:
        with suppress(Exception):  # Redis may be dead: beat finds the work when it is back
            current_app.send_task("tenants.pulse", retry=False, expires=5)

    transaction.on_commit(publish, robust=True)
