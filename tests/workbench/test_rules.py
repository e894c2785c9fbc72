"""The rules' pages: read by everybody, made stricter by an administrator, tried out without a trace."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from compliance.decide import load_packs
from compliance.decide.describe import describe, rules_of
from compliance.decide.rules import Layer
from compliance.models import Decision, RuleLayer
from compliance.rulesets import Place, load_rule_packs, open_book
from compliance.services.own_rules import OwnRules, as_layer, own_rules
from messaging.models import SendRequest
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.factories import NOON, contact_of, make_creditor, make_debtor, make_tenant, make_user
from workbench.rules import queries

MONDAY = "2026-11-23T10:00"
SUNDAY = "2026-11-22T10:00"


@pytest.fixture(scope="module", autouse=True)
def packs() -> None:
    load_rule_packs(now=NOON, author="tests")


@pytest.fixture
def org() -> Tenant:
    return make_tenant("CO", frozen=True)


def client_of(tenant: Tenant, role: str = "admin", **more: Any) -> Client:
    client = Client()
    if role == "creditor":
        with tenant_scope(tenant.pk):
            more = {"creditor_ids": [make_creditor().pk]}
    client.force_login(make_user(tenant, role=role, **more))
    return client


def address(tenant: Tenant, rest: str = "") -> str:
    return f"/o/{tenant.slug}/rules/{rest}"


def layers(tenant: Tenant) -> list[RuleLayer]:
    with tenant_scope(tenant.pk):
        return list(RuleLayer.objects.order_by("effective_from", "id"))


# --- reading


def test_every_shipped_rule_is_told_in_three_languages_without_a_code_or_a_hole() -> None:
    for pack in load_packs().values():
        for name, data in [(pack.code, pack.data), *pack.overlays.items()]:
            for rule in rules_of(Layer(name, data)):
                told = {lang: " ".join(describe(rule, lang)) for lang in ("es", "pt", "en")}
                for sentence in told.values():
                    assert sentence.endswith(".") and "{" not in sentence and "_" not in sentence, (rule.code, sentence)
                assert len(set(told.values())) == 3, rule.code


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin", "auditor", "creditor"])
def test_everybody_reads_the_rules_with_law_and_signature(org: Tenant, role: str) -> None:
    page = client_of(org, role).get(address(org)).content.decode()
    assert "CO-HOURS" in page and "Ley 2300 de 2023 art. 3" in page and "X-OPTOUT" in page and "LD-HOURS" in page
    assert "Sin firma" in page or "Not signed off" in page or "signed" in page.lower()


def test_a_rule_has_its_own_page_and_an_unknown_one_has_none(org: Tenant) -> None:
    client = client_of(org, "agent")
    page = client.get(address(org, "CO-HOURS/"))
    assert page.status_code == 200 and "Ley 2300" in page.content.decode()
    assert client.get(address(org, "BR-SP-HOURS/")).status_code == 200, "also another country's, and a state's"
    assert client.get(address(org, "X-LIMIT/")).status_code == 200
    assert client.get(address(org, "NO-SUCH-RULE/")).status_code == 404
    assert Client().get(address(org)).status_code == 302
    assert client_of(make_tenant("MX"), "admin").get(address(org)).status_code == 404


def test_the_search_narrows_and_says_when_nothing_fits(org: Tenant) -> None:
    client = client_of(org)
    page = client.get(address(org), {"q": "co-hours"}).content.decode()
    assert "CO-HOURS" in page and "X-OPTOUT" not in page
    assert "CO-HOURS" not in client.get(address(org), {"q": "zzzz"}).content.decode()
    assert client.get(address(org), {"country": "XX"}).status_code == 200


def test_the_year_shows_holidays_by_name_and_the_hours_of_a_day(org: Tenant) -> None:
    client = client_of(org, "auditor")
    page = client.get(address(org, "calendar/"), {"year": "2026"}).content.decode()
    assert "Navidad" in page and "CO-CLOSED-HOL" in page
    day = client.get(
        address(org, "calendar/"),
        {"year": "2026", "day": "2026-11-24"},
        headers={"HX-Request": "true", "HX-Target": "day"},
    )
    assert "08:00–19:00" in day.content.decode(), "the law's evening, the practice's morning"
    assert '<table class="month">' not in day.content.decode()
    for wrong in ({"year": "99999"}, {"year": "x"}, {"day": "nonsense"}, {"country": "ZZ", "state": "??"}):
        assert client.get(address(org, "calendar/"), wrong).status_code == 200


# --- own rules


def filled(**more: str) -> dict[str, str]:
    return {"action": "save", "reason": "Inventario", "known": ""} | more


def test_only_an_administrator_of_the_whole_organisation_changes_own_rules(org: Tenant) -> None:
    for role, status in (("agent", 403), ("creditor", 403), ("supervisor", 200), ("auditor", 200)):
        client = client_of(org, role)
        assert client.get(address(org, "own/")).status_code == status
        assert client.post(address(org, "own/"), filled(cap_7="1")).status_code == 403
    with tenant_scope(org.pk):
        creditor = make_creditor()
    limited = client_of(org, "admin", creditor_ids=[creditor.pk])
    assert limited.post(address(org, "own/"), filled(cap_7="1")).status_code == 403
    assert layers(org) == []


def test_a_change_is_shown_first_and_holds_once_it_is_saved_with_a_reason(org: Tenant) -> None:
    client = client_of(org)
    wish = {"from_mon": "09:00", "to_mon": "17:00", "day_0": "2026-12-24", "why_0": "Nochebuena", "cap_7": "1"}
    shown = client.post(address(org, "own/"), filled(action="review", **wish))
    assert shown.status_code == 200 and "09:00–17:00" in shown.content.decode() and layers(org) == []
    assert client.post(address(org, "own/"), filled(**wish, reason="  ")).status_code == 422
    assert layers(org) == []
    assert client.post(address(org, "own/"), filled(**wish)).status_code == 302
    (layer,) = layers(org)
    assert layer.reason == "Inventario"
    with tenant_scope(org.pk):
        assert own_rules(NOON).rules == OwnRules(
            hours={"mon": ("09:00", "17:00")}, closed=((date(2026, 12, 24), "Nochebuena"),), caps={7: 1}
        )
        entry = AuditEntry.objects.get(action="rules.save")
        assert entry.reason == "Inventario" and entry.after["caps"][0]["count"] == 1
        hours = open_book([], NOON).ruleset(Place("CO", (), queries.NOBODY, queries.NOBODY))
        assert any(cap.rule == "TENANT-CAP-7D" and cap.limit == 1 for cap in hours.plans["collection"].caps)
    page = client.get(address(org, "calendar/"), {"year": "2026"}).content.decode()
    assert "Nochebuena" in page
    assert "TENANT-HOURS" in client.get(address(org)).content.decode()
    assert client.get(address(org, "TENANT-HOURS/")).status_code == 200


@pytest.mark.parametrize(
    "wish",
    [
        {"from_mon": "06:00", "to_mon": "12:00"},
        {"from_mon": "09:00", "to_mon": "22:00"},
        {"from_sun": "09:00", "to_sun": "12:00"},
        {"from_mon": "12:00", "to_mon": "09:00"},
        {"from_mon": "09:00"},
        {"from_mon": "nine"},
        {"cap_7": "2"},
        {"cap_7": "0"},
        {"cap_30": "-1"},
        {"day_0": "2020-01-01"},
        {"day_0": "2099-01-01"},
        {"day_0": "mañana"},
        {"why_0": "sin fecha"},
        {},
    ],
)
def test_what_would_not_tighten_is_refused_and_changes_nothing(org: Tenant, wish: dict[str, str]) -> None:
    answer = client_of(org).post(address(org, "own/"), filled(**wish))
    assert answer.status_code == 422 and layers(org) == []


def test_who_decided_on_an_older_state_is_told_so(org: Tenant) -> None:
    client = client_of(org)
    assert client.post(address(org, "own/"), filled(cap_7="1")).status_code == 302
    late = client.post(address(org, "own/"), filled(cap_30="3"))
    assert late.status_code == 422 and len(layers(org)) == 1
    with tenant_scope(org.pk):
        known = own_rules(NOON).layer
    assert known is not None
    assert client.post(address(org, "own/"), filled(cap_30="3", known=str(known.pk))).status_code == 302
    with tenant_scope(org.pk):
        assert own_rules(NOON).rules.caps == {30: 3}, "what is left out is taken back"


def test_a_relaxation_that_stands_in_the_layer_is_kept(org: Tenant) -> None:
    with tenant_scope(org.pk):
        RuleLayer.objects.create(
            level="tenant", owner_id=org.pk, data={"relax": {"LD-CLOSED-SAT": {"off": True}}}, effective_from=NOON
        )
        known = own_rules(NOON).layer
    assert known is not None
    assert client_of(org).post(address(org, "own/"), filled(cap_7="1", known=str(known.pk))).status_code == 302
    assert layers(org)[-1].data["relax"] == {"LD-CLOSED-SAT": {"off": True}}


@given(
    hours=st.dictionaries(
        st.sampled_from(["mon", "tue", "sat"]),
        st.none()
        | st.tuples(st.integers(8, 12), st.integers(13, 19)).map(
            lambda pair: (f"{pair[0]:02d}:00", f"{pair[1]:02d}:00")
        ),
    ),
    caps=st.dictionaries(st.sampled_from([7, 30]), st.integers(1, 9)),
)
def test_own_rules_come_back_as_they_went_in(hours: dict[str, Any], caps: dict[int, int]) -> None:
    from compliance.services.own_rules import _read

    rules = OwnRules(hours=hours, caps=caps)
    assert _read(as_layer(rules, {})) == rules


# --- a moment


def counted(tenant: Tenant) -> tuple[int, ...]:
    with tenant_scope(tenant.pk):
        return (Decision.objects.count(), SendRequest.objects.count(), AuditEntry.objects.count())


def test_a_moment_is_answered_for_a_place_and_leaves_no_trace(org: Tenant) -> None:
    client = client_of(org, "supervisor")
    before = counted(org)
    ask = {"ask": "1", "country": "CO", "zone": "America/Bogota", "message_class": "collection"}
    allowed = client.get(address(org, "moment/"), ask | {"at": MONDAY}).context["verdict"]
    assert allowed.decision.verdict == "allow"
    sunday = client.get(address(org, "moment/"), ask | {"at": SUNDAY}).context["verdict"]
    assert sunday.decision.verdict == "defer" and "CO-CLOSED-SUN" in sunday.decision.rules
    assert sunday.decision.next_allowed_at.isoformat() == "2026-11-23T13:00:00+00:00"
    twice = client.get(address(org, "moment/"), ask | {"at": "2026-11-24T10:00", "contacts": "2"}).context["verdict"]
    assert "CO-CAP-WEEK" in twice.decision.rules
    assert counted(org) == before


def test_a_moment_of_a_debtor_uses_everything_on_record(org: Tenant) -> None:
    with tenant_scope(org.pk):
        creditor = make_creditor()
        ready = make_debtor(creditor, invoices=[("100", NOON.date())], external_id="D-1")
        make_debtor(creditor, invoices=[("100", NOON.date())], external_id="D-2", consent=False)
        nowhere = make_debtor(creditor, contact=False, external_id="D-3")
        assert contact_of(ready)
        assert nowhere
    client, before = client_of(org, "agent"), counted(org)
    ask = {"ask": "1", "message_class": "collection", "at": "2026-11-18T10:00"}
    assert client.get(address(org, "moment/"), ask | {"debtor": "D-1"}).context["verdict"].decision.verdict == "allow"
    refused = client.get(address(org, "moment/"), ask | {"debtor": "D-2"}).context["verdict"]
    assert refused.decision.verdict == "deny" and "X-CONSENT" in refused.decision.rules
    for wrong in (
        {"debtor": "D-9"},
        {"debtor": "D-3"},
        {"at": "tomorrow"},
        {"zone": "Mars/Base"},
        {"state": "??"},
        {"contacts": "-4"},
    ):
        assert client.get(address(org, "moment/"), ask | wrong).status_code == 422, wrong
    assert counted(org) == before
    assert client_of(org, "creditor").get(address(org, "moment/")).status_code == 403
