"""The frame of all pages: who gets in, what a page may rely on, files, languages, news, and what is shown on failure."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import redis
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import mail
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import Context
from django.template.response import TemplateResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import include, path

from collections_platform import urls as ours
from kernel.clock import machine_now
from tenants import live
from tenants.events import Emit, emit, sequence
from tenants.models import Membership, Tenant, User
from tenants.scope import current, tenant_scope
from tests.factories import NOON, make_creditor, make_tenant, make_user
from workbench import live as stream
from workbench.access import Role, page
from workbench.accounts import MFAAdapter
from workbench.navigation import ENTRIES, HOME
from workbench.templatetags import trato

TOP = Path(__file__).resolve().parents[2]
PASSWORD = "a long enough password 7"


@page()
def probe(request: Any) -> HttpResponse:
    """Says what a view sees."""
    scope = current()
    assert scope is not None
    return HttpResponse(
        json.dumps(
            {
                "tenant": str(scope.tenant_id),
                "creditors": None if scope.creditor_ids is None else sorted(map(str, scope.creditor_ids)),
                "role": request.membership.role,
                "now": request.now.isoformat(),
                "language": request.LANGUAGE_CODE,
                "actor": request.actor,
            }
        )
    )


@page(roles={Role.ADMIN})
def for_admins(request: Any) -> HttpResponse:
    """Nothing but a door."""
    return HttpResponse("in")


@page()
def late(request: Any) -> HttpResponse:
    """Reads the database while it is rendered."""
    return TemplateResponse(request, "workbench/forbidden.html", {"lazily": Tenant.objects.all()})


@page()
def streams(request: Any) -> StreamingHttpResponse:
    """What a page must not do."""
    return StreamingHttpResponse(iter(["a"]))


def breaks(request: HttpRequest) -> HttpResponse:
    """Our mistake."""
    raise RuntimeError("on purpose")


handler400, handler403 = ours.handler400, ours.handler403
handler404, handler500 = ours.handler404, ours.handler500
_pages = [
    path("probe/", probe, name="probe"),
    path("admins/", for_admins, name="admins"),
    path("late/", late, name="late"),
    path("streams/", streams, name="streams"),
]
urlpatterns = [
    path("breaks/", breaks),
    path("o/<slug:organisation>/", include(_pages)),
    *ours.urlpatterns,
]

pytestmark = pytest.mark.usefixtures("own_urls")


@pytest.fixture
def own_urls():
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant("MX", sandbox=True)


def member(tenant: Tenant, role: str = "agent", **more: Any) -> tuple[Client, User]:
    """Somebody of this organisation, logged in."""
    user = make_user(tenant, role=role, **more)
    client = Client()
    client.force_login(user)
    return client, user


def seen(client: Client, tenant: Tenant) -> dict[str, Any]:
    answer = client.get(f"/o/{tenant.slug}/probe/")
    assert answer.status_code == 200
    return json.loads(answer.content)


def test_a_stranger_is_sent_to_the_login_and_back(tenant):
    answer = Client().get(f"/o/{tenant.slug}/probe/?q=1")
    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next=/o/{tenant.slug}/probe/%3Fq%3D1"


def test_a_part_of_a_page_keeps_what_was_typed_when_the_session_ended(tenant):
    answer = Client().post(f"/o/{tenant.slug}/probe/", HTTP_HX_REQUEST="true")
    assert answer.status_code == 401
    assert answer["HX-Retarget"] == "#notice"


def test_a_post_without_session_leads_back_to_the_form_it_came_from(tenant):
    answer = Client().post(f"/o/{tenant.slug}/probe/", HTTP_REFERER=f"http://testserver/o/{tenant.slug}/late/")
    assert answer["Location"].endswith(f"next=/o/{tenant.slug}/late/")
    elsewhere = Client().post(f"/o/{tenant.slug}/probe/", HTTP_REFERER="https://evil.example/x")
    assert elsewhere["Location"].endswith("next=/")


def test_a_member_sees_their_organisation_and_nothing_else(tenant):
    client, user = member(tenant)
    told = seen(client, tenant)
    assert (told["tenant"], told["creditors"], told["role"]) == (str(tenant.id), None, "agent")
    assert told["actor"] == f"user:{user.id}"


def test_another_organisation_is_not_there(tenant):
    client, _ = member(tenant)
    other = make_tenant("BR")
    assert client.get(f"/o/{other.slug}/probe/").status_code == 404
    assert client.get("/o/no-such-organisation/probe/").status_code == 404
    assert client.get(f"/o/{other.slug}/live").status_code == 404


def test_who_left_is_a_stranger(tenant):
    client, user = member(tenant)
    Membership.objects.filter(user=user).update(active=False)
    assert client.get(f"/o/{tenant.slug}/probe/").status_code == 404


def test_two_organisations_of_one_person_do_not_mix(tenant):
    client, user = member(tenant)
    other = make_tenant("BR")
    Membership.objects.create(tenant=other, user=user, role="admin", created_at=machine_now())
    assert [seen(client, each)["tenant"] for each in (tenant, other, tenant)] == [
        str(tenant.id), str(other.id), str(tenant.id),
    ]  # fmt: skip


def test_a_limited_member_is_held_to_their_creditors(tenant):
    with tenant_scope(tenant.id):
        creditor = make_creditor()
    client, _ = member(tenant, "creditor", creditor_ids=[creditor.id])
    assert seen(client, tenant)["creditors"] == [str(creditor.id)]


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("agent", 403), ("auditor", 403)])
def test_the_role_decides(tenant, role, status):
    client, _ = member(tenant, role)
    assert client.get(f"/o/{tenant.slug}/admins/").status_code == status


@pytest.mark.parametrize("role", ["auditor", "creditor"])
def test_readers_change_nothing(tenant, role):
    client, _ = member(tenant, role, **({"creditor_ids": [uuid.uuid4()]} if role == "creditor" else {}))
    assert client.get(f"/o/{tenant.slug}/probe/").status_code == 200
    assert client.post(f"/o/{tenant.slug}/probe/").status_code == 403


def test_a_page_is_rendered_inside_its_scope_and_kept_by_nobody(tenant):
    client, _ = member(tenant)
    answer = client.get(f"/o/{tenant.slug}/late/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert current() is None


def test_a_streamed_page_is_refused(tenant):
    client, _ = member(tenant)
    with pytest.raises(RuntimeError, match="do not stream"):
        client.get(f"/o/{tenant.slug}/streams/")


def test_the_clock_is_the_organisations(tenant):
    Tenant.objects.filter(pk=tenant.pk).update(clock_frozen_at=NOON)
    client, _ = member(tenant)
    assert seen(client, tenant)["now"] == NOON.isoformat()


def test_the_language_is_the_persons_then_the_organisations(tenant):
    client, user = member(tenant)
    assert seen(client, tenant)["language"] == "es"
    User.objects.filter(pk=user.pk).update(language="pt-br")
    assert seen(client, tenant)["language"] == "pt-br"


def test_preferences_are_kept_and_lead_nowhere_else(tenant):
    client, user = member(tenant)
    answer = client.post(
        "/account/preferences/", {"theme": "dark", "language": "pt-br", "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/"
    user.refresh_from_db()
    assert (user.theme, user.language) == ("dark", "pt-br")
    client.post("/account/preferences/", {"theme": "pink", "language": "xx"})
    user.refresh_from_db()
    assert (user.theme, user.language) == ("dark", "pt-br")
    assert b'data-theme="dark"' in client.get(f"/o/{tenant.slug}/late/").content


def test_preferences_want_a_token():
    assert Client(enforce_csrf_checks=True).post("/account/preferences/", {"theme": "dark"}).status_code == 403


def test_people_log_in_with_their_address_and_nobody_signs_up(tenant):
    user = make_user(tenant)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    client = Client()
    answer = client.post(
        "/accounts/login/", {"login": user.email, "password": PASSWORD, "next": f"/o/{tenant.slug}/late/"}
    )
    assert answer["Location"] == f"/o/{tenant.slug}/late/"
    assert client.get("/accounts/2fa/").status_code == 200
    assert client.get("/accounts/sessions/").status_code == 200
    closed = Client().post("/accounts/signup/", {"email": "new@example.com", "password1": PASSWORD})
    assert not User.objects.filter(email="new@example.com").exists()
    assert closed.status_code == 200


def test_logins_are_limited(tenant):
    user, client = make_user(tenant), Client(REMOTE_ADDR="203.0.113.9")  # not the address of the other tests
    for _ in range(12):
        answer = client.post("/accounts/login/", {"login": user.email, "password": "wrong"})
    assert answer.status_code in (200, 429)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    assert client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code != 302


def test_a_second_factor_is_asked_for_once_it_is_there(tenant):
    user = make_user(tenant, password=PASSWORD)
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert client.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    secret = client.session["mfa.totp.secret"]
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    assert client.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302
    kept = Authenticator.objects.get(user=user, type="totp")
    assert secret not in json.dumps(kept.data)
    again = Client()
    answer = again.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert again.get(f"/o/{tenant.slug}/probe/").status_code == 302


def test_a_forgotten_password_is_replaced_through_the_address(tenant):
    user = make_user(tenant)
    assert Client().post("/accounts/password/reset/", {"email": user.email}).status_code == 302
    (message,) = [each for each in mail.outbox if each.to == [user.email]]
    assert "/accounts/password/reset/key/" in message.body


def test_second_factors_lie_encrypted():
    adapter = MFAAdapter()
    sealed = adapter.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3" not in sealed
    assert adapter.decrypt(sealed) == "JBSWY3DPEHPK3PXP"
    with pytest.raises(ValueError, match="does not open"):
        adapter.decrypt(sealed[:-8] + "AAAAAAA=")


@pytest.mark.parametrize("language", ["es", "pt-br", "en"])
def test_pages_for_failures_need_no_organisation(language):
    client = Client(headers={"accept-language": language}, raise_request_exception=False)
    missing = client.get("/nothing-here/")
    assert missing.status_code == 404
    assert f'lang="{language}"'.encode() in missing.content
    broken = client.get("/breaks/")
    assert broken.status_code == 500
    assert b'lang="pt-BR"' in broken.content


def test_nothing_runs_that_is_not_ours():
    policy = Client().get("/accounts/login/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    for template in (TOP / "templates").rglob("*.html"):
        text = template.read_text()
        inline = [tag for tag in re.findall(r"<script\b[^>]*>", text) if "src=" not in tag and "json" not in tag]
        assert not inline, f"{template.name} has a script in it: {inline}"
        assert not re.search(r"<style\b|\sstyle=|\son(click|load|change|submit)=", text), (
            f"{template.name}: put it in a file"
        )


def test_every_static_file_that_templates_name_exists():
    named = {
        name for template in (TOP / "templates").rglob("*.html")
        for name in re.findall(r"""{% static ["']([^"']+)["']""", template.read_text())
    }  # fmt: skip
    assert named
    vendored = json.loads((TOP / "package.json").read_text())["trato"]["files"]
    assert not [name for name in named if name not in vendored and finders.find(name) is None]


def test_every_icon_that_templates_name_exists():
    symbols = set(re.findall(r'<symbol id="([^"]+)"', (TOP / "static" / "icons.svg").read_text()))
    named = {entry.icon for entry in ENTRIES} | {symbol for _, symbol in trato.STATES.values()}
    for template in (TOP / "templates").rglob("*.html"):
        named |= set(re.findall(r"""{% icon ["']([^"']+)["']""", template.read_text()))
    assert named - symbols == set()


def test_every_role_has_a_home_and_every_letter_one_meaning():
    assert HOME.keys() == set(Membership.Role.values)
    letters = [entry.letter for entry in ENTRIES]
    assert len(letters) == len(set(letters))


def test_an_organisation_without_pages_for_a_role_is_a_missing_page(tenant, monkeypatch):
    monkeypatch.setattr("workbench.navigation.HOME", {})
    client, _ = member(tenant)
    assert client.get(f"/o/{tenant.slug}/").status_code == 404


def test_figures_are_written_as_the_country_does():
    def said(country: str, minor: int, currency: str) -> str:
        context = Context({"organisation": Tenant(country=country)})
        return re.sub(r"<[^>]+>", "", trato.money(context, minor, currency)).replace("\xa0", " ")

    assert said("MX", 123456, "MXN") == "$1,234.56"
    assert said("BR", 123456, "BRL") == "R$ 1.234,56"
    assert said("CO", 123456, "COP") == "$1.234,56"


def test_an_instant_names_its_zone():
    context = Context({"organisation": Tenant(country="MX"), "now": NOON})
    shown = trato.instant(context, NOON)
    assert ">12:00<" in shown
    assert "America/Mexico_City" in shown
    assert f'datetime="{NOON.isoformat()}"' in shown


def hear(tenant: Tenant, *emits: Emit) -> list[dict[str, Any]]:
    """What is told while somebody listens."""
    with redis.Redis.from_url(settings.REDIS_URL) as link, link.pubsub() as news:
        news.subscribe(live.channel(tenant.id))
        assert news.get_message(timeout=5)["type"] == "subscribe"
        with tenant_scope(tenant.id):
            emit(*emits)
        while sequence():
            pass
        told = news.get_message(timeout=5)
        return [] if told is None else json.loads(told["data"])


def test_numbered_events_are_told_by_name_and_id_only(tenant):
    subject, creditor = uuid.uuid4(), uuid.uuid4()
    event = Emit("message.received", "messaging.message", subject, NOON, creditor, data={"text": "secret"})
    told = hear(tenant, event, event)
    assert [(each["name"], each["id"], each["creditor"]) for each in told] == [
        ("message.received", str(subject), str(creditor))
    ]
    assert "secret" not in json.dumps(told)


def test_dead_redis_stops_no_event(tenant, monkeypatch):
    monkeypatch.setattr(live, "_rest_until", 0.0)
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        with tenant_scope(tenant.id):
            emit(Emit("clock.moved", "tenants.tenant", tenant.id, NOON))
        assert sequence() >= 1
    monkeypatch.setattr(live, "_rest_until", 0.0)


def test_a_limited_listener_hears_of_their_creditors_only():
    mine, other = str(uuid.uuid4()), str(uuid.uuid4())
    news = [
        {"n": n, "name": "message.sent", "subject": "messaging.message", "id": str(n), "creditor": creditor}
        for n, creditor in enumerate((mine, other, None))
    ]
    assert re.findall(rb"^id: (\d)", stream.written(news, {mine}), re.MULTILINE) == [b"0", b"2"]
    assert re.findall(rb"^id: (\d)", stream.written(news, None), re.MULTILINE) == [b"0", b"1", b"2"]


def test_a_stream_ends_with_the_session_or_the_role(tenant, monkeypatch):
    monkeypatch.setattr("django.db.connection.close", lambda: None)
    client, user = member(tenant)
    membership = Membership.objects.get(user=user)
    key = client.session.session_key or ""
    assert stream.still_allowed(membership, user.id, key)
    Membership.objects.filter(user=user).update(role="auditor")
    assert not stream.still_allowed(membership, user.id, key)
    Membership.objects.filter(user=user).update(role="agent")
    client.logout()
    assert not stream.still_allowed(membership, user.id, key)


def test_machines_cause_no_session(tenant):
    request = RequestFactory().get("/healthz")
    assert not hasattr(request, "session")
    assert "sessionid" not in Client().get("/healthz").cookies
