"""Pages of editions, relaxations and the time machine: who proposes, who approves, what is shown, what changes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from compliance.editions import edition_of, propose
from compliance.models import RuleLayer, RulePackVersion, RuleRelaxation, RuleTrial
from compliance.rulesets import differences, load_rule_packs, save_layer
from compliance.services import authorise
from compliance.services.own_rules import own_rules
from compliance.timemachine import trial as trials
from compliance.timemachine.drafts import draft_from
from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants.jobs import lease, perform
from tenants.models import AuditEntry, Membership, Tenant, User
from tenants.scope import tenant_scope
from tests.compliance.rulebook import file_of, operator, pack, standing
from tests.compliance.world import MONDAY, World, make_world
from tests.factories import NOON, make_creditor, make_tenant, make_user, unique
from workbench.editions.comparing import compare

DAYS = ("mon", "tue", "wed", "thu", "fri")


@pytest.fixture(scope="module", autouse=True)
def packs() -> None:
    load_rule_packs(now=NOON, author="tests")


@pytest.fixture
def org() -> Tenant:
    return make_tenant("CO", frozen=True)


@pytest.fixture
def code() -> str:
    return f"zz{unique()}"


def client_of(tenant: Tenant, role: str = "admin", **more: Any) -> Client:
    client = Client()
    client.force_login(make_user(tenant, role=role, **more))
    return client


def working_operator(tenant: Tenant, role: str = "admin") -> tuple[Client, User]:
    """Somebody who runs the platform and works in an organisation."""
    person = operator()
    Membership.objects.create(tenant=tenant, user=person, role=role, created_at=NOON)
    client = Client()
    client.force_login(person)
    return client, person


def at(tenant: Tenant, rest: str = "") -> str:
    return f"/o/{tenant.slug}/rules/{rest}"


def new(code: str, **more: Any) -> dict[str, Any]:
    return pack(code, iso2=None, **more)


# --- editions


@pytest.mark.parametrize("role", ["supervisor", "admin", "auditor"])
def test_who_leads_reads_editions_with_status_dates_and_people(org: Tenant, code: str, role: str) -> None:
    standing(new(code))
    propose([file_of(new(code, hours=("10:00", "18:00")))], by=operator(name="Ana"), now=machine_now(), note="Ley 1")
    client = client_of(org, role)
    page = client.get(at(org, "editions/")).content.decode()
    assert code in page and "Colombia" in page
    page = client.get(at(org, f"editions/{code}/")).content.decode()
    assert "Ana &lt;" in page and "Ley 1" in page and f"{code.upper()}-HOURS" in page
    assert "<del>" in page and "10:00" in page and "09:00" in page
    assert 'name="words"' not in page, "only who runs the platform decides"
    assert client.get(at(org, f"editions/{code}/?edition=1")).status_code == 200
    for wrong in ("?edition=99", "?edition=x&before=y"):
        assert client.get(at(org, f"editions/{code}/{wrong}")).status_code in (200, 404)
    assert client.get(at(org, "editions/nowhere/")).status_code == 404


@pytest.mark.parametrize("role", ["agent", "creditor"])
def test_others_do_not(org: Tenant, role: str) -> None:
    with tenant_scope(org.pk):
        more = {"creditor_ids": [make_creditor().pk]} if role == "creditor" else {}
    client = client_of(org, role, **more)
    for rest in ("editions/", "editions/co/", "relaxations/", "time-machine/"):
        assert client.get(at(org, rest)).status_code == 403


def test_an_administrator_who_does_not_run_the_platform_changes_no_pack(org: Tenant, code: str) -> None:
    standing(new(code))
    propose([file_of(new(code, hours=("10:00", "18:00")))], by=operator(), now=machine_now())
    client = client_of(org)
    assert client.get(at(org, "editions/propose/")).status_code == 403
    for verb in ("approve", "sign-off", "retire"):
        answer = client.post(at(org, f"editions/{code}/{verb}/"), {"edition": "2", "words": "x"})
        assert answer.status_code == 403
    assert edition_of(code).status == "draft"


def test_proposed_by_one_and_approved_by_another_on_the_pages(org: Tenant, code: str) -> None:
    standing(new(code))
    author, _ = working_operator(org)
    second, other = working_operator(org, "supervisor")
    text = yaml.safe_dump(new(code, hours=("10:00", "18:00"))).encode()
    form = {"file": SimpleUploadedFile("x.yaml", text), "note": "nueva ley", "effective_from": "2099-01-01T05:00"}
    assert author.post(at(org, "editions/propose/"), form).status_code == 302
    begin = edition_of(code).effective_from
    assert begin is not None and begin.year == 2099
    page = author.get(at(org, f"editions/{code}/")).content.decode()
    assert "/approve/" not in page, "the author is not asked"
    author.post(at(org, f"editions/{code}/approve/"), {"edition": "2"})
    assert edition_of(code).status == "draft"
    assert "/approve/" in second.get(at(org, f"editions/{code}/")).content.decode()
    assert second.post(at(org, f"editions/{code}/approve/"), {"edition": "2", "words": "leída"}).status_code == 302
    row = edition_of(code)
    assert row.status == "reviewed" and row.approver_id == other.pk and row.history[-1]["note"] == "leída"
    second.post(at(org, f"editions/{code}/sign-off/"), {"edition": "2", "words": "Dra. X"})
    assert edition_of(code).status == "signed_off"
    second.post(at(org, f"editions/{code}/retire/"), {"edition": "2", "words": "aplazada"})
    assert edition_of(code).status == "retired", "its date lies ahead"


def test_a_broken_file_is_told_with_its_line_and_leaves_nothing(org: Tenant) -> None:
    client, _ = working_operator(org)
    before = RulePackVersion.objects.count()
    for raw, said in (
        (b"code: x\nname: X\nkind: country\ncaps:\n  - {id: 7}\n", "x.yaml:5"),
        (b"\xff", "x.yaml:1"),
        (b"a: 1\n", "code, name"),
    ):
        form = {"file": SimpleUploadedFile("x.yaml", raw), "note": "n"}
        answer = client.post(at(org, "editions/propose/"), form)
        assert answer.status_code == 422 and said in answer.content.decode()
    assert RulePackVersion.objects.count() == before


def test_cases_are_green_or_red_for_the_edition_that_is_shown(org: Tenant) -> None:
    page = client_of(org).get(at(org, "editions/ec/?part=cases")).content.decode()
    assert "case-red" not in page and "EC-01" in page


def test_a_comparison_tells_rules_in_sentences_and_the_rest_as_values() -> None:
    before = new("zz", caps=[{"id": "Z-CAP", "scope": "debtor", "channels": "all", "count": 1,
                              "per": {"value": 1, "unit": "local_days", "kind": "calendar"}}])  # fmt: skip
    after = new("zz", hours=("10:00", "18:00"), stop_rules=[{"id": "Z-STOP", "when": "opted_out", "effect": "deny"}])
    after["name"] = "Other"
    found = compare("zz", before, after, "es")
    assert {(one.code, one.how) for one in found.rules} == {
        ("Z-STOP", "new"),
        ("ZZ-HOURS", "changed"),
        ("Z-CAP", "gone"),
    }
    hours = next(one for one in found.rules if one.code == "ZZ-HOURS")
    assert "09:00" in " ".join(hours.before) and "10:00" in " ".join(hours.after)
    assert [(one.path, one.before, one.after) for one in found.rest] == [("name", "Made up zz", "Other")]
    assert compare("zz", before, before, "es").same
    with translation.override("en"):
        assert compare("br", dict(edition_of("br", 1).data), dict(edition_of("br", 1).data), "pt").same
    assert differences(before, before) == []


# --- whether a lawyer has signed


@pytest.mark.parametrize(
    "page", ["rules/", "rules/calendar/", "rules/moment/", "rules/own/", "rules/relaxations/", "overview/", "evidence/",
             "templates/", "sequences/", "debtors/contactable/"],
)  # fmt: skip
def test_a_page_that_relies_on_unsigned_rules_says_so(org: Tenant, page: str) -> None:
    text = client_of(org).get(f"/o/{org.slug}/{page}").content.decode()
    assert text.count('class="unsigned-note"') == 1 and "Colombia" in text.split("unsigned-note")[1][:600]


# --- relaxations


def relaxing(**more: str) -> dict[str, str]:
    return {"reason": "Concepto de la abogada, acta 7", "count_CO-CAP-WEEK": "4"} | more


def layers(tenant: Tenant) -> list[RuleLayer]:
    with tenant_scope(tenant.pk):
        return list(RuleLayer.objects.order_by("effective_from", "id"))


def proposals(tenant: Tenant) -> list[RuleRelaxation]:
    with tenant_scope(tenant.pk):
        return list(RuleRelaxation.objects.order_by("id"))


def test_what_loosens_waits_for_a_second_administrator(org: Tenant) -> None:
    author, second = client_of(org), client_of(org)
    assert author.post(at(org, "relaxations/"), relaxing()).status_code == 302
    (made,) = proposals(org)
    assert made.state == "open" and layers(org) == []
    url = at(org, f"relaxations/{made.pk}/")
    author.post(url, {"answer": "approve"})
    assert proposals(org)[0].state == "open" and layers(org) == [], "not by its author"
    for role in ("supervisor", "auditor", "agent"):
        assert client_of(org, role).post(url, {"answer": "approve"}).status_code == 403
    with tenant_scope(org.pk):
        limited = client_of(org, creditor_ids=[make_creditor().pk])
    assert limited.post(url, {"answer": "approve"}).status_code == 403
    page = second.get(at(org, "relaxations/")).content.decode()
    assert "CO-CAP-WEEK" in page and "acta 7" in page and 'value="approve"' in page
    assert second.post(url, {"answer": "approve"}).status_code == 302
    (layer,) = layers(org)
    assert (
        layer.data["relax"] == {"CO-CAP-WEEK": {"count": 4}} and layer.approved_by and layer.approved_by != layer.author
    )
    with tenant_scope(org.pk):
        assert AuditEntry.objects.filter(action__in=["rules.propose", "rules.approved", "rules.save"]).count() == 3
        base = own_rules(NOON).base
        assert any(cap.rule == "CO-CAP-WEEK" and cap.limit == 4 for cap in base.plans["collection"].caps)
    second.post(url, {"answer": "refuse", "reason": "x"})
    assert proposals(org)[0].state == "approved", "decided once"


def test_taking_a_relaxation_back_holds_at_once(org: Tenant) -> None:
    author, second = client_of(org), client_of(org)
    author.post(at(org, "relaxations/"), relaxing())
    second.post(at(org, f"relaxations/{proposals(org)[0].pk}/"), {"answer": "approve"})
    assert author.post(at(org, "relaxations/"), relaxing(**{"count_CO-CAP-WEEK": ""})).status_code == 302
    assert "relax" not in layers(org)[-1].data and len(proposals(org)) == 1


def test_a_refusal_says_why_and_an_author_withdraws(org: Tenant) -> None:
    author, second = client_of(org), client_of(org)
    author.post(at(org, "relaxations/"), relaxing())
    url = at(org, f"relaxations/{proposals(org)[0].pk}/")
    second.post(url, {"answer": "refuse", "reason": " "})
    assert proposals(org)[0].state == "open"
    second.post(url, {"answer": "refuse", "reason": "no hay acta"})
    assert (proposals(org)[0].state, proposals(org)[0].note) == ("refused", "no hay acta")
    author.post(at(org, "relaxations/"), relaxing())
    author.post(at(org, f"relaxations/{proposals(org)[1].pk}/"), {"answer": "withdraw"})
    assert proposals(org)[1].state == "withdrawn" and layers(org) == []


@pytest.mark.parametrize(
    "wish",
    [
        {"reason": ""}, {"count_CO-CAP-WEEK": "0"}, {"count_CO-CAP-WEEK": "many"}, {"count_CO-CAP-WEEK": "101"},
        {"count_CO-CAP-WEEK": ""}, {"from_LD-HOURS_mon": "09:00"}, {"from_LD-HOURS_mon": "12:00", "to_LD-HOURS_mon": "09:00"},
    ],
)  # fmt: skip
def test_what_cannot_be_proposed_is_told(org: Tenant, wish: dict[str, str]) -> None:
    answer = client_of(org).post(at(org, "relaxations/"), relaxing(**wish))
    assert answer.status_code == 422 and proposals(org) == [] and layers(org) == []


def test_a_floor_is_no_further_than_the_pack_says() -> None:
    org = make_tenant("MX", frozen=True)
    hours = {"from_MX-HOURS_mon": "06:00", "to_MX-HOURS_mon": "20:00", "reason": "x"}
    answer = client_of(org).post(at(org, "relaxations/"), hours)
    assert answer.status_code == 422 and "07:00-22:00" in answer.content.decode()
    hours["from_MX-HOURS_mon"] = "07:30"
    assert client_of(org).post(at(org, "relaxations/"), hours).status_code == 302
    (made,) = proposals(org)
    assert made.relax["MX-HOURS"]["windows"]["mon"] == ["07:30", "20:00"]
    assert made.relax["MX-HOURS"]["windows"]["sun"] is None, "the other days stay as they are"


def test_own_rules_that_changed_meanwhile_are_not_undone(org: Tenant) -> None:
    author, second = client_of(org), client_of(org)
    author.post(at(org, "relaxations/"), relaxing())
    assert second.post(at(org, "own/"), {"action": "save", "reason": "r", "known": "", "cap_7": "1"}).status_code == 302
    second.post(at(org, f"relaxations/{proposals(org)[0].pk}/"), {"answer": "approve"})
    assert proposals(org)[0].state == "open" and "relax" not in layers(org)[-1].data


def test_the_service_below_asks_for_the_second_person_too(org: Tenant) -> None:
    with tenant_scope(org.pk):
        for second in ("", "user:1"):
            with pytest.raises(DomainError, match="second person"):
                save_layer(
                    "tenant", org.pk, {"relax": {"CO-CAP-WEEK": {"count": 4}}}, author="user:1", reason="r", now=NOON,
                    approved_by=second,
                )  # fmt: skip
        assert RuleLayer.objects.count() == 0


# --- the time machine


@pytest.fixture
def lived() -> World:
    world = make_world()
    world.tenant.sandbox, world.tenant.clock_frozen_at = True, MONDAY + timedelta(days=2)
    world.tenant.save()
    with world.scope():
        people = [world.somebody() for _ in range(3)]
        authorise([one.ask() for one in people], now=MONDAY)
    return world


def work_off(world: World) -> RuleTrial:
    for job in lease(now=machine_now() + timedelta(seconds=1), tasks=[trials.TASK], tenant_id=world.tenant.pk):
        assert perform(job)
    with world.scope():
        return RuleTrial.objects.order_by("-id")[0]


def test_own_rules_are_tried_before_they_hold_and_told_as_page_and_table(lived: World) -> None:
    client = client_of(lived.tenant)
    wish = {"action": "try", "known": "", "reason": ""} | {
        key: value for day in DAYS for key, value in ((f"from_{day}", "12:00"), (f"to_{day}", "18:00"))
    }
    answer = client.post(at(lived.tenant, "own/"), wish)
    assert answer.status_code == 302 and "/time-machine/" in answer["Location"] and layers(lived.tenant) == []
    page = client.get(answer["Location"]).content.decode()
    assert "<progress" in page and "hx-get" in page
    done = work_off(lived)
    assert (done.state, done.examined, done.changed) == ("done", 3, 3)
    page = client.get(answer["Location"]).content.decode()
    assert "TENANT-HOURS" in page and page.count("row-link") == 3 and "360" in page, "three times 120.00"
    assert client.get(f"{answer['Location']}?turn=sooner").content.decode().count("row-link") == 0
    table = client.get(f"{answer['Location']}?format=csv")
    assert table["Content-Type"].startswith("text/csv") and len(table.content.decode().splitlines()) == 4
    part = client.get(answer["Location"], headers={"HX-Request": "true", "HX-Target": "progress"})
    assert part["HX-Refresh"] == "true"
    with lived.scope():
        assert AuditEntry.objects.filter(action="rules.try").count() == 1


def test_an_edition_is_tried_from_the_form(lived: World) -> None:
    client = client_of(lived.tenant, "supervisor")
    page = client.get(at(lived.tenant, "time-machine/"), {"rules": "edition:br:1"}).content.decode()
    assert re.search(r'value="edition:br:1"\s+selected', page)
    form = {"rules": "edition:br:1", "first": "2026-11-20", "last": "2026-11-25"}
    answer = client.post(at(lived.tenant, "time-machine/"), form)
    assert answer.status_code == 302
    done = work_off(lived)
    assert (done.state, done.examined, done.changed) == ("done", 3, 0)
    assert client.get(at(lived.tenant, "editions/br/?edition=1")).content.decode().count("/time-machine/") >= 2
    for wrong in ({"rules": "edition:br:99"}, {"first": "2026-11-26"}, {"first": "soon"}, {"last": "0001-01-01"},
                  {"first": "2027-01-01", "last": "2027-01-02"}):  # fmt: skip
        assert client.post(at(lived.tenant, "time-machine/"), form | wrong).status_code == 422
    assert client_of(lived.tenant, "auditor").post(at(lived.tenant, "time-machine/"), form).status_code == 403


def test_whoever_sees_some_creditors_only_tries_nothing_and_reads_no_trial(lived: World) -> None:
    with lived.scope():
        made = trials.begin(
            draft_from({"editions": {}, "packs": {}, "layer": {}}, "x"), since=MONDAY, until=MONDAY + timedelta(1),
            author="user:1", now=MONDAY + timedelta(days=2),
        )  # fmt: skip
        limited = client_of(lived.tenant, creditor_ids=[lived.creditors[0].pk])
    assert limited.get(at(lived.tenant, "time-machine/")).status_code == 403
    assert limited.get(at(lived.tenant, f"time-machine/{made.pk}/")).status_code == 404
    assert client_of(lived.tenant).get(at(lived.tenant, f"time-machine/{made.pk}/")).status_code == 200
    assert client_of(make_tenant("MX")).get(at(lived.tenant, f"time-machine/{made.pk}/")).status_code == 404


def test_a_waiting_relaxation_is_tried(lived: World) -> None:
    client = client_of(lived.tenant)
    client_of(lived.tenant).post(at(lived.tenant, "relaxations/"), {"reason": "r", "off_LD-CLOSED-SAT": "on"})
    form = {"rules": "relaxation", "first": "2026-11-20", "last": "2026-11-25"}
    assert client.post(at(lived.tenant, "time-machine/"), form).status_code == 302
    assert work_off(lived).state == "done"
