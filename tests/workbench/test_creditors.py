"""The creditors' pages: read by leaders, changed by an administrator, within their creditors, with a trace."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portfolio.models import Creditor
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.factories import make_creditor, make_debtor, make_tenant, make_user
from workbench.creditors import forms


@pytest.fixture
def org() -> Tenant:
    return make_tenant("MX", frozen=True)


def client_of(tenant: Tenant, role: str = "admin", **more: Any) -> Client:
    client = Client()
    client.force_login(make_user(tenant, role=role, **more))
    return client


def address(tenant: Tenant, rest: str = "") -> str:
    return f"/o/{tenant.slug}/creditors/{rest}"


def made(tenant: Tenant, **fields: Any) -> Creditor:
    with tenant_scope(tenant.pk):
        return make_creditor(**fields)


def again(row: Creditor) -> Creditor:
    assert row.tenant_id is not None
    with tenant_scope(row.tenant_id):
        return Creditor.objects.get(pk=row.pk)


def filled(row: Creditor, **more: Any) -> dict[str, str]:
    said = forms.of(row) | more
    return {name: str(value) for name, value in said.items() if value not in (None, False)}


def test_leaders_read_administrators_write_and_only_their_creditors(org: Tenant) -> None:
    mine, other = made(org), made(org)
    for role in ("supervisor", "auditor", "admin"):
        client = client_of(org, role)
        assert client.get(address(org)).status_code == client.get(address(org, f"{mine.pk}/")).status_code == 200
    assert client_of(org, "agent").get(address(org)).status_code == 403
    for role in ("supervisor", "auditor"):
        assert client_of(org, role).post(address(org, f"{mine.pk}/"), filled(mine, name="Otro")).status_code == 403
    limited = client_of(org, "admin", creditor_ids=[mine.pk])
    assert limited.get(address(org, f"{other.pk}/")).status_code == 404
    assert other.name not in limited.get(address(org)).content.decode()
    assert limited.post(address(org, f"{mine.pk}/"), filled(mine, contact="55 1234 5678")).status_code == 302
    assert limited.get(address(org, "new/")).status_code == 403, "a new one would not be theirs"
    assert client_of(make_tenant("MX")).get(address(org)).status_code == 404
    assert again(mine).name == mine.name and again(mine).contact == "55 1234 5678"


def test_a_change_is_kept_with_before_and_after_and_the_same_again_is_none(org: Tenant) -> None:
    row = made(org, name="Casa Uno", policy={"max_instalments": 6, "max_grace_days": 15})
    client = client_of(org)
    wish = filled(
        row,
        legal_name="Nueva S.A. de C.V.",
        limit_max_instalments="4",
        limit_max_grace_days="",
        min_instalment="150.50",
    )
    wish.pop("limit_max_grace_days", None)
    assert client.post(address(org, f"{row.pk}/"), wish).status_code == 302
    kept = again(row)
    assert kept.legal_name == "Nueva S.A. de C.V."
    assert kept.policy == {"max_instalments": 4, "min_instalment_minor": 15050}
    assert kept.pay_to == row.pay_to
    with tenant_scope(org.pk):
        entry = AuditEntry.objects.get(action="creditor.save")
        assert entry.before["policy"]["max_instalments"] == 6 and entry.after["policy"]["max_instalments"] == 4
        assert "address" not in entry.after, "only what changed"
    assert client.post(address(org, f"{row.pk}/"), wish).status_code == 302
    with tenant_scope(org.pk):
        assert AuditEntry.objects.filter(action="creditor.save").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"country": "Mexico"}, {"currency": "ZZZ"}, {"language": "fr"}, {"limit_max_instalments": "600"},
        {"limit_max_discount_percent": "-1"}, {"clabe_clabe": "123"}, {"pix_key": "x"}, {"account_rail": "cbu"},
        {"balance_max_age_hours": "0"}, {"min_instalment": "1.234"}, {"min_instalment": "NaN"}, {"name": "a\x00b"},
        {"account_rail": "swift", "account_value": "1", "account_holder": "x"},
    ],
)  # fmt: skip
def test_bad_input_is_told_at_its_place_and_changes_nothing(org: Tenant, wrong: dict[str, str]) -> None:
    row = made(org, pay_to={})
    answer = client_of(org).post(address(org, f"{row.pk}/"), filled(row) | wrong)
    assert answer.status_code == 422 and answer.context["form"].errors
    assert again(row).name == row.name and again(row).pay_to == {} and again(row).currency == row.currency


def test_a_new_creditor_is_made_once(org: Tenant) -> None:
    client = client_of(org)
    wish = {"external_id": "casa-2", "name": "Casa Dos", "country": "MX", "currency": "MXN", "language": "es"}
    assert client.post(address(org, "new/"), wish).status_code == 302
    assert client.post(address(org, "new/"), wish).status_code == 422
    assert client.post(address(org, "new/"), wish | {"external_id": "con espacio"}).status_code == 422
    with tenant_scope(org.pk):
        row = Creditor.objects.get(external_id="casa-2")
    page = client.get(address(org), {"q": "casa"})
    assert [each[0].pk for each in page.context["listed"]] == [row.pk]
    assert "pay_to" in str(again(row).__dict__) and page.context["listed"][0][2], "what is missing is said"


def test_the_list_counts_debtors_with_a_balance(org: Tenant) -> None:
    row = made(org)
    with tenant_scope(org.pk):
        make_debtor(row, invoices=[("10", row.created_at.date())])
        make_debtor(row)
    page = client_of(org, "auditor").get(address(org))
    assert [(each.pk, n) for each, n, *_ in page.context["listed"]] == [(row.pk, 1)]
