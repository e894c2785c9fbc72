"""A walker over the whole REST API: every path and method, with the ids of another organisation and another creditor.

It reads the OpenAPI document, so an endpoint that is added later is attacked without being mentioned here. Asserted is
what must hold for any endpoint: no word and no id of the victim in any answer, no row of the victim changed, no crash.
"""

from __future__ import annotations

import itertools
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from tenants.authentication import SCOPES
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.attack.worlds import Estate, known_ids, make_home, make_organisation, photograph, tables

PREFIX = "/api/v1/"
#: Says what the API is, to anybody.
PUBLIC = {"/api/v1/schema/", "/api/v1/docs/"}
METHODS = ("get", "post", "put", "patch", "delete")
#: How many sets of ids are tried per operation; the likeliest come first.
TRIES = 6
REFUSED = {403, 404, 405}
#: Words in a parameter's or path's name, and what it most likely wants.
HINTS = {
    "creditor": "creditor", "debtor": "debtor", "invoice": "invoice", "payment": "payment", "promise": "promise",
    "agreement": "agreement", "dispute": "dispute", "payable": "payable", "import": "import", "person": "person",
    "conversation": "conversation", "message-request": "request", "request": "request", "message": "message",
    "decision": "decision", "alert": "alert", "contact": "contact", "stop": "stop", "enrolment": "enrolment",
    "consent": "consent",
}  # fmt: skip


NAMES = ("another organisation", "another creditor", "another organisation, limited key")


@cache
def schema() -> dict[str, Any]:
    return dict(SchemaGenerator().get_schema(request=None, public=True))


@dataclass(frozen=True)
class Operation:
    """One path with one method."""

    method: str
    path: str
    definition: dict[str, Any] = field(compare=False, hash=False, repr=False)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def places(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def questions(self) -> list[str]:
        return [given["name"] for given in self.definition.get("parameters", []) if given["in"] == "query"]

    def body(self) -> dict[str, Any] | None:
        content = self.definition.get("requestBody", {}).get("content", {}).get("application/json", {})
        return content.get("schema")


def operations() -> list[Operation]:
    return [
        Operation(method, path, definition)
        for path, methods in sorted(schema()["paths"].items())
        for method, definition in methods.items()
        if method in METHODS and path not in PUBLIC
    ]


def kind_of(place: str, before: str) -> str:
    """What a path's or body's place most likely wants, by its own name or by the words of the path before it."""
    for name in (place, *reversed(before.rstrip("/").split("/"))):
        for hint, kind in HINTS.items():
            if hint in name.lower().replace("_", "-"):
                return kind
    return ""


def candidates(place: str, before: str, estate: Estate) -> list[str]:
    """Ids to try in a place: the likely kind's first, then one of every other."""
    likely = sorted(estate.ids.get(kind_of(place, before), set()))
    others = [sorted(values)[0] for kind, values in sorted(estate.ids.items()) if kind != kind_of(place, before)]
    return sorted(likely, key=is_uuid) + others  # the outside's ids are what most addresses are made of


def fillings(operation: Operation, estate: Estate, first: Estate | None = None) -> Iterator[dict[str, str]]:
    """Sets of ids for the path. `first`: whose creditor stands in the first place of a nested path."""
    choices = []
    for number, place in enumerate(operation.places):
        before = operation.path.split("{" + place + "}")[0]
        whose = first if first is not None and number == 0 and len(operation.places) > 1 else estate
        choices.append(candidates(place, before, whose)[: 2 if whose is first else None])
    for combination in itertools.islice(itertools.product(*choices), TRIES):
        yield dict(zip(operation.places, combination, strict=True))


def resolve(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in part:
        return resolve(schema()["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]])
    for several in ("allOf", "oneOf", "anyOf"):
        if part.get(several):
            return resolve(part[several][0])
    return part


def example(part: dict[str, Any], name: str, estate: Estate, depth: int = 0) -> Any:
    """A body of the right shape, with the victim's ids wherever one could stand."""
    part = resolve(part)
    kind = part.get("type", "object" if "properties" in part else "string")
    kind = next((one for one in kind if one != "null"), "string") if isinstance(kind, list) else kind
    if part.get("enum"):
        return next((value for value in part["enum"] if value), None)
    if kind == "object":
        properties = part.get("properties", {})
        return {
            key: example(value, key, estate, depth + 1)
            for key, value in properties.items()
            if not resolve(value).get("readOnly") and depth < 5
        }
    if kind == "array":
        return [example(part.get("items", {}), name, estate, depth + 1)]
    if kind in ("integer", "number"):
        return max(1, int(part.get("minimum", 1)))
    if kind == "boolean":
        return True
    form, lowered = part.get("format", ""), name.lower()
    if form == "uuid":
        return next((v for v in candidates(name, "", estate) if is_uuid(v)), str(uuid.uuid4()))
    if form == "date" or lowered.endswith("_on"):
        return "2026-12-01"
    if form == "date-time" or lowered.endswith("_at"):
        return "2026-11-17T18:00:00Z"
    if kind_of(name, "") or lowered == "external_id":
        wanted = kind_of(name, "") or "debtor"
        return next((v for v in sorted(estate.ids[wanted]) if not is_uuid(v)), sorted(estate.ids[wanted])[0])
    known = {
        "currency": "BRL", "country": "BR", "language": "pt", "amount": "10.00", "phone": factories.make_phone("BR"),
        "channel": "whatsapp", "kind": "phone", "value": factories.make_phone("BR"), "name": "Somebody Else",
        "purpose": "collection", "document": factories.make_document("BR")[1], "role": "owner", "zone": "UTC",
    }  # fmt: skip
    return next((value for word, value in known.items() if lowered.endswith(word)), "text")


def bodies(operation: Operation, estate: Estate) -> list[Any]:
    """Everything that may be said, only what must be, and what must be with one thing more."""
    shape = operation.body()
    if shape is None:
        return [None]
    whole = example(shape, "", estate)
    if not isinstance(whole, dict):
        return [whole]
    needed = {key: value for key, value in whole.items() if key in resolve(shape).get("required", [])}
    more = [{**needed, key: value} for key, value in whole.items() if key not in needed]
    return [whole, needed, *more[:4]]


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


@dataclass
class Attack:
    """Somebody's key against somebody's rows."""

    name: str
    headers: dict[str, str]
    victim: Estate
    victims: list[Estate]
    own: Estate
    home: Tenant
    victim_tenant: Any
    whole: bool  # the victim is a whole organisation, not one creditor of one's own

    def photograph(self) -> dict[str, tuple[int, str]]:
        return photograph(self.victim_tenant, None if self.whole else self.victim)


@pytest.fixture(scope="module")
def attacks(django_db_blocker) -> dict[str, Attack]:
    with django_db_blocker.unblock():
        home, abroad = make_organisation("BR"), make_organisation("MX")
        _, everything = factories.make_key(home.tenant)
        _, limited = factories.make_key(home.tenant, creditors=[home.ours.creditor])
    everybody, their_tenant = [abroad.ours, abroad.theirs], abroad.tenant
    found = (
        Attack(NAMES[0], everything, abroad.ours, everybody, home.ours, home.tenant, their_tenant, whole=True),
        Attack(NAMES[1], limited, home.theirs, [home.theirs], home.ours, home.tenant, home.tenant, whole=False),
        Attack(NAMES[2], limited, abroad.theirs, everybody, home.ours, home.tenant, their_tenant, whole=True),
    )
    return {attack.name: attack for attack in found}


@pytest.fixture(scope="module")
def client():
    return Client(raise_request_exception=False)


def attack_of(name: str, operation: Operation, attacks: dict[str, Attack]) -> Attack:
    """The attack of that name. Who writes does it from a new home each time: an upsert under the victim's id makes a
    row of one's own, which later tests would take for the victim's.
    """
    attack = attacks[name]
    if operation.method == "get":
        return attack
    if attack.whole:
        tenant, own = make_home("BR")
    else:
        home = make_organisation("BR")
        tenant, own = home.tenant, home.ours
        attack = replace(attack, victim=home.theirs, victims=[home.theirs], victim_tenant=tenant)
    _, headers = factories.make_key(tenant, creditors=None if name == NAMES[0] else [own.creditor])
    return replace(attack, headers=headers, own=own, home=tenant)


def send(client: Client, operation: Operation, path: str, headers: dict[str, str], body: Any = None, query: Any = None):
    options: dict[str, Any] = {"headers": headers}
    if operation.method == "get":
        return client.get(path, query or {}, **options)
    payload = json.dumps({} if body is None else body)
    return client.generic(operation.method.upper(), path, payload, content_type="application/json", **options)


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode("utf-8", "replace") + repr(dict(response.headers))


def unescaped(text: str) -> str:
    """Also what JSON wrote with escapes."""
    return text + text.encode().decode("unicode_escape", "replace")


def wrapped(sent: list[Any], attack: Attack) -> list[Any]:
    """The bodies themselves, one as a list, and one that says whose it would like to be."""
    whole = sent[0]
    owned = {**whole, "tenant": str(attack.victim_tenant.id)} if isinstance(whole, dict) else whole
    return [*sent, [whole], owned]


def look(attack: Attack, operation: Operation, response: Any, sent: str) -> None:
    """What must hold for every answer to everybody."""
    where = f"{operation} by {attack.name}: {response.status_code}"
    assert response.status_code < 500, f"{where}\nsent: {sent}\n{text_of(response)[:2000]}"
    found = unescaped(text_of(response))
    for victim in attack.victims:
        for word in victim.words():
            assert word not in found, f"{where} tells {word}\nsent: {sent}"
    for foreign in known_ids(attack.victims):
        if foreign not in sent:
            assert foreign not in found, f"{where} tells the id {foreign}\nsent: {sent}"


def opened_nothing(attack: Attack) -> None:
    """A row that took a foreign id must not have opened a way to the foreign rows for the attacker's scope."""
    limits = None if attack.name == NAMES[0] else [attack.own.creditor.id]
    with tenant_scope(attack.home.id, creditor_ids=limits):
        for model in tables():
            for row in model._default_manager.values_list():
                assert attack.victim.mark not in repr(row), model._meta.label


def test_the_document_names_every_endpoint():
    """What is not in the document would not be attacked."""

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
        for item in patterns:
            route = before + str(item.pattern)
            if isinstance(item, URLResolver):
                yield from walk(item.url_patterns, route)
            else:
                yield "/" + re.sub(r"<[^>]+>", "{}", route)

    routes = {route for route in walk(get_resolver().url_patterns, "") if route.startswith(PREFIX)}
    assert routes - PUBLIC - {re.sub(r"\{\w+\}", "{}", path) for path in schema()["paths"]} == set()


def test_there_is_something_to_attack():
    assert len(operations()) >= 1


@pytest.mark.parametrize("operation", operations(), ids=str)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer trato_00000000_nothing"}], ids=["no key", "bad key"])
def test_nobody_enters_without_a_key(client, operation, headers, attacks):
    victim = attacks[NAMES[0]].victim
    for values in itertools.islice(fillings(operation, victim), 2):
        response = send(client, operation, operation.path.format(**values), headers)
        assert response.status_code == 401, f"{operation}: {response.status_code}"
        assert response["Content-Type"].startswith("application/problem+json")
        assert victim.mark not in text_of(response)


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_a_key_without_scopes_for_it_is_refused(client, operation, attacks):
    """Each operation has one scope; a key with all the others opens nothing."""
    tenant = factories.make_tenant()
    own = attacks[NAMES[0]].own
    refused = 0
    for scope in SCOPES:
        _, headers = factories.make_key(tenant, scopes=sorted(set(SCOPES) - {scope}))
        values = next(iter(fillings(operation, own)))
        refused += send(client, operation, operation.path.format(**values), headers).status_code == 403
    assert refused == 1, f"{operation} is not behind exactly one scope"


def test_the_walker_gets_in_where_it_may(client, attacks):
    """What it sends is answered when everything in it is one's own: otherwise its refusals would mean nothing."""
    answered: set[str] = set()
    refused: dict[str, dict[int, str]] = {}
    for operation in operations():
        attack = attack_of(NAMES[0], operation, attacks)
        for values, body in itertools.product(fillings(operation, attack.own), bodies(operation, attack.own)):
            response = send(client, operation, operation.path.format(**values), attack.headers, body)
            if response.status_code < 300:
                answered.add(str(operation))
                break
            refused.setdefault(str(operation), {})[response.status_code] = text_of(response)[:600]
    closed = {name: refused[name] for name in refused.keys() - answered}
    assert not {name for name in closed if name.startswith("GET")}, closed
    assert len(answered) >= 0.8 * len(operations()), closed


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("operation", operations(), ids=str)
def test_ids_in_the_path(client, operation, name, attacks):
    """The victim's ids in every place of the path; in nested paths also under one's own creditor."""
    attack = attack_of(name, operation, attacks)
    before = attack.photograph()
    body = bodies(operation, attack.own)[0]
    for first in (None, attack.own) if len(operation.places) > 1 else (None,):
        for values in fillings(operation, attack.victim, first):
            path = operation.path.format(**values)
            response = send(client, operation, path, attack.headers, body)
            look(attack, operation, response, path + json.dumps(body))
            if operation.method == "get" and operation.places:
                assert response.status_code in REFUSED, f"{operation} with {values}: {response.status_code}"
            if any(is_uuid(value) for value in values.values()) and first is None:
                refused = response.status_code >= 400 or operation.method == "put"  # a PUT may make one's own row
                assert refused, f"{operation} with {values}: {response.status_code}"
            if name == "another creditor" and first is None and operation.places:
                assert response.status_code >= 400, f"{operation} with {values}: {response.status_code}"
    assert attack.photograph() == before, f"{operation} changed the victim's rows"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("operation", [one for one in operations() if one.method == "get"], ids=str)
def test_ids_in_the_query(client, operation, name, attacks):
    """Lists of one's own, filtered by the victim's ids: also with parameters that the document does not name."""
    attack = attack_of(name, operation, attacks)
    for values in itertools.islice(fillings(operation, attack.own), 1):
        path = operation.path.format(**values)
        asked = {*operation.questions, "creditor", "debtor", "person", "conversation", "q", "search", "ids", "tenant"}
        for question in sorted(asked):
            for value in candidates(question, operation.path, attack.victim)[: 1 if attack.name == NAMES[2] else 2]:
                query = {question: value}
                look(attack, operation, send(client, operation, path, attack.headers, query=query), json.dumps(query))
        look(attack, operation, send(client, operation, path, attack.headers, query={"limit": "200"}), path)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("operation", [one for one in operations() if one.body() is not None], ids=str)
def test_ids_in_the_body(client, operation, name, attacks):
    """A body of the right shape whose every reference is the victim's, at one's own address."""
    attack = attack_of(name, operation, attacks)
    before, said = attack.photograph(), ""
    for values in itertools.islice(fillings(operation, attack.own), 2):
        path = operation.path.format(**values)
        for sent in wrapped(bodies(operation, attack.victim), attack):
            said += path + json.dumps(sent)  # what an upsert took earlier may be shown again
            look(attack, operation, send(client, operation, path, attack.headers, sent), said)
    assert attack.photograph() == before, f"{operation} changed the victim's rows"
    opened_nothing(attack)


@pytest.mark.parametrize("operation", [one for one in operations() if one.places], ids=str)
def test_odd_texts_do_not_crash(client, operation, attacks):
    """NUL, quotes, very long texts and other people's encodings in the path: refused, never a 500."""
    attack = attack_of(NAMES[0], operation, attacks)
    body = bodies(operation, attack.own)[0]
    for odd in ("%00", "'", "%22", "..%2F..", "x" * 300, "%F0%9F%92%B8", "%FF", "null", "*", "0"):
        values = dict.fromkeys(operation.places, odd)
        response = send(client, operation, operation.path.format(**values), attack.headers, body)
        assert response.status_code < 500, f"{operation} with {odd!r}: {text_of(response)[:1500]}"
