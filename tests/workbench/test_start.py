"""The demo's door: it exists on the demo's own database only; behind it one is anybody, and the tour ticks itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings
from django.urls import include, path

from collections_platform import door
from collections_platform import urls as ours
from compliance import language as language_of
from kernel.clock import machine_now
from messaging.models import Number
from messaging.sending.request import request_send
from messaging.sending.wishes import Wish
from portfolio.models import Debtor
from tenants import audit
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.factories import (
    contact_of,
    make_account,
    make_conversation,
    make_creditor,
    make_debtor,
    make_number,
    make_tenant,
    make_user,
)
from workbench.start import urls as doors
from workbench.start.views import step_of

#: The addresses as they are where the door opens.
urlpatterns = [
    *doors.door,
    path("o/<slug:organisation>/", include([*doors.inside, path("", include("workbench.urls"))])),
    *(pattern for pattern in ours.urlpatterns if getattr(pattern, "name", "") != "start"),
]
handler404 = ours.handler404
EMBEDDED = {"HOST": "127.0.0.1", "PORT": "5444"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A demo's data folder, whose own PostgreSQL runs on 5444."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "state.json").write_text(json.dumps({"running": {"postgres": {"port": 5444, "pid": 1}}}))
    (tmp_path / "demo").mkdir()
    return tmp_path


@pytest.fixture
def house(folder: Path) -> Iterator[Tenant]:
    """An organisation behind the door, and the door's addresses."""
    tenant = make_tenant(country="MX", sandbox=True)
    for role in ("agent", "supervisor", "admin", "auditor"):
        make_user(tenant, role=role)
    with tenant_scope(tenant.pk):
        creditor = make_creditor(country="MX", external_id="main")
        debtor = make_debtor(creditor, external_id="MX-000001")
        make_number(make_account(base_url="http://127.0.0.1:8199"))
    player = {"debtor": debtor.external_id, "name": "Ana Soto", "phone": "+525541234567",
              "answers": {"document_last3": "123", "birth_year": "1980"}}  # fmt: skip
    known = {"slug": tenant.slug, "api_key": "trato_made_up", "players": [player]}
    (folder / "demo" / "MX.json").write_text(json.dumps(known))
    with override_settings(ROOT_URLCONF="tests.workbench.test_start", DEMO_DOOR=str(folder)):
        yield tenant


# --- where it exists --------------------------------------------------------------------------------------------------


def test_there_is_no_door_unless_it_is_asked_for():
    assert door.opens("demo", EMBEDDED, {}) == ""
    assert door.opens("production", EMBEDDED, {"DEMO_DOOR": ""}) == ""
    for address in ("/enter/", "/tour/x/", "/erp/x/", "/o/x/walk/1/"):
        assert Client().get(address).status_code == 404


@pytest.mark.parametrize("mode", ["production", "test", ""])
def test_asked_for_in_another_mode_nothing_starts(folder, mode):
    with pytest.raises(ImproperlyConfigured, match="unset DEMO_DOOR"):
        door.opens(mode, EMBEDDED, {"DEMO_DOOR": str(folder)})


@pytest.mark.parametrize(
    "database",
    [{"HOST": "db.example", "PORT": "5444"}, {"HOST": "127.0.0.1", "PORT": "5432"}, {"HOST": "127.0.0.1"}, {}],
)
def test_asked_for_on_another_database_nothing_starts(folder, database):
    with pytest.raises(ImproperlyConfigured, match="unset DEMO_DOOR"):
        door.opens("demo", database, {"DEMO_DOOR": str(folder)})


def test_a_folder_whose_servers_do_not_run_opens_nothing(tmp_path):
    with pytest.raises(ImproperlyConfigured):
        door.opens("demo", EMBEDDED, {"DEMO_DOOR": str(tmp_path)})


def test_on_the_demos_own_database_it_opens(folder):
    assert door.opens("demo", EMBEDDED, {"DEMO_DOOR": str(folder)}) == str(folder)


def test_without_it_the_start_is_the_login():
    answer = Client().get("/")
    assert answer.status_code == 302 and answer["Location"] == "/accounts/login/"


# --- behind it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "words"), [("es", "Cobranza"), ("pt-br", "Cobrança"), ("en", "Collections")])
def test_the_start_page_speaks_three_languages(house, language, words):
    page = Client().get("/", headers={"Accept-Language": language}).content.decode()
    assert words in page and house.name in page
    assert page.count('name="role"') == 4 and f"/erp/{house.slug}/" in page
    assert "http://127.0.0.1:8199/_sandbox/phone/+525541234567" in page


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin", "auditor"])
def test_one_click_makes_one_anybody(house, role):
    client = Client()
    answer = client.post("/enter/", {"organisation": house.slug, "role": role})
    assert answer.status_code == 302 and answer["Location"].startswith(f"/o/{house.slug}/")
    assert client.get(f"/o/{house.slug}/clock/").status_code == 200


@pytest.mark.parametrize(
    "form", [{"role": "agent"}, {"role": "creditor"}, {"role": "operator"}, {"organisation": "other", "role": "agent"}]
)
def test_nobody_else_comes_in(house, form):
    other = make_tenant(sandbox=False)
    make_user(other, role="agent")
    known = {"organisation": house.slug} | form
    if known["role"] == "agent" and known["organisation"] == house.slug:
        known["organisation"] = other.slug  # an organisation that is none of the demo's
    client = Client()
    assert client.post("/enter/", known).status_code == 404
    assert "_auth_user_id" not in client.session


def test_entering_asks_for_a_post_with_a_token_and_leads_nowhere_else(house):
    assert Client().get("/enter/").status_code == 405
    assert (
        Client(enforce_csrf_checks=True).post("/enter/", {"organisation": house.slug, "role": "agent"}).status_code
        == 403
    )
    answer = Client().post("/enter/", {"organisation": house.slug, "role": "agent", "next": "https://evil.example/"})
    assert answer["Location"].startswith("/o/")


def test_the_tour_ticks_itself_and_survives_another_person(house):
    client = Client()
    page = client.get(f"/tour/{house.slug}/").content.decode()
    assert page.count("tour-step") >= 6 and "tour-step done" not in page
    now = house.clock().now()
    with tenant_scope(house.pk):
        audit.record("clock.play", actor="user:x", subject="tenants.tenant", subject_id=house.pk,
                     after={"from": now.isoformat(), "to": "2026-11-29T17:00:00+00:00"})  # fmt: skip
    client.post("/enter/", {"organisation": house.slug, "role": "supervisor"})
    assert client.get(f"/tour/{house.slug}/steps/").content.decode().count("tour-step done") >= 1
    assert machine_now().isoformat() > client.session["tour"][house.slug][0]


@pytest.mark.parametrize(
    ("country", "threat", "other"),
    [("BR", "vou ligar para o seu chefe", "voy a llamar"), ("MX", "voy a llamar a tu jefe", "vou ligar"),
     ("CO", "voy a llamar a tu jefe", "vou ligar")],
)  # fmt: skip
@pytest.mark.parametrize("language", ["es", "pt-br", "en"])
def test_the_threat_is_in_the_language_of_the_organisations_conversations(house, country, threat, other, language):
    Tenant.objects.filter(pk=house.pk).update(country=country)
    client = Client(headers={"Accept-Language": language})
    client.post("/enter/", {"organisation": house.slug, "role": "agent"})
    for address in (f"/tour/{house.slug}/", f"/o/{house.slug}/walk/2/"):
        page = client.get(address).content.decode()
        assert threat in page and other not in page and "%(" not in page, address
    assert language_of.scan(threat, author="agent", context=language_of.Context()).findings, "and it is a threat"


def test_proof_is_ticked_by_evidence_that_was_taken_out(house):
    client = Client()
    client.post("/enter/", {"organisation": house.slug, "role": "supervisor"})
    done = f"/o/{house.slug}/walk/6/done/"
    assert "state green" not in client.get(done).content.decode()
    with tenant_scope(house.pk):
        audit.record("evidence.looked", actor="user:x", subject="tenants.tenant", subject_id=house.pk)
        debtor = Debtor.objects.get(external_id="MX-000001")
    assert "state green" not in client.get(done).content.decode(), "an entry is no export"
    taken = client.post(f"/o/{house.slug}/evidence/take/", {"about": f"debtor:{debtor.pk}", "redaction": "full"})
    assert taken.status_code == 200 and taken["Content-Disposition"].startswith("attachment")
    assert "state green" in client.get(done).content.decode()


def test_proof_is_ticked_by_a_receipt_that_was_open(house):
    client = Client()
    client.post("/enter/", {"organisation": house.slug, "role": "supervisor"})
    step, tick = f"/o/{house.slug}/walk/6/", f"/o/{house.slug}/walk/6/done/"
    assert "/decisions/" not in client.get(step).content.decode(), "nothing was refused yet"
    assert "state green" not in client.get(tick).content.decode()
    with tenant_scope(house.pk):
        debtor = Debtor.objects.select_related("creditor").get(external_id="MX-000001")
        contact = contact_of(debtor)
        conversation = make_conversation(Number.objects.get(), contact, debtor=debtor)
        request_send([Wish(
            creditor_id=debtor.creditor_id, debtor_id=debtor.pk, message_class="reply", origin_kind="agent",
            content={"kind": "text", "text": "voy a llamar a tu jefe"}, origin_id="x", actor="user:x",
            conversation_id=conversation.pk,
        )], now=house.clock().now())  # fmt: skip
    page = client.get(step).content.decode()
    receipt = page.split('title="El escritorio" data-work')[0].rpartition('src="')[2].split('"')[0]
    assert "/decisions/" in receipt and client.get(receipt).status_code == 200
    assert "state green" in client.get(tick).content.decode()


@pytest.mark.parametrize("number", range(1, 7))
def test_no_step_begins_at_a_wall(house, number):
    client = Client()
    step = step_of(number)
    client.post("/enter/", {"organisation": house.slug, "role": step.role})
    page = client.get(f"/o/{house.slug}/walk/{number}/")
    inner = page.content.decode().split(" data-work")[0].rpartition('src="')[2].split('"')[0]
    assert page.status_code == 200 and client.get(inner).status_code == 200


def test_the_walk_frames_the_phone_and_the_desk_and_nothing_else(house):
    client = Client()
    client.post("/enter/", {"organisation": house.slug, "role": "agent"})
    answer = client.get(f"/o/{house.slug}/walk/1/")
    page = answer.content.decode()
    assert "http://127.0.0.1:8199/_sandbox/phone/+525541234567?" in page and "docked=1" in page and "123" in page
    policy = dict(
        part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";") if " " in part.strip()
    )
    assert policy["frame-src"] == "'self' http://127.0.0.1:8199"
    assert "8199" not in client.get(f"/o/{house.slug}/walk/3/")["Content-Security-Policy"]
    assert client.get(f"/o/{house.slug}/walk/1/done/").status_code == 200
    assert client.get(f"/o/{house.slug}/walk/7/").status_code == 404


def test_a_stranger_does_not_walk(house):
    assert Client().get(f"/o/{house.slug}/walk/1/").status_code == 302
    client = Client()
    client.force_login(make_user(make_tenant(sandbox=True), role="admin"))
    assert client.get(f"/o/{house.slug}/walk/1/").status_code == 404


def test_the_erp_gets_calls_that_name_its_own_debtor(house):
    page: Any = Client().get(f"/erp/{house.slug}/").content.decode()
    assert page.count("trato_made_up") == 4
    assert "/api/v1/creditors/main/debtors/MX-000001" in page and page.count("curl ") == 3
    assert Client().get("/erp/another/").status_code == 404
