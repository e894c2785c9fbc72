"""The ledger: hashes that agree, trees that prove, seals that chain, and every kind of tampering named."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import orjson
import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from compliance.ledger import lane, merkle
from compliance.ledger.decisions import content_of, decision_digest
from compliance.ledger.replay import replay_decisions
from compliance.ledger.seals import leaf_content, leaf_of, proofs_of, seal_now, sealed_by
from compliance.ledger.verify import Verification, verify_ledger
from compliance.models import Decision, Seal
from compliance.services import authorise, lift_stop, raise_stop
from kernel.canonical import canonical, digest
from kernel.clock import Clock, machine_now
from tenants import audit
from tenants.models import Event
from tests.compliance.world import MONDAY, World, make_world, number_events

leaves = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def tree(hashes: list[bytes]) -> bytes:
    """The root as RFC 6962, section 2.1, defines it."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + tree(hashes[:split]) + tree(hashes[split:])).digest()


@given(leaves)
def test_roots_are_those_of_the_standard_and_every_leaf_can_be_proved(contents: list[bytes]) -> None:
    hashes = [merkle.leaf(content) for content in contents]
    root = merkle.root(hashes)
    assert root == tree(hashes).hex()
    for place, steps in merkle.proofs(hashes, range(len(hashes))).items():
        assert merkle.follow(hashes[place], steps) == root


@given(leaves, st.data())
def test_a_changed_swapped_or_missing_leaf_gives_another_root(contents: list[bytes], data: st.DataObject) -> None:
    hashes = [merkle.leaf(content) for content in contents]
    place = data.draw(st.integers(0, len(hashes) - 1))
    changed = [*hashes[:place], merkle.leaf(contents[place] + b"!"), *hashes[place + 1 :]]
    assert merkle.root(changed) != merkle.root(hashes)
    assert merkle.root([*hashes, merkle.leaf(b"more")]) != merkle.root(hashes)
    assert merkle.root(hashes[:place] + hashes[place + 1 :]) != merkle.root(hashes)


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_the_fast_way_to_write_hashed_content_is_the_canonical_one(value: Any) -> None:
    assert orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == canonical(value)


@pytest.fixture
def world() -> World:
    """An organisation with some days of evidence behind it, numbered and sealed."""
    made = make_world()
    with made.scope():
        ana, bruno = made.somebody(), made.somebody(identity="claimed")
        for hours in range(0, 40, 4):
            authorise([ana.ask(), bruno.ask()], now=MONDAY + timedelta(hours=hours))
        stop = raise_stop(ana.person.id, "opted_out", evidence={"message": "1"}, source="debtor", now=MONDAY)
        lift_stop(stop.id, by="user:1", reason="new opt-in", now=MONDAY)
        audit.record("test.act", actor="user:1", subject="test", subject_id=1, after={"a": "á"})
    number_events()
    with made.scope():
        assert len(seal_now()) == 1
        authorise([ana.ask()], now=MONDAY)
    number_events()
    with made.scope():
        assert [seal.number for seal in seal_now()] == [2]
    return made


@contextmanager
def as_administrator() -> Iterator[psycopg.Cursor[Any]]:
    """Somebody with every right on the server, triggers off: what the ledger has to survive."""
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as link, link.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield cursor


def check(world: World) -> Verification:
    with world.scope():
        return verify_ledger()


def test_an_untouched_ledger_verifies(world: World) -> None:
    found = check(world)
    assert found.ok, found.problems
    assert found.seals == 2 and found.sealed_to == found.events
    with world.scope():
        assert found.rows == Event.objects.exclude(digest="").count() >= 21


def test_stored_rows_hash_to_what_their_events_state(world: World) -> None:
    with world.scope():
        row = Decision.objects.order_by("id")[1]
        event = Event.objects.get(subject_id=row.id)
        assert decision_digest(row) == digest(content_of(row)) == event.digest
        assert leaf_of(event) == merkle.leaf(canonical(leaf_content(event)))


def test_the_run_time_role_cannot_change_what_is_written(world: World) -> None:
    for statement in (
        "UPDATE compliance_decision SET actor = 'x'",
        "DELETE FROM compliance_seal",
        "TRUNCATE tenants_event",
    ):
        with pytest.raises(Exception, match=r"permission denied|append-only"), world.scope():
            connection.cursor().execute(statement)


def some_decision(world: World) -> tuple[uuid.UUID, int]:
    with world.scope():
        row = Decision.objects.order_by("id")[3]
        return row.id, Event.objects.get(subject_id=row.id).sequence


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE compliance_decision SET verdict = 'allow', rules = '{}' WHERE id = %s",
        "UPDATE compliance_decision SET facts = jsonb_set(facts, '{facts,identity}', '\"verified\"') WHERE id = %s",
        "UPDATE compliance_decision SET decided_at = decided_at - interval '1 microsecond' WHERE id = %s",
        "UPDATE compliance_decision SET text_hash = 'b' WHERE id = %s",
    ],
)
def test_an_altered_row_is_named(world: World, change: str) -> None:
    row_id, sequence = some_decision(world)
    with as_administrator() as cursor:
        cursor.execute(change, [row_id])
    first = check(world).first
    assert first is not None
    assert (first.kind, first.subject_id, first.sequence) == ("altered", row_id, sequence)


def test_a_removed_row_is_named(world: World) -> None:
    row_id, sequence = some_decision(world)
    with as_administrator() as cursor:
        cursor.execute("DELETE FROM compliance_decision WHERE id = %s", [row_id])
    first = check(world).first
    assert first is not None
    assert (first.kind, first.subject_id, first.sequence) == ("missing", row_id, sequence)


def copied(table: str, row_id: uuid.UUID, fresh: uuid.UUID, cursor: psycopg.Cursor[Any]) -> None:
    cursor.execute(f"CREATE TEMP TABLE copied AS SELECT * FROM {table} WHERE id = %s", [row_id])
    cursor.execute("UPDATE copied SET id = %s", [fresh])
    cursor.execute(f"INSERT INTO {table} SELECT * FROM copied")
    cursor.execute("DROP TABLE copied")


def test_a_row_put_in_without_an_event_is_named(world: World) -> None:
    row_id, _ = some_decision(world)
    forged = uuid.uuid4()
    with as_administrator() as cursor:
        copied("compliance_decision", row_id, forged, cursor)
    found = check(world)
    assert [(one.kind, one.subject_id) for one in found.problems] == [("inserted", forged)]


def test_a_row_altered_together_with_its_event_breaks_the_seal(world: World) -> None:
    row_id, sequence = some_decision(world)
    with as_administrator() as cursor:
        cursor.execute("UPDATE compliance_decision SET actor = 'somebody else' WHERE id = %s", [row_id])
        with world.scope():
            mark = decision_digest(Decision.objects.get(pk=row_id))
        cursor.execute("UPDATE tenants_event SET digest = %s WHERE subject_id = %s", [mark, row_id])
    found = check(world)
    assert [one.kind for one in found.problems] == ["broken_seal"]
    with world.scope():
        seal = Seal.objects.get(number=1)
    assert found.first is not None and seal.first_sequence <= sequence <= seal.last_sequence
    assert f"events {seal.first_sequence} to {seal.last_sequence}" in found.first.detail


def test_a_removed_event_leaves_a_gap_that_is_named(world: World) -> None:
    row_id, sequence = some_decision(world)
    with as_administrator() as cursor:
        cursor.execute("DELETE FROM tenants_event WHERE subject_id = %s", [row_id])
    found = check(world)
    assert found.first is not None
    assert (found.first.kind, found.first.subject, found.first.sequence) == ("missing", "tenants.event", sequence)
    assert {one.kind for one in found.problems} == {"missing", "broken_seal", "inserted"}


def test_the_last_events_cut_off_are_missed(world: World) -> None:
    with as_administrator() as cursor:
        cursor.execute(
            "DELETE FROM tenants_event e WHERE tenant_id = %s AND sequence = "
            "(SELECT max(sequence) FROM tenants_event WHERE tenant_id = e.tenant_id)",
            [world.tenant.id],
        )
    assert "missing" in {one.kind for one in check(world).problems}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE compliance_seal SET root = repeat('0', 64) WHERE tenant_id = %s AND number = 1", "altered"),
        ("DELETE FROM compliance_seal WHERE tenant_id = %s AND number = 1", "missing"),
        ("UPDATE compliance_seal SET previous = repeat('0', 64) WHERE tenant_id = %s AND number = 2", "broken_seal"),
    ],
)
def test_a_seal_cannot_be_exchanged(world: World, change: str, kind: str) -> None:
    with as_administrator() as cursor:
        cursor.execute(change, [world.tenant.id])
    found = check(world)
    assert kind in {one.kind for one in found.problems if one.subject == "compliance.seal"}


def test_a_stop_lifted_behind_the_ledgers_back_and_other_rooms_rows_are_named(world: World) -> None:
    with as_administrator() as cursor:
        cursor.execute("UPDATE compliance_stop SET lifted_reason = 'other' WHERE tenant_id = %s", [world.tenant.id])
        cursor.execute("UPDATE tenants_auditentry SET actor = 'user:2' WHERE tenant_id = %s", [world.tenant.id])
        cursor.execute(
            "UPDATE compliance_consent SET state = 'granted', source = 'x' WHERE tenant_id = %s", [world.tenant.id]
        )
    subjects = {one.subject for one in check(world).problems}
    assert subjects == {"compliance.stop", "tenants.auditentry", "compliance.consent"}


def test_a_changed_rule_set_is_named_and_its_decisions_cannot_be_replayed(world: World) -> None:
    with as_administrator() as cursor:
        cursor.execute(
            "UPDATE compliance_rulesetsnapshot SET content = jsonb_set(content, '{layers,0,name}', '\"other\"') "
            "WHERE tenant_id = %s",
            [world.tenant.id],
        )
    assert {one.subject for one in check(world).problems} == {"compliance.rulesetsnapshot"}
    with world.scope():
        assert not replay_decisions().ok


def test_every_stored_decision_comes_out_the_same_again(world: World) -> None:
    with world.scope():
        done = replay_decisions()
        assert done.ok, done.differences
        assert done.decisions == Decision.objects.count() == 21
        assert replay_decisions(since=MONDAY + timedelta(hours=8)).decisions < 21


def test_a_decision_that_was_turned_round_comes_out_differently(world: World) -> None:
    row_id, _ = some_decision(world)
    with as_administrator() as cursor:
        cursor.execute(
            "UPDATE compliance_decision SET verdict = 'allow', findings = '[]', rules = '{}' WHERE id = %s", [row_id]
        )
    with world.scope():
        done = replay_decisions()
    assert {one.decision_id for one in done.differences} == {row_id}
    assert {one.part for one in done.differences} >= {"rules", "findings"}


def test_commands_say_what_is_wrong_and_end_with_one(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_ledger", "--tenant", world.tenant.slug, "--seal")
    call_command("replay_decisions", "--tenant", world.tenant.slug)
    row_id, _ = some_decision(world)
    with as_administrator() as cursor:
        cursor.execute("UPDATE compliance_decision SET actor = 'x' WHERE id = %s", [row_id])
    capsys.readouterr()
    with pytest.raises(SystemExit):
        call_command("verify_ledger", "--tenant", world.tenant.slug)
    assert str(row_id) in orjson.loads(capsys.readouterr().out)["tenants"][0]["first"]


def test_a_proof_leads_from_an_event_to_its_seal(world: World) -> None:
    _, sequence = some_decision(world)
    with world.scope():
        found, seals = proofs_of([sequence])
        event = Event.objects.get(sequence=sequence)
        seal = sealed_by(event.id)
        assert seal is not None and seals == [seal]
        assert merkle.follow(leaf_of(event), [tuple(step) for step in found[sequence]["proof"]]) == seal.root


def test_two_sealers_at_once_make_one_chain() -> None:
    world = make_world()
    with world.scope():
        authorise([world.somebody().ask() for _ in range(30)], now=MONDAY)
    number_events()

    def seal(_: int) -> int:
        try:
            with world.scope():
                return len(seal_now())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(seal, range(4))) == [0, 0, 0, 1]
    assert check(world).ok


def test_a_creditors_own_people_seal_and_verify_everything(world: World) -> None:
    with world.scope():
        authorise([world.somebody().ask()], now=MONDAY + timedelta(days=9))
    number_events()
    with world.scope(creditor_ids=[world.creditors[0].id]):
        assert len(seal_now()) == 1
    assert check(world).ok


def test_the_lane_seals_at_most_once_a_minute() -> None:
    world = make_world()
    with world.scope():
        authorise([world.somebody().ask()], now=MONDAY)
    number_events()
    clock = Clock(frozen_at=MONDAY)
    assert lane.serve(world.tenant, "", clock) is None
    with world.scope():
        authorise([world.somebody().ask()], now=MONDAY)
    number_events()
    again = lane.serve(world.tenant, "", clock)
    assert again is not None and timedelta(0) < again - MONDAY <= timedelta(minutes=1)
    with world.scope():
        assert Seal.objects.count() == 1
        assert Seal.objects.get().sealed_at <= machine_now()


def test_floats_in_an_events_data_do_not_stop_the_seals() -> None:
    event = Event(
        id=uuid.uuid4(), tenant_id=uuid.uuid4(), sequence=1, name="x", subject="y", subject_id=uuid.uuid4(),
        digest="", data={"a": [0.1]},
        business_at=MONDAY, recorded_at=MONDAY,
    )  # fmt: skip
    assert leaf_of(event) == merkle.leaf(canonical(leaf_content(event)))
