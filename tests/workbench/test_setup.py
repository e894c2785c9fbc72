"""The administrators' pages: who may see them, the checklist, the profile, and the switch that stops what leaves."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portfolio.models import Creditor
from tenants.models import AuditEntry, Tenant, User
from tenants.scope import tenant_scope
from tests.factories import make_creditor, make_debtor, make_invoice, make_number, make_tenant, make_user

PAGES = (
    "setup", "organisation", "sending", "people", "people-invite", "numbers", "number-connect", "imports", "import-new",
    "keys", "key-new", "operations", "uncertain", "audit", "quick-replies",
)  # fmt: skip
OPEN_TO = {
    "admin": set(PAGES),
    "auditor": set(PAGES) - {"people-invite", "number-connect", "import-new", "key-new"},
    "supervisor": {"sending", "numbers", "imports", "quick-replies"},
    "agent": set(),
    "creditor": set(),
}


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


@pytest.mark.parametrize("role", OPEN_TO)
def test_each_role_sees_its_pages_and_no_other(tenant, role):
    client, _ = member(tenant, role, **({"creditor_ids": [uuid.uuid4()]} if role == "creditor" else {}))
    seen = {name for name in PAGES if client.get(at(name, tenant)).status_code == 200}
    assert seen == OPEN_TO[role]


def test_another_organisations_pages_are_not_there(tenant):
    client, _ = member(make_tenant("BR"))
    assert {client.get(at(name, tenant)).status_code for name in PAGES} == {404}


def test_the_list_says_what_is_missing_and_what_stands(tenant):
    client, _ = member(tenant)
    empty = client.get(at("setup", tenant)).context
    assert empty["next"].key == "creditors"
    assert {point.key for point in empty["points"] if point.state == "todo"} >= {"creditors", "number", "portfolio"}
    with tenant_scope(tenant.id):
        creditor = make_creditor()
        make_number()
        make_invoice(make_debtor(creditor))
    points = {point.key: point for point in client.get(at("setup", tenant)).context["points"]}
    assert (points["creditors"].state, points["number"].state, points["portfolio"].state) == ("done", "done", "done")
    assert points["webhook"].state == "todo"  # nothing has come in yet, whatever is configured


def test_a_creditor_whose_messages_would_lack_something_is_named(tenant):
    client, _ = member(tenant)
    with tenant_scope(tenant.id):
        make_creditor(name="Acme", legal_name="", pay_to={})
    point = client.get(at("setup", tenant)).context["points"][0]
    assert point.state == "look"
    assert "Acme" in point.notes[0]


def test_the_checklist_asks_as_often_whatever_its_rows(tenant, django_assert_max_num_queries):
    client, _ = member(tenant)
    with tenant_scope(tenant.id):
        for _ in range(6):
            make_creditor()
    with django_assert_max_num_queries(32):
        client.get(at("setup", tenant))


def test_the_profile_is_changed_and_stands_in_the_audit(tenant):
    client, user = member(tenant)
    assert client.post(at("organisation", tenant), {"name": "", "language": "es"}).status_code == 422
    assert client.post(at("organisation", tenant), {"name": "Nueva", "language": "pt-br"}).status_code == 302
    tenant.refresh_from_db()
    assert (tenant.name, tenant.language) == ("Nueva", "pt-br")
    with tenant_scope(tenant.id):
        entry = AuditEntry.objects.get(action="organisation.changed")
    assert (entry.actor, entry.after["name"]) == (f"user:{user.id}", "Nueva")


def switch(tenant: Tenant, kind: str, pk: Any) -> str:
    return at("sending-change", tenant, kind=kind, pk=pk)


def test_stopping_everything_asks_for_a_reason_and_is_seen_everywhere(tenant):
    client, user = member(tenant)
    address = switch(tenant, "organisation", tenant.id)
    assert client.get(address).status_code == 200
    assert client.post(address, {"send": "0", "reason": " "}).status_code == 422
    tenant.refresh_from_db()
    assert tenant.sending_stopped_at is None
    assert client.post(address, {"send": "0", "reason": "wrong template"}).status_code == 302
    tenant.refresh_from_db()
    assert tenant.sending_stopped_reason == "wrong template"
    for name in ("setup", "people", "audit"):
        assert b"stop-bar" in client.get(at(name, tenant)).content
    assert client.post(address, {"send": "1", "reason": "mended"}).status_code == 302
    tenant.refresh_from_db()
    assert tenant.sending_stopped_at is None
    assert b"stop-bar" not in client.get(at("people", tenant)).content
    with tenant_scope(tenant.id):
        told = list(
            AuditEntry.objects.filter(action__startswith="sending.")
            .order_by("id")
            .values_list("action", "actor", "reason")
        )
    assert told == [
        ("sending.stopped", f"user:{user.id}", "wrong template"), ("sending.resumed", f"user:{user.id}", "mended"),
    ]  # fmt: skip


def test_one_creditor_or_one_number_is_stopped_alone(tenant):
    client, _ = member(tenant, "supervisor")
    with tenant_scope(tenant.id):
        creditor, other, number = make_creditor(), make_creditor(), make_number()
    client.post(switch(tenant, "creditor", creditor.id), {"send": "0", "reason": "complaint"})
    client.post(switch(tenant, "number", number.id), {"send": "0", "reason": "quality"})
    with tenant_scope(tenant.id):
        stopped = dict(Creditor.objects.values_list("id", "sending_stopped_reason"))
        number.refresh_from_db()
    assert (stopped[creditor.id], stopped[other.id]) == ("complaint", "")
    assert number.stopped_reason == "quality"
    assert client.get(at("sending", tenant)).content.count(b"complaint") >= 1


def test_who_sees_one_creditor_stops_that_one_only(tenant):
    with tenant_scope(tenant.id):
        mine, other = make_creditor(), make_creditor()
    client, _ = member(tenant, "supervisor", creditor_ids=[mine.id])
    assert client.post(switch(tenant, "creditor", other.id), {"send": "0", "reason": "x"}).status_code == 404
    assert client.post(switch(tenant, "organisation", tenant.id), {"send": "0", "reason": "x"}).status_code == 404
    assert client.post(switch(tenant, "creditor", mine.id), {"send": "0", "reason": "x"}).status_code == 302


@pytest.mark.parametrize("role", ["agent", "auditor"])
def test_nobody_else_stops_anything(tenant, role):
    client, _ = member(tenant, role)
    assert client.post(switch(tenant, "organisation", tenant.id), {"send": "0", "reason": "x"}).status_code == 403
    assert (
        client.post(switch(make_tenant("BR"), "organisation", tenant.id), {"send": "0", "reason": "x"}).status_code
        == 404
    )


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_every_page_on_which_something_is_set_is_one_click_away(tenant, role):
    client, _ = member(tenant, role)
    page = client.get(at("setup", tenant)).content.decode()
    for name in ("templates", "sequences", "rules", "creditors", "rules-calendar", "quick-replies", "people", "numbers",
                 "imports", "keys", "operations", "audit", "organisation", "sending"):  # fmt: skip
        address = at(name, tenant)
        assert f'href="{address}"' in page, name
        assert client.get(address).status_code == 200, name
