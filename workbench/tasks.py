"""Celery's way into what the pages start: playing a sandbox organisation's days."""

from __future__ import annotations

import uuid
from datetime import timedelta

from celery import current_app, shared_task

from kernel.clock import machine_now
from tenants import jobs
from tenants.jobs import Leased
from tenants.scope import tenant_scope
from workbench.clock import play

AGAIN_SECONDS = 1.0


@shared_task(name="workbench.play", ignore_result=True)
def play_slice(tenant_id: str) -> None:
    """A slice of a play, and the wish for the next one."""
    if play.play_slice(uuid.UUID(tenant_id)):
        current_app.send_task("workbench.play", [tenant_id])


@jobs.handles(play.PLAY)
def watch(tenant_id: uuid.UUID, job: Leased) -> None:
    """Ask for a slice, now and again while the play lasts: a worker that died is replaced.

    A slice is a task of its own: inside a pulse it would wait for work that the same pulse holds.
    """
    jobs.postpone(job, until=machine_now() + timedelta(seconds=play.WATCH_SECONDS))
    current_app.send_task("workbench.play", [str(tenant_id)])


@jobs.handles(play.RUN_ON)
def run_on(tenant_id: uuid.UUID, job: Leased) -> None:
    """After a stop: the clocks run again as soon as the step has ended."""
    if not play.run_on(tenant_id):
        jobs.postpone(job, until=machine_now() + timedelta(seconds=AGAIN_SECONDS))
        return
    with tenant_scope(tenant_id):
        jobs.complete(job)
