"""Celery's way in: tasks carry ids, hold no rules, and may run twice."""

from __future__ import annotations

import time

from celery import shared_task

from compliance.retention import runs

#: Of one turn, so that a task ends well before its hard end; beat's next one goes on with the rest.
SECONDS = 30.0


@shared_task(name="compliance.retention", ignore_result=True)
def retention() -> None:
    """Go on with the runs that are due: beat asks for it, and a process that may work as the tables' owner does it.

    The longest unserved organisation comes first, so that a large one does not starve the others.
    """
    until = time.monotonic() + SECONDS
    for tenant in runs.waiting():
        left = until - time.monotonic()
        if left <= 0:
            return
        runs.run_for(tenant, seconds=left)
