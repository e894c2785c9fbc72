"""One POST, one effect: what a key's second request gets, what it does not, and what is kept of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kernel.clock import machine_now
from kernel.errors import DomainError
from portfolio import services
from portfolio.models import Import, Promise
from tenants import idempotency
from tenants.models import KeptAnswer
from tenants.scope import tenant_scope
from tests import factories
from tests.caller import Api
from tests.factories import NOON
from tests.tenants.threads import together, workers

ADDRESS = "creditors/loja/promises"
BODY = {"debtor": "7", "amount": "10.00", "due_on": "2026-11-20"}
KEY = {"Idempotency-Key": "k-1"}


class World:
    def __init__(self) -> None:
        self.tenant = factories.make_tenant(frozen=True)
        with self.scope():
            self.creditor = factories.make_creditor(external_id="loja")
            self.debtor = factories.make_debtor(self.creditor, external_id="7", invoices=[("100.00", NOON.date())])
        self.api = Api(self.tenant)

    def scope(self):
        return tenant_scope(self.tenant.id)

    def promises(self) -> int:
        with self.scope():
            return Promise.objects.count()

    def kept(self) -> list[KeptAnswer]:
        with self.scope():
            return list(KeptAnswer.objects.all())

    def at_work(self, body=BODY, key="k-1"):
        """Somebody's first request that is not done yet."""
        place = idempotency.place_of(self.api.key.pk, f"/api/v1/{ADDRESS}", key)
        with self.scope():
            return idempotency.claim(place, idempotency.fingerprint_of(body), machine_now())


@pytest.fixture
def world():
    return World()


def test_the_second_request_gets_the_first_answer_and_does_nothing(world):
    first = world.api("post", ADDRESS, BODY, **KEY)
    second = world.api("post", ADDRESS, dict(reversed(BODY.items())), **KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json() and second["Content-Type"] == first["Content-Type"]
    assert second["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first
    assert world.promises() == 1
    assert world.api("post", ADDRESS, BODY).status_code == 201
    assert world.promises() == 2, "without a key every request counts"


def test_another_body_route_or_credential(world):
    world.api("post", ADDRESS, BODY, **KEY)
    other = world.api("post", ADDRESS, BODY | {"amount": "11.00"}, **KEY)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert world.api("post", "creditors/loja/payables", {"debtor": "7"}, **KEY).status_code == 201
    again = Api(world.tenant)("post", ADDRESS, BODY, **KEY)
    assert again.status_code == 201 and "Idempotency-Replayed" not in again
    assert world.promises() == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "ñandú"])
def test_a_key_that_is_none_is_refused(world, key):
    answer = world.api("post", ADDRESS, BODY, **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key")
    assert world.promises() == 0
    assert world.api("post", ADDRESS, BODY, **{"Idempotency-Key": "x" * 255}).status_code == 201


def test_while_the_first_is_at_work_the_second_waits(world):
    held = world.at_work()
    answer = world.api("post", ADDRESS, BODY, **KEY)
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (409, "in_progress", True)
    assert int(answer["Retry-After"]) >= 1 and world.promises() == 0
    with world.scope():
        KeptAnswer.objects.filter(pk=held.id).update(locked_until=machine_now() - timedelta(seconds=1))
    assert world.api("post", ADDRESS, BODY, **KEY).status_code == 201, "the first died"
    with world.scope(), pytest.raises(DomainError, match="at work"):
        idempotency.keep(held, 201, "{}", "")


def test_work_that_lost_its_lease_is_rolled_back(world, monkeypatch):
    make = services.create_promise

    def take_over():
        with world.scope():
            KeptAnswer.objects.update(locked_until=machine_now() + timedelta(hours=1))

    def slow(*args, **values):
        together(take_over)  # by another connection, while we are at work
        return make(*args, **values)

    monkeypatch.setattr(services, "create_promise", slow)
    assert world.api("post", ADDRESS, BODY, **KEY).status_code == 409
    assert world.promises() == 0 and world.kept()[0].status is None


def test_our_own_failures_are_not_kept(world, monkeypatch):
    def fail(*args, **values):
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(services, "create_promise", fail)
        assert world.api("post", ADDRESS, BODY, **KEY).status_code == 500
    assert world.kept() == []
    answer = world.api("post", ADDRESS, BODY, **KEY)
    assert answer.status_code == 201 and "Idempotency-Replayed" not in answer


def test_an_answer_that_cannot_be_kept_takes_its_effect_with_it(world, monkeypatch):
    def fail(*args, **values):
        raise RuntimeError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "keep", fail)
        assert world.api("post", ADDRESS, BODY, **KEY).status_code == 500
    assert world.promises() == 0 and world.kept() == []


def test_refusals_are_kept_and_calls_to_ask_again_are_not(world, monkeypatch):
    wrong = BODY | {"debtor": "nobody"}
    first = world.api("post", ADDRESS, wrong, **KEY)
    again = world.api("post", ADDRESS, wrong, **KEY)
    assert first.status_code == again.status_code == 422 and again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true" and again["Content-Type"] == "application/problem+json"

    def busy(*args, **values):
        raise DomainError("conflict", "somebody wrote the same at the same moment: send it again")

    with monkeypatch.context() as patch:
        patch.setattr(services, "create_promise", busy)
        assert world.api("post", ADDRESS, BODY, **{"Idempotency-Key": "k-2"}).status_code == 409
    assert world.api("post", ADDRESS, BODY, **{"Idempotency-Key": "k-2"}).status_code == 201


def test_of_many_at_once_one_does_it(world):
    answers = workers(4, lambda: Api.__call__(world.api, "post", ADDRESS, BODY, **KEY))
    first = [one for one in answers if one.status_code == 201 and "Idempotency-Replayed" not in one]
    assert len(first) == 1 and world.promises() == 1
    assert {one.status_code for one in answers} <= {201, 409}


def test_a_file_counts_by_its_bytes_not_by_its_boundaries(world):
    def send(text: str):
        file = SimpleUploadedFile("a.csv", text.encode())
        return world.api.client.post("/api/v1/creditors/loja/imports", {"file": file}, headers=KEY)

    lines = "id_cliente;nombre;factura;vencimento;valor\n1;Ana;F-1;25/10/2026;1.234,56\n"
    first, second = send(lines), send(lines)
    assert (first.status_code, second.status_code) == (201, 201), first.content
    assert second["Idempotency-Replayed"] == "true" and second.json()["id"] == first.json()["id"]
    assert send(lines.replace("1.234", "1.235")).status_code == 422
    with world.scope():
        assert Import.objects.count() == 1


def test_the_table_tells_nothing_and_does_not_grow(world):
    answer = world.api("post", ADDRESS, BODY, **KEY)
    (row,) = world.kept()
    assert answer.json()["id"] not in row.body and json.loads(answer.content)
    with world.scope():
        old = [
            KeptAnswer(place=f"old-{n}", fingerprint="x", status=200, locked_until=NOON,
                       created_at=machine_now() - idempotency.KEPT_FOR - timedelta(hours=n))
            for n in range(1, 4)
        ]  # fmt: skip
        KeptAnswer.objects.bulk_create(old)
        young = KeptAnswer.objects.create(
            place="young", fingerprint="x", status=200, locked_until=NOON,
            created_at=machine_now() - timedelta(hours=24),
        )  # fmt: skip
    world.api("post", ADDRESS, BODY, **{"Idempotency-Key": "k-2"})
    assert {row.pk for row in world.kept()} >= {row.pk, young.pk} and len(world.kept()) == 3
