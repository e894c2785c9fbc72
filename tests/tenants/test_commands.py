"""Operator commands: JSON when it is done, one clear line and an exit code when it is not."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from kernel.clock import machine_now
from kernel.ids import uuid7
from portfolio.models import Creditor
from tenants import jobs
from tenants.models import ApiKey, AuditEntry, Job, Membership, Tenant, User
from tenants.scope import tenant_scope
from tests import factories

TOP = Path(__file__).resolve().parents[2]


def run(*words, stdin=""):
    out = io.StringIO()
    before, sys.stdin = sys.stdin, io.StringIO(stdin)
    try:
        call_command(*words, stdout=out)
    finally:
        sys.stdin = before
    return json.loads(out.getvalue())


@pytest.fixture
def slug():
    return f"t{uuid7().hex[-12:]}"


def test_a_creditor_that_collects_its_own_gets_its_creditor(slug):
    answer = run(
        "create_tenant", "Móveis Sul", "--country", "BR", "--slug", slug, "--sandbox", "--clock", "2026-11-17T18:00Z",
        "--tax-id", "11222333000181", "--address", "Rua A, 1", "--contact", "+5511987654321",
    )  # fmt: skip
    tenant = Tenant.objects.get(slug=slug)
    assert answer["id"] == str(tenant.id)
    assert (tenant.sandbox, tenant.clock().now()) == (True, factories.NOON)
    with tenant_scope(tenant.id):
        creditor = Creditor.objects.get()
        assert answer["creditor"] == {"id": str(creditor.id), "external_id": "main"}
        assert (creditor.name, creditor.currency, creditor.language) == ("Móveis Sul", "BRL", "pt")
        assert (creditor.tax_id, creditor.address, creditor.contact) == ("11222333000181", "Rua A, 1", "+5511987654321")
        assert AuditEntry.objects.get(action="tenant.created").actor.startswith("operator:")


def test_an_agency_makes_its_creditors_itself(slug):
    assert run("create_tenant", "Cobros", "--country", "CO", "--slug", slug, "--kind", "agency")["creditor"] is None
    with tenant_scope(Tenant.objects.get(slug=slug).id):
        assert Creditor.objects.count() == 0


def test_half_an_organisation_is_never_left(slug):
    with pytest.raises(CommandError):
        run("create_tenant", "X", "--country", "BR", "--slug", slug, "--creditor", "x" * 200)
    assert not Tenant.objects.filter(slug=slug).exists()


def test_a_user_with_a_made_up_password(slug):
    run("create_tenant", "X", "--country", "MX", "--slug", slug)
    answer = run("create_user", f"{slug}@mail.example", "--tenant", slug, "--role", "admin", "--name", "Ana")
    assert User.objects.get(email=f"{slug}@mail.example").check_password(answer["password"])
    again = run("create_tenant", "Y", "--country", "MX", "--slug", f"{slug}y") and run(
        "create_user", f"{slug}@mail.example", "--tenant", f"{slug}y", "--role", "agent"
    )
    assert "password" not in again and again["new"] is False


def test_a_user_with_a_password_from_standard_input(slug):
    run("create_tenant", "X", "--country", "MX", "--slug", slug)
    words = ["create_user", f"{slug}@mail.example", "--tenant", slug, "--role", "agent", "--password-stdin"]
    with pytest.raises(CommandError, match="standard input is empty"):
        run(*words)
    assert "password" not in run(*words, stdin="correct horse battery staple\n")
    assert User.objects.get(email=f"{slug}@mail.example").check_password("correct horse battery staple")


def test_a_creditors_own_people(slug):
    run("create_tenant", "X", "--country", "MX", "--slug", slug)
    words = ["create_user", f"{slug}@mail.example", "--tenant", slug, "--role", "creditor"]
    with pytest.raises(CommandError, match="name at least one"):
        run(*words)
    with pytest.raises(CommandError, match="there is no creditor nope here; there is main"):
        run(*words, "--creditor", "nope")
    answer = run(*words, "--creditor", "main")
    membership = Membership.objects.get(user_id=answer["id"])
    assert [str(creditor) for creditor in membership.creditor_ids or []] == answer["creditors"]


def test_a_key_is_shown_once_and_opens(slug):
    run("create_tenant", "X", "--country", "MX", "--slug", slug)
    answer = run(
        "create_api_key", "erp", "--tenant", slug, "--scope", "portfolio:read", "--creditor", "main", "--days", "30"
    )
    key = ApiKey.objects.get(pk=answer["id"])
    assert answer["key"].startswith(f"trato_{key.prefix}_")
    assert key.scopes == ["portfolio:read"] and len(key.creditor_ids or []) == 1
    assert key.expires_at is not None and 29 <= (key.expires_at - machine_now()).days <= 30
    with pytest.raises(CommandError, match="at least one day"):
        run("create_api_key", "erp", "--tenant", slug, "--days", "0")


def test_stopping_twice_is_no_error(slug):
    run("create_tenant", "X", "--country", "MX", "--slug", slug)
    assert run("stop_sending", slug, "--reason", "noise")["changed"] is True
    assert run("stop_sending", slug, "--reason", "noise") == run("stop_sending", slug, "--reason", "noise")
    assert run("stop_sending", slug, "--reason", "mended", "--resume")["sending"] == "running"


def test_parked_jobs_are_shown_and_tried_again(slug):
    run("create_tenant", "X", "--country", "MX", "--slug", slug)
    tenant = Tenant.objects.get(slug=slug)
    jobs.enqueue(f"test.{slug}", "a", tenant_id=tenant.id)
    [job] = jobs.lease(now=machine_now(), tenant_id=tenant.id)
    jobs.park(job, "the bank is on fire")
    answer = run("jobs", "--tenant", slug, "--parked")
    assert (answer["waiting"], answer["parked"], answer["jobs"][0]["error"]) == (0, 1, "the bank is on fire")
    assert run("jobs", "retry", "--tenant", slug) == {"retried": [job.id]}
    assert run("jobs", "--tenant", slug)["parked"] == 0
    with pytest.raises(CommandError, match="not parked"):
        run("jobs", "retry", str(job.id))
    Job.objects.filter(pk=job.id).delete()


def shell(*words):
    return subprocess.run(
        [sys.executable, str(TOP / "manage.py"), *words], capture_output=True, text=True, env=os.environ.copy(), cwd=TOP
    )


@pytest.mark.slow
def test_exit_codes_and_one_line_on_standard_error():
    missing = shell("stop_sending", "no-such-organisation", "--reason", "x")
    assert missing.returncode == 1 and missing.stdout == ""
    assert "there is no organisation no-such-organisation" in missing.stderr
    assert "Traceback" not in missing.stderr
    misunderstood = shell("create_user", "a@b.example")
    assert misunderstood.returncode == 2
    assert "--tenant" in misunderstood.stderr


def test_migrate_runs_as_the_owner_and_waits_for_no_lock(monkeypatch):
    waited = []
    owner = connections["owner"]

    def look(self, *args, **options):
        with owner.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            waited.append((options["database"], cursor.fetchone()[0]))

    monkeypatch.setattr("django.core.management.commands.migrate.Command.handle", look)
    call_command("migrate", stdout=io.StringIO())
    assert waited == [("owner", "5s")]
    with owner.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone()[0] == "0"
