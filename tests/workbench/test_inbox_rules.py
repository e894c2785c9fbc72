"""What the inbox decides without a database: whose turn it is, and what people mean by "tomorrow at ten"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.ids import uuid7
from messaging.desk.answering import made_at, stage_for
from messaging.desk.ranking import Case, ranked, score, shares, tone
from tests.factories import NOON
from workbench.inbox import when
from workbench.inbox.views import marked

MEXICO = ZoneInfo("America/Mexico_City")  # NOON is Tuesday 17 November 2026, twelve o'clock there
ages = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9))


def case(waited: timedelta, *, inbound: timedelta | None = None, amount: float = 0.5) -> Case:
    return Case("x", NOON - waited, None if inbound is None else NOON - inbound, amount)


# The first draw of floats loads what a busy machine takes seconds for.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(ages, ages, st.floats(0, 1))
def test_who_waits_longer_is_never_behind_who_is_otherwise_equal(one, other, amount):
    first, second = sorted([one, other], reverse=True)
    assert score(case(first, amount=amount), NOON) >= score(case(second, amount=amount), NOON)


@given(ages, st.floats(0, 1), st.floats(0, 1))
def test_more_at_stake_is_never_behind(waited, one, other):
    low, high = sorted([one, other])
    assert score(case(waited, amount=high), NOON) >= score(case(waited, amount=low), NOON)


def test_a_closing_window_presses_and_a_closed_one_does_not():
    wide, closing, shut = (
        score(case(timedelta(hours=1), inbound=timedelta(hours=hours)), NOON) for hours in (1, 23.5, 25)
    )
    assert closing > wide > shut


def test_of_equals_the_longer_wait_comes_first():
    cases = [Case(n, NOON - timedelta(hours=5 + n), None, 0.0) for n in range(3)]
    assert [each.key for each in ranked(cases, NOON)] == [2, 1, 0]


def test_the_clock_turns_amber_then_red():
    assert [tone(NOON - timedelta(minutes=m), NOON) for m in (0, 14, 15, 59, 60)] == ["", "", "amber", "amber", "red"]
    assert tone(None, NOON) == ""


@given(st.lists(st.integers(0, 10**12), max_size=30))
def test_shares_keep_the_order_of_amounts(amounts):
    found = shares(amounts)
    assert len(found) == len(amounts)
    assert all(0 <= share <= 1 for share in found)
    pairs = sorted(zip(amounts, found, strict=True))
    assert [share for _, share in pairs] == sorted(share for _, share in pairs)


def test_the_level_of_reminder_goes_by_age():
    assert [stage_for(days) for days in (None, -3, 0, 1, 9, 10, 34, 35, 64, 65, 400)] == [
        "preventive", "preventive", "preventive", "first", "first", "middle", "middle", "formal", "formal", "last", "last",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("mañana 10", "2026-11-18T10:00"), ("mañana", "2026-11-18T09:00"), ("amanhã 15h", "2026-11-18T15:00"),
        ("viernes 15:30", "2026-11-20T15:30"), ("sexta 8", "2026-11-20T08:00"), ("25/11 9:00", "2026-11-25T09:00"),
        ("16:45", "2026-11-17T16:45"), ("8", "2026-11-18T08:00"), ("4 pm", "2026-11-17T16:00"),
        ("2 h", "2026-11-17T14:00"), ("30 min", "2026-11-17T12:30"), ("3 días", "2026-11-20T12:00"),
        ("2026-11-19T18:00", "2026-11-19T18:00"), ("2026-11-19T18:00:00+00:00", "2026-11-19T12:00"),
    ],
)  # fmt: skip
def test_people_say_when(text, local):
    found = when.parse(text, NOON, MEXICO)
    assert found is not None
    assert found.astimezone(MEXICO).isoformat()[:16] == local


@pytest.mark.parametrize("text", ["", "   ", "algún día", "99", "26:00", "ayer quizás", "x" * 500])
def test_what_names_no_moment_is_none(text):
    assert when.parse(text, NOON, MEXICO) is None


@given(st.text(max_size=80))
def test_nothing_typed_breaks_the_reading_of_moments(text):
    found = when.parse(text, NOON, MEXICO)
    assert found is None or found.tzinfo is not None


def test_the_usual_moments_are_ahead_and_in_order():
    found = [at for _, at in when.choices(NOON, MEXICO)]
    assert found == sorted(found)
    assert all(at > NOON for at in found)


def test_an_id_knows_when_it_was_made():
    assert made_at(uuid7()).year >= 2024
    assert made_at(UUID(int=0)) == datetime(1970, 1, 1, tzinfo=UTC)


def test_marks_cut_the_text_and_lose_nothing():
    class Mark:
        def __init__(self, start: int, end: int, tone: str) -> None:
            self.start, self.end, self.tone = start, end, tone

    class Checked:
        marks = (Mark(2, 5, "block"), Mark(4, 7, "nudge"), Mark(4, 5, "nudge"))

    parts = marked("0123456789", Checked())  # type: ignore[arg-type]
    assert parts == [("01", ""), ("234", "block"), ("56", "nudge"), ("789", "")]
    assert "".join(words for words, _ in parts) == "0123456789"
