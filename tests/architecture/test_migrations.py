"""The migrations say what the models say, and nothing of the models' walls was left out of them."""

from __future__ import annotations

from io import StringIO

from django.apps import apps
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from tenants.models import TenantModel
from tenants.walls import walls_of


def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_every_migration_has_run():
    executor = MigrationExecutor(connections["default"])
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_the_walls_of_every_model_stand_in_the_migrations():
    executor = MigrationExecutor(connections["default"])
    state: ProjectState = executor.loader.project_state()
    for model in apps.get_models():
        if issubclass(model, TenantModel):
            written = state.models[model._meta.app_label, model._meta.model_name or ""].options["constraints"]
            for wall in walls_of(model):
                assert wall in written, f"{model._meta.label} lacks {wall.name}"
