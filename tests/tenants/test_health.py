"""Whether we live and whether we can work, told to whoever watches."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core import checks
from django.db import OperationalError, connections
from django.test import Client

from tenants import views
from tenants.checks import lease_outlives_tasks, runtime_role


@pytest.fixture
def client():
    return Client()


def test_alive(client):
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response["X-Request-Id"]


def test_ready(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok", "redis": "ok"}


def test_a_dead_redis_is_said_and_we_work_on(client, monkeypatch):
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    response = client.get("/readyz")
    assert response.status_code == 200
    assert "work waits in the database" in response.json()["redis"]


def test_a_dead_database_is_not_ready_but_alive(client, monkeypatch):
    class Dead:
        def cursor(self):
            raise OperationalError("gone")

    monkeypatch.setattr(views, "connection", Dead())
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (503, "not ready")
    assert client.get("/healthz").status_code == 200


def test_a_role_that_steps_over_the_wall_is_not_ready(client, monkeypatch):
    class Strong:
        def cursor(self):
            return self

        def __enter__(self):
            return self

        def __exit__(self, *exc):
            return None

        def execute(self, sql):
            self.row = (True,)

        def fetchone(self):
            return self.row

    monkeypatch.setattr(views, "connection", Strong())
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "bypasses" in response.json()["database"]


def test_every_answer_has_a_request_id_of_its_own(client):
    assert client.get("/healthz")["X-Request-Id"] != client.get("/healthz")["X-Request-Id"]


def test_the_checks_pass_here():
    assert runtime_role(databases=["default"]) == []
    assert runtime_role(databases=None) == []
    assert lease_outlives_tasks() == []


def test_the_checks_are_registered():
    assert runtime_role in checks.registry.registry.get_checks(include_deployment_checks=True)
    assert lease_outlives_tasks in checks.registry.registry.get_checks()


def test_the_owner_as_run_time_role_is_refused(monkeypatch):
    monkeypatch.setattr("tenants.checks.connections", {"default": connections["owner"]})
    [error] = runtime_role(databases=["default"])
    assert error.id == "tenants.E002"
    assert "owns tables" in error.msg


def test_a_lease_shorter_than_a_task_is_refused(monkeypatch):
    monkeypatch.setattr(settings, "LEASE_SECONDS", settings.CELERY_TASK_TIME_LIMIT)
    assert [error.id for error in lease_outlives_tasks()] == ["tenants.E003"]
