"""The people's pages."""

from __future__ import annotations

from django.apps import AppConfig


class WorkbenchConfig(AppConfig):
    """No tables and no rules: pages over the rooms below."""

    name = "workbench"
