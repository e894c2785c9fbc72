"""kill -9 of the worker in the middle of sending: nothing is lost, nothing is sent twice, nothing waits for ever."""

from __future__ import annotations

import random

import pytest

from tests.chaos.stage import ROUNDS, Stage, until

PEOPLE = 20
LEASE_SECONDS = 4  # as tests/chaos/settings.py has it


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_the_worker_dies_while_it_sends(stage: Stage, turn: int) -> None:
    dice = random.Random(turn)
    people = stage.people(PEOPLE)
    for person in people[:4]:  # their receipts come after the leases: until then nobody knows whether they left
        stage.fault("hold", seconds=LEASE_SECONDS + 2, to=person.phone)
    stage.fault("delay", ms=dice.choice((50, 200, 600)), count=PEOPLE // 2)
    stage.fault("hang", ms=2500, count=2)
    stage.fault("close", count=2)
    stage.fault("close", count=1, accept=False)
    requests = stage.queue(people)
    share = (1, PEOPLE // 4, PEOPLE // 2)[turn % 3]
    until("the sandbox has taken some", lambda: stage.taken_of(requests) >= share, every=0.01)
    stage.kill("worker")
    stage.start("worker")
    rows = stage.settled(requests)
    stage.whole()
    assert sum(row["state"] == "sent" for row in rows) >= share
