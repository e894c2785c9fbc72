"""The Celery application: work carried over as many machines as needed; nothing in it may not be lost."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_init, worker_process_init

from collections_platform.memory import settle
from compliance.language import compiled

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collections_platform.settings")

app = Celery("trato")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Celery's "current app" is one per thread: without a default, a web thread's tasks would go to a broker nobody has.
app.set_default()


@worker_init.connect
def _prepare(**_: object) -> None:
    """Before the pool's processes are made, so that they share it."""
    compiled()


@worker_process_init.connect
def _settle(**_: object) -> None:
    """Each process of the pool for itself."""
    settle()
