"""Redis stopped and flushed, the database restarted, the sandbox gone: all of it resumes by itself, nothing is lost."""

from __future__ import annotations

import os
import signal
import statistics
import time

import httpx
import pytest
import redis

from collections_platform.embedded import pause, resume
from tests.chaos.stage import FEWER_ROUNDS, Stage, until
from tests.chaos.test_web import POSTERS, POSTS, Poster, on_disk

PEOPLE = 16
ROUNDS = range(FEWER_ROUNDS)


@pytest.mark.parametrize("turn", ROUNDS)
def test_redis_is_stopped_and_started_empty(stage: Stage, turn: int) -> None:
    people = stage.people(PEOPLE)
    stage.fault("delay", ms=300, count=PEOPLE // 2)
    first = stage.queue(people[: PEOPLE // 2])
    pause(stage.servers, "redis")
    second = stage.queue(people[PEOPLE // 2 :])  # the wish is kept although nobody can be told
    took, answered = [], []
    with httpx.Client(timeout=15, trust_env=False) as link:
        for place in range(30):
            body, wamid = stage.body(people[place % PEOPLE])
            started = time.monotonic()
            assert stage.post(link, body) == 200
            took.append(time.monotonic() - started)
            answered.append((wamid, body))
    resume(stage.servers, "redis")
    assert statistics.median(took) < 0.25
    assert max(took) < 1.5
    stage.settled(first + second)
    on_disk(stage, answered)
    stage.whole()


@pytest.mark.parametrize("turn", ROUNDS)
def test_redis_is_flushed_under_way(stage: Stage, turn: int) -> None:
    people = stage.people(PEOPLE)
    stage.fault("delay", ms=300, count=PEOPLE // 2)
    first = stage.queue(people[: PEOPLE // 2])
    with redis.Redis.from_url(stage.servers.redis_url) as link:
        link.flushall()
    second = stage.queue(people[PEOPLE // 2 :])
    stage.settled(first + second)
    stage.whole()


@pytest.mark.parametrize("turn", ROUNDS)
def test_the_database_is_restarted(stage: Stage, turn: int) -> None:
    people = stage.people(PEOPLE)
    stage.fault("delay", ms=400, count=PEOPLE)
    requests = stage.queue(people)
    posters = [Poster(stage, people, rest=0.02) for _ in range(POSTERS)]
    for poster in posters:
        poster.start()
    until("some are on their way", lambda: stage.taken_of(requests) >= 1, every=0.02)
    if turn % 2:  # as a power cut would: the processes that hold its connections see them die
        os.kill(stage.servers.pid("postgres"), signal.SIGKILL)
    else:
        pause(stage.servers, "postgres")
        time.sleep(0.5)
    resume(stage.servers, "postgres")
    for poster in posters:
        poster.join(60)
        assert len(poster.answered) == POSTS
    on_disk(stage, [pair for poster in posters for pair in poster.answered])
    stage.settled(requests)
    stage.whole()


@pytest.mark.parametrize("turn", ROUNDS)
def test_nobody_is_there_for_a_while(stage: Stage, turn: int) -> None:
    people = stage.people(PEOPLE)
    stage.fault("delay", ms=200, count=PEOPLE // 2)
    first = stage.queue(people[: PEOPLE // 2])
    until("some are on their way", lambda: stage.taken_of(first) >= 1, every=0.02)
    stage.kill("sandbox")
    second = stage.queue(people[PEOPLE // 2 :])
    until("it was tried", lambda: any(row["error_code"] for row in stage.rows(
        "SELECT error_code FROM messaging_outbound WHERE request_id = ANY(%s::uuid[])", second
    )))  # fmt: skip
    assert all(row["state"] == "queued" for row in stage.sends(second))
    stage.start("sandbox")
    stage.serving()
    # The clock of a sandbox that starts again runs on; what it had taken it still tells.
    stage.settled(first + second)
    stage.whole()
