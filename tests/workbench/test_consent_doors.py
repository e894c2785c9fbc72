"""How customers of a creditor say yes: the page with the clause and the link, read by leaders, changed by admins."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from compliance.models import ConsentClause
from messaging.models import OptInLink
from portfolio.models import Creditor
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.factories import make_creditor, make_number, make_tenant, make_user

PDF = b"%PDF-1.4 contract"


class World:
    """An organisation with a creditor and a number."""

    def __init__(self) -> None:
        self.tenant: Tenant = make_tenant("MX", frozen=True)
        with tenant_scope(self.tenant.pk):
            self.creditor: Creditor = make_creditor()
            self.number = make_number()

    def client(self, role: str = "admin", **more: Any) -> Client:
        client = Client()
        client.force_login(make_user(self.tenant, role=role, **more))
        return client

    def url(self, name: str = "creditor-consent", **parts: Any) -> str:
        return reverse(name, kwargs={"organisation": self.tenant.slug, "creditor_id": self.creditor.pk, **parts})

    def attest(self, client: Client, **more: Any) -> Any:
        file = SimpleUploadedFile("contrato.pdf", more.pop("body", PDF), "application/pdf")
        said = {"what": "clause", "version": "2026-03", "used_from": "2026-03-01", "wording": "El cliente autoriza …",
                "attested": "on", "file": file} | more  # fmt: skip
        return client.post(self.url(), {key: value for key, value in said.items() if value is not None})

    def read(self, question: Any) -> Any:
        with tenant_scope(self.tenant.pk):
            return question()


@pytest.fixture
def world() -> World:
    return World()


def test_a_clause_is_attested_kept_shown_and_opened_with_a_trace(world: World) -> None:
    client = world.client()
    assert world.attest(client).status_code == 302
    clause = world.read(ConsentClause.objects.get)
    page = client.get(world.url()).content.decode()
    assert clause.sha256 in page and "El cliente autoriza" in page and "2026-03" in page
    file = client.get(world.url("creditor-clause", clause_id=clause.pk))
    assert file.content == PDF and "attachment" in file["Content-Disposition"]
    actions = world.read(lambda: list(AuditEntry.objects.order_by("id").values_list("action", flat=True)))
    assert actions == ["consent_clause.attest", "consent_clause.open"]


@pytest.mark.parametrize(
    "change",
    [
        {"attested": None},
        {"version": "<b>"},
        {"body": b"MZ"},
        {"used_from": "2027-01-01"},
        {"wording": ""},
        {"file": None},
    ],
)
def test_what_is_no_clause_comes_back_with_its_form(world: World, change: dict[str, Any]) -> None:
    answer = world.attest(world.client(), **change)
    assert answer.status_code == 422 and 'name="wording"' in answer.content.decode()
    assert not world.read(ConsentClause.objects.exists)


def test_the_link_is_made_shown_drawn_and_retired(world: World) -> None:
    client = world.client()
    assert client.get(world.url("creditor-consent-qr")).status_code == 404
    assert client.post(world.url(), {"what": "link"}).status_code == 302
    link = world.read(OptInLink.objects.get)
    page = client.get(world.url()).content.decode()
    assert link.code in page and f"https://wa.me/{world.number.address[1:]}?text=" in page and "<svg" in page
    drawn = client.get(world.url("creditor-consent-qr"))
    assert drawn["Content-Type"] == "image/svg+xml" and re.match(rb"<\?xml|<svg", drawn.content)
    assert client.post(world.url(), {"what": "retire", "link": str(link.pk)}).status_code == 302
    assert world.read(OptInLink.objects.get).retired_at is not None
    assert link.code not in client.get(world.url()).content.decode()


def test_leaders_read_and_only_administrators_change(world: World) -> None:
    for role in ("supervisor", "auditor"):
        client = world.client(role)
        assert client.get(world.url()).status_code == 200
        assert client.post(world.url(), {"what": "link"}).status_code == 403
    assert world.client("agent").get(world.url()).status_code == 403
    with tenant_scope(world.tenant.pk):
        other = make_creditor()
    assert world.client("admin", creditor_ids=[other.pk]).get(world.url()).status_code == 404
    assert not world.read(OptInLink.objects.exists)


def test_without_a_number_the_page_says_what_to_do(world: World) -> None:
    world.read(world.number.delete)
    client = world.client()
    client.post(world.url(), {"what": "link"})
    page = client.get(world.url())
    assert page.status_code == 200 and "https://wa.me/" not in page.content.decode()
