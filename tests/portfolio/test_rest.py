"""The REST API as integrators meet it: merge-patch upserts, batches, references that are not there."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.models import Consent
from portfolio import services
from portfolio.models import Debtor, Entry, Payment, Person
from tenants.scope import tenant_scope
from tests import factories
from tests.caller import Api

_number = itertools.count()
PAID = {"debtor": "7", "amount": "40.25", "paid_at": "2026-11-16T10:00:00-03:00"}


class World:
    def __init__(self) -> None:
        self.tenant = factories.make_tenant(frozen=True)
        with tenant_scope(self.tenant.id):
            self.creditor = factories.make_creditor(external_id="loja")
        self.api = Api(self.tenant)
        phones = [{"value": "+5511987654321"}, {"value": "+5511987654322"}]
        assert self.api("put", "creditors/loja/debtors/7", {"name": "Ana Souza", "contacts": phones}).status_code == 201
        for name in ("F-1", "F-2"):
            self.invoice(name)

    def invoice(self, name: str, **fields: Any) -> None:
        body = {"debtor": "7", "due_on": "2026-11-01", "amount": "100.00"} | fields
        assert self.api("put", f"creditors/loja/invoices/{name}", body).status_code == 201

    def open(self, name: str) -> str:
        return self.api("get", f"creditors/loja/invoices/{name}").json()["open"]


@pytest.fixture(scope="module")
def world(django_db_blocker):
    with django_db_blocker.unblock():
        return World()


@pytest.fixture
def fresh():
    return World()


@pytest.fixture
def api(fresh):
    return fresh.api


# --- absent is not null

#: Per resource: where, what a new one needs, and per field the pairs (what is sent, what is then shown).
PIX = {"key": "+5511987654321", "name": "Loja", "city": "Recife"}
UPSERTS: dict[str, tuple[str, dict[str, Any], dict[str, list[tuple[Any, Any]]]]] = {
    "creditors": ("creditors/c{n}", {"name": "Loja", "country": "BR", "currency": "BRL"}, {
        "name": [("Loja A", "Loja A"), ("Loja B", "Loja B")],
        "legal_name": [("L Ltda", "L Ltda"), (None, ""), ("", "")],
        "tax_id": [("1", "1"), (None, "")], "address": [("Rua A", "Rua A"), (None, "")],
        "contact": [("ajuda", "ajuda"), (None, "")], "language": [("pt", "pt"), ("es", "es")],
        "balance_max_age_hours": [(24, 24), (None, None)], "dispute_stops_all": [(True, True), (False, False)],
        "pay_to": [({"pix": PIX}, {"pix": PIX}), ({"pix": None}, {}), (None, {})],
        "policy": [({"max_instalments": 3}, {"max_instalments": 3}), (None, {})],
    }),
    "debtors": ("creditors/loja/debtors/d{n}", {"name": "Ana"}, {
        "name": [("Ana A", "Ana A"), ("Ana B", "Ana B")], "kind": [("human", "human"), ("company", "company")],
        "city": [("Recife", "Recife"), (None, "")], "subdivision": [("BR-PE", "BR-PE"), (None, "")],
        "country": [("MX", "MX"), (None, "BR")], "language": [("es", "es"), (None, "pt")],
        "labels": [(["vip"], ["vip"]), (None, []), ([], [])],
        "attributes": [({"risk": "b"}, {"risk": "b"}), ({"risk": None}, {}), (None, {})],
    }),
    "invoices": ("creditors/loja/invoices/i{n}", {"debtor": "7", "due_on": "2026-11-01", "amount": "5.00"}, {
        "number": [("N-1", "N-1"), (None, "i{n}")], "description": [("Sofá", "Sofá"), (None, "")],
        "issued_on": [("2026-10-01", "2026-10-01"), (None, None)],
        "due_on": [("2026-11-02", "2026-11-02"), ("2026-11-03", "2026-11-03")],
        "amount": [("6.00", "6.00"), ("7.00", "7.00")], "legal_state": [("sued", "sued"), (None, "")],
    }),
    "payments": ("creditors/loja/payments/p{n}", PAID, {
        "method": [("pix", "pix"), (None, "")], "amount": [("1.00", "1.00"), ("2.00", "2.00")],
        "paid_at": [("2026-11-15T12:00:00Z", "2026-11-15T12:00:00Z"), ("2026-11-14T12:00:00Z", "2026-11-14T12:00:00Z")],
    }),
    "consents": ("creditors/loja/debtors/7/consents/k{n}", {"state": "revoked", "given_at": "2026-11-01T12:00:00Z"}, {
        "channel": [("whatsapp", "whatsapp"), ("email", "email")],
        "purpose": [("collection", "collection"), ("survey", "survey")],
        "contact": [("+5511987654321", "+5511987654321"), ("11 98765-4322", "+5511987654322"), (None, None)],
        "evidence": [({"exact_wording": "sim"}, {"exact_wording": "sim"}), (None, {})],
        "given_at": [("2026-11-02T12:00:00Z", "2026-11-02T12:00:00Z"), ("2026-11-03T12:00:00Z", "2026-11-03T12:00:00Z")],
        "expires_at": [("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"), (None, None)],
    }),
}  # fmt: skip


def shown(name: str, body: dict[str, Any], fields: Any) -> dict[str, Any]:
    found = {field: body[field] for field in fields}
    for field, value in found.items():
        if field.endswith("_at") and isinstance(value, str):
            found[field] = value.replace("+00:00", "Z")
    return found


@pytest.mark.parametrize("name", sorted(UPSERTS))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_absent_stays_and_null_empties(world, name, data):
    template, needed, fields = UPSERTS[name]
    number = str(next(_number))
    address = template.replace("{n}", number)
    pairs = {field: st.sampled_from(values) for field, values in fields.items()}
    first = data.draw(st.fixed_dictionaries({}, optional=pairs))
    answer = world.api("put", address, needed | {field: sent for field, (sent, _) in first.items()})
    assert answer.status_code == 201, answer.content
    expected = shown(name, answer.json(), fields)
    for field, (_, told) in first.items():
        assert expected[field] == (told.replace("{n}", number) if isinstance(told, str) else told), field
    for change in data.draw(st.lists(st.fixed_dictionaries({}, optional=pairs), min_size=1, max_size=3)):
        before = dict(expected)
        for field, (_, told) in change.items():
            expected[field] = told.replace("{n}", number) if isinstance(told, str) else told
        answer = world.api("put", address, {field: sent for field, (sent, _) in change.items()})
        assert answer.status_code == 200, answer.content
        assert shown(name, answer.json(), fields) == expected, change
        assert answer["X-Outcome"] == ("unchanged" if expected == before else "updated"), change
        if name != "consents":
            assert shown(name, world.api("get", address).json(), fields) == expected


@pytest.mark.parametrize(
    ("address", "body", "pointer"),
    [
        ("creditors/loja", {"name": None}, "/name"),
        ("creditors/loja", {"currency": None}, "/currency"),
        ("creditors/loja/debtors/7", {"name": None}, "/name"),
        ("creditors/loja/invoices/F-1", {"amount": None}, "/amount"),
        ("creditors/loja/invoices/F-1", {"due_on": None}, "/due_on"),
        ("creditors/loja/payments/P-1", {"paid_at": None}, "/paid_at"),
        ("creditors/loja/debtors/7/consents/k", {"state": None}, "/state"),
    ],
)
def test_what_cannot_be_emptied_says_so(world, address, body, pointer):
    world.api("put", "creditors/loja/payments/P-1", PAID)
    answer = world.api("put", address, body)
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == pointer


def test_an_emptied_document_is_gone_but_not_from_whom_another_creditor_knows(fresh, api):
    body = {"name": "Bia", "document": "529.982.247-25", "birth_year": 1980}
    api("put", "creditors/loja/debtors/8", body)
    assert api("put", "creditors/loja/debtors/8", {"document": None, "birth_year": None}).json()["document"] == ""
    with tenant_scope(fresh.tenant.id):
        person = Person.objects.get(pk=Debtor.objects.get(external_id="8").person_id)
        assert (person.document, person.document_hash, person.knowledge) == ("", "", "")
    api("put", "creditors/loja/debtors/8", body)
    with tenant_scope(fresh.tenant.id):
        factories.make_creditor(external_id="dois")
    api("put", "creditors/dois/debtors/8", body)
    assert api("put", "creditors/loja/debtors/8", {"document": None}).json()["document"] != ""


def test_a_payment_keeps_its_method_its_kind_and_its_invoice(fresh, api):
    address = "creditors/loja/payments/P-1"
    api("put", address, PAID | {"invoice": "F-2", "method": "pix"})
    assert (fresh.open("F-1"), fresh.open("F-2")) == ("100.00", "59.75")
    assert api("put", address, {"amount": "50.00"}).json()["method"] == "pix"
    assert (fresh.open("F-1"), fresh.open("F-2")) == ("100.00", "50.00"), "its invoice was not mentioned"
    assert api("put", address, {"method": "ted"})["X-Outcome"] == "updated"
    assert api("put", address, {"paid_on": "2026-11-16"})["X-Outcome"] == "unchanged", "the same day"
    assert api("put", address, {"invoice": "F-1"})["X-Outcome"] == "updated"
    assert (fresh.open("F-1"), fresh.open("F-2")) == ("50.00", "100.00")
    assert api("put", address, {"invoice": "F-1"})["X-Outcome"] == "unchanged"
    api("put", "creditors/loja/payments/C-1", PAID | {"kind": "credit", "amount": "1.00"})
    assert api("put", "creditors/loja/payments/C-1", {"amount": "2.00"}).json()["kind"] == "credit"
    with tenant_scope(fresh.tenant.id):
        assert services.rebuild_balances(mend=False) == []
        assert {entry.kind for entry in Entry.objects.all()} == {"charge", "payment", "credit", "reversal"}


def test_a_part_that_went_back_is_not_forgotten_when_a_day_is_corrected(fresh, api):
    address = "creditors/loja/payments/P-1"
    api("put", address, PAID)
    api("post", f"{address}/reversal", {"reason": "chargeback", "amount": "10.25"})
    assert api("put", address, {"paid_on": "2026-11-10"})["X-Outcome"] == "unchanged"
    assert fresh.open("F-1") == "70.00"


@pytest.mark.parametrize(("country", "language"), [("BR", "pt"), ("MX", "es"), ("CO", "es")])
def test_a_new_creditor_speaks_its_countrys_language(api, country, language):
    body = {"name": "Nova", "country": country, "currency": factories.PLACES[country].currency}
    assert api("put", "creditors/nova", body).json()["language"] == language
    assert api("put", "creditors/nova", {"language": "en"}).json()["language"] == "en"
    assert api("put", "creditors/nova", {"country": "AR"}).json()["language"] == "en"


def test_places_for_money_are_merged_one_by_one(api):
    clabe = {"clabe": "032180000118359719", "holder": "x"}
    api("put", "creditors/loja", {"pay_to": None})
    api("put", "creditors/loja", {"pay_to": {"pix": PIX}})
    assert set(api("put", "creditors/loja", {"pay_to": {"clabe": clabe}}).json()["pay_to"]) == {"pix", "clabe"}
    assert api("put", "creditors/loja", {"pay_to": {"pix": None}}).json()["pay_to"] == {"clabe": clabe}
    policy = api("put", "creditors/loja", {"policy": {"late_days": 3}}).json()["policy"]
    assert policy["late_days"] == 3 and len(policy) > 1
    assert "late_days" not in api("put", "creditors/loja", {"policy": {"late_days": None}}).json()["policy"]


# --- references

UNKNOWN = [
    ("put", "creditors/loja/invoices/N-1", {"debtor": "nobody", "due_on": "2026-11-01", "amount": "1.00"}, "/debtor"),
    ("put", "creditors/loja/invoices/N-1", {"due_on": "2026-11-01", "amount": "1.00"}, "/debtor"),
    ("put", "creditors/loja/payments/N-1", PAID | {"debtor": "nobody"}, "/debtor"),
    ("put", "creditors/loja/payments/N-1", {"amount": "1.00"}, "/debtor"),
    ("put", "creditors/loja/payments/N-1", PAID | {"invoice": "none"}, "/invoice"),
    ("post", "creditors/loja/promises", {"debtor": "nobody", "amount": "1.00", "due_on": "2026-11-20"}, "/debtor"),
    ("post", "creditors/loja/agreements", {"debtor": "nobody", "count": 1, "first_on": "2026-11-20"}, "/debtor"),
    ("post", "creditors/loja/agreements", {"debtor": "7", "count": 1, "first_on": "2026-11-20", "invoices": ["x"]},
     "/invoices"),
    ("post", "creditors/loja/disputes", {"debtor": "nobody", "reason": "other"}, "/debtor"),
    ("post", "creditors/loja/disputes", {"debtor": "7", "reason": "other", "invoice": "none"}, "/invoice"),
    ("post", "creditors/loja/payables", {"debtor": "nobody"}, "/debtor"),
    ("put", "creditors/loja/debtors/7/consents/k", {"state": "granted", "given_at": "2026-11-01T00:00:00Z",
                                                    "contact": "+5511900000000"}, "/contact"),
    ("post", "messages", {"creditor": "none", "debtor": "7", "external_id": "m", "text": "x"}, "/creditor"),
    ("post", "messages", {"creditor": "loja", "debtor": "nobody", "external_id": "m", "text": "x"}, "/debtor"),
    ("post", "messages", {"creditor": "loja", "debtor": "7", "external_id": "m", "text": "x", "invoices": ["x"]},
     "/invoices"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "address", "body", "pointer"), UNKNOWN)
def test_a_reference_that_is_not_there_is_the_bodys_mistake(world, method, address, body, pointer):
    answer = world.api(method, address, body)
    assert answer.status_code == 422, answer.content
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    if "creditors/loja" in address:
        elsewhere = world.api(method, address.replace("loja", "none"), body)
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "not_found")


# --- batches


def outcomes(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["outcome"] for row in answer.json()["results"]]


def test_debtors_in_a_batch(fresh, api):
    phone = {"value": "+5511987650001", "consent_state": "granted", "consent_on": "2026-01-02",
             "consent_evidence": {"exact_wording": "sim"}}  # fmt: skip
    items = [
        {"external_id": "a", "name": "Ana", "document": "529.982.247-25", "contacts": [phone]},
        {"external_id": "b", "name": "Ana", "document": "529.982.247-25"},
        {"external_id": "c", "name": "Bia", "contacts": [{"value": "123"}]},
        {"external_id": "d", "name": "Caio", "document": "111.111.111-11"},
        {"external_id": "e"},
        {"external_id": "f", "name": "Eva", "nome": "x"},
        {"name": "nobody"},
        {"external_id": "a", "city": "Recife"},
        {"external_id": "7", "name": "Ana Souza"},
    ]
    answer = api("post", "creditors/loja/debtors:batch", {"items": items})
    assert outcomes(answer) == [
        "created", "created", "rejected", "rejected", "rejected", "rejected", "rejected", "updated", "unchanged",
    ]  # fmt: skip
    pointers = [row["problem"]["pointer"] for row in answer.json()["results"] if row["outcome"] == "rejected"]
    assert pointers == ["/contacts/0", "/document", "/name", "/nome", "/external_id"]
    one, two = (api("get", f"creditors/loja/debtors/{name}").json() for name in "ab")
    assert one["person_id"] == two["person_id"] and one["city"] == "Recife" and len(one["contacts"]) == 1
    assert [api("get", f"creditors/loja/debtors/{name}").status_code for name in "cdef"] == [404] * 4
    with tenant_scope(fresh.tenant.id):
        assert Consent.objects.filter(person_id=one["person_id"]).count() == 1
    assert outcomes(api("post", "creditors/loja/debtors:batch", {"items": items[:2]})) == ["unchanged"] * 2


def test_payments_in_a_batch(fresh, api):
    items = [
        PAID | {"external_id": "P-1", "invoice": "F-2", "method": "pix"},
        PAID | {"external_id": "P-2", "debtor": "nobody"},
        PAID | {"external_id": "P-3", "amount": "0.00"},
        PAID | {"external_id": "P-4", "invoice": "none"},
        {"external_id": "P-5", "amount": "1.00"},
        {"external_id": "P-1", "amount": "50.00"},
        PAID | {"external_id": "C-1", "kind": "credit", "amount": "5.00"},
        PAID | {"external_id": "P-1"},
    ]
    answer = api("post", "creditors/loja/payments:batch", {"items": items})
    assert outcomes(answer) == [
        "created", "rejected", "rejected", "rejected", "rejected", "updated", "created", "updated",
    ]  # fmt: skip
    pointers = [row["problem"]["pointer"] for row in answer.json()["results"] if row["outcome"] == "rejected"]
    assert pointers == ["/debtor", "/amount", "/invoice", "/debtor"]
    assert (fresh.open("F-1"), fresh.open("F-2")) == ("95.00", "59.75")
    with tenant_scope(fresh.tenant.id):
        assert Payment.objects.get(external_id="P-1").method == "pix"
        assert services.rebuild_balances(mend=False) == []


@pytest.mark.parametrize("name", ["debtors", "payments", "invoices"])
def test_a_batch_has_one_to_a_thousand_items_and_costs_few_queries(fresh, api, name, django_assert_max_num_queries):
    shapes = {
        "debtors": {"name": "Ana"}, "payments": PAID | {"amount": "0.01"},
        "invoices": {"debtor": "7", "due_on": "2026-11-01", "amount": "1.00"},
    }  # fmt: skip
    items = [shapes[name] | {"external_id": f"x{n}"} for n in range(120)]
    address = f"creditors/loja/{name}:batch"
    with django_assert_max_num_queries(60):
        assert outcomes(api("post", address, {"items": items})) == ["created"] * 120
    assert api("post", address, {"items": []}).status_code == 422
    assert api("post", address, {"items": [{"external_id": "x"}] * 1001}).status_code == 422
