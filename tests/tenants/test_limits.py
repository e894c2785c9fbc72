"""How often a key may ask: three budgets, told in headers; without Redis nobody is turned away."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from tenants import api as tenants_api
from tenants import limits
from tenants.scope import tenant_scope
from tests import factories
from tests.caller import Api

NOW = datetime(2026, 11, 21, 12, 0, 20, tzinfo=UTC)


@pytest.fixture
def api(monkeypatch, settings):
    settings.API_LIMITS = {"reads": 3, "writes": 2, "batches": 1}
    monkeypatch.setattr(limits, "_retry_redis_at", 0.0)
    at(monkeypatch, NOW)
    tenant = factories.make_tenant(frozen=True)
    with tenant_scope(tenant.id):
        factories.make_creditor(external_id="loja")
    return Api(tenant)


def at(monkeypatch, now):
    monkeypatch.setattr(tenants_api, "machine_now", lambda: now)


def test_one_too_many_waits_for_the_next_minute(api, monkeypatch):
    for left in (2, 1, 0):
        answer = api("get", "creditors")
        assert answer.status_code == 200
        assert answer["RateLimit-Policy"] == '"reads";q=3;w=60' and answer["RateLimit"] == f'"reads";r={left};t=40'
        assert answer["X-RateLimit-Remaining"] == str(left)
    refused = api("get", "creditors")
    assert (refused.status_code, refused["Retry-After"], refused["RateLimit"]) == (429, "40", '"reads";r=0;t=40')
    assert refused.json()["retryable"] and refused["Content-Type"] == "application/problem+json"
    at(monkeypatch, NOW.replace(minute=1))
    assert api("get", "creditors").status_code == 200


def test_reads_writes_batches_and_keys_are_counted_apart(api):
    for _ in range(4):
        api("get", "creditors")
    other = Api(api.key.tenant)
    assert [api("put", "creditors/loja", {"name": "Loja"}).status_code for _ in range(3)] == [200, 200, 429]
    batch = {"items": [{"external_id": "1", "name": "Ana"}]}
    assert [api("post", "creditors/loja/debtors:batch", batch).status_code for _ in range(2)] == [200, 429]
    assert other("get", "creditors").status_code == 200


def test_who_may_not_enter_is_not_counted(api):
    reader = Api(api.key.tenant, scopes=["messages:read"])
    assert [reader("get", "creditors").status_code for _ in range(5)] == [403] * 5


def test_without_redis_nobody_is_limited_and_nobody_waits(api, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    began = time.monotonic()
    answers = [api("get", "creditors") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 6 and "RateLimit" not in answers[0]
    assert time.monotonic() - began < 3


def test_zero_is_no_limit(api, settings):
    settings.API_LIMITS = {"reads": 0, "writes": 0, "batches": 0}
    assert "RateLimit" not in api("get", "creditors")
