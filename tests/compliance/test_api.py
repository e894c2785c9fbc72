"""Consents by REST: appended, never changed, the newest wins; decisions in the reader's language."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from compliance.models import Consent, Decision
from compliance.services import preview, record_consent, revoke_consent
from compliance.services.consent import NewConsent
from kernel.ids import uuid7
from portfolio.models import ContactPoint
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.caller import Api
from tests.compliance.world import MONDAY, World, make_world

SAID: dict[str, Any] = {
    "state": "granted", "given_at": (MONDAY - timedelta(days=9)).isoformat(),
    "evidence": {"exact_wording": "Autorizo mensagens de cobrança", "collected_how": "signature"},
}  # fmt: skip


class Desk:
    def __init__(self) -> None:
        self.world: World = make_world()
        with self.world.scope():
            self.ana = self.world.somebody(consent=None)
            creditor = self.ana.debtor.creditor
            self.address = f"creditors/{creditor.external_id}/debtors/{self.ana.debtor.external_id}/consents"
        self.tenant = self.world.tenant
        Tenant.objects.filter(pk=self.tenant.pk).update(clock_frozen_at=MONDAY)
        self.api = Api(self.tenant)

    def put(self, name="k-1", **body):
        return self.api("put", f"{self.address}/{name}", body)

    def rules(self):
        with self.world.scope():
            return preview(self.ana.ask(), MONDAY).rules


@pytest.fixture
def desk():
    return Desk()


def test_a_consent_is_stated_changed_and_listed(desk):
    assert desk.rules() == ("X-CONSENT",)
    with desk.world.scope():
        phone = ContactPoint.objects.get(pk=desk.ana.point.pk).value
    first = desk.put(**SAID, contact=phone)
    assert (first.status_code, first["X-Outcome"]) == (201, "created")
    told = first.json()
    assert (told["state"], told["contact"], told["channel"], told["purpose"]) == (
        "granted", phone, "whatsapp", "collection",
    )  # fmt: skip
    assert told["evidence"] == SAID["evidence"] and desk.rules() == ()
    again = desk.put(**SAID, contact=phone)
    assert (again.status_code, again["X-Outcome"], again.json()) == (200, "unchanged", told)
    changed = desk.put(state="revoked")
    assert (changed["X-Outcome"], changed.json()["version"], changed.json()["contact"]) == ("updated", 2, phone)
    assert changed.json()["given_at"] == MONDAY.isoformat().replace("+00:00", "Z"), "a new word is of today"
    assert desk.rules() == ("X-CONSENT",)
    rows = desk.api("get", desk.address).json()["results"]
    assert [(row["version"], row["state"]) for row in rows] == [(1, "granted"), (2, "revoked")]
    assert rows[0] == told, "what was said is still there"


def test_a_grant_that_was_corrected_stands_no_more(desk):
    """The first row is dated later than the second: without versions it would still win over the withdrawal between."""
    desk.put(**SAID | {"given_at": (MONDAY - timedelta(days=1)).isoformat()})
    with desk.world.scope():
        revoke_consent(desk.ana.person.id, now=MONDAY - timedelta(days=3), source="debtor", evidence={"m": "1"})
    assert desk.rules() == ()
    desk.put(given_at=SAID["given_at"])
    assert desk.rules() == ("X-CONSENT",)


def test_a_withdrawal_is_not_corrected_away_by_an_older_grant(desk):
    desk.put(state="revoked", given_at=(MONDAY - timedelta(days=2)).isoformat())
    desk.put(**SAID)
    assert desk.rules() == ("X-CONSENT",)
    desk.put(given_at=(MONDAY - timedelta(days=1)).isoformat())
    assert desk.rules() == ()


def test_a_grant_without_evidence_opens_nothing_until_it_comes(desk):
    bare = {name: SAID[name] for name in ("state", "given_at")}
    assert desk.put(**bare).json()["state"] == "imported_without_evidence"
    assert desk.put(**bare)["X-Outcome"] == "unchanged" and desk.rules() == ("X-CONSENT",)
    proven = desk.put(evidence=SAID["evidence"]).json()
    assert (proven["state"], proven["given_at"][:10]) == ("granted", SAID["given_at"][:10]) and desk.rules() == ()
    assert desk.put(evidence=None).json()["state"] == "imported_without_evidence"
    assert desk.rules() == ("X-CONSENT",)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"given_at": SAID["given_at"]}, "/state"),
        ({"state": "granted"}, "/given_at"),
        (SAID | {"given_at": (MONDAY + timedelta(days=1)).isoformat()}, "/given_at"),
        (SAID | {"state": "maybe"}, "/state"),
        (SAID | {"contact": "+5511900000000"}, "/contact"),
        (SAID | {"contact": "x"}, "/contact"),
        (SAID | {"estado": "x"}, "/estado"),
    ],
)
def test_what_is_wrong_is_named(desk, body, pointer):
    answer = desk.put(**body)
    assert answer.status_code == 422 and pointer in [error["pointer"] for error in answer.json()["errors"]]
    with desk.world.scope():
        assert not Consent.objects.filter(person_id=desk.ana.person.id).exists()


def test_another_creditor_has_ids_of_its_own_and_reads_nothing(desk):
    desk.put(**SAID)
    with desk.world.scope():
        other = factories.make_creditor(external_id="dois")
        factories.make_debtor(other, person=desk.ana.person, external_id="7", consent=False)
        mine = NewConsent(person_id=desk.ana.person.id, creditor_id=other.pk, channel="whatsapp", state="granted",
                          source="file", given_at=MONDAY, evidence={"x": "y"}, external_id="k-1")  # fmt: skip
        assert record_consent(mine, MONDAY) is not None, "the same id at another creditor is another statement"
    limited = Api(desk.tenant, creditors=[other])
    rows = limited("get", "creditors/dois/debtors/7/consents").json()["results"]
    assert [row["source"] for row in rows] == ["file"]
    assert limited("get", desk.address).status_code == 404
    assert limited("put", f"{desk.address}/k-1", {"state": "revoked"}).status_code == 404
    assert limited("put", "creditors/dois/debtors/7/consents/k-1", {"state": "revoked"}).json()["version"] == 2
    assert desk.rules() == ()


# --- decisions


@pytest.fixture(scope="module")
def decided(django_db_blocker):
    """An organisation of Mexico with one denial, and the address of it."""
    with django_db_blocker.unblock():
        tenant = factories.make_tenant("MX", frozen=True)
        with tenant_scope(tenant.id):
            debtor = factories.make_debtor(factories.make_creditor(external_id="loja"), external_id="7")
            factories.make_number()
            row = Decision.objects.create(
                creditor_id=debtor.creditor_id, person_id=debtor.person_id, debtor_id=debtor.pk, request_id=uuid7(),
                verdict="deny", message_class="collection", channel="whatsapp", origin="api", actor="x", evaluator="1",
                rules=["X-CONSENT"], findings=[], facts={"v": 1}, ruleset_digest="0" * 64,
                moment="request", decided_at=MONDAY, recorded_at=MONDAY,
            )  # fmt: skip
        return Api(tenant), f"decisions/{row.pk}"


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ("", None, "es"),  # the organisation's
        ("", "pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("", "fr-FR,fr;q=0.9,en;q=0.3,pt;q=0.7", "pt"),
        ("", "de", "es"),
        ("", "*", "es"),
        ("?lang=en", "pt", "en"),
        ("?lang=pt-BR", None, "pt"),
    ],
)
def test_a_decision_speaks_the_readers_language(decided, query, header, language):
    api, address = decided
    more = {"Accept-Language": header} if header else {}
    wanted = {lang: api("get", f"{address}?lang={lang}").json()["remedies"]["X-CONSENT"] for lang in ("es", "pt", "en")}
    assert len(set(wanted.values())) == 3
    assert api("get", f"{address}{query}", **more).json()["remedies"]["X-CONSENT"] == wanted[language]
    (row,) = [
        row for row in api("get", f"decisions{query}", **more).json()["results"] if row["id"] == address.split("/")[1]
    ]
    assert row["remedies"]["X-CONSENT"] == wanted[language]


def test_a_language_that_nobody_speaks_is_refused(decided):
    api, address = decided
    answer = api("get", f"{address}?lang=fr")
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/lang"
