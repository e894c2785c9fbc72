"""API keys at the door: what opens it, what does not, and that neither answer nor time tells why."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import pytest
from django.test import RequestFactory
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants.authentication import SCOPES, ApiKeyAuthentication, create_api_key
from tenants.models import ApiKey
from tests import factories


@pytest.fixture
def tenant():
    return factories.make_tenant()


def ask(header: str | None):
    request = RequestFactory().get("/", headers={} if header is None else {"Authorization": header})
    return ApiKeyAuthentication().authenticate(Request(request))


def test_a_key_opens_the_door_of_its_tenant(tenant):
    key, text = create_api_key(tenant, name="erp", scopes=["portfolio:read"])
    principal, shown = ask(f"Bearer {text}")
    assert (principal.tenant, shown, principal.actor) == (tenant, key, f"key:{key.pk}")
    assert principal.creditor_ids is None


def test_only_prefix_and_hash_are_kept(tenant):
    key, text = create_api_key(tenant, name="erp", scopes=["portfolio:read"])
    secret = text.split("_", 2)[2]
    stored = ApiKey.objects.filter(pk=key.pk).values().get()
    assert secret not in repr(stored)
    assert stored["secret_hash"] == hashlib.sha256(secret.encode()).hexdigest()
    assert text.startswith(f"trato_{stored['prefix']}_")
    assert len(secret) >= 43


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: text.swapcase(),
        lambda text: "trato_00000000_" + text.split("_", 2)[2],
        lambda text: text.replace("trato", "other"),
        lambda text: "",
        lambda text: "trato_",
        lambda text: "trato__",
        lambda text: "trato_\x00_x",
        lambda text: "trato_é_ñ",
    ],
)
def test_any_other_text_does_not(tenant, spoil):
    _, text = create_api_key(tenant, name="erp", scopes=["portfolio:read"])
    with pytest.raises(AuthenticationFailed):
        ask(f"Bearer {spoil(text)}")


def test_the_scheme_is_bearer_in_any_case(tenant):
    _, text = create_api_key(tenant, name="erp", scopes=["portfolio:read"])
    assert ask(f"bearer {text}")
    for scheme in ("Basic", "Token"):
        with pytest.raises(AuthenticationFailed):
            ask(f"{scheme} {text}")


def test_without_a_header_somebody_else_may_know_them():
    assert ask(None) is None


def test_revoked_and_expired_keys_are_closed_and_say_the_same_as_unknown_ones(tenant):
    answers = set()
    for fields in ({"revoked_at": machine_now()}, {"expires_at": machine_now() - timedelta(seconds=1)}):
        key, text = create_api_key(tenant, name="erp", scopes=["portfolio:read"])
        assert ask(f"Bearer {text}")
        ApiKey.objects.filter(pk=key.pk).update(**fields)
        with pytest.raises(AuthenticationFailed) as refused:
            ask(f"Bearer {text}")
        answers.add(str(refused.value.detail))
    with pytest.raises(AuthenticationFailed) as refused:
        ask("Bearer trato_00000000_nothing")
    assert answers == {str(refused.value.detail)}


def test_an_unknown_prefix_costs_a_comparison_too(tenant, monkeypatch):
    compared: list[tuple[str, str]] = []
    real = hmac.compare_digest

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr("tenants.authentication.hmac.compare_digest", compare)
    _, text = create_api_key(tenant, name="erp", scopes=["portfolio:read"])
    ask(f"Bearer {text}")
    with pytest.raises(AuthenticationFailed):
        ask("Bearer trato_00000000_nothing")
    assert [len(a) == len(b) == 64 for a, b in compared] == [True, True]


def test_two_keys_of_two_tenants_do_not_open_each_others_door(tenant):
    _, ours = create_api_key(tenant, name="a", scopes=["portfolio:read"])
    _, theirs = create_api_key(factories.make_tenant(), name="b", scopes=["portfolio:read"])
    with pytest.raises(AuthenticationFailed):
        ask(f"Bearer {'_'.join([*ours.split('_', 2)[:2], theirs.split('_', 2)[2]])}")


def test_use_is_noted_but_not_at_every_request(tenant):
    key, text = create_api_key(tenant, name="erp", scopes=["portfolio:read"])
    ask(f"Bearer {text}")
    key.refresh_from_db()
    first = key.last_used_at
    ask(f"Bearer {text}")
    key.refresh_from_db()
    assert first is not None and key.last_used_at == first


def test_unknown_and_empty_scopes_are_refused(tenant):
    for scopes in (["portfolio:destroy"], []):
        with pytest.raises(DomainError) as refused:
            create_api_key(tenant, name="x", scopes=scopes)
        assert refused.value.code == "scope_unknown"


class Door(APIView):
    """A view that reads with one scope and sends with another."""

    scopes = {"GET": "portfolio:read", "POST": "messages:send"}

    def get(self, request):
        return Response({"tenant": request.user.tenant.slug})

    def post(self, request):
        return Response({})

    def delete(self, request):
        return Response({})


def knock(method: str, headers: dict[str, str]):
    response = Door.as_view()(getattr(RequestFactory(), method)("/", headers=headers))
    response.render()
    return response


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_opens_its_methods_only(tenant, scope):
    _, headers = factories.make_key(tenant, scopes=[scope])
    assert knock("get", headers).status_code == (200 if scope == "portfolio:read" else 403)
    assert knock("post", headers).status_code == (200 if scope == "messages:send" else 403)


def test_writing_does_not_mean_sending(tenant):
    _, headers = factories.make_key(tenant, scopes=["portfolio:write", "messages:read", "portfolio:read"])
    response = knock("post", headers)
    assert response.status_code == 403
    assert "messages:send" in response.data["detail"]


def test_a_method_that_names_no_scope_is_closed_to_all(tenant):
    _, headers = factories.make_key(tenant)
    assert knock("delete", headers).status_code == 403


def test_a_stranger_is_told_how_to_show_a_key(tenant):
    response = knock("get", {})
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["Content-Type"].startswith("application/problem+json")
    assert knock("get", {"Authorization": "Bearer nonsense"}).status_code == 401
