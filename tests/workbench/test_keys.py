"""API keys on pages: shown once, rotated with an overlap, revoked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kernel.clock import machine_now
from tenants.models import ApiKey, AuditEntry, Tenant, User
from tenants.scope import tenant_scope
from tests.factories import make_creditor, make_key, make_tenant, make_user


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant("MX", sandbox=True)


def member(tenant: Tenant, role: str = "admin", **more: Any) -> tuple[Client, User]:
    user = make_user(tenant, role=role, **more)
    client = Client()
    client.force_login(user)
    return client, user


def at(name: str, tenant: Tenant, **parts: Any) -> str:
    return reverse(name, kwargs={"organisation": tenant.slug, **parts})


def works(text: str) -> int:
    return Client().get("/api/v1/creditors", headers={"Authorization": f"Bearer {text}"}).status_code


def text_of(answer: Any) -> str:
    found = re.search(r"trato_[0-9a-f]{8}_[\w-]{20,}", answer.content.decode())
    assert found, answer.content
    return found[0]


def test_a_key_is_shown_once_and_works(tenant):
    client, _ = member(tenant)
    answer = client.post(at("key-new", tenant), {"name": "ERP", "scopes": ["portfolio:read"], "days": "90"})
    text = text_of(answer)
    assert works(text) == 200
    listed = client.get(at("keys", tenant)).content.decode()
    assert text not in listed
    assert text.split("_")[1] in listed
    key = ApiKey.objects.get(tenant=tenant)
    assert key.expires_at is not None
    assert abs(key.expires_at - machine_now() - timedelta(days=90)) < timedelta(minutes=1)


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["root"]}, {"days": "9999"}])
def test_a_wrong_key_is_refused(tenant, wrong):
    client, _ = member(tenant)
    answer = client.post(at("key-new", tenant), {"name": "ERP", "scopes": ["portfolio:read"], "days": "90", **wrong})
    assert answer.status_code == 422
    assert not ApiKey.objects.filter(tenant=tenant).exists()


def test_a_rotated_key_works_beside_its_successor_for_a_while(tenant):
    client, user = member(tenant)
    old, headers = make_key(tenant)
    fresh = text_of(client.post(at("key-rotate", tenant, pk=old.pk), {"days": "7"}))
    assert (works(fresh), works(headers["Authorization"].split()[1])) == (200, 200)
    old.refresh_from_db()
    assert old.expires_at is not None
    assert abs(old.expires_at - machine_now() - timedelta(days=7)) < timedelta(minutes=1)
    newest = ApiKey.objects.latest("created_at")
    at_once = text_of(client.post(at("key-rotate", tenant, pk=newest.pk), {"days": "0"}))
    assert (works(at_once), works(fresh)) == (200, 401)
    with tenant_scope(tenant.id):
        assert AuditEntry.objects.filter(action="api_key.rotated", actor=f"user:{user.id}").count() == 2


def test_a_revoked_key_is_refused_and_not_rotated(tenant):
    client, _ = member(tenant)
    key, headers = make_key(tenant)
    client.post(at("key-revoke", tenant, pk=key.pk), {"reason": "leaked"})
    assert works(headers["Authorization"].split()[1]) == 401
    assert client.post(at("key-rotate", tenant, pk=key.pk), {"days": "7"}).status_code == 422


def test_nobody_else_touches_a_key(tenant):
    key, _ = make_key(tenant)
    for client in (member(tenant, "supervisor")[0], member(tenant, "auditor")[0]):
        assert client.post(at("key-revoke", tenant, pk=key.pk), {"reason": "x"}).status_code == 403
    other, _ = member(own := make_tenant("BR"))
    assert other.post(at("key-revoke", own, pk=key.pk), {"reason": "x"}).status_code == 404
    assert other.get(at("key-rotate", own, pk=key.pk)).status_code == 404
    with tenant_scope(tenant.id):
        creditor = make_creditor()
    limited, _ = member(tenant, creditor_ids=[creditor.id])
    assert limited.post(at("key-revoke", tenant, pk=key.pk), {"reason": "x"}).status_code == 403
    made = limited.post(at("key-new", tenant), {"name": "ERP", "scopes": ["portfolio:read"], "days": ""})
    assert made.status_code == 403
    key.refresh_from_db()
    assert key.revoked_at is None
