"""Editions: a second person, a date ahead, and nothing that holds before either."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.editions import approve, edition_of, in_force, propose, retire, sign_off, unsigned
from compliance.models import RulePackVersion
from compliance.rulesets import ALWAYS, load_rule_packs, open_book
from compliance.services import preview
from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants.models import User
from tests.compliance.rulebook import file_of, operator, pack, standing, written
from tests.compliance.world import MONDAY, World, make_world
from tests.factories import unique

SECRET = "a long secret for tests 7"


@pytest.fixture(scope="module", autouse=True)
def packs() -> None:
    load_rule_packs(now=machine_now(), author="tests")


@pytest.fixture
def code() -> str:
    """A pack that nobody else knows; its country has no debtors."""
    return f"zz{unique()}"


@pytest.fixture
def world() -> World:
    return make_world()


def new(code: str, **more: Any) -> dict[str, Any]:
    return pack(code, iso2=None, **more)


def test_a_draft_waits_for_somebody_else_and_then_for_its_date(code: str) -> None:
    standing(new(code))
    author, second, now = operator(name="Ana"), operator(name="Beto"), machine_now()
    begin = now + timedelta(days=7)
    (row,) = propose([file_of(new(code, hours=("10:00", "18:00")))], by=author, now=now, effective_from=begin, note="x")
    assert (row.edition, row.status, row.author) == (2, "draft", f"Ana <{author.email}>")
    later = begin + timedelta(days=1)
    assert [one.edition for one in in_force(later).filter(code=code)] == [1], "a draft never holds"
    with pytest.raises(DomainError, match="somebody else"):
        approve(code, 2, by=author, now=now)
    row = approve(code, 2, by=second, now=now, note="read it")
    assert row.status == "reviewed" and row.approver_id == second.pk and row.approved_by == f"Beto <{second.email}>"
    assert [one["did"] for one in row.history] == ["proposed", "approved"]
    held = lambda at: max(one.edition for one in in_force(at).filter(code=code))  # noqa: E731
    assert held(begin - timedelta(microseconds=1)) == 1 and held(begin) == 2
    with pytest.raises(DomainError, match="no draft any more"):
        approve(code, 2, by=operator(), now=now)


def test_nobody_without_the_platform_proposes_approves_signs_or_retires(code: str) -> None:
    stranger, gone = operator(is_operator=False), operator(is_active=False)
    now = machine_now()
    for person in (stranger, gone):
        with pytest.raises(DomainError, match="does not run the platform"):
            propose([file_of(new(code))], by=person, now=now)
    standing(new(code))
    propose([file_of(new(code, hours=("10:00", "11:00")))], by=operator(), now=now)
    for person in (stranger, gone):
        for act in (
            lambda who: approve(code, 2, by=who, now=now),
            lambda who: sign_off(code, 1, by=who, lawyer="Dra. X", now=now),
            lambda who: retire(code, 2, by=who, reason="x", now=now),
        ):
            with pytest.raises(DomainError, match="does not run the platform"):
                act(person)
    assert edition_of(code).status == "draft"


def test_no_edition_holds_for_the_past_but_the_first(code: str) -> None:
    now, past = machine_now(), machine_now() - timedelta(days=1)
    assert standing(new(code)).effective_from == ALWAYS
    changed = file_of(new(code, hours=("10:00", "18:00")))
    with pytest.raises(DomainError, match="only the first edition"):
        propose([changed], by=operator(), now=now, effective_from=past)
    (row,) = propose([changed], by=operator(), now=now, effective_from=now + timedelta(hours=1))
    with pytest.raises(DomainError, match="propose it again"):
        approve(code, row.edition, by=operator(), now=now + timedelta(hours=2))
    assert edition_of(code).status == "draft"
    (row,) = propose([file_of(new(code, hours=("11:00", "18:00")))], by=operator(), now=now)
    row = approve(code, row.edition, by=operator(), now=now)
    assert row.effective_from == now, "without a date: from its approval on"


def test_what_begins_before_an_approved_edition_is_refused_until_that_one_is_retired(code: str) -> None:
    standing(new(code))
    now = machine_now()
    (far,) = propose(
        [file_of(new(code, hours=("10:00", "18:00")))], by=operator(), now=now, effective_from=now + timedelta(days=30)
    )
    approve(code, far.edition, by=operator(), now=now)
    (near,) = propose([file_of(new(code, hours=("11:00", "18:00")))], by=operator(), now=now)
    with pytest.raises(DomainError, match="edition 2 is approved for"):
        approve(code, near.edition, by=operator(), now=now)
    with pytest.raises(DomainError, match="say why"):
        retire(code, far.edition, by=operator(), reason=" ", now=now)
    retire(code, far.edition, by=operator(), reason="the reform was put off", now=now)
    assert approve(code, near.edition, by=operator(), now=now).status == "reviewed"
    with pytest.raises(DomainError, match="Propose the next edition"):
        retire(code, near.edition, by=operator(), reason="x", now=now + timedelta(seconds=1))


def test_a_signature_is_noted_by_somebody_else_and_only_for_what_is_approved(code: str) -> None:
    now, author = machine_now(), operator()
    propose([file_of(new(code))], by=author, now=now)
    with pytest.raises(DomainError, match="only an approved one"):
        sign_off(code, 1, by=operator(), lawyer="Dra. X", now=now)
    approve(code, 1, by=operator(), now=now)
    with pytest.raises(DomainError, match="which lawyer"):
        sign_off(code, 1, by=operator(), lawyer=" ", now=now)
    with pytest.raises(DomainError, match="ask a colleague"):
        sign_off(code, 1, by=author, lawyer="Dra. X", now=now)
    assert code in {row.code for row in unsigned([code], now)}
    row = sign_off(code, 1, by=operator(), lawyer="Dra. X, CSJN T.1 F.2", now=now)
    assert row.status == "signed_off" and "Dra. X" in row.history[-1]["note"]
    assert code not in {row.code for row in unsigned([code], now)}


def test_all_of_a_proposal_or_nothing(code: str, tmp_path: Path) -> None:
    before = RulePackVersion.objects.count()
    broken = new(f"{code}b", caps=[{"id": "X", "scope": "planet", "count": 1,
                                     "per": {"value": 1, "unit": "local_days", "kind": "calendar"}}])  # fmt: skip
    with pytest.raises(DomainError, match="scope is debtor"):
        propose([file_of(new(code)), file_of(broken)], by=operator(), now=machine_now())
    assert RulePackVersion.objects.count() == before
    standing(new(code))
    with pytest.raises(DomainError, match="nothing is different"):
        propose([file_of(new(code))], by=operator(), now=machine_now())


def test_the_table_itself_refuses_what_the_service_would(code: str) -> None:
    standing(new(code))
    author = operator()
    (draft,) = propose([file_of(new(code, hours=("10:00", "18:00")))], by=author, now=machine_now())
    for statement in (
        "UPDATE compliance_rulepackversion SET data = '{}' WHERE id = %s",
        "UPDATE compliance_rulepackversion SET edition = 9 WHERE id = %s",
        "UPDATE compliance_rulepackversion SET author_id = NULL WHERE id = %s",
        "UPDATE compliance_rulepackversion SET status = 'reviewed', effective_from = now() WHERE id = %s",
        "UPDATE compliance_rulepackversion SET status = 'reviewed', effective_from = now(), approver_id = author_id "
        "WHERE id = %s",
        "UPDATE compliance_rulepackversion SET status = 'reviewed', approver_id = gen_random_uuid() WHERE id = %s",
        "DELETE FROM compliance_rulepackversion WHERE id = %s",
    ):
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [draft.pk])
    row = approve(code, draft.edition, by=operator(), now=machine_now())
    for statement in (
        "UPDATE compliance_rulepackversion SET effective_from = now() - interval '1 year' WHERE id = %s",
        "UPDATE compliance_rulepackversion SET status = 'draft' WHERE id = %s",
        "UPDATE compliance_rulepackversion SET approver_id = gen_random_uuid() WHERE id = %s",
    ):
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [row.pk])


def test_an_edition_decides_from_its_date_on_without_a_restart(world: World) -> None:
    standing(pack("py"))
    with world.scope():
        ana = world.somebody(country="PY", subdivision="", declared_zone="America/Bogota")
        at = MONDAY + timedelta(hours=1, minutes=30)  # 09:30 in Bogotá
        assert preview(ana.ask(), at).allowed
    now = machine_now()
    begin = max(now, MONDAY) + timedelta(days=7)
    (row,) = propose([file_of(pack("py", hours=("10:00", "18:00")))], by=operator(), now=now, effective_from=begin)
    with world.scope():
        assert preview(ana.ask(), at + timedelta(days=14)).allowed, "a draft decides nothing"
    approve("py", row.edition, by=operator(), now=now)
    with world.scope():
        weeks = (begin - at) // timedelta(days=7) + 1
        assert preview(ana.ask(), at + timedelta(days=7 * weeks)).rules == ("PY-HOURS",)
        assert preview(ana.ask(), at).allowed, "and not before"


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["propose", "approve", "sign", "retire"]), st.integers(0, 2), st.integers(1, 4),
            st.integers(-3, 9),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_whatever_is_tried_no_author_approves_and_nothing_holds_before_its_date(steps: list[Any]) -> None:
    code = f"zz{unique()}"
    people = [operator() for _ in range(3)]
    start = machine_now()
    for turn, (act, who, number, days) in enumerate(steps):
        now = start + timedelta(hours=turn)
        try:
            if act == "propose":
                files = [file_of(new(code, hours=(f"{8 + number:02d}:00", "18:00")))]
                propose(files, by=people[who], now=now, effective_from=now + timedelta(days=days) if days < 8 else None)
            elif act == "approve":
                approve(code, number, by=people[who], now=now)
            elif act == "sign":
                sign_off(code, number, by=people[who], lawyer="L", now=now)
            else:
                retire(code, number, by=people[who], reason="r", now=now)
        except DomainError:
            continue
    rows = list(RulePackVersion.objects.filter(code=code).order_by("edition"))
    live = [row for row in rows if row.status in ("reviewed", "signed_off")]
    assert all(row.approver_id and row.approver_id != row.author_id for row in live)
    begins = [row.effective_from for row in live if row.effective_from is not None]
    assert len(begins) == len(live) and all(one < other for one, other in pairwise(begins)), "in their order"
    for row, begin in list(zip(live, begins, strict=True))[1:]:
        assert row.approved_at is not None and begin >= row.approved_at, "never for the past"
    for row, begin in zip(live, begins, strict=True):
        assert not in_force(begin - timedelta(microseconds=1)).filter(pk=row.pk).exists()
        assert in_force(begin).filter(pk=row.pk).exists()


# --- the commands


def command(monkeypatch: pytest.MonkeyPatch, *words: str, password: str = SECRET) -> Any:
    out = StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    call_command(*words, stdout=out)
    return json.loads(out.getvalue())


def test_proposed_approved_and_retired_on_the_command_line(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    author, second = operator(password=SECRET), operator(password=SECRET)
    path = written(tmp_path, new(code))
    told = command(monkeypatch, "rule_packs", "propose", str(path), "--by", author.email, "--note", "first")
    (row,) = told["proposed"]
    assert (row["code"], row["edition"], row["status"], row["red_cases"]) == (code, 1, "draft", [])
    with pytest.raises(CommandError, match="somebody else"):
        command(monkeypatch, "rule_packs", "approve", code, "1", "--by", author.email)
    with pytest.raises(CommandError, match="do not belong together"):
        command(monkeypatch, "rule_packs", "approve", code, "1", "--by", second.email, password="guessed")
    told = command(monkeypatch, "rule_packs", "approve", code, "1", "--by", second.email)
    assert told["approved"]["status"] == "reviewed" and second.email in told["approved"]["approved_by"]
    told = command(monkeypatch, "rule_packs", "sign-off", code, "1", "--by", second.email, "--lawyer", "Dr. Y")
    assert told["signed_off"]["status"] == "signed_off"
    written(tmp_path, new(code, hours=("10:00", "12:00")))
    told = command(monkeypatch, "rule_packs", "load", "--folder", str(tmp_path), "--by", author.email)
    assert told["proposed"][0]["edition"] == 2
    changes = command(monkeypatch, "rule_packs", "diff", code, "1", "2")["changes"]
    assert {change["path"] for change in changes} == {f"windows/{day}" for day in ("mon", "tue", "wed", "thu", "fri")}
    told = command(monkeypatch, "rule_packs", "retire", code, "2", "--by", author.email, "--reason", "wrong hours")
    assert told["retired"]["status"] == "retired"
    assert {
        row["edition"] for row in command(monkeypatch, "rule_packs", "list")["editions"] if row["code"] == code
    } == {1, 2}


def test_broken_files_are_told_on_the_command_line_and_nothing_is_loaded(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, new(code))
    (tmp_path / "broken.yaml").write_text("code: bb\nname: B\nkind: country\ncaps:\n  - {id: 7}\n", "utf-8")
    before = RulePackVersion.objects.count()
    with pytest.raises(CommandError, match=r"broken\.yaml:5: id is missing or not text"):
        command(monkeypatch, "rule_packs", "propose", str(tmp_path), "--by", operator(password=SECRET).email)
    with pytest.raises(CommandError, match="add --by"):
        command(monkeypatch, "rule_packs", "load", "--folder", str(tmp_path))
    assert RulePackVersion.objects.count() == before


def test_an_operator_is_made_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    email = f"op{unique()}@platform.example"
    told = command(monkeypatch, "create_operator", email, "--name", "Ana")
    person = User.objects.get(email=email)
    assert told["new"] and person.is_operator and person.check_password(told["password"])
    again = command(monkeypatch, "create_operator", email)
    assert not again["new"] and "password" not in again and again["operator"]
    assert not command(monkeypatch, "create_operator", email, "--withdraw")["operator"]
    with pytest.raises(CommandError, match="no account"):
        command(monkeypatch, "create_operator", f"op{unique()}@platform.example", "--withdraw")
    with pytest.raises(CommandError, match="no e-mail address"):
        command(monkeypatch, "create_operator", "nobody")


def test_a_release_that_changed_a_pack_brings_a_draft(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    from compliance import rulesets
    from compliance.decide import load_packs

    shipped = load_packs()
    first = file_of(new(code)).pack()
    monkeypatch.setattr(rulesets, "load_packs", lambda: {**shipped, code: first})
    assert [row.code for row in load_rule_packs(now=machine_now(), author="release 1")] == [code]
    assert edition_of(code).status == "reviewed"
    second = file_of(new(code, hours=("10:00", "18:00"))).pack()
    monkeypatch.setattr(rulesets, "load_packs", lambda: {**shipped, code: second})
    (row,) = load_rule_packs(now=machine_now(), author="release 2")
    assert (row.edition, row.status, row.effective_from) == (2, "draft", None)
    assert load_rule_packs(now=machine_now(), author="release 2") == []
    assert approve(code, 2, by=operator(), now=machine_now()).status == "reviewed"


def test_a_relaxation_that_an_edition_permits_no_longer_lapses(world: World) -> None:
    from compliance.rulesets import OwnLayers, compose_place

    with world.scope():
        packs = open_book([], MONDAY).packs()
    relax = {"relax": {"BO-HOURS": {"off": True}, "CO-CAP-WEEK": {"count": 5}}}
    free = pack("bo", windows_rule={"id": "BO-HOURS", "binding": "statute", "tenant_may_relax": True})
    loose = compose_place(packs | {"bo": file_of(free).pack()}, "BO", (), default=False, own=OwnLayers(tenant=relax))
    tight = compose_place(
        packs | {"bo": file_of(pack("bo")).pack()}, "BO", (), default=False, own=OwnLayers(tenant=relax)
    )
    assert sum(b - a for a, b in loose.windows[0].week[0]) == 86_400
    assert sum(b - a for a, b in tight.windows[0].week[0]) == 9 * 3600
