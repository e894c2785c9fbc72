"""The time machine: exactly what other rules would have changed, and nothing that they would not."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.casebook import results
from compliance.decide import replay_under
from compliance.decide.packs import load_packs, read_pack
from compliance.editions import edition_of
from compliance.ledger.replay import replay_decisions
from compliance.models import Decision, RuleTrial, RuleTrialChange
from compliance.packfile import read_packs
from compliance.rulesets import OwnLayers, as_json, compose_place, load_rule_packs, save_layer
from compliance.services import authorise, raise_stop
from compliance.timemachine import trial as trials
from compliance.timemachine.drafts import Draft, of_editions, of_files, of_layer
from compliance.timemachine.summary import as_json as told
from compliance.timemachine.summary import by_rule, turned
from kernel.clock import machine_now
from kernel.errors import DomainError
from tenants.jobs import MAX_TRIES, lease, perform
from tests.compliance.rulebook import pack, written
from tests.compliance.world import MONDAY, World, make_world

DAYS = ("mon", "tue", "wed", "thu", "fri")
UNTIL = MONDAY + timedelta(days=8)
NOW = MONDAY + timedelta(days=9)


@pytest.fixture(scope="module", autouse=True)
def packs() -> None:
    load_rule_packs(now=machine_now(), author="tests")


def lived(world: World) -> World:
    """A week of attempts: in and out of hours, twice a day, on Saturday, without consent, after a stop."""
    with world.scope():
        people = [world.somebody(amounts=(10_000 * (n + 1),)) for n in range(3)]
        people.append(world.somebody(consent=None, amounts=(7_000,)))
        for hours in (0, 3, 11, 24, 48, 60, 120, 168):
            authorise([one.ask() for one in people], now=MONDAY + timedelta(hours=hours))
    return world


@pytest.fixture(scope="module")
def world(django_db_blocker: Any) -> World:
    with django_db_blocker.unblock():
        return lived(make_world())


def tried(world: World, draft: Draft, **more: Any) -> RuleTrial:
    period = {"since": MONDAY - timedelta(days=1), "until": UNTIL} | more
    with world.scope():
        made = trials.begin(draft, author="user:1", now=NOW, **period)
    done = trials.run(made, world.tenant.id)
    assert done.state == "done", done.error
    return done


def changes(world: World, made: RuleTrial) -> dict[Any, RuleTrialChange]:
    with world.scope():
        return {row.decision_id: row for row in trials.changes(made)}


def layer(**more: Any) -> Draft:
    return of_layer(more, "own")


def test_the_edition_that_holds_changes_nothing(world: World) -> None:
    made = tried(world, of_editions([edition_of("br", 1), edition_of("common", 1), edition_of("latam-default", 1)]))
    assert (made.examined, made.changed, made.unknown, made.by_data) == (32, 0, {}, 0)
    assert changes(world, made) == {}
    again = tried(world, of_files(read_packs(Path(edition_file()))))
    assert (again.examined, again.changed, again.unknown) == (32, 0, {})


def edition_file() -> Path:
    from compliance.decide.zones import PACKS_DIR

    return PACKS_DIR / "br.yaml"


def test_shorter_hours_stop_exactly_the_attempts_outside_of_them(world: World) -> None:
    made = tried(world, layer(windows={day: ["12:00", "20:00"] for day in DAYS}))
    found = changes(world, made)
    with world.scope():
        rows = {row.pk: row for row in Decision.objects.all()}
    stopped = {key for key, row in found.items() if row.turn == "stopped"}
    assert stopped == {key for key, row in rows.items() if row.verdict == "allow"}, "all were at 10:00"
    assert all(found[key].rules_after == ["TENANT-HOURS"] for key in stopped)
    assert all(found[key].next_after == rows[key].decided_at + timedelta(hours=2) for key in stopped)
    with world.scope():
        first = next(one for one in turned(made) if one.turn == "stopped")
        assert (first.attempts, first.debtors) == (len(stopped), 3)
        assert [(money.currency, money.minor) for money in first.owed] == [("BRL", 60_000)], "each debtor's once"
        assert by_rule(made)[0].code == "TENANT-HOURS" and by_rule(made)[0].fewer == 0


def test_what_is_relaxed_is_let_through_and_counted(world: World) -> None:
    draft = layer(relax={"LD-CLOSED-SAT": {"off": True}, "BR-CLOSED-SAT": {"off": True}})
    made = tried(world, draft)
    assert {row.turn for row in changes(world, made).values()} <= {"let_through", "sooner", "other"}
    assert made.changed > 0


def test_every_change_is_what_deciding_anew_says(world: World) -> None:
    document = as_json(load_packs()["br"].data)
    document["windows"] = {day: ["09:00", "17:00"] for day in DAYS}
    document["caps"][0]["per"] = {"value": 1, "unit": "local_days", "kind": "calendar"}
    draft = Draft({"br": document}, None, "br")
    made = tried(world, draft)
    found = changes(world, made)
    tight = compose_place(load_packs() | {"br": read_pack(document)}, "BR", ("SP",), default=True, own=OwnLayers())
    with world.scope():
        for row in Decision.objects.all():
            after = replay_under(row.facts, tight)
            same = (row.verdict, row.rules, row.next_allowed_at) == (
                after.verdict, list(after.rules), after.next_allowed_at,
            )  # fmt: skip
            assert (row.pk in found) is not same
            if row.pk in found:
                one = found[row.pk]
                assert (one.after, one.rules_after, one.next_after) == (
                    after.verdict, list(after.rules), after.next_allowed_at,
                )  # fmt: skip


hours = st.tuples(st.integers(8, 13), st.integers(14, 20)).map(lambda pair: [f"{pair[0]:02d}:00", f"{pair[1]:02d}:00"])
tightenings = st.fixed_dictionaries(
    {},
    optional={
        "windows": st.fixed_dictionaries({day: st.none() | hours for day in DAYS}),
        "closed_days": st.lists(
            st.sampled_from(["2026-11-23", "2026-11-24", "2026-11-25"]), min_size=1, max_size=2, unique=True
        ).map(lambda days: [{"day": "blackout", "dates": days}]),
        "caps": st.integers(1, 2).map(
            lambda count: [
                {
                    "scope": "debtor",
                    "channels": "all",
                    "count": count,
                    "per": {"value": 1, "unit": "local_days", "kind": "calendar"},
                }
            ]
        ),
    },
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(own=tightenings)
def test_a_tightening_never_adds_an_allow(world: World, own: dict[str, Any]) -> None:
    made = tried(world, of_layer(own, "tight"))
    found = changes(world, made)
    assert not [row for row in found.values() if row.after == "allow"]
    assert {row.turn for row in found.values()} <= {"stopped", "later", "other"}
    assert made.examined == 32 and made.changed == len(found) and not made.by_data


def test_slices_find_what_one_go_finds_and_progress_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = layer(windows={day: ["12:00", "20:00"] for day in DAYS})
    whole = changes(world, tried(world, draft))
    monkeypatch.setattr(trials, "_CHUNK", 5)
    with world.scope():
        made = trials.begin(draft, since=MONDAY, until=UNTIL, author="user:1", now=NOW)
        assert made.total == 32
    seen = []
    for _ in range(20):
        with world.scope():
            made.refresh_from_db()
            done = trials.advance(made, seconds=0)
        seen.append(made.examined)
        if done:
            break
    assert seen == [5, 10, 15, 20, 25, 30, 32]
    assert set(changes(world, made)) == set(whole)


def test_a_worker_works_it_off_and_a_killed_turn_is_done_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "_CHUNK", 10)
    monkeypatch.setattr(trials, "SLICE_SECONDS", 0.0)
    draft = layer(windows={day: ["12:00", "20:00"] for day in DAYS})
    with world.scope():
        made = trials.begin(draft, since=MONDAY, until=UNTIL, author="user:1", now=NOW)
        trials.promise(made)
    for turn in range(8):
        jobs = lease(now=machine_now() + timedelta(hours=turn), tasks=[trials.TASK], tenant_id=world.tenant.id)
        if not jobs:
            break
        assert perform(jobs[0])
    with world.scope():
        made.refresh_from_db()
        assert (made.state, made.examined) == ("done", 32)
        assert trials.changes(made).count() == made.changed > 0


def test_a_trial_that_fails_again_and_again_says_so_instead_of_running_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any) -> Any:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(trials, "_tried", break_down)
    with world.scope():
        made = trials.begin(
            layer(windows={day: ["12:00", "20:00"] for day in DAYS}),
            since=MONDAY,
            until=UNTIL,
            author="user:1",
            now=NOW,
        )
        trials.promise(made)
    for turn in range(MAX_TRIES):
        (job,) = lease(now=machine_now() + timedelta(hours=turn), tasks=[trials.TASK], tenant_id=world.tenant.id)
        assert perform(job) is (turn == MAX_TRIES - 1)
    with world.scope():
        made.refresh_from_db()
        assert made.state == "failed" and "ZeroDivisionError" in made.error
    assert not lease(now=machine_now() + timedelta(hours=99), tasks=[trials.TASK], tenant_id=world.tenant.id)


def test_own_rules_of_that_time_stay_in_their_place(django_db_blocker: Any) -> None:
    world = make_world()
    with world.scope():
        ana = world.somebody()
        owner = ana.debtor.creditor_id
        tight = {"windows": {day: ["09:00", "09:30"] for day in DAYS}}
        save_layer("creditor", owner, tight, author="user:1", reason="quiet", now=MONDAY)
        authorise([ana.ask()], now=MONDAY + timedelta(minutes=1))
        save_layer("creditor", owner, {}, author="user:1", reason="over", now=MONDAY + timedelta(minutes=2))
        authorise([ana.ask()], now=MONDAY + timedelta(minutes=3))
    made = tried(world, of_editions([edition_of("br", 1)]))
    assert (made.examined, made.changed, made.unknown) == (2, 0, {})
    made = tried(world, layer(closed_days=[{"day": "blackout", "dates": ["2026-11-23"]}]))
    rows = sorted(changes(world, made).values(), key=lambda row: row.decided_at)
    assert [row.rules_before for row in rows] == [["CREDITOR-HOURS"], []]
    assert [row.rules_after for row in rows] == [["TENANT-CLOSED-1"], ["TENANT-CLOSED-1"]]


def test_what_the_stored_facts_do_not_say_is_not_guessed(world: World) -> None:
    month = {
        "scope": "debtor",
        "channels": "all",
        "count": 9,
        "per": {"value": 60, "unit": "local_days", "kind": "rolling"},
    }
    made = tried(world, layer(caps=[month]))
    assert set(made.unknown) == {"history"} and made.changed == 0
    made = tried(world, layer(content_required=["a_new_field"]))
    assert set(made.unknown) == {"fields"}
    made = tried(
        world,
        layer(caps=[{**month, "scope": "creditor", "per": {"value": 1, "unit": "local_days", "kind": "rolling"}}]),
    )
    assert set(made.unknown) == {"scopes"}


def test_a_country_that_gets_its_first_pack(tmp_path: Path) -> None:
    world = make_world()
    with world.scope():
        ana = world.somebody(country="NI", subdivision="", declared_zone="America/Managua")
        authorise([ana.ask()], now=MONDAY + timedelta(hours=2))  # 09:00 there
    path = written(tmp_path, pack("ni", hours=("10:00", "12:00")))
    made = tried(world, of_files(read_packs(path)))
    (row,) = changes(world, made).values()
    assert (row.turn, row.rules_after) == ("stopped", ["NI-HOURS"])


def test_what_cannot_be_tried_is_refused(world: World) -> None:
    with world.scope():
        for draft, since, until, words in (
            (layer(), UNTIL, MONDAY, "ends before"),
            (layer(), NOW + timedelta(days=1), NOW + timedelta(days=2), "lies ahead"),
            (Draft(), MONDAY, UNTIL, "choose an edition"),
            (of_layer({"windws": {}}, "x"), MONDAY, UNTIL, "unknown key"),
            (of_layer({"caps": [{"scope": "debtor"}]}, "x"), MONDAY, UNTIL, "count"),
        ):
            with pytest.raises(DomainError, match=words):
                trials.begin(draft, since=since, until=until, author="user:1", now=NOW)


def test_another_organisations_attempts_are_never_looked_at(world: World) -> None:
    stranger = make_world()
    made = tried(stranger, layer(windows=dict.fromkeys(DAYS)))
    assert made.examined == 0
    with stranger.scope():
        assert not RuleTrial.objects.exclude(pk=made.pk).exists()


def test_old_trials_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    monkeypatch.setattr(trials, "KEPT", 2)
    kept = [tried(world, layer()).pk for _ in range(4)]
    with world.scope():
        assert set(RuleTrial.objects.values_list("pk", flat=True)) == set(kept[-2:])


def test_the_command_tells_and_writes_a_table(world: World, tmp_path: Path) -> None:
    own, table = tmp_path / "own.yaml", tmp_path / "changes.csv"
    own.write_text(yaml.safe_dump({"windows": {day: ["12:00", "20:00"] for day in DAYS}}), "utf-8")
    out = StringIO()
    period = ("--since", "2026-11-22T00:00:00Z", "--until", "2026-12-01T00:00:00Z")
    tenant = ("--tenant", world.tenant.slug)
    world.tenant.clock_offset, world.tenant.sandbox = NOW - machine_now(), True
    world.tenant.save()
    call_command("time_machine", *tenant, *period, "--layer", str(own), "--csv", str(table), stdout=out)
    (answer,) = json.loads(out.getvalue())["tenants"]
    assert answer["attempts"] == 32 and answer["changed"] > 0
    rows = list(csv.reader(table.read_text("utf-8-sig").splitlines()))
    assert len(rows) == answer["changed"] + 1 and len({len(row) for row in rows}) == 1
    with world.scope():
        newest = RuleTrial.objects.order_by("-id")[0]
        assert told(newest)["turns"] == answer["turns"]
    out = StringIO()
    call_command("time_machine", *tenant, *period, "--edition", "br:1", stdout=out)
    assert json.loads(out.getvalue())["tenants"][0]["changed"] == 0
    for words, said in (
        ((*period, "--layer", str(own)), "say whose"),
        ((*tenant, *period, "--layer", str(tmp_path / "none.yaml")), "No such file"),
        ((*tenant, *period, "--edition", "br:99"), "no such edition"),
        ((*tenant, *period, "--folder", str(tmp_path / "none")), "No such file"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("time_machine", *words)


# --- replay


def test_every_difference_is_counted_also_beyond_those_that_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from compliance.ledger import replay

    world = lived(make_world())
    monkeypatch.setattr(replay, "_MOST", 2)
    monkeypatch.setattr(replay, "finding_to_json", lambda finding: {"changed": True})
    with world.scope():
        done = replay_decisions()
        assert done.decisions == 32
        assert done.differing == Decision.objects.exclude(findings=[]).count() > 2
        assert len({one.decision_id for one in done.differences}) == 2 and not done.ok


def test_the_shipped_cases_are_green_under_the_shipped_packs_and_red_under_others() -> None:
    packs = load_packs()
    assert all(one.green for one in results(packs, "mx"))
    document = as_json(packs["mx"].data)
    document["windows"] = {day: ["03:00", "04:00"] for day in DAYS}
    assert not all(one.green for one in results(packs | {"mx": read_pack(document)}, "mx"))


def test_a_stop_since_then_changes_nothing_about_what_was_known(world: World) -> None:
    """Facts of the attempt decide, not today's."""
    fresh = lived(make_world())
    before = tried(fresh, layer(windows={day: ["12:00", "20:00"] for day in DAYS})).changed
    with fresh.scope():
        person = Decision.objects.filter(verdict="allow")[0].person_id
        raise_stop(person, "opted_out", evidence={}, now=NOW, source="test")
    assert tried(fresh, layer(windows={day: ["12:00", "20:00"] for day in DAYS})).changed == before
