"""Which touch is next, and when: anchored to the due date, never planned for a past that was missed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.sequences.decide import Step, instant_of, next_touch, touches
from messaging.sequences.seeds import STEPS

SEED = tuple(Step.from_data(step) for step in STEPS)
DUE = date(2026, 11, 1)


def test_the_shipped_sequence_follows_the_articles_day_counts() -> None:
    planned = [((touch.on - DUE).days, touch.stage) for touch in touches(SEED, DUE)]
    assert planned == [
        (-3, "preventive"), (3, "first"), (10, "middle"), (20, "middle"), (35, "formal"), (50, "formal"),
        (65, "last"), (85, "last"), (105, "last"),
    ]  # fmt: skip
    bands = {
        "preventive": range(-5, -2),
        "first": range(1, 8),
        "middle": range(8, 31),
        "formal": range(31, 61),
        "last": range(61, 200),
    }
    assert all(day in bands[stage] for day, stage in planned)


@pytest.mark.parametrize(
    ("last", "today", "code"),
    [
        ("", date(2026, 10, 1), "preventive"),  # comes next
        ("", date(2026, 10, 29), "preventive"),  # due today
        ("", date(2026, 11, 5), "first"),  # two are due: only the later one
        ("first", date(2026, 11, 5), "middle"),
        ("first", date(2026, 12, 25), "formal2"),
        ("last", date(2027, 1, 30), "last.2"),
        ("last.2", date(2027, 1, 30), "last.3"),
    ],
)
def test_the_next_touch(last: str, today: date, code: str) -> None:
    touch = next_touch(SEED, DUE, last=last, today=today)
    assert touch is not None
    assert touch.code == code


def test_after_the_last_one_there_is_none() -> None:
    assert next_touch(SEED, DUE, last="last.3", today=date(2027, 12, 1)) is None


@given(st.integers(min_value=-30, max_value=400), st.data())
def test_touches_only_go_forward_and_never_repeat(start: int, data: st.DataObject) -> None:
    last, seen, day = "", [], start
    for _ in range(40):
        touch = next_touch(SEED, DUE, last=last, today=DUE + timedelta(days=day))
        if touch is None:
            break
        assert touch.code not in seen
        seen.append(touch.code)
        last = touch.code
        day = max(day, (touch.on - DUE).days) + data.draw(st.integers(min_value=0, max_value=60))
    order = [touch.code for touch in touches(SEED, DUE)]
    assert [order.index(code) for code in seen] == sorted(order.index(code) for code in seen)


@given(
    st.text(min_size=1, max_size=20),
    st.sampled_from(["America/Bogota", "America/Santiago", "America/Sao_Paulo", "America/Tijuana"]),
)
def test_a_touch_falls_due_on_its_own_local_day(key: str, zone: str) -> None:
    touch = touches(SEED, DUE)[1]
    at = instant_of(touch, zone=zone, spread_key=key)
    local = at.astimezone(ZoneInfo(zone))
    assert at.tzinfo is UTC
    assert local.date() == touch.on
    assert time(9) <= local.time() < time(14)
    assert at == instant_of(touch, zone=zone, spread_key=key)


def test_a_step_that_is_none_is_refused() -> None:
    with pytest.raises((KeyError, ValueError)):
        Step.from_data({"code": "x", "offset_days": "soon", "stage": "first"})
    assert Step.from_data({"code": "x", "offset_days": 1, "stage": "first"}).at == time(9)


def test_seconds_of_thousands_differ() -> None:
    touch = touches(SEED, DUE)[1]
    found = {instant_of(touch, zone="America/Bogota", spread_key=str(n)) for n in range(500)}
    assert len(found) > 200
    assert max(found) - min(found) < timedelta(hours=5)
    assert isinstance(next(iter(found)), datetime)
