"""What was typed before a session ended comes back to be sent once more; what another site sends does not."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from messaging.models import QuickReply
from tenants.models import Membership, Tenant
from tenants.scope import tenant_scope
from tests.factories import make_creditor, make_tenant, make_user
from workbench.kept_forms import KEPT_MAX

ORIGIN = "http://testserver"
TYPED = {
    "shortcut": "prazo", "title": "Mais prazo", "language": "pt",
    "text": "Podemos combinar <outra> data & sem juros.\nQual dia fica bom?",
}  # fmt: skip


def given_back(answer: Any) -> dict[str, str]:
    """The fields of the form on the page."""
    found = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', answer.content.decode(), re.DOTALL)
    return {name: html.unescape(value) for name, value in found}


def place() -> tuple[str, str, Client]:
    """(slug, address of a form, a client that is logged in)."""
    tenant = make_tenant()
    client = Client(enforce_csrf_checks=True)
    with tenant_scope(tenant.pk):
        make_creditor()
    client.force_login(make_user(tenant, role=Membership.Role.ADMIN))
    return tenant.slug, f"/o/{tenant.slug}/setup/replies/new/", client


def token(client: Client, path: str) -> str:
    client.get(path)
    return client.cookies["csrftoken"].value


def test_a_form_whose_session_ended_is_sent_after_the_login() -> None:
    slug, path, client = place()
    stranger = Client(enforce_csrf_checks=True)
    fields = TYPED | {"csrfmiddlewaretoken": token(stranger, "/accounts/login/")}
    answer = stranger.post(path, fields, headers={"Origin": ORIGIN})
    assert answer.status_code == 401 and "no-store" in answer["Cache-Control"]
    kept = given_back(answer)
    assert kept == TYPED
    assert 'href="/accounts/login/"' in answer.content.decode() and f'action="{path}"' in answer.content.decode()
    again = client.post(path, kept | {"csrfmiddlewaretoken": token(client, path)}, headers={"Origin": ORIGIN})
    assert again.status_code == 302
    with tenant_scope(Tenant.objects.get(slug=slug).pk):
        assert QuickReply.objects.get(shortcut="prazo").text == TYPED["text"]


def test_a_form_with_an_old_token_comes_back_with_a_new_one() -> None:
    _, path, client = place()
    answer = client.post(path, TYPED | {"csrfmiddlewaretoken": "x" * 32}, headers={"Origin": ORIGIN})
    assert answer.status_code == 403
    assert given_back(answer) == TYPED
    fresh = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.content.decode())
    assert fresh is not None
    again = client.post(path, TYPED | {"csrfmiddlewaretoken": fresh[1]}, headers={"Origin": ORIGIN})
    assert again.status_code == 302


@pytest.mark.parametrize("origin", ["", "null", "https://elsewhere.example", "http://testserver.elsewhere.example"])
def test_what_another_site_sends_is_not_laid_before_anybody(origin: str) -> None:
    _, path, client = place()
    headers = {"Origin": origin} if origin else {}
    for sender in (client, Client(enforce_csrf_checks=True)):
        answer = sender.post(path, TYPED, headers=headers)
        assert answer.status_code in (302, 403)
        assert b"Podemos combinar" not in answer.content


def test_secrets_and_masses_are_not_written_into_a_page() -> None:
    _, path, client = place()
    for more in ({"password": "a long enough password 7"}, {"more": "x" * KEPT_MAX}):
        answer = client.post(path, TYPED | more, headers={"Origin": ORIGIN})
        assert answer.status_code == 403 and not given_back(answer)
