"""The log: gap-free numbers, whoever commits late is not skipped, one sequencer, cursors that miss nothing."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from kernel.clock import machine_now
from kernel.ids import uuid7
from tenants import events, lanes
from tenants.events import Emit, advance, emit, emit_many, latest, sequence, unread
from tenants.models import Event, EventCursor, Lane, StagedEvent
from tenants.scope import NoScope, tenant_scope
from tests import factories
from tests.factories import NOON
from tests.tenants.threads import together, workers


@pytest.fixture
def tenant():
    return factories.make_tenant()


def note(name="debtor.saved", **fields):
    return Emit(name, "test", uuid7(), NOON, **fields)


def number_all():
    """Number everything that is staged, other tests' events included."""
    while sequence():
        pass


def numbers(tenant):
    with tenant_scope(tenant.id):
        return list(Event.objects.order_by("sequence").values_list("sequence", flat=True))


def test_events_are_numbered_in_the_order_of_writing(tenant):
    with tenant_scope(tenant.id):
        emit_many(note(data={"n": n}) for n in range(20))
    number_all()
    with tenant_scope(tenant.id):
        assert [event.data["n"] for event in Event.objects.order_by("sequence")] == list(range(20))
        assert latest() == 20
        assert not StagedEvent.objects.exists()


def test_a_name_that_is_not_public_is_refused(tenant):
    with tenant_scope(tenant.id), pytest.raises(ValueError, match="public event names"):
        emit(note("debtor.exploded"))


def test_without_a_scope_nothing_is_staged():
    with pytest.raises(NoScope):
        emit(note())


def test_what_rolls_back_leaves_no_number(tenant):
    for fails in (False, True, False):
        try:
            with tenant_scope(tenant.id):
                emit(note())
                if fails:
                    raise KeyError
        except KeyError:
            pass
        number_all()
    assert numbers(tenant) == [1, 2]


def test_many_writers_and_sequencers_leave_no_gap_and_no_double(tenant):
    other = factories.make_tenant()
    stop = threading.Event()

    def write():
        for place in range(25):
            with tenant_scope((tenant, other)[place % 2].id):
                emit_many([note(), note()])

    def number():
        while not stop.is_set():
            sequence(limit=7)

    def writers():
        together(*[write] * 4)
        stop.set()

    together(writers, number, number, number)
    number_all()
    assert numbers(tenant) == list(range(1, 4 * 13 * 2 + 1))
    assert numbers(other) == list(range(1, 4 * 12 * 2 + 1))


def test_one_sequencer_at_a_time(tenant):
    with tenant_scope(tenant.id):
        emit(note())
    inside, leave = threading.Event(), threading.Event()

    def first():
        with transaction.atomic():
            done = sequence()
            inside.set()
            leave.wait(10)
        return done

    def second():
        inside.wait(10)
        try:
            return sequence()
        finally:
            leave.set()

    done, refused = together(first, second)
    assert done >= 1 and refused == 0


def test_a_late_committer_is_never_skipped(tenant):
    """It staged first and committed last: a reader of ids would have passed it by."""
    staged, go = threading.Event(), threading.Event()

    def late():
        with tenant_scope(tenant.id):
            emit(note(data={"who": "late"}))
            staged.set()
            go.wait(10)

    def early():
        staged.wait(10)
        with tenant_scope(tenant.id):
            emit(note(data={"who": "early"}))
        number_all()
        with tenant_scope(tenant.id):
            cursor, found = unread("test")
            read = [event.data["who"] for event in found]
            advance(cursor, found[-1].sequence)
        go.set()
        return read

    _, first = together(late, early)
    number_all()
    with tenant_scope(tenant.id):
        _, found = unread("test")
    assert first == ["early"]
    assert [event.data["who"] for event in found] == ["late"]


def test_a_reader_that_fails_reads_again(tenant):
    with tenant_scope(tenant.id):
        emit(note())
    number_all()
    with pytest.raises(KeyError), tenant_scope(tenant.id):
        cursor, found = unread("test")
        advance(cursor, found[-1].sequence)
        raise KeyError
    with tenant_scope(tenant.id):
        _, found = unread("test")
        assert len(found) == 1


def test_readers_do_not_share_a_cursor(tenant):
    with tenant_scope(tenant.id):
        emit(note())
    number_all()
    with tenant_scope(tenant.id):
        cursor, found = unread("a")
        advance(cursor, found[-1].sequence)
    with tenant_scope(tenant.id):
        assert (len(unread("a")[1]), len(unread("b")[1])) == (0, 1)


def test_two_workers_of_one_reader_read_each_event_once(tenant):
    with tenant_scope(tenant.id):
        emit_many(note(data={"n": n}) for n in range(60))
    number_all()
    read: list[int] = []

    def work():
        while True:
            with tenant_scope(tenant.id):
                cursor, found = unread("test", limit=5)
                if not found:
                    return
                advance(cursor, found[-1].sequence)
                read.extend(event.data["n"] for event in found)

    workers(4, work)
    assert sorted(read) == list(range(60))


def test_a_reader_of_some_names_passes_over_the_rest(tenant):
    """A stretch of the log without any wanted event must not stop the reader for ever."""
    with tenant_scope(tenant.id):
        emit_many(note() for _ in range(25))
        emit(note("payment.recorded"))
        emit_many(note() for _ in range(25))
    number_all()
    with tenant_scope(tenant.id):
        cursor, found = unread("test", limit=10, names=["payment.recorded"])
        assert [event.sequence for event in found] == [26]
        advance(cursor, 26)
        cursor, found = unread("test", limit=10, names=["payment.recorded"])
        assert found == []
        assert EventCursor.objects.get(reader="test").sequence == 51


def test_a_reader_with_a_limited_view_is_refused(tenant):
    with tenant_scope(tenant.id, creditor_ids=[]), pytest.raises(RuntimeError, match="whole organisation"):
        unread("test")


def test_numbering_wakes_the_readers_at_once_even_when_the_clock_stands(monkeypatch):
    """An audit entry carries the machine's time, which a clock that stands still never reaches."""
    tenant = factories.make_tenant(frozen=True, now=NOON - timedelta(days=4000))
    monkeypatch.setattr(events, "READERS", {"t.reader": None})
    with tenant_scope(tenant.id):
        emit(Emit("audit.recorded", "test", uuid7(), machine_now() + timedelta(days=999)))
    number_all()
    try:
        assert [lane.kind for lane in lanes.claim(now=machine_now(), tenant_id=tenant.id)] == ["t.reader"]
    finally:
        Lane.objects.filter(kind="t.reader").delete()


def test_the_numbers_of_two_organisations_do_not_know_of_each_other(tenant):
    other = factories.make_tenant()
    for owner in (tenant, other, tenant):
        with tenant_scope(owner.id):
            emit(note())
        number_all()
    assert (numbers(tenant), numbers(other)) == ([1, 2], [1])


def test_numbered_events_cannot_be_changed(tenant):
    with tenant_scope(tenant.id):
        emit(note())
    number_all()
    for change in (lambda rows: rows.update(name="x"), lambda rows: rows.delete()):
        with pytest.raises(Exception, match=r"permission denied|append-only"), tenant_scope(tenant.id):
            change(Event.objects.all())


def test_sequencing_leaves_no_way_through_the_wall_open(tenant):
    with transaction.atomic():
        sequence()
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(current_setting('app.sequencer', true), '')")
            assert cursor.fetchone() == ("",)
        assert Event.objects.count() == 0
