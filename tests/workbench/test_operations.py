"""Operations: work set aside is tried again or given up, doubtful sends are settled, the audit is read."""

from __future__ import annotations

import ast
import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance.models import RuleRelaxation
from kernel.clock import machine_now
from messaging.models import Note
from tenants import audit
from tenants.models import AuditEntry, InboundRoute, Job, RawInbound, Tenant, User
from tenants.scope import tenant_scope
from tests.factories import make_creditor, make_tenant, make_user
from workbench.operations.masking import masked
from workbench.operations.words import ACTIONS, SUBJECTS


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


def park(tenant: Tenant, task: str = "portfolio.import_check", subject: str = "") -> Job:
    now = machine_now()
    return Job.objects.create(
        tenant_id=tenant.id, task=task, subject=subject or str(uuid.uuid4()), due_at=now, tries=8, parked_at=now,
        error="ValueError: no", created_at=now,
    )  # fmt: skip


def body(tenant: Tenant, raw: bytes) -> RawInbound:
    route = InboundRoute.objects.create(tenant=tenant, kind="whatsapp", key=uuid.uuid4().hex)
    return RawInbound.objects.create(
        route=route, tenant_id=tenant.id, received_at=machine_now(), sha256="0" * 64, body=raw
    )


def test_a_job_is_tried_again(tenant):
    client, user = member(tenant)
    job = park(tenant)
    assert job.subject in client.get(at("operations", tenant)).content.decode()
    client.post(at("job-change", tenant, pk=job.pk, action="retry"))
    job.refresh_from_db()
    assert (job.parked_at, job.tries, job.error) == (None, 0, "")
    with tenant_scope(tenant.id):
        entry = AuditEntry.objects.get(action="job.retried")
    assert (entry.actor, entry.before["error"]) == (f"user:{user.id}", "ValueError: no")
    Job.objects.filter(pk=job.pk).delete()


def test_a_job_is_discarded_with_a_reason_only(tenant):
    client, _ = member(tenant)
    job = park(tenant)
    client.post(at("job-change", tenant, pk=job.pk, action="discard"), {"reason": "  "})
    assert Job.objects.filter(pk=job.pk).exists()
    client.post(at("job-change", tenant, pk=job.pk, action="discard"), {"reason": "a test of Meta's"})
    assert not Job.objects.filter(pk=job.pk).exists()
    with tenant_scope(tenant.id):
        assert AuditEntry.objects.get(action="job.discarded").reason == "a test of Meta's"


def test_a_job_that_is_at_work_is_left_alone(tenant):
    client, _ = member(tenant)
    job = park(tenant)
    Job.objects.filter(pk=job.pk).update(parked_at=None)
    client.post(at("job-change", tenant, pk=job.pk, action="discard"), {"reason": "x"})
    assert Job.objects.filter(pk=job.pk).exists()
    Job.objects.filter(pk=job.pk).delete()


def test_jobs_of_others_are_out_of_reach(tenant):
    job = park(tenant)
    other, _ = member(own := make_tenant("BR"))
    for action in ("retry", "discard"):
        other.post(at("job-change", own, pk=job.pk, action=action), {"reason": "x"})
    assert job.subject not in other.get(at("operations", own)).content.decode()
    with tenant_scope(tenant.id):
        creditor = make_creditor()
    limited, _ = member(tenant, creditor_ids=[creditor.id])
    assert job.subject not in limited.get(at("operations", tenant)).content.decode()
    assert limited.post(at("job-change", tenant, pk=job.pk, action="retry")).status_code == 403
    for role in ("supervisor", "auditor"):
        client, _ = member(tenant, role)
        assert client.post(at("job-change", tenant, pk=job.pk, action="retry")).status_code == 403
    job.refresh_from_db()
    assert job.parked_at is not None


def test_a_quarantined_body_is_shown_without_anybodys_data(tenant):
    client, _ = member(tenant)
    said = {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": {
        "contacts": [{"profile": {"name": "Guadalupe Muñoz"}, "wa_id": "5215512345678"}],
        "messages": [{"from": "5215512345678", "type": "text", "text": {"body": "perdí mi trabajo"}}],
    }}]}]}  # fmt: skip
    raw = body(tenant, json.dumps(said).encode())
    park(tenant, "messaging.inbound", str(raw.pk))
    page = client.get(at("inbound-body", tenant, pk=raw.pk)).content.decode()
    assert "whatsapp_business_account" in page
    for secret in ("Guadalupe", "5215512345678", "trabajo"):
        assert secret not in page
    other, _ = member(own := make_tenant("BR"))
    assert other.get(at("inbound-body", own, pk=raw.pk)).status_code == 404


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"[" * 100_000, b"not json: 55 5123 4567", b'{"a": NaN}'])
def test_any_bytes_can_be_masked(raw):
    text = masked(raw)
    assert "5123" not in text


def test_the_audit_is_filtered_paged_and_exported(tenant):
    client, user = member(tenant)
    thing = str(uuid.uuid4())
    with tenant_scope(tenant.id):
        for place in range(60):
            audit.record("rules.save", actor=f"user:{user.id}", subject="compliance.rulelayer", subject_id=thing,
                         before={"cap": place}, after={"cap": place + 1}, reason="=HYPERLINK(1)" if place == 59 else "")  # fmt: skip
        audit.record("clock.moved", actor="system:tenants", subject="tenants.tenant", subject_id=tenant.id)
    first = client.get(at("audit", tenant), {"object": thing}).context
    assert len(first["rows"]) == 50
    second = client.get(at("audit", tenant), {"object": thing, "cursor": first["next"]}).context
    assert (len(second["rows"]), second["next"]) == (10, "")
    row = first["rows"][0][0]
    assert [(change.name, change.before, change.after) for change in row.changes] == [("cap", "59", "60")]
    assert row.actor == user.name
    assert len(client.get(at("audit", tenant), {"person": "system"}).context["rows"]) == 1
    assert len(client.get(at("audit", tenant), {"action": "clock.moved"}).context["rows"]) == 1
    assert not client.get(at("audit", tenant), {"until": "2020-01-01"}).context["rows"]
    assert client.get(at("audit", tenant), {"day": "x", "cursor": "y"}).status_code == 200
    lines = client.get(at("audit", tenant), {"object": thing, "format": "csv"}).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 61
    assert ",'=HYPERLINK(1)" in lines[1]  # no spreadsheet runs it


@pytest.mark.parametrize("actor", ["system:tenants", "system:", "key:01a20098-e9d4", "user:nobody", "nobody"])
def test_every_actor_of_the_audit_has_words(tenant, actor):
    client, _ = member(tenant)
    with tenant_scope(tenant.id):
        audit.record("rules.save", actor=actor, subject="x", subject_id="theirs")
    rows = client.get(at("audit", tenant), {"object": "theirs"}).context["rows"]
    assert [bool(row.actor) for row, *_rest in rows] == [True]


@pytest.mark.parametrize(
    "value",
    ["2026-02-30T00:00Z", "2026-01-01T99:00:00+00:00", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59-12:00"],
)
def test_a_name_like_an_instant_breaks_no_audit(tenant, value):
    client, _ = member(tenant)
    with tenant_scope(tenant.id):
        audit.record(
            "creditor.save", actor="system:x", subject="x", subject_id="named", before={}, after={"name": value}
        )
    rows = client.get(at("audit", tenant), {"object": "named"}).context["rows"]
    assert [change.after for row, *_rest in rows for change in row.changes] == [value]


def test_where_a_clock_stood_is_told_before_where_it_went(tenant):
    client, _ = member(tenant)
    with tenant_scope(tenant.id):
        audit.record("clock.moved", actor="system:x", subject="x", subject_id="clock", after={"from": "a", "to": "b"})
    rows = client.get(at("audit", tenant), {"object": "clock"}).context["rows"]
    assert [change.after for row, *_rest in rows for change in row.changes] == ["a", "b"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_ask_for_nothing(tenant, day):
    client, _ = member(tenant)
    assert client.get(at("audit", tenant), {"day": day, "until": day}).status_code == 200


def test_the_audit_of_others_is_not_seen(tenant):
    with tenant_scope(tenant.id):
        audit.record("rules.save", actor="system:x", subject="x", subject_id="theirs")
    other, _ = member(own := make_tenant("BR"))
    assert not other.get(at("audit", own), {"object": "theirs"}).context["rows"]


TOP = Path(__file__).resolve().parents[2]
#: Calls whose first word is an action of the audit.
WRITERS = {"record", "_record", "_tell", "_note", "note", "write_down"}
#: What rooms write before their actions.
BEFORE = {"compliance/retention": "privacy.", "workbench/transparency": "debtor_page."}


def actions_written() -> set[str]:
    """Every action that some call writes into the audit, read from the code; those put together there first."""
    found = {f"conversation.{kind}" for kind in Note.Kind.values}
    found |= {f"rules.{state}" for state in RuleRelaxation.State.values if state != RuleRelaxation.State.OPEN}
    for room in ("compliance", "messaging", "monitoring", "portfolio", "tenants", "workbench", "collections_platform"):
        for path in (TOP / room).rglob("*.py"):
            before = next((text for part, text in BEFORE.items() if part in str(path)), "")
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(call, ast.Call):
                    continue
                function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                words = [each.value for each in call.args[:3] if isinstance(each, ast.Constant)]
                name = next((word for word in words if isinstance(word, str)), "")
                if function in WRITERS and re.fullmatch(r"[a-z_]+\.[a-z_]+", name):
                    found.add(name)
                elif function in ("write_down", "_note") and before and re.fullmatch(r"[a-z_]+", name):
                    found.add(before + name)
    return found


def test_every_action_of_the_audit_has_words():
    written = actions_written()
    assert len(written) > 90
    assert not {name for name in written if name not in ACTIONS and name not in SUBJECTS}


def test_what_is_kept_as_a_code_is_read_as_words(tenant):
    client, _user = member(tenant)
    with tenant_scope(tenant.id):
        audit.record("debtor.dispute", actor="system:x", subject="portfolio.debtor", subject_id=uuid.uuid4(),
                     after={"role": "agent", "counts": {"rows": 3, "debtors_created": 1}})  # fmt: skip
    [(row, action, _subject)] = client.get(at("audit", tenant), {"action": "debtor.dispute"}).context["rows"]
    assert action[0].isupper() and "debtor." not in action
    told = {change.name: change.after for change in row.changes}
    assert not [text for text in [*told, *told.values()] if "agent" in text.split() or "_" in text], told
