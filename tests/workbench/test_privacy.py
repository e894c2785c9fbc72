"""Privacy pages: periods, holds and requests by role, a person's own page for asking, the note on the debtor's page."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from compliance.models import DataRequest, ErasureCertificate, LegalHold, RetentionPeriod
from compliance.retention import runs
from kernel.ids import uuid7
from portfolio import search
from portfolio.models import Debtor, DebtorLink
from portfolio.services.links import transparency_link
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.factories import NOON


@pytest.fixture
def tenant() -> Tenant:
    return factories.make_tenant("BR", frozen=True)


@pytest.fixture
def debtor(tenant: Tenant) -> Debtor:
    with tenant_scope(tenant.pk):
        made = factories.make_debtor(factories.make_creditor(), invoices=[("100.00", NOON.date())])
        search.index([made.person_id])
        return made


def member(tenant: Tenant, role: str = "admin", **more: Any) -> Client:
    client, user = Client(), factories.make_user(tenant, role=role, **more)
    user.language = "en"
    user.save()
    client.force_login(user)
    return client


def at(name: str, tenant: Tenant, **parts: Any) -> str:
    return reverse(name, kwargs={"organisation": tenant.slug, **parts})


# -- periods -----------------------------------------------------------------------------------------------------------


def test_periods_are_sentences_with_their_laws_and_the_last_run(tenant, debtor):
    runs.run_for(tenant)
    page = member(tenant).get(at("privacy", tenant)).content.decode()
    for words in ("CDC art. 27", "Sealed log", "5 years", "90 days", "LGPD arts. 18-19 II", "The last run"):
        assert words in page, words


def test_an_admin_shortens_with_a_form_and_lengthens_with_a_reason(tenant, debtor):
    client, url = member(tenant), at("privacy-period", tenant)
    assert "In months" in client.get(at("privacy", tenant) + "?change=BR.words").content.decode()
    refused = client.post(url, {"which": "BR.words", "number": "72", "reason": ""})
    assert refused.status_code == 422 and "needs a reason" in refused.content.decode()
    assert client.post(url, {"which": "BR.words", "number": "24"}).status_code == 302
    page = client.get(at("privacy", tenant)).content.decode()
    assert "2 years" in page and "the country says 5 years" in page
    assert client.post(url, {"which": "BR.words", "number": ""}).status_code == 302
    with tenant_scope(tenant.pk):
        assert list(RetentionPeriod.objects.order_by("id").values_list("months", flat=True)) == [24, None]
        assert AuditEntry.objects.filter(action="privacy.period_set").count() == 2
    for which in ("BR.ledger", "BR.nothing", "XX.words", ""):
        assert client.post(url, {"which": which, "number": "1"}).status_code == 404, which
    assert member(tenant, "supervisor").post(url, {"which": "BR.words", "number": "1"}).status_code == 403


# -- holds -------------------------------------------------------------------------------------------------------------


def test_a_supervisor_places_a_hold_that_the_debtors_page_shows_and_lifts_it_with_a_reason(tenant, debtor):
    client, url = member(tenant, "supervisor"), at("privacy-holds", tenant)
    assert debtor.person.name in client.get(f"{url}?q={debtor.person.name.split()[0]}").content.decode()
    form = {"debtor": str(debtor.pk), "about": f"person:{debtor.person_id}", "reason": "Processo 1/2026", "until": ""}
    assert client.post(url, form | {"reason": ""}).status_code == 422
    assert client.post(url, form | {"about": f"person:{uuid7()}"}).status_code == 422
    assert client.post(url, form | {"until": "2026-01-01"}).status_code == 422
    assert client.post(url, form).status_code == 302
    assert "Processo 1/2026" in client.get(url).content.decode()
    with tenant_scope(tenant.pk):
        hold = LegalHold.objects.get()
        assert (hold.person_id, hold.creditor_id, hold.until) == (debtor.person_id, None, None)
    assert "Processo 1/2026" in client.get(at("debtor", tenant, debtor_id=debtor.pk)).content.decode()
    lift = at("privacy-hold-lift", tenant, hold_id=hold.pk)
    client.post(lift, {"reason": ""})
    with tenant_scope(tenant.pk):
        assert LegalHold.objects.get().lifted_at is None
    client.post(lift, {"reason": "Acordo homologado"})
    with tenant_scope(tenant.pk):
        assert LegalHold.objects.get().lifted_reason == "Acordo homologado"
    assert "Processo" not in client.get(at("debtor", tenant, debtor_id=debtor.pk)).content.decode()


def test_a_last_day_is_held_to_its_end(tenant, debtor):
    form = {
        "debtor": str(debtor.pk), "about": f"account:{debtor.creditor_id}", "reason": "x", "until": "2026-12-31",
    }  # fmt: skip
    assert member(tenant).post(at("privacy-holds", tenant), form).status_code == 302
    with tenant_scope(tenant.pk):
        hold = LegalHold.objects.get()
        assert hold.until is not None and hold.until.isoformat() == "2027-01-01T03:00:00+00:00"
        assert (hold.person_id, hold.creditor_id) == (debtor.person_id, debtor.creditor_id)


def test_who_sees_one_creditor_holds_that_one_only(tenant, debtor):
    with tenant_scope(tenant.pk):
        other = factories.make_creditor()
    client = member(tenant, "supervisor", creditor_ids=[debtor.creditor_id])
    url = at("privacy-holds", tenant)
    assert client.post(url, {"about": f"creditor:{other.pk}", "reason": "x"}).status_code == 422
    form = {"debtor": str(debtor.pk), "about": f"person:{debtor.person_id}", "reason": "x"}
    assert client.post(url, form).status_code == 422, "a person belongs to every creditor"
    assert client.post(url, {"about": f"creditor:{debtor.creditor_id}", "reason": "Mandado"}).status_code == 302
    assert "Mandado" in client.get(url).content.decode()


# -- requests ----------------------------------------------------------------------------------------------------------


def test_a_request_is_filed_seen_to_and_answered(tenant, debtor):
    client = member(tenant, "supervisor")
    form = {"debtor": str(debtor.pk), "kind": "access", "channel": "letter", "detail": "Quero tudo", "origin": "1",
            "received_on": "2026-11-10"}  # fmt: skip
    answer = client.post(at("privacy-request-new", tenant), form)
    with tenant_scope(tenant.pk):
        row = DataRequest.objects.get()
    assert answer["Location"] == at("privacy-request", tenant, request_id=row.pk)
    client.post(at("privacy-request-new", tenant), form)
    listed = client.get(at("privacy-requests", tenant)).content.decode()
    assert row.reference in listed and "8 days left" in listed
    page = client.get(answer["Location"]).content.decode()
    assert "Quero tudo" in page and "LGPD" in page
    act = lambda action, **said: client.post(  # noqa: E731
        at("privacy-request-act", tenant, request_id=row.pk, action=action), said
    )
    assert act("extend", reason="x").status_code == 422
    assert act("nonsense").status_code == 404
    assert act("erase").status_code == 422
    assert act("answer", answer="Enviado por carta").status_code == 302
    with tenant_scope(tenant.pk):
        closed = DataRequest.objects.get()
        assert (closed.state, closed.answer) == ("answered", "Enviado por carta")
    assert row.reference in client.get(at("privacy-requests", tenant) + "?state=closed").content.decode()
    assert client.post(at("privacy-request-new", tenant), {"kind": "access", "channel": "email"}).status_code == 422


def test_a_request_past_its_day_is_late(tenant, debtor):
    client = member(tenant, "supervisor")
    form = {"debtor": str(debtor.pk), "kind": "erasure", "channel": "email", "origin": "1", "received_on": "2026-10-01"}
    client.post(at("privacy-request-new", tenant), form)
    assert "days late" in client.get(at("privacy-requests", tenant)).content.decode()


def test_an_erasure_shows_what_goes_and_gives_a_certificate(tenant, debtor):
    client = member(tenant, "supervisor")
    form = {"debtor": str(debtor.pk), "kind": "erasure", "channel": "email", "origin": "1", "proven": "on"}
    url = client.post(at("privacy-request-new", tenant), form)["Location"]
    page = client.get(url).content.decode()
    assert "What would go, and what stays" in page and "a debt, a plan or a dispute is open" in page
    with tenant_scope(tenant.pk):
        row = DataRequest.objects.get()
    certificate = at("privacy-certificate", tenant, request_id=row.pk)
    assert client.get(certificate).status_code == 404
    limited = member(tenant, "supervisor", creditor_ids=[debtor.creditor_id])
    erase = at("privacy-request-act", tenant, request_id=row.pk, action="erase")
    assert limited.post(erase).status_code == 422
    assert client.post(erase).status_code == 302
    pdf, plain = client.get(certificate), client.get(certificate + "?format=json")
    assert pdf.content.startswith(b"%PDF") and pdf["Content-Type"] == "application/pdf"
    with tenant_scope(tenant.pk):
        assert json.loads(plain.content) == ErasureCertificate.objects.get().content
        assert AuditEntry.objects.filter(action="privacy.certificate_downloaded").count() == 2
    assert "not complete" in client.get(url).content.decode()


def test_everything_about_a_person_comes_as_a_zip_and_is_audited(tenant, debtor):
    client = member(tenant, "supervisor")
    answer: Any = client.post(at("privacy-export", tenant, debtor_id=debtor.pk), {"language": "es"})
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    document = json.loads(archive.read("data.json"))
    assert document["data"]["person"][0]["name"] == debtor.person.name and document["language"] == "es"
    with tenant_scope(tenant.pk):
        found = AuditEntry.objects.filter(subject_id=str(debtor.person_id)).values_list("action", flat=True)
        assert sorted(found) == ["privacy.export_downloaded", "privacy.export_made"]
    assert member(tenant, "agent").post(at("privacy-export", tenant, debtor_id=debtor.pk)).status_code == 403


# -- the person's own page ---------------------------------------------------------------------------------------------


@pytest.fixture
def link(tenant: Tenant, debtor: Debtor) -> str:
    with tenant_scope(tenant.pk):
        address = transparency_link(debtor, now=NOON, contact_point=factories.contact_of(debtor))
    return "/d/" + address.rpartition("/")[2] + "/data/"


def from_somewhere() -> Client:
    return Client(REMOTE_ADDR=f"203.0.113.{factories.unique() % 250}")


def test_a_person_asks_on_their_own_page_and_is_told_until_when(tenant, debtor, link):
    client = from_somewhere()
    page = client.get(link)
    assert page.status_code == 200 and page["Cache-Control"] == "no-store, private"
    assert "script" not in page.content.decode() and len(page.content) < 100_000
    form = {"kind": "erasure", "detail": "Apague meus dados", "once": "1"}
    told = client.post(link, form)
    assert told.status_code == 303 and client.post(link, form)["Location"] == told["Location"]
    assert "P-2026-" in client.get(told["Location"]).content.decode()
    with tenant_scope(tenant.pk):
        row = DataRequest.objects.get()
        assert (row.channel, row.proven, row.debtor_id, row.detail) == ("page", True, debtor.pk, "Apague meus dados")
    assert client.post(link, {"kind": "everything"}).status_code == 422


def test_whoever_has_not_shown_who_they_are_may_ask_and_is_told_nothing(tenant, debtor, link):
    with tenant_scope(tenant.pk):
        point = factories.contact_of(debtor)
        point.identity, point.identity_at = "contacted", None
        point.save()
    client = from_somewhere()
    assert debtor.person.name not in client.get(link).content.decode()
    assert client.post(link, {"kind": "access", "once": "1"}).status_code == 303
    with tenant_scope(tenant.pk):
        assert DataRequest.objects.get().proven is False


def test_a_link_that_went_to_somebody_else_files_nothing(tenant, debtor, link):
    with tenant_scope(tenant.pk):
        point = factories.contact_of(debtor)
        point.identity = "wrong_person"
        point.save()
    client = from_somewhere()
    assert client.get(link).status_code == 403 and client.post(link, {"kind": "access"}).status_code == 403
    with tenant_scope(tenant.pk):
        assert not DataRequest.objects.exists()
        DebtorLink.objects.update(revoked_at=NOON - timedelta(days=1))
    assert client.get(link).status_code == 404
    assert client.get("/d/" + "A" * 43 + "/data/").status_code == 404


@pytest.mark.parametrize(("language", "word"), [("es", "Sus datos"), ("pt", "Seus dados"), ("en", "Your data")])
def test_it_speaks_the_persons_language(link, language, word):
    assert word in from_somewhere().get(f"{link}?l={language}").content.decode()
