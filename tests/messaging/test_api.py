"""POST /messages: the caller's own ids, one id one message, and the decision in the reader's language."""

from __future__ import annotations

import pytest

from messaging.models import SendRequest
from tenants.scope import tenant_scope
from tests import factories
from tests.caller import Api
from tests.factories import NOON


class World:
    def __init__(self) -> None:
        self.tenant = factories.make_tenant("BR", frozen=True)
        with tenant_scope(self.tenant.id):
            factories.make_number()
            for name in ("loja", "dois"):
                creditor = factories.make_creditor(external_id=name)
                for number in "78":
                    factories.make_debtor(creditor, external_id=number, invoices=[("100.00", NOON.date())])
        self.api = Api(self.tenant)

    def send(self, query: str = "", headers: dict[str, str] | None = None, **body: str):
        wish = {"creditor": "loja", "debtor": "7", "external_id": "m-1", "text": "Olá"} | body
        return self.api("post", f"messages{query}", wish, **(headers or {}))

    def requests(self) -> int:
        with tenant_scope(self.tenant.id):
            return SendRequest.objects.count()


@pytest.fixture
def world():
    return World()


def test_the_callers_own_id_comes_back(world):
    answer = world.send()
    assert (answer.status_code, answer.json()["external_id"]) == (202, "m-1")
    assert world.api("get", f"message-requests/{answer.json()['id']}").json() == answer.json()


def test_the_same_id_again_is_the_same_message_whatever_became_of_it(world):
    first = world.send()
    assert first.json()["verdict"] == "deny", "no conversation is open: a free text is not allowed"
    again = world.send(text="something else")
    assert (again.status_code, again.json()) == (202, first.json())
    assert world.requests() == 1
    assert world.send(external_id="m-2").json()["id"] != first.json()["id"]


def test_every_creditor_has_ids_of_its_own_and_a_debtor_keeps_theirs(world):
    first = world.send(external_id="a:b")
    other = world.send(external_id="a:b", creditor="dois")
    assert first.json()["id"] != other.json()["id"] and other.json()["external_id"] == "a:b"
    with tenant_scope(world.tenant.id):
        SendRequest.objects.filter(pk=first.json()["id"]).update(state="sent")
    moved = world.send(external_id="a:b", debtor="8")
    assert (moved.status_code, moved.json()["errors"][0]["pointer"]) == (409, "/external_id")


def test_its_decision_speaks_the_readers_language(world):
    own = world.send().json()["decision"]["explanation"]
    assert own == world.send(query="?lang=pt").json()["decision"]["explanation"]
    english = world.send(headers={"Accept-Language": "en-GB,en;q=0.9"}).json()["decision"]["explanation"]
    assert english != own and english == world.send(query="?lang=en").json()["decision"]["explanation"]


def test_an_idempotency_key_and_an_external_id_go_together(world):
    key = {"Idempotency-Key": "k"}
    first, again = world.send(headers=key), world.send(headers=key)
    assert again["Idempotency-Replayed"] == "true" and again.json() == first.json() and again.status_code == 202
    assert world.send(headers=key, external_id="m-2").status_code == 422
