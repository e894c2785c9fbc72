"""Sealed values open for their organisation and purpose only; master keys can change; hashes tell nothing."""

from __future__ import annotations

import os

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import DomainError
from tenants import secrets
from tenants.models import TenantSecretKey
from tenants.scope import NoScope, tenant_scope
from tests import factories
from tests.tenants.threads import workers


@pytest.fixture(scope="module")
def tenant(django_db_blocker):
    with django_db_blocker.unblock():
        return factories.make_tenant()


@pytest.fixture
def fresh():
    """A tenant whose keys this process has not opened."""
    return factories.make_tenant()


@pytest.fixture
def masters(monkeypatch):
    """Replace the master keys; a changed key means a new process, which has opened nothing."""

    def replace(**keys):
        monkeypatch.setattr(settings, "MASTER_KEYS", keys)
        monkeypatch.setattr(secrets, "_opened", {})
        monkeypatch.setattr(secrets, "_newest", {})

    return replace


@given(text=st.text(min_size=1, max_size=300), purpose=st.text(max_size=20))
def test_what_is_sealed_opens(tenant, text, purpose):
    with tenant_scope(tenant.id):
        sealed = secrets.seal(text, purpose=purpose)
        assert text not in sealed or len(text) < 4
        assert secrets.unseal(sealed, purpose=purpose) == text


def test_empty_stays_empty(tenant):
    with tenant_scope(tenant.id):
        assert secrets.seal("", purpose="x") == "" == secrets.unseal("", purpose="x")


def test_the_same_text_never_looks_the_same(tenant):
    with tenant_scope(tenant.id):
        assert secrets.seal("529.982.247-25", purpose="document") != secrets.seal("529.982.247-25", purpose="document")


def test_another_purpose_does_not_open_it(tenant):
    with tenant_scope(tenant.id):
        sealed = secrets.seal("token", purpose="whatsapp.token")
        with pytest.raises(DomainError) as refused:
            secrets.unseal(sealed, purpose="document")
    assert refused.value.code == "secret_unreadable"
    assert "token" not in str(refused.value)


def test_another_tenant_does_not_open_it(tenant, fresh):
    with tenant_scope(tenant.id):
        sealed = secrets.seal("token", purpose="x")
    with tenant_scope(fresh.id):
        secrets.seal("something", purpose="x")
        with pytest.raises(DomainError):
            secrets.unseal(sealed, purpose="x")


def test_not_even_with_the_other_tenants_key_smuggled_in(tenant, fresh):
    with tenant_scope(tenant.id):
        sealed = secrets.seal("token", purpose="x")
        stolen = TenantSecretKey.objects.get()
    with tenant_scope(fresh.id):
        TenantSecretKey.objects.create(
            key_id=stolen.key_id, master_id=stolen.master_id, wrapped=stolen.wrapped, created_at=factories.NOON
        )
        with pytest.raises(DomainError):
            secrets.unseal(sealed, purpose="x")


@pytest.mark.parametrize(
    "broken", ["v1", "v1.x", "v1.nokey.AAAA", "v2.{id}.{body}", "v1.{id}.!", "v1.{id}.", "v1.{id}.{cut}", "plain text"]
)
def test_damage_is_said_and_nothing_opens(tenant, broken):
    with tenant_scope(tenant.id):
        _, key_id, body = secrets.seal("token", purpose="x").split(".")
        with pytest.raises(DomainError):
            secrets.unseal(broken.format(id=key_id, body=body, cut=body[:-8]), purpose="x")


def test_a_new_master_key_opens_the_old_and_seals_the_new(fresh, masters):
    old, new = os.urandom(32), os.urandom(32)
    masters(old=old)
    with tenant_scope(fresh.id):
        first = secrets.seal("first", purpose="x")
    masters(new=new, old=old)
    with tenant_scope(fresh.id):
        assert secrets.unseal(first, purpose="x") == "first"
        second = secrets.seal("second", purpose="x")
        assert secrets.rewrap() == 1
        assert secrets.rewrap() == 0
    masters(new=new)
    with tenant_scope(fresh.id):
        assert (secrets.unseal(first, purpose="x"), secrets.unseal(second, purpose="x")) == ("first", "second")
        secrets.seal("third", purpose="x")
    masters(other=os.urandom(32))
    with tenant_scope(fresh.id), pytest.raises(DomainError) as refused:
        secrets.unseal(first, purpose="x")
    assert refused.value.code == "master_key_missing"


def test_without_rewrapping_the_old_master_key_is_still_needed(fresh, masters):
    masters(old=os.urandom(32))
    with tenant_scope(fresh.id):
        sealed = secrets.seal("x", purpose="x")
    masters(new=os.urandom(32))
    with tenant_scope(fresh.id), pytest.raises(DomainError, match="MASTER_KEYS lacks the key old"):
        secrets.unseal(sealed, purpose="x")


def test_a_wrong_master_key_under_the_right_name_is_said(fresh, masters):
    masters(main=os.urandom(32))
    with tenant_scope(fresh.id):
        secrets.seal("x", purpose="x")
    masters(main=os.urandom(32))
    with tenant_scope(fresh.id), pytest.raises(DomainError, match="not the one that wrapped"):
        secrets.seal("y", purpose="x")


def test_no_secret_and_no_key_is_stored_in_the_open(fresh):
    with tenant_scope(fresh.id):
        sealed = secrets.seal("the token", purpose="x")
        key = secrets._opened[fresh.id, sealed.split(".")[1]]
        row = TenantSecretKey.objects.get()
    assert key not in bytes(row.wrapped)
    assert len(bytes(row.wrapped)) == 12 + 32 + 16


def test_a_key_that_was_rolled_back_seals_nothing_afterwards(fresh):
    with pytest.raises(KeyError), tenant_scope(fresh.id):
        secrets.seal("x", purpose="x")
        secrets.seal("y", purpose="x")
        raise KeyError
    with tenant_scope(fresh.id):
        sealed = secrets.seal("z", purpose="x")
        assert TenantSecretKey.objects.get().key_id == sealed.split(".")[1]
    secrets._opened.clear()
    with tenant_scope(fresh.id):
        assert secrets.unseal(sealed, purpose="x") == "z"


def test_sealing_much_asks_for_the_key_once(fresh, django_assert_num_queries):
    for _ in range(2):
        with tenant_scope(fresh.id):
            secrets.seal("x", purpose="x")
    with tenant_scope(fresh.id), django_assert_num_queries(0):
        for _ in range(10):
            secrets.seal("x", purpose="x")


def test_a_key_made_by_many_at_once_opens_everything(fresh):
    def work():
        with tenant_scope(fresh.id):
            return secrets.seal("x", purpose="x")

    sealed = workers(5, work)
    secrets._opened.clear()
    with tenant_scope(fresh.id):
        assert [secrets.unseal(value, purpose="x") for value in sealed] == ["x"] * 5


def test_equal_values_meet_inside_a_tenant_only(tenant, fresh):
    def hashed(owner, kind="document:CPF", value="52998224725"):
        with tenant_scope(owner.id):
            return secrets.lookup_hash(kind, value)

    assert hashed(tenant) == hashed(tenant)
    assert hashed(tenant) != hashed(fresh)
    assert hashed(tenant) != hashed(tenant, kind="document:CNPJ")
    assert len(hashed(tenant)) == 64


def test_the_hash_depends_on_the_key_that_is_not_in_the_database(tenant, monkeypatch):
    with tenant_scope(tenant.id):
        before = secrets.lookup_hash("document:CPF", "52998224725")
        monkeypatch.setattr(settings, "LOOKUP_KEY", os.urandom(32))
        assert secrets.lookup_hash("document:CPF", "52998224725") != before


def test_without_a_scope_nothing_opens():
    with pytest.raises(NoScope):
        secrets.seal("x", purpose="x")
    with pytest.raises(NoScope):
        secrets.lookup_hash("a", "b")
