"""The composition root: settings, addresses, the task runner, the embedded servers. Nothing imports it."""

from collections_platform.celery import app as celery_app

__all__ = ["celery_app"]
