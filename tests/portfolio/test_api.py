"""The REST resources: upserts, merge-patch, lists, refusals that help, and walls between keys."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portfolio import hooks, services
from portfolio.models import Creditor, Debtor, Entry, Invoice, Payment
from tenants.scope import tenant_scope
from tests import factories
from tests.caller import Api
from tests.factories import NOON

pytestmark = pytest.mark.urls("tests.portfolio.addresses")


class World:
    def __init__(self, **tenant):
        self.tenant = factories.make_tenant(frozen=True, **tenant)
        with tenant_scope(self.tenant.id):
            self.creditor = factories.make_creditor(external_id="loja")
        self.api = Api(self.tenant)


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(hooks._hooks, "sink", lambda notes, now: None)
    return World()


@pytest.fixture
def api(world):
    return world.api


ANA = {"name": "Ana Souza", "labels": ["vip"], "city": "Recife", "contacts": [{"value": "+5511987654321"}]}
BILL = {"debtor": "7", "due_on": "2026-11-01", "amount": "100.50", "currency": "BRL"}
PAID = {"debtor": "7", "amount": "40.25", "paid_at": "2026-11-16T10:00:00-03:00"}


def seeded(api):
    assert api("put", "creditors/loja/debtors/7", ANA).status_code == 201
    assert api("put", "creditors/loja/invoices/F-1", BILL).status_code == 201


def test_an_upsert_creates_changes_or_does_nothing_and_says_which(api):
    for status, outcome in ((201, "created"), (200, "unchanged")):
        answer = api("put", "creditors/loja/debtors/7", ANA)
        assert (answer.status_code, answer["X-Outcome"]) == (status, outcome)
    answer = api("put", "creditors/loja/debtors/7", {"city": None, "attributes": {"risk": "b"}})
    told = answer.json()
    assert (answer.status_code, answer["X-Outcome"]) == (200, "updated")
    assert (told["city"], told["name"], told["labels"], told["attributes"]) == ("", "Ana Souza", ["vip"], {"risk": "b"})
    assert told["contacts"][0]["value"] == "+5511987654321"
    assert api("get", "creditors/loja/debtors/7").json() == told


def test_creditors_come_with_where_money_goes_and_wrong_digits_are_refused(api):
    body = {"name": "Loja Dois", "country": "MX", "currency": "MXN", "language": "es"}
    assert api("put", "creditors/dois", body).status_code == 201
    wrong = api("put", "creditors/dois", {"pay_to": {"clabe": {"clabe": "032180000118359710", "holder": "x"}}})
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["pointer"] == "/pay_to/clabe"
    right = api("put", "creditors/dois", {"pay_to": {"clabe": {"clabe": "032180000118359719", "holder": "x"}}})
    assert right.status_code == 200 and right.json()["pay_to"]["clabe"]["clabe"] == "032180000118359719"
    assert [row["external_id"] for row in api("get", "creditors").json()["results"]] == ["loja", "dois"]


def test_money_in_money_out(api, world):
    seeded(api)
    answer = api("put", "creditors/loja/payments/P-1", PAID | {"invoice": "F-1", "method": "pix"})
    assert (answer.status_code, answer.json()["amount"]) == (201, "40.25")
    assert api("put", "creditors/loja/payments/P-1", PAID)["X-Outcome"] == "unchanged"
    assert api("get", "creditors/loja/invoices/F-1").json()["open"] == "60.25"
    assert api("put", "creditors/loja/payments/P-1", PAID | {"amount": "50.25"})["X-Outcome"] == "updated"
    assert api("get", "creditors/loja/invoices/F-1").json()["open"] == "50.25"
    for _ in range(2):
        back = api("post", "creditors/loja/payments/P-1/reversal", {"reason": "devolvido"})
        assert back.status_code == 200 and back.json()["reversed_at"]
    debtor = api("get", "creditors/loja/debtors/7").json()
    assert (debtor["open"], debtor["oldest_due_on"]) == ("100.50", "2026-11-01")
    assert api("put", "creditors/loja/invoices/F-1", {"amount": "90.00"}).json()["open"] == "90.00"
    assert api("post", "creditors/loja/invoices/F-1/withdrawal", {}).json()["withdrawn_at"]
    with tenant_scope(world.tenant.id):
        assert services.rebuild_balances(mend=False) == []
        assert {entry.source for entry in Entry.objects.all()} == {f"api:{world_key(world)}"}


def world_key(world):
    return world.api.headers["Authorization"].split("_")[1]


@pytest.mark.parametrize(
    ("body", "pointer", "advice"),
    [
        ({"amount": 100.5}, "/amount", "as text"),
        ({"amount": "1.234,56"}, "/amount", "as text"),
        ({"amount": "100.505"}, "/amount", "decimals"),
        ({"amount": "-1.00"}, "/amount", "credit"),
        ({"due_on": "01/11/2026"}, "/due_on", "two ways"),
        ({"due_on": "2026-02-30"}, "/due_on", "no day"),
        ({"currency": "R$"}, "/currency", "three capital letters"),
        ({"currency": "USD"}, "/currency", "kept in"),
        ({"vencimento": "x"}, "/vencimento", "known are"),
        ({"debtor": "nobody"}, "/debtor", "debtor nobody is not known"),
        ({"due_on": None}, "/due_on", "null"),
        ({"number": "x" * 61}, "/number", "60"),
    ],
)
def test_what_is_wrong_is_named_with_the_way_to_mend_it(api, body, pointer, advice):
    seeded(api)
    address = "creditors/loja/invoices/F-1" if body.get("due_on", 1) is None else "creditors/loja/invoices/F-2"
    answer = api("put", address, BILL | body)
    told = answer.json()
    assert answer.status_code == 422 and answer["Content-Type"] == "application/problem+json"
    assert told["status"] == answer.status_code and told["request_id"] is not None
    text = told["detail"] + " ".join(error["detail"] for error in told["errors"])
    assert advice in text, text
    if pointer:
        assert pointer in [error["pointer"] for error in told["errors"]]
    assert api("get", "creditors/loja/invoices/F-2").status_code == 404


def test_a_batch_takes_the_good_and_names_the_bad(api, world):
    seeded(api)
    items = [BILL | {"external_id": f"B-{place}"} for place in range(3)]
    items[1] = {**items[1], "amount": "x"}
    items += [
        {"external_id": "B-9", "debtor": "nobody", "due_on": "2026-11-01", "amount": "1.00"},
        {"external_id": "F-1", "amount": "70.00"},
        {"external_id": "F-1", "amount": "70.00"},
        {"amount": "1.00"},
    ]
    answer = api("post", "creditors/loja/invoices:batch", {"items": items})
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [row["outcome"] for row in results] == [
        "created", "rejected", "created", "rejected", "updated", "unchanged", "rejected"
    ]  # fmt: skip
    assert results[1]["problem"]["pointer"] == "/amount" and results[3]["problem"]["code"] == "debtor_unknown"
    assert api("get", "creditors/loja/debtors/7").json()["open"] == "271.00"
    assert api("post", "creditors/loja/invoices:batch", {"items": items * 200}).status_code == 422
    assert api("post", "creditors/loja/invoices:batch", {"items": []}).status_code == 422
    with tenant_scope(world.tenant.id):
        assert services.rebuild_balances(mend=False) == []


def walked(api, address):
    """The external ids of a list, page by page."""
    seen, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        answer = api("get", f"{address}&cursor={cursor}").json()
        seen += [row["external_id"] for row in answer["results"]]
        cursor, pages = answer["next_cursor"], pages + 1
        assert pages < 20
    return seen


def test_lists_come_page_by_page_and_miss_nothing(api, world):
    with tenant_scope(world.tenant.id):
        for place in range(7):
            debtor = factories.make_debtor(world.creditor, external_id=f"d{place}", invoices=[("10.00", NOON.date())])
            Debtor.objects.filter(pk=debtor.pk).update(updated_at=NOON + timedelta(minutes=3 - place // 2))
    assert walked(api, "creditors/loja/debtors?limit=3") == [f"d{place}" for place in range(7)]
    since = (NOON + timedelta(minutes=1)).isoformat()
    seen = walked(api, f"creditors/loja/debtors?limit=2&updated_since={since}")
    assert seen == ["d4", "d5", "d2", "d3", "d0", "d1"]
    assert len(api("get", "creditors/loja/invoices?debtor=d3&open=true").json()["results"]) == 1
    for bad in ("limit=0", "limit=201", "limit=x", "cursor=zzz", "updated_since=01/11/2026"):
        assert api("get", f"creditors/loja/debtors?{bad}").status_code == 422


def test_both_sides_compute_the_same_checksum(api):
    seeded(api)
    api("put", "creditors/loja/invoices/A-9", BILL | {"amount": "1.00"})
    api("put", "creditors/loja/payments/P-1", PAID)
    (told,) = api("get", "creditors/loja/reconciliation").json()
    assert told["checksum"] == hashlib.sha256(b"A-9\t1.00\nF-1\t60.25\n").hexdigest()
    assert (told["open"], told["balance"], told["entries"]["payment"]) == ("61.25", "61.25", "-40.25")
    rows = api("get", "creditors/loja/ageing").json()
    assert [(row["bucket"], row["open"]) for row in rows][:2] == [("current", "0.00"), ("1-30", "61.25")]


def test_promise_plan_dispute_and_code(api):
    seeded(api)
    promise = api("post", "creditors/loja/promises", {"debtor": "7", "amount": "50.00", "due_on": "2026-11-20"})
    assert promise.status_code == 201 and promise.json()["state"] == "open"
    code = api("post", "creditors/loja/payables", {"debtor": "7"}).json()
    assert code["amount"] == "100.50" and code["url"].startswith("/p/")
    plan = api(
        "post", "creditors/loja/agreements", {"debtor": "7", "count": 3, "first_on": "2026-11-20", "external_id": "A-1"}
    ).json()
    assert [part["amount"] for part in plan["instalments"]] == ["33.50", "33.50", "33.50"]
    accepted = api("post", f"creditors/loja/agreements/{plan['id']}/acceptance")
    assert accepted.json()["state"] == "active"
    assert api("get", "creditors/loja/promises?state=withdrawn").json()["results"][0]["id"] == promise.json()["id"]
    assert api("post", f"creditors/loja/agreements/{plan['id']}/cancellation", {}).json()["state"] == "cancelled"
    assert api("get", f"creditors/loja/agreements/{plan['id']}").json()["state"] == "cancelled"
    dispute = api("post", "creditors/loja/disputes", {"debtor": "7", "invoice": "F-1", "reason": "wrong_amount"}).json()
    assert api("post", "creditors/loja/payables", {"debtor": "7"}).json()["code"] == "nothing_open"
    closed = api(
        "post", f"creditors/loja/disputes/{dispute['reference']}/closing", {"accepted": True, "amount": "0.50"}
    )
    assert closed.json()["state"] == "accepted"
    assert api("get", "creditors/loja/debtors/7").json()["open"] == "100.00"
    assert api("post", "creditors/loja/debtors/7/withdrawal", {"reason": "sold"}).json()["withdrawn_at"]


def test_consents_in_the_same_call_reach_whoever_keeps_them(world, api, monkeypatch):
    taken = []
    monkeypatch.setattr(hooks._hooks, "sink", lambda notes, now: taken.extend(notes))
    contact = {
        "value": "+5511987654321", "consent_state": "granted", "consent_on": "2026-01-02",
        "consent_evidence": {"exact_wording": "sim"},
    }  # fmt: skip
    assert api("put", "creditors/loja/debtors/7", {"name": "Ana", "contacts": [contact]}).status_code == 201
    assert taken[0].state == "granted" and taken[0].given_at.date() == date(2026, 1, 2)
    monkeypatch.setattr(hooks._hooks, "sink", hooks.refuse)
    refused = api("put", "creditors/loja/debtors/8", {"name": "Bia", "contacts": [contact]})
    assert refused.status_code == 422 and refused.json()["code"] == "consent_not_kept"
    assert api("get", "creditors/loja/debtors/8").status_code == 404  # all or nothing


def test_a_file_by_api_with_its_refused_lines_and_back(api):
    text = "id_cliente;nombre;factura;vencimento;valor\n1;Ana;F-1;25/10/2026;1.234,56\n2;Bia;F-2;x;10,00\n"
    answer = api.client.post(
        "/api/v1/creditors/loja/imports", {"file": SimpleUploadedFile("a.csv", text.encode())}, headers=api.headers
    )
    told = answer.json()
    assert answer.status_code == 201 and (told["counts"]["invoices_created"], told["counts"]["rejected"]) == (1, 1)
    refused = api("get", f"creditors/loja/imports/{told['id']}/rejected")
    assert refused["Content-Type"].startswith("text/csv") and "2;Bia" not in refused.content.decode("utf-8-sig")
    assert "2,Bia,F-2,x" in refused.content.decode("utf-8-sig")
    assert api("get", "creditors/loja/debtors/1").json()["open"] == "1234.56"
    assert api("post", f"creditors/loja/imports/{told['id']}/undo").json()["state"] == "undone"
    assert api("get", "creditors/loja/debtors/1").json()["open"] == "0.00"
    assert api("get", "creditors/loja/imports").json()["results"][0]["state"] == "undone"
    empty = api.client.post(
        "/api/v1/creditors/loja/imports", {"file": SimpleUploadedFile("a.csv", b"\n")}, headers=api.headers
    )
    assert empty.status_code == 422


ADDRESSES = [
    ("get", "creditors/loja"), ("put", "creditors/loja"), ("get", "creditors/loja/debtors"),
    ("get", "creditors/loja/debtors/7"), ("put", "creditors/loja/debtors/7"),
    ("post", "creditors/loja/debtors/7/withdrawal"), ("get", "creditors/loja/invoices"),
    ("get", "creditors/loja/invoices/F-1"), ("put", "creditors/loja/invoices/F-1"),
    ("post", "creditors/loja/invoices/F-1/withdrawal"), ("post", "creditors/loja/invoices:batch"),
    ("get", "creditors/loja/payments"), ("get", "creditors/loja/payments/P-1"), ("put", "creditors/loja/payments/P-1"),
    ("post", "creditors/loja/payments/P-1/reversal"), ("get", "creditors/loja/promises"),
    ("post", "creditors/loja/promises"), ("get", "creditors/loja/agreements"), ("post", "creditors/loja/agreements"),
    ("get", "creditors/loja/disputes"), ("post", "creditors/loja/disputes"), ("get", "creditors/loja/payables"),
    ("post", "creditors/loja/payables"), ("get", "creditors/loja/ageing"), ("get", "creditors/loja/reconciliation"),
    ("get", "creditors/loja/imports"),
]  # fmt: skip
BODIES = {
    "debtors/7": {"name": "Eva"}, "invoices/F-1": BILL, "payments/P-1": PAID,
    "promises": {"debtor": "7", "amount": "1.00", "due_on": "2026-11-20"},
    "agreements": {"debtor": "7", "count": 1, "first_on": "2026-11-20"}, "disputes": {"debtor": "7", "reason": "other"},
    "payables": {"debtor": "7"}, "invoices:batch": {"items": [BILL | {"external_id": "F-1"}]}, "loja": {"name": "Eva"},
}  # fmt: skip


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_another_tenant_and_another_creditors_key_find_nothing(world, method, address):
    seeded(world.api)
    world.api("put", "creditors/loja/payments/P-1", PAID)
    body = None if method == "get" else BODIES.get(address.removeprefix("creditors/").removeprefix("loja/"), {})
    with tenant_scope(world.tenant.id):
        other = factories.make_creditor()
        before = counted()
    stranger = Api(factories.make_tenant(frozen=True))
    limited = Api(world.tenant, creditors=[other])
    if address == "creditors/loja" and method == "put":
        body = {"name": "Eva", "country": "BR", "currency": "BRL", "language": "pt"}
        assert stranger(method, address, body).status_code == 201  # its own creditor of that name
    else:
        assert stranger(method, address, body).status_code == 404
    assert limited(method, address, body).status_code == 404
    with tenant_scope(world.tenant.id):
        assert counted() == before


def counted():
    return [
        Creditor.objects.get(external_id="loja").name,
        *(model.objects.count() for model in (Debtor, Invoice, Payment, Entry)),
    ]


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_no_key_and_a_key_without_the_scope_are_turned_away(world, method, address):
    assert Client().generic(method.upper(), f"/api/v1/{address}").status_code == 401
    reading = Api(world.tenant, scopes=["portfolio:read" if method != "get" else "portfolio:write"])
    answer = reading(method, address, None if method == "get" else {})
    assert answer.status_code == 403 and "lacks the scope" in answer.json()["detail"]


def test_two_that_make_the_same_row_at_once_are_told_to_send_again(api, monkeypatch):
    from django.db import IntegrityError

    from portfolio.services import book

    def write(self):
        raise IntegrityError("duplicate key")

    monkeypatch.setattr(book.Book, "write", write)
    answer = api("put", "creditors/loja/debtors/7", ANA)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_the_schema_names_every_operation_once():
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.validation import validate_schema

    GENERATOR_STATS.reset()
    schema = SchemaGenerator(urlconf="tests.portfolio.addresses").get_schema(public=True)
    validate_schema(schema)
    assert not GENERATOR_STATS, GENERATOR_STATS._warn_cache
    ids = [operation["operationId"] for methods in schema["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids)) and "debtors_upsert" in ids
    assert {"contacts", "name"} <= set(schema["components"]["schemas"]["DebtorIn"]["properties"])
