"""A person's own account: every page in three languages, mails, sessions, profile, errors with a way on."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core import mail
from django.test import Client, RequestFactory
from django.utils import translation

from tenants.models import User
from tests.factories import make_tenant, make_user
from workbench import errors
from workbench.templatetags.accounts import browser

PASSWORD = "a long enough password"
LANGUAGES = ["es", "pt-br", "en"]
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


def entered(language: str = "es", **fields: Any) -> tuple[Client, User]:
    """Somebody who logged in the ordinary way, with a session that is listed."""
    person = make_user(make_tenant("MX"), password=PASSWORD)
    User.objects.filter(pk=person.pk).update(language=language, **fields)
    client = Client(headers={"user-agent": CHROME})
    answer = client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})  # some pages want it once more
    return client, User.objects.get(pk=person.pk)


PAGES = [
    "/account/profile/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/",
    "/accounts/logout/", "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/",
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_account_is_ours(language: str) -> None:
    client, _ = entered(language)
    for path in PAGES:
        answer = client.get(path)
        text = answer.content.decode()
        assert answer.status_code == 200, (path, answer.status_code)
        assert f'<html lang="{language}"' in text and "<h1>" in text, path
        assert "style=" not in text and not re.search(r"<script(?![^>]*(src=|application/json))", text), path


@pytest.mark.parametrize(
    ("language", "words"),
    [("es", "¿Olvidó su contraseña?"), ("pt-br", "Esqueceu a senha?"), ("en", "Forgotten your password?")],
)
def test_a_forgotten_password_is_changed_by_mail(language: str, words: str) -> None:
    person = make_user(make_tenant("MX"))
    client = Client(headers={"accept-language": language})
    page = client.get("/accounts/password/reset/").content.decode()
    assert "account_reset_password" not in page and 'name="email"' in page
    with translation.override(language):
        assert translation.gettext("Forgotten your password?") in (words, "Forgotten your password?")
    client.post("/accounts/password/reset/", {"email": person.email})
    (sent,) = [each for each in mail.outbox if person.email in each.to]
    address = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", str(sent.body))
    assert address is not None and "example.com" not in sent.body
    form = client.get(address[1], follow=True)
    assert 'name="password2"' in form.content.decode()
    where = form.redirect_chain[-1][0]
    done = client.post(where, {"password1": "one much longer secret 9", "password2": "one much longer secret 9"})
    assert done.status_code == 302
    person.refresh_from_db()
    assert person.check_password("one much longer secret 9")
    assert client.get(address[1], follow=True).content.decode().count("password2") == 0  # once only


def test_an_unknown_address_is_answered_alike_and_told_by_mail_only() -> None:
    client = Client()
    known = client.post("/accounts/password/reset/", {"email": make_user(make_tenant("MX")).email})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody-at-all@mail.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    (sent,) = [each for each in mail.outbox if "nobody-at-all@mail.example" in each.to]
    assert "sign up" not in sent.body.lower() and "signup" not in sent.body


def test_a_profile_is_kept() -> None:
    client, person = entered()
    assert client.post("/account/profile/", {"name": "", "language": "es", "theme": ""}).status_code == 422
    assert client.post("/account/profile/", {"name": "X", "language": "xx", "theme": ""}).status_code == 422
    answer = client.post("/account/profile/", {"name": "María José", "language": "pt-br", "theme": "dark"})
    assert answer.status_code == 302
    person.refresh_from_db()
    assert (person.name, person.language, person.theme) == ("María José", "pt-br", "dark")
    assert '<html lang="pt-br" data-theme="dark"' in client.get("/account/profile/").content.decode()
    assert Client().get("/account/profile/").status_code == 302


def test_one_session_is_ended_and_only_ones_own() -> None:
    here, person = entered()
    there = Client(headers={"user-agent": "Firefox/130.0 Android"})
    there.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    there.get("/accounts/sessions/")
    page = here.get("/accounts/sessions/").content.decode()
    assert "Chrome · Windows" in page and "Firefox · Android" in page
    other = UserSession.objects.filter(user=person).exclude(session_key=here.session.session_key).get()
    stranger, _ = entered()
    assert stranger.post(f"/account/sessions/{other.pk}/end").status_code == 404
    assert there.get("/account/profile/").status_code == 200
    assert here.post(f"/account/sessions/{other.pk}/end").status_code == 302
    assert there.get("/account/profile/").status_code == 302
    mine = UserSession.objects.get(user=person)
    here.post(f"/account/sessions/{mine.pk}/end")
    assert here.get("/account/profile/").status_code == 200  # one's own ends by logging out


def test_an_authenticator_app_is_set_up_and_switched_off() -> None:
    client, person = entered()
    page = client.get("/accounts/2fa/totp/activate/")
    assert 'src="data:image/svg+xml' in page.content.decode() and 'class="secret"' in page.content.decode()
    secret = client.session["mfa.totp.secret"]
    code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).status_code in (200, 422)
    assert client.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302
    assert Authenticator.objects.filter(user=person, type="totp").exists()
    codes = client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert codes.count("<li><code>") == 10
    assert client.get("/accounts/2fa/recovery-codes/generate/").status_code == 200
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 200
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert not Authenticator.objects.filter(user=person, type="totp").exists()


def test_a_second_factor_is_asked_for_in_our_words() -> None:
    client, person = entered()
    client.get("/accounts/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    code = totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))
    client.post("/accounts/2fa/totp/activate/", {"code": code})
    again = Client()
    answer = again.post("/accounts/login/", {"login": person.email, "password": PASSWORD}, follow=True)
    text = answer.content.decode()
    assert 'name="code"' in text and 'id="mfa_webauthn_authenticate"' in text and answer.status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_page_has_a_way_on(language: str) -> None:
    request = RequestFactory().get("/nowhere")
    request.user = import_module("django.contrib.auth.models").AnonymousUser()
    with translation.override(language):
        for answer in (
            errors.bad_request(request, Exception()), errors.permission_denied(request, Exception()),
            errors.not_found(request, Exception()), errors.csrf_failed(request),
        ):  # fmt: skip
            text = answer.content.decode()
            assert f'<html lang="{language}"' in text and 'href="/"' in text and "<h1>" in text
    broken = errors.server_error(request).content.decode()
    assert all(f'lang="{tag}"' in broken for tag in ("es", "pt-BR", "en")) and 'href="/"' in broken


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (CHROME, "Chrome · Windows"),
        (CHROME + " Edg/130.0", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari · iPhone"),
        ("curl/8.1", "curl/8.1"),
    ],
)
def test_browsers_have_names(agent: str, told: str) -> None:
    assert browser(agent) == told
    assert browser("") and settings.LANGUAGES
