"""Audit entries: who, what, before, after; in the log with their hash; for good."""

from __future__ import annotations

import pytest
from django.db import Error

from tenants import audit
from tenants.audit import audit_digest
from tenants.events import sequence
from tenants.models import AuditEntry, Event
from tenants.scope import tenant_scope
from tests import factories


@pytest.fixture
def tenant():
    return factories.make_tenant()


def record(**fields):
    values = {"actor": "user:1", "subject": "portfolio.creditor", "subject_id": "7", "after": {"name": "Ñandú"}}
    return audit.record("creditor.changed", **(values | fields))


def test_an_entry_stands_in_the_log_with_its_hash(tenant):
    with tenant_scope(tenant.id):
        entry = record(before={"name": "x"}, reason="a typing error")
    while sequence():
        pass
    with tenant_scope(tenant.id):
        event = Event.objects.get(subject_id=entry.id)
        stored = AuditEntry.objects.get(pk=entry.pk)
        assert (event.name, event.digest) == ("audit.recorded", audit_digest(stored))
        assert (stored.before, stored.after, stored.reason) == ({"name": "x"}, {"name": "Ñandú"}, "a typing error")


@pytest.mark.parametrize("field", ["actor", "action", "subject", "subject_id", "reason", "before", "after"])
def test_the_hash_covers_every_field(tenant, field):
    with tenant_scope(tenant.id):
        entry = record()
    before = audit_digest(entry)
    setattr(entry, field, {"other": 1} if field in ("before", "after") else "other")
    assert audit_digest(entry) != before


def test_an_entry_goes_with_what_it_is_about(tenant):
    with pytest.raises(KeyError), tenant_scope(tenant.id):
        record()
        raise KeyError
    with tenant_scope(tenant.id):
        assert AuditEntry.objects.count() == 0


def test_entries_are_never_changed(tenant):
    with tenant_scope(tenant.id):
        record()
    for change in (lambda rows: rows.update(actor="nobody"), lambda rows: rows.delete()):
        with pytest.raises(Error), tenant_scope(tenant.id):
            change(AuditEntry.objects.all())


def test_a_limited_person_leaves_entries_about_their_creditor(tenant):
    with tenant_scope(tenant.id):
        ours, theirs = factories.make_creditor(), factories.make_creditor()
    with tenant_scope(tenant.id, creditor_ids=[ours.id]):
        record(creditor_id=ours.id)
        assert AuditEntry.objects.count() == 1
    with tenant_scope(tenant.id, creditor_ids=[theirs.id]):
        assert AuditEntry.objects.count() == 0
